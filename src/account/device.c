/* Browsers and apps that are known to an account, so that guesses from elsewhere cannot keep them
 * out.
 *
 * A device holds one token, whose hash is bound to each account that it proved: by a log-in, or by
 * setting the password with a mailed link. When it becomes known to another account it gets a new
 * token, which takes over what the old one was bound to: a token that somebody planted is never
 * bound to anything of the reader's. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum {
	MARKS_PER_ACCOUNT_MAX = 20, /* above it the one goes that was used longest ago */
	ACCOUNTS_PER_DEVICE_MAX = 8,
};

void account_device_init(struct device *d, struct str presented)
{
	*d = (struct device){ 0 };
	d->presented = crypto_token_hash(presented, d->hash) == ERR_OK;
}

enum err account_device_find(
	struct db_conn *c, struct device *d, const char *account_id, int64_t now_s)
{
	char found[ID_SIZE];
	struct db_call call = { .query = QUERY_DEVICE_KNOWN,
		DB_PARAMS(db_blob(d->hash, HASH_BYTES), db_z(account_id),
			db_int(now_s + CLOCK_SKEW_S)) };

	d->known = false;
	if (!d->presented)
		return ERR_OK;
	enum err e = db_get_id(c, &call, found);
	d->known = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A number of its own for each account: a neighbour on the same machine who logs in to his own
 * account does not clear the count of his guesses at the other's. */
struct failure_key account_device_failure_key(const struct device *d, const char *account_id)
{
	char what[HASH_BYTES + ID_SIZE];

	memset(what, 0, sizeof what);
	memcpy(what, d->hash, HASH_BYTES);
	snprintf(what + HASH_BYTES, ID_SIZE, "%s", account_id);
	return account_failure_key_of("device", (struct str){ what, sizeof what });
}

void account_device_renew(struct device *d, struct token *fresh)
{
	crypto_token_make(fresh);
	d->known = false;
	d->fresh = fresh;
}

void account_device_proved(struct device *d, struct proved_device *p)
{
	*d = (struct device){ 0 };
	if (!p)
		return;
	account_device_init(d, p->token);
	account_device_renew(d, &p->fresh);
}

/* The accounts of the token before go over to the new one. */
static enum err marks_move(struct db_conn *c, const struct device *d)
{
	struct db_call move = { .query = QUERY_DEVICE_MOVE,
		DB_PARAMS(db_blob(d->hash, HASH_BYTES), db_blob(d->fresh->hash, HASH_BYTES)) };
	struct db_call trim = { .query = QUERY_DEVICE_TRIM_ACCOUNTS,
		DB_PARAMS(
			db_blob(d->fresh->hash, HASH_BYTES), db_int(ACCOUNTS_PER_DEVICE_MAX - 1)) };
	enum err e = d->presented ? db_run(c, &move, NULL) : ERR_OK;

	return e || !d->presented ? e : db_run(c, &trim, NULL);
}

enum err account_device_mark(
	struct db_conn *c, const struct device *d, const char *account_id, int64_t now_s)
{
	if (!d->known && !d->fresh)
		return ERR_OK;
	struct db_param hash = db_blob(d->known ? d->hash : d->fresh->hash, HASH_BYTES);
	struct db_call put = { .query = QUERY_DEVICE_PUT,
		DB_PARAMS(hash, db_z(account_id), db_int(now_s)) };
	struct db_call trim = { .query = QUERY_DEVICE_TRIM,
		DB_PARAMS(db_z(account_id), hash, db_int(MARKS_PER_ACCOUNT_MAX - 1)) };
	enum err e = d->known ? ERR_OK : marks_move(c, d);

	if (!e)
		e = db_run(c, &put, NULL);
	return e || d->known ? e : db_run(c, &trim, NULL);
}
