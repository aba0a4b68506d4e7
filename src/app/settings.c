/* What the rooms are given of the configuration: each has a settings struct of its own. The start
 * fills it, and a reload fills it again. */
#include "internal.h"

#include <string.h>

enum log_level app_log_level(const struct config *c)
{
	enum log_level level = LOG_INFO;
	return log_level_parse(str_of(c->log_level), &level) == ERR_OK ? level : LOG_INFO;
}

struct account_settings app_account_settings(const struct config *c)
{
	return (struct account_settings){
		.cost = { .memory_kib = (uint32_t)c->password_memory_kib,
			.passes = (uint32_t)c->password_passes },
		.min_length = (unsigned)c->password_min_length,
		.max_length = (unsigned)c->password_max_length,
		.min_bits = (double)c->password_min_bits,
		.session_s = c->session_days * 86400,
		.session_idle_s = c->session_idle_days * 86400,
		.short_session_s = c->session_short_hours * 3600,
		.short_session_idle_s = c->session_short_hours * 3600,
		.sessions_max = (unsigned)c->session_per_account,
		.reading_at_once = (unsigned)c->reading_at_once,
		.reading_window_s = c->reading_window_minutes * 60,
		.reset_minutes = (unsigned)c->reset_minutes,
		.verify_minutes = (unsigned)c->verify_hours * 60,
		.failures_free = (unsigned)c->failures_free,
		.failure_delay_max_s = c->failure_delay_max_s,
		.failure_forget_s = c->failure_forget_hours * 3600,
		.site_name = c->site_name,
		.base_url = c->base_url,
	};
}

struct mail_settings app_mail_settings(const struct config *c, const struct app *app)
{
	return (struct mail_settings){ .transport = c->mail_transport,
		.from = c->mail_from,
		.from_name = *c->mail_from_name ? c->mail_from_name : c->site_name,
		.username = c->mail_username,
		.password = c->mail_password,
		.ca_file = c->mail_ca_file,
		.starttls = c->mail_starttls,
		.timeout_s = (unsigned)c->mail_timeout_s,
		.per_mailbox_hour = (unsigned)c->mail_per_mailbox_hour,
		.attempts_max = (unsigned)c->mail_attempts_max,
		.keep_text = c->development,
		.site_name = c->site_name,
		.site_language = c->language,
		.contact = c->contact,
		.contact_href = c->contact_href,
		.imprint_url = c->imprint_url,
		.privacy_url = c->privacy_url,
		.base_url = c->base_url,
		.theme = config_theme(c),
		.clock = &app->clock,
		.log = &app->log };
}

enum err app_check_mail(
	const struct config *c, const struct app *app, char why[static CONFIG_WHY_SIZE])
{
	struct mail_settings set = app_mail_settings(c, app);
	struct mail *m = NULL;
	enum err e = mail_open(&set, NULL, &m, why);
	mail_close(m);
	return e;
}

void app_limits(const struct config *c, struct rate_limit out[static RATE_COUNT])
{
	out[RATE_PAGE] =
		(struct rate_limit){ (unsigned)c->page_burst, (unsigned)c->page_per_minute };
	out[RATE_LOGIN] =
		(struct rate_limit){ (unsigned)c->login_burst, (unsigned)c->login_per_minute };
	out[RATE_MAIL] =
		(struct rate_limit){ (unsigned)c->mail_burst, (unsigned)c->mail_per_minute };
	out[RATE_WRITE] =
		(struct rate_limit){ (unsigned)c->write_burst, (unsigned)c->write_per_minute };
	out[RATE_GATE] =
		(struct rate_limit){ (unsigned)c->gate_burst, (unsigned)c->gate_per_minute };
	out[RATE_SERVICE] =
		(struct rate_limit){ (unsigned)c->service_burst, (unsigned)c->service_per_minute };
}

struct gate_assets app_gate_assets(const struct app *app)
{
	const struct pages_look look = pages_look(app->pages);
	return (struct gate_assets){ .css = look.css,
		.js = look.js,
		.icon = look.icon,
		.csp = look.csp,
		.names = look.names };
}

struct teaser_bound app_teaser_bound(const struct config *c)
{
	return (struct teaser_bound){ .words = (unsigned)c->teaser_words,
		.characters = (unsigned)c->teaser_characters,
		.share = (unsigned)c->teaser_share,
		.mark_may_exceed = c->teaser_mark_may_exceed };
}
