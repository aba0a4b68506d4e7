#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: RFC 3339, the forms of it that newsrooms' systems write, and nothing else. Never 0, which
 * means "none". */
static void parse(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		int64_t out;
	} cases[] = {
		{ STR("1970-01-01T00:00:01Z"), ERR_OK, 1 },
		{ STR("1970-01-01T00:00:00Z"), ERR_OK, 1 },
		{ STR("1970-01-01"), ERR_OK, 1 },
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
		{ STR("2026-11-20T05:40:00"), ERR_OK, 1795153200 },
		{ STR("2026-11-20 05:40:00Z"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T05:40Z"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T"), ERR_INVALID, 0 },
		{ STR("2026-11-20Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00.Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+1:00"), ERR_INVALID, 0 },
		{ STR("2026-11-20T06:40:00+0100"), ERR_OK, 1795153200 },
		{ STR("2026-11-20 00:40:00 -0500"), ERR_OK, 1795153200 },
		{ STR("2026-11-20 00:40-05:00"), ERR_OK, 1795153200 },
		{ STR("2026-11-20 05:40"), ERR_OK, 1795153200 },
		{ STR("2026-11-20T05:40:00 "), ERR_INVALID, 0 },
		{ STR("2026-11-20  05:40:00Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00  Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05Z"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+01"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+01000"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00+0160"), ERR_INVALID, 0 },
		{ STR("2026-11-20T05:40:00UTC"), ERR_INVALID, 0 },
		{ STR("2100-02-29"), ERR_INVALID, 0 },
		{ STR("tomorrow"), ERR_INVALID, 0 },
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
	time_local_zone_set("UTC0");
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t out = 77;
		enum err e = time_parse(cases[i].in, TIME_STARTS, &out);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_int_equal(out, e == ERR_OK ? cases[i].out : 77);
	}
}

/* Goal: what has no zone is the newsroom's; a day as an end is included whole. The seconds were
 * worked out with Python's zoneinfo. */
static void parse_in_the_newsroom(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *in;
		enum time_edge edge;
		int64_t out;
	} cases[] = {
		/* west of UTC */
		{ "America/New_York", "2026-12-01", TIME_STARTS, 1796101200 },
		{ "America/New_York", "2026-11-30", TIME_ENDS, 1796101200 },
		{ "America/New_York", "2026-12-01T00:00", TIME_STARTS, 1796101200 },
		{ "America/New_York", "2026-12-01T00:00", TIME_ENDS, 1796101200 },
		{ "America/New_York", "2026-12-01T05:00Z", TIME_ENDS, 1796101200 },
		{ "America/New_York", "2026-03-08", TIME_STARTS, 1772946000 }, /* 23 hours */
		{ "America/New_York", "2026-03-08", TIME_ENDS, 1773028800 },
		{ "America/New_York", "2026-11-01", TIME_STARTS, 1793505600 }, /* 25 hours */
		{ "America/New_York", "2026-11-01", TIME_ENDS, 1793595600 },
		{ "America/New_York", "2026-11-01T01:30", TIME_STARTS, 1793511000 }, /* first */
		{ "America/New_York", "2026-11-01T01:30-05:00", TIME_STARTS, 1793514600 },
		{ "America/New_York", "2026-03-08T02:30", TIME_STARTS, 1772955000 }, /* 3.30 */
		{ "America/New_York", "1883-11-01", TIME_STARTS, -2719163038 },
		{ "America/New_York", "1920-07-01", TIME_STARTS, -1562184000 },
		{ "America/New_York", "2100-01-01", TIME_STARTS, 4102462800 },
		{ "America/New_York", "2100-07-01", TIME_STARTS, 4118097600 },
		{ "America/New_York", "2028-02-28", TIME_ENDS, 1835413200 },
		/* east */
		{ "Asia/Tokyo", "2026-12-01", TIME_STARTS, 1796050800 },
		{ "Asia/Tokyo", "2026-11-30", TIME_ENDS, 1796050800 },
		{ "Asia/Tokyo", "1880-01-01", TIME_STARTS, -2840174339 },
		{ "Asia/Kathmandu", "2026-06-01", TIME_STARTS, 1780251300 },
		{ "Pacific/Kiritimati", "2026-12-01", TIME_STARTS, 1796032800 },
		{ "Europe/Berlin", "2100-03-28", TIME_STARTS, 4109871600 },
		{ "Australia/Lord_Howe", "2026-04-05", TIME_STARTS, 1775307600 },
		/* days without a midnight begin when clocks are put forward, days with two with
		   the first */
		{ "America/Sao_Paulo", "2018-11-04", TIME_STARTS, 1541300400 },
		{ "America/Sao_Paulo", "2018-11-03", TIME_ENDS, 1541300400 },
		{ "America/Sao_Paulo", "2018-02-18", TIME_STARTS, 1518922800 },
		{ "America/Sao_Paulo", "2018-02-17", TIME_ENDS, 1518922800 },
		{ "Asia/Beirut", "2026-03-29", TIME_STARTS, 1774735200 },
		{ "Asia/Beirut", "2026-10-25", TIME_STARTS, 1792879200 },
		{ "Africa/Cairo", "2026-04-24", TIME_STARTS, 1776981600 },
		{ "America/Havana", "2026-11-01", TIME_STARTS, 1793505600 },
		{ "Africa/Monrovia", "1972-01-07", TIME_STARTS, 63593070 },
		/* a day that never was */
		{ "Pacific/Apia", "2011-12-29", TIME_STARTS, 1325152800 },
		{ "Pacific/Apia", "2011-12-29", TIME_ENDS, 1325239200 },
		{ "Pacific/Apia", "2011-12-30", TIME_STARTS, 1325239200 },
		{ "Pacific/Apia", "2011-12-31", TIME_STARTS, 1325239200 },
		{ "Pacific/Apia", "2011-12-30T12:00", TIME_STARTS, 1325282400 },
		{ "Pacific/Kiritimati", "1994-12-31", TIME_STARTS, 788868000 },
		/* an end that falls on the second that means "none" is still an end */
		{ "UTC0", "1969-12-31", TIME_ENDS, 1 },
		{ "Asia/Tokyo", "1970-01-01T09:00", TIME_ENDS, 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t out = 0;
		time_local_zone_set(cases[i].zone);
		assert_int_equal(time_parse(str_of(cases[i].in), cases[i].edge, &out), ERR_OK);
		if (out != cases[i].out)
			fail_msg("%s %s: %lld", cases[i].zone, cases[i].in, (long long)out);
	}
}

/* Goal: in every zone, each day from 1895 to 2105 begins where the one before ends, with an instant
 * of that day, of which the instant before is not. */
static void days_follow_each_other(void **state)
{
	(void)state;
	static const char *const zones[] = { "UTC0", "America/New_York", "America/Sao_Paulo",
		"America/Havana", "Asia/Tokyo", "Asia/Beirut", "Africa/Cairo", "Europe/Berlin",
		"Pacific/Apia", "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Casablanca" };
	for (size_t z = 0; z < COUNT(zones); z++) {
		time_local_zone_set(zones[z]);
		int64_t before = INT64_MIN;
		for (int day = 0; day < 210 * 365; day++) {
			struct tm asked = { .tm_year = -5, .tm_mday = 1 + day };
			int64_t t = time_local_day_start(asked);
			struct tm first = time_local_tm(t), last = time_local_tm(t - 1);
			assert_true(t >= before);
			assert_true(first.tm_mday != last.tm_mday);
			before = t;
		}
	}
}

/* Goal: each written form, at ordinary times and at the ends of the calendar. */
static void write(void **state)
{
	(void)state;
	static const struct {
		int64_t t;
		const char *text, *mail, *full, *day;
	} cases[] = {
		{ 1795153200, "2026-11-20T05:40:00Z", "Fri, 20 Nov 2026 05:40:00 +0000",
			"20 November 2026, 05:40 UTC", "Friday, 20 November 2026" },
		{ 784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 +0000",
			"6 November 1994, 08:49 UTC", "Sunday, 6 November 1994" },
		{ 0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000",
			"1 January 1970, 00:00 UTC", "Thursday, 1 January 1970" },
		{ -1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000",
			"31 December 1969, 23:59 UTC", "Wednesday, 31 December 1969" },
		{ INT64_MAX, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 +0000",
			"31 December 9999, 23:59 UTC", "Friday, 31 December 9999" },
		{ INT64_MIN, "0000-01-01T00:00:00Z", "Sat, 01 Jan 0 00:00:00 +0000",
			"1 January 0, 00:00 UTC", "Saturday, 1 January 0" },
	};
	time_local_zone_set("UTC0");
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[TIME_TEXT_SIZE];
		time_text(cases[i].t, out);
		assert_string_equal(out, cases[i].text);
		time_mail(cases[i].t, out);
		assert_string_equal(out, cases[i].mail);
		time_full(cases[i].t, out);
		assert_string_equal(out, cases[i].full);
		time_day(cases[i].t, out);
		assert_string_equal(out, cases[i].day);
	}
}

