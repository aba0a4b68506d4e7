/* Connections to PostgreSQL: opened with the limits of their session, refused where the server is
 * too old or not in UTF-8, and closed. */
#include "postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void say_nothing(void *ctx, const PGresult *r)
{
	(void)ctx;
	(void)r;
}

/* What the URL says wins over what stands before it, and loses to what stands behind. */
static PGconn *connect_to(const struct driver_target *t)
{
	char connect_s[12], tcp_ms[12];
	snprintf(connect_s, sizeof connect_s, "%d", PG_CONNECT_S);
	snprintf(tcp_ms, sizeof tcp_ms, "%d", PG_TCP_MS);
	const char *const keys[] = { "connect_timeout", "tcp_user_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "target_session_attrs",
		"application_name", "dbname", "client_encoding", NULL };
	const char *const values[] = { connect_s, tcp_ms, "5", "2", "3",
		t->looking ? "any" : "read-write", /* a standby will do for a look */
		t->serving ? "postern" : "postern-tool", t->location, "UTF8", NULL };
	return PQconnectdbParams(keys, values, 1);
}

static enum err server_judge(PGconn *pg, char why[static DB_WHY_SIZE])
{
	const char *encoding = PQparameterStatus(pg, "server_encoding");
	if (PQserverVersion(pg) < PG_VERSION_MIN) {
		snprintf(why, DB_WHY_SIZE, "PostgreSQL 13 or newer is needed, and the server is %d",
			PQserverVersion(pg) / 10000);
		return ERR_UNSUPPORTED;
	}
	if (!encoding || strcmp(encoding, "UTF8") != 0) {
		snprintf(why, DB_WHY_SIZE,
			"the database has the encoding %.20s; make one with ENCODING 'UTF8'",
			encoding ? encoding : "?");
		return ERR_UNSUPPORTED;
	}
	return ERR_OK;
}

static void connection_refuse(const char *location, const PGconn *pg, char why[static DB_WHY_SIZE])
{
	char shown[DB_SHOWN_SIZE];
	const char *words = pg ? PQerrorMessage(pg) : "no memory";
	db_pg_url_show(location, shown);
	snprintf(why, DB_WHY_SIZE, "the database %.80s cannot be reached: %.*s", shown,
		(int)strcspn(words, "\n"), words);
}

/* Asked for after connecting, since poolers refuse `options` at the start. What the URL's own
 * options set stays: the server calls it set by the client. */
static enum err session_start(struct driver_conn *c)
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

static enum err conn_start(struct driver_conn *c)
{
	PQsetNoticeReceiver(c->pg, say_nothing, NULL);
	if (PQsetnonblocking(c->pg, 1) != 0)
		return ERR_NOMEM;
	if (getrandom(&c->mark.conn, sizeof c->mark.conn, 0) != (ssize_t)sizeof c->mark.conn)
		return ERR_INTERNAL;
	return session_start(c);
}

void db_pg_close(struct driver_conn *c)
{
	PQfinish(c->pg);
	free(c);
}

enum err db_pg_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE])
{
	struct driver_conn *c = calloc(1, sizeof *c);
	if (!c) {
		connection_refuse(t->location, NULL, why);
		return ERR_NOMEM;
	}
	*c = (struct driver_conn){ .pg = connect_to(t),
		.lock_ms = t->busy_timeout_ms,
		.stop = t->stop,
		.answer_us = (int64_t)(PG_STATEMENT_MS + PG_SPARE_MS) * 1000 };
	enum err e = ERR_OK;
	if (PQstatus(c->pg) != CONNECTION_OK) {
		e = ERR_UNAVAILABLE;
		connection_refuse(t->location, c->pg, why);
	} else {
		e = server_judge(c->pg, why);
		if (e == ERR_OK && (e = conn_start(c)) != ERR_OK)
			connection_refuse(t->location, c->pg, why);
	}
	if (e != ERR_OK) {
		db_pg_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}
