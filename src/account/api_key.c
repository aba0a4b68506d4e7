/* API keys: what another server of the newsroom sends to the access check and to explain. A key
 * has a name and scopes; only its SHA-256 is stored. Rotating a key leaves the old one valid for
 * a while, so that the other server can change over without an outage. */
#include "postern/api_key.h"

#include "postern/queries/key.h"

#include <stdio.h>
#include <string.h>

static const struct {
	unsigned bit;
	const char *name;
} scope_names[] = { { KEY_ACCESS, "access" }, { KEY_EXPLAIN, "explain" } };

enum err account_api_key_scopes_parse(struct str words, unsigned *out)
{
	unsigned scopes = 0;
	while (words.n > 0) {
		struct str word = str_cut(&words, ' ');
		unsigned bit = 0;
		for (size_t i = 0; i < COUNT(scope_names); i++)
			bit |= str_eq(word, str_of(scope_names[i].name)) ? scope_names[i].bit : 0;
		if (word.n > 0 && !bit)
			return ERR_INVALID;
		scopes |= bit;
	}
	if (!scopes)
		return ERR_INVALID;
	*out = scopes;
	return ERR_OK;
}

void account_api_key_scopes_text(unsigned scopes, char out[static KEY_SCOPES_SIZE])
{
	size_t n = 0;
	out[0] = 0;
	for (size_t i = 0; i < COUNT(scope_names); i++) {
		if (scopes & scope_names[i].bit)
			n += (size_t)snprintf(out + n, KEY_SCOPES_SIZE - n, "%s%s", n ? " " : "",
				scope_names[i].name);
	}
}

/* ---- text and hash ---- */

static const char prefix[] = "psk_";
enum { PREFIX_BYTES = sizeof prefix - 1 };

static void make(char text[static TOKEN_SIZE], uint8_t hash[static HASH_BYTES])
{
	struct token t;
	crypto_token_make(&t);
	memcpy(text, t.text, TOKEN_SIZE);
	memcpy(text, prefix, PREFIX_BYTES);
	crypto_wipe(&t, sizeof t);
	crypto_digest(str_of(text), hash);
}

/* The form is that of a session token but for its first letters. */
static enum err hash_of(struct str text, uint8_t hash[static HASH_BYTES])
{
	char as_token[TOKEN_SIZE];
	uint8_t unused[HASH_BYTES];
	if (!str_starts(text, STR("psk_")) || str_copy(as_token, sizeof as_token, text) != ERR_OK)
		return ERR_INVALID;
	memcpy(as_token, "pst_", PREFIX_BYTES);
	enum err e = crypto_token_hash(str_of(as_token), unused);
	crypto_wipe(as_token, sizeof as_token);
	if (!e)
		crypto_digest(text, hash);
	return e;
}

/* ---- changes ---- */

/* Making a key, or replacing one: with `rotate` the old key works for keep_s more seconds. */
struct key_job {
	const char *name;
	unsigned scopes;
	int64_t now_s, keep_s;
	uint8_t hash[HASH_BYTES];
	char id[ID_SIZE];
	bool rotate;
};
static enum err insert(struct db_conn *c, const struct key_job *j)
{
	char scopes[KEY_SCOPES_SIZE];
	int64_t count = 0;
	enum err e = q_service_key_count(c, &count);
	if (e)
		return e;
	if (count >= KEYS_MAX)
		return ERR_TOO_LARGE;
	account_api_key_scopes_text(j->scopes, scopes);
	return q_service_key_insert(c, j->id, j->name, j->hash, scopes, j->now_s);
}

static enum err create(struct db_conn *c, const struct key_job *j, enum err found)
{
	if (found == ERR_NOT_FOUND)
		return insert(c, j);
	return found ? found : ERR_CONFLICT;
}

static enum err put_tx(struct db_conn *c, void *arg)
{
	struct key_job *j = arg;
	struct api_key in_force;
	enum err e = q_service_key_by_name(c, j->name, j->now_s, &in_force);
	if (!j->rotate)
		return create(c, j, e);
	if (e)
		return e;
	j->scopes = in_force.scopes;
	e = q_service_key_expire(c, j->name, j->now_s + j->keep_s);
	return e ? e : insert(c, j);
}

static bool name_ok(const char *z)
{
	size_t n = strlen(z);
	return n > 0 && n < KEY_NAME_SIZE &&
	       strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static enum err put(struct db *db, struct key_job *j, char text[static TOKEN_SIZE])
{
	if (!name_ok(j->name) || (!j->rotate && !j->scopes))
		return ERR_INVALID;
	crypto_id_make(j->id);
	make(text, j->hash);
	enum err e = db_tx(db, put_tx, j);
	if (e)
		crypto_wipe(text, TOKEN_SIZE);
	return e;
}

enum err account_api_key_create(struct db *db, const char *name, unsigned scopes, int64_t now_s,
	char text[static TOKEN_SIZE])
{
	struct key_job j = { .name = name, .scopes = scopes, .now_s = now_s };
	return put(db, &j, text);
}

enum err account_api_key_rotate(struct db *db, const char *name, int64_t keep_s, int64_t now_s,
	char text[static TOKEN_SIZE])
{
	struct key_job j = { .name = name, .keep_s = keep_s, .now_s = now_s, .rotate = true };
	if (keep_s < 0 || keep_s > KEY_KEEP_MAX_S)
		return ERR_INVALID;
	return put(db, &j, text);
}

enum err account_api_key_revoke(struct db *db, const char *name, int64_t now_s)
{
	int64_t changed = 0;
	enum err e = q_service_key_revoke(db, name, now_s, &changed);
	if (e)
		return e;
	return changed ? ERR_OK : ERR_NOT_FOUND;
}

/* ---- looking ---- */

enum err account_api_key_list(struct db *db, struct arena *a, struct api_key **out, size_t *count)
{
	return q_service_key_list(db, KEYS_MAX, a, out, count);
}

struct key_use {
	char id[ID_SIZE];
	int64_t used_at;
};

static enum err used_tx(struct db_conn *c, void *arg)
{
	const struct key_use *use = arg;
	return q_service_key_used(c, use->id, use->used_at);
}

/* For the operator; nobody waits for it. */
static void use_note(struct db *db, const struct api_key *k, int64_t now_s)
{
	struct key_use use = { .used_at = now_s - now_s % KEY_USED_STEP_S };
	memcpy(use.id, k->id, sizeof use.id);
	db_note(db, &(struct db_note){ .fn = used_tx, .arg = &use, .n = sizeof use });
}

enum err account_api_key_check(
	struct db *db, struct str text, enum key_scope scope, int64_t now_s, struct api_key *out)
{
	uint8_t hash[HASH_BYTES];
	if (hash_of(text, hash) != ERR_OK)
		return ERR_UNAUTHENTICATED;
	enum err e = q_service_key_by_hash(db, hash, now_s, out);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
	if (!(out->scopes & scope))
		return ERR_DENIED;
	if (now_s - out->used_at >= KEY_USED_STEP_S)
		use_note(db, out, now_s);
	return ERR_OK;
}

enum err account_api_key_purge(struct db_sweeper *s)
{
	return db_sweep(s, &(struct db_sweep){ .name = "service_keys",
				   .purge = q_service_key_purge,
				   .before_s = s->now_s - (int64_t)90 * 86400 });
}
