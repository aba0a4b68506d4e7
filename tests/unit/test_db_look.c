/* A database that is opened for a look. */
#include "db_help.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_look, folder_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
