#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: RFC 3339 and nothing like it. */
static void parse(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		int64_t out;
	} cases[] = {
		{ STR("1970-01-01T00:00:00Z"), ERR_OK, 0 },
		{ STR("1970-01-01"), ERR_OK, 0 },
		{ STR("2026-11-20T05:40:00Z"), ERR_OK, 1795153200 },
		{ STR("2026-11-20t05:40:00z"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T06:40:00+01:00"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T00:10:00-05:30"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T05:40:00.999Z"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T05:40:00-00:00"), ERR_OK, 1795153200 },
		{ STR("2000-02-29"), ERR_OK, 951782400 },
		{ STR("1969-12-31T23:59:59Z"), ERR_OK, -1 },
		{ STR("1990-12-31T23:59:60Z"), ERR_OK, 662688000 },
		{ STR("0000-01-01"), ERR_OK, -62167219200 },
		{ STR("9999-12-31T23:59:59Z"), ERR_OK, 253402300799 },
		{ STR(""), ERR_INVALID, 0 },
		{ STR("2026"), ERR_INVALID, 0 },
		{ STR("2026-11"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00"), ERR_INVALID, 0 },
		{ STR("2026-11-20 05:40:00Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T"), ERR_INVALID, 0 },
		{ STR("2026-11-20Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00.Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+1:00"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+0100"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+24:00"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00Zx"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00Z\0"), ERR_INVALID, 0 },
		{ STR("2026-11-20T24:00:00Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:60:00Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:60Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:59:61Z"), ERR_INVALID, 0 },
		{ STR("2026-13-01"), ERR_INVALID, 0 },
		{ STR("2026-00-01"), ERR_INVALID, 0 },
		{ STR("2026-01-00"), ERR_INVALID, 0 },
		{ STR("2026-02-29"), ERR_INVALID, 0 },
		{ STR("1900-02-29"), ERR_INVALID, 0 },
		{ STR("2026-04-31"), ERR_INVALID, 0 },
		{ STR("26-11-20"), ERR_INVALID, 0 },
		{ STR("+026-11-20"), ERR_INVALID, 0 },
		{ STR("-026-11-20"), ERR_INVALID, 0 },
		{ STR("2026-1-2"), ERR_INVALID, 0 },
		{ STR("20261120"), ERR_INVALID, 0 },
		{ STR(" 2026-11-20"), ERR_INVALID, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t out = 77;
		enum err e = time_parse(cases[i].in, &out);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_int_equal(out, e == ERR_OK ? cases[i].out : 77);
	}
}

/* Goal: each written form, at ordinary times and at the ends of the calendar. */
static void write(void **state)
{
	(void)state;
	static const struct {
		int64_t t;
		const char *text, *http, *human, *day;
	} cases[] = {
		{ 1795153200, "2026-11-20T05:40:00Z", "Fri, 20 Nov 2026 05:40:00 GMT",
			"20 November 2026, 05:40 UTC", "Friday, 20 November 2026" },
		{ 784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT",
			"6 November 1994, 08:49 UTC", "Sunday, 6 November 1994" },
		{ 0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT",
			"1 January 1970, 00:00 UTC", "Thursday, 1 January 1970" },
		{ -1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT",
			"31 December 1969, 23:59 UTC", "Wednesday, 31 December 1969" },
		{ INT64_MAX, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT",
			"31 December 9999, 23:59 UTC", "Friday, 31 December 9999" },
		{ INT64_MIN, "0000-01-01T00:00:00Z", "Sat, 01 Jan 0000 00:00:00 GMT",
			"1 January 0, 00:00 UTC", "Saturday, 1 January 0" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[TIME_TEXT_SIZE];
		time_text(cases[i].t, out);
		assert_string_equal(out, cases[i].text);
		time_http(cases[i].t, out);
		assert_string_equal(out, cases[i].http);
		time_human(cases[i].t, out);
		assert_string_equal(out, cases[i].human);
		time_day(cases[i].t, out);
		assert_string_equal(out, cases[i].day);
	}
}

/* Goal: every day from 1890 to 2110 survives writing and reading, and follows the one before. */
static void round_trip(void **state)
{
	(void)state;
	char text[TIME_TEXT_SIZE], before[TIME_TEXT_SIZE] = "";
	for (int64_t t = -80 * 31557600L; t < 140 * 31557600L; t += 86400) {
		int64_t back = 0;
		time_text(t, text);
		assert_int_equal(time_parse(str_of(text), &back), ERR_OK);
		assert_int_equal(back, t);
		assert_true(strcmp(before, text) < 0);
		memcpy(before, text, sizeof text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(write),
		cmocka_unit_test(round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
