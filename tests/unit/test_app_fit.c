/* What a serving program makes of the machine: its processors and its descriptors. */
#include "unit.h"

#include "../../src/app/internal.h"

/* Goal: more processors never mean fewer threads. */
static void processors(void **state)
{
	(void)state;
	assert_int_equal(app_hashers_cores(-1), 1);
	assert_int_equal(app_hashers_cores(0), 1);
	for (long n = 1; n <= 64; n++)
		assert_int_equal(app_hashers_cores(n), n);
	assert_int_equal(app_hashers_cores(65), 64);
	assert_int_equal(app_hashers_cores(512), 64);
}

/* Goal: connections of readers leave descriptors to the others, and are never more than was asked
 * for, nor fewer than can be served at all. */
static void descriptors(void **state)
{
	(void)state;
	assert_int_equal(app_descriptors_fit(1 << 20, 10000, 20), 10000);
	const int64_t fit = app_descriptors_fit(1024, 10000, 20);
	assert_true(fit > 500 && fit < 1024 - 2 * 20);
	assert_int_equal(app_descriptors_fit(1024, fit, 20), fit);
	assert_true(app_descriptors_fit(16, 10000, 20) > 0);
	assert_true(app_descriptors_fit(-100, 10000, 20) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors),
		cmocka_unit_test(descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
