/* Changes: told in this process before the write returns, told by another connection within a
 * second, never missed, and no proof while the feed is broken. */
#include "change_log_help.h"

#include <semaphore.h>

struct write {
	const char *key;
	int count;
	enum err answer;
};

static enum err write_fn(struct db_conn *c, void *arg)
{
	const struct write *w = arg;
	for (int i = 0; i < w->count; i++) {
		enum err e = db_change_add(c, DB_CHANGE_ACCOUNT, w->key);
		if (e != ERR_OK)
			return e;
	}
	return w->answer;
}

static enum err write_one(struct db *db, const char *key)
{
	return db_tx(db, write_fn, &(struct write){ key, 1, ERR_OK });
}

/* ---- in this process ---- */
static void test_told_before_return(void **state)
{
	struct capacity *r = *state;
	char key[16];
	start(r);
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "own-%d", i);
		assert_int_equal(write_one(r->f.db, key), ERR_OK);
		assert_in_range(times_told(&r->l, key), 1, 2); /* the feed may be faster */
	}
	/* and not once more when the feed finds its row later */
	wait_proof(&r->l);
	size_t all = told(&r->l);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(told(&r->l), all);
	assert_int_equal(r->l.told[0].kind, DB_CHANGE_ACCOUNT);
}

static void test_many_in_one(void **state)
{
	struct capacity *r = *state;
	start(r);
	struct write w = { "x", DB_TOLD_MAX, ERR_OK };
	assert_int_equal(db_tx(r->f.db, write_fn, &w), ERR_OK);
	assert_in_range(times_told(&r->l, "x"), DB_TOLD_MAX, 2 * DB_TOLD_MAX);
	w.count++;
	assert_int_equal(db_tx(r->f.db, write_fn, &w), ERR_OK);
	assert_int_equal(flushes(&r->l), 2);
}

static void test_misuse(void **state)
{
	struct capacity *r = *state;
	char key[DB_CHANGE_KEY_SIZE + 1];
	memset(key, 'k', sizeof key);
	key[DB_CHANGE_KEY_SIZE] = 0;
	assert_int_equal(write_one(r->f.db, key), ERR_INTERNAL);
	key[DB_CHANGE_KEY_SIZE - 1] = 0;
	assert_int_equal(write_one(r->f.db, key), ERR_OK); /* nobody listens: nobody is told */
	assert_int_equal(
		db_read(r->f.db, write_fn, &(struct write){ "x", 1, ERR_OK }), ERR_INTERNAL);
	assert_string_equal(db_change_name((enum db_change)0), "");
	assert_string_equal(db_change_name(DB_CHANGE_COUNT), "");
}

/* ---- from elsewhere ---- */
static void test_other_process(void **state)
{
	struct capacity *r = *state;
	char key[16];
	int64_t slowest_us = 0;
	start(r);
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof key, "far-%d", i);
		assert_int_equal(write_one(r->other, key), ERR_OK);
		int64_t from = clock_boot_us();
		int64_t looked = from;
		while (times_told(&r->l, key) == 0) {
			assert_true(looked - from < SECOND_MS * 1000);
			usleep(200);
			looked = clock_boot_us();
		}
		int64_t took = clock_boot_us() - from;
		slowest_us = took > slowest_us ? took : slowest_us;
		usleep((useconds_t)(i * 1000));
	}
	print_message("slowest of 40: %lld us\n", (long long)slowest_us);
	assert_int_equal(flushes(&r->l), 1);
}

static void test_rolled_back(void **state)
{
	struct capacity *r = *state;
	start(r);
	struct write w = { "undone", 1, ERR_SPENT };
	assert_int_equal(db_tx(r->other, write_fn, &w), ERR_SPENT);
	assert_int_equal(write_one(r->other, "done"), ERR_OK);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(times_told(&r->l, "done"), 1);
	assert_int_equal(times_told(&r->l, "undone"), 0);
}

