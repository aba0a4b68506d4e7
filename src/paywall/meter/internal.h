/* What the files about meters share. */
#ifndef POSTERN_PAYWALL_METER_INTERNAL_H
#define POSTERN_PAYWALL_METER_INTERNAL_H

#include "postern/meter.h"

/* ---- key.c ---- */
/* A row of the table of secrets. Secret: wiped wherever it was copied to. */
struct meter_key {
	int64_t id;
	uint8_t bytes[KEY_BYTES];
};
enum { METER_KEYS_MAX = 32 };
/* What makes and proves the cookies of anonymous readers. */
struct meter_keys {
	struct meter_key tag; /* names meters and articles in them */
	size_t n;
	struct meter_key seals[METER_KEYS_MAX]; /* the first seals, all are believed */
};
/* In paywall.decision_cache; what a meter and an article are called there begins with n. */
#define METER_KEYS_KEY STR("k")
/* ERR_NOT_FOUND before first use. */
enum err MUST_USE meter_keys_load(struct db_conn *c, struct meter_keys *out);
/* In a transaction: makes what is missing. */
enum err MUST_USE meter_keys_ensure(struct db_conn *c, int64_t now_s, struct meter_keys *out);
/* Those that were replaced before. */
enum err MUST_USE meter_keys_forget(struct db_conn *c, int64_t before_s);
struct meter_tag meter_article_tag(const struct meter_keys *k, const char *article_id);
void meter_name_tag(
	const struct meter_keys *k, const char *name, uint8_t out[static METER_NAME_TAG_BYTES]);

/* ---- count.c: a reader's count ---- */
enum { METER_COUNTED_MAX = 2 * METER_LIMIT_MAX }; /* of one window: own ones and carried ones */
/* The articles that count in the present window of one meter, by their tags. */
struct meter_counts {
	size_t n;
	struct meter_tag tags[METER_COUNTED_MAX];
	int64_t began_at; /* 0: nothing is counted yet */
};
bool meter_counts_has(const struct meter_counts *s, struct meter_tag t);
void meter_counts_add(
	struct meter_counts *s, struct meter_tag t); /* twice is once; full: not at all */

/* ---- of accounts, in the database ---- */
enum { METER_TAG_TEXT_SIZE = 2 * METER_TAG_BYTES + 1 };
enum err MUST_USE meter_rows_load(struct db_conn *c, const char *account_id, const struct meter *m,
	int64_t now_s, struct meter_counts *out);
/* One counted article of an account. article_id is "" for what was carried over from a cookie,
 * which knows the tag alone. */
struct meter_row {
	const char *account_id, *article_id;
	const struct meter *m;
	struct meter_tag tag;
	int64_t began_at, now_s;
};
enum err MUST_USE meter_row_put(struct db_conn *c, const struct meter_row *r);

/* ---- cookie.c, usage.c ---- */
/* BAD: not sealed with any key that is known; meter.forged says what that counts as. */
enum cookie_state { COOKIE_NONE, COOKIE_GOOD, COOKIE_BAD };
/* The cookie of a visit; `out` holds something to believe when it is good. */
enum cookie_state meter_cookie_open(
	const struct meter_keys *keys, struct str text, struct meter_cookie *out);
/* What of a cookie counts on in this meter's window. */
const struct meter_count *meter_cookie_count(const struct meter_cookie *k,
	const struct meter_keys *keys, const struct meter *m, int64_t now_s);
/* For decision_load: of the meter that the article has. `keys` are those it was told by. */
enum err MUST_USE meter_usage(struct db_conn *c, const struct decision_query *q,
	const struct meter *m, const struct meter_keys **keys, struct paywall_usage *out);
/* What an article and a meter are called in cookies. */
struct meter_names {
	struct meter_tag article;
	uint8_t name[METER_NAME_TAG_BYTES];
};
struct meter_names meter_names_of(
	const struct meter_keys *keys, const char *article_id, const struct meter *m);
/* What the cookie of a visit says of a meter. */
struct meter_cookie_content {
	struct meter_cookie cookie; /* empty unless it is good */
	enum cookie_state state;
	const struct meter_count *count; /* in the cookie; NULL: nothing that counts on */
	struct meter_names names;
};
/* `names` are the article's and the meter's. */
void meter_cookie_read(const struct meter_keys *keys, const struct decision_query *q,
	const struct meter *m, const struct meter_names *names, struct meter_cookie_content *out);
/* Of an anonymous reader, for whom that is all. */
void meter_anonymous_usage(const struct decision_query *q, const struct meter *m,
	const struct meter_cookie_content *seen, struct paywall_usage *out);

/* ---- meter_record.c ---- */
/* The cookie that counts this reading of an anonymous reader: the cookie that a decision asked for.
 */
struct meter_recording {
	const struct meter_keys *keys;
	const struct paywall_policy *policy;
	const struct decision *d;
	const struct meter_cookie_content *seen; /* of the decision's meter */
};
enum err MUST_USE meter_anonymous_update(const struct decision_query *q,
	const struct meter_recording *ch, struct meter_cookie_update *out);
/* This reading is one of the free ones. */
void meter_count_in(struct decision *d);

#endif
