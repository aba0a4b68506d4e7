/* Times: parsed and printed in the newsroom's zone for people, in UTC (RFC 3339) for programs.
 * Calendar and zones are the C library's, but not mktime: for a local time that clocks skip or
 * show twice, its result depends on the call before. */
#include "internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY_S = 86400;
static const int64_t FIRST_S = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t LAST_S = 253402300799;  /* 9999-12-31T23:59:59Z */

static atomic_uint version = 1;

/* ---- the zone ---- */

void time_local_zone_set(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
	atomic_fetch_add(&version, 1);
}

unsigned time_local_zone_version(void)
{
	return atomic_load_explicit(&version, memory_order_relaxed);
}

static time_t in_calendar(int64_t t_s)
{
	if (t_s < FIRST_S)
		return (time_t)FIRST_S;
	return (time_t)(t_s > LAST_S ? LAST_S : t_s);
}

static struct tm utc_tm(int64_t t_s)
{
	struct tm tm = { 0 };
	time_t t = in_calendar(t_s);
	(void)gmtime_r(&t, &tm); /* fails for years beyond INT_MAX only */
	return tm;
}

struct tm time_local_tm(int64_t t_s)
{
	struct tm tm = { 0 };
	time_t t = in_calendar(t_s);
	(void)localtime_r(&t, &tm);
	return tm;
}

/* Asked for with every decision, so the answer is kept for the second. */
unsigned time_local_weekday(int64_t t_s)
{
	static _Thread_local struct {
		unsigned zone, weekday;
		int64_t at_s;
	} last;
	unsigned zone = time_local_zone_version();

	if (last.zone != zone || last.at_s != t_s) {
		last.weekday = (unsigned)time_local_tm(t_s).tm_wday;
		last.zone = zone;
		last.at_s = t_s;
	}
	return last.weekday;
}

/* ---- between the clock on the newsroom's wall and the instant ---- */

/* What the clock shows, counted as if it showed UTC. */
static int64_t wall_at(int64_t t_s)
{
	return t_s + time_local_tm(t_s).tm_gmtoff;
}

/* RFC 5545 section 3.3.5: of a time that the clock shows twice the first, of a time that it skips
 * what it would be if the clock had not been put forward yet. No zone is a day away from UTC, so
 * the days around hold what was in force before and after a change. */
static int64_t wall_instant(int64_t wall)
{
	int64_t before = wall - time_local_tm(wall - DAY_S).tm_gmtoff,
		after = wall - time_local_tm(wall + DAY_S).tm_gmtoff;
	return wall_at(before) != wall && wall_at(after) == wall ? after : before;
}

/* The instant after `least` at which the clock comes to `wall`, or past it. */
static int64_t wall_reached(int64_t wall, int64_t least, int64_t most)
{
	while (most - least > 1) {
		int64_t middle = least + (most - least) / 2;
		if (wall_at(middle) < wall)
			least = middle;
		else
			most = middle;
	}
	return most;
}

/* Clocks that are put forward at midnight skip it, and then the day begins when they are; Apia once
 * skipped a whole day. */
int64_t time_local_day_start(struct tm day)
{
	struct tm midnight = {
		.tm_year = day.tm_year, .tm_mon = day.tm_mon, .tm_mday = day.tm_mday
	};
	int64_t wall = (int64_t)timegm(&midnight), t_s = wall_instant(wall);
	return wall_at(t_s) == wall ? t_s : wall_reached(wall, wall - DAY_S, wall + DAY_S);
}

/* ---- reading ---- */

/* Takes `n` digits off the head of `*s`. */
static bool take_number(struct str *s, size_t n, int min, int max, int *out)
{
	int64_t value = 0;
	if (s->n < n || str_int((struct str){ s->p, n }, min, max, &value) != ERR_OK)
		return false;
	*out = (int)value;
	s->p += n;
	s->n -= n;
	return true;
}

