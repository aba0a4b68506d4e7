/* Rules for a new password (length, strength, common words), and what a signed-in reader may do
 * only with the current password: change it, delete the account. Failed attempts are counted for
 * each session, so that an attacker who floods the log-in form cannot keep the owner from
 * changing the password. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

static enum err password_refuse(
	struct field_error *why, enum err e, const char *code, const char *detail)
{
	*why = (struct field_error){ .field = "password", .code = code, .detail = detail };
	return e;
}

enum err account_password_judge(const struct accounts *s, struct str password,
	const struct account *owner, struct arena *a, struct str *prepared, struct field_error *why)
{
	const char *context[] = { s->set.site_name, owner->email, *owner->name ? owner->name : NULL,
		NULL };
	size_t length = 0;
	if (!account_password_may_fit(&s->set, password))
		return password_refuse(why, ERR_INVALID, "too_long",
			arena_fmt(a, "The password is too long. Use at most %u characters.",
				s->set.max_length));
	enum err e = text_opaque(password, a, prepared, &length);
	if (e == ERR_NOMEM)
		return e;
	if (e && password.n == 0)
		return password_refuse(why, ERR_INVALID, "required", "Choose a password.");
	if (e)
		return password_refuse(why, ERR_INVALID, "bad_characters",
			"The password contains characters that cannot be typed reliably, such as "
			"control characters.");
	if (length < s->set.min_length)
		return password_refuse(why, ERR_INVALID, "too_short",
			arena_fmt(a, "The password is too short. Use at least %u characters.",
				s->set.min_length));
	if (length > s->set.max_length)
		return password_refuse(why, ERR_INVALID, "too_long",
			arena_fmt(a, "The password is too long. Use at most %u characters.",
				s->set.max_length));
	const struct strength_rules rules = { context, s->set.common, s->set.min_bits };
	switch (crypto_password_strength(*prepared, &rules)) {
	case STRENGTH_OK:
		return ERR_OK;
	case STRENGTH_COMMON:
		return password_refuse(why, ERR_WEAK_PASSWORD, "common_password",
			"This password is on a list of common passwords, which attackers try "
			"first. Choose another one.");
	case STRENGTH_CONTEXT:
		return password_refuse(why, ERR_WEAK_PASSWORD, "context_password",
			"This password is too similar to your e-mail address, your name or the "
			"name of this site. Choose another one.");
	case STRENGTH_UNKNOWN:
		return ERR_NOMEM;
	case STRENGTH_WEAK:
		break;
	}
	return password_refuse(why, ERR_WEAK_PASSWORD, "weak_password",
		"This password is too easy to guess. Several unrelated words make a good "
		"password.");
}

enum err account_password_check(
	const struct accounts *s, const char *stored_hash, struct str typed, struct arena *a)
{
	struct str prepared;
	size_t length;
	if (!account_password_may_fit(&s->set, typed))
		return ERR_DENIED;
	enum err e = text_opaque(typed, a, &prepared, &length);
	if (e)
		return e == ERR_NOMEM ? e : ERR_DENIED;
	return crypto_password_verify(stored_hash, prepared, s->set.cost);
}

/* ---- proof of the current password by somebody who is signed in ---- */

/* One change of password: the current one is counted as an attempt, judged, and only then is the
 * new hash stored, on condition that the row still has the hash that was judged. */
struct proof_job {
	const struct accounts *s;
	struct password_change *c;
	struct failure_key key;
	struct account acc;
	const char *new_hash;
	int64_t now_s;
};

/* A session has a counter of its own: whoever floods the log-in form cannot keep the owner from
 * changing a password. */
static enum err current_take_tx(struct db_conn *c, void *arg)
{
	struct proof_job *p = arg;
	enum err e = q_account_by_id(c, p->c->account_id, &p->acc);
	if (e)
		return e;
	return account_failure_take(c, &p->s->set, &p->key, p->now_s, &p->c->retry_after_s);
}

static enum err current_password_check(struct proof_job *p, struct arena *a)
{
	p->key = account_failure_key_of("session", str_of(p->c->session_id));
	enum err e = db_tx(p->s->db, current_take_tx, p);
	return e ? e : account_password_check(p->s, p->acc.password_hash, p->c->current, a);
}

static enum err change_tx(struct db_conn *c, void *arg)
{
	struct proof_job *p = arg;
	struct access_kept kept = { p->acc.id, p->c->session_id, { 0 } };
	if (crypto_token_hash(p->c->device, kept.device_hash) != ERR_OK)
		memset(kept.device_hash, 0, sizeof kept.device_hash);
	enum err e = account_store_set_password(c, &p->acc, p->new_hash, false, p->now_s);
	if (e)
		return e;
	e = account_store_end_access(c, &kept, p->now_s);
	if (e)
		return e;
	e = q_failure_clear(c, p->key.hash);
	if (e)
		return e;
	return account_notice_send(c, p->s, MAIL_PASSWORD_CHANGED, &p->acc, p->now_s);
}

static enum err forgive_tx(struct db_conn *c, void *arg)
{
	const struct proof_job *p = arg;
	return q_failure_clear(c, p->key.hash);
}

/* The current password was right: a refused new one is no wrong guess. Returns `refusal`. */
static enum err forgive(struct proof_job *p, enum err refusal)
{
	enum err e = db_tx(p->s->db, forgive_tx, p);
	return e ? e : refusal;
}

enum err account_password_change(const struct accounts *s, struct password_change *ch,
	int64_t now_s, struct arena *a, struct field_error *why)
{
	struct proof_job p = { .s = s, .c = ch, .now_s = now_s };
	struct str prepared;
	char hash[PASSWORD_HASH_SIZE];
	enum err e = current_password_check(&p, a);
	if (!e) {
		e = account_password_judge(s, ch->chosen, &p.acc, a, &prepared, why);
		if (e)
			e = forgive(&p, e);
	}
	if (!e)
		e = crypto_password_hash(prepared, s->set.cost, hash);
	if (!e) {
		p.new_hash = hash;
		e = db_tx(s->db, change_tx, &p);
	}
	if (!e)
		mail_wake(s->mail);
	LOG(s->log, e ? LOG_WARN : LOG_INFO, "password_change", log_z("account", ch->account_id),
		log_z("result", err_name(e)));
	crypto_wipe(p.acc.password_hash, sizeof p.acc.password_hash);
	crypto_wipe(hash, sizeof hash);
	return e;
}

enum err account_delete_own(
	const struct accounts *s, struct password_change *ch, int64_t now_s, struct arena *a)
{
	struct proof_job p = { .s = s, .c = ch, .now_s = now_s };
	enum err e = current_password_check(&p, a);
	if (!e)
		e = account_delete(s, ch->account_id);
	LOG(s->log, e ? LOG_WARN : LOG_INFO, "account_delete", log_z("account", ch->account_id),
		log_z("result", err_name(e)));
	crypto_wipe(p.acc.password_hash, sizeof p.acc.password_hash);
	return e;
}
