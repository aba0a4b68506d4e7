/* Scopes: what this thread is inside of. A transaction inside another one of the same database is
 * refused, and nothing begins once the program was told to end. */
#include "internal.h"

static _Thread_local struct db_scope *innermost;

bool db_in_tx(const struct db *db)
{
	for (const struct db_scope *s = innermost; s; s = s->outer)
		if (s->db == db)
			return true;
	return false;
}

/* A second connection inside a transaction would see another state, and a second write would wait
 * for itself. */
enum err db_scope_enter(struct db_scope *s, const struct db *db)
{
	if (db_in_tx(db)) {
		LOG(db->log, LOG_ERROR, "db_nested",
			log_z("why", "db_read or db_tx inside a transaction of the same thread"));
		return ERR_INTERNAL;
	}
	s->db = db;
	s->outer = innermost;
	innermost = s;
	return ERR_OK;
}

void db_scope_leave(const struct db_scope *s)
{
	innermost = s->outer;
}

bool db_stopped(const struct db *db)
{
	return db->stop && *db->stop;
}
