/* Conflicts that a driver reports at the commit, as PostgreSQL will: a few tries, each from the
 * start. */
#include "db_help.h"

/* SQLite's driver with a commit that is refused as often as the test says. */
struct stubborn {
	struct driver driver;
	int refusals;
	enum err err;
};
static struct stubborn stubborn;

static enum err commit_stubborn(struct driver_conn *c)
{
	if (stubborn.refusals-- > 0)
		return stubborn.err;
	return fixture_driver()->commit(c);
}

static enum err counted_put(struct db_conn *c, void *arg)
{
	int *runs = arg;
	++*runs;
	struct put p = { Q_TOKEN_PUT, { db_z("t") }, 1, 0 };
	return put_fn(c, &p);
}

/* Goal: busy is tried again, at most five times in all; what the disk refuses is not; nothing of a
 * failed try stays. */
static void test_tries(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int refusals;
		enum err refusal, err;
		int runs;
	} cases[] = {
		{ 0, ERR_BUSY, ERR_OK, 1 },
		{ 1, ERR_BUSY, ERR_OK, 2 },
		{ DB_TRIES_MAX - 1, ERR_BUSY, ERR_OK, DB_TRIES_MAX },
		{ DB_TRIES_MAX, ERR_BUSY, ERR_BUSY, DB_TRIES_MAX },
		{ 1, ERR_UNAVAILABLE, ERR_UNAVAILABLE, 1 },
	};
	stubborn.driver = *fixture_driver();
	stubborn.driver.commit = commit_stubborn;
	f->db->driver = &stubborn.driver;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int runs = 0;
		stubborn.refusals = cases[i].refusals;
		stubborn.err = cases[i].refusal;
		assert_int_equal(db_tx(f->db, counted_put, &runs), cases[i].err);
		assert_int_equal(runs, cases[i].runs);
		stubborn.refusals = 0;
		struct put wipe = { Q_TOKEN_WIPE, { { 0 } }, 0, -1 };
		assert_int_equal(db_tx(f->db, put_fn, &wipe), ERR_OK);
		assert_int_equal(wipe.changed, cases[i].err == ERR_OK);
	}
}

static enum err commit_slow(struct driver_conn *c)
{
	(void)c;
	usleep(150 * 1000);
	return ERR_BUSY;
}

/* Goal: tries end with the time one waits for a lock: a slow refusal is not paid for five times. */
static void test_tries_end_in_time(void **state)
{
	struct fixture *f = *state;
	int runs = 0;
	stubborn.driver = *fixture_driver();
	stubborn.driver.commit = commit_slow;
	f->db->driver = &stubborn.driver;
	f->db->busy_timeout_ms = 200;
	assert_int_equal(db_tx(f->db, counted_put, &runs), ERR_BUSY);
	assert_int_equal(runs, 2);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DB(test_tries),
		ON_DB(test_tries_end_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
