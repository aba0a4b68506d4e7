/* Seats of a group entitlement: inviting, accepting, removing. What a seat opens is part of the
 * queries entitlement_by_account and entitlement_for_article (schema/queries/paywall.sql). */
#include "postern/seat.h"

#include "postern/crypto.h"
#include "postern/mail.h"

#include <string.h>

/* Seats of all entitlements of a group that one sees at once. */
enum { GROUP_MAX = 4 * SEATS_MAX, GROUP_BYTES_MAX = 4 << 20 };

static const struct db_column seat_columns[] = {
	DB_COL_CHARS(struct seat, id),
	DB_COL_CHARS(struct seat, email),
	DB_COL_CHARS(struct seat, account_id),
	DB_COL_INT(struct seat, invited_at),
	DB_COL_INT(struct seat, expires_at),
	DB_COL_INT(struct seat, accepted_at),
};
static const struct db_shape seat_shape = DB_SHAPE(struct seat, seat_columns);

static const struct db_column group_columns[] = {
	DB_COL_CHARS(struct seat_group, entitlement_id),
	DB_COL_CHARS(struct seat_group, plan),
	DB_COL_INT(struct seat_group, ends_at),
	DB_COL_INT(struct seat_group, seats),
};
static const struct db_shape group_shape = DB_SHAPE(struct seat_group, group_columns);

enum err entitlement_seats_load(
	struct db_conn *c, const struct seat_owner *o, struct arena *a, struct seat_group *out)
{
	struct db_call group = { .query = QUERY_SEAT_GROUP,
		DB_PARAMS(db_z(o->account_id), db_int(o->now_s)),
		.shape = &group_shape };
	*out = (struct seat_group){ 0 };
	enum err e = db_get(c, &group, out);

	if (e)
		return e;
	return db_list(c,
		&(struct db_call){ .query = QUERY_SEAT_LIST,
			DB_PARAMS(db_z(o->account_id), db_z(out->plan), db_int(GROUP_MAX)),
			.shape = &seat_shape,
			.arena = a,
			.max_rows = GROUP_MAX },
		&out->list, &out->count);
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
	struct db_call again = { .query = QUERY_SEAT_INVITE_AGAIN,
		DB_PARAMS(db_z(known->id), db_blob(t.hash, HASH_BYTES), db_int(now_s),
			db_int(ends_s)) };
	struct db_call insert = { .query = QUERY_SEAT_INSERT,
		DB_PARAMS(db_z(id), db_z(group->entitlement_id), db_z(j->to.text), db_z(j->to.key),
			db_blob(t.hash, HASH_BYTES), db_int(now_s), db_int(ends_s)) };
	enum err e = db_run(c, *known->id ? &again : &insert, NULL);
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
	enum err e = a ? entitlement_seats_load(c, &owner, a, &group) : ERR_NOMEM;

	if (!e)
		e = db_run(c,
			&(struct db_call){ .query = QUERY_SEAT_GROUP_LOCK,
				DB_PARAMS(db_z(group.entitlement_id)) },
			NULL);
	if (e)
		return e;
	struct db_call by_email = { .query = QUERY_SEAT_BY_EMAIL,
		DB_PARAMS(db_z(owner.account_id), db_z(group.plan), db_z(j->to.key)),
		.shape = &seat_shape };
	e = db_get(c, &by_email, &known);
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

struct end_job {
	const char *owner_id;
	struct str seat_id;
};
struct removed_row {
	char account_id[ID_SIZE], entitlement_id[ID_SIZE], plan[PLAN_SIZE];
};
static const struct db_column removed_columns[] = { DB_COL_CHARS(struct removed_row, account_id),
	DB_COL_CHARS(struct removed_row, entitlement_id), DB_COL_CHARS(struct removed_row, plan) };
static const struct db_shape removed_shape = DB_SHAPE(struct removed_row, removed_columns);

static enum err remove_tx(struct db_conn *c, void *arg)
{
	const struct end_job *j = arg;
	struct removed_row gone;
	struct db_call call = { .query = QUERY_SEAT_DELETE,
		DB_PARAMS(db_text(j->seat_id), db_z(j->owner_id)),
		.shape = &removed_shape };
	enum err e = db_get(c, &call, &gone);

	if (!e && *gone.account_id)
		e = db_change_add(c, DB_CHANGE_ENTITLEMENT, gone.account_id);
	return e ? e : others_tell(c, j->owner_id, gone.plan, gone.entitlement_id);
}

enum err entitlement_seat_remove(struct db *db, const char *owner_id, struct str seat_id)
{
	return db_tx(db, remove_tx, &(struct end_job){ owner_id, seat_id });
}

struct look_job {
	uint8_t hash[HASH_BYTES];
	const char *account_id;
	int64_t now_s;
	struct seat_offer *out;
};

static enum err look_read(struct db_conn *c, void *arg)
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct seat_offer, plan),
		DB_COL_CHARS(struct seat_offer, owner_email),
		DB_COL_CHARS(struct seat_offer, owner_id) };
	static const struct db_shape shape = DB_SHAPE(struct seat_offer, columns);
	struct look_job *j = arg;
	struct db_call call = { .query = QUERY_SEAT_LOOK,
		DB_PARAMS(db_blob(j->hash, HASH_BYTES), db_int(j->now_s),
			db_int(j->now_s + CLOCK_SKEW_S)),
		.shape = &shape };

	return db_get(c, &call, j->out);
}

enum err entitlement_seat_find(
	const struct paywall *w, struct str token, int64_t now_s, struct seat_offer *out)
{
	struct look_job j = { .now_s = now_s, .out = out };

	if (crypto_token_hash(token, j.hash) != ERR_OK)
		return ERR_SPENT;
	enum err e = db_read(w->db, look_read, &j);
	return e == ERR_NOT_FOUND ? ERR_SPENT : e;
}

static enum err accept_tx(struct db_conn *c, void *arg)
{
	struct look_job *j = arg;
	char entitlement[ID_SIZE];
	struct db_call call = { .query = QUERY_SEAT_ACCEPT,
		DB_PARAMS(db_blob(j->hash, HASH_BYTES), db_z(j->account_id), db_int(j->now_s),
			db_int(j->now_s + CLOCK_SKEW_S)) };
	enum err e = db_get_id(c, &call, entitlement);

	if (e)
		return e == ERR_NOT_FOUND ? ERR_SPENT : e;
	return db_change_add(c, DB_CHANGE_ENTITLEMENT, j->account_id);
}

enum err entitlement_seat_accept(
	const struct paywall *w, struct str token, const char *account_id, int64_t now_s)
{
	struct look_job j = { .account_id = account_id, .now_s = now_s };

	if (crypto_token_hash(token, j.hash) != ERR_OK)
		return ERR_SPENT;
	return db_tx(w->db, accept_tx, &j);
}
