/* Seats of a group entitlement: inviting, accepting, removing. What a seat opens is part of the
 * queries entitlement_by_account and entitlement_for_article (schema/queries/paywall.sql). */
#include "postern/seat.h"

#include "postern/crypto.h"
#include "postern/mail.h"
#include "postern/queries/seat.h"

#include <string.h>

/* Seats of all entitlements of a group that one sees at once. */
enum { GROUP_MAX = 4 * SEATS_MAX, GROUP_BYTES_MAX = 4 << 20 };

enum err entitlement_seats_load(
	struct db_conn *c, const struct seat_owner *o, struct arena *a, struct seat_group *out)
{
	*out = (struct seat_group){ 0 };
	enum err e = q_seat_group(c, o->account_id, o->now_s, out);

	if (e)
		return e;
	return q_seat_list(c, o->account_id, out->plan, GROUP_MAX, a, &out->list, &out->count);
}

struct seats_lookup {
	const struct seat_owner *owner;
	struct arena *a;
	struct seat_group *out;
};

static enum err seats_read(struct db_conn *c, void *arg)
{
	const struct seats_lookup *l = arg;
	return entitlement_seats_load(c, l->owner, l->a, l->out);
}

enum err entitlement_seats_read(
	struct db *db, const struct seat_owner *o, struct arena *a, struct seat_group *out)
{
	struct seats_lookup l = { .owner = o, .a = a, .out = out };
	return db_read(db, seats_read, &l);
}

/* A seat that comes or goes changes how many places its entitlement has free for members who were
 * invited on another one of the group. */
static enum err others_tell(
	struct db_conn *c, const char *owner_id, const char *plan, const char *entitlement_id)
{
	return entitlement_members_tell(
		c, &(struct entitlement_group){
			   .owner_id = owner_id, .plan = plan, .except = entitlement_id });
}

/* ---- inviting ---- */

/* An invitation: counted against the seats of the owner and mailed, in one transaction. */
struct invite_job {
	const struct paywall *w;
	const struct seat_invitation *inv;
	struct email to;
};

static enum err mail_out(struct db_conn *c, const struct invite_job *j, const struct token *t)
{
	BUF_AUTO link = BUF(2048);
	buf_fmt(&link, "%s/group/accept?token=%s", j->w->base_url, t->text);
	struct notice n = { .kind = MAIL_SEAT,
		.to = j->to.text,
		.to_key = j->to.key,
		.by = j->inv->owner_email,
		.link = buf_view(&link).p,
		.link_hash = t->hash,
		.minutes = SEAT_INVITATION_S / 60,
		.now_s = j->inv->now_s };
	enum err e = link.err ? link.err : mail_queue(j->w->mail, c, &n);
	if (link.p)
		crypto_wipe(link.p, link.n);
	/* what is wrong with the letter is ours, not a bad field of the owner's */
	return e == ERR_INVALID || e == ERR_NOT_FOUND || e == ERR_TOO_LARGE ? ERR_INTERNAL : e;
}

static enum err seat_put(struct db_conn *c, const struct invite_job *j,
	const struct seat_group *group, const struct seat *known)
{
	struct token t;
	char id[ID_SIZE];
	int64_t now_s = j->inv->now_s, ends_s = now_s + SEAT_INVITATION_S;
	crypto_token_make(&t);
	crypto_id_make(id);
	enum err e = *known->id ? q_seat_invite_again(c, known->id, t.hash, now_s, ends_s)
				: q_seat_insert(c, id, group->entitlement_id, j->to.text, j->to.key,
					  t.hash, now_s, ends_s);
	if (!e)
		e = mail_out(c, j, &t);
	crypto_wipe(&t, sizeof t);
	return e;
}

