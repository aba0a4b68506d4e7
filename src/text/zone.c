/* The process's time zone, which is the newsroom's. */
#include "postern/text.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { GRID_S = 900, GRID_BACK = 12, GRID_ON = 26 * 4 };

static atomic_uint version = 1;

void local_zone_set(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
	atomic_fetch_add(&version, 1);
}

unsigned local_zone_version(void)
{
	return atomic_load_explicit(&version, memory_order_relaxed);
}

/* Days of a proleptic calendar in one number that grows with them, for comparing only. */
static int64_t date_order(const struct tm *tm)
{
	return ((int64_t)tm->tm_year * 12 + tm->tm_mon) * 31 + tm->tm_mday;
}

static int64_t date_at(int64_t t_s)
{
	struct tm tm = { 0 };
	time_t t = (time_t)t_s;

	return localtime_r(&t, &tm) ? date_order(&tm) : 0;
}

/* mktime alone will not do: where clocks are put forward at midnight it may answer with an hour of
 * the day before, where they are put back to midnight with the second of two. Zones change by
 * quarters of an hour. */
int64_t local_day_start(struct tm day)
{
	day.tm_hour = 12; /* is on every day, so this brings day 0 or month 13 into range */
	day.tm_isdst = -1;
	(void)mktime(&day);
	int64_t wanted = date_order(&day);
	struct tm midnight = {
		.tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday, .tm_isdst = -1
	};
	int64_t t = (int64_t)mktime(&midnight);

	for (int i = 0; i < GRID_ON && date_at(t) < wanted; i++)
		t += GRID_S;
	for (int i = 0; i < GRID_BACK && date_at(t - GRID_S) >= wanted; i++)
		t -= GRID_S;
	return t;
}

/* Asked for with every decision, so the answer is kept for the second. */
unsigned local_weekday(int64_t t_s)
{
	static _Thread_local struct {
		unsigned zone, weekday;
		int64_t at_s;
	} last;
	unsigned zone = local_zone_version();

	if (last.zone != zone || last.at_s != t_s) {
		struct tm tm = { 0 };
		time_t t = (time_t)t_s;
		last.weekday = localtime_r(&t, &tm) ? (unsigned)tm.tm_wday : 0;
		last.zone = zone;
		last.at_s = t_s;
	}
	return last.weekday;
}
