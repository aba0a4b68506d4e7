/* Opens and closes a database. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct driver *const drivers[] = { &db_sqlite_driver, &db_postgres_driver };

/* ---- opening ---- */
static const struct driver *driver_for(const char *url)
{
	for (size_t i = 0; url && i < COUNT(drivers); i++)
		for (const char *const *scheme = drivers[i]->schemes; *scheme; scheme++)
			if (strncmp(url, *scheme, strlen(*scheme)) == 0)
				return drivers[i];
	return NULL;
}

enum err db_url_check(const char *url, char why[static 256])
{
	const struct driver *driver = driver_for(url);
	if (driver)
		return driver->url_check(url, why);
	snprintf(why, DB_WHY_SIZE,
		"a database is named sqlite:PATH or postgres://USER@HOST/DATABASE");
	return ERR_INVALID;
}

void db_url_show(const char *url, char out[static 256])
{
	const struct driver *driver = driver_for(url);
	if (driver)
		driver->url_show(url, out);
	else /* who knows what stands in it */
		snprintf(out, DB_SHOWN_SIZE, "(neither sqlite: nor postgres://)");
}

static struct db *db_new(const struct db_settings *s, const struct db_schema *schema)
{
	struct db *db = calloc(1, sizeof *db);
	if (db && s->writers)
		db->crowd = db_crowd_new(s->writers);
	if (!db || (s->writers && !db->crowd)) {
		free(db);
		return NULL;
	}
	db->schema = *schema;
	db->claim = -1;
	db->use = s->use;
	db->stop = s->stop;
	db->busy_timeout_ms = s->busy_timeout_ms ? s->busy_timeout_ms : 5000;
	if (s->log) {
		db->log_copy = *s->log;
		db->log = &db->log_copy;
	}
	pthread_mutex_init(&db->stats_lock, NULL);
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&db->turn, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&db->writer.lock, NULL);
	pthread_cond_init(&db->writer.wake, NULL);
	db->writer.last = &db->writer.first;
	return db;
}

static enum err writer_open(struct db *db, char why[static DB_WHY_SIZE])
{
	enum err e = db_conn_open(db, true, &db->writer.conn, why);
	if (e == ERR_OK && (e = db_writer_start(db, db->writer.conn)) != ERR_OK)
		snprintf(why, DB_WHY_SIZE, "cannot start the thread that writes the database");
	return e;
}

static enum err session_check(struct db *db, char why[static DB_WHY_SIZE])
{
	const struct driver_target t = db_target(db, db->driver->concurrent);
	struct db_conn *c = NULL;
	if (!db->driver->session_check)
		return ERR_OK;
	enum err e = db_pool_acquire(db, &c);
	if (e != ERR_OK)
		return e;
	e = db->driver->session_check(c->handle, &t, why);
	db_pool_release(db, c);
	return e;
}

static enum err db_connect(struct db *db, const struct db_settings *s, char why[static DB_WHY_SIZE])
{
	struct db_version v;
	enum err e = db->driver->prepare_location(s->url, s->use, &db->location, &db->claim, why);
	if (e != ERR_OK)
		return e;
	db->driver->url_show(db->location, db->shown);
	if (!db->driver->concurrent && s->use != DB_LOOK)
		e = writer_open(db, why);
	if (e == ERR_OK)
		e = db_pool_open(db, s->readers, why);
	if (e == ERR_OK)
		e = session_check(db, why);
	if (e == ERR_OK)
		e = db_version_check(db, &v, why);
	return e == ERR_OK && v.found ? db_copy_check(db, why) : e;
}

static enum err settings_check(const struct db_settings *s, char why[static DB_WHY_SIZE])
{
	char shown[DB_SHOWN_SIZE], words[DB_WHY_SIZE];
	enum err e = db_url_check(s->url, words);
	if (e != ERR_OK) {
		db_url_show(s->url, shown);
		snprintf(why, DB_WHY_SIZE, "the database %.60s: %.180s", shown, words);
		return e;
	}
	if (s->use >= DB_TOOL && s->use <= DB_COPY_TO)
		return ERR_OK;
	snprintf(why, DB_WHY_SIZE,
		"a database is opened for a tool, for a look, for serving or for copying");
	return ERR_INVALID;
}

enum err db_open_schema(const struct db_settings *s, const struct db_schema *schema,
	struct db **out, char why[static DB_WHY_SIZE])
{
	why[0] = '\0';
	enum err e = settings_check(s, why);
	if (e != ERR_OK)
		return e;
	struct db *db = db_new(s, schema);
	if (!db) {
		snprintf(why, DB_WHY_SIZE, "no memory for the database");
		return ERR_NOMEM;
	}
	db->driver = driver_for(s->url);
	e = db_connect(db, s, why);
	if (e != ERR_OK) {
		db_close(db);
		return e;
	}
	*out = db;
	return ERR_OK;
}

enum err db_open(const struct db_settings *s, struct db **out, char why[static 256])
{
	struct db_schema schema = { db_query_texts, QUERY_COUNT, db_migrations, db_tables,
		db_table_count };
	return db_open_schema(s, &schema, out, why);
}

bool db_is_shared(const struct db *db)
{
	return db->driver->concurrent;
}

void db_log_level_set(struct db *db, enum log_level level)
{
	log_level_set(&db->log_copy, level);
}

int64_t db_page_cache_kib(const struct db *db)
{
	const int64_t connections = (int64_t)db->pool.size + 2; /* the writer's and the feed's */
	return connections * db->driver->page_cache_kib;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_notes_stop(db);
	db_change_log_stop(db);
	db_writer_stop(db);
	db_pool_close(db);
	db_conn_close(db->writer.conn);
	if (db->location)
		db->driver->release_location(db->claim);
	pthread_mutex_destroy(&db->stats_lock);
	pthread_rwlock_destroy(&db->turn);
	db_crowd_free(db->crowd);
	free(db->location);
	free(db);
}
