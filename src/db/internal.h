/* db, inside: what its files share, and what its tests may look at. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include "driver.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	DB_GROUP_MAX = 64,        /* transactions that share a commit */
	DB_TRIES_MAX = 5,         /* of a group, while the database is busy */
	DB_OWN_QUERIES = 1 << 20, /* ids from here on: the queries of this room, migrate.c */
	DB_OWN_COUNT = 3,
	DB_TOLD_MAX = 16,   /* changes of one transaction that are told one by one */
	DB_SEEN_MAX = 1024, /* changes that are known again, so that none is told twice in vain */
};
extern const struct db_query_text db_own_texts[DB_OWN_COUNT];

struct db_schema {
	const struct db_query_text *queries;
	size_t query_count;
	const struct db_migration *migrations; /* ends with version 0 */
};

struct db_conn {
	struct db *db;
	struct driver_conn *handle;
	struct driver_stmt **stmts; /* by query id, prepared at first use; our own behind them */
	bool writer;
	struct db_changes *changes; /* of the transaction under way */
	enum err doomed; /* a statement failed: the engines differ in what goes on, so nothing does
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
	uint64_t transactions, commits;
};

struct db_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct db_conn **idle; /* the last one given back is the next lent: its caches are warm */
	size_t idle_count;
	struct db_conn **all;
	size_t count;
};

struct db_feed {
	struct db_subscriber to;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool closing;
	uint64_t seen[DB_SEEN_MAX];
	size_t seen_next;
	/* ---- the thread's alone ---- */
	struct db_conn *conn;
	int64_t mark; /* all changes of transactions before it have been read */
	/* ---- read by all ---- */
	atomic_bool live, lost;
	_Atomic int64_t proven_at_us;
	_Atomic uint64_t changes, flushes, breaks;
};

struct db {
	const struct driver *driver;
	struct db_schema schema;
	struct log log_copy;
	const struct log *log;
	char *place;
	int claim;
	unsigned busy_timeout_ms;
	struct db_writer writer;
	struct db_pool readers;
	struct db_feed feed;
};

/* db_open with another schema than the program's. */
enum err MUST_USE db_open_schema(const struct db_settings *s, const struct db_schema *schema,
	struct db **out, char why[static DB_WHY_SIZE]);

/* ---- db.c ---- */
/* What this thread is inside of, the innermost first. */
struct db_scope {
	const struct db *db;
	struct db_scope *outer;
};
enum err MUST_USE db_scope_enter(struct db_scope *s, const struct db *db);
void db_scope_leave(const struct db_scope *s);
enum err MUST_USE db_conn_open(
	struct db *db, bool writer, struct db_conn **out, char why[static DB_WHY_SIZE]);
void db_conn_close(struct db_conn *c); /* NULL is fine */
/* Runs `fn` in a snapshot of a connection that this thread holds. */
enum err MUST_USE db_snapshot_run(struct db_conn *c, db_fn *fn, void *arg);
/* Logs an unexpected error with the engine's words and passes it on. */
enum err db_trouble(struct db_conn *c, const char *what, enum err e);

/* ---- writer.c ---- */
enum err MUST_USE db_writer_start(struct db *db, struct db_conn *conn);
void db_writer_stop(struct db *db);
struct db_stats {
	uint64_t transactions, commits; /* that ended well */
};
struct db_stats db_stats_get(struct db *db);

/* ---- feed.c ---- */
/* After the commit, or when nobody knows whether there was one. */
void db_changes_tell(struct db *db, const struct db_changes *ch, bool committed);

/* ---- migrate.c ---- */
/* Refuses a database that is newer than the schema, or another program's. */
enum err MUST_USE db_version_check(
	struct db *db, struct db_version *v, char why[static DB_WHY_SIZE]);

#endif
