/* db: one statement API over the database. Operations exist once, as named queries in
 * schema/queries; a driver knows how to open, prepare, bind, step, begin and commit, and nothing
 * else.
 *
 * Reading: db_read lends a connection inside one read transaction (a snapshot). Writing: db_tx runs
 * a function in a transaction that is as if no other ran at the same time, and returns once its
 * commit is durable. Both may run the function again, so it must have no other side effect and set
 * what it gives back anew. A failed statement dooms its transaction, whatever the function then
 * returns; expected conflicts are met with ON CONFLICT DO NOTHING.
 *
 * SQLite: one writer thread, where many waiting transactions share a commit, each in a savepoint of
 * its own. PostgreSQL: many write at once, in the callers' threads, on a bounded pool of
 * connections; db_read is REPEATABLE READ READ ONLY, db_tx SERIALIZABLE, and run again (at most
 * five times in all, with a pause) when the server finds that no serial order has its outcome.
 * db_tx_each is READ COMMITTED there: cheaper, never refused, and right where each statement stands
 * for itself (a conditional UPDATE, a claim, a purge). When the answer to a COMMIT is lost, another
 * connection looks whether it happened; ERR_UNAVAILABLE with "db_commit_unknown" in the log when it
 * could not.
 *
 * Errors: what the function itself returned, or ERR_BUSY (locked, or all connections in use, beyond
 * the busy time), ERR_UNAVAILABLE (file, disk, connection; at once while the database is known to
 * be out of reach), ERR_STOPPED (see db_settings), ERR_CONFLICT (a unique or foreign key said no),
 * ERR_CORRUPT (a row has not the shape we expect), ERR_NOMEM, ERR_INTERNAL (a fault of the program:
 * NOT NULL, CHECK, a call that does not fit its query, db_read or db_tx inside one of the same
 * thread). Unexpected ones are logged here, once. Nothing fails open: no rows is ERR_NOT_FOUND,
 * trouble is never "no rows".
 *
 * Threads: any, except that a connection stays with the thread it was lent to. */
#ifndef POSTERN_DB_H
#define POSTERN_DB_H

#include "postern/base.h"
#include "postern/log.h"
#include "postern/queries.h" /* generated from schema/queries: enum query { QUERY_…, QUERY_COUNT } */

struct db;
struct db_conn;

enum db_use {
	DB_TOOL = 1,  /* command line: shares the file with a running server */
	DB_SERVE,     /* SQLite: the one serving program; a second is ERR_CONFLICT */
	DB_LOOK,      /* command line: reads alone. Never makes, changes or locks what is there;
			 db_tx is ERR_INTERNAL */
	DB_COPY_FROM, /* a database that must be there */
	DB_COPY_TO,   /* one that may hold an unfinished copy, which the others refuse */
};
struct db_settings {
	const char *url; /* "sqlite:PATH", "postgres://…" */
	enum db_use use;
	/* SQLite: connections for reading. PostgreSQL: connections at most, for all. More threads
	 * than that wait. */
	unsigned readers;
	/* Threads that may be in db_tx at once; while all of them are held up, others get ERR_BUSY.
	 * 0: any number. With one thread more than that, one is always free to read. */
	unsigned writers;
	unsigned busy_timeout_ms; /* 5000 */
	/* Of a command: once it is not 0, what is under way is given up with ERR_STOPPED, its
	 * transaction rolled back, and nothing more is begun. NULL: none. Must outlive the
	 * database.
	 */
	const _Atomic int *stop;
	const struct log *log;
};
/* `why` says in a sentence what is wrong and what would be right. Creates a missing SQLite file
 * (0600), not its folder; a look at one that is missing is ERR_UNAVAILABLE. A database newer than
 * this program is ERR_UNSUPPORTED. Does not migrate.
 */
enum err MUST_USE db_open(const struct db_settings *s, struct db **out, char why[static 256]);
/* The form alone, without looking at the place. */
enum err MUST_USE db_url_check(const char *url, char why[static 256]);
/* For people: without the password. */
void db_url_show(const char *url, char out[static 256]);
/* Of the lines that it writes itself. Any thread. */
void db_log_level_set(struct db *db, enum log_level level);
void db_close(struct db *db); /* waits for the writer; NULL is fine */

