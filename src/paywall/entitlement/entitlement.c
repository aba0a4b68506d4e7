/* Entitlements: what an account may read, from when until when, from which source. Granting,
 * changing the status and revoking, each with the change announced to all caches in the same
 * transaction. */
#include "postern/entitlement.h"

#include "postern/crypto.h"

#include <string.h>

struct entitlement_row {
	struct entitlement e;
	char status[16];
};
static const struct db_column entitlement_columns[] = {
	DB_COL_CHARS(struct entitlement_row, e.id),
	DB_COL_CHARS(struct entitlement_row, e.plan),
	DB_COL_CHARS(struct entitlement_row, e.source),
	DB_COL_CHARS(struct entitlement_row, e.article_id),
	DB_COL_CHARS(struct entitlement_row, status),
	DB_COL_INT(struct entitlement_row, e.starts_at),
	DB_COL_INT(struct entitlement_row, e.ends_at),
	DB_COL_INT(struct entitlement_row, e.grace_s),
	DB_COL_INT(struct entitlement_row, e.revoked_at),
	DB_COL_INT(struct entitlement_row, e.seats),
	DB_COL_BOOL(struct entitlement_row, e.by_seat),
};
static const struct db_shape entitlement_shape =
	DB_SHAPE(struct entitlement_row, entitlement_columns);

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
	return db_change_add_each(c, DB_CHANGE_ENTITLEMENT,
		&(struct db_call){ .query = QUERY_ENTITLEMENT_MEMBERS,
			DB_PARAMS(db_z(g->owner_id), db_z(g->plan),
				db_z(g->except ? g->except : ""), db_int(DB_CHANGE_EACH_MAX)) });
}

struct grant_job {
	const struct entitlement_grant *g;
	const char *id;
	int64_t now_s;
};

static enum err grant_tx(struct db_conn *c, void *arg)
{
	const struct grant_job *j = arg;
	const struct entitlement_grant *g = j->g;
	struct db_call call = { .query = QUERY_ENTITLEMENT_INSERT,
		DB_PARAMS(db_z(j->id), db_z(g->account_id), db_z(g->plan), db_z(g->source),
			db_text(str_of(g->article_id).p ? str_of(g->article_id) : STR("")),
			db_z(entitlement_status_name(g->status)), db_int(g->starts_at),
			db_int_or_null(g->ends_at), db_int(g->grace_s), db_int(g->seats),
			db_int(j->now_s)) };
	enum err e = db_run(c, &call, NULL);

	if (!e)
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
	char account_id[ID_SIZE], plan[PLAN_SIZE];
};
static const struct db_column owner_columns[] = { DB_COL_CHARS(struct one_job, account_id),
	DB_COL_CHARS(struct one_job, plan) };
static const struct db_shape owner_shape = DB_SHAPE(struct one_job, owner_columns);

static enum err one_tx(struct db_conn *c, void *arg)
{
	struct one_job *j = arg;
	struct db_call revoke = { .query = QUERY_ENTITLEMENT_REVOKE,
		DB_PARAMS(db_text(j->id), db_int(j->now_s)),
		.shape = &owner_shape };
	struct db_param grace = db_int(j->grace_s);
	if (j->grace_s < 0)
		grace.type = DB_NULL;
	struct db_call set = { .query = QUERY_ENTITLEMENT_SET_STATUS,
		DB_PARAMS(db_text(j->id), db_z(entitlement_status_name(j->status)),
			db_int_or_null(j->ends_at), grace),
		.shape = &owner_shape };
	enum err e = db_get(c, j->status ? &set : &revoke, j);

	if (!e)
		e = db_change_add(c, DB_CHANGE_ENTITLEMENT, j->account_id);
	if (e)
		return e;
	return entitlement_members_tell(
		c, &(struct entitlement_group){ .owner_id = j->account_id, .plan = j->plan });
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

/* A status nobody knows lets nobody in: 0 is in no set of open ones. */
static struct entitlement row_read(const struct entitlement_row *row)
{
	struct entitlement e = row->e;

	if (entitlement_status_parse(str_of(row->status), &e.status) != ERR_OK)
		e.status = (enum entitlement_status)0;
	return e;
}

enum err entitlement_get(struct db_conn *c, struct str id, struct entitlement *out)
{
	struct entitlement_row row;
	struct db_call call = { .query = QUERY_ENTITLEMENT_BY_ID,
		DB_PARAMS(db_text(id)),
		.shape = &entitlement_shape };
	enum err e = db_get(c, &call, &row);

	if (!e)
		*out = row_read(&row);
	return e;
}

static enum err take_rows(struct db_conn *c, struct db_call call, struct entitlements *out)
{
	struct entitlement_row *rows = NULL;
	size_t n = 0;

	call.shape = &entitlement_shape;
	enum err e = db_list(c, &call, &rows, &n);
	struct entitlement *list = e ? NULL : arena_alloc(call.arena, (n + 1) * sizeof *list);

	if (e || !list)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = row_read(&rows[i]);
	*out = (struct entitlements){ list, n };
	return ERR_OK;
}

enum err entitlement_list(
	struct db_conn *c, const char *account_id, struct arena *a, struct entitlements *out)
{
	return take_rows(c,
		(struct db_call){ .query = QUERY_ENTITLEMENT_BY_ACCOUNT,
			DB_PARAMS(db_z(account_id), db_int(ENTITLEMENTS_LIST_MAX)),
			.arena = a,
			.max_rows = ENTITLEMENTS_LIST_MAX },
		out);
}

enum err entitlement_for_article(struct db_conn *c, const char *account_id, const char *article_id,
	struct arena *a, struct entitlements *out)
{
	return take_rows(c,
		(struct db_call){ .query = QUERY_ENTITLEMENT_FOR_ARTICLE,
			DB_PARAMS(db_z(account_id), db_z(article_id), db_int(ENTITLEMENTS_MAX)),
			.arena = a,
			.max_rows = ENTITLEMENTS_MAX },
		out);
}
