/* Reads and writes whole tables row by row, with the statements that schemac generated from the
 * schema. `db copy` uses it. */
#include "internal.h"

#include <stdio.h>

/* Of one table: a row's values stand on the stack. */
enum { COLUMNS_MAX = 100 };

static struct db_call call_of(const struct db_conn *c, size_t table, enum db_table_text what,
	const struct db_param *params)
{
	return (struct db_call){
		.query = (enum query)(DB_TABLE_QUERIES + table * DB_TABLE_TEXTS + what),
		.params = params,
		.param_count = c->db->schema.tables[table].texts[what].params,
	};
}

static enum err misuse(const struct db_conn *c, const char *why)
{
	LOG(c->db->log, LOG_ERROR, "db_misuse", log_z("why", why));
	return ERR_INTERNAL;
}

static enum err row_read(struct db_conn *c, struct driver_stmt *stmt, const struct db_query_text *q,
	struct db_param *values)
{
	for (unsigned i = 0; i < q->columns; i++) {
		values[i] = c->db->driver->column(stmt, i);
		if (values[i].type)
			continue;
		LOG(c->db->log, LOG_ERROR, "db_corrupt", log_z("query", q->name),
			log_int("column", i + 1));
		return ERR_CORRUPT;
	}
	return ERR_OK;
}

/* Calls fn with each row; the values are good until it returns. The first error ends it. */
static enum err rows_each(struct db_conn *c, const struct db_call *call,
	const struct db_query_text *q, db_row_fn *fn, void *arg)
{
	struct db_param values[COLUMNS_MAX] = { { .type = DB_NULL } };
	struct driver_stmt *stmt = NULL;
	if (q->columns > COLUMNS_MAX)
		return misuse(c, "a table of too many columns");
	enum err e = db_statement_start(c, call, q->columns, &stmt);
	bool more = e == ERR_OK;
	while (more) {
		e = c->db->driver->step(stmt, &more);
		if (e != ERR_OK)
			e = db_statement_error(c, call, e);
		else if (more && (e = row_read(c, stmt, q, values)) == ERR_OK)
			e = fn(arg, values);
		more = more && e == ERR_OK;
	}
	if (stmt)
		c->db->driver->reset(stmt);
	return e;
}

enum err db_table_rows(
	struct db_conn *c, size_t table, struct db_table_range r, db_row_fn *fn, void *arg)
{
	if (table >= c->db->schema.table_count)
		return misuse(c, "no such table");
	const struct db_table *t = &c->db->schema.tables[table];
	struct db_param params[COLUMNS_MAX];
	size_t n = 0;
	for (; r.after && n < t->keys; n++)
		params[n] = r.after[n];
	params[n] = db_int((int64_t)r.max);
	enum db_table_text what = r.after ? DB_TABLE_NEXT : DB_TABLE_FIRST;
	struct db_call call = call_of(c, table, what, params);
	return rows_each(c, &call, &t->texts[what], fn, arg);
}

/* Passes on the first row alone. */
struct first {
	db_row_fn *fn;
	void *arg;
	bool any;
};
static enum err first_row(void *arg, const struct db_param *values)
{
	struct first *f = arg;
	f->any = true;
	return f->fn ? f->fn(f->arg, values) : ERR_OK;
}

enum err db_table_last(struct db_conn *c, size_t table, db_row_fn *fn, void *arg)
{
	if (table >= c->db->schema.table_count)
		return misuse(c, "no such table");
	struct first f = { fn, arg, false };
	struct db_call call = call_of(c, table, DB_TABLE_LAST, NULL);
	enum err e = rows_each(
		c, &call, &c->db->schema.tables[table].texts[DB_TABLE_LAST], first_row, &f);
	return e == ERR_OK && !f.any ? ERR_NOT_FOUND : e;
}

static enum err row_insert(struct db_conn *c, const struct db_call *call)
{
	const struct driver *d = c->db->driver;
	struct driver_stmt *stmt = NULL;
	bool row = false;
	enum err e = db_statement_start(c, call, 0, &stmt);
	if (e != ERR_OK)
		return e;
	e = d->queue ? d->queue(stmt) : d->step(stmt, &row);
	d->reset(stmt);
	return e == ERR_OK ? e : db_statement_error(c, call, e);
}

enum err db_table_insert(struct db_conn *c, size_t table, const struct db_param *rows, size_t count)
{
	if (table >= c->db->schema.table_count)
		return misuse(c, "no such table");
	const struct db_table *t = &c->db->schema.tables[table];
	struct db_call call = call_of(c, table, DB_TABLE_INSERT, rows);
	enum err e = ERR_OK;
	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		call.params = rows + i * t->columns;
		e = row_insert(c, &call);
	}
	if (e == ERR_OK && c->db->driver->queue) {
		e = c->db->driver->queue_end(c->handle);
		if (e != ERR_OK)
			e = db_statement_error(c, &call, e);
	}
	return e;
}

static enum err count_row(void *arg, const struct db_param *values)
{
	*(int64_t *)arg = values[0].i;
	return ERR_OK;
}

enum err db_table_rows_count(struct db_conn *c, size_t table, int64_t *count)
{
	if (table >= c->db->schema.table_count)
		return misuse(c, "no such table");
	struct db_call call = call_of(c, table, DB_TABLE_COUNT, NULL);
	return rows_each(
		c, &call, &c->db->schema.tables[table].texts[DB_TABLE_COUNT], count_row, count);
}

enum err db_table_wipe(struct db_conn *c, size_t table)
{
	if (table >= c->db->schema.table_count)
		return misuse(c, "no such table");
	struct db_call call = call_of(c, table, DB_TABLE_WIPE, NULL);
	return db_run(c, &call, NULL);
}

/* ---- keeping servers off ---- */
enum err db_claim(struct db *db, char why[static 256])
{
	struct db_conn *c = NULL;
	if (db->claim >= 0)
		return ERR_OK;
	enum err e = db_pool_acquire(db, &c);
	if (e != ERR_OK) {
		snprintf(why, DB_WHY_SIZE, "the database %.100s does not answer", db->shown);
		return e;
	}
	e = db->driver->claim(c->handle, db->location, &db->claim, why);
	db_pool_release(db, c);
	return e;
}
