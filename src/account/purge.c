/* What the housekeeping takes away of accounts: what has ended or lapsed long ago.
 *
 * Sessions need no word to other processes: whoever has one in memory asks the same conditions
 * again at each use. An account may be in memory for what it may read, so its end is told. */
#include "internal.h"

#include "postern/queries/account.h"
#include "postern/queries/session.h"

#include <string.h>

enum {
	DAY_S = 86400,
	ENDED_KEPT_S = 30 * DAY_S,
	LINK_KEPT_S = 7 * DAY_S,     /* so that a page can say that it has expired, or was used */
	REQUEST_KEPT_S = DAY_S,      /* that could not be worked on for so long */
	DEVICE_KEPT_S = 400 * DAY_S, /* as long as a browser keeps a cookie */
	UNVERIFIED_MAX = 256,        /* accounts of one batch */
	UNVERIFIED_BYTES_MAX = 256 << 10,
};

/* Walks through them by age, so that those that stay, because they hold something, are passed once
 * in a run and by reading alone. */
struct unverified {
	int64_t before_s, deleted;
	struct account_unverified_row last; /* of the batch before */
	struct account_unverified_row *list;
	size_t n;
};

/* The lock first: who is giving this account something at the moment has done so, or fails, before
 * the question whether it holds anything is asked. */
static enum err unverified_delete(struct db_conn *c, struct unverified *u, const char *id)
{
	int64_t changed = 0;
	enum err e = q_account_lock(c, id);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	e = q_account_delete_unverified(c, id, u->before_s, &changed);
	if (e || !changed)
		return e;
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

/* Accounts that never confirmed their address, from where the last batch ended. Those with an
 * entitlement, a seat or a gift (has_rights) stay. */
static enum err unverified_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	struct unverified *u = arg;
	ARENA_AUTO *a = arena_new(UNVERIFIED_BYTES_MAX);
	if (!a)
		return ERR_NOMEM;
	b->max = b->max < UNVERIFIED_MAX ? b->max : UNVERIFIED_MAX;
	u->deleted = 0;
	enum err e = q_account_unverified(s->db, u->before_s, u->last.updated_at, u->last.id,
		(size_t)b->max, a, &u->list, &u->n);
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
		{ .name = "sessions", .purge = q_session_purge, .before_s = now_s },
		{ .name = "ended_sessions",
			.purge = q_session_ended_purge,
			.before_s = now_s - ENDED_KEPT_S },
		{ .name = "mail_tokens",
			.purge = q_mail_token_purge,
			.before_s = now_s - LINK_KEPT_S },
		{ .name = "failures",
			.purge = q_failure_purge,
			.before_s = now_s - s->set.failure_forget_s },
		{ .name = "devices", .purge = q_device_purge, .before_s = now_s - DEVICE_KEPT_S },
		{ .name = "account_requests",
			.purge = q_account_request_purge,
			.before_s = now_s - REQUEST_KEPT_S },
		{ .name = "unverified_accounts", .batch = unverified_batch, .arg = &u },
	};
	return db_sweep_all(sweeper, steps, COUNT(steps));
}
