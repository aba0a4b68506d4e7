/* Opens the pages: loads templates and static files, a theme's included, and swaps the theme when
 * SIGHUP says so. */
#include "asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const needed_templates[] = { "front.html", "section.html", "article.html",
	"login.html", "register.html", "check_mail.html", "verify.html", "verify_password.html",
	"reset.html", "reset_confirm.html", "account.html", "password.html", "sessions.html",
	"error.html", "mailbox.html", "wait.html" };
/* Bytes of the own files of all themes that were in use since the start. */
enum { THEMES_BYTES_MAX = 256 << 20 };

/* ---- themes ---- */

/* Loaded and checked, and not in use yet: pages_theme_take or pages_theme_free ends it. */
struct pages_theme {
	struct template_set *templates;
	struct assets *assets;
};

static enum err templates_load(const char *theme, struct template_set **out, char why[static 256])
{
	char dir[1024];
	snprintf(dir, sizeof dir, "%s/templates", theme ? theme : "");
	enum err e = template_load("web/templates/", theme ? dir : NULL, out, why);
	for (size_t i = 0; !e && i < COUNT(needed_templates); i++) {
		if (!template_has(*out, needed_templates[i])) {
			snprintf(why, 256, "the template %s is missing", needed_templates[i]);
			e = ERR_INTERNAL;
		}
	}
	return e;
}

void pages_theme_free(struct pages_theme *t)
{
	if (!t)
		return;
	template_free(t->templates);
	pages_assets_free(t->assets);
	free(t);
}

static enum err theme_fill(
	const struct pages *p, struct pages_theme *t, const char *theme, char why[static 256])
{
	t->assets = pages_assets_new();
	struct asset_reading g = { .all = t->assets, .theme = theme, .why = why };
	enum err e = t->assets ? templates_load(theme, &t->templates, why) : ERR_NOMEM;
	if (!e)
		e = pages_assets_load(&g, p->set.csp);
	if (e && !*why)
		snprintf(why, 256, "the static files: %s", err_name(e));
	return e;
}

/* Files of older themes stay in memory, so there is an end to how often they change. */
static bool themes_full(const struct assets *now, const struct assets *fresh)
{
	return now && !pages_assets_equal(now, fresh) &&
	       (now->generation >= PAGES_THEMES_MAX ||
		       now->bytes_all + fresh->bytes > THEMES_BYTES_MAX);
}

enum err pages_theme_load(
	const struct pages *p, const char *theme, struct pages_theme **out, char why[static 256])
{
	struct pages_theme *t = calloc(1, sizeof *t);
	why[0] = '\0';
	enum err e = t ? theme_fill(p, t, theme, why) : ERR_NOMEM;
	if (!e && themes_full(pages_assets(p), t->assets)) {
		snprintf(why, 256,
			"static files of older themes fill the memory for them (%d themes or %d "
			"MiB); restart for more",
			PAGES_THEMES_MAX, THEMES_BYTES_MAX >> 20);
		e = ERR_TOO_LARGE;
	}
	if (e)
		pages_theme_free(t);
	else
		*out = t;
	return e;
}

void pages_theme_take(struct pages *p, struct pages_theme *fresh)
{
	struct assets *now = atomic_load(&p->assets);
	if (!pages_assets_equal(now, fresh->assets)) {
		fresh->assets->older = now;
		fresh->assets->bytes_all = fresh->assets->bytes + (now ? now->bytes_all : 0);
		fresh->assets->generation = now ? now->generation + 1 : 0;
		atomic_store(&p->assets, fresh->assets);
		fresh->assets = NULL;
	}
	if (p->templates)
		template_replace(p->templates, fresh->templates);
	else
		p->templates = fresh->templates;
	fresh->templates = NULL;
	pages_theme_free(fresh);
}

enum err pages_open(const struct pages_settings *s, const struct accounts *accounts,
	const struct paywall *wall, struct pages **out, char why[static 256])
{
	struct pages *p = calloc(1, sizeof *p);
	struct pages_theme *theme = NULL;
	if (!p)
		return ERR_NOMEM;
	p->set = *s;
	p->accounts = accounts;
	p->wall = wall;
	enum err e = pages_theme_load(p, s->theme, &theme, why);
	if (e) {
		pages_close(p);
		return e;
	}
	pages_theme_take(p, theme);
	*out = p;
	return ERR_OK;
}

void pages_close(struct pages *p)
{
	if (!p)
		return;
	for (struct assets *a = atomic_load(&p->assets), *older; a; a = older) {
		older = a->older;
		pages_assets_free(a);
	}
	template_free(p->templates);
	free(p);
}

struct pages_look pages_look(const struct pages *p)
{
	const struct assets *all = pages_assets(p);
	return (struct pages_look){ .css = all->css->href,
		.js = all->js->href,
		.icon = all->icon->href,
		.names = all->names,
		.csp = all->csp };
}
