/* paywall: who may read how much. The decision is a pure function of rule, reader and time; it
 * reads no database and no clock, and every surface asks it. Entitlements are kept here too. */
#ifndef POSTERN_PAYWALL_H
#define POSTERN_PAYWALL_H

#include "postern/base.h"
#include "postern/db.h"

enum access { ACCESS_PUBLIC = 1, ACCESS_REGISTERED, ACCESS_SUBSCRIBER };
const char *paywall_access_name(enum access a); /* "public", …; "" for anything else */
enum err MUST_USE paywall_access_parse(struct str s, enum access *out);

/* What the article says. */
struct paywall_rule {
	enum access access; /* anything not in the enum: nothing is granted */
	bool usable;        /* false: withheld or canceled at its source */
	int64_t published_at;
	int64_t embargo_at; /* 0: none */
	int64_t expires_at; /* 0: never */
};

enum { ENTITLEMENTS_MAX = 32, PLAN_SIZE = 65, SOURCE_SIZE = 33 };
struct entitlement {
	char id[ID_SIZE];
	char plan[PLAN_SIZE];
	char source[SOURCE_SIZE];
	int64_t starts_at;
	int64_t ends_at; /* 0: until revoked. The end itself is outside */
	int64_t revoked_at;
};
/* What is known of the reader. */
struct paywall_reader {
	bool signed_in;
	const struct entitlement *entitlements;
	size_t entitlement_count;
};

enum grant { GRANT_NONE = 1, GRANT_TEASER, GRANT_FULL };
enum reason {
	REASON_PUBLIC = 1,         /* full: open to all */
	REASON_SIGNED_IN,          /* full: registered is enough */
	REASON_ENTITLED,           /* full: an entitlement in force */
	REASON_LOGIN_REQUIRED,     /* teaser: any account would do */
	REASON_SUBSCRIBER_ONLY,    /* teaser: nobody signed in; a subscription would do */
	REASON_NO_ENTITLEMENT,     /* teaser: signed in, never had one */
	REASON_ENTITLEMENT_ENDED,  /* teaser: signed in, had one */
	REASON_ENTITLEMENT_FUTURE, /* teaser: signed in, has one that has not begun */
	REASON_WITHHELD,           /* none */
	REASON_EMBARGOED,          /* none */
	REASON_EXPIRED,            /* none: 410 */
	REASON_BAD_RULE,           /* none: a rule this program does not know */
	REASON_COUNT
};
enum { OFFER_LOGIN = 1, OFFER_REGISTER = 2, OFFER_SUBSCRIBE = 4 }; /* flags: what would open it */

struct decision {
	enum grant grant;
	enum reason reason;
	unsigned offer;
	const struct entitlement
		*by; /* REASON_ENTITLED and _ENDED: the one looked at; belongs to the reader */
};
struct decision paywall_decide(
	const struct paywall_rule *rule, const struct paywall_reader *reader, int64_t now_s);
const char *paywall_grant_name(enum grant g);   /* "full", "teaser", "none" */
const char *paywall_reason_name(enum reason r); /* "subscriber_only": stable */
const char *paywall_reason_text(enum reason r); /* a sentence for people */

/* ---- entitlements ---- */
struct entitlement_grant {
	const char *account_id;
	const char *plan;           /* [a-z0-9-]{1,64} */
	const char *source;         /* "comp" */
	int64_t starts_at, ends_at; /* ends_at 0: open end */
};
/* ERR_INVALID: plan or dates; ERR_CONFLICT: no such account. `id` receives the new one's. */
enum err MUST_USE paywall_entitlement_grant(
	struct db *db, const struct entitlement_grant *g, int64_t now_s, char id[static ID_SIZE]);
/* ERR_NOT_FOUND: unknown or revoked already. */
enum err MUST_USE paywall_entitlement_revoke(struct db *db, struct str id, int64_t now_s);
/* Newest first, at most ENTITLEMENTS_MAX, revoked ones included. Inside a read of the caller's. */
enum err MUST_USE paywall_entitlements(struct db_conn *c, const char *account_id, struct arena *a,
	struct entitlement **out, size_t *count);
/* Fills `out` for an account ("" or NULL: anonymous, reads nothing). */
enum err MUST_USE paywall_reader_load(
	struct db_conn *c, const char *account_id, struct arena *a, struct paywall_reader *out);

#endif
