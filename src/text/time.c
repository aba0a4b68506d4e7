#include "internal.h"

#include <stdio.h>

static const int64_t DAY_S = 86400;
static const int64_t FIRST_S = -62167219200; /* 0000-01-01T00:00:00Z */
static const int64_t LAST_S = 253402300799;  /* 9999-12-31T23:59:59Z */

static const char *const months[] = { "January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December" };
static const char *const weekdays[] = { "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday" }; /* 1 January of the year 0 was a Saturday */

struct moment {
	unsigned year, month, day, hour, minute, second, weekday; /* month and day from 1 */
};

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0000-01-01 to the first of January of `year`; the year 0 is a leap year. */
static int64_t year_start(unsigned year)
{
	if (year == 0)
		return 0;
	unsigned before = year - 1;
	return (int64_t)year * 365 + 1 + before / 4 - before / 100 + before / 400;
}

static int64_t moment_time(const struct moment *m)
{
	int64_t days = year_start(m->year) + m->day - 1;
	for (unsigned i = 1; i < m->month; i++)
		days += month_days(m->year, i);
	return FIRST_S + days * DAY_S + (m->hour * 60 + m->minute) * INT64_C(60) + m->second;
}

static struct moment moment_of(int64_t t)
{
	t = t < FIRST_S ? FIRST_S : t > LAST_S ? LAST_S : t;
	int64_t since = t - FIRST_S, days = since / DAY_S;
	unsigned rest = (unsigned)(since % DAY_S);
	struct moment m = {
		.month = 1, .hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60
	};
	m.weekday = (unsigned)(days % 7);
	m.year = (unsigned)(days / 366);
	while (year_start(m.year + 1) <= days)
		m.year++;
	days -= year_start(m.year);
	while (days >= month_days(m.year, m.month))
		days -= month_days(m.year, m.month++);
	m.day = (unsigned)days + 1;
	return m;
}

/* Takes `n` digits off the head of `*s`. */
static bool take_number(struct str *s, size_t n, unsigned min, unsigned max, unsigned *out)
{
	int64_t value = 0;
	if (s->n < n || str_int((struct str){ s->p, n }, min, max, &value) != ERR_OK)
		return false;
	*out = (unsigned)value;
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

static bool take_day(struct str *s, struct moment *m)
{
	return take_number(s, 4, 0, 9999, &m->year) && take_byte(s, '-') &&
	       take_number(s, 2, 1, 12, &m->month) && take_byte(s, '-') &&
	       take_number(s, 2, 1, month_days(m->year, m->month), &m->day);
}

/* The second 60 is a leap second, which counts as the first of the next minute. */
static bool take_clock(struct str *s, struct moment *m)
{
	if (!take_byte(s, 'T') && !take_byte(s, 't'))
		return false;
	if (!take_number(s, 2, 0, 23, &m->hour) || !take_byte(s, ':') ||
		!take_number(s, 2, 0, 59, &m->minute) || !take_byte(s, ':') ||
		!take_number(s, 2, 0, m->minute == 59 ? 60 : 59, &m->second))
		return false;
	if (!take_byte(s, '.'))
		return true;
	size_t digits = 0;
	for (unsigned digit; take_number(s, 1, 0, 9, &digit);)
		digits++;
	return digits > 0;
}

static bool take_offset(struct str *s, int64_t *seconds)
{
	unsigned hours = 0, minutes = 0;
	*seconds = 0;
	if (take_byte(s, 'Z') || take_byte(s, 'z'))
		return true;
	bool west = take_byte(s, '-');
	if (!west && !take_byte(s, '+'))
		return false;
	if (!take_number(s, 2, 0, 23, &hours) || !take_byte(s, ':') ||
		!take_number(s, 2, 0, 59, &minutes))
		return false;
	*seconds = (west ? -1 : 1) * (INT64_C(60) * hours + minutes) * 60;
	return true;
}

enum err time_parse(struct str s, int64_t *out)
{
	struct moment m = { .month = 1, .day = 1 };
	int64_t offset = 0;
	if (!take_day(&s, &m))
		return ERR_INVALID;
	if (s.n > 0 && (!take_clock(&s, &m) || !take_offset(&s, &offset) || s.n > 0))
		return ERR_INVALID;
	*out = moment_time(&m) - offset;
	return ERR_OK;
}

void time_text(int64_t t, char out[static TIME_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, TIME_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", m.year, m.month, m.day,
		m.hour, m.minute, m.second);
}

void time_http(int64_t t, char out[static TIME_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, TIME_TEXT_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
		weekdays[m.weekday], m.day, months[m.month - 1], m.year, m.hour, m.minute,
		m.second);
}

void time_human(int64_t t, char out[static TIME_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, TIME_TEXT_SIZE, "%u %s %u, %02u:%02u UTC", m.day, months[m.month - 1], m.year,
		m.hour, m.minute);
}

void time_day(int64_t t, char out[static TIME_TEXT_SIZE])
{
	struct moment m = moment_of(t);
	snprintf(out, TIME_TEXT_SIZE, "%s, %u %s %u", weekdays[m.weekday], m.day,
		months[m.month - 1], m.year);
}
