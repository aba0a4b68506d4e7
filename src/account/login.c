/* Log-in: counts the attempt, verifies the password, stores the session. Verifying takes tens of
 * milliseconds and happens between two transactions, so the second one checks again that the
 * password is still the stored one and that the account was not disabled meanwhile. An unknown
 * address costs the same hash, so that the time of the answer does not tell whether there is an
 * account. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

/* One log-in under way: what the first transaction found, what the second shall write. */
struct attempt {
	const struct accounts *s;
	const struct login *l;
	int64_t now_s;
	struct email email;
	struct account acc; /* id "" for an unknown address */
	struct failure_key key;
	struct device device;
	char rehash[PASSWORD_HASH_SIZE]; /* "" when the stored one is as it should be */
	struct login_result *out;
};

/* Counts the try before it is judged. Failures from a device that is known to the account are
 * counted apart from all others, so that nobody can keep the owner out. */
static enum err take_tx(struct db_conn *c, void *arg)
{
	struct attempt *at = arg;
	enum err e = q_account_by_key(c, at->email.key, &at->acc);
	if (e == ERR_NOT_FOUND)
		at->acc = (struct account){ 0 };
	else if (e)
		return e;
	e = account_device_find(c, &at->device, at->acc.id, at->now_s);
	if (e)
		return e;
	at->key = at->device.known ? account_device_failure_key(&at->device, at->acc.id)
				   : account_failure_key_of("address", str_of(at->email.key));
	return account_failure_take(c, &at->s->set, &at->key, at->now_s, &at->out->retry_after_s);
}

static struct session_order order_of(const struct attempt *at)
{
	return (struct session_order){ .s = at->s,
		.account_id = at->acc.id,
		.name = at->l->session_name,
		.remember = at->l->remember,
		.now_s = at->now_s };
}

/* The password was right. A reset, a change or a disabling that happened during the hashing wins:
 * what was verified must still be what is stored. */
static enum err enter_tx(struct db_conn *c, void *arg)
{
	struct attempt *at = arg;
	const struct session_order order = order_of(at);
	struct account now;
	enum err e = q_account_by_id(c, at->acc.id, &now);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
	if (now.disabled_at || !now.verified_at ||
		strcmp(now.password_hash, at->acc.password_hash) != 0)
		return ERR_UNAUTHENTICATED;
	if (at->rehash[0])
		e = account_store_set_password(c, &now, at->rehash, false, at->now_s);
	if (e)
		return e;
	e = account_session_put(c, &order, at->out);
	if (e)
		return e;
	e = account_device_mark(c, &at->device, at->acc.id, at->now_s);
	return e ? e : q_failure_clear(c, at->key.hash);
}

/* One Argon2 computation whatever the address and the password are, so that the time of the answer
 * does not tell whether the address has an account. ERR_UNAUTHENTICATED for every refusal. */
static enum err judge(struct attempt *at, struct arena *a)
{
	const struct account_settings *set = &at->s->set;
	struct str prepared = { "", 0 };
	size_t length;
	enum err e = ERR_DENIED;
	if (account_password_may_fit(set, at->l->password))
		e = text_opaque(at->l->password, a, &prepared, &length);
	if (e == ERR_NOMEM)
		return e;
	/* A password that cannot be anybody's costs what any other costs. */
	if (e) {
		e = crypto_password_verify("", STR(" "), set->cost);
		return e == ERR_DENIED ? ERR_UNAUTHENTICATED : e;
	}
	e = crypto_password_verify(at->acc.password_hash, prepared, set->cost);
	if (e)
		return e == ERR_DENIED ? ERR_UNAUTHENTICATED : e;
	if (!at->acc.verified_at || at->acc.disabled_at)
		return ERR_UNAUTHENTICATED;
	if (crypto_password_stale(at->acc.password_hash, set->cost))
		return crypto_password_hash(prepared, set->cost, at->rehash);
	return ERR_OK;
}

static enum err enter(struct attempt *at)
{
	struct login_result *out = at->out;
	const struct session_order order = order_of(at);
	account_session_make(&order, out);
	if (!at->device.known && at->l->remember_device)
		account_device_renew(&at->device, &out->device);
	enum err e = db_tx(at->s->db, enter_tx, at);
	if (e)
		return e;
	out->account = at->acc;
	crypto_wipe(out->account.password_hash, sizeof out->account.password_hash);
	return ERR_OK;
}

static void log_login(const struct attempt *at, enum err e)
{
	char tag[HASH_TAG_SIZE] = "";
	if (!e)
		crypto_hash_tag(at->out->token.hash, tag);
	LOG(at->s->log, e ? LOG_WARN : LOG_INFO, "login", log_z("request", at->l->request_id),
		log_z("account", at->acc.id), log_z("session", tag), log_z("result", err_name(e)));
}

enum err account_login(const struct accounts *s, const struct login *l, int64_t now_s,
	struct arena *a, struct login_result *out)
{
	struct attempt at = { .s = s, .l = l, .now_s = now_s, .out = out };
	*out = (struct login_result){ 0 };
	enum err e = email_parse(l->email, &at.email);
	if (e)
		return e == ERR_NOMEM ? e : ERR_UNAUTHENTICATED;
	account_device_init(&at.device, l->device);
	e = db_tx(s->db, take_tx, &at);
	if (!e)
		e = judge(&at, a);
	if (!e)
		e = enter(&at);
	log_login(&at, e);
	crypto_wipe(at.acc.password_hash, sizeof at.acc.password_hash);
	crypto_wipe(at.rehash, sizeof at.rehash);
	if (e) {
		int64_t wait = out->retry_after_s;
		*out = (struct login_result){ .retry_after_s = wait };
	}
	return e;
}
