/* Password reset. A request is stored and worked on later, like a registration; the mailed link
 * holds a token that works once. A successful reset ends every session of the account, voids its
 * other links and tells the owner by mail (OWASP Forgot Password cheat sheet). */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

enum err account_reset_request(
	const struct accounts *s, const struct reset_request *rq, int64_t now_s)
{
	struct account_request r = { .created_at = now_s };
	struct email parsed;
	enum err e = email_parse(rq->email, &parsed);
	if (e)
		return e;
	if (url_is_local(rq->return_to))
		r.return_to = rq->return_to;
	crypto_id_make(r.id);
	memcpy(r.email, parsed.text, sizeof r.email);
	memcpy(r.email_key, parsed.key, sizeof r.email_key);
	e = account_request_put(s, ACCOUNT_REQUEST_RESET, &r);
	LOG(s->log, LOG_INFO, "reset_requested", log_z("request", rq->request_id),
		log_z("id", r.id), log_z("result", err_name(e)));
	return e;
}

/* A reset that the operator orders (`postern account reset`). */
struct send_job {
	const struct accounts *s;
	const struct account *acc;
	int64_t now_s;
};

static enum err send_tx(struct db_conn *c, void *arg)
{
	const struct send_job *j = arg;
	struct token_order o = { .s = j->s,
		.owner = j->acc,
		.purpose = PURPOSE_RESET,
		.kind = MAIL_RESET,
		.now_s = j->now_s };
	return account_token_send(c, &o);
}

enum err account_reset_send(const struct accounts *s, const struct account *acc, int64_t now_s)
{
	enum err e = db_tx(s->db, send_tx, &(struct send_job){ s, acc, now_s });
	if (!e)
		mail_wake(s->mail);
	return e;
}

/* A new password by a mailed link. The hash is made before the transaction: Argon2 takes tens of
 * milliseconds, for which no lock may be held. */
struct confirm_job {
	const struct accounts *s;
	uint8_t token_hash[HASH_BYTES];
	struct device device;
	const char *new_hash;
	int64_t now_s;
};

/* Whoever typed password and name before had not proved the mailbox. */
static enum err unproved_drop(struct db_conn *c, struct account *acc, int64_t now_s)
{
	if (acc->verified_at)
		return ERR_OK;
	acc->password_hash[0] = '\0';
	return q_account_disown(c, acc->id, now_s);
}

/* The owner of the mailbox had no password that could be lost to somebody: "somebody may be in your
 * account" would be a false alarm. */
static bool is_first_password(const struct account *acc)
{
	return !acc->verified_at || !acc->password_hash[0];
}

/* All or nothing: the token spent, the password set, other sessions ended, the owner told.
 * ERR_SPENT for a token that was used, has expired or was voided. */
static enum err confirm_tx(struct db_conn *c, void *arg)
{
	const struct confirm_job *j = arg;
	char id[ID_SIZE];
	struct account acc;
	enum err e = account_token_spend(c, j->token_hash, PURPOSE_RESET, j->now_s, id);
	if (e)
		return e;
	e = q_account_by_id(c, id, &acc);
	if (e)
		return e;
	if (acc.disabled_at)
		return ERR_SPENT;
	const bool is_first = is_first_password(&acc);
	e = unproved_drop(c, &acc, j->now_s);
	if (e)
		return e;
	e = account_store_set_password(c, &acc, j->new_hash, true, j->now_s);
	if (e)
		return e;
	e = account_store_end_access(c, &(struct access_kept){ acc.id, "", { 0 } }, j->now_s);
	if (e)
		return e;
	e = account_device_mark(c, &j->device, acc.id, j->now_s);
	if (e)
		return e;
	e = q_failure_clear(c, account_failure_key_of("address", str_of(acc.email_key)).hash);
	if (e || is_first)
		return e;
	return account_notice_send(c, j->s, MAIL_PASSWORD_CHANGED, &acc, j->now_s);
}

static enum err owner_find(const struct accounts *s, const struct reset_confirmation *r,
	int64_t now_s, struct account *acc)
{
	enum err e = account_token_find(s, r->token, PURPOSE_RESET, now_s, acc);
	return e ? e : account_named_check(r->named, acc);
}

enum err account_reset_confirm(const struct accounts *s, const struct reset_confirmation *r,
	int64_t now_s, struct arena *a, struct field_error *why)
{
	struct confirm_job j = { .s = s, .now_s = now_s };
	struct account acc;
	struct str prepared;
	char hash[PASSWORD_HASH_SIZE];
	if (crypto_token_hash(r->token, j.token_hash) != ERR_OK)
		return ERR_SPENT;
	account_device_proved(&j.device, r->device);
	/* Looked at first: an unknown token must not cost a hash, a refused password must not spend
	 * the token. */
	enum err e = owner_find(s, r, now_s, &acc);
	if (!e)
		e = account_password_judge(s, r->password, &acc, a, &prepared, why);
	if (!e)
		e = crypto_password_hash(prepared, s->set.cost, hash);
	if (!e) {
		j.new_hash = hash;
		e = db_tx(s->db, confirm_tx, &j);
	}
	if (!e) {
		mail_wake(s->mail);
		LOG(s->log, LOG_INFO, "password_reset", log_z("account", acc.id));
	}
	crypto_wipe(hash, sizeof hash);
	return e;
}
