/* Sends to PostgreSQL and reads answers without blocking, each with a time limit. */
#include "postgres.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* STOP_LOOK_MS: how often a wait looks whether the program was told to stop. POLL_MAX_MS: of one
 * poll(2), whose time-out is an int. */
enum { MS_US = 1000, POLL_MAX_MS = 1000 * 1000, STOP_LOOK_MS = 100 };

static void message_set(struct driver_conn *c, const char *text)
{
	size_t n = strcspn(text, "\n"); /* DETAIL may quote a row */
	snprintf(c->message, sizeof c->message, "%.*s", (int)(n < 200 ? n : 200), text);
}

enum err db_pg_lose(struct driver_conn *c, const char *why)
{
	if (!c->lost)
		message_set(c, why && *why ? why : "the connection was lost");
	c->lost = true;
	return ERR_UNAVAILABLE;
}

/* ---- errors. https://www.postgresql.org/docs/15/errcodes-appendix.html ---- */
enum err db_pg_err_of_state(const char *state)
{
	static const struct {
		const char *prefix; /* a whole code before its class */
		enum err err;
	} table[] = {
		{ "23505", ERR_CONFLICT },    /* unique_violation */
		{ "23503", ERR_CONFLICT },    /* foreign_key_violation */
		{ "40001", ERR_BUSY },        /* serialization_failure */
		{ "40P01", ERR_BUSY },        /* deadlock_detected */
		{ "55P03", ERR_BUSY },        /* lock_not_available */
		{ "57014", ERR_BUSY },        /* query_canceled: statement_timeout */
		{ "40003", ERR_UNAVAILABLE }, /* statement_completion_unknown */
		{ "22021", ERR_INVALID },     /* character_not_in_repertoire */
		{ "42501", ERR_UNAVAILABLE }, /* insufficient_privilege: the operator's to mend */
		{ "08", ERR_UNAVAILABLE },    /* connection */
		{ "28", ERR_UNAVAILABLE },    /* authorization */
		{ "3D", ERR_UNAVAILABLE },    /* no such database */
		{ "53", ERR_UNAVAILABLE },    /* disk, memory, connections */
		{ "57", ERR_UNAVAILABLE },    /* shutdown, starting up */
		{ "58", ERR_UNAVAILABLE },    /* the system below it */
		{ "F0", ERR_UNAVAILABLE },    /* its configuration */
		{ "54", ERR_TOO_LARGE },
		{ "XX001", ERR_CORRUPT },
		{ "XX002", ERR_CORRUPT },
	};
	for (size_t i = 0; state && i < COUNT(table); i++)
		if (strncmp(state, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].err;
	return ERR_INTERNAL;
}

/* What makes a connection useless although it still answers: statements that a pooler forgot, plans
 * that a migration made stale, and a server that takes no writes any more. */
static bool state_is_final(const struct driver_conn *c, const char *state)
{
	if (strcmp(state, "25006") == 0)
		return c->kind != DRIVER_READ;
	return strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0 ||
	       strcmp(state, "26000") == 0 || strcmp(state, "0A000") == 0;
}

/* FATAL and PANIC end the connection (severity is not ERROR), and so do the states of
 * state_is_final. */
static enum err result_err(struct driver_conn *c, const PGresult *r)
{
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_PIPELINE_SYNC:
		return ERR_OK;
	case PGRES_PIPELINE_ABORTED:
		return ERR_INTERNAL; /* the query before it has the reason */
	default:
		break;
	}
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	if (!state) /* libpq's own words: there is no connection */
		return db_pg_lose(c, PQresultErrorMessage(r));
	if (state_is_final(c, state) || (severity && strcmp(severity, "ERROR") != 0))
		return db_pg_lose(c, text);
	message_set(c, text ? text : state);
	return db_pg_err_of_state(state);
}

