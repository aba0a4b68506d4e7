/* SIGHUP: reads and checks the whole configuration again and applies what can change while
 * serving: log level, rate limits, theme. A configuration with a mistake anywhere changes
 * nothing. Changed settings that need a restart are named in the log. */
#include "internal.h"

#include <string.h>

/* NAMES_BYTES_MAX: names of changed settings in one log line. RELOAD_BYTES_MAX: the arena that the
 * new configuration is read into; freed at the end of app_reload. */
enum { NAMES_BYTES_MAX = 8192, RELOAD_BYTES_MAX = 16 << 20 };

/* What was read and checked, before any of it is taken. */
struct fresh {
	struct config cfg;
	struct pages_theme *pages;
	struct template_set *gate, *mail;
};

static void fresh_free(struct fresh *f)
{
	pages_theme_free(f->pages);
	template_free(f->gate);
	template_free(f->mail);
}

static enum err themes_load(struct app *app, struct fresh *f, char why[static CONFIG_WHY_SIZE])
{
	const char *theme = config_theme(&f->cfg);
	enum err e = pages_theme_load(app->pages, theme, &f->pages, why);
	if (!e)
		e = gate_theme_load(theme, &f->gate, why);
	return e ? e : mail_theme_load(theme, &f->mail, why);
}

static enum err fresh_read(
	struct app *app, struct arena *a, struct fresh *f, char why[static CONFIG_WHY_SIZE])
{
	enum err e = config_load(app->source.path, app->source.env, a, &f->cfg, why);
	if (!e)
		e = app_check_mail(&f->cfg, app, why);
	return e ? e : themes_load(app, f, why);
}

/* ---- what is another than before ---- */

static bool value_equal(const struct config *a, const struct config *b, const struct setting *s)
{
	const void *x = (const char *)a + s->offset, *y = (const char *)b + s->offset;
	switch (s->type) {
	case SETTING_INT:
		return *(const int64_t *)x == *(const int64_t *)y;
	case SETTING_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case SETTING_TEXT:
	case SETTING_SECRET:
	case SETTING_DATABASE:
		break;
	}
	return strcmp(*(const char *const *)x, *(const char *const *)y) == 0;
}

static void names_add(struct buf *b, const struct setting *s)
{
	buf_fmt(b, "%s%s.%s", b->n ? " " : "", s->section, s->name);
}

static void changes_name(
	const struct app *app, const struct config *next, struct buf *taken, struct buf *restart)
{
	for (size_t i = 0; i < config_setting_count; i++) {
		if (!value_equal(&app->cfg, next, &config_settings[i]))
			names_add(config_setting_is_live(&config_settings[i]) ? taken : restart,
				&config_settings[i]);
	}
}

/* ---- taking it ---- */

/* Into the running program's own configuration, so that the next reload compares with what is in
 * force. Texts are copied: what was read goes. */
static enum err live_copy(struct app *app, const struct config *next)
{
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *s = &config_settings[i];
		void *to = (char *)&app->cfg + s->offset;
		const void *from = (const char *)next + s->offset;
		if (!config_setting_is_live(s) || value_equal(&app->cfg, next, s))
			continue;
		if (s->type == SETTING_INT) {
			*(int64_t *)to = *(const int64_t *)from;
			continue;
		}
		struct str copy = arena_str(app->arena, str_of(*(const char *const *)from));
		if (!copy.p)
			return ERR_NOMEM;
		*(const char **)to = copy.p;
	}
	return ERR_OK;
}

static void level_take(struct app *app)
{
	enum log_level level = app_log_level(&app->cfg);
	log_level_set(&app->log, level);
	db_log_level_set(app->db, level);
}

/* What was rendered from the old templates goes last: what a request renders from them meanwhile is
 * not kept, for it began before the flush. */
static enum err fresh_take(struct app *app, struct fresh *f)
{
	struct rate_limit limits[RATE_COUNT] = { 0 };
	enum err e = live_copy(app, &f->cfg);
	if (e)
		return e;
	app_limits(&app->cfg, limits);
	e = http_limits_change(app->http, limits);
	if (e)
		return e;
	pages_theme_take(app->pages, f->pages);
	const struct gate_assets assets = app_gate_assets(app);
	gate_theme_take(app->gate, f->gate, &assets);
	mail_theme_take(app->mail, f->mail);
	f->pages = NULL;
	f->gate = f->mail = NULL;
	cache_flush(app->shared);
	return ERR_OK;
}

static void tell(const struct app *app, const struct buf *taken, const struct buf *restart)
{
	LOG(&app->log, restart->n ? LOG_WARN : LOG_INFO, "reloaded",
		log_str("taken", buf_view(taken)),
		log_z("theme", *app->cfg.theme ? app->cfg.theme : "(built in)"),
		log_str("needs_restart", buf_view(restart)));
}

static void refused(const struct app *app, enum err e, const char *why)
{
	LOG(&app->log, LOG_ERROR, "reload_refused", log_z("why", *why ? why : err_name(e)),
		log_z("kept", "all settings are as before"));
}

void app_reload(struct app *app)
{
	char why[CONFIG_WHY_SIZE] = "";
	ARENA_AUTO *a = arena_new(RELOAD_BYTES_MAX);
	struct fresh f = { 0 };
	BUF_AUTO taken = BUF(NAMES_BYTES_MAX);
	BUF_AUTO restart = BUF(NAMES_BYTES_MAX);
	enum log_level before = app_log_level(&app->cfg);
	enum err e = a ? fresh_read(app, a, &f, why) : ERR_NOMEM;
	if (!e) {
		changes_name(app, &f.cfg, &taken, &restart);
		e = fresh_take(app, &f);
	}
	if (e) {
		refused(app, e, why);
		fresh_free(&f);
		return;
	}
	/* Told by whichever level tells more. */
	if (app_log_level(&app->cfg) < before)
		level_take(app);
	tell(app, &taken, &restart);
	level_take(app);
}
