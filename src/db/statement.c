/* Runs one statement: parameters in, columns into the members of a row struct. */
#include "internal.h"

#include <string.h>

static const struct db_query_text *text_of(const struct db *db, enum query id, size_t *slot)
{
	size_t i = (size_t)id;
	if (i >= DB_OWN_QUERIES && i - DB_OWN_QUERIES < DB_OWN_COUNT) {
		*slot = db->schema.query_count + i - DB_OWN_QUERIES;
		return &db_own_texts[i - DB_OWN_QUERIES];
	}
	if (i >= DB_TABLE_QUERIES &&
		i - DB_TABLE_QUERIES < db->schema.table_count * DB_TABLE_TEXTS) {
		i -= DB_TABLE_QUERIES;
		*slot = db->schema.query_count + DB_OWN_COUNT + i;
		return &db->schema.tables[i / DB_TABLE_TEXTS].texts[i % DB_TABLE_TEXTS];
	}
	*slot = i;
	return i < db->schema.query_count ? &db->schema.queries[i] : NULL;
}

static const char *query_name(const struct db_conn *c, const struct db_call *call)
{
	size_t slot = 0;
	const struct db_query_text *q = text_of(c->db, call->query, &slot);
	return q ? q->name : "?";
}

static enum err misuse(const struct db_conn *c, const struct db_call *call, const char *why)
{
	LOG(c->db->log, LOG_ERROR, "db_misuse", log_z("query", query_name(c, call)),
		log_int("id", (int64_t)call->query), log_z("why", why));
	return ERR_INTERNAL;
}

enum err db_statement_error(struct db_conn *c, const struct db_call *call, enum err e)
{
	if (e != ERR_OK)
		c->tx_aborted = e;
	return db_error(c, query_name(c, call), e);
}

static enum err params_bind(struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt)
{
	for (size_t i = 0; i < call->param_count; i++) {
		const struct db_param *p = &call->params[i];
		if (p->type < DB_NULL || p->type > DB_BLOB)
			return misuse(c, call, "a parameter without a type");
		/* The engines disagree about a NUL in text: one stores it, one refuses. */
		if (p->type == DB_TEXT && p->s.n > 0 && memchr(p->s.p, 0, p->s.n))
			return ERR_INVALID;
		enum err e = c->db->driver->bind(stmt, i, p);
		if (e != ERR_OK)
			return db_statement_error(c, call, e);
	}
	return ERR_OK;
}

/* `columns`: what the caller expects. */
enum err db_statement_start(
	struct db_conn *c, const struct db_call *call, size_t columns, struct driver_stmt **out)
{
	const struct driver *d = c->db->driver;
	size_t slot = 0;
	const struct db_query_text *q = text_of(c->db, call->query, &slot);
	if (c->tx_aborted != ERR_OK)
		return c->tx_aborted;
	if (!q || q->params != call->param_count)
		return misuse(c, call, "unknown query, or another number of parameters");
	if (q->columns != columns)
		return misuse(c, call, "another number of columns");
	if (!c->stmts[slot]) {
		enum err e = d->prepare(c->handle, q, &c->stmts[slot]);
		if (e != ERR_OK)
			return db_statement_error(c, call, e);
	}
	enum err e = params_bind(c, call, c->stmts[slot]);
	if (e != ERR_OK) {
		d->reset(c->stmts[slot]);
		return e;
	}
	c->statements++;
	*out = c->stmts[slot];
	return ERR_OK;
}

/* ---- columns ---- */
static bool column_fits(const struct db_column *col, const struct db_param *v)
{
	if (v->type == DB_NULL)
		return true;
	switch (col->kind) {
	case DB_TO_INT:
	case DB_TO_BOOL:
		return v->type == DB_INT;
	case DB_TO_CHARS:
		return v->type == DB_TEXT && v->s.n < col->size &&
		       (v->s.n == 0 || !memchr(v->s.p, 0, v->s.n));
	case DB_TO_STR:
		return v->type == DB_TEXT || v->type == DB_BLOB;
	case DB_TO_BYTES:
		return v->type == DB_BLOB && v->s.n == col->size;
	case DB_TO_WORD:
		return v->type == DB_TEXT;
	case DB_TO_NOTHING:
		return true;
	}
	return false;
}

/* `v` fits, or is NULL, which has neither number nor bytes. */
static enum err column_store(
	const struct db_column *col, const struct db_param *v, struct arena *arena, char *row)
{
	char *to = row + col->offset;
	struct str copy = { "", 0 };
	bool yes = v->i != 0;
	switch (col->kind) {
	case DB_TO_INT:
		memcpy(to, &v->i, sizeof v->i);
		break;
	case DB_TO_BOOL:
		memcpy(to, &yes, sizeof yes);
		break;
	case DB_TO_CHARS:
	case DB_TO_BYTES:
		memset(to, 0, col->size);
		if (v->s.n > 0)
			memcpy(to, v->s.p, v->s.n);
		break;
	case DB_TO_STR:
		if (v->s.n > 0)
			copy = arena_str(arena, v->s);
		if (!copy.p)
			return ERR_NOMEM;
		memcpy(to, &copy, sizeof copy);
		break;
	case DB_TO_WORD:
		return col->parse(v->type == DB_TEXT ? v->s : copy, to) ? ERR_CORRUPT : ERR_OK;
	case DB_TO_NOTHING:
		break;
	}
	return ERR_OK;
}

