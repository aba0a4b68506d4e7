/* The driver for SQLite. https://www.sqlite.org/c3ref/intro.html, /pragma.html, /security.html */
#include "dialect.h"
#include "place.h"
#include "sqlite_err.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

enum {
	COLUMN_BYTES_MAX = 64 << 20,
	WAL_KEPT_BYTES = 64 << 20, /* what a large import leaves behind */
	PAGE_CACHE_KIB = 2000,     /* as it is by itself, but told at start-up */
	WAL_PAUSE_US = 10 * 1000,
	LISTEN_PAUSE_US = 10 * 1000,
	LIMIT_STEPS = 1000, /* of the virtual machine, between two looks at the clock */
};
enum control {
	BEGIN_READ,
	BEGIN_WRITE,
	COMMIT,
	ROLLBACK,
	SAVEPOINT,
	RELEASE,
	ROLLBACK_TO,
	CONTROLS
};
static const char *const control_texts[CONTROLS] = {
	[BEGIN_READ] = "BEGIN",
	[BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SAVEPOINT] = "SAVEPOINT job",
	[RELEASE] = "RELEASE job",
	[ROLLBACK_TO] = "ROLLBACK TO job",
};

struct driver_conn {
	sqlite3 *db;
	bool writer;
	int64_t limit_us; /* of the statement that has one, see step_limit */
	sqlite3_stmt *controls[CONTROLS];
	sqlite3_stmt *version; /* of a connection that listens */
	int64_t version_seen;
};
struct driver_stmt {
	struct driver_conn *conn;
	sqlite3_stmt *st;
	int index[]; /* SQLite numbers $1 as a name, by first appearance */
};

/* ---- opening ---- */
static int text_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* The file may be another's: it shall not make SQLite do more than hold our rows. */
static int conn_harden(sqlite3 *db)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	int rc = SQLITE_OK;
	for (size_t i = 0; i < COUNT(options) && rc == SQLITE_OK; i++)
		rc = sqlite3_db_config(db, options[i].option, options[i].value, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, COLUMN_BYTES_MAX);
	return rc;
}

static int wal_ask(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(st);
	const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	bool is_wal = mode && strcmp(mode, "wal") == 0;
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return is_wal ? SQLITE_OK
			      : SQLITE_CANTOPEN; /* a file system without shared memory */
	return rc;
}

/* The first switch of a file to WAL does not always wait for its lock by itself. */
static int wal_switch(sqlite3 *db, unsigned busy_timeout_ms)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)busy_timeout_ms * 1000;
	int rc = wal_ask(db);
	while ((rc & 0xff) == SQLITE_BUSY && clock_monotonic_us() < end_us) {
		usleep(WAL_PAUSE_US);
		rc = wal_ask(db);
	}
	return rc;
}

/* secure_delete: what is deleted is overwritten; password hashes and tokens shall not linger in the
 * file. */
static int conn_tune(sqlite3 *db, const struct driver_target *t)
{
	int rc = t->looking ? SQLITE_OK : wal_switch(db, t->busy_timeout_ms);
	if (rc == SQLITE_OK)
		rc = text_run(db, "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA "
				  "temp_store = MEMORY;"
				  "PRAGMA cell_size_check = ON");
	char pragma[64];
	snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%d", PAGE_CACHE_KIB);
	if (rc == SQLITE_OK)
		rc = text_run(db, pragma);
	if (rc != SQLITE_OK || !t->writer)
		return rc == SQLITE_OK ? text_run(db, "PRAGMA query_only = ON") : rc;
	snprintf(pragma, sizeof pragma, "PRAGMA journal_size_limit = %d", WAL_KEPT_BYTES);
	return text_run(db, pragma);
}

static enum err open_refuse(const char *place, int rc, sqlite3 *db, char why[static DB_WHY_SIZE])
{
	enum err e = sqlite_err_of(rc);
	const char *message = db ? sqlite3_errmsg(db) : "no memory";
	if ((rc & 0xff) == SQLITE_NOTADB)
		snprintf(why, DB_WHY_SIZE,
			"the file %.100s is not a SQLite database; name another, or restore a "
			"backup",
			place);
	else if (e == ERR_BUSY)
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s is locked by another program; try again when that is "
			"done",
			place);
	else
		snprintf(why, DB_WHY_SIZE, "the database %.100s cannot be opened: %.80s", place,
			message);
	return e;
}

/* One that looks could open the file for reading only; but then the log beside it, which even a
 * reader needs, stays when it goes. So it does that only where it must. It never writes:
 * query_only. */
static int open_mode(const struct driver_target *t)
{
	bool may_write = !t->looking || access(t->place, W_OK) == 0;

	return may_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
}

