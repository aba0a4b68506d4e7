/* The settings table: section, name, type, range, default, unit and help of every setting, and
 * the member of struct config that receives it. The parser, `config show`, the sample file and
 * docs/configure.md are all made from it, so a new setting is one row here. */
#include "postern/config.h"

#include <string.h>

#define TEXT(section, name, member, fallback, choices, help)                                       \
	{                                                                                          \
		section, name, SETTING_TEXT, offsetof(struct config, member), fallback, 0, 0, "",  \
			choices, help                                                              \
	}
#define SECRET(section, name, member, help)                                                        \
	{                                                                                          \
		section, name, SETTING_SECRET, offsetof(struct config, member), "", 0, 0, "",      \
			NULL, help                                                                 \
	}
#define DATABASE(section, name, member, fallback, help)                                            \
	{                                                                                          \
		section, name, SETTING_DATABASE, offsetof(struct config, member), fallback, 0, 0,  \
			"", NULL, help                                                             \
	}
#define INT(section, name, member, fallback, min, max, unit, help)                                 \
	{                                                                                          \
		section, name, SETTING_INT, offsetof(struct config, member), fallback, min, max,   \
			unit, NULL, help                                                           \
	}
#define BOOL(section, name, member, fallback, help)                                                \
	{                                                                                          \
		section, name, SETTING_BOOL, offsetof(struct config, member), fallback, 0, 0, "",  \
			NULL, help                                                                 \
	}

