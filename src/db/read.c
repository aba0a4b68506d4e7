/* Reading: a function runs in a snapshot of a connection that the pool lends. */
#include "internal.h"

/* A failed statement fails the whole, whatever `fn` made of it; a snapshot has nothing to commit.
 */
enum err db_snapshot_run(struct db_conn *c, db_fn *fn, void *arg)
{
	c->tx_aborted = ERR_OK;
	c->writer = false;
	c->statements = 0;
	enum err e = c->db->driver->begin(c->handle, DRIVER_READ);
	if (e != ERR_OK)
		return db_error(c, "begin", e);
	e = fn(c, arg);
	c->db->driver->rollback(c->handle);
	db_stats_add(c->db, (struct db_stats){ .snapshots = 1, .statements = c->statements });
	return e == ERR_OK ? c->tx_aborted : e;
}

/* Once more when the connection was lost on the way: it had been idle since before. */
static enum err snapshot_lend(struct db *db, db_fn *fn, void *arg)
{
	enum err e = ERR_UNAVAILABLE;
	bool lost = true;
	for (int tries = 0; lost && tries < 2; tries++) {
		struct db_conn *c = NULL;
		e = db_pool_acquire(db, &c);
		if (e != ERR_OK)
			return e;
		e = db_snapshot_run(c, fn, arg);
		lost = c->tx_aborted == ERR_UNAVAILABLE && !db->driver->alive(c->handle);
		db_pool_release(db, c);
	}
	return e;
}

enum err db_read(struct db *db, db_fn *fn, void *arg)
{
	struct db_scope scope;
	enum err e = db_scope_enter(&scope, db);
	if (e != ERR_OK)
		return e;
	e = db_stopped(db) ? ERR_STOPPED : snapshot_lend(db, fn, arg);
	db_scope_leave(&scope);
	return e != ERR_OK && db_stopped(db) ? ERR_STOPPED : e;
}
