/* How what the database was asked ended: unexpected errors are logged with the engine's words,
 * damage is remembered for a while, and transactions are counted. */
#include "internal.h"

bool db_damaged(const struct db *db)
{
	const int64_t at_us = atomic_load(&db->damaged_at_us);
	return at_us != 0 && clock_monotonic_us() - at_us < DB_DAMAGE_US;
}

/* A concurrent driver's transaction is run again, and tells at the end. */
static enum log_level level_of(const struct db *db, enum err e)
{
	if (e != ERR_BUSY)
		return LOG_ERROR;
	return db->driver->concurrent ? LOG_DEBUG : LOG_WARN;
}

enum err db_error(struct db_conn *c, const char *what, enum err e)
{
	if (e == ERR_CORRUPT)
		atomic_store(&c->db->damaged_at_us, clock_monotonic_us());
	if (e != ERR_OK && e != ERR_CONFLICT && !db_stopped(c->db))
		LOG(c->db->log, level_of(c->db, e), "db_failed", log_z("query", what),
			log_z("error", err_name(e)),
			log_z("message", c->db->driver->message(c->handle)));
	return e;
}

struct db_stats db_stats_get(struct db *db)
{
	pthread_mutex_lock(&db->stats_lock);
	struct db_stats s = db->stats;
	pthread_mutex_unlock(&db->stats_lock);
	return s;
}

void db_stats_add(struct db *db, struct db_stats more)
{
	pthread_mutex_lock(&db->stats_lock);
	db->stats.transactions += more.transactions;
	db->stats.commits += more.commits;
	db->stats.again += more.again;
	db->stats.snapshots += more.snapshots;
	db->stats.statements += more.statements;
	pthread_mutex_unlock(&db->stats_lock);
}
