/* Entitlements: what an account may read, from when until when, from which source. Granting,
 * changing the status and revoking, each with the change announced to all caches in the same
 * transaction. */
#include "postern/entitlement.h"

#include "postern/crypto.h"
#include "postern/queries/paywall.h"

#include <string.h>

static const char *const status_names[] = { [STATUS_ACTIVE] = "active",
	[STATUS_TRIALING] = "trialing",
	[STATUS_PAST_DUE] = "past_due",
	[STATUS_PAUSED] = "paused",
	[STATUS_CANCELED] = "canceled",
	[STATUS_UNPAID] = "unpaid",
	[STATUS_UNPAID + 1] = NULL };

const char *entitlement_status_name(enum entitlement_status s)
{
	return str_name_of(status_names, COUNT(status_names), s);
}

const char *const *entitlement_status_words(void)
{
	return status_names + STATUS_ACTIVE;
}

enum err entitlement_status_parse(struct str s, enum entitlement_status *out)
{
	return str_name_find(status_names, COUNT(status_names), s, out);
}

enum err entitlement_status_read(struct str s, enum entitlement_status *out)
{
	if (entitlement_status_parse(s, out) != ERR_OK)
		*out = (enum entitlement_status)0;
	return ERR_OK;
}

bool entitlement_name_ok(struct str s, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	for (size_t i = 0; i < s.n; i++) {
		if (!s.p[i] || !strchr(letters, s.p[i]))
			return false;
	}
	return s.n > 0 && s.n < size;
}

/* ---- members of a group ---- */
enum err entitlement_members_tell(struct db_conn *c, const struct entitlement_group *g)
{
	ARENA_AUTO *a = arena_new(DB_CHANGE_IDS_BYTES);
	char(*ids)[ID_SIZE] = NULL;
	size_t n = 0;

	if (!a)
		return ERR_NOMEM;
	enum err e = q_entitlement_members(c, g->owner_id, g->plan, g->except ? g->except : "",
		DB_CHANGE_IDS_MAX, a, &ids, &n);
	return e ? e : db_change_add_ids(c, DB_CHANGE_ENTITLEMENT, ids, n);
}

/* Of entitlement_grant; the id is made before, so that a transaction that runs again stores the
 * same row. */
struct grant_job {
	const struct entitlement_grant *g;
	const char *id;
	int64_t now_s;
};

static enum err grant_tx(struct db_conn *c, void *arg)
{
	const struct grant_job *j = arg;
	const struct entitlement_grant *g = j->g;
	enum err e = q_entitlement_insert(c, j->id, g->account_id, g->plan, g->source,
		g->article_id, entitlement_status_name(g->status), g->starts_at, g->ends_at,
		g->grace_s, g->seats, j->now_s);
	if (e)
		return e;
	e = db_change_add(c, DB_CHANGE_ENTITLEMENT, g->account_id);
	if (e || !g->seats)
		return e;
	/* a renewal: the members of the group go on with it */
	return entitlement_members_tell(
		c, &(struct entitlement_group){ .owner_id = g->account_id, .plan = g->plan });
}

enum err entitlement_grant(
	struct db *db, const struct entitlement_grant *g, int64_t now_s, char id[static ID_SIZE])
{
	struct grant_job j = { .g = g, .id = id, .now_s = now_s };
	if (!entitlement_name_ok(str_of(g->plan), PLAN_SIZE) ||
		!entitlement_name_ok(str_of(g->source), SOURCE_SIZE))
		return ERR_INVALID;
	if (!*entitlement_status_name(g->status) || g->grace_s < 0 ||
		g->grace_s > ENTITLEMENT_GRACE_MAX_S || g->seats < 0 || g->seats > SEATS_MAX)
		return ERR_INVALID;
	if (g->ends_at && g->ends_at <= g->starts_at)
		return ERR_INVALID;
	crypto_id_make(id);
	return db_tx(db, grant_tx, &j);
}

/* A change of one entitlement by its id. */
struct one_job {
	struct str id;
	enum entitlement_status status; /* 0: revoke */
	int64_t ends_at, grace_s;       /* ends_at 0, grace_s -1: as they are */
	int64_t now_s;
};

static enum err one_change(
	struct db_conn *c, const struct one_job *j, struct entitlement_revoke_row *owner)
{
	if (!j->status)
		return q_entitlement_revoke(c, j->id, j->now_s, owner);
	return q_entitlement_set_status(
		c, j->id, entitlement_status_name(j->status), j->ends_at, j->grace_s, owner);
}

static enum err one_tx(struct db_conn *c, void *arg)
{
	struct entitlement_revoke_row owner;
	enum err e = one_change(c, arg, &owner);
	if (e)
		return e;
	e = db_change_add(c, DB_CHANGE_ENTITLEMENT, owner.account_id);
	if (e)
		return e;
	return entitlement_members_tell(
		c, &(struct entitlement_group){ .owner_id = owner.account_id, .plan = owner.plan });
}

enum err entitlement_revoke(struct db *db, struct str id, int64_t now_s)
{
	struct one_job j = { .id = id, .now_s = now_s };
	return db_tx(db, one_tx, &j);
}

enum err entitlement_set_status(struct db *db, const struct entitlement_change *ch)
{
	struct one_job j = {
		.id = ch->id, .status = ch->status, .ends_at = ch->ends_at, .grace_s = ch->grace_s
	};
	if (!*entitlement_status_name(ch->status) || ch->grace_s > ENTITLEMENT_GRACE_MAX_S)
		return ERR_INVALID;
	return db_tx(db, one_tx, &j);
}

enum err entitlement_get(struct db_conn *c, struct str id, struct entitlement *out)
{
	return q_entitlement_by_id(c, id, out);
}

enum err entitlement_list(
	struct db_conn *c, const char *account_id, struct arena *a, struct entitlements *out)
{
	return q_entitlement_by_account(c, account_id, ENTITLEMENTS_LIST_MAX, a, &out->v, &out->n);
}

enum err entitlement_for_article(struct db_conn *c, const char *account_id, const char *article_id,
	struct arena *a, struct entitlements *out)
{
	return q_entitlement_for_article(
		c, account_id, article_id, ENTITLEMENTS_MAX, a, &out->v, &out->n);
}
