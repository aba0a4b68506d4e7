/* db, inside: what its files share, and what its tests may look at. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include "driver.h"

#include <pthread.h>

enum {
	DB_GROUP_MAX = 64,        /* transactions that share a commit */
	DB_TRIES_MAX = 5,         /* of a group, while the database is busy */
	DB_OWN_QUERIES = 1 << 20, /* ids from here on: the queries of this room, migrate.c */
	DB_OWN_COUNT = 3,
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
	enum err doomed; /* a statement failed: the engines differ in what goes on, so nothing does
			  */
};

struct db_job {
	db_fn *fn;
	void *arg;
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
/* Logs an unexpected error with the engine's words and passes it on. */
enum err db_trouble(struct db_conn *c, const char *what, enum err e);

/* ---- writer.c ---- */
enum err MUST_USE db_writer_start(struct db *db, struct db_conn *conn);
void db_writer_stop(struct db *db);
struct db_stats {
	uint64_t transactions, commits; /* that ended well */
};
struct db_stats db_stats_get(struct db *db);

/* ---- migrate.c ---- */
/* Refuses a database that is newer than the schema, or another program's. */
enum err MUST_USE db_version_check(
	struct db *db, struct db_version *v, char why[static DB_WHY_SIZE]);

#endif
