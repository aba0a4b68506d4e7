/* Goal: a window begins with its day, week or month in the newsroom's zone, whatever clocks do
 * there, and a count goes on exactly while its window does. */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "postern/meter.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static void windows_are_those_of_the_calendar(void **state)
{
	static const struct {
		const char *goal, *tz;
		enum meter_window window;
		int64_t now_s, starts_at, ends_at;
	} rows[] = {
		{ "the first second of a month", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_MONTH,
			1796079600, 1796079600, 1798758000 },
		{ "the last second of a month", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_MONTH,
			1796079599, 1793487600, 1796079600 },
		{ "the zone is ahead: still November in UTC", "CET-1CEST,M3.5.0,M10.5.0/3",
			WINDOW_MONTH, 1796081400, 1796079600, 1798758000 },
		{ "a month that begins in winter and ends in summer", "CET-1CEST,M3.5.0,M10.5.0/3",
			WINDOW_MONTH, 1774951200, 1772319600, 1774994400 },
		{ "a month that begins in summer and ends in winter", "CET-1CEST,M3.5.0,M10.5.0/3",
			WINDOW_MONTH, 1792888200, 1790805600, 1793487600 },
		{ "the end of a year", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_MONTH, 1798757999,
			1796079600, 1798758000 },
		{ "February of a leap year", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_MONTH, 1835434800,
			1832972400, 1835478000 },
		{ "a day of 23 hours", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_DAY, 1774778400,
			1774738800, 1774821600 },
		{ "a day of 25 hours, the first 2.30", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_DAY,
			1792888200, 1792879200, 1792969200 },
		{ "a day of 25 hours, the second 2.30", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_DAY,
			1792891800, 1792879200, 1792969200 },
		{ "Monday begins a week", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_WEEK, 1795388400,
			1795388400, 1795993200 },
		{ "Sunday ends it", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_WEEK, 1795388399,
			1794783600, 1795388400 },
		{ "a week over the end of a year", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_WEEK,
			1798801200, 1798412400, 1799017200 },
		{ "a week with a change of clocks", "CET-1CEST,M3.5.0,M10.5.0/3", WINDOW_WEEK,
			1774818000, 1774220400, 1774821600 },
		{ "midnight twice: the first", "CST5CDT,M3.2.0/0,M11.1.0/1", WINDOW_DAY, 1793507400,
			1793505600, 1793595600 },
		{ "midnight twice: the second", "CST5CDT,M3.2.0/0,M11.1.0/1", WINDOW_DAY,
			1793511000, 1793505600, 1793595600 },
		{ "no midnight: the day begins at one", "CST5CDT,M3.2.0/0,M11.1.0/1", WINDOW_DAY,
			1772985600, 1772946000, 1773028800 },
		{ "the day before one without midnight", "CST5CDT,M3.2.0/0,M11.1.0/1", WINDOW_DAY,
			1772945940, 1772859600, 1772946000 },
		{ "a month that begins with two midnights", "CST5CDT,M3.2.0/0,M11.1.0/1",
			WINDOW_MONTH, 1794762000, 1793505600, 1796101200 },
		{ "no midnight, at the end of the day", "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
			WINDOW_DAY, 1788674400, 1788667200, 1788750000 },
		{ "the last hour twice: the first", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", WINDOW_DAY,
			1775356200, 1775271600, 1775361600 },
		{ "the last hour twice: the second", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", WINDOW_DAY,
			1775359800, 1775271600, 1775361600 },
		{ "a week that ends where clocks change", "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
			WINDOW_WEEK, 1788624000, 1788148800, 1788750000 },
		{ "no midnight on a Sunday", "EET-2EEST,M3.5.0/0,M10.5.0/0", WINDOW_DAY, 1774746000,
			1774735200, 1774818000 },
		{ "midnight is put back to eleven", "EET-2EEST,M3.5.0/0,M10.5.0/0", WINDOW_DAY,
			1792877400, 1792789200, 1792879200 },
		{ "a zone of quarters", "<+0545>-5:45", WINDOW_MONTH, 1796062500, 1796062500,
			1798740900 },
		{ "UTC", "UTC0", WINDOW_MONTH, 1795521600, 1793491200, 1796083200 },
		{ "1970", "UTC0", WINDOW_MONTH, 86400, 0, 2678400 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct meter m = { .window = rows[i].window };
		time_local_zone_set(rows[i].tz);
		struct meter_span w = meter_window(&m, rows[i].now_s);
		if (w.starts_at != rows[i].starts_at || w.ends_at != rows[i].ends_at)
			fail_msg("%s: %lld to %lld", rows[i].goal, (long long)w.starts_at,
				(long long)w.ends_at);
	}
}

/* Hour by hour through two years: every moment is in its window, windows meet without a gap. */
static void windows_follow_each_other(void **state)
{
	static const char *const zones[] = { "CET-1CEST,M3.5.0,M10.5.0/3",
		"CST5CDT,M3.2.0/0,M11.1.0/1", "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
		"EET-2EEST,M3.5.0/0,M10.5.0/0", "NZST-12NZDT,M9.5.0,M4.1.0/3", "UTC0" };

	(void)state;
	for (size_t z = 0; z < COUNT(zones); z++) {
		time_local_zone_set(zones[z]);
		for (int w = WINDOW_DAY; w <= WINDOW_MONTH; w++) {
			const struct meter m = { .window = (enum meter_window)w };
			int64_t t = 1767225600; /* 2026 */
			struct meter_span last = meter_window(&m, t);
			for (; t < 1767225600 + 2 * 365 * DAY; t += HOUR) {
				struct meter_span now = meter_window(&m, t);
				assert_true(now.starts_at <= t && t < now.ends_at);
				if (now.starts_at != last.starts_at)
					assert_int_equal(now.starts_at, last.ends_at);
				last = now;
			}
		}
	}
}

static void a_count_goes_on_while_its_window_does(void **state)
{
	const struct meter month = { .window = WINDOW_MONTH },
			   rolling = { .window = WINDOW_ROLLING, .days = 30 };
	enum { NOV = 1793491200, DEC = 1796083200, JAN = 1798761600 }; /* 2026, UTC */
	static const struct {
		const char *goal;
		bool rolls;
		int64_t began_at, now_s;
		bool goes_on;
		int64_t ends_at;
	} rows[] = {
		{ "this month", false, NOV, NOV + DAY, true, DEC },
		{ "its last second", false, NOV, DEC - 1, true, DEC },
		{ "the next month", false, NOV, DEC, false, JAN },
		{ "nothing counted yet", false, 0, NOV, false, DEC },
		{ "the clock stepped back over the month's end", false, DEC, DEC - 1, true, DEC },
		{ "a clock that was a month ahead", false, JAN, NOV + DAY, false, DEC },
		{ "a window by day became one by month", false, NOV + 5 * DAY, NOV + 6 * DAY, true,
			DEC },
		{ "rolling", true, NOV, NOV + DAY, true, NOV + 30 * DAY },
		{ "rolling, its last second", true, NOV, NOV + 30 * DAY - 1, true, NOV + 30 * DAY },
		{ "rolling, over", true, NOV, NOV + 30 * DAY, false, NOV + 60 * DAY },
		{ "rolling, the clock stepped back", true, NOV, NOV - DAY, true, NOV + 30 * DAY },
		{ "rolling, a clock that was far ahead", true, NOV, NOV - 31 * DAY, false,
			NOV - DAY },
	};

	(void)state;
	time_local_zone_set("UTC0");
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct meter *m = rows[i].rolls ? &rolling : &month;
		if (meter_counts_on(m, rows[i].began_at, rows[i].now_s) != rows[i].goes_on)
			fail_msg("%s: goes on", rows[i].goal);
		if (meter_ends_at(m, rows[i].began_at, rows[i].now_s) != rows[i].ends_at)
			fail_msg("%s: ends", rows[i].goal);
	}
}

static void the_longest_window_is_found(void **state)
{
	const struct meter meters[] = { { .window = WINDOW_WEEK }, { .window = WINDOW_DAY },
		{ .window = WINDOW_ROLLING, .days = 20 }, { .window = WINDOW_MONTH } };
	struct paywall_policy p = { .meters = meters };

	(void)state;
	assert_int_equal(meter_longest_s(&p), DAY);
	for (p.meter_count = 1; p.meter_count <= 2; p.meter_count++)
		assert_int_equal(meter_longest_s(&p), 7 * DAY);
	p.meter_count = 3;
	assert_int_equal(meter_longest_s(&p), 20 * DAY);
	p.meter_count = 4;
	assert_int_equal(meter_longest_s(&p), 31 * DAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_those_of_the_calendar),
		cmocka_unit_test(windows_follow_each_other),
		cmocka_unit_test(a_count_goes_on_while_its_window_does),
		cmocka_unit_test(the_longest_window_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
