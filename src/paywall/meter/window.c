/* Start and end of a meter's window (day, week, month in the newsroom's zone, or rolling days). */
#include "postern/meter.h"
#include "postern/text.h"

enum { DAY_S = 86400 };

static struct meter_span days_window(struct tm first, int days, int months)
{
	struct tm next = first;
	next.tm_mday += days;
	next.tm_mon += months;
	return (struct meter_span){ time_local_day_start(first), time_local_day_start(next) };
}

static struct meter_span calendar_window(enum meter_window window, struct tm tm)
{
	struct tm day = { .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday };
	if (window == WINDOW_DAY)
		return days_window(day, 1, 0);
	if (window == WINDOW_WEEK) {
		day.tm_mday -= (tm.tm_wday + 6) % 7;
		return days_window(day, 7, 0);
	}
	day.tm_mday = 1;
	return days_window(day, 0, 1);
}

/* Each reading asks several times, and the answer is the same for a day, a week or a month. */
struct window_known {
	unsigned zone;
	struct meter_span span;
};

struct meter_span meter_window(const struct meter *m, int64_t now_s)
{
	static _Thread_local struct window_known windows[WINDOW_ROLLING];
	if (m->window == WINDOW_ROLLING)
		return (struct meter_span){ now_s, now_s + m->days * DAY_S };
	struct window_known *k = &windows[m->window];
	unsigned zone = time_local_zone_version();
	if (k->zone == zone && k->span.starts_at <= now_s && now_s < k->span.ends_at)
		return k->span;
	*k = (struct window_known){ zone, calendar_window(m->window, time_local_tm(now_s)) };
	return k->span;
}

struct meter_span meter_day(int64_t now_s)
{
	return meter_window(&(struct meter){ .window = WINDOW_DAY }, now_s);
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
