/* config: one table of settings drives the INI file, the environment, `config show`, the sample
 * file and the reference.
 *
 * Order of precedence: default, file, environment (POSTERN_SECTION_NAME). A secret may stand in a
 * file of its own, named by NAME_file. An unknown name is an error that names the nearest setting.
 *
 * To add a setting, add a row to src/app/config/settings.c and a member here, then run
 * `node tests/lint/settings.mjs --write`, which prints docs/configure.md. */
#ifndef POSTERN_CONFIG_H
#define POSTERN_CONFIG_H

#include "postern/policy.h"
#include "postern/text.h"

/* What the settings say, in the order of config_settings, where each has its range, its unit and
 * what it is for. A name carries its unit (_s, _ms, _kib, _mib, _minutes, _hours, _days); one
 * without counts things. No text is NULL: "" where nothing is set. The strings live in the arena of
 * config_load. A reload (SIGHUP) loads another one, and copies from it only the settings of which
 * config_setting_is_live is true. */
struct config {
	/* [server]. base_url: without a closing '/'. hash_threads, hash_per_second: 0 means by the
	 * number of cores. */
	const char *listen, *base_url, *trusted_proxies_text;
	bool hsts_subdomains, development;
	int64_t loop_threads, work_threads, hash_threads, hash_per_second, work_queue, hash_queue;
	int64_t connections, connections_per_address, timeout_s, drain_s;
	/* [ops]: "" turns it off. [database]: connections 0 means one for each thread that may need
	 * one. */
	const char *ops_listen;
	const char *database_url;
	int64_t database_connections;
	/* [cache]: memory of this process, in MiB each. */
	int64_t cache_sessions_mib, cache_pages_mib, cache_facts_mib, cache_stale_minutes;
	/* [site], [web] and [log]. theme: a folder, or "". */
	const char *site_name, *tagline, *language;
	const char *contact;      /* a mail address, an https address, or "" */
	const char *contact_href; /* the same as a link leads to it */
	const char *theme;
	const char *log_level, *log_format;
	/* [mail]. mail_password is secret: config_show and the log must not print it. */
	const char *mail_transport, *mail_from, *mail_from_name, *mail_username, *mail_password,
		*mail_ca_file;
	bool mail_starttls;
	int64_t mail_timeout_s, mail_per_mailbox_hour, mail_attempts_max;
	/* [password]: lengths in code points after RFC 8265, memory and passes of Argon2id, bits as
	 * libzxcvbn estimates them. */
	const char *password_words_file;
	int64_t password_min_length, password_max_length, password_memory_kib, password_passes,
		password_min_bits;
	/* [session]; reading_at_once 0 means any number. [token]: how long a mailed link works. */
	int64_t session_days, session_idle_days, session_short_hours, session_per_account;
	int64_t reading_at_once, reading_window_minutes;
	int64_t reset_minutes, verify_hours;
	/* [limits]. Of each pair, 0 and 0 turn the limit off. */
	int64_t failures_free, failure_delay_max_s, failure_forget_hours;
	int64_t institution_factor, page_burst, page_per_minute, login_burst, login_per_minute;
	int64_t mail_burst, mail_per_minute, write_burst, write_per_minute;
	int64_t gate_burst, gate_per_minute, service_burst, service_per_minute;
	/* [article], [gift] and [gate]. teaser_share in percent. */
	int64_t teaser_words, teaser_characters, teaser_share, search_ms;
	bool teaser_mark_may_exceed;
	int64_t gifts_per_month, gift_days, gift_redemptions;
	const char *default_section, *default_access;
	const char *timezone;
	const char *gate_sites;
	/* [paywall], [meter] and [crawlers], as text: see enum ai_policy and the bits below. */
	const char *ai_policy, *open_statuses_text, *open_statuses_by_source_text;
	const char *meter_forged;
	int64_t meter_prefix_ceiling;
	const char *licence_url, *sitemap;
	const char *imprint_url, *privacy_url, *terms_url; /* https://…, a local path, or "" */
	const char *crawler_resolver;
	int64_t crawler_timeout_ms, crawler_keep_hours, crawler_keep_refused_minutes;
	/* worked out */
	struct ip_net trusted_proxies[IP_NETS_MAX];
	size_t trusted_proxy_count;
	bool secure;            /* base_url is https */
	unsigned open_statuses; /* bits 1 << enum entitlement_status */
	struct source_statuses sources[POLICY_SOURCES_MAX];
	size_t source_count;
};

/* How the value is read and how `config show` prints it. SECRET and DATABASE are printed without
 * what is secret; a SECRET may also stand in a file of its own (NAME_file). */
enum setting_type {
	SETTING_TEXT = 1,
	SETTING_INT,
	SETTING_BOOL,
	SETTING_SECRET,
	SETTING_DATABASE, /* text that may hold a password */
};
/* A row of config_settings. Everything in it is static. */
struct setting {
	const char *section, *name;
	enum setting_type type;
	size_t offset;        /* of its member in struct config */
	const char *fallback; /* as it would stand in the file */
	int64_t min, max;     /* SETTING_INT */
	const char *unit;     /* "seconds", "words", …; "" for none */
	const char *choices;  /* SETTING_TEXT: "debug info warn error", or NULL for free text */
	const char *help;     /* one or two sentences, for the sample file and the reference */
};
/* Room for one flag a setting in config_load; a static assertion in settings.c holds the table to
 * it. */
enum { CONFIG_SETTINGS_MAX = 128 };
/* In the order of the sample file and of docs/configure.md. */
extern const struct setting config_settings[];
extern const size_t config_setting_count;
/* Taken by SIGHUP, without a restart. */
bool config_setting_is_live(const struct setting *s);

/* A message for people, with its NUL. A longer one is cut. */
enum { CONFIG_WHY_SIZE = 512 };
/* `path` NULL: no file. `env` is environ or a test's own. Strings live in the arena. On ERR_INVALID
 * or ERR_NOT_FOUND `why` says file, line, name, value and what would be right. */
enum err MUST_USE config_load(const char *path, char **env, struct arena *a, struct config *out,
	char why[static CONFIG_WHY_SIZE]);
/* The last part of config_load: also works out the proxies and `secure`, and writes base_url in its
 * one spelling. */
enum err MUST_USE config_check_together(
	struct config *c, struct arena *a, char why[static CONFIG_WHY_SIZE]);
/* The system's time zone database; UTC is there without one. */
#define CONFIG_ZONES "/usr/share/zoneinfo"
enum { ZONE_NAMES_BYTES_MAX = 256 << 10 };
/* True for "UTC" and the names of files below CONFIG_ZONES. */
bool config_zone_is(const char *name);
/* Which of its names was probably meant, in `space`, or NULL. */
const char *config_zone_near(const char *said, struct buf *space);
const char *config_theme(const struct config *c);          /* its folder; NULL: the one built in */
void config_show(const struct config *c, struct buf *out); /* secrets as "(set)" or "" */
void config_sample(struct buf *out);                       /* a commented file with every default */
void config_reference(struct buf *out);                    /* docs/configure.md's table */

#endif
