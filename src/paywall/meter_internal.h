/* What the files about meters share. */
#ifndef POSTERN_PAYWALL_METER_INTERNAL_H
#define POSTERN_PAYWALL_METER_INTERNAL_H

#include "postern/meter.h"

/* ---- meter_key.c ---- */
struct meter_key {
	int64_t id;
	uint8_t bytes[KEY_BYTES];
};
/* Newest sealing key, and the key of tags. ERR_NOT_FOUND before first use. */
struct meter_keys {
	struct meter_key seal, tag;
};
enum err MUST_USE meter_keys_load(struct db_conn *c, struct meter_keys *out);
/* In a transaction: makes what is missing. */
enum err MUST_USE meter_keys_ensure(struct db_conn *c, int64_t now_s, struct meter_keys *out);
/* A sealing key by its id. ERR_NOT_FOUND. */
enum err MUST_USE meter_key_load(struct db_conn *c, int64_t id, struct meter_key *out);
/* Those that were replaced before. */
enum err MUST_USE meter_keys_forget(struct db_conn *c, int64_t before_s);
struct meter_tag meter_article_tag(const struct meter_keys *k, const char *article_id);
void meter_name_tag(
	const struct meter_keys *k, const char *name, uint8_t out[static METER_NAME_TAG_BYTES]);

/* ---- meter.c: a reader's count ---- */
enum { METER_COUNTED_MAX = 2 * METER_LIMIT_MAX }; /* of one window: own ones and carried ones */
struct meter_tally {
	size_t n;
	struct meter_tag tags[METER_COUNTED_MAX];
	int64_t began_at; /* 0: nothing is counted yet */
};
bool meter_tally_has(const struct meter_tally *s, struct meter_tag t);
void meter_tally_add(
	struct meter_tally *s, struct meter_tag t); /* twice is once; full: not at all */

/* ---- meter_store.c: accounts ---- */
enum err MUST_USE meter_rows_load(struct db_conn *c, const char *account_id, const struct meter *m,
	int64_t now_s, struct meter_tally *out);
struct meter_row {
	const char *account_id, *article_id;
	const struct meter *m;
	struct meter_tag tag;
	int64_t began_at, now_s;
};
enum err MUST_USE meter_row_put(struct db_conn *c, const struct meter_row *r);

/* ---- meter_visit.c ---- */
enum cookie_state { COOKIE_NONE, COOKIE_GOOD, COOKIE_BAD };
/* The cookie of a visit. An error is the database's, never the cookie's. */
enum err MUST_USE meter_cookie_open(
	struct db_conn *c, struct str text, struct meter_cookie *out, enum cookie_state *state);
/* What of a cookie counts on in this meter's window. */
const struct meter_count *meter_cookie_count(const struct meter_cookie *k,
	const struct meter_keys *keys, const struct meter *m, int64_t now_s);
/* For visit_case: of the meter that the article has. */
enum err MUST_USE meter_usage(struct db_conn *c, const struct visit_ask *q, const struct meter *m,
	struct paywall_usage *out);

#endif
