/* When a meter's window begins and ends. */
#include "postern/meter.h"

#include <time.h>

enum { DAY_S = 86400, GRID_S = 900, GRID_BACK = 12, GRID_ON = 26 * 4 };

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

/* The first instant of a local day. mktime alone will not do: where clocks are put forward at
 * midnight it may answer with an hour of the day before, where they are put back to midnight with
 * the second of two. Zones change by quarters of an hour. */
static int64_t day_start(struct tm day)
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

static struct meter_span days_window(struct tm first, int days, int months)
{
	struct tm next = first;

	next.tm_mday += days;
	next.tm_mon += months;
	return (struct meter_span){ day_start(first), day_start(next) };
}

struct meter_span meter_window(const struct meter *m, int64_t now_s)
{
	struct tm tm = { 0 };
	time_t t = (time_t)now_s;

	if (m->window == WINDOW_ROLLING || !localtime_r(&t, &tm))
		return (struct meter_span){ now_s, now_s + m->days * DAY_S };
	struct tm day = { .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday };
	if (m->window == WINDOW_DAY)
		return days_window(day, 1, 0);
	if (m->window == WINDOW_WEEK) {
		day.tm_mday -= (tm.tm_wday + 6) % 7;
		return days_window(day, 7, 0);
	}
	day.tm_mday = 1;
	return days_window(day, 0, 1);
}

bool meter_counts_on(const struct meter *m, int64_t began_at, int64_t now_s)
{
	if (began_at <= 0)
		return false;
	if (m->window == WINDOW_ROLLING)
		return began_at > now_s - m->days * DAY_S && began_at <= now_s + m->days * DAY_S;
	struct meter_span w = meter_window(m, now_s);
	return began_at >= w.starts_at && began_at <= w.ends_at;
}

int64_t meter_ends_at(const struct meter *m, int64_t began_at, int64_t now_s)
{
	bool goes_on = m->window == WINDOW_ROLLING && meter_counts_on(m, began_at, now_s);

	return meter_window(m, goes_on ? began_at : now_s).ends_at;
}

int64_t meter_longest_s(const struct paywall_policy *p)
{
	static const int64_t days[] = { [WINDOW_DAY] = 1, [WINDOW_WEEK] = 7, [WINDOW_MONTH] = 31 };
	int64_t longest = 1;

	for (size_t i = 0; i < p->meter_count; i++) {
		const struct meter *m = &p->meters[i];
		int64_t d = m->window == WINDOW_ROLLING ? m->days : days[m->window];
		longest = d > longest ? d : longest;
	}
	return longest * DAY_S;
}
