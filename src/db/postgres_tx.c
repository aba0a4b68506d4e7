/* Transactions, and the mark that tells afterwards whether one committed.
 *
 * Each connection has a row in tx_mark, and each writing transaction sets the row's serial. When
 * the answer to COMMIT does not come, another connection writes to that row: this waits for the old
 * transaction to end, and then the row says whether it committed. txid_status() would not do: after
 * a crash or a failover, which is when answers are lost, a transaction number that never reached
 * the disk is given to another transaction. */
#include "postgres.h"

#include <stdio.h>
#include <string.h>

#define MARK_COLUMNS "id, serial, at"
const char db_pg_tables[] = "CREATE TABLE IF NOT EXISTS tx_mark (id BIGINT PRIMARY KEY, "
			    "serial BIGINT NOT NULL, at BIGINT NOT NULL)";
static const char mark_set[] =
	"INSERT INTO tx_mark (" MARK_COLUMNS ") VALUES ($1, $2, $3) ON CONFLICT (id) "
	"DO UPDATE SET serial = excluded.serial, at = excluded.at";
static const char mark_look[] =
	"INSERT INTO tx_mark (" MARK_COLUMNS ") VALUES ($1, $2, $3) ON CONFLICT (id) "
	"DO UPDATE SET at = excluded.at RETURNING serial";

static enum err mark_push(
	struct driver_conn *c, const char *sql, const struct driver_mark *m, int64_t serial)
{
	int64_t now_s = clock_now_s(&(struct clock){ NULL, NULL });
	const int64_t numbers[3] = { m->conn, serial, now_s };
	char text[3][PG_NUMBER_SIZE];
	const char *values[3];
	for (int i = 0; i < 3; i++) {
		snprintf(text[i], sizeof text[i], "%lld", (long long)numbers[i]);
		values[i] = text[i];
	}
	if (c->lost)
		return ERR_UNAVAILABLE;
	return db_pg_push(c, PQsendQueryParams(c->pg, sql, 3, NULL, values, NULL, NULL, 0));
}

/* ---- begin: sent together with the first statement ---- */
enum err db_pg_begin(struct driver_conn *c, enum driver_begin kind)
{
	if (c->lost)
		return ERR_UNAVAILABLE;
	c->kind = kind;
	c->tx = PG_ASKED;
	c->marked = c->in_doubt = false;
	return ERR_OK;
}

/* The limits of a migration: it may run for long, and may wait as long for another program's, but
 * not for a table's lock: all readers queue behind who waits for that, and hold others meanwhile,
 * which the server would call a deadlock after a second and end one of them. */
static enum err migrate_lead(struct driver_conn *c)
{
	char lock[80], limit[80];
	snprintf(lock, sizeof lock, "SELECT pg_advisory_xact_lock(%d)", PG_MIGRATION_LOCK_KEY);
	snprintf(limit, sizeof limit, "SET LOCAL lock_timeout = %d", PG_MIGRATION_LOCK_MS);
	const char *const texts[] = { "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
		"SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0", lock, limit };
	enum err e = ERR_OK;
	for (size_t i = 0; i < COUNT(texts) && e == ERR_OK; i++)
		e = db_pg_push_text(c, texts[i]);
	return e;
}

static enum err begin_push(struct driver_conn *c)
{
	switch (c->kind) {
	case DRIVER_READ:
		return db_pg_push_text(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	case DRIVER_WRITE:
		return db_pg_push_text(c, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE");
	case DRIVER_WRITE_EACH:
		return db_pg_push_text(c, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	case DRIVER_MIGRATE:
		return migrate_lead(c);
	}
	return ERR_INTERNAL;
}

enum err db_pg_tx_lead(struct driver_conn *c, bool writes)
{
	enum err e = c->tx == PG_ASKED ? begin_push(c) : ERR_OK;
	bool marks = c->kind == DRIVER_WRITE || c->kind == DRIVER_WRITE_EACH;
	if (e != ERR_OK || !writes || !marks || c->marked || c->tx == PG_IDLE)
		return e;
	c->marked = true;
	c->mark.serial++;
	return mark_push(c, mark_set, &c->mark, c->mark.serial);
}

void db_pg_tx_led(struct driver_conn *c)
{
	if (c->tx == PG_ASKED && c->good > 0)
		c->tx = PG_OPEN;
}

/* Not given up by who is told to stop: nobody would know then whether it happened, and to look
 * takes longer than the commit. */
static enum err commit_finish(struct driver_conn *c, PGresult **out)
{
	const _Atomic int *stop = c->stop;
	c->stop = NULL;
	enum err e = db_pg_finish(c, out);
	c->stop = stop;
	return e;
}

enum err db_pg_commit(struct driver_conn *c)
{
	enum pg_tx tx = c->tx;
	PGresult *r = NULL;
	c->tx = PG_IDLE;
	if (c->lost)
		return ERR_UNAVAILABLE;
	if (tx != PG_OPEN)
		return ERR_OK; /* nothing was done */
	enum err e = db_pg_push_text(c, "COMMIT");
	if (e == ERR_OK)
		e = commit_finish(c, &r);
	if (e == ERR_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0) {
		snprintf(c->message, sizeof c->message, "the server answered COMMIT with %.40s",
			PQcmdStatus(r));
		e = ERR_INTERNAL;
	}
	PQclear(r);
	c->in_doubt = c->lost && c->marked;
	return e;
}

void db_pg_rollback(struct driver_conn *c)
{
	enum pg_tx tx = c->tx;
	c->tx = PG_IDLE;
	if (tx != PG_OPEN || c->lost)
		return;
	if (db_pg_push_text(c, "ROLLBACK") == ERR_OK)
		db_pg_finish_later(c);
}

/* ---- a commit without an answer ---- */
bool db_pg_in_doubt(struct driver_conn *c, struct driver_mark *mark)
{
	if (c->in_doubt)
		*mark = c->mark;
	return c->in_doubt;
}

/* A connection that is still there writes its row anew. */
enum err db_pg_forget(struct driver_conn *c)
{
	static const char text[] = "DELETE FROM tx_mark WHERE at < $1";
	char before[PG_NUMBER_SIZE];
	const char *values[1] = { before };
	snprintf(before, sizeof before, "%lld",
		(long long)(clock_now_s(&(struct clock){ NULL, NULL }) - PG_MARK_KEPT_S));
	if (c->lost)
		return ERR_UNAVAILABLE;
	enum err e = db_pg_push(c, PQsendQueryParams(c->pg, text, 1, NULL, values, NULL, NULL, 0));
	return e == ERR_OK ? db_pg_finish(c, NULL) : e;
}

static enum err serial_read(const PGresult *r, int64_t *serial)
{
	struct str s = PQntuples(r) == 1 ? str_of(PQgetvalue(r, 0, 0)) : (struct str){ 0 };
	return str_int(s, 0, INT64_MAX, serial);
}

enum err db_pg_look(struct driver_conn *c, const struct driver_mark *mark, bool *committed)
{
	PGresult *r = NULL;
	int64_t serial = 0;
	enum err e = db_pg_push_text(c, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	if (e == ERR_OK)
		e = mark_push(c, mark_look, mark, 0);
	if (e == ERR_OK)
		e = db_pg_finish(c, &r);
	if (e == ERR_OK)
		e = serial_read(r, &serial);
	PQclear(r);
	c->tx = PG_OPEN;
	if (e == ERR_OK)
		e = db_pg_commit(c);
	else
		db_pg_rollback(c);
	if (e == ERR_OK)
		*committed = serial >= mark->serial;
	return e;
}
