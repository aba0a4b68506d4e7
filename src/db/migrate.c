/* The version of a database: one row for each migration that was applied, in a table that both
 * engines share. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

static const char version_table[] = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT "
				    "PRIMARY KEY, name TEXT NOT NULL, "
				    "applied_at BIGINT NOT NULL)";

static enum query own(enum db_own i)
{
	return (enum query)(DB_OWN_QUERIES + i);
}

static int version_wanted(const struct db *db)
{
	int wanted = 0;
	for (const struct db_migration *m = db->schema.migrations; m->version; m++)
		wanted = m->version;
	return wanted;
}

/* Tables without ours among them are another program's: -1. */
static enum err version_found(struct db_conn *c, void *arg)
{
	struct tables {
		int64_t count, ours;
	} t = { 0, 0 };
	const struct db_column columns[] = { DB_COL_INT(struct tables, count),
		DB_COL_INT(struct tables, ours) };
	const struct db_shape shape = DB_SHAPE(struct tables, columns);
	enum err e = db_get(
		c, &(struct db_call){ .query = own(DB_OWN_TABLES_COUNT), .shape = &shape }, &t);
	int64_t *found = arg;
	*found = t.count ? -1 : 0;
	if (e != ERR_OK || !t.ours)
		return e;
	const struct db_column max[] = { DB_COL_INT(struct tables, count) };
	const struct db_shape max_shape = DB_SHAPE(struct tables, max);
	e = db_get(
		c, &(struct db_call){ .query = own(DB_OWN_VERSION_MAX), .shape = &max_shape }, &t);
	*found = t.count;
	return e;
}

static enum err version_judge(const struct db *db, int64_t found, char why[static DB_WHY_SIZE])
{
	if (found < 0) {
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s belongs to another program; name a file of its own "
			"for postern",
			db->shown);
		return ERR_UNSUPPORTED;
	}
	if (found > version_wanted(db)) {
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s is of version %d and this program knows up to %d; run "
			"the newer postern, or restore a backup",
			db->shown, (int)found, version_wanted(db));
		return ERR_UNSUPPORTED;
	}
	return ERR_OK;
}

enum err db_version_check(struct db *db, struct db_version *v, char why[static DB_WHY_SIZE])
{
	int64_t found = 0;
	enum err e = db_read(db, version_found, &found);
	if (e != ERR_OK) {
		snprintf(why, DB_WHY_SIZE, "the database %.100s cannot be read (%s); see the log",
			db->shown, err_name(e));
		return e;
	}
	e = version_judge(db, found, why);
	if (e == ERR_OK)
		*v = (struct db_version){ (int)found, version_wanted(db) };
	return e;
}

enum err db_version(struct db *db, struct db_version *out)
{
	char why[DB_WHY_SIZE];
	return db_version_check(db, out, why);
}

enum err db_version_fits(struct db *db, char why[static 256])
{
	struct db_version v = { 0, 0 };
	enum err e = db_version_check(db, &v, why);
	if (e != ERR_OK || v.found == v.wanted)
		return e;
	if (v.found == 0)
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s is empty; run postern db migrate or postern serve "
			"first",
			db->shown);
	else
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s is of version %d and this program of %d; run postern "
			"db "
			"migrate, or the postern that serves it",
			db->shown, v.found, v.wanted);
	return ERR_UNAVAILABLE;
}

/* ---- unfinished copies ---- */
struct copy_mark {
	char from[DB_COPY_SIZE];
};

enum err db_copy_mark_get(struct db_conn *c, char from[static DB_COPY_SIZE])
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct copy_mark, from) };
	static const struct db_shape shape = DB_SHAPE(struct copy_mark, columns);
	struct copy_mark m = { "" };
	enum err e =
		db_get(c, &(struct db_call){ .query = own(DB_OWN_COPY_GET), .shape = &shape }, &m);
	if (e == ERR_OK || e == ERR_NOT_FOUND)
		memcpy(from, m.from, DB_COPY_SIZE);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err db_copy_mark_set(struct db_conn *c, const char *from)
{
	enum err e = db_run(c, &(struct db_call){ .query = own(DB_OWN_COPY_CLEAR) }, NULL);
	if (e != ERR_OK || !*from)
		return e;
	return db_run(
		c, &(struct db_call){ .query = own(DB_OWN_COPY_SET), DB_PARAMS(db_z(from)) }, NULL);
}

static enum err copy_mark_read(struct db_conn *c, void *arg)
{
	struct copy_mark *m = arg;
	return db_copy_mark_get(c, m->from);
}

