/* The driver's part in the feed of changes: what was committed elsewhere is noticed, silence is
 * silence, and a connection that died is an error. */
#include "../../src/db/postgres.h"
#include "db_help.h"

#include <signal.h>

static struct driver_conn *conn_open(const struct fixture *f)
{
	struct driver_target t = {
		.location = f->db->location, .writer = true, .busy_timeout_ms = 1000
	};
	struct driver_conn *c = NULL;
	char why[DB_WHY_SIZE];
	if (fixture_driver()->open(&t, &c, why) != ERR_OK)
		fail_msg("%s", why);
	return c;
}

static struct driver_conn *listener_open(const struct fixture *f)
{
	struct driver_conn *c = conn_open(f);
	assert_int_equal(fixture_driver()->listen(c), ERR_OK);
	return c;
}

/* A committed change; PostgreSQL tells of what says so. */
static void change(const struct fixture *f, const char *id)
{
	assert_int_equal(kind_put(f->db, id, 1), ERR_OK);
	if (!on_postgres())
		return;
	struct driver_conn *c = conn_open(f);
	assert_int_equal(fixture_driver()->script(c, "NOTIFY postern_change"), ERR_OK);
	fixture_driver()->close(c);
}

/* What ends at once does so long before this, and what waits for its time not much later, on a busy
 * machine too. */
enum { LATE_MS = 20000 };

static bool noticed(struct driver_conn *c, unsigned timeout_ms, int64_t *waited_ms)
{
	bool changed = true;
	int64_t start_us = clock_monotonic_us();
	assert_int_equal(fixture_driver()->wait(c, timeout_ms, &changed), ERR_OK);
	*waited_ms = (clock_monotonic_us() - start_us) / 1000;
	return changed;
}

/* Goal: nothing happens, nothing is said, and not before the time is over, however short. */
static void test_silence(void **state)
{
	struct fixture *f = *state;
	struct driver_conn *c = listener_open(f);
	int64_t waited_ms = 0;
	assert_false(noticed(c, 300, &waited_ms));
	assert_in_range(waited_ms, 290, LATE_MS);
	bool at_once = false;
	for (int tries = 0; tries < 20; tries++) {
		assert_false(noticed(c, 0, &waited_ms));
		at_once = at_once || waited_ms < 200;
	}
	assert_true(at_once);
	/* Long enough for the connection to have been asked whether it lives. */
	assert_false(noticed(c, 2500, &waited_ms));
	assert_in_range(waited_ms, 2490, LATE_MS);
	fixture_driver()->close(c);
}

/* Goal: changes before and during the wait are noticed, once each, and what was there before
 * listening is not news. */
static void test_changes(void **state)
{
	struct fixture *f = *state;
	int64_t waited_ms = 0;
	change(f, "before");
	struct driver_conn *c = listener_open(f);
	assert_false(noticed(c, 100, &waited_ms));
	change(f, "one");
	change(f, "two");
	assert_true(noticed(c, 2 * LATE_MS, &waited_ms));
	assert_in_range(waited_ms, 0, LATE_MS);
	while (noticed(c, 100, &waited_ms)) /* the second may have come alone */
		continue;
	change(f, "three");
	assert_true(noticed(c, 2 * LATE_MS, &waited_ms));
	assert_in_range(waited_ms, 0, LATE_MS);
	fixture_driver()->close(c);
}

struct later {
	const struct fixture *f;
	int64_t done_us;
};
static void *change_later(void *arg)
{
	struct later *l = arg;
	usleep(300 * 1000);
	change(l->f, "later");
	l->done_us = clock_monotonic_us();
	return NULL;
}

/* Goal: who waits is woken, long before the wait is over. */
static void test_woken(void **state)
{
	struct fixture *f = *state;
	struct driver_conn *c = listener_open(f);
	struct later l = { f, 0 };
	pthread_t thread;
	int64_t waited_ms = 0;
	assert_int_equal(pthread_create(&thread, NULL, change_later, &l), 0);
	assert_true(noticed(c, 2 * LATE_MS, &waited_ms));
	int64_t woken_us = clock_monotonic_us();
	pthread_join(thread, NULL);
	assert_true(woken_us - l.done_us < LATE_MS * 1000);
	fixture_driver()->close(c);
}

/* Goal: a connection that the server ended is an error at once, and stays one. */
static void test_ended(void **state)
{
	struct fixture *f = *state;
	struct driver_conn *c = listener_open(f);
	bool changed = false;
	char sql[80];
	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", PQbackendPID(c->pg));
	admin_run(sql);
	int64_t start_us = clock_monotonic_us();
	assert_int_equal(fixture_driver()->wait(c, 2 * LATE_MS, &changed), ERR_UNAVAILABLE);
	assert_true(clock_monotonic_us() - start_us < LATE_MS * 1000);
	assert_int_equal(fixture_driver()->wait(c, 5000, &changed), ERR_UNAVAILABLE);
	assert_false(fixture_driver()->alive(c));
	fixture_driver()->close(c);
}

/* Goal: a server that answers nothing any more is an error within a few seconds. */
static void test_mute(void **state)
{
	struct fixture *f = *state;
	struct driver_conn *c = listener_open(f);
	pid_t server = PQbackendPID(c->pg);
	bool changed = false;
	int64_t start_us = clock_monotonic_us();
	if (kill(server, SIGSTOP) != 0) {
		fixture_driver()->close(c);
		skip(); /* another user's */
	}
	enum err e = ERR_OK;
	while (e == ERR_OK && clock_monotonic_us() - start_us < 2 * LATE_MS * 1000)
		e = fixture_driver()->wait(c, 500, &changed);
	int64_t waited_ms = (clock_monotonic_us() - start_us) / 1000;
	kill(server, SIGCONT);
	assert_int_equal(e, ERR_UNAVAILABLE);
	assert_in_range(waited_ms, 1000, LATE_MS);
	fixture_driver()->close(c);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DB(test_silence),
		ON_DB(test_changes),
		ON_DB(test_woken),
	};
	const struct CMUnitTest postgres_tests[] = {
		ON_DB(test_ended),
		ON_DB(test_mute),
	};
	return run_group(
		tests, COUNT(tests), postgres_tests, on_postgres() ? COUNT(postgres_tests) : 0);
}
