/* Confirming an e-mail address with the mailed link. Whoever registered may not be who owns the
 * mailbox, so what was chosen at registration stays only for the browser that registered, by the
 * proof in its cookie, or for whoever knows the password; anybody else who opens the link chooses a
 * new password, and the name goes with the old one. Wrong passwords are counted for each link: the
 * owner of a mailbox must not guess the password of somebody who mistyped an address. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

/* One confirmation under way. The hashes are those of the link's token, of the browser's proof and
 * of the new password. */
struct verify_job {
	const struct accounts *s;
	struct verification *v;
	uint8_t token_hash[HASH_BYTES], proof_hash[HASH_BYTES];
	char new_hash[PASSWORD_HASH_SIZE]; /* "": the registration's stays */
	bool is_known;                     /* the password of acc was typed */
	struct failure_key tries;
	struct device device;
	struct account acc; /* as it was when the password was judged */
	int64_t now_s;
};

static void proof_read(struct str proof, uint8_t hash[static HASH_BYTES])
{
	if (crypto_token_hash(proof, hash) != ERR_OK)
		memset(hash, 0, HASH_BYTES);
}

static enum verify_step step_of(
	const struct account *acc, const uint8_t proof_hash[static HASH_BYTES])
{
	if (!acc->password_hash[0])
		return VERIFY_CHOOSE;
	return !crypto_hash_is_none(acc->proof_hash) &&
			       crypto_equal(acc->proof_hash, proof_hash, HASH_BYTES)
		       ? VERIFY_CONFIRM
		       : VERIFY_PASSWORD;
}

enum err account_verify_look(const struct accounts *s, const struct verification *v, int64_t now_s,
	struct account *owner, enum verify_step *step)
{
	uint8_t proof_hash[HASH_BYTES];
	proof_read(v->proof, proof_hash);
	enum err e = account_token_find(s, v->token, PURPOSE_VERIFY, now_s, owner);
	if (e)
		return e;
	*step = step_of(owner, proof_hash);
	crypto_wipe(owner->password_hash, sizeof owner->password_hash);
	return owner->verified_at ? ERR_SPENT : ERR_OK;
}

/* ---- the password ---- */

/* Counts the try before it is judged, so that parallel ones cannot share a count. */
static enum err tries_take_tx(struct db_conn *c, void *arg)
{
	struct verify_job *j = arg;
	return account_failure_take(c, &j->s->set, &j->tries, j->now_s, &j->v->retry_after_s);
}

static enum err known_judge(struct verify_job *j, struct arena *a)
{
	if (j->v->password.n == 0)
		return ERR_DENIED; /* nothing was guessed */
	enum err e = db_tx(j->s->db, tries_take_tx, j);
	if (!e)
		e = account_password_check(j->s, j->acc.password_hash, j->v->password, a);
	j->is_known = !e;
	return e;
}

/* The registration's name is no part of the owner's identity: it goes. */
static enum err chosen_judge(struct verify_job *j, struct arena *a, struct field_error *why)
{
	struct str prepared;
	j->acc.name[0] = '\0';
	enum err e = account_password_judge(j->s, j->v->chosen, &j->acc, a, &prepared, why);
	return e ? e : crypto_password_hash(prepared, j->s->set.cost, j->new_hash);
}

/* ---- the transaction ---- */

/* What was proved must still be what is stored: somebody may have registered meanwhile. */
static enum err registration_keep(const struct verify_job *j, const struct account *now)
{
	if (j->is_known)
		return strcmp(now->password_hash, j->acc.password_hash) == 0 ? ERR_OK : ERR_DENIED;
	/* No app can vouch for what a browser registered: that browser has its own proof. */
	const bool vouched = j->v->trust && crypto_hash_is_none(now->proof_hash);
	const bool proved = vouched || step_of(now, j->proof_hash) == VERIFY_CONFIRM;
	return proved ? ERR_OK : ERR_DENIED;
}

static enum err registration_replace(
	struct db_conn *c, const struct verify_job *j, struct account *now)
{
	const struct access_kept none = { now->id, "", { 0 } };
	enum err e = q_account_disown(c, now->id, j->now_s);
	if (e)
		return e;
	now->name[0] = now->password_hash[0] = '\0';
	e = account_store_set_password(c, now, j->new_hash, true, j->now_s);
	return e ? e : account_store_end_access(c, &none, j->now_s);
}

