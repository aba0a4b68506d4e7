/* driver: the seam at the statement. A driver opens, prepares, binds, steps, begins and commits,
 * and knows no operation of the program. SQLite is one, libpq will be another. Errors are those of
 * db.h; message() explains the last one. A connection and its statements belong to one thread at a
 * time. */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "postern/db.h"

enum { DB_WHY_SIZE = 256 };

struct driver_conn;
struct driver_stmt;

struct driver_target {
	const char *place; /* what stands behind the scheme: a path, or a connection string */
	bool writer;       /* else it refuses to write */
	unsigned busy_timeout_ms;
};

struct driver {
	const char *scheme; /* "sqlite:" */

	/* Before the first open: makes what must exist (the file), and for DB_SERVE claims it for
	 * this process. `place` is what the connections shall open, for the caller to free; `claim`
	 * is handed back to release(). */
	enum err (*prepare_place)(const char *given, enum db_use use, char **place, int *claim,
		char why[static DB_WHY_SIZE]);
	void (*release_place)(int claim);

	enum err (*open)(const struct driver_target *t, struct driver_conn **out,
		char why[static DB_WHY_SIZE]);
	void (*close)(struct driver_conn *c); /* after finish() of its statements */
	const char *(*message)(struct driver_conn *c);

	enum err (*begin)(struct driver_conn *c); /* of a writer: waits for the lock at once */
	enum err (*commit)(struct driver_conn *c);
	void (*rollback)(struct driver_conn *c);
	enum err (*savepoint)(struct driver_conn *c);
	enum err (*release)(struct driver_conn *c);
	enum err (*rollback_to)(struct driver_conn *c); /* and releases */
	bool (*in_tx)(struct driver_conn
			*c); /* false when the engine gave the transaction up by itself */

	enum err (*prepare)(
		struct driver_conn *c, const struct db_query_text *q, struct driver_stmt **out);
	void (*finish)(struct driver_stmt *s);
	enum err (*bind)(struct driver_stmt *s, size_t i,
		const struct db_param *p); /* i from 0; not copied */
	enum err (*step)(struct driver_stmt *s, bool *row);
	struct db_param (*column)(
		struct driver_stmt *s, size_t i); /* until the next step; type 0: not ours */
	int64_t (*changed)(struct driver_stmt *s);
	void (*reset)(struct driver_stmt *s);

	/* For a connection of the feed's own: makes it hear of changes. */
	enum err (*listen)(struct driver_conn *c);
	/* Returns within `timeout_ms`; `changed` when another connection may have committed a
	 * change. After an error the feed is broken until a new connection listens. */
	enum err (*wait)(struct driver_conn *c, unsigned timeout_ms, bool *changed);

	enum err (*script)(struct driver_conn *c, const char *sql); /* of a migration */
	enum err (*check)(struct driver_conn *c, char why[static DB_WHY_SIZE]);
};

extern const struct driver db_sqlite_driver;

#endif
