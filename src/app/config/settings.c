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
		"Address for readers: ADDRESS:PORT, [IPv6]:PORT, or unix:/path/of.sock."),
	TEXT("server", "base_url", base_url, "http://localhost:8080", NULL,
		"Public address of the site, without a path. All links in pages and mails start "
		"with it. With https://, cookies are Secure and carry the __Host- prefix."),
	BOOL("server", "hsts_subdomains", hsts_subdomains, "no",
		"Adds includeSubDomains to Strict-Transport-Security (sent when base_url is "
		"https). Browsers then use only https for a year, on all subdomains of that host "
		"as well. Turn it on only if each of them has a certificate."),
	TEXT("server", "trusted_proxies", trusted_proxies_text, "", NULL,
		"Addresses or networks of your own proxies, separated by commas. X-Forwarded-For "
		"is trusted only from these."),
	BOOL("server", "development", development, "no",
		"Shows every mail on /_dev/mailbox and keeps their text. Never use it on a server "
		"that others can reach."),
	INT("server", "loop_threads", loop_threads, "1", 1, 64, "threads",
		"Number of event loops."),
	INT("server", "work_threads", work_threads, "4", 1, 256, "threads",
		"Threads for requests that need the database. One more thread serves readers when "
		"all of these wait to write."),
	INT("server", "hash_threads", hash_threads, "0", 0, 64, "threads",
		"Passwords that are hashed at the same time; 0 means one for each core. Each needs "
		"password.memory_kib, and at most twice that."),
	INT("server", "hash_per_second", hash_per_second, "0", 0, 10000, "hashes",
		"Passwords hashed per second at normal priority (twice as many while log-ins come "
		"one at a time); 0 means two for each core. Any above that, as in a storm of "
		"log-ins, are hashed at the lowest priority, so that reading stays fast."),
	INT("server", "work_queue", work_queue, "1024", 1, 100000, "requests",
		"Requests that may wait for a work thread. Further ones get 503."),
	INT("server", "hash_queue", hash_queue, "128", 1, 10000, "requests",
		"Requests that may wait for a hash thread. Addresses take turns. When the queue is "
		"full, the newest request of the address with the most waiting gets 503."),
	INT("server", "connections", connections, "10000", 10, 1000000, "connections",
		"Open connections in total."),
	INT("server", "connections_per_address", connections_per_address, "256", 1, 1000000,
		"connections",
		"Open connections from one address. Not enforced when server.trusted_proxies is "
		"set; then a firewall must block everyone but the proxies from the port."),
	INT("server", "timeout_s", timeout_s, "30", 1, 3600, "seconds",
		"Idle time after which a connection is closed."),
	INT("server", "drain_s", drain_s, "0", 0, 300, "seconds",
		"Time between a stop signal and the stop during which the server reports not ready "
		"but still serves, so that a load balancer can send requests elsewhere. A second "
		"signal ends it early."),
	TEXT("ops", "listen", ops_listen, "127.0.0.1:9180", NULL,
		"Address for /health/live, /health/ready and /metrics; empty turns them off. "
		"Readers must not be able to reach it."),
	DATABASE("database", "url", database_url, "sqlite:var/postern.db",
		"sqlite:PATH of a database file, or the URL of a PostgreSQL database as libpq "
		"reads it: postgres://USER@HOST/DATABASE, with several hosts, sslmode=verify-full, "
		"passfile and so on."),
	INT("database", "connections", database_connections, "0", 0, 1000, "connections",
		"Open connections to PostgreSQL, at most; 0 means one for each thread that may "
		"need one."),
	INT("cache", "sessions_mib", cache_sessions_mib, "32", 1, 4096, "MiB",
		"Memory for cached sessions, about 300 bytes each."),
	INT("cache", "pages_mib", cache_pages_mib, "64", 8, 65536, "MiB",
		"Memory for cached pages, articles and lead pictures, each as all anonymous "
		"readers or all readers with the same rights get it. One entry may use a sixteenth "
		"of it."),
	INT("cache", "facts_mib", cache_facts_mib, "16", 1, 4096, "MiB",
		"Memory for cached decision inputs: about 400 bytes for an article, 500 for the "
		"entitlements of a reader."),
	INT("cache", "stale_minutes", cache_stale_minutes, "60", 0, 1440, "minutes",
		"Age up to which cached pages are shown while the database is unavailable; 0 shows "
		"none."),
	TEXT("site", "name", site_name, "Postern", NULL,
		"Name of the newspaper, in pages and mails."),
	TEXT("site", "tagline", tagline, "", NULL, "Line below the name."),
	TEXT("site", "language", language, "en", NULL, "Language of the pages, as in <html lang>."),
	TEXT("site", "timezone", timezone, "UTC", NULL,
		"The newsroom's time zone, such as Europe/Berlin. Pages, mails and commands show "
		"times in it, and days and times without a zone are read in it. The days, weeks "
		"and months of meters and rules start in it."),
	TEXT("site", "contact", contact, "", NULL,
		"Where readers write when something does not work: a mail address, or the "
		"https:// address of a page. Shown in footers, on error pages and in every mail; "
		"empty for none."),
	TEXT("site", "imprint_url", imprint_url, "", NULL,
		"Page that says who publishes the site, for the footer of pages and mails: an "
		"https address or a path of this site; empty for none."),
	TEXT("site", "privacy_url", privacy_url, "", NULL,
		"Privacy policy, for the footer of pages and mails, in the same form."),
	TEXT("site", "terms_url", terms_url, "", NULL,
		"Terms of use, for the footer of pages, in the same form."),
	TEXT("site", "sitemap", sitemap, "", NULL,
		"Address of a sitemap, for robots.txt; empty for none."),
	TEXT("web", "theme", theme, "", NULL,
		"Folder with templates/, mail/ and static/ whose files replace the built-in files "
		"of the same name."),
	TEXT("log", "level", log_level, "info", "debug info warn error",
		"Lowest level that is logged."),
	TEXT("log", "format", log_format, "logfmt", "logfmt json",
		"Format of the log lines on standard error."),
	TEXT("mail", "transport", mail_transport, "smtp://127.0.0.1:25", NULL,
		"smtp://HOST:PORT, smtps://HOST:PORT, or maildir:PATH, which writes mails to a "
		"folder and sends nothing."),
	TEXT("mail", "from", mail_from, "postern@localhost", NULL, "Sender address."),
	TEXT("mail", "from_name", mail_from_name, "", NULL, "Sender name; empty means site.name."),
	TEXT("mail", "username", mail_username, "", NULL,
		"User name for SMTP AUTH; empty for none."),
	SECRET("mail", "password", mail_password, "Password for SMTP AUTH."),
	TEXT("mail", "ca_file", mail_ca_file, "", NULL,
		"File of certificates to trust for SMTP; empty means the system's."),
	BOOL("mail", "starttls", mail_starttls, "yes",
		"Requires STARTTLS with smtp://. \"no\" is accepted only for a mail server on this "
		"machine."),
	INT("mail", "timeout_s", mail_timeout_s, "30", 1, 600, "seconds",
		"Time limit for one delivery."),
	INT("mail", "per_mailbox_hour", mail_per_mailbox_hour, "5", 1, 1000, "mails",
		"Mails of one kind to one address in an hour. Further ones are not sent, so that "
		"nobody can flood a mailbox; the answer to the request stays the same."),
	INT("mail", "attempts_max", mail_attempts_max, "25", 1, 1000, "tries",
		"Delivery attempts before a mail has failed."),
	INT("password", "min_length", password_min_length, "8", 8, 64, "characters",
		"Minimum length of a new password."),
	INT("password", "max_length", password_max_length, "128", 64, 1024, "characters",
		"Maximum length of a password."),
	INT("password", "memory_kib", password_memory_kib, "19456", 19456, 1048576, "KiB",
		"Memory of one Argon2id hash. Less than 19 MiB is refused."),
	INT("password", "passes", password_passes, "2", 1, 20, "passes",
		"Passes of Argon2id. 1 is accepted from 47,104 KiB of memory."),
	INT("password", "min_bits", password_min_bits, "28", 18, 100, "bits",
		"Minimum strength of a new password, as estimated by libzxcvbn."),
	TEXT("password", "words_file", password_words_file, "", NULL,
		"File of words that a new password must not consist of, in addition to the "
		"built-in lists: UTF-8, one word a line, upper or lower case. Read at start."),
	INT("session", "days", session_days, "30", 1, 400, "days",
		"Lifetime of a session with \"keep me logged in\"."),
	INT("session", "idle_days", session_idle_days, "14", 1, 400, "days",
		"Unused time after which such a session ends."),
	INT("session", "short_hours", session_short_hours, "12", 1, 720, "hours",
		"Lifetime of a session without \"keep me logged in\"."),
	INT("session", "per_account", session_per_account, "50", 1, 200, "sessions",
		"Sessions of one account at the same time. A further one ends the least recently "
		"used."),
	INT("session", "reading_at_once", reading_at_once, "0", 0, 200, "sessions",
		"Sessions of one account that may read Postern's own articles for subscribers at "
		"the same time (pages behind the gate do not count). The session that read longest "
		"ago has to log in again. 0 means any number."),
	INT("session", "reading_window_minutes", reading_window_minutes, "15", 2, 1440, "minutes",
		"Time after its last full article during which a session counts as reading."),
	INT("token", "reset_minutes", reset_minutes, "30", 5, 60, "minutes",
		"Lifetime of a mailed link to reset a password."),
	INT("token", "verify_hours", verify_hours, "24", 1, 24, "hours",
		"Lifetime of a mailed link to confirm an address."),
	INT("limits", "failures_free", failures_free, "5", 1, 100, "tries",
		"Failed password attempts for one account before a delay applies. The delay starts "
		"at 1 s and doubles with each further failure."),
	INT("limits", "failure_delay_max_s", failure_delay_max_s, "3600", 1, 86400, "seconds",
		"Longest delay after failed attempts."),
	INT("limits", "failure_forget_hours", failure_forget_hours, "24", 1, 720, "hours",
		"Time without a failed attempt after which the count restarts."),
	INT("limits", "institution_factor", institution_factor, "20", 1, 1000, "times",
		"Factor by which the request limits are larger for addresses in an institution's "
		"networks, because a whole campus may be behind one address."),
	INT("limits", "page_burst", page_burst, "240", 0, 1000000, "requests",
		"Requests for pages, articles and pictures at once from one source (IPv4 address "
		"or IPv6 /64); 0 means no limit."),
	INT("limits", "page_per_minute", page_per_minute, "600", 0, 1000000, "requests",
		"Further requests of this kind per minute."),
	INT("limits", "login_burst", login_burst, "20", 0, 1000000, "requests",
		"Log-ins at once from one source; 0 means no limit."),
	INT("limits", "login_per_minute", login_per_minute, "20", 0, 1000000, "requests",
		"Further log-ins per minute."),
	INT("limits", "mail_burst", mail_burst, "10", 0, 1000000, "requests",
		"Requests that send a mail (register, reset) at once from one source; 0 means no "
		"limit."),
	INT("limits", "mail_per_minute", mail_per_minute, "6", 0, 1000000, "requests",
		"Further requests of this kind per minute."),
	INT("limits", "write_burst", write_burst, "60", 0, 1000000, "requests",
		"Other changes at once from one source; 0 means no limit."),
	INT("limits", "write_per_minute", write_per_minute, "120", 0, 1000000, "requests",
		"Further changes per minute."),
	INT("limits", "gate_burst", gate_burst, "1200", 0, 1000000, "requests",
		"Gate checks at once for one reader's requests, pictures and styles included; 0 "
		"means no limit."),
	INT("limits", "gate_per_minute", gate_per_minute, "3000", 0, 1000000, "requests",
		"Further gate checks per minute."),
	INT("limits", "service_burst", service_burst, "2000", 0, 1000000, "requests",
		"Requests with API keys at once from one source; 0 means no limit."),
	INT("limits", "service_per_minute", service_per_minute, "60000", 0, 1000000, "requests",
		"Further requests of this kind per minute."),
	TEXT("gate", "sites", gate_sites, "", NULL,
		"Sites behind the gate in addition to base_url, such as https://blog.example, "
		"separated by commas. Any other site is refused."),
	INT("article", "teaser_words", teaser_words, "90", 1, 2000, "words",
		"Length of a teaser without a mark by the author: it ends with the sentence, list "
		"item or table row that reaches this number."),
	INT("article", "teaser_characters", teaser_characters, "1200", 1, 20000, "characters",
		"Maximum length of a teaser, whatever the author's mark or a rule says."),
	INT("article", "teaser_share", teaser_share, "30", 1, 90, "percent",
		"Maximum share of the text that a teaser may have."),
	BOOL("article", "teaser_mark_may_exceed", teaser_mark_may_exceed, "no",
		"Lets the author's mark exceed teaser_characters and teaser_share, but never give "
		"the whole text."),
	INT("article", "search_ms", search_ms, "1000", 10, 10000, "milliseconds",
		"Time limit for a search for articles by word or tag. A longer one gets 503, so "
		"that searches do not delay other readers."),
	TEXT("article", "default_section", default_section, "News", NULL,
		"Section of imported items that name none."),
	TEXT("article", "default_access", default_access, "subscriber",
		"public registered metered subscriber",
		"Access level of articles that set none (or \"default\") and that no rule "
		"matches."),
	TEXT("paywall", "ai_crawlers", ai_policy, "teaser", "allow teaser payment block",
		"What AI crawlers get: \"allow\", the same as anonymous readers; \"teaser\", "
		"teasers; \"payment\", teasers with status 402 and an offer; \"block\", 403."),
	TEXT("paywall", "licence_url", licence_url, "", NULL,
		"Page where AI crawlers find a licence, for robots.txt and the offer of "
		"\"payment\"; empty for none."),
	TEXT("paywall", "open_statuses", open_statuses_text, "active trialing past_due canceled",
		NULL,
		"Statuses of an entitlement that let its reader in, out of active, trialing, "
		"past_due, paused, canceled and unpaid."),
	TEXT("paywall", "open_statuses_by_source", open_statuses_by_source_text, "", NULL,
		"Statuses for entitlements from single sources, instead of open_statuses: "
		"\"stripe: active trialing; import: active\"."),
	TEXT("meter", "forged", meter_forged, "exhausted", "exhausted new",
		"What an invalid meter cookie counts as: \"exhausted\", all free articles read, or "
		"\"new\", none read."),
	INT("meter", "prefix_ceiling", meter_prefix_ceiling, "0", 0, 1000000, "articles",
		"Metered articles a day for all anonymous readers in one network (IPv4 /24, IPv6 "
		"/48) together; 0 means no limit."),
	INT("gift", "per_month", gifts_per_month, "10", 0, 1000, "gifts",
		"Articles that a subscriber may give away in a calendar month; 0 turns gifts off."),
	INT("gift", "days", gift_days, "14", 1, 90, "days", "Lifetime of a gift link."),
	INT("gift", "redemptions", gift_redemptions, "10", 1, 100000, "browsers",
		"Browsers that may open one gift link."),
	TEXT("crawlers", "resolver", crawler_resolver, "", NULL,
		"Name servers for verifying search crawlers, such as 127.0.0.1:53, separated by "
		"commas; empty means the system's."),
	INT("crawlers", "timeout_ms", crawler_timeout_ms, "1500", 100, 10000, "milliseconds",
		"Time limit for such a look-up, and for the first request that waits for it."),
	INT("crawlers", "keep_hours", crawler_keep_hours, "24", 1, 720, "hours",
		"How long a verified address is remembered."),
	INT("crawlers", "keep_refused_minutes", crawler_keep_refused_minutes, "10", 1, 1440,
		"minutes", "How long an address that could not be verified is remembered."),
};
const size_t config_setting_count = COUNT(config_settings);
_Static_assert(COUNT(config_settings) <= CONFIG_SETTINGS_MAX, "config.c has room for each");

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
