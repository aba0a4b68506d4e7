/* meter: how many metered articles a reader has opened in a window, and the counting of one more.
 *
 * Anonymous readers carry their count in a cookie with a MAC: a reader cannot forge or change one,
 * but can delete it or put an older one back, which nobody can tell from a new browser. The counts
 * of accounts are in the database. */
#ifndef POSTERN_METER_H
#define POSTERN_METER_H

#include "postern/crypto.h"
#include "postern/decision.h"

#define METER_COOKIE "postern-meter" /* bare: http adds the prefix */
/* Stands before a cookie whose count was carried over into an account. It goes on counting for the
 * anonymous reader that the browser is after the log-out, so that logging in and out gives nobody a
 * new count. Not under the seal: who adds it could as well delete the cookie before logging in. */
enum { METER_COOKIE_CARRIED = '~' };
/* What of the cookie has a say for this reader: for an account, nothing that it has already. */
struct str meter_cookie_for(struct str cookie, bool signed_in);

/* ---- counting ---- */
enum meter_cookie_move { METER_COOKIE_KEEP, METER_COOKIE_SET, METER_COOKIE_CLEAR };
/* What the answer must bear. */
struct meter_cookie_update {
	enum meter_cookie_move move;
	struct str value; /* in the arena */
	int64_t max_age_s;
};
/* Makes good what a decision asked for: counts the article where it says `must_count`, and carries
 * the cookie's count over to the account of a reader who has signed in meanwhile. The decision is
 * the one in force afterwards: `must_count` is off, this reading is in `used`; or another reading
 * took the last free one and it is the wall. Call it for every decision on an article or path,
 * outside any read or transaction, before the text goes out; it does nothing where there is nothing
 * to do.
 *
 * A HEAD gets the answer of its GET and is not counted. ERR_BUSY (503) for a prefetch of what would
 * have to be counted: the browser asks again when its reader does. ERR_DENIED: any other request
 * that is no reading. On any error nothing may go out. `q->v` must be as it was for the decision.
 */
enum err MUST_USE meter_record(
	const struct decision_query *q, struct decision *d, struct meter_cookie_update *out);
/* Whether meter_record has anything to do or to say. */
bool meter_must_record(const struct access_request *v, const struct decision *d);
/* The same request with the cookie as it is now, for a second decision. */
struct access_request meter_request_after(
	const struct access_request *v, const struct meter_cookie_update *m);
/* ---- from memory: a reading of an anonymous reader (decision_is_anonymous) ---- */
/* The keys that prove cookies, into paywall.decision_cache. */
void meter_keys_cache_put(
	const struct paywall *w, const struct cache_load *load, const struct meter_keys *keys);
struct meter_cached_decision {
	struct decision d; /* as after meter_record; points into the policy */
	bool charged;      /* it holds once meter_ceiling_take has said yes */
	struct meter_cookie_update cookie_update;
};
/* The second step of a decision of which paywall_decide_unmetered has left the first in out->d: the
 * one that meter_record would leave, without a database. Counts nothing. For a GET that a person
 * will read. False when it cannot be told. Any thread. */
bool meter_decide_cached(const struct decision_query *q, struct decision_inputs *k,
	struct meter_cached_decision *out);

/* ---- windows ---- */
struct meter_span {
	int64_t starts_at, ends_at; /* starts_at <= t < ends_at */
};
/* The day, week (from Monday) or month in the process's time zone that holds now_s; of a rolling
 * meter the one that would begin now. Any month has its first instant, also where clocks change at
 * midnight. */
struct meter_span meter_window(const struct meter *m, int64_t now_s);
struct meter_span meter_day(int64_t now_s); /* the newsroom's */
/* Whether a count that began then still goes on. One from a little later, as after a step back of
 * the clock, does. */
bool meter_counts_on(const struct meter *m, int64_t began_at, int64_t now_s);
/* The end of the window in which such a count goes on. */
int64_t meter_ends_at(const struct meter *m, int64_t began_at, int64_t now_s);
int64_t meter_longest_s(const struct paywall_policy *p); /* of all meters; a day without any */