enum { OTHERS = 4, EACH = 250 };
static void *write_main(void *arg)
{
	struct capacity *r = arg;
	static _Atomic int next;
	for (int i = 0; i < EACH; i++) {
		char key[16];
		snprintf(key, sizeof key, "m-%d", next++);
		if (write_one(i % 2 ? r->other : r->f.db, key) != ERR_OK)
			return arg;
	}
	return NULL;
}

/* Many writers on both sides: each change is told, and once. */
static void test_none_missed(void **state)
{
	struct capacity *r = *state;
	pthread_t threads[OTHERS];
	start(r);
	for (int i = 0; i < OTHERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_main, r), 0);
	for (int i = 0; i < OTHERS; i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	wait_proof(&r->l);
	wait_proof(&r->l);
	for (int i = 0; i < OTHERS * EACH; i++) {
		char key[16];
		snprintf(key, sizeof key, "m-%d", i);
		assert_in_range(times_told(&r->l, key), 1, 2);
	}
	assert_int_equal(flushes(&r->l), 1);
}

/* Two at once, and the one that began first commits last: its change has the lower number and comes
 * to light after the other's has been read. SQLite has one writer. */
struct slow {
	struct db *db;
	sem_t written, go;
};

static enum err slow_fn(struct db_conn *c, void *arg)
{
	struct slow *s = arg;
	enum err e = db_change_add(c, DB_CHANGE_ACCOUNT, "slow");
	sem_post(&s->written);
	sem_wait(&s->go);
	return e;
}

static void *slow_main(void *arg)
{
	struct slow *s = arg;
	return db_tx(s->db, slow_fn, s) == ERR_OK ? NULL : arg;
}

static void test_late_commit(void **state)
{
	struct capacity *r = *state;
	struct slow s = { .db = r->other };
	pthread_t thread;
	void *failed = NULL;
	start(r);
	sem_init(&s.written, 0, 0);
	sem_init(&s.go, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, slow_main, &s), 0);
	sem_wait(&s.written);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write_one(r->other, "fast"), ERR_OK);
		wait_proof(&r->l);
		wait_proof(&r->l);
	}
	assert_int_equal(times_told(&r->l, "fast"), 3); /* each told once */
	assert_int_equal(times_told(&r->l, "slow"), 0);
	sem_post(&s.go);
	pthread_join(thread, &failed);
	assert_null(failed);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(times_told(&r->l, "slow"), 1);
	assert_int_equal(flushes(&r->l), 1);
}

/* ---- beside a transaction that stays open: PostgreSQL ---- */
enum { BATCH = 1500 }; /* more than are known again (DB_SEEN_MAX) */

static enum err write_batch(struct db_conn *c, void *arg)
{
	enum err e = ERR_OK;
	(void)arg;
	for (int i = 0; i < BATCH && e == ERR_OK; i++)
		e = db_change_add(c, DB_CHANGE_SESSION, "one");
	return e;
}

static struct driver_conn *open_transaction(const struct capacity *r)
{
	const struct driver_target t = {
		.location = r->f.url, .writer = true, .busy_timeout_ms = 2000
	};
	struct driver_conn *c = NULL;
	char why[DB_WHY_SIZE] = "";
	if (db_postgres_driver.open(&t, &c, why) != ERR_OK)
		fail_msg("%s", why);
	assert_int_equal(db_postgres_driver.script(c, "BEGIN"), ERR_OK);
	assert_int_equal(db_postgres_driver.script(c, "SELECT pg_current_xact_id()"), ERR_OK);
	return c;
}

/* Goal: somebody leaves a transaction open, and each change is still told once, whatever their
 * number, and nothing is flushed. */
static void test_open_transaction(void **state)
{
	struct capacity *r = *state;
	struct driver_conn *idle = open_transaction(r);
	start(r);
	uint64_t before = db_change_log_stats_get(r->f.db).changes;
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(db_tx(r->other, write_batch, NULL), ERR_OK);
		for (int looks = 0; looks < 3; looks++)
			wait_proof(&r->l);
		struct db_change_log_stats s = db_change_log_stats_get(r->f.db);
		assert_int_equal(s.changes - before, i * BATCH);
		assert_int_equal(s.flushes, 1);
	}
	db_postgres_driver.close(idle);
}