enum err db_copy_check(struct db *db, char why[static DB_WHY_SIZE])
{
	struct copy_mark m = { "" };
	enum err e = db_read(db, copy_mark_read, &m);
	if (e != ERR_OK)
		snprintf(why, DB_WHY_SIZE, "the database %.100s cannot be read (%s); see the log",
			db->shown, err_name(e));
	if (e != ERR_OK || !*m.from || db->use == DB_COPY_TO)
		return e;
	snprintf(why, DB_WHY_SIZE,
		"the database %.80s holds an unfinished copy of %.80s; run postern db copy once "
		"more",
		db->shown, m.from);
	return ERR_CONFLICT;
}

/* ---- applying ---- */
struct migrating {
	struct db *db;
	int64_t now_s;
	int64_t found; /* the version before */
	char *why;
};

/* A script that fails dooms the transaction, as a failed statement does: one that met a lock is run
 * again with all that stands before it. */
static enum err script_run(struct db_conn *c, const char *what, const char *sql)
{
	enum err e = c->db->driver->script(c->handle, sql);
	c->tx_aborted = e;
	return db_error(c, what, e);
}

static enum err migration_apply(
	struct db_conn *c, const struct db_migration *m, struct migrating *to)
{
	enum err e = script_run(c, m->name, m->sql);
	if (e != ERR_OK) {
		snprintf(to->why, DB_WHY_SIZE, "migration %d (%s) failed, nothing was changed: %s",
			m->version, m->name, c->db->driver->message(c->handle));
		return e;
	}
	return db_run(c,
		&(struct db_call){ .query = own(DB_OWN_VERSION_INSERT),
			DB_PARAMS(db_int(m->version), db_z(m->name), db_int(to->now_s)) },
		NULL);
}

/* Looks at the version here, inside the transaction: another program may have migrated meanwhile.
 */
static enum err migrate_tx(struct db_conn *c, void *arg)
{
	struct migrating *to = arg;
	enum err e = version_found(c, &to->found);
	if (e == ERR_OK)
		e = version_judge(to->db, to->found, to->why);
	if (e != ERR_OK || to->found == version_wanted(to->db))
		return e;
	e = script_run(c, "schema_version", version_table);
	if (e == ERR_OK && c->db->driver->tables)
		e = script_run(c, "tables", c->db->driver->tables);
	for (const struct db_migration *m = to->db->schema.migrations; m->version; m++)
		if (e == ERR_OK && m->version > to->found)
			e = migration_apply(c, m, to);
	return e;
}

static enum err migrate_alone(struct db *db, struct migrating *to)
{
	struct db_scope scope;
	enum err e = db_may_write(db);
	if (e == ERR_OK)
		e = db_scope_enter(&scope, db);
	if (e != ERR_OK)
		return e;
	e = db_tx_concurrent(db, DRIVER_MIGRATE, migrate_tx, to);
	db_scope_leave(&scope);
	return e;
}

static void migrated_log(const struct migrating *to)
{
	for (const struct db_migration *m = to->db->schema.migrations; m->version; m++)
		if (m->version > to->found)
			LOG(to->db->log, LOG_INFO, "db_migrated", log_int("version", m->version),
				log_z("name", m->name));
}

enum err db_migrate(struct db *db, char why[static 256])
{
	why[0] = '\0';
	struct migrating to = {
		.db = db, .now_s = clock_now_s(&(struct clock){ NULL, NULL }), .why = why
	};
	enum err e = db->driver->concurrent ? migrate_alone(db, &to) : db_tx(db, migrate_tx, &to);
	if (e == ERR_OK) {
		why[0] = '\0'; /* of a try before the last */
		migrated_log(&to);
	} else if (e == ERR_BUSY)
		snprintf(why, DB_WHY_SIZE,
			"the database %.60s was not migrated, and nothing was changed: other "
			"transactions kept its tables locked; end those that stay open, and try "
			"again",
			db->shown);
	else if (!why[0])
		snprintf(why, DB_WHY_SIZE,
			"the database %.100s could not be brought up to date (%s)", db->shown,
			err_name(e));
	return e;
}

/* ---- checking ---- */
struct checking {
	const struct db_check_progress *progress;
	char *why;
};

static enum err check_read(struct db_conn *c, void *arg)
{
	const struct checking *k = arg;
	enum err e = c->db->driver->check(c->handle, k->progress, k->why);
	if (e == ERR_CORRUPT)
		LOG(c->db->log, LOG_ERROR, "db_check_failed", log_z("why", k->why));
	return e == ERR_CORRUPT ? e : db_error(c, "check", e);
}

enum err db_check_told(struct db *db, const struct db_check_progress *p, char why[static 256])
{
	why[0] = '\0';
	return db_read(db, check_read, &(struct checking){ p, why });
}

enum err db_check(struct db *db, char why[static 256])
{
	return db_check_told(db, NULL, why);
}