static enum err sqlite_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE])
{
	struct driver_conn *c = calloc(1, sizeof *c);
	if (!c)
		return open_refuse(t->place, SQLITE_NOMEM, NULL, why);
	c->writer = t->writer;
	int rc = sqlite3_open_v2(t->place, &c->db,
		open_mode(t) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
			SQLITE_OPEN_EXRESCODE,
		NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(c->db, (int)t->busy_timeout_ms);
	if (rc == SQLITE_OK)
		rc = conn_harden(c->db);
	if (rc == SQLITE_OK)
		rc = conn_tune(c->db, t);
	if (rc != SQLITE_OK) {
		enum err e = open_refuse(t->place, rc, c->db, why);
		sqlite3_close(c->db);
		free(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

static void sqlite_close(struct driver_conn *c)
{
	for (int i = 0; i < CONTROLS; i++)
		sqlite3_finalize(c->controls[i]);
	sqlite3_finalize(c->version);
	sqlite3_close(c->db);
	free(c);
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
		return sqlite_err_of(rc);
	rc = sqlite3_step(*st);
	sqlite3_reset(*st);
	return sqlite_err_of(rc);
}

static enum err sqlite_begin(struct driver_conn *c, enum driver_begin kind)
{
	(void)kind; /* known since it was opened */
	return control(c, c->writer ? BEGIN_WRITE : BEGIN_READ);
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
		return sqlite_err_of(rc);
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
		return sqlite_err_of(sqlite3_bind_int64(s->st, s->index[i], p->i));
	case DB_TEXT:
		return sqlite_err_of(sqlite3_bind_text64(
			s->st, s->index[i], bytes, p->s.n, SQLITE_STATIC, SQLITE_UTF8));
	case DB_BLOB:
		return sqlite_err_of(
			sqlite3_bind_blob64(s->st, s->index[i], bytes, p->s.n, SQLITE_STATIC));
	case DB_NULL:
		return sqlite_err_of(sqlite3_bind_null(s->st, s->index[i]));
	}
	return ERR_INTERNAL;
}

static int is_late(void *arg)
{
	const struct driver_conn *c = arg;
	return clock_monotonic_us() > c->limit_us;
}

static void sqlite_limit(struct driver_stmt *s, unsigned ms)
{
	s->conn->limit_us = clock_monotonic_us() + (int64_t)ms * 1000;
	sqlite3_progress_handler(s->conn->db, LIMIT_STEPS, is_late, s->conn);
}

static enum err sqlite_step(struct driver_stmt *s, bool *row)
{
	int rc = sqlite3_step(s->st);
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_READONLY && !s->conn->writer)
		return ERR_INTERNAL; /* a write inside db_read */
	return sqlite_err_of(rc);
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
	if (s->conn->limit_us != 0)
		sqlite3_progress_handler(s->conn->db, 0, NULL, NULL);
	s->conn->limit_us = 0;
}

/* ---- the feed: the file's version is another after each commit by another connection ---- */
static enum err version_look(struct driver_conn *c, bool *changed)
{
	int rc = sqlite3_step(c->version);
	int64_t now = rc == SQLITE_ROW ? sqlite3_column_int64(c->version, 0) : 0;
	sqlite3_reset(c->version);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? ERR_INTERNAL : sqlite_err_of(rc);
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
	return rc == SQLITE_OK ? version_look(c, &changed) : sqlite_err_of(rc);
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
	int rc = text_run(c->db, text);
	free(text);
	return sqlite_err_of(rc);
}

/* The first row of `sql`, unless its first column is "ok", is what is wrong. */
static enum err finding(
	struct driver_conn *c, const char *sql, const char *what, char why[static DB_WHY_SIZE])
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	bool good = rc == SQLITE_DONE || (text && strcmp(text, "ok") == 0);
	if (!good)
		snprintf(why, DB_WHY_SIZE, "%s: %.200s", what, text ? text : sqlite3_errmsg(c->db));
	sqlite3_finalize(st);
	return good ? ERR_OK : rc == SQLITE_ROW ? ERR_CORRUPT : sqlite_err_of(rc);
}

static enum err sqlite_check(struct driver_conn *c, char why[static DB_WHY_SIZE])
{
	enum err e = finding(c, "PRAGMA integrity_check(1)", "the file is damaged", why);
	if (e == ERR_OK)
		e = finding(c, "PRAGMA foreign_key_check",
			"a row points to another that is not there, in table", why);
	return e;
}

static const char *const schemes[] = { "sqlite:", NULL };
const struct driver db_sqlite_driver = {
	.schemes = schemes,
	.page_cache_kib = PAGE_CACHE_KIB,
	.url_check = place_url_check,
	.url_show = place_url_show,
	.prepare_place = place_prepare,
	.release_place = place_release,
	.claim = place_claim,
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
	.check = sqlite_check,
};