/* ---- waiting ---- */
static int poll_ms(int64_t end_us)
{
	if (!end_us)
		return -1;
	int64_t left_ms = (end_us - clock_monotonic_us() + MS_US - 1) / MS_US;
	if (left_ms < 0)
		return 0;
	return left_ms > POLL_MAX_MS ? POLL_MAX_MS : (int)left_ms;
}

enum err db_pg_poll(struct driver_conn *c, int64_t end_us, bool *there)
{
	struct pollfd p = { .fd = PQsocket(c->pg), .events = POLLIN };
	int unsent = PQflush(c->pg);
	if (p.fd < 0 || unsent < 0)
		return db_pg_lose(c, PQerrorMessage(c->pg));
	if (unsent)
		p.events |= POLLOUT;
	int ms = poll_ms(end_us);
	if (c->stop && (ms < 0 || ms > STOP_LOOK_MS))
		ms = STOP_LOOK_MS;
	int n = poll(&p, 1, ms);
	*there = n > 0 && (p.revents & ~POLLOUT) != 0;
	if (n < 0 && errno != EINTR)
		return db_pg_lose(c, strerror(errno));
	if (*there && !PQconsumeInput(c->pg))
		return db_pg_lose(c, PQerrorMessage(c->pg));
	if (*there)
		c->heard_us = clock_monotonic_us();
	return ERR_OK;
}

/* The server ends the statement and rolls its transaction back; it would not see for itself that
 * nobody waits. */
static enum err give_up(struct driver_conn *c)
{
	char words[256];
	PGcancel *cancel = PQgetCancel(c->pg);
	if (cancel)
		(void)PQcancel(cancel, words, sizeof words);
	PQfreeCancel(cancel);
	return db_pg_lose(c, "told to stop");
}

static enum err answer_wait(struct driver_conn *c, int64_t end_us)
{
	while (PQisBusy(c->pg)) {
		bool there = false;
		if (c->stop && *c->stop)
			return give_up(c);
		enum err e = db_pg_poll(c, end_us, &there);
		if (e != ERR_OK)
			return e;
		if (!there && end_us && clock_monotonic_us() >= end_us)
			return db_pg_lose(c, "no answer in time");
	}
	return ERR_OK;
}

static enum err result_next(struct driver_conn *c, int64_t end_us, PGresult **out)
{
	enum err e = c->lost ? ERR_UNAVAILABLE : answer_wait(c, end_us);
	if (e == ERR_OK)
		*out = PQgetResult(c->pg);
	return e;
}

/* The result of one query, behind which stands a NULL. */
static enum err query_result(struct driver_conn *c, int64_t end_us, PGresult **out)
{
	PGresult *behind = NULL;
	enum err e = result_next(c, end_us, out);
	if (e != ERR_OK)
		return e;
	if (!*out)
		return db_pg_lose(c, "an answer is missing");
	e = result_err(c, *out);
	enum err rest = result_next(c, end_us, &behind);
	if (rest == ERR_OK && behind) {
		PQclear(behind);
		rest = db_pg_lose(c, "an answer too many");
	}
	return e != ERR_OK ? e : rest;
}

static enum err sync_result(struct driver_conn *c, int64_t end_us)
{
	PGresult *r = NULL;
	enum err e = result_next(c, end_us, &r);
	if (e == ERR_OK && PQresultStatus(r) != PGRES_PIPELINE_SYNC)
		e = db_pg_lose(c, "the answers are out of step");
	PQclear(r);
	return e;
}

/* ---- batches ---- */
enum err db_pg_push(struct driver_conn *c, int sent)
{
	if (c->lost)
		return ERR_UNAVAILABLE;
	if (!sent)
		return db_pg_lose(c, PQerrorMessage(c->pg));
	c->queued++;
	return ERR_OK;
}

enum err db_pg_push_text(struct driver_conn *c, const char *sql)
{
	return db_pg_push(
		c, !c->lost && PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1));
}