struct db_version {
	int found;  /* of the database, 0 when it is empty */
	int wanted; /* of this program */
};
enum err MUST_USE db_version(struct db *db, struct db_version *out);
/* Whether it can be read as it is: ERR_UNAVAILABLE, and what to do in `why`, when it is empty or of
 * an older version. */
enum err MUST_USE db_version_fits(struct db *db, char why[static 256]);
/* The engine has found damage within the last minutes, in whatever was asked of it. */
bool db_damaged(const struct db *db);
/* Applies the missing migrations, all in one transaction. */
enum err MUST_USE db_migrate(struct db *db, char why[static 256]);
/* Runs the engine's own integrity check and foreign key check; ERR_CORRUPT with the first finding
 * in `why`. */
enum err MUST_USE db_check(struct db *db, char why[static 256]);
/* The same, telling now and then how far it is: pages of the file (SQLite), tables (PostgreSQL). */
struct db_check_progress {
	void (*tell)(void *ctx, const char *what, int64_t done, int64_t all);
	void *ctx;
};
enum err MUST_USE db_check_told(
	struct db *db, const struct db_check_progress *p, char why[static 256]);

typedef enum err db_fn(struct db_conn *c, void *arg);
enum err MUST_USE db_read(struct db *db, db_fn *fn, void *arg);
enum err MUST_USE db_tx(struct db *db, db_fn *fn, void *arg);
enum err MUST_USE db_tx_each(struct db *db, db_fn *fn, void *arg);

/* ---- notes: small writes that nobody waits for ---- */
enum { DB_NOTE_BYTES = 128 };
struct db_note {
	db_fn *fn; /* gets a copy of `arg` */
	bool each; /* as db_tx_each, maybe in one transaction with others; else as db_tx */
	const void *arg;
	size_t n; /* DB_NOTE_BYTES at most */
	/* How long the caller waits for the write at most; it does not wait while writes fail. 0:
	 * it never waits. */
	unsigned wait_ms;
};
/* Runs `fn` a moment later, on the notes thread. The caller gets no error: with a full disk or a
 * held lock the note is lost and counted, and the log says so once when that begins. Use it only
 * for what a reader must not wait for and may be lost, such as the last use of a session. Before
 * db_notes_start it runs at once. */
void db_note(struct db *db, const struct db_note *note);
/* Before other threads use the database. Ends with db_close, or before: what waits is written. */
enum err MUST_USE db_notes_start(struct db *db);
void db_notes_stop(struct db *db);
uint64_t db_notes_lost(struct db *db);

/* ---- parameters in: $1 is the first ---- */
enum db_type { DB_NULL = 1, DB_INT, DB_TEXT, DB_BLOB };
struct db_param {
	enum db_type type;
	int64_t i;
	struct str s;
};
static inline struct db_param db_int(int64_t i)
{
	return (struct db_param){ .type = DB_INT, .i = i };
}
/* Times and counts where 0 means "none" and is stored as NULL. */
static inline struct db_param db_int_or_null(int64_t i)
{
	return (struct db_param){ .type = i ? DB_INT : DB_NULL, .i = i };
}
static inline struct db_param db_text(struct str s)
{
	return (struct db_param){ .type = DB_TEXT, .s = s };
}
static inline struct db_param db_z(const char *z)
{
	return (struct db_param){ .type = DB_TEXT, .s = str_of(z) };
}
static inline struct db_param db_z_or_null(const char *z)
{
	return (struct db_param){ .type = z && *z ? DB_TEXT : DB_NULL, .s = str_of(z) };
}
static inline struct db_param db_blob(const void *p, size_t n)
{
	return (struct db_param){ .type = DB_BLOB, .s = { p, n } };
}
static inline struct db_param db_bytes(struct str s)
{
	return db_blob(s.p, s.n);
}
enum { DB_HASH_BYTES = 32 };
static inline struct db_param db_hash(const uint8_t hash[static DB_HASH_BYTES])
{
	return db_blob(hash, DB_HASH_BYTES);
}
static inline struct db_param db_hash_or_null(const uint8_t *hash)
{
	return hash ? db_hash(hash) : (struct db_param){ .type = DB_NULL };
}

/* ---- columns out: each result column, in order, to one member of a row struct. NULL reads as 0,
 * false or "" ---- */
