/* Opening, closing, and lending connections to readers. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct driver *const drivers[] = { &db_sqlite_driver };
static _Thread_local struct db_scope *innermost;

bool db_in_tx(const struct db *db)
{
	for (const struct db_scope *s = innermost; s; s = s->outer)
		if (s->db == db)
			return true;
	return false;
}

/* A second connection inside a transaction would see another state, and a second write would wait
 * for itself. */
enum err db_scope_enter(struct db_scope *s, const struct db *db)
{
	if (db_in_tx(db)) {
		LOG(db->log, LOG_ERROR, "db_nested",
			log_z("why", "db_read or db_tx inside a transaction of the same thread"));
		return ERR_INTERNAL;
	}
	s->db = db;
	s->outer = innermost;
	innermost = s;
	return ERR_OK;
}

void db_scope_leave(const struct db_scope *s)
{
	innermost = s->outer;
}

enum err db_trouble(struct db_conn *c, const char *what, enum err e)
{
	if (e != ERR_OK && e != ERR_CONFLICT)
		LOG(c->db->log, e == ERR_BUSY ? LOG_WARN : LOG_ERROR, "db_failed",
			log_z("query", what), log_z("error", err_name(e)),
			log_z("message", c->db->driver->message(c->handle)));
	return e;
}

/* ---- connections ---- */
static size_t stmt_count(const struct db *db)
{
	return db->schema.query_count + DB_OWN_COUNT;
}

void db_conn_close(struct db_conn *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->stmts && i < stmt_count(c->db); i++)
		if (c->stmts[i])
			c->db->driver->finish(c->stmts[i]);
	if (c->handle)
		c->db->driver->close(c->handle);
	free(c->stmts);
	free(c);
}