/* ---- the cookie: base64url of version, key id, meter id, counts, MAC ---- */
enum {
	METER_COOKIE_MAX = 1000, /* characters; with name and attributes below 1 kB and a bit */
	METER_TAG_BYTES = 6,
	METER_NAME_TAG_BYTES = 4,
	METER_ID_BYTES = 12,
	/* Articles of all meters together; the limits' sum may be no more. */
	METER_TAGS_MAX = 88,
};
struct meter_tag {
	uint8_t b[METER_TAG_BYTES]; /* keyed digest of the article's id: names no article */
};
struct meter_count {
	uint8_t name[METER_NAME_TAG_BYTES]; /* keyed digest of the meter's name */
	int64_t began_at;
	size_t n;
	struct meter_tag tags[METER_LIMIT_MAX];
};
struct meter_cookie {
	uint32_t key;
	uint8_t id[METER_ID_BYTES]; /* random, so that equal counts of two readers look different */
	size_t count;
	struct meter_count v[METERS_MAX];
};
/* The form alone: one spelling for each value, nothing doubled, nothing empty. ERR_INVALID,
 * ERR_TOO_LARGE. */
enum err MUST_USE meter_cookie_parse(struct str text, struct meter_cookie *out);
/* Whether the key made it. */
bool meter_cookie_sealed(struct str text, const uint8_t key[static KEY_BYTES]);
/* ERR_TOO_LARGE above METER_COOKIE_MAX. */
enum err MUST_USE meter_cookie_write(const struct meter_cookie *c,
	const uint8_t key[static KEY_BYTES], struct arena *a, struct str *out);

/* ---- the ceiling: anonymous readings of one address prefix (IPv4 /24, IPv6 /48) in a day ----
 * In memory only, of a bounded number of prefixes (the least used give way), by a hash whose salt
 * is thrown away with the day's counts. Any thread. */
enum err MUST_USE meter_ceiling_open(unsigned limit, struct meter_ceiling **out);
void meter_ceiling_close(struct meter_ceiling *c); /* NULL is fine */
bool meter_ceiling_reached(struct meter_ceiling *c, struct ip client, int64_t now_s);
/* Counts one; false when the ceiling was reached before. */
bool meter_ceiling_take(struct meter_ceiling *c, struct ip client, int64_t now_s);
/* Back again: the reading that it was taken for has failed. */
void meter_ceiling_return(struct meter_ceiling *c, struct ip client, int64_t now_s);

/* ---- for people ---- */
/* ERR_INVALID with the reason in `why`: a wrong name, limit or window, fewer articles with an
 * account than without, or limits that together do not fit into the cookie. ERR_CONFLICT:
 * another meter has the section. ERR_TOO_LARGE: METERS_MAX. */
enum { METER_WHY_SIZE = 200 };
enum err MUST_USE meter_set(struct db *db, const struct meter *m, char why[static METER_WHY_SIZE]);
enum err MUST_USE meter_remove(struct db *db, struct str name); /* ERR_NOT_FOUND */
/* Makes a new key, which signs cookies from now on. Cookies under older keys stay valid until the
 * longest window is over; with `revoke` they become invalid now. ERR_LIMITED: too many older keys
 * are still valid. */
enum err MUST_USE meter_rotate_key(struct db *db, bool revoke, int64_t now_s, int64_t *id);
struct meter_account_usage {
	struct meter meter;
	struct paywall_usage usage;
};
/* How an account stands with every meter; inside a read of the caller's. */
enum err MUST_USE meter_usages(struct db_conn *c, const struct paywall_policy *p,
	const char *account_id, int64_t now_s, struct meter_account_usage out[static METERS_MAX]);
struct meter_history {
	char meter[METER_NAME_SIZE];
	int64_t began_at, read_at;
	struct str article_id;     /* empty: read before signing in, and the cookie names none */
	struct str slug, headline; /* empty: deleted, or a path behind the gate */
};
enum { METER_HISTORY_MAX = 200 };
/* What was counted, newest first; inside a read of the caller's. */
enum err MUST_USE meter_history(struct db_conn *c, const char *account_id, struct arena *a,
	struct meter_history **out, size_t *count);
enum err MUST_USE meter_reset(
	struct db *db, const char *account_id, struct str meter, int64_t *removed); /* "": all */
/* Forgets counts and keys of windows that are over. */
enum err MUST_USE meter_purge(struct db_sweeper *s);

#endif