/* Goal: rows that a dump brought from a cluster with higher transaction ids are not told at each
 * look. */
static void test_foreign_ids(void **state)
{
	struct capacity *r = *state;
	struct driver_conn *c = open_transaction(r);
	char sql[160];
	for (int i = 0; i < BATCH; i++) {
		snprintf(sql, sizeof sql,
			"INSERT INTO change VALUES ('%016x%010d', 4611686018427387904, 'session', "
			"'one', 1)",
			i + 1, i);
		assert_int_equal(db_postgres_driver.script(c, sql), ERR_OK);
	}
	assert_int_equal(db_postgres_driver.script(c, "COMMIT"), ERR_OK);
	db_postgres_driver.close(c);
	start(r);
	for (int looks = 0; looks < 3; looks++)
		wait_proof(&r->l);
	assert_int_equal(db_change_log_stats_get(r->f.db).changes, 0);
	assert_int_equal(write_one(r->other, "after"), ERR_OK);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(times_told(&r->l, "after"), 1);
}

static const struct db_query_text raw_texts[] = {
	{ "raw_put",
		"INSERT INTO change (id, tx, kind, key, made_at) VALUES ($1, 1 + (SELECT "
		"COALESCE(MAX(tx), 0) "
		"FROM change), $2, 'k', $3)",
		"INSERT INTO change (id, tx, kind, key, made_at) SELECT $1, "
		"CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $2, 'k', CAST($3 AS BIGINT) "
		"FROM pg_notify('postern_change', '')",
		3, 0 },
	{ "raw_count", "SELECT COUNT(*) FROM change", NULL, 0, 1 },
};

static struct db *open_raw(struct capacity *r)
{
	char why[256] = "";
	struct db *db = NULL;
	const struct db_schema schema = { raw_texts, COUNT(raw_texts), db_migrations, NULL, 0 };
	struct db_settings s = fixture_settings(&r->f, DB_TOOL);
	s.url = r->f.url;
	if (db_open_schema(&s, &schema, &db, why) != ERR_OK)
		fail_msg("%s", why);
	return db;
}

struct raw {
	const char *id, *kind;
	int64_t made_at, count;
};

static enum err raw_put(struct db_conn *c, void *arg)
{
	const struct raw *w = arg;
	return db_run(c,
		&(struct db_call){ .query = (enum query)0,
			DB_PARAMS(db_z(w->id), db_z(w->kind), db_int(w->made_at)) },
		NULL);
}

static enum err raw_count(struct db_conn *c, void *arg)
{
	static const struct db_column columns[] = { DB_COL_INT(struct raw, count) };
	static const struct db_shape shape = DB_SHAPE(struct raw, columns);
	return db_get(c, &(struct db_call){ .query = (enum query)1, .shape = &shape }, arg);
}

/* A newer program may tell of things that this one does not know. */
static void test_unknown_kind(void **state)
{
	struct capacity *r = *state;
	struct db *raw = open_raw(r);
	start(r);
	struct raw w = { "00112233445566778899aabbcc", "bundle", 1800000000, 0 };
	assert_int_equal(db_tx(raw, raw_put, &w), ERR_OK);
	for (int ms = 0; flushes(&r->l) < 2; ms++) {
		assert_true(ms < SECOND_MS);
		usleep(1000);
	}
	assert_int_equal(told(&r->l), 0);
	db_close(raw);
}

/* ---- broken ---- */
static atomic_bool fault_wait, fault_open;
static struct driver faulty;

static enum err faulty_wait(struct driver_conn *c, unsigned timeout_ms, bool *changed)
{
	enum err e = fixture_driver()->wait(c, timeout_ms < 20 ? timeout_ms : 20, changed);
	return atomic_load(&fault_wait) ? ERR_UNAVAILABLE : e;
}

static enum err faulty_open(
	const struct driver_target *t, struct driver_conn **out, char why[static DB_WHY_SIZE])
{
	if (!atomic_load(&fault_open))
		return fixture_driver()->open(t, out, why);
	snprintf(why, DB_WHY_SIZE, "as the test wants it");
	return ERR_UNAVAILABLE;
}

