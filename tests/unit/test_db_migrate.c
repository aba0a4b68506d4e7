/* Migrations: what is logged when, and, on PostgreSQL, beside programs of the version before that
 * go on reading and writing. */
#include "db_help.h"

#include <stdatomic.h>

enum { GATEWAYS = 4, ROUNDS = 6, OPEN_MS = 600, PAUSE_US = 10000 };

/* Locks the tables in the order opposite to that of the transactions below, and again. */
static const struct db_migration more_migrations[] = {
	{ 1, "kinds", "" },
	{ 2, "tokens", "" },
	{ 3, "child_note", "ALTER TABLE child ADD COLUMN note TEXT;" },
	{ 4, "kind_note",
		"ALTER TABLE kind ADD COLUMN note TEXT;\n"
		"CREATE INDEX child_kind ON child (kind_id);" },
	{ 0, NULL, NULL },
};
static const struct db_migration bad_migrations[] = {
	{ 1, "kinds", "" },
	{ 2, "tokens", "" },
	{ 3, "good", "CREATE TABLE good (id TEXT PRIMARY KEY);" },
	{ 4, "bad", "CREATE TABLE kind (id TEXT);" },
	{ 0, NULL, NULL },
};

/* ---- the log ---- */
static struct db *migrated_with_log(
	const struct fixture *f, const struct db_migration *m, FILE *to, enum err want)
{
	const struct log log = { .level = LOG_INFO, .fd = fileno(to) };
	struct db_schema schema = test_schema;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct db *db = NULL;
	char why[DB_WHY_SIZE];
	schema.migrations = m;
	s.log = &log;
	assert_int_equal(db_open_schema(&s, &schema, &db, why), ERR_OK);
	assert_int_equal(db_migrate(db, why), want);
	assert_int_equal(why[0] != '\0', want != ERR_OK);
	return db;
}

static int lines_with(FILE *f, const char *word)
{
	char line[1024];
	int n = 0;
	rewind(f);
	while (fgets(line, sizeof line, f))
		n += strstr(line, word) != NULL;
	return n;
}

/* Goal: what is logged as migrated is migrated: nothing of a transaction that failed. */
static void test_log(void **state)
{
	struct fixture *f = *state;
	FILE *log = tmpfile();
	assert_non_null(log);
	db_close(migrated_with_log(f, bad_migrations, log, ERR_INTERNAL));
	assert_int_equal(lines_with(log, "event=db_migrated"), 0);
	db_close(migrated_with_log(f, more_migrations, log, ERR_OK));
	assert_int_equal(lines_with(log, "event=db_migrated"), 2);
	db_close(migrated_with_log(f, more_migrations, log, ERR_OK));
	assert_int_equal(lines_with(log, "event=db_migrated"), 2);
	fclose(log);
}

/* ---- beside gateways: PostgreSQL ---- */
struct gateway {
	struct db *db;
	const atomic_bool *stop;
	int index, done;
	enum err err; /* the first */
};

/* Reads and writes one table, then the other. */
static enum err both_tables(struct db_conn *c, void *arg)
{
	const struct gateway *g = arg;
	struct count kinds = { Q_KIND_COUNT, 0 }, children = { Q_CHILD_COUNT, 0 };
	char id[32];
	snprintf(id, sizeof id, "g%d-%d", g->index, g->done);
	struct put kind = { Q_KIND_PUT,
		{ db_z(id), db_int(1), db_z_or_null(NULL), db_z_or_null(NULL) }, 4, 0 };
	struct put child = { Q_CHILD_PUT, { db_z(id), db_z(id) }, 2, 0 };
	enum err e = count_fn(c, &kinds);
	e = e == ERR_OK ? put_fn(c, &kind) : e;
	usleep(500);
	e = e == ERR_OK ? count_fn(c, &children) : e;
	return e == ERR_OK ? put_fn(c, &child) : e;
}