static enum err corrupt(
	struct db_conn *c, const struct db_call *call, size_t column, const struct db_param *v)
{
	LOG(c->db->log, LOG_ERROR, "db_corrupt", log_z("query", query_name(c, call)),
		log_int("column", (int64_t)column + 1), log_int("type", v->type),
		log_int("bytes", (int64_t)v->s.n));
	return ERR_CORRUPT;
}

/* All columns are looked at before the first is stored, so that a row that does not fit leaves the
 * caller's alone. */
static enum err row_check(struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt)
{
	for (size_t i = 0; i < call->shape->count; i++) {
		struct db_param v = c->db->driver->column(stmt, i);
		if (!column_fits(&call->shape->columns[i], &v))
			return corrupt(c, call, i, &v);
	}
	return ERR_OK;
}

static enum err row_read(
	struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt, char *row)
{
	enum err e = row_check(c, call, stmt);
	for (size_t i = 0; e == ERR_OK && i < call->shape->count; i++) {
		struct db_param v = c->db->driver->column(stmt, i);
		e = column_store(&call->shape->columns[i], &v, call->arena, row);
		if (e == ERR_CORRUPT)
			return corrupt(c, call, i, &v);
	}
	return e;
}

static enum err shape_check(struct db_conn *c, const struct db_call *call, bool list)
{
	if (!call->shape || call->shape->count == 0)
		return misuse(c, call, "no shape");
	bool needs_arena = list;
	for (size_t i = 0; i < call->shape->count; i++)
		needs_arena = needs_arena || call->shape->columns[i].kind == DB_TO_STR;
	if (needs_arena && !call->arena)
		return misuse(c, call, "no arena");
	if (list && call->max_rows == 0)
		return misuse(c, call, "no max_rows");
	return ERR_OK;
}

/* To the end: an engine may check keys only there, when rows come back from a write. */
static enum err drain(struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt)
{
	bool more = c->writer;
	while (more) {
		enum err e = c->db->driver->step(stmt, &more);
		if (e != ERR_OK)
			return db_statement_error(c, call, e);
	}
	return ERR_OK;
}

static enum err first_row(
	struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt, void *row)
{
	bool there = false;
	enum err e = c->db->driver->step(stmt, &there);
	if (e != ERR_OK)
		return db_statement_error(c, call, e);
	if (!there)
		return ERR_NOT_FOUND;
	e = row_read(c, call, stmt, row);
	return e == ERR_OK ? drain(c, call, stmt) : e;
}

enum err db_get(struct db_conn *c, const struct db_call *call, void *row)
{
	enum err e = shape_check(c, call, false);
	if (e != ERR_OK)
		return e;
	struct driver_stmt *stmt = NULL;
	e = db_statement_start(c, call, call->shape->count, &stmt);
	if (e != ERR_OK)
		return e;
	e = first_row(c, call, stmt, row);
	c->db->driver->reset(stmt);
	return e;
}

/* ---- lists: the array doubles in the arena ---- */
struct rows {
	char *p;
	size_t count, capacity;
};

/* ERR_TOO_LARGE when one row more than max_rows comes: a list that is cut without a word would be
 * wrong. */
static enum err rows_grow(struct rows *r, const struct db_call *call)
{
	if (r->count == call->max_rows)
		return ERR_TOO_LARGE;
	if (r->count < r->capacity)
		return ERR_OK;
	size_t capacity = r->capacity ? r->capacity * 2 : 8;
	if (capacity > call->max_rows)
		capacity = call->max_rows;
	char *p = capacity > SIZE_MAX / call->shape->row_bytes
			  ? NULL
			  : arena_alloc(call->arena, capacity * call->shape->row_bytes);
	if (!p)
		return ERR_NOMEM;
	if (r->count > 0)
		memcpy(p, r->p, r->count * call->shape->row_bytes);
	r->p = p;
	r->capacity = capacity;
	return ERR_OK;
}

static enum err rows_read(
	struct db_conn *c, const struct db_call *call, struct driver_stmt *stmt, struct rows *r)
{
	while (true) {
		bool there = false;
		enum err e = c->db->driver->step(stmt, &there);
		if (e != ERR_OK)
			return db_statement_error(c, call, e);
		if (!there)
			return ERR_OK;
		e = rows_grow(r, call);
		if (e == ERR_OK)
			e = row_read(c, call, stmt, r->p + r->count * call->shape->row_bytes);
		if (e != ERR_OK)
			return e;
		r->count++;
	}
}

enum err db_list(struct db_conn *c, const struct db_call *call, void *rows_out, size_t *count)
{
	enum err e = shape_check(c, call, true);
	if (e != ERR_OK)
		return e;
	struct driver_stmt *stmt = NULL;
	e = db_statement_start(c, call, call->shape->count, &stmt);
	if (e != ERR_OK)
		return e;
	struct rows r = { NULL, 0, 0 };
	if (call->limit_ms > 0)
		c->db->driver->limit(stmt, call->limit_ms);
	e = rows_read(c, call, stmt, &r);
	c->db->driver->reset(stmt);
	if (e != ERR_OK)
		return e;
	memcpy(rows_out, &r.p, sizeof r.p);
	*count = r.count;
	return ERR_OK;
}

enum err db_run(struct db_conn *c, const struct db_call *call, int64_t *changed)
{
	struct driver_stmt *stmt = NULL;
	enum err e = db_statement_start(c, call, 0, &stmt);
	if (e != ERR_OK)
		return e;
	bool there = false;
	e = c->db->driver->step(stmt, &there);
	if (e == ERR_OK && changed)
		*changed = c->db->driver->changed(stmt);
	if (e != ERR_OK)
		db_statement_error(c, call, e);
	c->db->driver->reset(stmt);
	return e;
}
