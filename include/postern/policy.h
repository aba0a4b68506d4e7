/* policy: what the newsroom has set, the same for all readers: rules, meters, plans; and what an
 * article says of itself. A policy is a snapshot, read-only and shared by many threads.
 *
 * The truth is the database; policy_acquire compares its version with the snapshot's at every use,
 * so a change by any process is obeyed by the very next request that asks the database. Those that
 * are answered from memory (decision_cache.h, http.h "shared") obey once the change has come in. */
#ifndef POSTERN_POLICY_H
#define POSTERN_POLICY_H

#include "postern/base.h"
#include "postern/db.h"

/* From open to closed. ACCESS_DEFAULT: the article leaves it to the rules. */
enum access {
	ACCESS_PUBLIC = 1,
	ACCESS_REGISTERED,
	ACCESS_METERED,
	ACCESS_SUBSCRIBER,
	ACCESS_DEFAULT
};
const char *paywall_access_name(enum access a); /* "public", …; "" for anything else */
enum err MUST_USE paywall_access_parse(struct str s, enum access *out); /* ERR_INVALID */

/* Bytes, with the NUL. */
enum { SECTION_SIZE = 65, TAG_SIZE = 101, PLAN_SIZE = 65, SOURCE_SIZE = 33 };

/* ---- what is asked about ---- */
/* What an article says of itself, or a path of another server behind the gate. */
struct paywall_article {
	const char *id;     /* what a meter counts and a purchase names */
	struct str section; /* slug */
	struct str tags;    /* names between newlines, newline at both ends, or empty */
	enum access access; /* anything not in the enum: nothing is granted */
	bool usable;        /* false: withheld or taken back at its source */
	bool killed;        /* was shown, and is taken back for good: 410, where others get 404 */
	int64_t published_at;
	bool undated;       /* a path of another server: rules that go by age are not for it */
	int64_t embargo_at; /* 0: none */
	int64_t expires_at; /* 0: never */
};

/* ---- policy: what the newsroom has set, the same for all readers ---- */
enum rule_kind {
	RULE_OVERRIDE = 1, /* stands above what the article says */
	RULE_DEFAULT,      /* for articles that say "default" */
};
/* RULES_MAX: each decision goes through them one by one. */
enum { WEEKDAYS_ALL = 0x7f, RULES_MAX = 256 };
/* The first rule that matches decides: overrides, then the article's own level, then defaults. */
struct paywall_rule {
	char id[ID_SIZE];
	int64_t position;
	enum rule_kind kind;
	char section[SECTION_SIZE]; /* "": any */
	char tag[TAG_SIZE];         /* "": any */
	int64_t from_s, until_s; /* age since publication: from <= age < until; until 0: no end */
	int64_t weekdays;        /* bit 0 Sunday … bit 6 Saturday, in the newsroom's time zone */
	enum access access;      /* what it sets; never ACCESS_DEFAULT */
	int64_t teaser_words;    /* 0: as set for all */
};
/* When a count of free articles begins anew: at midnight, on Monday or on the first of the month in
 * the newsroom's time zone, or `days` after the first article of the count. */
enum meter_window { WINDOW_DAY = 1, WINDOW_WEEK, WINDOW_MONTH, WINDOW_ROLLING };
enum { METERS_MAX = 16, METER_NAME_SIZE = 33, METER_LIMIT_MAX = 48, METER_DAYS_MAX = 366 };
struct meter {
	char name[METER_NAME_SIZE];
	char section[SECTION_SIZE]; /* "": all sections that have no meter of their own */
	int64_t anonymous_limit, registered_limit; /* 0 to METER_LIMIT_MAX */
	enum meter_window window;
	int64_t days; /* WINDOW_ROLLING */
};
/* A subscription covers sections until it ends, a day pass the same for hours, PLAN_ARTICLE one
 * article for good. */
