/* paywall: decides how much of an article a reader gets.
 *
 * The decision is a pure function of article, policy, reader, usage and time. It reads no database
 * and no clock, so it is tested as a table, and pages, API, gate, command line and explanations all
 * call it. This header has the decision; policy.h, entitlement.h, meter.h, institution.h,
 * crawler.h, gift.h and path.h have one subject each. */
#ifndef POSTERN_PAYWALL_H
#define POSTERN_PAYWALL_H

#include "postern/policy.h"

/* ---- the reader, as far as a decision needs to know ---- */
enum entitlement_status {
	STATUS_ACTIVE = 1,
	STATUS_TRIALING,
	STATUS_PAST_DUE, /* payment failed; grace_s after the end still reads */
	STATUS_PAUSED,
	STATUS_CANCELED, /* ends at ends_at and is not renewed */
	STATUS_UNPAID,
};
enum { ENTITLEMENTS_MAX = 32 };
struct entitlement {
	char id[ID_SIZE];
	char plan[PLAN_SIZE]; /* a plan that does not exist (yet) covers nothing */
	char source[SOURCE_SIZE];
	char article_id[ID_SIZE]; /* "": what the plan covers; else this article only */
	enum entitlement_status status;
	int64_t starts_at;
	int64_t ends_at; /* 0: until revoked. The end itself is outside */
	int64_t grace_s; /* after ends_at */
	int64_t revoked_at;
	int64_t seats; /* members that its owner may invite */
	bool by_seat;  /* another account's, which covers its members */
};
struct gift_giver; /* gift.h */
enum crawler_class { CRAWLER_NONE, CRAWLER_SEARCH, CRAWLER_AI };
struct paywall_reader {
	bool signed_in;
	const struct entitlement *entitlements;
	size_t entitlement_count;
	const char *institution;      /* its name for people, contract in force; NULL: none */
	const char *institution_plan; /* what it covers; NULL or "": all */
	enum crawler_class
		crawler; /* CRAWLER_SEARCH only when proved; CRAWLER_AI also when claimed */
	const char *crawler_name;       /* NULL without one */
	bool gift;                      /* holds a gift of this very article */
	const struct gift_giver *giver; /* of that gift; NULL without one */
};
/* Why an anonymous reader gets no more of a meter without having read its free articles: the
 * network's ceiling is reached for today, or the browser's cookie is none that we can read. */
enum meter_block { METER_BLOCK_NETWORK = 1, METER_BLOCK_COOKIE };
/* Of the meter that paywall_meter_of names, in its window, by this reader. */
struct paywall_usage {
	int64_t used;
	bool counted;           /* this article is among them: reading it again is free */
	int64_t ends_at;        /* when the count starts anew */
	enum meter_block block; /* 0: none; `used` is the limit where there is one */
};
/* The time, and what the newsroom's time zone makes of it. */
struct paywall_moment {
	int64_t s;
	unsigned weekday; /* 0 Sunday … 6 Saturday */
};
struct paywall_moment paywall_moment(int64_t now_s); /* in the process's time zone (TZ) */

/* ---- decision ---- */
enum grant { GRANT_NONE = 1, GRANT_TEASER, GRANT_FULL };
enum reason {
	REASON_PUBLIC = 1,         /* full: open to all */
	REASON_SIGNED_IN,          /* full: registered is enough */
	REASON_ENTITLED,           /* full: an entitlement in force */
	REASON_INSTITUTION,        /* full: the institution's network or mail domain */
	REASON_GIFT,               /* full: this article was given */
	REASON_CRAWLER,            /* full: a proved search crawler */
	REASON_METERED,            /* full: one of the free ones; must be charged */
	REASON_METERED_AGAIN,      /* full: counted before in this window */
	REASON_LOGIN_REQUIRED,     /* teaser: any account would do */
	REASON_METER_EXHAUSTED,    /* teaser: the free ones are read */
	REASON_SUBSCRIBER_ONLY,    /* teaser: nobody signed in; a subscription would do */
	REASON_NO_ENTITLEMENT,     /* teaser: signed in, never had one */
	REASON_OTHER_PLAN,         /* teaser: signed in, has one that does not cover this */
	REASON_ENTITLEMENT_ENDED,  /* teaser: signed in, had one */
	REASON_ENTITLEMENT_CLOSED, /* teaser: signed in, has one whose status lets nobody in */
	REASON_ENTITLEMENT_FUTURE, /* teaser: signed in, has one that has not begun */
	REASON_CRAWLER_TEASER,     /* teaser: AI crawlers get no more */
	REASON_CRAWLER_PAYMENT,    /* teaser: AI crawlers are asked to pay, 402 */
	REASON_CRAWLER_BLOCKED,    /* none: AI crawlers are refused, 403 */
	REASON_WITHHELD,           /* none */
	REASON_EMBARGOED,          /* none */
	REASON_EXPIRED,            /* none: 410 */
	REASON_KILLED,             /* none: 410 */
	REASON_BAD_RULE,           /* none: a level this program does not know */
	REASON_COUNT
};
/* Flags: what would open it. */
enum {
	OFFER_LOGIN = 1,
	OFFER_REGISTER = 2,
	OFFER_SUBSCRIBE = 4,
	OFFER_DAY_PASS = 8,
	OFFER_ARTICLE = 16, /* this article alone can be bought */
};

