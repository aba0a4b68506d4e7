/* The driver for SQLite: transactions, statements, changes. https://www.sqlite.org/c3ref/intro.html
 */
#include "sqlite.h"

#include "dialect.h"
#include "sqlite_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How often PRAGMA data_version is asked, which costs a look at shared memory: SQLite tells nobody
 * of another program's commit. */
enum { LISTEN_PAUSE_US = 10 * 1000 };
static const char *const control_texts[CONTROLS] = {
	[BEGIN_READ] = "BEGIN",
	[BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SAVEPOINT] = "SAVEPOINT job",
	[RELEASE] = "RELEASE job",
	[ROLLBACK_TO] = "ROLLBACK TO job",
};

/* Of one connection, prepared once and used until it is closed. */
struct driver_stmt {
	struct driver_conn *conn;
	sqlite3_stmt *st;
	int index[]; /* SQLite numbers $1 as a name, by first appearance */
};

static void sqlite_close(struct driver_conn *c)
{
	db_sqlite_checkpointer_stop(c);
	db_sqlite_close(c);
}

static enum err sqlite_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE])
{
	struct driver_conn *c = NULL;
	enum err e = db_sqlite_open(t, &c, why);
	if (e != ERR_OK)
		return e;
	e = t->writer && t->serving ? db_sqlite_checkpointer_start(c, t, why) : ERR_OK;
	if (e != ERR_OK) {
		db_sqlite_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

static const char *sqlite_message(struct driver_conn *c)
{
	return sqlite3_errmsg(c->db);
}

/* A file is not lost as a connection is: what is wrong with it shows at the next statement. */
static bool sqlite_alive(struct driver_conn *c)
{
	(void)c;
	return true;
}

/* ---- transactions ---- */
static enum err control(struct driver_conn *c, enum control what)
{
	sqlite3_stmt **st = &c->controls[what];
	int rc = SQLITE_OK;
	if (!*st)
		rc = sqlite3_prepare_v3(
			c->db, control_texts[what], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc != SQLITE_OK)
		return db_sqlite_err(rc);
	rc = sqlite3_step(*st);
	sqlite3_reset(*st);
	return db_sqlite_err(rc);
}

static enum err sqlite_begin(struct driver_conn *c, enum driver_begin kind)
{
	(void)kind; /* known since it was opened */
	if (!c->writer)
		return control(c, BEGIN_READ);
	bool turn = db_sqlite_turn_take(c);
	enum err e = control(c, BEGIN_WRITE);
	if (turn)
		db_sqlite_turn_give(c);
	return e;
}

static enum err sqlite_commit(struct driver_conn *c)
{
	return control(c, COMMIT);
}

static bool sqlite_in_tx(struct driver_conn *c)
{
	return !sqlite3_get_autocommit(c->db);
}

/* Fails only when the engine has rolled back already. */
static void sqlite_rollback(struct driver_conn *c)
{
	if (sqlite_in_tx(c))
		(void)control(c, ROLLBACK);
}

static enum err sqlite_savepoint(struct driver_conn *c)
{
	return control(c, SAVEPOINT);
}

static enum err sqlite_release(struct driver_conn *c)
{
	return control(c, RELEASE);
}

static enum err sqlite_rollback_to(struct driver_conn *c)
{
	enum err e = control(c, ROLLBACK_TO);
	return e == ERR_OK ? control(c, RELEASE) : e;
}

/* ---- statements ---- */
static enum err sqlite_prepare(
	struct driver_conn *c, const struct db_query_text *q, struct driver_stmt **out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v3(c->db, q->sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc != SQLITE_OK)
		return db_sqlite_err(rc);
	struct driver_stmt *s = malloc(sizeof *s + q->params * sizeof s->index[0]);
	if (!s) {
		sqlite3_finalize(st);
		return ERR_NOMEM;
	}
	s->conn = c;
	s->st = st;
	for (unsigned i = 0; i < q->params; i++) {
		char name[16];
		snprintf(name, sizeof name, "$%u", i + 1);
		s->index[i] = sqlite3_bind_parameter_index(st, name);
	}
	*out = s;
	return ERR_OK;
}

static void sqlite_finish(struct driver_stmt *s)
{
	sqlite3_finalize(s->st);
	free(s);
}

/* An empty slice may be {NULL, 0}, which SQLite would take for NULL. */
static enum err sqlite_bind(struct driver_stmt *s, size_t i, const struct db_param *p)
{
	const char *bytes = p->s.p ? p->s.p : "";
	switch (p->type) {
	case DB_INT:
		return db_sqlite_err(sqlite3_bind_int64(s->st, s->index[i], p->i));
	case DB_TEXT:
		return db_sqlite_err(sqlite3_bind_text64(
			s->st, s->index[i], bytes, p->s.n, SQLITE_STATIC, SQLITE_UTF8));
	case DB_BLOB:
		return db_sqlite_err(
			sqlite3_bind_blob64(s->st, s->index[i], bytes, p->s.n, SQLITE_STATIC));
	case DB_NULL:
		return db_sqlite_err(sqlite3_bind_null(s->st, s->index[i]));
	}
	return ERR_INTERNAL;
}

static void sqlite_limit(struct driver_stmt *s, unsigned ms)
{
	s->conn->limit_us = clock_monotonic_us() + (int64_t)ms * 1000;
	db_sqlite_watch(s->conn);
}

static enum err sqlite_step(struct driver_stmt *s, bool *row)
{
	int rc = sqlite3_step(s->st);
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_READONLY && !s->conn->writer)
		return ERR_INTERNAL; /* a write inside db_read */
	return db_sqlite_err(rc);
}

static struct db_param sqlite_column(struct driver_stmt *s, size_t i)
{
	int at = (int)i;
	struct db_param v = { .type = DB_NULL };
	switch (sqlite3_column_type(s->st, at)) {
	case SQLITE_NULL:
		return v;
	case SQLITE_INTEGER:
		return db_int(sqlite3_column_int64(s->st, at));
	case SQLITE_TEXT:
		v.type = DB_TEXT;
		v.s.p = (const char *)sqlite3_column_text(s->st, at);
		break;
	case SQLITE_BLOB:
		v.type = DB_BLOB;
		v.s.p = sqlite3_column_blob(s->st, at);
		break;
	default:
		return (struct db_param){ 0 };
	}
	v.s.n = (size_t)sqlite3_column_bytes(s->st, at);
	return v;
}

static int64_t sqlite_changed(struct driver_stmt *s)
{
	return sqlite3_changes64(s->conn->db);
}

/* The bound bytes are the caller's, so they are let go. */
static void sqlite_reset(struct driver_stmt *s)
{
	sqlite3_reset(s->st);
	sqlite3_clear_bindings(s->st);
	if (s->conn->limit_us == 0)
		return;
	s->conn->limit_us = 0;
	db_sqlite_watch(s->conn);
}

/* ---- the feed: the file's version is another after each commit by another connection ---- */
static enum err version_look(struct driver_conn *c, bool *changed)
{
	int rc = sqlite3_step(c->version);
	int64_t now = rc == SQLITE_ROW ? sqlite3_column_int64(c->version, 0) : 0;
	sqlite3_reset(c->version);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? ERR_INTERNAL : db_sqlite_err(rc);
	*changed = now != c->version_seen;
	c->version_seen = now;
	return ERR_OK;
}

static enum err sqlite_listen(struct driver_conn *c)
{
	bool changed = false;
	int rc = SQLITE_OK;
	if (!c->version)
		rc = sqlite3_prepare_v3(c->db, "PRAGMA data_version", -1, SQLITE_PREPARE_PERSISTENT,
			&c->version, NULL);
	return rc == SQLITE_OK ? version_look(c, &changed) : db_sqlite_err(rc);
}

static enum err sqlite_wait(struct driver_conn *c, unsigned timeout_ms, bool *changed)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
	enum err e = version_look(c, changed);
	while (e == ERR_OK && !*changed && clock_monotonic_us() < end_us) {
		usleep(LISTEN_PAUSE_US);
		e = version_look(c, changed);
	}
	return e;
}

