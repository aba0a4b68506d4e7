/* What the files of the driver for SQLite share. https://www.sqlite.org/c3ref/intro.html
 *
 *   sqlite.c        transactions, statements, changes     sqlite_open.c   connections
 *   sqlite_check.c  is the file sound                     sqlite_err.c    result codes
 *   sqlite_lock.c   whose turn it is to write             sqlite_wal.c    checkpoints */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "driver.h"
#include "sqlite_err.h"

#include <sqlite3.h>

enum { SQLITE_PAGE_CACHE_KIB = 2000 }; /* as it is by itself, but told at start-up */
/* Statements without parameters, prepared once for each connection. */
enum control {
	BEGIN_READ,
	BEGIN_WRITE,
	COMMIT,
	ROLLBACK,
	SAVEPOINT,
	RELEASE,
	ROLLBACK_TO,
	CONTROLS
};
/* One connection, opened with SQLITE_OPEN_NOMUTEX: it belongs to one thread at a time. */
struct driver_conn {
	sqlite3 *db;
	bool writer;
	const _Atomic int *stop; /* not 0: the program is told to end; may be NULL */
	unsigned busy_ms;
	int64_t busy_since_us;             /* since when it waits for a lock */
	int turn;                          /* of a writer, db_sqlite_turn_open */
	struct checkpointer *checkpointer; /* of a writer that serves */
	int64_t limit_us;                  /* of the statement that has one, see step_limit */
	sqlite3_stmt *controls[CONTROLS];
	sqlite3_stmt *version; /* of a connection that listens */
	int64_t version_seen;
};

/* Ends a statement that runs beyond its limit, or when the program is told to end. */
void db_sqlite_watch(struct driver_conn *c);
/* Whether to end it now; `arg` is the connection. */
int db_sqlite_is_over(void *arg);
enum err db_sqlite_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE]);
void db_sqlite_close(struct driver_conn *c);
enum err db_sqlite_check(
	struct driver_conn *c, const struct db_check_progress *p, char why[static DB_WHY_SIZE]);

/* ---- sqlite_lock.c ---- */
/* Waits for another's lock: sqlite3_busy_handler; `arg` is the connection. */
int db_sqlite_busy(void *arg, int tries);
/* Before it begins to write; false: without a turn, which is no reason not to begin. */
bool db_sqlite_turn_take(const struct driver_conn *c);
void db_sqlite_turn_give(const struct driver_conn *c);

/* ---- sqlite_wal.c ---- */
/* Copies what `c` commits from the log into the file, on a thread and a connection of its own. */
enum err db_sqlite_checkpointer_start(
	struct driver_conn *c, const struct driver_target *t, char why[static DB_WHY_SIZE]);
void db_sqlite_checkpointer_stop(struct driver_conn *c);

#endif
