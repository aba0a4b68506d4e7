/* db, inside: what its files share, and what its tests may look at. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include "driver.h"

#include "postern/thread.h"

#include <stdatomic.h>

enum {
	DB_CONNECTIONS_MAX = 1000,
	DB_CONNECT_WAIT_MS = 2000, /* for a first connection after all were lost */
	DB_BACKOFF_FIRST_MS = 100, /* between tries to connect, doubled up to: */
	DB_BACKOFF_MAX_MS = 2000,
	DB_RETRY_FIRST_MS = 4, /* before a transaction runs again, doubled, up to half less … */
	DB_RETRY_MAX_MS = 500, /* … and up to this */
	DB_MIGRATE_MS = 60 * 1000, /* how long a migration tries to have its locks */
	DB_DOUBT_MS = 10 * 1000,   /* how long one looks whether a commit happened */
	DB_DOUBT_PAUSE_MS = 200,
	DB_CROWD_MS = 1000,           /* without one write that ends, until others are refused */
	DB_DAMAGE_US = 300 * 1000000, /* that damage is told of */
	DB_GROUP_MAX = 64,            /* transactions that share a commit */
	DB_TRIES_MAX = 5,             /* of a group or a transaction */
	DB_TRIES_FREE = 2,            /* of a transaction beside all others; then alone */
	DB_OWN_QUERIES = 1 << 20,     /* ids from here on: the queries of this room, own_texts.c */
	DB_TABLE_QUERIES = 1 << 21,   /* and those of whole tables, table.c */
	DB_TOLD_MAX = 16,             /* changes of one transaction that are told one by one */
	DB_SEEN_MAX = 1024, /* changes that are known again, so that none is told twice in vain */
};
/* Behind DB_OWN_QUERIES. */
enum db_own {
	DB_OWN_TABLES_COUNT,
	DB_OWN_VERSION_MAX,
	DB_OWN_VERSION_INSERT,
	DB_OWN_COPY_GET,
	DB_OWN_COPY_SET,
	DB_OWN_COPY_CLEAR,
	DB_OWN_COUNT
};
extern const struct db_query_text db_own_texts[DB_OWN_COUNT];

/* What schemac made of schema/: static, read-only. Tests pass one of their own. */
struct db_schema {
	const struct db_query_text *queries;
	size_t query_count;
	const struct db_migration *migrations; /* ends with version 0 */
	const struct db_table *tables;
	size_t table_count;
};

/* One connection, lent to one thread at a time. */
struct db_conn {
	struct db *db;
	struct driver_conn *handle;
	struct driver_stmt **stmts; /* by query id, prepared at first use; our own behind them */
	bool writer;                /* may write, now */
	uint64_t statements;        /* of the snapshot */
	struct db_changes *changes; /* of the transaction under way */
	enum err tx_aborted; /* a statement failed: the engines differ in what goes on, so nothing
			      * does
			      */
};

/* The changes of one transaction, told to the subscriber once it is committed. */
struct db_changes {
	struct {
		enum db_change kind;
		char key[DB_CHANGE_KEY_SIZE];
		uint64_t id; /* the first bytes of the row's: enough to know it again */
	} list[DB_TOLD_MAX];
	size_t count;
	bool many; /* more than the list holds */
};

/* A transaction that waits for the writer's thread. It lives on the stack of its caller, who waits
 * until `done`. */
struct db_job {
	db_fn *fn;
	void *arg;
	struct db_changes changes;
	enum err err;
	bool done;
	pthread_cond_t wake;
	struct db_job *next;
};

struct db_writer {
	struct db_conn *conn; /* the thread's alone */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	struct db_job *first, **last;
	bool closing;
};

struct db_stats {
	uint64_t transactions, commits; /* that ended well */
	uint64_t again;                 /* runs repeated because the engine asked for it */
	uint64_t snapshots, statements; /* snapshots that were read from, statements in these */
};

/* Connections that are lent to one caller at a time. All of SQLite's are open from the start; a
 * concurrent driver's are opened when somebody waits, by one thread, one after the other, so that
 * after a failover every process opens at most one at a time. */
struct db_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;   /* something was given back, or opened, or cannot be opened */
	struct db_conn **idle; /* the last one given back is the next lent: its caches are warm */
	size_t idle_count, count, size;
	size_t waiting;
	pthread_t keeper;
	pthread_cond_t keeper_wake;
	bool keeping, closing;
	bool down; /* the last try to open one failed, and none is open: callers need not wait */
};

/* The feed of changes of other processes: a thread and a connection of its own. */
struct db_change_log {
	struct db_subscriber to;
	bool running;
	struct thread_worker worker; /* while it runs; its lock is that of what follows */
	uint64_t seen[DB_SEEN_MAX];
	size_t seen_next;
	/* ---- the thread's alone ---- */
	struct db_conn *conn;
	char *mark; /* what has been read (schema/queries/change.sql); NULL: nothing yet */
	/* ---- read by all ---- */
	atomic_bool live, lost;
	_Atomic int64_t validated_at_us;
	_Atomic uint64_t changes, flushes, breaks;
};

/* An open database, for any thread. What changes while the program serves is atomic or has a lock.
 */
