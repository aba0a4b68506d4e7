/* Connections to a file of SQLite: opened, hardened, tuned. https://www.sqlite.org/pragma.html,
 * /security.html, /wal.html */
#include "sqlite.h"
#include "sqlite_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	COLUMN_BYTES_MAX = 64 << 20,
	WAL_KEPT_BYTES = 64 << 20, /* what a large import leaves behind */
	WAL_PAUSE_US = 10 * 1000,
	/* In the log, until a commit copies it into the file by itself: that of a tool, since a
	 * program that serves does so earlier, on a thread of its own. */
	WAL_PAGES = 16384,
	WATCH_STEPS = 1000, /* of the virtual machine, between two looks at clock and flag */
};

static int text_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* The file may be another's: it shall not make SQLite do more than hold our rows. */
static int conn_harden(sqlite3 *db)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	int rc = SQLITE_OK;
	for (size_t i = 0; i < COUNT(options) && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(db, options[i].option, options[i].value, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, COLUMN_BYTES_MAX);
	return rc;
}

static int wal_ask(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(st);
	const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	bool is_wal = mode && strcmp(mode, "wal") == 0;
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return is_wal ? SQLITE_OK
			      : SQLITE_CANTOPEN; /* a file system without shared memory */
	return rc;
}

/* The first switch of a file to WAL does not always wait for its lock by itself. */
static int wal_switch(sqlite3 *db, unsigned busy_timeout_ms)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)busy_timeout_ms * 1000;
	int rc = wal_ask(db);
	while ((rc & 0xff) == SQLITE_BUSY && clock_monotonic_us() < end_us) {
		usleep(WAL_PAUSE_US);
		rc = wal_ask(db);
	}
	return rc;
}

/* secure_delete: what is deleted is overwritten; password hashes and tokens shall not linger in the
 * file. */
static int conn_tune(sqlite3 *db, const struct driver_target *t)
{
	int rc = t->looking ? SQLITE_OK : wal_switch(db, t->busy_timeout_ms);
	if (rc == SQLITE_OK)
		rc = text_run(db, "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA "
				  "temp_store = MEMORY;"
				  "PRAGMA cell_size_check = ON");
	char pragma[128];
	snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%d", SQLITE_PAGE_CACHE_KIB);
	if (rc == SQLITE_OK)
		rc = text_run(db, pragma);
	if (rc != SQLITE_OK || !t->writer)
		return rc == SQLITE_OK ? text_run(db, "PRAGMA query_only = ON") : rc;
	snprintf(pragma, sizeof pragma,
		"PRAGMA journal_size_limit = %d; PRAGMA wal_autocheckpoint = %d", WAL_KEPT_BYTES,
		WAL_PAGES);
	return text_run(db, pragma);
}

static enum err open_refuse(const char *location, int rc, sqlite3 *db, char why[static DB_WHY_SIZE])
{
	enum err e = db_sqlite_err(rc);
	const char *message = db ? sqlite3_errmsg(db) : "no memory";
	if ((rc & 0xff) == SQLITE_NOTADB)
		snprintf(why, DB_WHY_SIZE,
			"the file %.100s is not a SQLite database; name another, or restore a "
			"backup",
			location);
	else if (e == ERR_BUSY)
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s is locked by another program; try again when that is "
			"done",
			location);
	else
		snprintf(why, DB_WHY_SIZE, "the database %.100s cannot be opened: %.80s", location,
			message);
	return e;
}

int db_sqlite_is_over(void *arg)
{
	const struct driver_conn *c = arg;
	bool late = c->limit_us && clock_monotonic_us() > c->limit_us;
	return late || (c->stop && *c->stop);
}

void db_sqlite_watch(struct driver_conn *c)
{
	bool any = c->limit_us || c->stop;
	sqlite3_progress_handler(c->db, any ? WATCH_STEPS : 0, any ? db_sqlite_is_over : NULL, c);
}

/* One that looks could open the file for reading only; but then the log beside it, which even a
 * reader needs, stays when it goes. So it does that only where it must. It never writes:
 * query_only. */
static int open_mode(const struct driver_target *t)
{
	bool may_write = !t->looking || access(t->location, W_OK) == 0;
	return may_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
}

void db_sqlite_close(struct driver_conn *c)
{
	for (int i = 0; i < CONTROLS; i++)
		sqlite3_finalize(c->controls[i]);
	sqlite3_finalize(c->version);
	sqlite3_close(c->db);
	if (c->turn >= 0)
		close(c->turn);
	free(c);
}

enum err db_sqlite_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE])
{
	struct driver_conn *c = calloc(1, sizeof *c);
	if (!c)
		return open_refuse(t->location, SQLITE_NOMEM, NULL, why);
	c->writer = t->writer;
	c->stop = t->stop;
	c->busy_ms = t->busy_timeout_ms;
	c->turn = t->writer ? db_sqlite_turn_open(t->location) : -1;
	int rc = sqlite3_open_v2(t->location, &c->db,
		open_mode(t) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
			SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_handler(c->db, db_sqlite_busy, c);
	if (rc == SQLITE_OK)
		rc = conn_harden(c->db);
	if (rc == SQLITE_OK)
		rc = conn_tune(c->db, t);
	if (rc == SQLITE_OK)
		db_sqlite_watch(c);
	if (rc != SQLITE_OK) {
		enum err e = open_refuse(t->location, rc, c->db, why);
		db_sqlite_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}