static void test_broken(void **state)
{
	struct capacity *r = *state;
	faulty = *fixture_driver();
	faulty.wait = faulty_wait;
	faulty.open = faulty_open;
	r->f.db->driver = &faulty;
	start(r);
	assert_true(db_change_log_stats_get(r->f.db).live);
	assert_false(db_lost(r->f.db));
	atomic_store(&fault_open, true);
	atomic_store(&fault_wait, true);
	for (int ms = 0; !db_lost(r->f.db); ms++) {
		assert_true(ms < SECOND_MS);
		usleep(1000);
	}
	int64_t last = validated(&r->l);
	assert_int_equal(write_one(r->other, "unheard"), ERR_OK);
	assert_int_equal(write_one(r->f.db, "own"), ERR_OK); /* told, feed or no feed */
	assert_int_equal(times_told(&r->l, "own"), 1); /* the feed is not there to say it too */
	usleep(300000);
	assert_int_equal(validated(&r->l), last);
	assert_int_equal(times_told(&r->l, "unheard"), 0);
	struct db_change_log_stats s = db_change_log_stats_get(r->f.db);
	assert_true(!s.live && s.running && s.age_us >= 300000 && s.breaks == 1);
	/* back again: all is flushed before the first proof */
	atomic_store(&fault_wait, false);
	atomic_store(&fault_open, false);
	wait_proof(&r->l);
	assert_int_equal(flushes(&r->l), 2);
	assert_false(db_lost(r->f.db));
	assert_int_equal(write_one(r->other, "heard"), ERR_OK);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(times_told(&r->l, "heard"), 1);
}

/* ---- purging ---- */
static void test_purge(void **state)
{
	struct capacity *r = *state;
	struct db *raw = open_raw(r);
	start(r);
	int64_t now = clock_now_s(NULL);
	struct raw old = { "00112233445566778899aabb01", "account", now - 90000, 0 };
	assert_int_equal(db_tx(raw, raw_put, &old), ERR_OK);
	assert_int_equal(write_one(r->f.db, "recent"), ERR_OK);
	assert_int_equal(
		db_changes_purge(&(struct db_sweeper){ .db = r->f.db, .now_s = now }), ERR_OK);
	assert_int_equal(db_read(raw, raw_count, &old), ERR_OK);
	assert_int_equal(old.count, 1);
	/* all of them old: the newest stays, and what comes behind it is seen */
	assert_int_equal(
		db_changes_purge(&(struct db_sweeper){ .db = r->f.db, .now_s = now + 100000 }),
		ERR_OK);
	assert_int_equal(db_read(raw, raw_count, &old), ERR_OK);
	assert_int_equal(old.count, 1);
	assert_int_equal(write_one(r->other, "after"), ERR_OK);
	wait_proof(&r->l);
	wait_proof(&r->l);
	assert_int_equal(times_told(&r->l, "after"), 1);
	db_close(raw);
}

static void test_stop(void **state)
{
	struct capacity *r = *state;
	start(r);
	int64_t from = clock_boot_us();
	db_change_log_stop(r->f.db);
	assert_true(clock_boot_us() - from < 30 * SECOND_MS * 1000);
	db_change_log_stop(r->f.db);
	assert_false(db_change_log_stats_get(r->f.db).running);
	assert_int_equal(write_one(r->f.db, "alone"), ERR_OK);
	assert_int_equal(times_told(&r->l, "alone"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told_before_return, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_many_in_one, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_misuse, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_other_process, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_rolled_back, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_none_missed, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_unknown_kind, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_broken, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_purge, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_stop, room_open, room_close),
	};
	const struct CMUnitTest postgres_tests[] = {
		cmocka_unit_test_setup_teardown(test_late_commit, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_open_transaction, room_open, room_close),
		cmocka_unit_test_setup_teardown(test_foreign_ids, room_open, room_close),
	};
	return run_group(
		tests, COUNT(tests), postgres_tests, on_postgres() ? COUNT(postgres_tests) : 0);
}
