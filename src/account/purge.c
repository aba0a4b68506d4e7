/* What the housekeeping takes away of accounts: what has ended or lapsed long ago.
 *
 * Sessions need no word to other processes: whoever has one in memory asks the same conditions
 * again at each use. An account may be in memory for what it may read, so its end is told. */
#include "internal.h"

#include <string.h>

enum {
	DAY_S = 86400,
	ENDED_KEPT_S = 30 * DAY_S,
	REQUEST_KEPT_S = DAY_S,      /* that could not be worked on for so long */
	DEVICE_KEPT_S = 400 * DAY_S, /* as long as a browser keeps a cookie */
	UNVERIFIED_MAX = 256,        /* accounts of one batch */
	UNVERIFIED_BYTES_MAX = 256 << 10,
};

struct unverified_row {
	char id[ID_SIZE];
	int64_t updated_at, has_rights;
};
static const struct db_column unverified_columns[] = {
	DB_COL_CHARS(struct unverified_row, id),
	DB_COL_INT(struct unverified_row, updated_at),
	DB_COL_INT(struct unverified_row, has_rights),
};
static const struct db_shape unverified_shape = DB_SHAPE(struct unverified_row, unverified_columns);

/* Walks through them by age, so that those that stay, because they hold something, are passed once
 * in a run and by reading alone. */
struct unverified {
	int64_t before_s, max, deleted;
	struct unverified_row last; /* of the batch before */
	struct arena *a;
	struct unverified_row *list;
	size_t n;
};

static enum err unverified_read(struct db_conn *c, void *arg)
{
	struct unverified *u = arg;
	struct db_call call = { .query = QUERY_ACCOUNT_UNVERIFIED,
		DB_PARAMS(db_int(u->before_s), db_int(u->last.updated_at), db_z(u->last.id),
			db_int(u->max)),
		.shape = &unverified_shape,
		.arena = u->a,
		.max_rows = UNVERIFIED_MAX };

	return db_list(c, &call, &u->list, &u->n);
}

/* The lock first: who is giving this account something at the moment has done so, or fails, before
 * the question whether it holds anything is asked. */
static enum err unverified_delete(struct db_conn *c, struct unverified *u, const char *id)
{
	char locked[ID_SIZE];
	struct db_call lock = { .query = QUERY_ACCOUNT_LOCK, DB_PARAMS(db_z(id)) };
	struct db_call call = { .query = QUERY_ACCOUNT_DELETE_UNVERIFIED,
		DB_PARAMS(db_z(id), db_int(u->before_s)) };
	int64_t changed = 0;
	enum err e = db_get_id(c, &lock, locked);

	if (!e)
		e = db_run(c, &call, &changed);
	if (e || !changed)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	u->deleted++;
	return db_change_add(c, DB_CHANGE_ACCOUNT, id);
}

static enum err unverified_tx(struct db_conn *c, void *arg)
{
	struct unverified *u = arg;
	enum err e = ERR_OK;

	u->deleted = 0;
	for (size_t i = 0; !e && i < u->n; i++) {
		if (!u->list[i].has_rights)
			e = unverified_delete(c, u, u->list[i].id);
	}
	return e;
}

static bool any_to_delete(const struct unverified *u)
{
	for (size_t i = 0; i < u->n; i++) {
		if (!u->list[i].has_rights)
			return true;
	}
	return false;
}

static enum err unverified_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	struct unverified *u = arg;
	ARENA_AUTO *a = arena_new(UNVERIFIED_BYTES_MAX);

	u->a = a;
	b->max = u->max = b->max < UNVERIFIED_MAX ? b->max : UNVERIFIED_MAX;
	u->deleted = 0;
	enum err e = a ? db_read(s->db, unverified_read, u) : ERR_NOMEM;
	if (!e && any_to_delete(u))
		e = db_tx_each(s->db, unverified_tx, u);
	if (e)
		return e;
	b->seen = (int64_t)u->n;
	b->deleted = u->deleted;
	if (u->n > 0)
		u->last = u->list[u->n - 1];
	return ERR_OK;
}

enum err account_purge(const struct accounts *s, struct db_sweeper *sweeper)
{
	const int64_t now_s = sweeper->now_s;
	struct unverified u = { .before_s = now_s - (int64_t)s->set.verify_minutes * 60 * 2,
		.last.updated_at = INT64_MIN };
	const struct db_sweep steps[] = {
		{ .name = "sessions", .query = QUERY_SESSION_PURGE, .before_s = now_s },
		{ .name = "ended_sessions",
			.query = QUERY_SESSION_ENDED_PURGE,
			.before_s = now_s - ENDED_KEPT_S },
		{ .name = "mail_tokens", .query = QUERY_MAIL_TOKEN_PURGE, .before_s = now_s },
		{ .name = "failures",
			.query = QUERY_FAILURE_PURGE,
			.before_s = now_s - s->set.failure_forget_s },
		{ .name = "devices",
			.query = QUERY_DEVICE_PURGE,
			.before_s = now_s - DEVICE_KEPT_S },
		{ .name = "account_requests",
			.query = QUERY_ACCOUNT_REQUEST_PURGE,
			.before_s = now_s - REQUEST_KEPT_S },
		{ .name = "unverified_accounts", .batch = unverified_batch, .arg = &u },
	};

	return db_sweep_all(sweeper, steps, COUNT(steps));
}
