/* Statements on PostgreSQL. Numbers are sent as text, so that the server converts them to the
 * type that it inferred; text and bytes are sent as they are, and results come in binary. */
#include "postgres.h"

#include "postern/hash.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* pg_type.dat; they never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_NAME = 19, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };
enum { OID_TEXT = 25, OID_VARCHAR = 1043 };

/* Prepared on the server under `name`, with its first run. The arrays are PQsendQueryPrepared's,
 * one entry for each parameter; texts and bytes are bound without a copy, so the caller keeps them
 * until the run. */
struct driver_stmt {
	struct driver_conn *conn;
	const struct db_query_text *query;
	char name[PG_NAME_SIZE];
	bool ready; /* the server knows it */
	bool writes;
	unsigned limit_ms; /* of this run; 0: the connection's */
	PGresult *result;  /* of this run */
	int row;           /* the next */
	const char **values;
	int *lengths, *formats;
	char (*numbers)[PG_NUMBER_SIZE];
};

static const char *sql_of(const struct db_query_text *q)
{
	return q->postgres ? q->postgres : q->sql;
}

static bool params_alloc(struct driver_stmt *s, size_t n)
{
	n = n ? n : 1;
	s->values = calloc(n, sizeof s->values[0]);
	s->lengths = calloc(n, sizeof s->lengths[0]);
	s->formats = calloc(n, sizeof s->formats[0]);
	s->numbers = calloc(n, sizeof s->numbers[0]);
	return s->values && s->lengths && s->formats && s->numbers;
}

void db_pg_stmt_finish(struct driver_stmt *s)
{
	PQclear(s->result);
	free(s->values);
	free(s->lengths);
	free(s->formats);
	free(s->numbers);
	free(s);
}

/* Named by what it says: should a pooler hand this session's server connection to another client
 * all the same, the name binds this text or none, never the values of one query to another. */
static void name_make(char name[static PG_NAME_SIZE], const struct db_query_text *q)
{
	static const struct hash_key fixed = { 0, 0 }; /* nobody chooses the texts */
	const uint64_t digest = hash_bytes(&fixed, str_of(sql_of(q)));
	snprintf(name, PG_NAME_SIZE, "%.40s_%016llx", q->name, (unsigned long long)digest);
}

enum err db_pg_prepare(
	struct driver_conn *c, const struct db_query_text *q, struct driver_stmt **out)
{
	struct driver_stmt *s = q->params <= PG_PARAMS_MAX ? calloc(1, sizeof *s) : NULL;
	if (!s)
		return ERR_NOMEM;
	s->conn = c;
	s->query = q;
	s->writes = strncasecmp(sql_of(q), "SELECT", 6) != 0;
	name_make(s->name, q);
	if (!params_alloc(s, q->params)) {
		db_pg_stmt_finish(s);
		return ERR_NOMEM;
	}
	*out = s;
	return ERR_OK;
}

/* An empty slice may be {NULL, 0}, which libpq would take for NULL. */
enum err db_pg_bind(struct driver_stmt *s, size_t i, const struct db_param *p)
{
	if (p->type == DB_INT) {
		snprintf(s->numbers[i], PG_NUMBER_SIZE, "%lld", (long long)p->i);
		s->values[i] = s->numbers[i];
		s->formats[i] = 0;
		return ERR_OK;
	}
	if (p->s.n > INT32_MAX)
		return ERR_TOO_LARGE;
	const char *value = p->s.p ? p->s.p : "";
	s->values[i] = p->type == DB_NULL ? NULL : value;
	s->lengths[i] = (int)p->s.n;
	s->formats[i] = 1;
	return ERR_OK;
}

static int prepare_send(struct driver_stmt *s)
{
	return PQsendPrepare(s->conn->pg, s->name, sql_of(s->query), 0, NULL);
}

static int run_send(struct driver_stmt *s)
{
	return PQsendQueryPrepared(
		s->conn->pg, s->name, (int)s->query->params, s->values, s->lengths, s->formats, 1);
}

/* For the rest of the transaction, which is a read's. */
static enum err limit_push(struct driver_conn *c, unsigned ms)
{
	char sql[64];
	snprintf(sql, sizeof sql, "SET LOCAL statement_timeout = %u", ms);
	return db_pg_push_text(c, sql);
}

void db_pg_limit(struct driver_stmt *s, unsigned ms)
{
	s->limit_ms = ms;
}

/* Puts the run into the batch; `*prepared_at`: how many queries of it end with the PREPARE, or 0.
 */
static enum err run_push(struct driver_stmt *s, unsigned *prepared_at)
{
	struct driver_conn *c = s->conn;
	enum err e = c->lost ? ERR_UNAVAILABLE : db_pg_tx_lead(c, s->writes);
	if (e == ERR_OK && s->limit_ms > 0)
		e = limit_push(c, s->limit_ms);
	if (e == ERR_OK && !s->ready) {
		e = db_pg_push(c, prepare_send(s));
		*prepared_at = c->queued;
	}
	return e == ERR_OK ? db_pg_push(c, run_send(s)) : e;
}

