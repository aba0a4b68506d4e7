/* Sets up a session of PostgreSQL (time limits, isolation) and checks that it is one. PgBouncer
 * with pool_mode = session does no harm; with pool_mode = transaction the next transaction runs
 * in another server process, whose limits, LISTEN and prepared statements belong to somebody
 * else, and Postern refuses it. */
#include "postgres.h"

#include <stdio.h>

/* Asked for after connecting, since poolers refuse `options` at the start. What the URL's own
 * options set stays: the server calls it set by the client. */
enum err db_pg_session_start(struct driver_conn *c)
{
	static const char format[] =
		"SELECT set_config(w.name, w.value, false) FROM (VALUES "
		"('statement_timeout', '%d'), ('lock_timeout', '%u'), "
		"('idle_in_transaction_session_timeout', '60000')) AS w (name, value) "
		"JOIN pg_settings s ON s.name = w.name WHERE s.source <> 'client'; "
		"SELECT setting FROM pg_settings WHERE name = 'statement_timeout'";
	char text[sizeof format + 24];
	PGresult *r = NULL;
	int64_t limit_ms = 0;

	snprintf(text, sizeof text, format, PG_STATEMENT_MS, c->lock_ms);
	enum err e = db_pg_script(c, text, &r);
	if (e == ERR_OK)
		e = PQntuples(r) == 1
			    ? str_int(str_of(PQgetvalue(r, 0, 0)), 0, INT32_MAX, &limit_ms)
			    : ERR_CORRUPT;
	PQclear(r);
	c->answer_us = limit_ms ? (limit_ms + PG_SPARE_MS) * 1000 : 0;
	return e;
}

/* ---- poolers ---- */
static enum err server_pid(struct driver_conn *c, int64_t *pid)
{
	PGresult *r = NULL;
	enum err e = db_pg_script(c, "SELECT pg_backend_pid()", &r);

	if (e == ERR_OK)
		e = str_int(str_of(PQgetvalue(r, 0, 0)), 1, INT32_MAX, pid);
	PQclear(r);
	return e;
}

/* While `other` holds a server process inside a transaction: a session keeps its own. */
static enum err session_moves(struct driver_conn *c, struct driver_conn *other, bool *moves)
{
	int64_t own = 0, now = 0, taken = 0;
	enum err e = server_pid(c, &own);

	if (e == ERR_OK)
		e = db_pg_script(other, "BEGIN", NULL);
	if (e == ERR_OK)
		e = server_pid(other, &taken);
	if (e == ERR_OK)
		e = server_pid(c, &now);
	if (e == ERR_OK)
		e = db_pg_script(other, "ROLLBACK", NULL);
	*moves = taken == own || now != own;
	return e;
}

/* A pooler that lets its server processes take turns gives one session another at each question. */
static enum err pooler_probe(struct driver_conn *c, struct driver_conn *other, bool *moves)
{
	enum { QUESTIONS = 4 };
	int64_t first = 0, pid = 0;
	enum err e = server_pid(c, &first);

	for (int i = 0; e == ERR_OK && !*moves && i < QUESTIONS; i++) {
		e = server_pid(c, &pid);
		*moves = e == ERR_OK && pid != first;
	}
	return e != ERR_OK || *moves ? e : session_moves(c, other, moves);
}

/* A pooler tells its clients a process number of its own making, so where it is the server's nobody
 * stands between, which is the usual case and costs one question. */
enum err db_pg_session_check(
	struct driver_conn *c, const struct driver_target *t, char why[static DB_WHY_SIZE])
{
	struct driver_conn *other = NULL;
	int64_t pid = 0;
	bool moves = false;
	enum err e = server_pid(c, &pid);

	if (e == ERR_OK && pid == PQbackendPID(c->pg))
		return ERR_OK;
	if (e == ERR_OK)
		e = db_pg_open(t, &other, why);
	if (e != ERR_OK)
		return e;
	e = pooler_probe(c, other, &moves);
	db_pg_close(other);
	if (e != ERR_OK || moves)
		snprintf(why, DB_WHY_SIZE,
			"a pooler between postern and the database gives each transaction another "
			"server connection; set pool_mode = session for postern's database in it, "
			"or "
			"connect to the server itself");
	return e == ERR_OK && moves ? ERR_UNSUPPORTED : e;
}
