/* A small schema of its own and a folder that goes away, for the tests of the db room. */
#ifndef TESTS_DB_HELP_H
#define TESTS_DB_HELP_H

#include "../../src/db/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	Q_KIND_PUT,
	Q_KIND_GET,
	Q_KIND_LIST,
	Q_KIND_SWAPPED,
	Q_KIND_DELETE,
	Q_CHILD_PUT,
	Q_CHILD_PUT_RETURNING,
	Q_CHILD_COUNT,
	Q_KIND_COUNT,
	Q_TOKEN_PUT,
	Q_TOKEN_SPEND,
	Q_KIND_FLOAT,
	Q_KIND_PUT_QUIET,
	Q_KIND_WIPE,
	Q_TOKEN_WIPE,
	Q_BROKEN,
	Q_SLOW,
	Q_COUNT,
};
static const struct db_query_text test_texts[] = {
	[Q_KIND_PUT] = { "kind_put", "INSERT INTO kind (id, n, t, b) VALUES ($1, $2, $3, $4)", NULL,
		4, 0 },
	[Q_KIND_GET] = { "kind_get", "SELECT n, n, t, t, b, b FROM kind WHERE id = $1", NULL, 1,
		6 },
	[Q_KIND_LIST] = { "kind_list", "SELECT id, n FROM kind WHERE n >= $1 ORDER BY id", NULL, 1,
		2 },
	[Q_KIND_SWAPPED] = { "kind_swapped",
		"SELECT n, n, t, t, b, b FROM kind WHERE n = $2 AND id = $1", NULL, 2, 6 },
	[Q_KIND_DELETE] = { "kind_delete", "DELETE FROM kind WHERE id = $1", NULL, 1, 0 },
	[Q_CHILD_PUT] = { "child_put", "INSERT INTO child (id, kind_id) VALUES ($1, $2)", NULL, 2,
		0 },
	[Q_CHILD_PUT_RETURNING] = { "child_put_returning",
		"INSERT INTO child (id, kind_id) VALUES ($1, $2) RETURNING 1", NULL, 2, 1 },
	[Q_CHILD_COUNT] = { "child_count", "SELECT COUNT(*) FROM child", NULL, 0, 1 },
	[Q_KIND_COUNT] = { "kind_count", "SELECT COUNT(*) FROM kind", NULL, 0, 1 },
	[Q_TOKEN_PUT] = { "token_put", "INSERT INTO token (id) VALUES ($1)", NULL, 1, 0 },
	[Q_TOKEN_SPEND] = { "token_spend",
		"UPDATE token SET used_at = $2 WHERE id = $1 AND used_at IS NULL", NULL, 2, 0 },
	[Q_KIND_FLOAT] = { "kind_float", "SELECT 1.5", NULL, 0, 1 },
	[Q_KIND_PUT_QUIET] = { "kind_put_quiet",
		"INSERT INTO kind (id) VALUES ($1) ON CONFLICT DO NOTHING", NULL, 1, 0 },
	[Q_KIND_WIPE] = { "kind_wipe", "DELETE FROM kind", NULL, 0, 0 },
	[Q_TOKEN_WIPE] = { "token_wipe", "DELETE FROM token", NULL, 0, 0 },
	[Q_BROKEN] = { "broken", "SELECT 1 FROM nowhere", NULL, 0, 1 },
	[Q_SLOW] = { "slow",
		"SELECT COUNT(*) FROM (WITH RECURSIVE up (n) AS (SELECT CAST(1 AS BIGINT) UNION "
		"ALL "
		"SELECT n + 1 FROM up WHERE n < CAST($1 AS BIGINT)) SELECT n FROM up) AS numbers",
		NULL, 1, 1 },
};
static const struct db_migration test_migrations[] = {
	{ 1, "kinds",
		"CREATE TABLE kind (id TEXT PRIMARY KEY, n BIGINT, t TEXT, b BYTEA, CHECK (n <> "
		"-13));\n"
		"CREATE TABLE child (id TEXT PRIMARY KEY,\n"
		"	kind_id TEXT NOT NULL REFERENCES kind (id) ON DELETE CASCADE);" },
	{ 2, "tokens", "CREATE TABLE token (id TEXT PRIMARY KEY, used_at BIGINT);" },
	{ 0, NULL, NULL },
};
static const struct db_schema test_schema = { test_texts, Q_COUNT, test_migrations, NULL, 0 };
static const struct log test_quiet = { .level = LOG_ERROR, .fd = -1 };

struct fixture {
	char folder[64], path[96], url[256];
	struct db *db;
};

/* ---- PostgreSQL: a database of its own in the cluster that TEST_POSTGRES names ---- */
static inline bool on_postgres(void)
{
	const char *engine = getenv("TEST_ENGINE");
	return engine && strcmp(engine, "postgres") == 0;
}

static inline const struct driver *fixture_driver(void)
{
	return on_postgres() ? &db_postgres_driver : &db_sqlite_driver;
}