static bool take_byte(struct str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool take_day(struct str *s, struct tm *tm)
{
	int year = 0, month = 0;
	if (!take_number(s, 4, 0, 9999, &year) || !take_byte(s, '-') ||
		!take_number(s, 2, 1, 12, &month) || !take_byte(s, '-') ||
		!take_number(s, 2, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	struct tm same = *tm;
	(void)timegm(&same); /* makes 1 March of 29 February where there is none */
	return same.tm_mday == tm->tm_mday;
}

static bool take_fraction(struct str *s)
{
	int digit, digits = 0;
	while (take_number(s, 1, 0, 9, &digit))
		digits++;
	return digits > 0;
}

/* The second 60 is a leap second, which counts as the first of the next minute. */
static bool take_clock(struct str *s, struct tm *tm)
{
	if (!take_byte(s, 'T') && !take_byte(s, 't') && !take_byte(s, ' '))
		return false;
	if (!take_number(s, 2, 0, 23, &tm->tm_hour) || !take_byte(s, ':') ||
		!take_number(s, 2, 0, 59, &tm->tm_min))
		return false;
	if (!take_byte(s, ':'))
		return true;
	if (!take_number(s, 2, 0, tm->tm_min == 59 ? 60 : 59, &tm->tm_sec))
		return false;
	return !take_byte(s, '.') || take_fraction(s);
}

/* "Z", "+01:00", "-0500"; a blank may stand before it. */
static bool take_offset(struct str *s, int64_t *seconds)
{
	int hours = 0, minutes = 0;
	(void)take_byte(s, ' ');
	*seconds = 0;
	if (take_byte(s, 'Z') || take_byte(s, 'z'))
		return true;
	bool west = take_byte(s, '-');
	if (!west && !take_byte(s, '+'))
		return false;
	if (!take_number(s, 2, 0, 23, &hours))
		return false;
	(void)take_byte(s, ':');
	if (!take_number(s, 2, 0, 59, &minutes))
		return false;
	*seconds = (west ? -1 : 1) * (INT64_C(60) * hours + minutes) * 60;
	return true;
}

/* Without an offset the newsroom's clock is meant; see time_parse for a day alone. */
static enum err parse(struct str s, enum time_edge edge, int64_t *out)
{
	struct tm tm = { 0 };
	int64_t offset = 0;
	if (!take_day(&s, &tm))
		return ERR_INVALID;
	if (s.n == 0) {
		tm.tm_mday += edge == TIME_ENDS;
		*out = time_local_day_start(tm);
		return ERR_OK;
	}
	if (!take_clock(&s, &tm))
		return ERR_INVALID;
	int64_t wall = (int64_t)timegm(&tm);
	bool has_offset = s.n > 0;
	if (has_offset && (!take_offset(&s, &offset) || s.n > 0))
		return ERR_INVALID;
	*out = has_offset ? wall - offset : wall_instant(wall);
	return ERR_OK;
}

enum err time_parse(struct str s, enum time_edge edge, int64_t *out)
{
	int64_t t_s = 0;
	enum err e = parse(s, edge, &t_s);
	if (!e)
		*out = t_s ? t_s : 1;
	return e;
}

/* ---- writing, for programs ---- */

void time_text(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = utc_tm(t_s);
	char rest[32];
	strftime(rest, sizeof rest, "-%m-%dT%H:%M:%SZ", &tm);
	snprintf(out, TIME_TEXT_SIZE, "%04d%s", tm.tm_year + 1900, rest);
}

void time_mail(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	strftime(out, TIME_TEXT_SIZE, "%a, %d %b %Y %H:%M:%S %z", &tm);
}

/* ---- writing, for the newsroom's tools ---- */

static void iso_date(const struct tm *tm, char out[static TIME_TEXT_SIZE])
{
	snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02d", tm->tm_year + 1900, tm->tm_mon + 1,
		tm->tm_mday);
}

/* Offsets of the 19th century have seconds, which ISO 8601 cannot write: these times in UTC. */
void time_iso(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	char date[TIME_TEXT_SIZE], clock[16], offset[16] = "Z";
	if (tm.tm_gmtoff % 60)
		tm = utc_tm(t_s);
	int minutes = abs((int)tm.tm_gmtoff) / 60;
	if (minutes)
		snprintf(offset, sizeof offset, "%c%02u:%02u", tm.tm_gmtoff < 0 ? '-' : '+',
			(unsigned)minutes / 60 % 24, (unsigned)minutes % 60);
	iso_date(&tm, date);
	strftime(clock, sizeof clock, "%H:%M", &tm);
	snprintf(out, TIME_TEXT_SIZE, "%.12s %s%s", date, clock, offset);
}

/* Whether a day of the newsroom is over with this very second. What ends behind the calendar ends
 * with its last day: 9999-12-31 is how other systems write "for ever". */
static bool ends_day(int64_t end_s)
{
	return end_s > LAST_S || time_local_day_start(time_local_tm(end_s)) == end_s;
}

static int64_t second_before(int64_t t_s)
{
	return t_s > INT64_MIN ? t_s - 1 : t_s;
}

void time_iso_until(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm last = time_local_tm(second_before(t_s));
	if (ends_day(t_s))
		iso_date(&last, out);
	else
		time_iso(t_s, out);
}

/* ---- writing, for readers ---- */

/* "EST". Zones without letters of their own are called "-03" in the zone database: "UTC-3". */
static void zone_name(const struct tm *tm, char out[static TIME_TEXT_SIZE])
{
	unsigned minutes = (unsigned)abs((int)tm->tm_gmtoff) / 60;
	char sign = tm->tm_gmtoff < 0 ? '-' : '+';
	if (tm->tm_zone && *tm->tm_zone != '-' && *tm->tm_zone != '+')
		snprintf(out, TIME_TEXT_SIZE, "%.12s", tm->tm_zone);
	else if (minutes == 0)
		snprintf(out, TIME_TEXT_SIZE, "UTC");
	else if (minutes % 60)
		snprintf(out, TIME_TEXT_SIZE, "UTC%c%u:%02u", sign, minutes / 60, minutes % 60);
	else
		snprintf(out, TIME_TEXT_SIZE, "UTC%c%u", sign, minutes / 60);
}

static void date_words(const struct tm *tm, bool year, char out[static TIME_TEXT_SIZE])
{
	char month[16];
	strftime(month, sizeof month, "%B", tm);
	if (year)
		snprintf(out, TIME_TEXT_SIZE, "%d %s %d", tm->tm_mday, month, tm->tm_year + 1900);
	else
		snprintf(out, TIME_TEXT_SIZE, "%d %s", tm->tm_mday, month);
}

static void moment_words(const struct tm *tm, bool year, char out[static TIME_TEXT_SIZE])
{
	char date[TIME_TEXT_SIZE], clock[16], zone[TIME_TEXT_SIZE];
	date_words(tm, year, date);
	strftime(clock, sizeof clock, "%H:%M", tm);
	zone_name(tm, zone);
	snprintf(out, TIME_TEXT_SIZE, "%.26s, %s %.12s", date, clock, zone);
}

static bool other_year(const struct tm *tm, int64_t now_s)
{
	return tm->tm_year != time_local_tm(now_s).tm_year;
}

void time_date(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	date_words(&tm, other_year(&tm, now_s), out);
}

void time_human(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	moment_words(&tm, other_year(&tm, now_s), out);
}

void time_until(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE])
{
	if (ends_day(t_s))
		time_date(second_before(t_s), now_s, out);
	else
		time_human(t_s, now_s, out);
}

void time_full(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	moment_words(&tm, true, out);
}

void time_day(int64_t t_s, char out[static TIME_TEXT_SIZE])
{
	struct tm tm = time_local_tm(t_s);
	char date[TIME_TEXT_SIZE], weekday[16];
	date_words(&tm, true, date);
	strftime(weekday, sizeof weekday, "%A", &tm);
	snprintf(out, TIME_TEXT_SIZE, "%s, %.26s", weekday, date);
}