/* How long this answer may take. A migration takes what it takes. */
static int64_t answer_end_us(const struct driver_conn *c)
{
	if (!c->answer_us || c->kind == DRIVER_MIGRATE)
		return 0;
	return clock_monotonic_us() + c->answer_us;
}

void db_pg_unread_take(struct driver_conn *c, const PGresult *r)
{
	if (r && PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
		c->unread--;
		c->pinged_us = 0;
	} else if (r) {
		(void)result_err(c, r);
	}
}

/* Of the batches that nobody waited for, up to the syncs behind them. */
static enum err unread_skip(struct driver_conn *c, int64_t end_us)
{
	bool nothing = false;
	while (c->unread > 0) {
		PGresult *r = NULL;
		enum err e = result_next(c, end_us, &r);
		if (e == ERR_OK && !r && nothing)
			e = db_pg_lose(c, "an answer is missing");
		if (e == ERR_OK)
			db_pg_unread_take(c, r);
		if (e != ERR_OK)
			return e;
		nothing = !r;
		PQclear(r);
	}
	return c->lost ? ERR_UNAVAILABLE : ERR_OK;
}

static enum err batch_read(struct driver_conn *c, unsigned queries, PGresult **last)
{
	int64_t end_us = answer_end_us(c);
	enum err e = unread_skip(c, end_us);
	for (unsigned i = 0; i < queries && !c->lost; i++) {
		PGresult *r = NULL;
		enum err one = query_result(c, end_us, &r);
		c->good += one == ERR_OK && e == ERR_OK;
		e = e == ERR_OK ? one : e;
		if (e == ERR_OK && last && i + 1 == queries)
			*last = r;
		else
			PQclear(r);
	}
	enum err rest = sync_result(c, end_us);
	return e == ERR_OK ? rest : e;
}

enum err db_pg_finish(struct driver_conn *c, PGresult **last)
{
	unsigned queries = c->queued;
	PGresult *r = NULL;
	c->queued = c->good = 0;
	if (!c->lost && !PQpipelineSync(c->pg))
		db_pg_lose(c, PQerrorMessage(c->pg));
	if (c->lost)
		return ERR_UNAVAILABLE;
	enum err e = batch_read(c, queries, &r);
	if (e == ERR_OK && last)
		*last = r;
	else
		PQclear(r);
	return e;
}

void db_pg_finish_later(struct driver_conn *c)
{
	c->queued = 0;
	if (c->lost)
		return;
	c->unread++;
	if (!PQpipelineSync(c->pg) || PQflush(c->pg) < 0)
		db_pg_lose(c, PQerrorMessage(c->pg));
}

/* ---- the simple protocol, which takes several statements ---- */
static enum err script_read(struct driver_conn *c, PGresult **last)
{
	enum err e = ERR_OK;
	int64_t end_us = answer_end_us(c);
	while (!c->lost) {
		PGresult *r = NULL;
		enum err one = result_next(c, end_us, &r);
		if (one == ERR_OK && !r)
			break;
		one = one == ERR_OK ? result_err(c, r) : one;
		e = e == ERR_OK ? one : e;
		PQclear(*last);
		*last = r;
	}
	return e;
}

enum err db_pg_script(struct driver_conn *c, const char *sql, PGresult **last)
{
	PGresult *r = NULL;
	if (!c->lost && PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF &&
		(unread_skip(c, answer_end_us(c)) != ERR_OK || !PQexitPipelineMode(c->pg)))
		db_pg_lose(c, PQerrorMessage(c->pg));
	if (!c->lost && !PQsendQuery(c->pg, sql))
		db_pg_lose(c, PQerrorMessage(c->pg));
	enum err e = c->lost ? ERR_UNAVAILABLE : script_read(c, &r);
	if (!c->lost && !PQenterPipelineMode(c->pg))
		e = db_pg_lose(c, PQerrorMessage(c->pg));
	if (e == ERR_OK && last)
		*last = r;
	else
		PQclear(r);
	return e;
}