static inline void admin_run(const char *sql)
{
	const char *url = getenv("TEST_POSTGRES");
	struct driver_target t = { .location = url, .writer = true, .busy_timeout_ms = 5000 };
	struct driver_conn *c = NULL;
	char why[DB_WHY_SIZE];
	if (!url)
		fail_msg("TEST_ENGINE=postgres wants TEST_POSTGRES, an administrator's URL");
	if (db_postgres_driver.open(&t, &c, why) != ERR_OK)
		fail_msg("%s", why);
	if (db_postgres_driver.script(c, sql) != ERR_OK)
		fail_msg("%s: %s", sql, db_postgres_driver.message(c));
	db_postgres_driver.close(c);
}

static inline const char *base_name(const struct fixture *f)
{
	return strrchr(f->folder, '/') + 1;
}

static inline void base_make(struct fixture *f)
{
	char sql[128];
	const char *url = getenv("TEST_POSTGRES"), *name = url ? strstr(url, "/postgres?") : NULL;
	if (!name)
		fail_msg("TEST_POSTGRES should be postgres://…/postgres?…");
	snprintf(f->url, sizeof f->url, "%.*s/%s%s", (int)(name - url), url, base_name(f),
		name + strlen("/postgres"));
	snprintf(sql, sizeof sql, "CREATE DATABASE \"%s\"", base_name(f));
	admin_run(sql);
}

static inline void base_end(const struct fixture *f)
{
	char sql[128];
	snprintf(sql, sizeof sql, "DROP DATABASE \"%s\" WITH (FORCE)", base_name(f));
	admin_run(sql);
}

static inline struct db_settings fixture_settings(const struct fixture *f, enum db_use use)
{
	return (struct db_settings){
		.url = f->url, .use = use, .readers = 3, .busy_timeout_ms = 2000, .log = &test_quiet
	};
}

static inline struct db *fixture_open(const struct fixture *f, enum db_use use)
{
	char why[DB_WHY_SIZE];
	struct db *db = NULL;
	struct db_settings s = fixture_settings(f, use);
	if (db_open_schema(&s, &test_schema, &db, why) != ERR_OK)
		fail_msg("%s", why);
	return db;
}

static inline int folder_make(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->folder, sizeof f->folder, "/tmp/postern-db-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/t.db", f->folder);
	snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
	if (on_postgres())
		base_make(f);
	*state = f;
	return 0;
}

static inline int fixture_make(void **state)
{
	char why[DB_WHY_SIZE];
	if (folder_make(state) != 0)
		return -1;
	struct fixture *f = *state;
	f->db = fixture_open(f, DB_TOOL);
	return db_migrate(f->db, why) == ERR_OK ? 0 : -1;
}

static inline int fixture_end(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-serve.lock", ".link" };
	struct fixture *f = *state;
	db_close(f->db);
	if (on_postgres())
		base_end(f);
	for (size_t i = 0; i < COUNT(ends); i++) {
		char path[128];
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		unlink(path);
	}
	int rc = rmdir(f->folder);
	free(f);
	return rc;
}

/* One group, so that a program has one plan: what any engine runs, then what only one has. */
static inline int run_group(const struct CMUnitTest *any, size_t any_count,
	const struct CMUnitTest *only, size_t only_count)
{
	struct CMUnitTest all[64];
	if (any_count + only_count > COUNT(all))
		return 1;
	memcpy(all, any, any_count * sizeof *any);
	memcpy(all + any_count, only, only_count * sizeof *only);
	return _cmocka_run_group_tests("tests", all, any_count + only_count, NULL, NULL);
}

/* ---- one call each ---- */
struct put {
	int query;
	struct db_param params[4];
	size_t count;
	int64_t changed;
};
static inline enum err put_fn(struct db_conn *c, void *arg)
{
	struct put *p = arg;
	struct db_call call = {
		.query = (enum query)p->query, .params = p->params, .param_count = p->count
	};
	return db_run(c, &call, &p->changed);
}

static inline enum err kind_put(struct db *db, const char *id, int64_t n)
{
	struct put p = { Q_KIND_PUT,
		{ db_z(id), db_int(n), db_z_or_null(NULL), db_z_or_null(NULL) }, 4, 0 };
	return db_tx(db, put_fn, &p);
}

struct count {
	int query;
	int64_t n;
};
static inline enum err count_fn(struct db_conn *c, void *arg)
{
	struct count *to = arg;
	static const struct db_column columns[] = { DB_COL_INT(struct count, n) };
	static const struct db_shape shape = DB_SHAPE(struct count, columns);
	return db_get(c, &(struct db_call){ .query = (enum query)to->query, .shape = &shape }, to);
}
static inline int64_t count_of(struct db *db, int query)
{
	struct count to = { query, -1 };
	assert_int_equal(db_read(db, count_fn, &to), ERR_OK);
	return to.n;
}

#endif