enum db_kind {
	DB_TO_INT = 1, /* int64_t */
	DB_TO_BOOL,    /* true: not NULL and not 0 */
	DB_TO_CHARS,   /* char[]; longer text is ERR_CORRUPT */
	DB_TO_STR,     /* struct str, text or bytes, in the call's arena */
	DB_TO_BYTES,   /* uint8_t[]: exactly so many, or NULL */
	DB_TO_WORD,    /* what `parse` makes of the text; ERR_CORRUPT when it cannot */
	DB_TO_NOTHING, /* not looked at */
};
struct db_column {
	enum db_kind kind;
	size_t offset, size;
	enum err (*parse)(struct str word, void *member);
};
#define DB_IS(member, type) __builtin_types_compatible_p(__typeof__(member), type)
#define DB_KIND_OF(member)                                                                         \
	(DB_IS(member, int64_t)                          ? DB_TO_INT                               \
		: DB_IS(member, bool)                    ? DB_TO_BOOL                              \
		: DB_IS(member, struct str)              ? DB_TO_STR                               \
		: DB_IS(member, char[sizeof(member)])    ? DB_TO_CHARS                             \
		: DB_IS(member, uint8_t[sizeof(member)]) ? DB_TO_BYTES                             \
							 : 0)
/* Does not compile for a member of a kind that is not among `kinds`. */
#define DB_COL(row, m, kinds)                                                                      \
	{                                                                                          \
		.kind = DB_KIND_OF(((row *)0)->m), .offset = offsetof(row, m),                     \
		.size = sizeof(((row *)0)->m) +                                                    \
			0 * sizeof(char[(kinds) >> DB_KIND_OF(((row *)0)->m) & 1 ? 1 : -1])        \
	}
#define DB_COL_INT(row, m) DB_COL(row, m, 1 << DB_TO_INT | 1 << DB_TO_BOOL)
#define DB_COL_CHARS(row, m) DB_COL(row, m, 1 << DB_TO_CHARS)
#define DB_COL_BYTES(row, m) DB_COL(row, m, 1 << DB_TO_BYTES)
/* The same of a call that has an arena. */
#define DB_COL_TEXT(row, m) DB_COL(row, m, 1 << DB_TO_CHARS | 1 << DB_TO_STR)
#define DB_COL_BLOB(row, m) DB_COL(row, m, 1 << DB_TO_BYTES | 1 << DB_TO_STR)
/* Of an expression, whose type SQL does not declare; FIXED: without an arena. */
#define DB_COL_FIXED(row, m)                                                                       \
	DB_COL(row, m, 1 << DB_TO_INT | 1 << DB_TO_BOOL | 1 << DB_TO_CHARS | 1 << DB_TO_BYTES)
#define DB_COL_ANY(row, m)                                                                         \
	DB_COL(row, m,                                                                             \
		1 << DB_TO_INT | 1 << DB_TO_BOOL | 1 << DB_TO_CHARS | 1 << DB_TO_BYTES |           \
			1 << DB_TO_STR)
/* A word that stands for something: `fn` makes the member of it. */
#define DB_COL_WORD(row, m, fn)                                                                    \
	{                                                                                          \
		.kind = DB_TO_WORD, .offset = offsetof(row, m), .size = sizeof(((row *)0)->m),     \
		.parse = (fn)                                                                      \
	}

struct db_shape {
	const struct db_column *columns;
	size_t count, row_bytes;
};
#define DB_SHAPE(row, columns_)                                                                    \
	{                                                                                          \
		(columns_), COUNT(columns_), sizeof(row)                                           \
	}

struct db_call {
	enum query query;
	const struct db_param *params;
	size_t param_count;
	const struct db_shape *shape; /* db_get, db_list */
	struct arena *arena;          /* db_list, and wherever a shape has DB_TO_STR */
	size_t max_rows;              /* db_list: more is ERR_TOO_LARGE */
	/* db_list: ERR_BUSY when it takes longer; 0: as long as any statement may. The rest of a
	 * transaction is then held to the same, on PostgreSQL. */
	unsigned limit_ms;
};
#define DB_PARAMS(...)                                                                             \
	.params = (const struct db_param[]){ __VA_ARGS__ },                                        \
	.param_count = sizeof((const struct db_param[]){ __VA_ARGS__ }) / sizeof(struct db_param)

