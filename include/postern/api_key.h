/* key: what another server of the newsroom shows to ask about readers. "psk_" and 43 base64url
 * characters, shown once, stored as a hash, good for the scopes it was made with. */
#ifndef POSTERN_API_KEY_H
#define POSTERN_API_KEY_H

#include "postern/crypto.h"
#include "postern/db.h"

enum key_scope { KEY_ACCESS = 1, KEY_EXPLAIN = 2 }; /* bits */
enum {
	KEYS_MAX = 256,
	KEY_NAME_SIZE = 65,
	KEY_SCOPES_SIZE = 33,
	KEY_KEEP_MAX_S = 30 * 86400,
	KEY_USED_STEP_S = 3600, /* last use is noted to the hour */
};
struct api_key {
	char id[ID_SIZE];
	char name[KEY_NAME_SIZE];
	unsigned scopes;
	int64_t created_at, expires_at, revoked_at, used_at; /* 0: none */
};
enum err MUST_USE account_api_key_scopes_parse(
	struct str words, unsigned *out); /* "access explain" */
void account_api_key_scopes_text(unsigned scopes, char out[static KEY_SCOPES_SIZE]);

/* ERR_INVALID: not a name of [a-z0-9-]{1,64}, or no scope; ERR_CONFLICT: a key in force has the
 * name; ERR_TOO_LARGE: KEYS_MAX are there. `text` is secret. */
enum err MUST_USE account_api_key_create(struct db *db, const char *name, unsigned scopes,
	int64_t now_s, char text[static TOKEN_SIZE]);
/* A new key of the same name and scopes; what was in force stays so for keep_s. ERR_NOT_FOUND: no
 * key in force has the name. */
enum err MUST_USE account_api_key_rotate(struct db *db, const char *name, int64_t keep_s,
	int64_t now_s, char text[static TOKEN_SIZE]);
/* Every key of the name, at once. ERR_NOT_FOUND: none was in force. */
enum err MUST_USE account_api_key_revoke(struct db *db, const char *name, int64_t now_s);
/* By name, newest first. */
enum err MUST_USE account_api_key_list(
	struct db *db, struct arena *a, struct api_key **out, size_t *count);

/* ERR_UNAUTHENTICATED: malformed, unknown, expired or revoked; ERR_DENIED: has not the scope. */
enum err MUST_USE account_api_key_check(
	struct db *db, struct str text, enum key_scope scope, int64_t now_s, struct api_key *out);

/* Drops what has been dead for 90 days. */
enum err MUST_USE account_api_key_purge(struct db_sweeper *s);

#endif
