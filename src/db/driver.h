/* driver: the seam at the statement. A driver opens, prepares, binds, steps, begins and commits,
 * and knows no operation of the program. SQLite is one, libpq the other. Errors are those of db.h;
 * message() explains the last one. A connection and its statements belong to one thread at a time.
 *
 * A driver is `concurrent` when many connections may write at once; else there is one writer, with
 * savepoints, and the members below "of one writer" are used. */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "postern/db.h"

enum { DB_WHY_SIZE = 256, DB_SHOWN_SIZE = 256 };

struct driver_conn;
struct driver_stmt;

/* What a connection is opened for. The strings are the caller's. */
struct driver_target {
	const char *location; /* what the connections open: a path, or libpq's URL */
	bool writer;          /* else it refuses to write; of one writer */
	bool serving;         /* for the server to know what is connected */
	bool looking;         /* changes nothing, not even how the file is kept */
	unsigned busy_timeout_ms;
	const _Atomic int *stop; /* not 0: give up what is under way; may be NULL */
};

/* PostgreSQL: a read is REPEATABLE READ READ ONLY, a write SERIALIZABLE, a write of statements that
 * stand for themselves READ COMMITTED, and so is a migration, behind a lock that one program holds
 * at a time. SQLite has one kind of each. */
enum driver_begin { DRIVER_READ = 1, DRIVER_WRITE, DRIVER_WRITE_EACH, DRIVER_MIGRATE };

/* What a transaction of a concurrent driver left in its database if, and only if, it committed. */
struct driver_mark {
	int64_t conn, serial;
};

struct driver {
	const char *const *schemes; /* "sqlite:"; ends with NULL */
	bool concurrent;
	unsigned page_cache_kib; /* of each connection, at most; 0: the server's business */
	const char *tables; /* of the driver itself, made by the first migration; may be NULL */

	/* Whether `url` can be meant, without looking at what it names. */
	enum err (*url_check)(const char *url, char why[static DB_WHY_SIZE]);
	/* `url` or a location as it may be shown: without the password. */
	void (*url_show)(const char *url, char out[static DB_SHOWN_SIZE]);
	/* Before the first open: makes what must exist (the file), and for DB_SERVE claims it for
	 * this process. `location` is what the connections shall open, for the caller to free;
	 * `claim` is handed back to release(). */
	enum err (*prepare_location)(const char *url, enum db_use use, char **location, int *claim,
		char why[static DB_WHY_SIZE]);
	void (*release_location)(int claim);
	/* Keeps servers off, or finds that one is there. */
	enum err (*claim)(struct driver_conn *c, const char *location, int *claim,
		char why[static DB_WHY_SIZE]);

	enum err (*open)(const struct driver_target *t, struct driver_conn **out,
		char why[static DB_WHY_SIZE]);
	/* With the first connection: whether what stands between us and the engine keeps a
	 * connection's state from one transaction to the next. NULL: nothing stands there. */
	enum err (*session_check)(
		struct driver_conn *c, const struct driver_target *t, char why[static DB_WHY_SIZE]);
	void (*close)(struct driver_conn *c); /* after finish() of its statements */
	const char *(*message)(struct driver_conn *c);
	/* False: the connection is lost for good. Looks, without waiting. */
	bool (*alive)(struct driver_conn *c);

	/* Of a writer: waits for the lock at once. */
	enum err (*begin)(struct driver_conn *c, enum driver_begin kind);
	enum err (*commit)(struct driver_conn *c);
	void (*rollback)(struct driver_conn *c);
	/* ---- of one writer ---- */
	enum err (*savepoint)(struct driver_conn *c);
	enum err (*release)(struct driver_conn *c);
	enum err (*rollback_to)(struct driver_conn *c); /* and releases */
	bool (*in_tx)(struct driver_conn
			*c); /* false when the engine gave the transaction up by itself */
	/* ---- of a concurrent driver ---- */
	/* After a commit() that failed: true when nobody knows whether it did, and the mark to look
	 * for. */
	bool (*in_doubt)(struct driver_conn *c, struct driver_mark *mark);
	/* On another connection: whether that transaction committed. Waits for it to end, so that
	 * "no" stays true. */
	enum err (*look)(struct driver_conn *c, const struct driver_mark *mark, bool *committed);

	/* Forgets the marks of connections that were closed long ago. */
	enum err (*forget)(struct driver_conn *c);

	enum err (*prepare)(
		struct driver_conn *c, const struct db_query_text *q, struct driver_stmt **out);
	void (*finish)(struct driver_stmt *s); /* frees it; its result is gone with it */
	enum err (*bind)(struct driver_stmt *s, size_t i,
		const struct db_param *p); /* i from 0; not copied */
	enum err (*step)(struct driver_stmt *s, bool *row);
	/* Before the first step: ERR_BUSY when all steps take longer; until the reset. */
	void (*limit)(struct driver_stmt *s, unsigned ms);
	/* Runs what is bound without waiting; queue_end waits for all. NULL: step does as well. */
	enum err (*queue)(struct driver_stmt *s);
	enum err (*queue_end)(struct driver_conn *c);
	struct db_param (*column)(
		struct driver_stmt *s, size_t i);  /* until the next step; type 0: not ours */
	int64_t (*changed)(struct driver_stmt *s); /* rows that the last run wrote */
	void (*reset)(struct driver_stmt *s);      /* ready for the next run; columns are gone */

	enum err (*script)(struct driver_conn *c, const char *sql); /* of a migration */
	/* `p` may be NULL. */
	enum err (*check)(struct driver_conn *c, const struct db_check_progress *p,
		char why[static DB_WHY_SIZE]);

	/* ---- the feed of changes, on a connection of its own, outside transactions ---- */
	/* From here on changes are noticed. */
	enum err (*listen)(struct driver_conn *c);
	/* Returns within `timeout_ms`. `*changed`: another connection may have committed a change
	 * since the last call. An error means that the feed is broken until a new connection
	 * listens. */
	enum err (*wait)(struct driver_conn *c, unsigned timeout_ms, bool *changed);
};

extern const struct driver db_sqlite_driver, db_postgres_driver;

#endif