struct db {
	const struct driver *driver;
	struct db_schema schema;
	struct log log_copy;
	const struct log *log;
	char *location;
	char shown[DB_SHOWN_SIZE]; /* the location, for people */
	int claim;
	enum db_use use;
	const _Atomic int *stop;
	unsigned busy_timeout_ms;
	struct db_writer writer; /* of a driver that is not concurrent */
	struct db_pool pool;     /* readers, or, of a concurrent driver, all */
	pthread_rwlock_t turn;   /* shared by all; taken alone by what was run again in vain */
	pthread_mutex_t stats_lock;
	struct db_stats stats;
	struct db_change_log feed;
	struct db_crowd *crowd;        /* NULL: any number may write */
	struct db_notes *notes;        /* NULL: not started */
	_Atomic int64_t damaged_at_us; /* when the engine last found damage; 0: never */
};

/* db_open with another schema than the program's. */
enum err MUST_USE db_open_schema(const struct db_settings *s, const struct db_schema *schema,
	struct db **out, char why[static DB_WHY_SIZE]);

/* ---- scope.c ---- */
/* What this thread is inside of, the innermost first. */
struct db_scope {
	const struct db *db;
	struct db_scope *outer;
};
enum err MUST_USE db_scope_enter(struct db_scope *s, const struct db *db);
void db_scope_leave(const struct db_scope *s);
/* The program was told to end. */
bool db_stopped(const struct db *db);

/* ---- outcome.c ---- */
/* Logs an unexpected error with the engine's words and passes it on. */
enum err db_error(struct db_conn *c, const char *what, enum err e);
struct db_stats db_stats_get(struct db *db);
void db_stats_add(struct db *db, struct db_stats more);

/* ---- read.c ---- */
/* Runs `fn` in a snapshot of a connection that this thread holds. */
enum err MUST_USE db_snapshot_run(struct db_conn *c, db_fn *fn, void *arg);

/* ---- pool.c ---- */
/* Between 1/2 and 1 of `ms`, in microseconds. */
int64_t db_jitter_us(unsigned ms);
/* Before the next try to connect, after so many in a row that failed (1 or more): doubled each
 * time, and half of it is chance, so that many processes do not come back at the same moment. */
int64_t db_backoff_us(unsigned failures);
void db_sleep_us(int64_t us);

/* Opens one connection, and those of a driver that is not concurrent all. */
enum err MUST_USE db_pool_open(struct db *db, size_t size, char why[static DB_WHY_SIZE]);
void db_pool_close(struct db *db);
/* ERR_UNAVAILABLE at once when the database is known to be out of reach. */
enum err MUST_USE db_pool_acquire(struct db *db, struct db_conn **out);
void db_pool_release(struct db *db, struct db_conn *c);
struct driver_target db_target(const struct db *db, bool writer);
enum err MUST_USE db_conn_open(
	struct db *db, bool writer, struct db_conn **out, char why[static DB_WHY_SIZE]);
void db_conn_close(struct db_conn *c); /* NULL is fine */

/* ---- tx.c ---- */
/* db_tx of a concurrent driver. */
enum err MUST_USE db_tx_concurrent(struct db *db, enum driver_begin kind, db_fn *fn, void *arg);

/* Forgets the marks of old transactions. */
enum err MUST_USE db_marks_purge(struct db *db);

/* ---- writer.c ---- */
enum err MUST_USE db_writer_start(struct db *db, struct db_conn *conn);
void db_writer_stop(struct db *db);
/* ERR_INTERNAL for DB_LOOK, logged: every way to write asks. */
enum err MUST_USE db_may_write(const struct db *db);

/* ---- crowd.c ---- */
struct db_crowd *db_crowd_new(unsigned max); /* NULL without memory */
void db_crowd_free(struct db_crowd *w);
/* ERR_BUSY when all slots are taken and none was given back for DB_CROWD_MS. */
enum err MUST_USE db_crowd_enter(struct db *db, unsigned *slot);
void db_crowd_leave(struct db *db, unsigned slot);
unsigned db_crowd_count(const struct db *db); /* that are in */

/* ---- change.c ---- */
/* After the commit, or when nobody knows whether there was one. */
void db_changes_tell(struct db *db, const struct db_changes *ch, bool committed);
/* A row of the table, unless its change was told before. A kind that only a newer program knows
 * flushes. */
void db_change_tell(struct db_change_log *f, const char *id, const char *name, const char *key);
/* Tells the subscriber that anything may have changed. */
void db_changes_flush(struct db_change_log *f);

/* ---- statement.c ---- */
/* The prepared statement with its parameters bound, for table.c; to be reset. */
enum err MUST_USE db_statement_start(
	struct db_conn *c, const struct db_call *call, size_t columns, struct driver_stmt **out);
/* Of a statement that failed in the engine: the transaction goes no further. */
enum err db_statement_error(struct db_conn *c, const struct db_call *call, enum err e);

/* ---- migrate.c ---- */
/* ERR_CONFLICT when it holds an unfinished copy and was not opened to finish it. */
enum err MUST_USE db_copy_check(struct db *db, char why[static DB_WHY_SIZE]);
/* Refuses a database that is newer than the schema, or another program's. */
enum err MUST_USE db_version_check(
	struct db *db, struct db_version *v, char why[static DB_WHY_SIZE]);

#endif
