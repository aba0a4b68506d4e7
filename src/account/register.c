/* Registration. It is only stored here and worked on later (request.c), so that the answer is the
 * same, and takes the same time, for new and for known addresses. verify.c confirms the address.
 * The command line creates confirmed accounts directly. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

/* A new account, as a form, the API or the command line gives it. */
struct register_job {
	const struct accounts *s;
	struct account acc;
	struct str return_to;
	int64_t now_s;
	const struct token *proof; /* of the browser that registers, or NULL */
};

static enum err account_insert(struct db_conn *c, const struct register_job *j)
{
	const struct account *acc = &j->acc;
	return q_account_insert(c, acc->id, acc->email, acc->email_key, acc->name,
		acc->password_hash, j->now_s, j->now_s);
}

static enum err prepare(
	struct register_job *j, struct str email, struct str name, struct field_error *why)
{
	struct email parsed;
	enum err e = email_parse(email, &parsed);
	if (e == ERR_NOMEM)
		return e;
	if (e) {
		*why = (struct field_error){ "email", "bad_address",
			"Enter a complete e-mail address, such as name@example.org." };
		return ERR_INVALID;
	}
	if (text_name(name, j->acc.name) != ERR_OK) {
		*why = (struct field_error){ "name", "bad_name",
			"The name is too long, or it contains line breaks or control characters." };
		return ERR_INVALID;
	}
	crypto_id_make(j->acc.id);
	memcpy(j->acc.email, parsed.text, sizeof j->acc.email);
	memcpy(j->acc.email_key, parsed.key, sizeof j->acc.email_key);
	return ERR_OK;
}

static enum err set_password(
	struct register_job *j, struct str password, struct arena *a, struct field_error *why)
{
	struct str prepared;
	enum err e = account_password_judge(j->s, password, &j->acc, a, &prepared, why);
	return e ? e : crypto_password_hash(prepared, j->s->set.cost, j->acc.password_hash);
}

/* What a registration leaves for later: nothing here looks whether the address has an account. */
static enum err register_put(const struct register_job *j)
{
	struct account_request r = { .return_to = j->return_to, .created_at = j->now_s };
	memcpy(r.id, j->acc.id, sizeof r.id);
	memcpy(r.email, j->acc.email, sizeof r.email);
	memcpy(r.email_key, j->acc.email_key, sizeof r.email_key);
	memcpy(r.name, j->acc.name, sizeof r.name);
	memcpy(r.password_hash, j->acc.password_hash, sizeof r.password_hash);
	if (j->proof)
		memcpy(r.proof_hash, j->proof->hash, sizeof r.proof_hash);
	enum err e = account_request_put(j->s, ACCOUNT_REQUEST_REGISTER, &r);
	crypto_wipe(&r, sizeof r);
	return e;
}

enum err account_register(const struct accounts *s, const struct registration *r, int64_t now_s,
	struct arena *a, struct field_error *why)
{
	struct register_job j = { .s = s, .proof = r->proof, .now_s = now_s };
	if (r->proof)
		crypto_token_make(r->proof);
	if (url_is_local(r->return_to))
		j.return_to = r->return_to;
	enum err e = prepare(&j, r->email, r->name, why);
	if (!e)
		e = set_password(&j, r->password, a, why);
	if (!e)
		e = register_put(&j);
	LOG(s->log, LOG_INFO, "register", log_z("request", r->request_id), log_z("id", j.acc.id),
		log_z("result", err_name(e)));
	crypto_wipe(j.acc.password_hash, sizeof j.acc.password_hash);
	return e;
}

static enum err create_tx(struct db_conn *c, void *arg)
{
	const struct register_job *j = arg;
	enum err e = account_insert(c, j);
	if (e || j->acc.password_hash[0])
		return e;
	struct token_order o = { .s = j->s,
		.owner = &j->acc,
		.purpose = PURPOSE_RESET,
		.kind = MAIL_RESET,
		.now_s = j->now_s };
	return account_token_send(c, &o);
}

enum err account_create(const struct accounts *s, struct str email, struct str name,
	struct str password, int64_t now_s, struct arena *a, struct account *out,
	struct field_error *why)
{
	struct register_job j = { .s = s, .now_s = now_s };
	enum err e = prepare(&j, email, name, why);
	if (!e && password.n > 0)
		e = set_password(&j, password, a, why);
	if (!e)
		e = db_tx(s->db, create_tx, &j);
	if (!e) {
		mail_wake(s->mail);
		*out = j.acc;
		crypto_wipe(out->password_hash, sizeof out->password_hash);
	}
	crypto_wipe(j.acc.password_hash, sizeof j.acc.password_hash);
	return e;
}