/* First row into `row`; ERR_NOT_FOUND without one. Further rows are not looked at. */
enum err MUST_USE db_get(struct db_conn *c, const struct db_call *call, void *row);
/* All rows as an array in the arena. No rows is ERR_OK and *count 0. */
enum err MUST_USE db_list(
	struct db_conn *c, const struct db_call *call, void *rows_out, size_t *count);
/* Runs a statement; `changed` (may be NULL) is the number of rows it touched. */
enum err MUST_USE db_run(struct db_conn *c, const struct db_call *call, int64_t *changed);
/* The same three of a statement that is alone in its snapshot or transaction. */
enum db_alone { DB_ALONE_READ = 1, DB_ALONE_TX, DB_ALONE_TX_EACH };
enum err MUST_USE db_get_alone(
	struct db *db, enum db_alone how, const struct db_call *call, void *row);
enum err MUST_USE db_list_alone(struct db *db, enum db_alone how, const struct db_call *call,
	void *rows_out, size_t *count);
enum err MUST_USE db_run_alone(
	struct db *db, enum db_alone how, const struct db_call *call, int64_t *changed);
/* True inside a transaction or snapshot of this thread: http checks after every handler that it is
 * false. */
bool db_in_tx(const struct db *db);

/* ---- changes: what caches must drop, in this process and in every other ---- */
enum db_change {
	DB_CHANGE_SESSION = 1, /* key: the account whose sessions ended, one or all */
	DB_CHANGE_ACCOUNT,     /* key: the account; disabled, deleted, renamed, new address */
	DB_CHANGE_ARTICLE,     /* key: the article; new, other text, other access, gone */
	DB_CHANGE_ENTITLEMENT, /* key: the account whose entitlements changed */
	DB_CHANGE_POLICY,      /* key: free; rules, meters, institutions: who may read what */
	DB_CHANGE_COUNT
};
enum { DB_CHANGE_KEY_SIZE = 65 };
const char *db_change_name(enum db_change kind); /* "session", … */
/* What is cached of a thing bears this tag, to be dropped when the thing changes; key "": of any
 * thing of the kind. */
uint64_t db_change_tag(enum db_change kind, struct str key);
/* Inside db_tx, beside the write that is its cause: every write of what a cache may hold. In this
 * process the subscriber is told before db_tx returns, in others within a second of the commit.
 * ERR_INTERNAL for an unknown kind or a key that is too long. */
enum err MUST_USE db_change_add(struct db_conn *c, enum db_change kind, const char *key);
/* The same for each of these ids, which a query returned: at most so many at once. */
enum { DB_CHANGE_IDS_MAX = 20000, DB_CHANGE_IDS_BYTES = DB_CHANGE_IDS_MAX * 4 * ID_SIZE };
enum err MUST_USE db_change_add_ids(
	struct db_conn *c, enum db_change kind, char (*ids)[ID_SIZE], size_t count);

/* Told of changes, on any thread, perhaps more than once of the same; must not wait. */
struct db_subscriber {
	void *ctx;
	void (*changed)(void *ctx, enum db_change kind, struct str key);
	void (*flush)(void *ctx); /* anything may have changed */
	/* All that was committed before this moment of clock_boot_us has been told. */
	void (*validated)(void *ctx, int64_t at_us);
};
/* Before other threads use the database. The feed then watches the `change` table on a thread and a
 * connection of its own; while that is broken nothing is proven, and when it is back all is
 * flushed. db_close stops it. */
enum err MUST_USE db_change_log_start(struct db *db, const struct db_subscriber *s);
void db_change_log_stop(struct db *db);
struct db_change_log_stats {
	bool running, live, lost; /* live: connected; lost: the last try to connect failed */
	int64_t age_us;           /* since the last proof */
	uint64_t changes, flushes, breaks;
};
struct db_change_log_stats db_change_log_stats_get(struct db *db);
/* What its connections keep of the file in memory, at most; 0 with a server of its own. */
int64_t db_page_cache_kib(const struct db *db);
/* Whether other processes may serve readers from it at the same time. */
bool db_is_shared(const struct db *db);
/* Writes that were refused because too many were held up already. */
uint64_t db_writes_refused(const struct db *db);
/* No new connection could be had the last time it was tried: reads will fail. */
bool db_lost(struct db *db);

