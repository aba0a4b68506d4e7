/* A database that is opened for a look, and one whose program is told to stop. */
#include "db_help.h"

#include <signal.h>

/* Goal: what is opened for a look writes nothing, and makes and migrates nothing. */
static void test_look(void **state)
{
	struct fixture *f = *state;
	char why[DB_WHY_SIZE];
	struct db *db = NULL;
	if (!on_postgres()) {
		struct db_settings s = fixture_settings(f, DB_LOOK);
		assert_int_equal(db_open_schema(&s, &test_schema, &db, why), ERR_UNAVAILABLE);
		assert_non_null(strstr(why, "there is no database at"));
		assert_int_not_equal(access(f->path, F_OK), 0);
	}
	db_close(fixture_open(f, DB_TOOL));
	db = fixture_open(f, DB_LOOK);
	assert_int_equal(db_version_fits(db, why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, "is empty"));
	assert_int_equal(db_migrate(db, why), ERR_INTERNAL);
	db_close(db);
	f->db = fixture_open(f, DB_TOOL);
	assert_int_equal(db_migrate(f->db, why), ERR_OK);
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	db = fixture_open(f, DB_LOOK);
	assert_int_equal(db_version_fits(db, why), ERR_OK);
	assert_int_equal(count_of(db, Q_KIND_COUNT), 1);
	assert_int_equal(kind_put(db, "b", 2), ERR_INTERNAL);
	assert_int_equal(db_check(db, why), ERR_OK);
	db_close(db);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
}

static enum err stop_fn(struct db_conn *c, void *arg)
{
	enum err e = ERR_OK;
	*(_Atomic int *)arg = SIGTERM;
	for (int i = 0; i < 1000 && e == ERR_OK; i++) {
		char id[16];
		snprintf(id, sizeof id, "b%d", i);
		struct db_call put = { .query = (enum query)Q_KIND_PUT,
			DB_PARAMS(db_z(id), db_int(i), db_z("x"), db_blob("y", 1)) };
		e = db_run(c, &put, NULL);
	}
	return ERR_INTERNAL;
}

/* Goal: told to stop, a program gives up what it is at, begins nothing more, and nothing of it
 * stays. */
static void test_stop(void **state)
{
	struct fixture *f = *state;
	_Atomic int stop = 0;
	char why[DB_WHY_SIZE];
	struct db_settings s = fixture_settings(f, DB_TOOL);
	s.stop = &stop;
	assert_int_equal(db_open_schema(&s, &test_schema, &f->db, why), ERR_OK);
	assert_int_equal(db_migrate(f->db, why), ERR_OK);
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	assert_int_equal(db_check(f->db, why), ERR_OK);
	assert_int_equal(db_tx(f->db, stop_fn, &stop), ERR_STOPPED);
	assert_int_equal(kind_put(f->db, "c", 1), ERR_STOPPED);
	assert_int_equal(db_check(f->db, why), ERR_STOPPED);
	stop = 0;
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
	assert_int_equal(kind_put(f->db, "c", 1), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_look, folder_make, fixture_end),
		cmocka_unit_test_setup_teardown(test_stop, folder_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