/* ---- migrations and checks ---- */
static enum err sqlite_script(struct driver_conn *c, const char *sql)
{
	char *text = dialect_to_sqlite(sql);
	if (!text)
		return ERR_NOMEM;
	int rc = sqlite3_exec(c->db, text, NULL, NULL, NULL);
	free(text);
	return db_sqlite_err(rc);
}

static const char *const schemes[] = { "sqlite:", NULL };
const struct driver db_sqlite_driver = {
	.schemes = schemes,
	.page_cache_kib = SQLITE_PAGE_CACHE_KIB,
	.url_check = db_sqlite_url_check,
	.url_show = db_sqlite_url_show,
	.prepare_location = db_sqlite_file_prepare,
	.release_location = db_sqlite_file_release,
	.claim = db_sqlite_file_claim,
	.open = sqlite_open,
	.close = sqlite_close,
	.message = sqlite_message,
	.alive = sqlite_alive,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.savepoint = sqlite_savepoint,
	.release = sqlite_release,
	.rollback_to = sqlite_rollback_to,
	.in_tx = sqlite_in_tx,
	.prepare = sqlite_prepare,
	.finish = sqlite_finish,
	.bind = sqlite_bind,
	.step = sqlite_step,
	.limit = sqlite_limit,
	.column = sqlite_column,
	.changed = sqlite_changed,
	.reset = sqlite_reset,
	.listen = sqlite_listen,
	.wait = sqlite_wait,
	.script = sqlite_script,
	.check = db_sqlite_check,
};
