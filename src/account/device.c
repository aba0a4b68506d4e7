/* Browsers and apps that are known to an account, so that guesses from elsewhere cannot keep them
 * out.
 *
 * A device holds one token, whose hash is bound to each account that it proved: by a log-in, or by
 * setting the password with a mailed link. When it becomes known to another account it gets a new
 * token, which takes over what the old one was bound to: a token that somebody planted is never
 * bound to anything of the reader's. */
#include "internal.h"

#include "postern/queries/account.h"

#include <stdio.h>
#include <string.h>

enum {
	MARKS_PER_ACCOUNT_MAX = 20,  /* above it the one goes that was used longest ago */
	ACCOUNTS_PER_DEVICE_MAX = 8, /* that one token is bound to */
};

void account_device_init(struct device *d, struct str presented)
{
	*d = (struct device){ 0 };
	d->presented = crypto_token_hash(presented, d->hash) == ERR_OK;
}

enum err account_device_find(
	struct db_conn *c, struct device *d, const char *account_id, int64_t now_s)
{
	d->known = false;
	if (!d->presented)
		return ERR_OK;
	enum err e = q_device_known(c, d->hash, account_id, now_s + CLOCK_SKEW_S);
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
	if (!d->presented)
		return ERR_OK;
	enum err e = q_device_move(c, d->hash, d->fresh->hash);
	return e ? e : q_device_trim_accounts(c, d->fresh->hash, ACCOUNTS_PER_DEVICE_MAX - 1);
}

enum err account_device_mark(
	struct db_conn *c, const struct device *d, const char *account_id, int64_t now_s)
{
	if (!d->known && !d->fresh)
		return ERR_OK;
	if (d->known)
		return q_device_put(c, d->hash, account_id, now_s);
	enum err e = marks_move(c, d);
	if (e)
		return e;
	e = q_device_put(c, d->fresh->hash, account_id, now_s);
	return e ? e : q_device_trim(c, account_id, d->fresh->hash, MARKS_PER_ACCOUNT_MAX - 1);
}