static void *gateway_main(void *arg)
{
	struct gateway *g = arg;
	while (!atomic_load(g->stop) && g->err == ERR_OK) {
		g->err = db_tx_each(g->db, both_tables, g);
		g->done++;
		usleep(PAUSE_US);
	}
	return NULL;
}

/* Puts the database back to the version before. */
static void migrated_back(const struct fixture *f)
{
	struct driver_target t = { .location = f->url, .writer = true, .busy_timeout_ms = 5000 };
	struct driver_conn *c = NULL;
	char why[DB_WHY_SIZE];
	assert_int_equal(db_postgres_driver.open(&t, &c, why), ERR_OK);
	assert_int_equal(db_postgres_driver.script(c,
				 "ALTER TABLE kind DROP COLUMN note; DROP INDEX child_kind;"
				 "ALTER TABLE child DROP COLUMN note;"
				 "DELETE FROM schema_version WHERE version > 2"),
		ERR_OK);
	db_postgres_driver.close(c);
}

static enum err migrate_more(const struct fixture *f, char why[static DB_WHY_SIZE])
{
	struct db_schema schema = test_schema;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct db *db = NULL;
	schema.migrations = more_migrations;
	assert_int_equal(db_open_schema(&s, &schema, &db, why), ERR_OK);
	enum err e = db_migrate(db, why);
	db_close(db);
	return e;
}

/* Goal: a migration that locks in another order than those who read and write ends none of them,
 * and comes through. */
static void test_beside_gateways(void **state)
{
	struct fixture *f = *state;
	atomic_bool stop = false;
	struct gateway gateways[GATEWAYS];
	pthread_t threads[GATEWAYS];
	char why[DB_WHY_SIZE];
	for (int i = 0; i < GATEWAYS; i++) {
		gateways[i] = (struct gateway){ .db = f->db, .stop = &stop, .index = i };
		assert_int_equal(pthread_create(&threads[i], NULL, gateway_main, &gateways[i]), 0);
	}
	enum err e = migrate_more(f, why);
	for (int i = 1; i < ROUNDS && e == ERR_OK; i++) {
		migrated_back(f);
		e = migrate_more(f, why);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < GATEWAYS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(gateways[i].err, ERR_OK);
		assert_true(gateways[i].done > ROUNDS);
	}
	if (e != ERR_OK)
		fail_msg("%s", why);
}

static void *migrate_main(void *arg)
{
	char why[DB_WHY_SIZE];
	return migrate_more(arg, why) == ERR_OK ? NULL : arg;
}

/* Goal: while somebody keeps a table locked, a migration waits for it and no reader waits behind
 * the migration for longer than it asks for a lock. */
static void test_beside_open_transaction(void **state)
{
	struct fixture *f = *state;
	struct driver_target t = { .location = f->url, .writer = true, .busy_timeout_ms = 5000 };
	struct driver_conn *open = NULL;
	pthread_t thread;
	void *failed = NULL;
	char why[DB_WHY_SIZE];
	assert_int_equal(db_postgres_driver.open(&t, &open, why), ERR_OK);
	assert_int_equal(
		db_postgres_driver.script(open, "BEGIN; SELECT count(*) FROM kind"), ERR_OK);
	assert_int_equal(pthread_create(&thread, NULL, migrate_main, f), 0);
	for (int64_t end_us = clock_monotonic_us() + OPEN_MS * 1000; clock_monotonic_us() < end_us;)
		assert_int_equal(count_of(f->db, Q_KIND_COUNT), 0);
	assert_int_equal(db_postgres_driver.script(open, "COMMIT"), ERR_OK);
	pthread_join(thread, &failed);
	assert_null(failed);
	db_postgres_driver.close(open);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DB(test_log),
	};
	const struct CMUnitTest postgres_tests[] = {
		ON_DB(test_beside_gateways),
		ON_DB(test_beside_open_transaction),
	};
	return run_group(
		tests, COUNT(tests), postgres_tests, on_postgres() ? COUNT(postgres_tests) : 0);
}
