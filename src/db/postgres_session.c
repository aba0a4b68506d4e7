/* Whether a connection to PostgreSQL has a session of its own. PgBouncer with pool_mode = session
 * does no harm; with pool_mode = transaction the next transaction runs in another server process,
 * whose limits, LISTEN and prepared statements belong to somebody else, and Postern refuses it. */
#include "postgres.h"

#include <stdio.h>

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
	if (e != ERR_OK)
		return e;
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
