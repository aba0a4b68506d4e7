/* The driver for PostgreSQL, inside. libpq is used in its pipeline mode and never waits by itself:
 * every answer has a time after which the connection counts as lost. What need not be waited for
 * (BEGIN, the mark of a transaction, PREPARE) travels with the statement behind it, and the answer
 * to a ROLLBACK is read when the connection is used next: a read of one statement costs one way to
 * the server and back. https://www.postgresql.org/docs/15/libpq-pipeline-mode.html */
#ifndef DB_POSTGRES_H
#define DB_POSTGRES_H

#include "driver.h"

#include <libpq-fe.h>

enum {
	PG_STATEMENT_MS = 10 * 1000, /* unless the URL has options of its own */
	PG_SPARE_MS = 1000,          /* what an answer may be later than the server's own limit */
	PG_CONNECT_S = 3,            /* each host of the URL */
	PG_TCP_MS = 5000,            /* what was sent and not acknowledged for so long is lost */
	PG_VERSION_MIN = 130000,
	PG_PARAMS_MAX = 99, /* schemac allows no more */
	PG_NUMBER_SIZE = 24,
	PG_NAME_SIZE = 64,          /* NAMEDATALEN */
	PG_MARK_KEPT_S = 86400,     /* a commit is looked for within seconds */
	PG_MIGRATION_LOCK_MS = 200, /* below deadlock_timeout, and what a reader may be held up */
	PG_MIGRATION_LOCK_KEY = 0x706f7374, /* "post" */
};

/* IDLE: no transaction. ASKED: BEGIN goes out with the next statement, and its answer has not come.
 * OPEN: the server has it. */
enum pg_tx { PG_IDLE, PG_ASKED, PG_OPEN };

/* One connection in pipeline mode. Errors leave their first line in `message`; `lost` never becomes
 * false again. */
struct driver_conn {
	PGconn *pg;
	int64_t answer_us; /* how long one answer may take; 0: for ever */
	unsigned lock_ms;
	const _Atomic int *stop; /* not 0: the answer is not waited for; may be NULL */
	bool lost;
	char message[DB_WHY_SIZE];

	unsigned queued; /* sent since the last sync */
	unsigned good;   /* of the last batch, how many in a row succeeded */
	unsigned unread; /* batches of one query whose answers were not waited for */

	enum driver_begin kind;
	enum pg_tx tx;
	bool marked, in_doubt;
	struct driver_mark mark;

	int64_t heard_us, pinged_us; /* for the feed; pinged_us 0: no ping is under way */
};

/* ---- postgres_conn.c ---- */
enum err db_pg_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE]);
void db_pg_close(struct driver_conn *c);

/* ---- postgres_wire.c ---- */
/* The connection is lost, for this reason. */
enum err db_pg_lose(struct driver_conn *c, const char *why);
/* One query more in this batch; `sent` is what PQsend… returned. */
enum err db_pg_push(struct driver_conn *c, int sent);
enum err db_pg_push_text(struct driver_conn *c, const char *sql);
/* Ends the batch and waits for its answers. `*last`, which may be NULL, is that of the last query,
 * for the caller to clear; NULL unless ERR_OK. The first error of the batch is returned. */
enum err db_pg_finish(struct driver_conn *c, PGresult **last);
/* Ends the batch of one query, whose answer nobody waits for. */
void db_pg_finish_later(struct driver_conn *c);
/* One result, or the NULL between two, of batches that nobody waits for. */
void db_pg_unread_take(struct driver_conn *c, const PGresult *r);
/* Waits until `end_us` (0: for ever) for something to read; `*there` says whether there was. */
enum err db_pg_poll(struct driver_conn *c, int64_t end_us, bool *there);
/* Several statements in the simple protocol. */
enum err db_pg_script(struct driver_conn *c, const char *sql, PGresult **last);
enum err db_pg_err_of_state(const char *sqlstate);

/* ---- postgres_tx.c ---- */
enum err db_pg_begin(struct driver_conn *c, enum driver_begin kind);
enum err db_pg_commit(struct driver_conn *c);
void db_pg_rollback(struct driver_conn *c);
bool db_pg_in_doubt(struct driver_conn *c, struct driver_mark *mark);
enum err db_pg_look(struct driver_conn *c, const struct driver_mark *mark, bool *committed);
enum err db_pg_forget(struct driver_conn *c);
/* Puts BEGIN, and before the first write the mark, in front of what follows in this batch. */
enum err db_pg_tx_lead(struct driver_conn *c, bool writes);
/* After the batch. */
void db_pg_tx_led(struct driver_conn *c);
extern const char db_pg_tables[];

/* ---- postgres_url.c ---- */
enum err db_pg_url_check(const char *url, char why[static DB_WHY_SIZE]);
void db_pg_url_show(const char *url, char out[static DB_SHOWN_SIZE]);

/* ---- postgres_session.c ---- */
/* Refuses a pooler that gives each transaction a server connection of its own. */
enum err db_pg_session_check(
	struct driver_conn *c, const struct driver_target *t, char why[static DB_WHY_SIZE]);

/* ---- postgres_stmt.c ---- */
enum err db_pg_prepare(
	struct driver_conn *c, const struct db_query_text *q, struct driver_stmt **out);
void db_pg_stmt_finish(struct driver_stmt *s);
enum err db_pg_bind(struct driver_stmt *s, size_t i, const struct db_param *p);
enum err db_pg_step(struct driver_stmt *s, bool *row);
void db_pg_limit(struct driver_stmt *s, unsigned ms);
enum err db_pg_queue(struct driver_stmt *s);
enum err db_pg_queue_end(struct driver_conn *c);
struct db_param db_pg_column(struct driver_stmt *s, size_t i);
int64_t db_pg_changed(struct driver_stmt *s);
void db_pg_reset(struct driver_stmt *s);
/* Prepares on the server now, and refuses a text whose parameters or columns are not those that
 * were promised, or whose columns are of a type that we do not read. For tests: in use, the
 * statement is prepared with its first run. */
enum err db_pg_describe(struct driver_stmt *s);

/* ---- postgres_notify.c ---- */
enum err db_pg_listen(struct driver_conn *c);
enum err db_pg_wait(struct driver_conn *c, unsigned timeout_ms, bool *changed);

#endif