enum err db_conn_open(
	struct db *db, bool writer, struct db_conn **out, char why[static DB_WHY_SIZE])
{
	struct db_conn *c = calloc(1, sizeof *c);
	if (c)
		*c = (struct db_conn){ .db = db, .writer = writer };
	if (c)
		c->stmts = calloc(stmt_count(db), sizeof(struct driver_stmt *));
	if (!c || !c->stmts) {
		free(c);
		snprintf(why, DB_WHY_SIZE, "no memory for a database connection");
		return ERR_NOMEM;
	}
	struct driver_target t = { db->place, writer, db->busy_timeout_ms };
	enum err e = db->driver->open(&t, &c->handle, why);
	if (e != ERR_OK) {
		db_conn_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

/* ---- the readers ---- */
static enum err readers_open(struct db *db, size_t count, char why[static DB_WHY_SIZE])
{
	struct db_pool *p = &db->readers;
	p->all = calloc(count, sizeof(struct db_conn *));
	p->idle = calloc(count, sizeof(struct db_conn *));
	if (!p->all || !p->idle) {
		snprintf(why, DB_WHY_SIZE, "no memory for %zu database connections", count);
		return ERR_NOMEM;
	}
	while (p->count < count) {
		struct db_conn *c = NULL;
		enum err e = db_conn_open(db, false, &c, why);
		if (e != ERR_OK)
			return e;
		p->all[p->count++] = c;
		p->idle[p->idle_count++] = c;
	}
	return ERR_OK;
}

static void readers_close(struct db_pool *p)
{
	for (size_t i = 0; i < p->count; i++)
		db_conn_close(p->all[i]);
	free(p->all);
	free(p->idle);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
}

static struct db_conn *reader_take(struct db_pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->idle_count == 0)
		pthread_cond_wait(&p->wake, &p->lock);
	struct db_conn *c = p->idle[--p->idle_count];
	pthread_mutex_unlock(&p->lock);
	return c;
}

static void reader_give(struct db_pool *p, struct db_conn *c)
{
	pthread_mutex_lock(&p->lock);
	p->idle[p->idle_count++] = c;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

/* A failed statement fails the whole, whatever `fn` made of it; a snapshot has nothing to commit.
 */
enum err db_snapshot_run(struct db_conn *c, db_fn *fn, void *arg)
{
	c->doomed = ERR_OK;
	enum err e = c->db->driver->begin(c->handle);
	if (e != ERR_OK)
		return db_trouble(c, "begin", e);
	e = fn(c, arg);
	c->db->driver->rollback(c->handle);
	return e == ERR_OK ? c->doomed : e;
}

enum err db_read(struct db *db, db_fn *fn, void *arg)
{
	struct db_scope scope;
	enum err e = db_scope_enter(&scope, db);
	if (e != ERR_OK)
		return e;
	struct db_conn *c = reader_take(&db->readers);
	e = db_snapshot_run(c, fn, arg);
	reader_give(&db->readers, c);
	db_scope_leave(&scope);
	return e;
}

/* ---- opening ---- */
static const struct driver *driver_for(const char *url, const char **given)
{
	for (size_t i = 0; url && i < COUNT(drivers); i++) {
		size_t n = strlen(drivers[i]->scheme);
		if (strncmp(url, drivers[i]->scheme, n) == 0 && url[n]) {
			*given = url + n;
			return drivers[i];
		}
	}
	return NULL;
}

static struct db *db_new(const struct db_settings *s, const struct db_schema *schema)
{
	struct db *db = calloc(1, sizeof *db);
	if (!db)
		return NULL;
	db->schema = *schema;
	db->claim = -1;
	db->busy_timeout_ms = s->busy_timeout_ms ? s->busy_timeout_ms : 5000;
	if (s->log) {
		db->log_copy = *s->log;
		db->log = &db->log_copy;
	}
	pthread_mutex_init(&db->readers.lock, NULL);
	pthread_cond_init(&db->readers.wake, NULL);
	pthread_mutex_init(&db->writer.lock, NULL);
	pthread_cond_init(&db->writer.wake, NULL);
	pthread_mutex_init(&db->feed.lock, NULL);
	pthread_cond_init(&db->feed.wake, NULL);
	db->writer.last = &db->writer.first;
	return db;
}

static enum err db_connect(
	struct db *db, const struct db_settings *s, const char *given, char why[static DB_WHY_SIZE])
{
	enum err e = db->driver->prepare_place(given, s->use, &db->place, &db->claim, why);
	if (e != ERR_OK)
		return e;
	e = db_conn_open(db, true, &db->writer.conn, why);
	if (e != ERR_OK)
		return e;
	e = readers_open(db, s->readers ? s->readers : 1, why);
	if (e != ERR_OK)
		return e;
	struct db_version v;
	e = db_version_check(db, &v, why);
	if (e != ERR_OK)
		return e;
	e = db_writer_start(db, db->writer.conn);
	if (e != ERR_OK)
		snprintf(why, DB_WHY_SIZE, "cannot start the thread that writes the database");
	return e;
}

enum err db_open_schema(const struct db_settings *s, const struct db_schema *schema,
	struct db **out, char why[static DB_WHY_SIZE])
{
	why[0] = '\0';
	const char *given = NULL;
	const struct driver *driver = driver_for(s->url, &given);
	if (!driver || (s->use != DB_TOOL && s->use != DB_SERVE)) {
		snprintf(why, DB_WHY_SIZE, "a database is named sqlite:PATH, and \"%.100s\" is not",
			s->url ? s->url : "");
		return ERR_INVALID;
	}
	struct db *db = db_new(s, schema);
	if (!db) {
		snprintf(why, DB_WHY_SIZE, "no memory for the database");
		return ERR_NOMEM;
	}
	db->driver = driver;
	enum err e = db_connect(db, s, given, why);
	if (e != ERR_OK) {
		db_close(db);
		return e;
	}
	*out = db;
	return ERR_OK;
}

enum err db_open(const struct db_settings *s, struct db **out, char why[static 256])
{
	struct db_schema schema = { db_query_texts, QUERY_COUNT, db_migrations };
	return db_open_schema(s, &schema, out, why);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_feed_stop(db);
	pthread_cond_destroy(&db->feed.wake);
	pthread_mutex_destroy(&db->feed.lock);
	db_writer_stop(db);
	readers_close(&db->readers);
	db_conn_close(db->writer.conn);
	if (db->place)
		db->driver->release_place(db->claim);
	free(db->place);
	free(db);
}