static struct session_order order_of(const struct verify_job *j)
{
	return (struct session_order){ .s = j->s,
		.account_id = j->acc.id,
		.name = j->v->session_name,
		.remember = j->v->remember,
		.now_s = j->now_s };
}

/* The address is confirmed: what follows from it. A second link of this kind, made by another
 * process at the same moment, confirms nothing any more. */
static enum err owner_admit(struct db_conn *c, const struct verify_job *j)
{
	const struct session_order order = order_of(j);
	enum err e = q_account_set_verified(c, j->acc.id, j->now_s);
	if (e)
		return e;
	e = q_mail_token_void(c, j->acc.id, PURPOSE_VERIFY, j->now_s);
	if (e)
		return e;
	e = account_device_mark(c, &j->device, j->acc.id, j->now_s);
	if (e)
		return e;
	e = j->v->login ? account_session_put(c, &order, j->v->login) : ERR_OK;
	return e ? e : q_failure_clear(c, j->tries.hash);
}

/* All or nothing: of two who press the button at once, one gets past the first statement. */
static enum err verify_tx(struct db_conn *c, void *arg)
{
	struct verify_job *j = arg;
	char id[ID_SIZE];
	struct account now;
	enum err e = account_token_spend(c, j->token_hash, PURPOSE_VERIFY, j->now_s, id);
	if (e)
		return e;
	e = q_account_by_id(c, id, &now);
	if (e)
		return e;
	if (now.disabled_at || now.verified_at)
		return ERR_SPENT;
	e = j->new_hash[0] ? registration_replace(c, j, &now) : registration_keep(j, &now);
	if (!e)
		e = owner_admit(c, j);
	if (!e && j->v->login) {
		j->v->login->account = now;
		j->v->login->account.verified_at = j->now_s;
	}
	crypto_wipe(now.password_hash, sizeof now.password_hash);
	return e;
}

/* ---- all of it ---- */

/* Before anything is hashed: a link that does not work must not cost a hash. */
static enum err job_begin(struct verify_job *j)
{
	struct verification *v = j->v;
	v->retry_after_s = 0;
	account_device_proved(&j->device, v->device);
	proof_read(v->proof, j->proof_hash);
	if (crypto_token_hash(v->token, j->token_hash) != ERR_OK)
		return ERR_SPENT;
	j->tries = account_failure_key_of(
		"verify", (struct str){ (const char *)j->token_hash, HASH_BYTES });
	enum err e = account_token_find(j->s, v->token, PURPOSE_VERIFY, j->now_s, &j->acc);
	return e ? e : account_named_check(v->named, &j->acc);
}

/* A session that was not stored is given to nobody. */
static void job_end(struct verify_job *j, enum err e)
{
	struct login_result *login = j->v->login;
	crypto_wipe(j->acc.password_hash, sizeof j->acc.password_hash);
	crypto_wipe(j->new_hash, sizeof j->new_hash);
	if (login && e)
		crypto_wipe(login, sizeof *login);
	else if (login)
		crypto_wipe(login->account.password_hash, sizeof login->account.password_hash);
}

enum err account_verify(const struct accounts *s, struct verification *v, int64_t now_s,
	struct arena *a, struct field_error *why)
{
	struct verify_job j = { .s = s, .v = v, .now_s = now_s };
	enum err e = job_begin(&j);
	if (!e && v->chosen.p)
		e = chosen_judge(&j, a, why);
	else if (!e && v->password.p)
		e = known_judge(&j, a);
	if (!e && v->login) {
		const struct session_order order = order_of(&j);
		*v->login = (struct login_result){ 0 };
		account_session_make(&order, v->login);
	}
	if (!e)
		e = db_tx(s->db, verify_tx, &j);
	LOG(s->log, e ? LOG_WARN : LOG_INFO, "account_verified", log_z("account", j.acc.id),
		log_z("password", j.new_hash[0] ? "chosen" : "kept"), log_z("result", err_name(e)));
	job_end(&j, e);
	return e;
}