static enum err execute(struct driver_stmt *s)
{
	struct driver_conn *c = s->conn;
	unsigned prepared_at = 0;
	enum err e = run_push(s, &prepared_at);
	if (e == ERR_OK)
		e = db_pg_finish(c, &s->result);
	db_pg_tx_led(c);
	s->ready = s->ready || (prepared_at > 0 && c->good >= prepared_at);
	s->row = -1;
	return e;
}

enum err db_pg_step(struct driver_stmt *s, bool *row)
{
	*row = false;
	if (!s->result) {
		enum err e = execute(s);
		if (e != ERR_OK)
			return e;
	}
	*row = ++s->row < PQntuples(s->result);
	return ERR_OK;
}

/* The first run of a statement waits: what follows must know that it is prepared. */
enum err db_pg_queue(struct driver_stmt *s)
{
	unsigned prepared_at = 0;
	bool row = false;
	if (s->ready && s->conn->tx == PG_OPEN)
		return run_push(s, &prepared_at);
	enum err e = db_pg_step(s, &row);
	db_pg_reset(s);
	return e;
}

enum err db_pg_queue_end(struct driver_conn *c)
{
	if (c->queued == 0)
		return ERR_OK;
	return c->lost ? ERR_UNAVAILABLE : db_pg_finish(c, NULL);
}

/* Binary format: big-endian integers of 2, 4 or 8 bytes, a boolean of one. Type 0 for any other
 * length. */
static struct db_param number_read(const char *p, int n)
{
	uint64_t big;
	uint32_t middle;
	uint16_t small;
	switch (n) {
	case sizeof big:
		memcpy(&big, p, sizeof big);
		return db_int((int64_t)be64toh(big));
	case sizeof middle:
		memcpy(&middle, p, sizeof middle);
		return db_int((int32_t)be32toh(middle));
	case sizeof small:
		memcpy(&small, p, sizeof small);
		return db_int((int16_t)be16toh(small));
	case 1:
		return db_int(*p != 0);
	default:
		return (struct db_param){ 0 };
	}
}

static enum db_type type_of(Oid oid)
{
	switch (oid) {
	case OID_BOOL:
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		return DB_INT;
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_NAME:
		return DB_TEXT;
	case OID_BYTEA:
		return DB_BLOB;
	default:
		return 0;
	}
}

struct db_param db_pg_column(struct driver_stmt *s, size_t i)
{
	int at = (int)i, n = PQgetlength(s->result, s->row, at);
	const char *p = PQgetvalue(s->result, s->row, at);
	if (PQgetisnull(s->result, s->row, at))
		return (struct db_param){ .type = DB_NULL };
	enum db_type type = type_of(PQftype(s->result, at));
	if (type == DB_INT)
		return number_read(p, n);
	if (!type)
		return (struct db_param){ 0 };
	return (struct db_param){ .type = type, .s = { p, (size_t)n } };
}

int64_t db_pg_changed(struct driver_stmt *s)
{
	int64_t n = 0;
	return str_int(str_of(PQcmdTuples(s->result)), 0, INT64_MAX, &n) == ERR_OK ? n : 0;
}

/* The bound bytes are the caller's, so they are let go. */
void db_pg_reset(struct driver_stmt *s)
{
	PQclear(s->result);
	s->result = NULL;
	s->limit_ms = 0;
	for (unsigned i = 0; i < s->query->params; i++)
		s->values[i] = NULL;
}

static enum err description_check(struct driver_stmt *s, const PGresult *r)
{
	char *to = s->conn->message;
	if (PQnparams(r) != (int)s->query->params || PQnfields(r) != (int)s->query->columns) {
		snprintf(to, DB_WHY_SIZE, "%d parameters and %d columns here", PQnparams(r),
			PQnfields(r));
		return ERR_INTERNAL;
	}
	for (int i = 0; i < PQnfields(r); i++) {
		if (type_of(PQftype(r, i)))
			continue;
		snprintf(to, DB_WHY_SIZE, "column %d is of type %u, which we do not read", i + 1,
			PQftype(r, i));
		return ERR_INTERNAL;
	}
	return ERR_OK;
}

enum err db_pg_describe(struct driver_stmt *s)
{
	struct driver_conn *c = s->conn;
	PGresult *r = NULL;
	enum err e = c->lost ? ERR_UNAVAILABLE : db_pg_push(c, prepare_send(s));
	if (e == ERR_OK)
		e = db_pg_push(c, PQsendDescribePrepared(c->pg, s->name));
	if (e == ERR_OK)
		e = db_pg_finish(c, &r);
	s->ready = c->good >= 1;
	if (e == ERR_OK)
		e = description_check(s, r);
	PQclear(r);
	return e;
}
