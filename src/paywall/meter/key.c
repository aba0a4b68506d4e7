/* The keys that sign meter cookies. The program makes them itself, keeps them in the database so
 * that all processes agree, and replaces them when the operator says so (postern meter
 * rotate-key). */
#include "internal.h"

#include "postern/cache.h"
#include "postern/queries/meter.h"

#include <string.h>

static const char seal_purpose[] = "meter", tag_purpose[] = "meter-tag";

static enum err seals_load(struct db_conn *c, struct meter_keys *out)
{
	ARENA_AUTO *a = arena_new(16384);
	struct meter_key *rows = NULL;
	if (!a)
		return ERR_NOMEM;
	out->n = 0;
	enum err e = q_secret_keys(c, seal_purpose, METER_KEYS_MAX, a, &rows, &out->n);
	if (e || out->n == 0)
		return e ? e : ERR_NOT_FOUND;
	memcpy(out->seals, rows, out->n * sizeof *rows);
	crypto_wipe(rows, out->n * sizeof *rows);
	return ERR_OK;
}

enum err meter_keys_load(struct db_conn *c, struct meter_keys *out)
{
	enum err e = seals_load(c, out);
	return e ? e : q_secret_newest(c, tag_purpose, &out->tag);
}

static enum err make(struct db_conn *c, const char *purpose, int64_t id, int64_t now_s)
{
	uint8_t bytes[KEY_BYTES];
	crypto_random(bytes, sizeof bytes);
	enum err e = q_secret_insert(c, purpose, id, bytes, now_s);
	crypto_wipe(bytes, sizeof bytes);
	return e;
}

/* Another process may be about to make the first one too: whoever comes second takes what is there.
 */
static enum err ensure(struct db_conn *c, const char *purpose, int64_t now_s)
{
	struct meter_key key;
	enum err e = q_secret_newest(c, purpose, &key);
	crypto_wipe(&key, sizeof key);
	return e == ERR_NOT_FOUND ? make(c, purpose, 1, now_s) : e;
}

enum err meter_keys_ensure(struct db_conn *c, int64_t now_s, struct meter_keys *out)
{
	enum err e = meter_keys_load(c, out);
	if (e != ERR_NOT_FOUND)
		return e;
	e = ensure(c, seal_purpose, now_s);
	if (e)
		return e;
	e = ensure(c, tag_purpose, now_s);
	return e ? e : meter_keys_load(c, out);
}

/* ---- tags ---- */

/* Digested first: behind the gate an id is a path, which may be long. */
static void tag(const struct meter_keys *k, char kind, const char *z, uint8_t *out, size_t n)
{
	uint8_t input[1 + HASH_BYTES] = { (uint8_t)kind }, digest[16];
	crypto_digest(str_of(z), input + 1);
	crypto_mac(k->tag.bytes, (struct str){ (const char *)input, sizeof input }, digest,
		sizeof digest);
	memcpy(out, digest, n);
}

struct meter_tag meter_article_tag(const struct meter_keys *k, const char *article_id)
{
	struct meter_tag t;
	tag(k, 'a', article_id, t.b, sizeof t.b);
	return t;
}

void meter_name_tag(
	const struct meter_keys *k, const char *name, uint8_t out[static METER_NAME_TAG_BYTES])
{
	tag(k, 'm', name, out, METER_NAME_TAG_BYTES);
}

struct meter_names meter_names_of(
	const struct meter_keys *keys, const char *article_id, const struct meter *m)
{
	struct meter_names out = { .article = meter_article_tag(keys, article_id) };
	meter_name_tag(keys, m->name, out.name);
	return out;
}

/* ---- rotation ---- */

/* `revoke`: cookies sealed with the old keys are no longer believed. Else the old keys stay good
 * until they are forgotten. */
struct rotation {
	bool revoke;
	int64_t now_s, id;
};

enum err meter_keys_forget(struct db_conn *c, int64_t before_s)
{
	int64_t changed = 0;
	enum err e = q_secret_forget(c, seal_purpose, before_s, &changed);
	return e || !changed ? e : db_change_add(c, DB_CHANGE_POLICY, "");
}

/* ERR_LIMITED with METER_KEYS_MAX keys in use: the oldest are forgotten once no cookie can bear
 * their seal. */
static enum err rotate_tx(struct db_conn *c, void *arg)
{
	struct rotation *r = arg;
	struct meter_keys keys;
	enum err e = meter_keys_ensure(c, r->now_s, &keys);
	if (e)
		return e;
	if (keys.n >= METER_KEYS_MAX && !r->revoke)
		return ERR_LIMITED;
	r->id = keys.seals[0].id + 1;
	crypto_wipe(&keys, sizeof keys);
	e = make(c, seal_purpose, r->id, r->now_s);
	if (e)
		return e;
	e = q_secret_replace(c, seal_purpose, r->id, r->now_s);
	if (!e && r->revoke)
		e = meter_keys_forget(c, INT64_MAX);
	return e ? e : db_change_add(c, DB_CHANGE_POLICY, "");
}

enum err meter_rotate_key(struct db *db, bool revoke, int64_t now_s, int64_t *id)
{
	struct rotation r = { .revoke = revoke, .now_s = now_s };
	enum err e = db_tx(db, rotate_tx, &r);
	if (!e)
		*id = r.id;
	return e;
}

/* ---- kept in memory ---- */

void meter_keys_cache_put(
	const struct paywall *w, const struct cache_load *load, const struct meter_keys *keys)
{
	struct cache_item *had = cache_lookup(w->decision_cache, METER_KEYS_KEY);
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_POLICY, STR("")) };
	cache_release(had);
	if (had)
		return;
	(void)cache_put(w->decision_cache, load,
		&(struct cache_put){ .key = METER_KEYS_KEY,
			.value = { (const char *)keys, sizeof *keys },
			.tags = tags,
			.tag_count = COUNT(tags) });
}