static enum err invite_tx(struct db_conn *c, void *arg)
{
	const struct invite_job *j = arg;
	const struct seat_owner owner = { j->inv->owner_id, j->inv->now_s };
	struct seat_group group;
	struct seat known = { 0 };
	ARENA_AUTO *a = arena_new(GROUP_BYTES_MAX);
	if (!a)
		return ERR_NOMEM;
	enum err e = entitlement_seats_load(c, &owner, a, &group);
	if (e)
		return e;
	e = q_seat_group_lock(c, group.entitlement_id);
	if (e)
		return e;
	e = q_seat_by_email(c, owner.account_id, group.plan, j->to.key, &known);
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (!e && known.accepted_at)
		return ERR_CONFLICT;
	if (e && (int64_t)group.count >= group.seats)
		return ERR_TOO_LARGE;
	e = seat_put(c, j, &group, &known);
	if (e)
		return e;
	return others_tell(c, owner.account_id, group.plan, group.entitlement_id);
}

enum err entitlement_seat_invite(const struct paywall *w, const struct seat_invitation *inv)
{
	struct invite_job j = { .w = w, .inv = inv };
	struct email own;
	enum err e = email_parse(inv->email, &j.to);
	if (e)
		return e == ERR_NOMEM ? e : ERR_INVALID;
	e = email_parse(str_of(inv->owner_email), &own);
	if (e == ERR_NOMEM)
		return e;
	if (!e && strcmp(own.key, j.to.key) == 0)
		return ERR_INVALID;
	e = db_tx(w->db, invite_tx, &j);
	if (!e)
		mail_wake(w->mail);
	return e;
}

/* ---- ending and accepting ---- */

/* Ends a seat of this owner's; another owner's id finds nothing. */
struct end_job {
	const char *owner_id;
	struct str seat_id;
};
static enum err remove_tx(struct db_conn *c, void *arg)
{
	const struct end_job *j = arg;
	struct seat_delete_row gone;
	enum err e = q_seat_delete(c, j->seat_id, j->owner_id, &gone);
	if (e)
		return e;
	if (*gone.account_id)
		e = db_change_add(c, DB_CHANGE_ENTITLEMENT, gone.account_id);
	return e ? e : others_tell(c, j->owner_id, gone.plan, gone.entitlement_id);
}

enum err entitlement_seat_remove(struct db *db, const char *owner_id, struct str seat_id)
{
	return db_tx(db, remove_tx, &(struct end_job){ owner_id, seat_id });
}

/* Binds a seat to the account that claims it. Only the hash of the mailed token is stored. */
struct accept_job {
	uint8_t hash[HASH_BYTES];
	const char *account_id;
	int64_t now_s;
};

static enum err waiting_find(
	const struct paywall *w, const struct seat_claim *claim, struct seat_offer *out)
{
	struct email own;
	enum err e = email_parse(str_of(claim->account_email), &own);
	if (e)
		return e == ERR_NOMEM ? e : ERR_NOT_FOUND;
	return q_seat_waiting(
		w->db, own.key, claim->account_id, claim->now_s, claim->now_s + CLOCK_SKEW_S, out);
}

enum err entitlement_seat_find(
	const struct paywall *w, const struct seat_claim *claim, struct seat_offer *out)
{
	uint8_t hash[HASH_BYTES];
	enum err e = crypto_token_hash(claim->token, hash);
	if (!e)
		e = q_seat_look(w->db, hash, claim->now_s, claim->now_s + CLOCK_SKEW_S, out);
	else
		e = *claim->account_id ? waiting_find(w, claim, out) : ERR_NOT_FOUND;
	return e == ERR_NOT_FOUND ? ERR_SPENT : e;
}

static enum err accept_tx(struct db_conn *c, void *arg)
{
	const struct accept_job *j = arg;
	enum err e = q_seat_accept(c, j->hash, j->account_id, j->now_s, j->now_s + CLOCK_SKEW_S);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_SPENT : e;
	return db_change_add(c, DB_CHANGE_ENTITLEMENT, j->account_id);
}

enum err entitlement_seat_accept(const struct paywall *w, const struct seat_claim *claim)
{
	struct accept_job j = { .account_id = claim->account_id, .now_s = claim->now_s };
	struct seat_offer offer;
	enum err e = entitlement_seat_find(w, claim, &offer);
	if (e)
		return e;
	if (claim->named.n > 0 && !str_eq(claim->named, str_of(offer.owner_email)))
		return ERR_CONFLICT;
	memcpy(j.hash, offer.token_hash, sizeof j.hash);
	return db_tx(w->db, accept_tx, &j);
}