enum plan_kind { PLAN_SUBSCRIPTION = 1, PLAN_DAY_PASS, PLAN_ARTICLE };
enum {
	PLANS_MAX = 1000,
	PLAN_SECTIONS_SIZE = 1024,
	TITLE_SIZE = 121,
	PRICE_SIZE = 41,
	HREF_SIZE = 513,
	DESCRIPTION_SIZE = 401,
	BENEFIT_SIZE = 121, /* one of them; OFFER_LINE_SIZE: of trial and cancel words */
	BENEFITS_MAX = 8,
	BENEFITS_SIZE = BENEFITS_MAX * BENEFIT_SIZE,
	OFFER_LINE_SIZE = 121
};
struct plan {
	char name[PLAN_SIZE]; /* [a-z0-9-]{1,64} */
	enum plan_kind kind;
	char sections[PLAN_SECTIONS_SIZE];         /* slugs between newlines like tags; "": all */
	char title[TITLE_SIZE], price[PRICE_SIZE]; /* for people: "Digital", "€ 9 a month" */
	char href[HREF_SIZE]; /* where it is sold; "": not offered on the wall */
	/* more for people, one line each; benefits have newlines between them */
	char description[DESCRIPTION_SIZE], benefits[BENEFITS_SIZE];
	char trial[OFFER_LINE_SIZE], cancel[OFFER_LINE_SIZE];
	int64_t position; /* in lists of offers; 0: behind those that have one, by name */
	bool recommended; /* at most one is */
	bool on_sale;     /* offered where it has an address */
};
/* paywall.ai_crawlers: like anonymous readers; the teaser with 200; the teaser with 402; 403. */
enum ai_policy { AI_ALLOW = 1, AI_TEASER, AI_PAYMENT, AI_BLOCK };
struct institutions; /* institution.h */
struct crawlers;     /* crawler.h */
/* Instead of open_statuses, for entitlements from one source. */
enum { POLICY_SOURCES_MAX = 16 };
struct source_statuses {
	char source[SOURCE_SIZE];
	unsigned open; /* bits 1 << enum entitlement_status */
};
/* A snapshot; read-only and shared by many threads once loaded (policy.c). */
struct paywall_policy {
	int64_t version;                  /* of the table it was read from */
	const struct paywall_rule *rules; /* overrides by position, then defaults by position */
	size_t rule_count;
	const struct meter *meters;
	size_t meter_count;
	const struct plan *plans; /* in the order in which they are offered */
	size_t plan_count;
	const struct institutions *institutions; /* NULL: none */
	const struct path_rule *paths;           /* by position; see path.h */
	size_t path_count;
	const struct crawlers *crawlers; /* NULL: none */
	enum access fallback;            /* when no rule matches an article that says "default" */
	enum ai_policy ai;
	unsigned open_statuses; /* bits 1 << enum entitlement_status that let a reader in */
	const struct source_statuses *sources;
	size_t source_count;
};

/* The words of tables and command line. ERR_INVALID; names are "" for what is not in the enum. */
const char *policy_rule_kind_name(enum rule_kind k); /* "override" */
enum err MUST_USE policy_rule_kind_parse(struct str s, enum rule_kind *out);
const char *policy_window_name(enum meter_window w); /* "month" */
enum err MUST_USE policy_window_parse(struct str s, enum meter_window *out);
const char *policy_plan_kind_name(enum plan_kind k); /* "day-pass" */
enum err MUST_USE policy_plan_kind_parse(struct str s, enum plan_kind *out);

/* ---- the snapshot in force ---- */
struct policy_cache;
struct policy_settings {
	enum access fallback;
	enum ai_policy ai;
	unsigned open_statuses;
	struct source_statuses sources[POLICY_SOURCES_MAX];
	size_t source_count;
};
enum err MUST_USE policy_cache_open(const struct policy_settings *s, struct policy_cache **out);
void policy_cache_close(struct policy_cache *pc); /* NULL is fine; nothing taken may be out */
/* The policy as of the caller's read. To be given back, also when the read failed later. Any
 * thread. */
enum err MUST_USE policy_acquire(
	struct policy_cache *pc, struct db_conn *c, const struct paywall_policy **out);
/* The newest policy taken by anybody, without a look at the database; NULL before the first. To be
 * given back. Nothing says that it still holds: see decision_cache.h. */
const struct paywall_policy *policy_cached(struct policy_cache *pc);
void policy_release(struct policy_cache *pc, const struct paywall_policy *p); /* NULL is fine */
/* The next policy_acquire reads the policy anew, whatever its version: after a failover the
 * database may have an older one, and later another one of the same version. Any thread. */
void policy_invalidate(struct policy_cache *pc);
/* To be called in the transaction of every change to what a policy holds. */
enum err MUST_USE policy_version_bump(struct db_conn *c);

#endif