/* ---- housekeeping: old rows go in batches that nobody has to wait for ---- */
struct db_sweeper {
	struct db *db;
	int64_t now_s;
	/* Waits for so long; false: stop, the rest is for the next time. NULL: no pause. */
	bool (*pause)(void *ctx, unsigned ms);
	void *ctx;
	unsigned failed; /* steps of this run, each logged by its name */
	bool stopped;
};
struct db_batch {
	int64_t max;
	int64_t seen; /* fewer than `max`: that was all */
	int64_t deleted;
};
struct db_swept {
	int64_t deleted, batches, longest_ms;
};
/* A query that deletes at most `max` rows of before that time. */
typedef enum err db_purge_fn(struct db_conn *c, int64_t before_s, int64_t max, int64_t *deleted);
struct db_sweep {
	const char *name; /* in the log */
	db_purge_fn *purge;
	int64_t before_s;
	int64_t least; /* rows of a batch; 0: 64. Fewer where many others go with each. */
	/* Or this, which begins its own transaction, on the caller's thread. */
	enum err (*batch)(struct db_sweeper *s, void *arg, struct db_batch *b);
	void *arg;
};
/* Repeats the batches of a step until nothing is left or the pause says stop. An error ends this
 * step and is logged; the next one may be run all the same. */
enum err MUST_USE db_sweep(struct db_sweeper *s, const struct db_sweep *step);
/* All of them, whichever fail; the first error. */
enum err MUST_USE db_sweep_all(struct db_sweeper *s, const struct db_sweep *steps, size_t count);
/* Drops changes that every living process has seen. */
enum err MUST_USE db_changes_purge(struct db_sweeper *s);

/* ---- whole tables, for copying from one engine to the other ---- */
/* A row: the columns of the primary key first, then the others, in the order of the schema. NULL,
 * number, text and bytes as they stand there; valid until the function returns. */
typedef enum err db_row_fn(void *arg, const struct db_param *values);
struct db_table_range {
	const struct db_param *after; /* the key of the row before; NULL: from the first */
	size_t max;
};
/* Rows in the order of the key, the same on every engine. */
enum err MUST_USE db_table_rows(
	struct db_conn *c, size_t table, struct db_table_range r, db_row_fn *fn, void *arg);
/* The key of the last row; ERR_NOT_FOUND without one. */
enum err MUST_USE db_table_last(struct db_conn *c, size_t table, db_row_fn *fn, void *arg);
enum err MUST_USE db_table_insert(
	struct db_conn *c, size_t table, const struct db_param *rows, size_t count);
enum err MUST_USE db_table_rows_count(struct db_conn *c, size_t table, int64_t *count);
enum err MUST_USE db_table_wipe(struct db_conn *c, size_t table);
/* The mark of an unfinished copy: what it is a copy of. "" is none; setting "" removes it. */
enum { DB_COPY_SIZE = 256 };
enum err MUST_USE db_copy_mark_get(struct db_conn *c, char from[static DB_COPY_SIZE]);
enum err MUST_USE db_copy_mark_set(struct db_conn *c, const char *from);
/* Keeps servers off until db_close (SQLite), or finds that one is connected (PostgreSQL):
 * ERR_CONFLICT, and `why` says what to do. */
enum err MUST_USE db_claim(struct db *db, char why[static 256]);

/* ---- generated by schemac from schema/ ---- */
struct db_query_text {
	const char *name;
	const char *sql;
	const char *postgres; /* a second text where the engines must differ, else NULL */
	unsigned params, columns;
};
extern const struct db_query_text db_query_texts[];
enum db_table_text {
	DB_TABLE_FIRST,
	DB_TABLE_NEXT,
	DB_TABLE_LAST,
	DB_TABLE_INSERT,
	DB_TABLE_COUNT,
	DB_TABLE_WIPE,
	DB_TABLE_TEXTS
};
struct db_table {
	const char *name;
	unsigned columns, keys;
	int64_t seeded; /* rows that the migrations put in */
	struct db_query_text texts[DB_TABLE_TEXTS];
};
extern const struct db_table db_tables[]; /* parents before children */
extern const size_t db_table_count;
struct db_migration {
	int version;
	const char *name;
	const char *sql;
};
extern const struct db_migration db_migrations[]; /* ends with version 0 */

#endif