/* Goal: people read the newsroom's clock and calendar, with the year when it is another one. An end
 * at midnight is told by the last day. */
static void write_in_the_newsroom(void **state)
{
	(void)state;
	static const struct {
		const char *zone;
		int64_t t, now;
		const char *date, *human, *until, *iso, *iso_until;
	} cases[] = {
		{ "America/New_York", 1796101200, 1795153200, "1 December", "1 December, 00:00 EST",
			"30 November", "2026-12-01 00:00-05:00", "2026-11-30" },
		{ "America/New_York", 1796101199, 1795153200, "30 November",
			"30 November, 23:59 EST", "30 November, 23:59 EST",
			"2026-11-30 23:59-05:00", "2026-11-30 23:59-05:00" },
		/* New Year's Eve in New York, the new year in UTC */
		{ "America/New_York", 1798769400, 1798768800, "31 December",
			"31 December, 21:10 EST", "31 December, 21:10 EST",
			"2026-12-31 21:10-05:00", "2026-12-31 21:10-05:00" },
		{ "America/New_York", 1798779600, 1798768800, "1 January 2027",
			"1 January 2027, 00:00 EST", "31 December", "2027-01-01 00:00-05:00",
			"2026-12-31" },
		{ "America/New_York", -1562184000, 1795153200, "1 July 1920",
			"1 July 1920, 00:00 EDT", "30 June 1920", "1920-07-01 00:00-04:00",
			"1920-06-30" },
		{ "America/New_York", -2719163038, 1795153200, "1 November 1883",
			"1 November 1883, 00:00 LMT", "31 October 1883", "1883-11-01 04:56Z",
			"1883-10-31" },
		{ "America/New_York", 4118097600, 1795153200, "1 July 2100",
			"1 July 2100, 00:00 EDT", "30 June 2100", "2100-07-01 00:00-04:00",
			"2100-06-30" },
		{ "Asia/Tokyo", 1795153200, 1795153200, "20 November", "20 November, 14:40 JST",
			"20 November, 14:40 JST", "2026-11-20 14:40+09:00",
			"2026-11-20 14:40+09:00" },
		{ "America/Sao_Paulo", 1795153200, 1795153200, "20 November",
			"20 November, 02:40 UTC-3", "20 November, 02:40 UTC-3",
			"2026-11-20 02:40-03:00", "2026-11-20 02:40-03:00" },
		{ "America/Sao_Paulo", 1541300400, 1541300400, "4 November",
			"4 November, 01:00 UTC-2", "3 November", "2018-11-04 01:00-02:00",
			"2018-11-03" },
		{ "Asia/Kathmandu", 1780251300, 1795153200, "1 June", "1 June, 00:00 UTC+5:45",
			"31 May", "2026-06-01 00:00+05:45", "2026-05-31" },
		{ "Antarctica/Troll", 1795153200, 1795153200, "20 November",
			"20 November, 05:40 UTC", "20 November, 05:40 UTC", "2026-11-20 05:40Z",
			"2026-11-20 05:40Z" },
		{ "UTC0", 1796083200, 1795153200, "1 December", "1 December, 00:00 UTC",
			"30 November", "2026-12-01 00:00Z", "2026-11-30" },
		/* the ends of the calendar's last day, in a new year there already */
		{ "America/New_York", 253402318800, 1795153200, "31 December 9999",
			"31 December 9999, 18:59 EST", "31 December 9999", "9999-12-31 18:59-05:00",
			"9999-12-31" },
		{ "UTC0", 253402300800, 1795153200, "31 December 9999",
			"31 December 9999, 23:59 UTC", "31 December 9999", "9999-12-31 23:59Z",
			"9999-12-31" },
		{ "Asia/Tokyo", 253402268400, 1795153200, "1 January 10000",
			"1 January 10000, 00:00 JST", "31 December 9999", "10000-01-01 00:00+09:00",
			"9999-12-31" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[TIME_TEXT_SIZE];
		time_local_zone_set(cases[i].zone);
		time_date(cases[i].t, cases[i].now, out);
		assert_string_equal(out, cases[i].date);
		time_human(cases[i].t, cases[i].now, out);
		assert_string_equal(out, cases[i].human);
		time_until(cases[i].t, cases[i].now, out);
		assert_string_equal(out, cases[i].until);
		time_iso(cases[i].t, out);
		assert_string_equal(out, cases[i].iso);
		time_iso_until(cases[i].t, out);
		assert_string_equal(out, cases[i].iso_until);
	}
	char out[TIME_TEXT_SIZE];
	time_local_zone_set("America/New_York");
	time_full(1795153200, out);
	assert_string_equal(out, "20 November 2026, 00:40 EST");
	time_mail(1795153200, out);
	assert_string_equal(out, "Fri, 20 Nov 2026 00:40:00 -0500");
	time_day(1796101199, out);
	assert_string_equal(out, "Monday, 30 November 2026");
	assert_int_equal(time_local_weekday(1796101199), 1);
}

/* Goal: every day from 1890 to 2110 survives writing and reading, and follows the one before. */
static void round_trip(void **state)
{
	(void)state;
	char text[TIME_TEXT_SIZE], before[TIME_TEXT_SIZE] = "";
	time_local_zone_set("Asia/Kathmandu");
	for (int64_t t = -80 * 31557600L; t < 140 * 31557600L; t += 86400) {
		int64_t back = 0;
		time_text(t, text);
		assert_int_equal(time_parse(str_of(text), TIME_ENDS, &back), ERR_OK);
		assert_int_equal(back, t ? t : 1);
		assert_true(strcmp(before, text) < 0);
		memcpy(before, text, sizeof text);
		time_iso(t, text);
		assert_int_equal(time_parse(str_of(text), TIME_ENDS, &back), ERR_OK);
		assert_int_equal(back / 60, t / 60);
		time_iso_until(t, text);
		assert_int_equal(time_parse(str_of(text), TIME_ENDS, &back), ERR_OK);
		assert_int_equal(back / 60, t / 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(parse_in_the_newsroom),
		cmocka_unit_test(days_follow_each_other),
		cmocka_unit_test(write),
		cmocka_unit_test(write_in_the_newsroom),
		cmocka_unit_test(round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