const struct setting config_settings[] = {
	TEXT("server", "listen", listen, "127.0.0.1:8080", NULL,
		"Where readers come in: ADDRESS:PORT, [IPv6]:PORT, or unix:/path/of.sock."),
	TEXT("server", "base_url", base_url, "http://localhost:8080", NULL,
		"The address readers see, without a path. Every link in pages and "
		"mails is built from it. With "
		"https:// cookies are Secure and carry the __Host- prefix."),
	BOOL("server", "hsts_subdomains", hsts_subdomains, "no",
		"Adds includeSubDomains to Strict-Transport-Security, which is sent when base_url "
		"is https: browsers then use https only, for a year, on all hosts below that of "
		"base_url. Turn it on only when each of them has a certificate."),
	TEXT("server", "trusted_proxies", trusted_proxies_text, "", NULL,
		"Addresses or networks of your own proxies, separated by commas. X-Forwarded-For "
		"is believed from these only."),
	BOOL("server", "development", development, "no",
		"Shows every mail on /_dev/mailbox and keeps their text. Never on a server that "
		"others can reach."),
	INT("server", "loop_threads", loop_threads, "1", 1, 64, "threads", "Event loops."),
	INT("server", "work_threads", work_threads, "4", 1, 256, "threads",
		"Threads for requests that need the database. One more serves reading requests "
		"when all of these wait to write."),
	INT("server", "hash_threads", hash_threads, "0", 0, 64, "threads",
		"Passwords hashed at once; 0 is one for each core. Each needs password.memory_kib, "
		"at most twice."),
	INT("server", "hash_per_second", hash_per_second, "0", 0, 10000, "hashes",
		"Passwords hashed at normal priority in a second, and twice as many while they "
		"come one at a time; 0 is two for each core. Further ones, as in a storm of "
		"log-ins, are hashed at the lowest priority, so that reading stays fast."),
	INT("server", "work_queue", work_queue, "1024", 1, 100000, "requests",
		"Requests that may wait for a work thread; above it they are answered 503."),
	INT("server", "hash_queue", hash_queue, "128", 1, 10000, "requests",
		"Requests that may wait for a hash thread. Addresses take turns; above it the last "
		"of "
		"the address with most waiting is answered 503."),
	INT("server", "connections", connections, "10000", 10, 1000000, "connections",
		"Open at once, in all."),
	INT("server", "connections_per_address", connections_per_address, "256", 1, 1000000,
		"connections",
		"Open at once from one address. Not counted once server.trusted_proxies names "
		"any: then a firewall must keep all others from the port."),
	INT("server", "timeout_s", timeout_s, "30", 1, 3600, "seconds",
		"A connection that is idle for so long is closed."),
	INT("server", "drain_s", drain_s, "0", 0, 300, "seconds",
		"When told to stop: not ready for so long, and still serving, so that a balancer "
		"sends requests elsewhere. A second signal cuts it short."),
	TEXT("ops", "listen", ops_listen, "127.0.0.1:9180", NULL,
		"Where /health/live, /health/ready and /metrics are; empty for nowhere. Keep it "
		"away from readers."),
	DATABASE("database", "url", database_url, "sqlite:var/postern.db",
		"sqlite:PATH of the database file, or libpq's URL of a PostgreSQL database: "
		"postgres://USER@HOST/DATABASE, with several hosts, sslmode=verify-full, passfile "
		"and what else libpq knows."),
	INT("database", "connections", database_connections, "0", 0, 1000, "connections",
		"Open at once to PostgreSQL, at most; 0 is one for each thread that may need one."),
	INT("cache", "sessions_mib", cache_sessions_mib, "32", 1, 4096, "MiB",
		"Memory for sessions that are not asked from the database each time; some 300 "
		"bytes each."),
	INT("cache", "pages_mib", cache_pages_mib, "64", 8, 65536, "MiB",
		"Memory for pages, articles and lead pictures as every stranger, or every reader "
		"with the same rights, gets them; one may have a sixteenth of it."),
	INT("cache", "facts_mib", cache_facts_mib, "16", 1, 4096, "MiB",
		"Memory for what decides: of an article some 400 bytes, of a reader's "
		"entitlements some 500."),
	INT("cache", "stale_minutes", cache_stale_minutes, "60", 0, 1440, "minutes",
		"How old such a page may be while the database is lost; 0 shows none."),
	TEXT("site", "name", site_name, "Postern", NULL,
		"Name of the paper, on pages and in mails."),
	TEXT("site", "tagline", tagline, "", NULL, "A line below the name."),
	TEXT("site", "language", language, "en", NULL, "Language of the pages, as in <html lang>."),
	TEXT("site", "timezone", timezone, "UTC", NULL,
		"The newsroom's time zone, such as Europe/Berlin. Pages, mails and commands show "
		"times in it, days and times without a zone are read in it, and the days, weeks "
		"and months of meters and rules begin in it."),
	TEXT("site", "sitemap", sitemap, "", NULL,
		"Address of a sitemap to name in robots.txt; empty for none."),
	TEXT("web", "theme", theme, "", NULL,
		"Directory with templates/, mail/ and static/ whose files replace the built-in "
		"ones of the same name."),
	TEXT("log", "level", log_level, "info", "debug info warn error",
		"Lines below this level are dropped."),
	TEXT("log", "format", log_format, "logfmt", "logfmt json",
		"Form of the lines on standard error."),
	TEXT("mail", "transport", mail_transport, "smtp://127.0.0.1:25", NULL,
		"smtp://HOST:PORT, smtps://HOST:PORT, or maildir:PATH, which only writes the "
		"messages to a folder."),
	TEXT("mail", "from", mail_from, "postern@localhost", NULL, "Sender's address."),
	TEXT("mail", "from_name", mail_from_name, "", NULL, "Sender's name; empty is site.name."),
	TEXT("mail", "username", mail_username, "", NULL, "Name for SMTP AUTH; empty for none."),
	SECRET("mail", "password", mail_password, "Password for SMTP AUTH."),
	TEXT("mail", "ca_file", mail_ca_file, "", NULL,
		"Certificates to trust for SMTP; empty is the system's."),
	BOOL("mail", "starttls", mail_starttls, "yes",
		"Requires STARTTLS on smtp://. \"no\" is accepted for a server on this machine "
		"only."),
	INT("mail", "timeout_s", mail_timeout_s, "30", 1, 600, "seconds", "For one delivery."),
	INT("mail", "per_mailbox_hour", mail_per_mailbox_hour, "5", 1, 1000, "mails",
		"Of one kind to one address in an hour; more are silently left out, so that nobody "
		"can "
		"flood a mailbox."),
	INT("mail", "attempts_max", mail_attempts_max, "25", 1, 1000, "tries",
		"Then a mail is given up."),
	INT("password", "min_length", password_min_length, "8", 8, 64, "characters",
		"Least length of a new password."),
	INT("password", "max_length", password_max_length, "128", 64, 1024, "characters",
		"Longest password."),
	INT("password", "memory_kib", password_memory_kib, "19456", 19456, 1048576, "KiB",
		"Memory of one Argon2id hash. Less than 19 MiB is refused."),
	INT("password", "passes", password_passes, "2", 1, 20, "passes",
		"Passes of Argon2id. 1 is accepted from 47,104 KiB of memory on."),
	INT("password", "min_bits", password_min_bits, "28", 18, 100, "bits",
		"Least strength of a new password as libzxcvbn estimates it."),
	TEXT("password", "words_file", password_words_file, "", NULL,
		"File of words that a new password must not consist of, in addition to the "
		"built-in "
		"lists: UTF-8, one word a line, in any case. Read at start."),
	INT("session", "days", session_days, "30", 1, 400, "days",
		"Life of a session with \"keep me signed in\"."),
	INT("session", "idle_days", session_idle_days, "14", 1, 400, "days",
		"It ends when unused for so long."),
	INT("session", "short_hours", session_short_hours, "12", 1, 720, "hours",
		"Life of a session without it."),
	INT("session", "per_account", session_per_account, "50", 1, 200, "sessions",
		"At once for one account; a new one ends the least recently used."),
	INT("session", "reading_at_once", reading_at_once, "0", 0, 200, "sessions",
		"Of one account that may read Postern's own articles for subscribers at the same "
		"time (not pages behind the gate); those that read longest ago are asked to log in "
		"again. 0 for any number."),
	INT("session", "reading_window_minutes", reading_window_minutes, "15", 2, 1440, "minutes",
		"So long after its last whole article a session counts as reading."),
	INT("token", "reset_minutes", reset_minutes, "30", 5, 60, "minutes",
		"Life of a mailed link to reset a password."),
	INT("token", "verify_hours", verify_hours, "24", 1, 24, "hours",
		"Life of a mailed link to confirm an address."),
	INT("limits", "failures_free", failures_free, "5", 1, 100, "tries",
		"Wrong passwords for one account before each further one has to wait, twice as "
		"long as the one before."),
	INT("limits", "failure_delay_max_s", failure_delay_max_s, "3600", 1, 86400, "seconds",
		"Longest such wait."),
	INT("limits", "failure_forget_hours", failure_forget_hours, "24", 1, 720, "hours",
		"After so long without a wrong password the count starts anew."),
	INT("limits", "institution_factor", institution_factor, "20", 1, 1000, "times",
		"The request limits are multiplied by this for an address in an institution's "
		"range, because a whole campus may be behind one address."),
	INT("limits", "page_burst", page_burst, "240", 0, 1000000, "requests",
		"Pages, articles and pictures from one source (IPv4 address, IPv6 /64) at once; 0 "
		"for no limit."),
	INT("limits", "page_per_minute", page_per_minute, "600", 0, 1000000, "requests",
		"And then so many a minute."),
	INT("limits", "login_burst", login_burst, "20", 0, 1000000, "requests",
		"Log-ins from one source at once."),
	INT("limits", "login_per_minute", login_per_minute, "20", 0, 1000000, "requests",
		"And then so many a minute."),
	INT("limits", "mail_burst", mail_burst, "10", 0, 1000000, "requests",
		"Requests from one source that send a mail (register, reset) at once."),
	INT("limits", "mail_per_minute", mail_per_minute, "6", 0, 1000000, "requests",
		"And then so many a minute."),
	INT("limits", "write_burst", write_burst, "60", 0, 1000000, "requests",
		"Other changes from one source at once."),
	INT("limits", "write_per_minute", write_per_minute, "120", 0, 1000000, "requests",
		"And then so many a minute."),
	INT("limits", "gate_burst", gate_burst, "1200", 0, 1000000, "requests",
		"Questions of a proxy about one reader's requests, pictures and styles included, "
		"at once."),
	INT("limits", "gate_per_minute", gate_per_minute, "3000", 0, 1000000, "requests",
		"And then so many a minute."),
	INT("limits", "service_burst", service_burst, "2000", 0, 1000000, "requests",
		"Requests with service keys from one source at once."),
	INT("limits", "service_per_minute", service_per_minute, "60000", 0, 1000000, "requests",
		"And then so many a minute."),
	TEXT("gate", "sites", gate_sites, "", NULL,
		"Further sites behind the gate beside base_url, such as https://blog.example, "
		"separated by commas. Any other is refused."),
	INT("article", "teaser_words", teaser_words, "90", 1, 2000, "words",
		"Where the author set no mark, a teaser ends with the sentence, list item or table "
		"row that reaches this number."),
	INT("article", "teaser_characters", teaser_characters, "1200", 1, 20000, "characters",
		"Most that a teaser may have, whatever the author's mark or a rule says."),
	INT("article", "teaser_share", teaser_share, "30", 1, 90, "percent",
		"Largest part of the text that a teaser may have."),
	BOOL("article", "teaser_mark_may_exceed", teaser_mark_may_exceed, "no",
		"Lets the author's mark give more than teaser_characters and teaser_share, but "
		"never the whole text."),
	INT("article", "search_ms", search_ms, "1000", 10, 10000, "milliseconds",
		"Longest time that a search for articles by word or tag may take. Then it is "
		"answered 503, so that searches do not delay other readers."),
	TEXT("article", "default_section", default_section, "News", NULL,
		"For imported items that name none."),
	TEXT("article", "default_access", default_access, "subscriber",
		"public registered metered subscriber",
		"For items that say nothing, or \"default\", and that no rule matches."),
	TEXT("paywall", "ai_crawlers", ai_policy, "teaser", "allow teaser payment block",
		"What crawlers for AI get: what a stranger gets, teasers, teasers with 402 and an "
		"offer, or 403."),
	TEXT("paywall", "licence_url", licence_url, "", NULL,
		"Where crawlers for AI find a licence: in robots.txt, and in the offer of "
		"\"payment\"; empty for none."),
	TEXT("paywall", "open_statuses", open_statuses_text, "active trialing past_due canceled",
		NULL,
		"The statuses of an entitlement that let its reader in (of active, trialing, "
		"past_due, paused, canceled, unpaid)."),
	TEXT("paywall", "open_statuses_by_source", open_statuses_by_source_text, "", NULL,
		"The same for entitlements from one source, instead of open_statuses: \"stripe: "
		"active trialing; import: active\"."),
	TEXT("meter", "forged", meter_forged, "exhausted", "exhausted new",
		"What a meter's cookie counts as that this site did not make: as all free articles "
		"read, or as none."),
	INT("meter", "prefix_ceiling", meter_prefix_ceiling, "0", 0, 1000000, "articles",
		"Metered articles a day (of the newsroom) for all readers without an account in "
		"one network (IPv4 /24, IPv6 /48) together; 0 for no such limit."),
	INT("gift", "per_month", gifts_per_month, "10", 0, 1000, "gifts",
		"Articles that a subscriber may give away in a calendar month; 0 turns gifts off."),
	INT("gift", "days", gift_days, "14", 1, 90, "days", "Life of a gift."),
	INT("gift", "redemptions", gift_redemptions, "10", 1, 100000, "browsers",
		"That may open one gift."),
	TEXT("crawlers", "resolver", crawler_resolver, "", NULL,
		"Name servers that are asked who a search crawler is, such as 127.0.0.1:53, "
		"separated by commas; empty is the system's."),
	INT("crawlers", "timeout_ms", crawler_timeout_ms, "1500", 100, 10000, "milliseconds",
		"How long such a question may take, and how long a first request waits for the "
		"answer."),
	INT("crawlers", "keep_hours", crawler_keep_hours, "24", 1, 720, "hours",
		"How long a proved address is remembered."),
	INT("crawlers", "keep_refused_minutes", crawler_keep_refused_minutes, "10", 1, 1440,
		"minutes", "How long an address that proved nothing is."),
};
const size_t config_setting_count = COUNT(config_settings);

bool config_setting_is_live(const struct setting *s)
{
	static const char *const names[][2] = { { "log", "level" }, { "web", "theme" } };
	struct str name = str_of(s->name);

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(s->section, names[i][0]) == 0 && strcmp(s->name, names[i][1]) == 0)
			return true;
	}
	return strcmp(s->section, "limits") == 0 &&
	       (str_ends(name, STR("_burst")) || str_ends(name, STR("_per_minute")));
}