struct decision_inputs {
	const struct paywall_article *article;
	const struct paywall_policy *policy;
	const struct paywall_reader *reader;
	struct paywall_usage usage;
	struct paywall_moment now;
};
struct decision {
	enum grant grant;
	enum reason reason;
	unsigned offer;
	enum access level;               /* in force; 0 when it was not looked at */
	const struct paywall_rule *rule; /* that set it; NULL: the article, or the fallback */
	const struct entitlement *by;    /* looked at: decided, or tells most of why not */
	enum reason entitlement;         /* what `by` says, whatever decided; 0: not looked at */
	const struct meter *meter;       /* NULL: the level is not metered, or no meter fits */
	const char *institution;         /* REASON_INSTITUTION: its name for people */
	const struct gift_giver *giver;  /* REASON_GIFT: who gave it (gift.h) */
	int64_t used, limit;             /* of the meter, used <= limit; meter_record counts this
					    reading in */
	int64_t window_ends_at;          /* of the meter: the count starts anew */
	enum meter_block block;          /* REASON_METER_EXHAUSTED without having read; 0: none */
	int64_t teaser_words;            /* of the rule; 0: as set for all */
	bool must_count; /* REASON_METERED: must be counted before the text goes out */
};
struct decision paywall_decide(const struct decision_inputs *k);
/* The same in two steps, for callers that look the usage up only where it matters. False: the
 * decision hangs on the meter d->meter and grants nothing yet; with k->usage filled in,
 * paywall_decide_metered makes it from `d`. */
bool paywall_decide_unmetered(const struct decision_inputs *k, struct decision *d);
struct decision paywall_decide_metered(const struct decision_inputs *k, struct decision d);
/* The answer hangs on the meter: `used`, `limit` and `window_ends_at` say something. */
bool paywall_metered(const struct decision *d);
/* Whole, by what the article or the reader's account is: no meter, gift, address or claim has a
 * share in it. */
bool paywall_by_right(const struct decision *d);
/* Was here and is withdrawn: 410. What else grants nothing was never here as far as readers know.
 */
bool paywall_gone(const struct decision *d);
/* What may be shown without counting it: of what would have to be counted, the teaser. */
struct decision paywall_uncharged(struct decision d);
/* Its parts, for lists and explanations. */
enum access paywall_level(const struct paywall_policy *p, const struct paywall_article *a,
	struct paywall_moment now, const struct paywall_rule **rule);
bool paywall_rule_matches(
	const struct paywall_rule *r, const struct paywall_article *a, struct paywall_moment now);
const struct meter *paywall_meter_of(
	const struct paywall_policy *p, const struct paywall_article *a);
int64_t paywall_account_limit(const struct meter *m); /* of readers who are signed in */
bool paywall_entitlement_covers(const struct paywall_policy *p, const struct entitlement *e,
	const struct paywall_article *a);
bool paywall_entitlement_open(
	const struct paywall_policy *p, const struct entitlement *e, int64_t now_s);
/* True for "" and NULL; a plan the policy does not know covers nothing. */
bool paywall_plan_covers(
	const struct paywall_policy *p, const char *plan, const struct paywall_article *a);
const struct plan *paywall_plan_find(
	const struct paywall_policy *p, const char *plan); /* or NULL */
bool paywall_plan_sold(const struct plan *plan);           /* it has an address, and is on sale */
bool paywall_anything_sold(const struct paywall_policy *p);
/* The OFFER_ flag of a plan that is sold and covers the article; 0: it is not, or does not. */
unsigned paywall_plan_offer(const struct plan *plan, const struct paywall_article *a);
bool paywall_list_has(struct str list, struct str name); /* lists like tags and plan.sections */

const char *paywall_grant_name(enum grant g);   /* "full", "teaser", "none" */
const char *paywall_offer_name(size_t bit);     /* of 1 << bit; NULL behind the last */
const char *paywall_reason_name(enum reason r); /* "subscriber_only": stable */
const char *paywall_reason_text(enum reason r); /* a sentence for people */
/* The same of a decision: why a meter gives nothing is told as it is. */
const char *paywall_decision_text(const struct decision *d);
const char *paywall_block_name(enum meter_block b); /* "network", "cookie"; NULL: 0 */

#endif
