/* Goal: an accepted time is written in forms that read back as the same instant; whatever the day
 * and the zone, its end comes after its start; no time is too far away to be written. The first
 * byte chooses the zone. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void write_all(int64_t t, int64_t now)
{
	char text[TIME_TEXT_SIZE];
	time_text(t, text);
	time_mail(t, text);
	time_iso(t, text);
	time_iso_until(t, text);
	time_date(t, now, text);
	time_human(t, now, text);
	time_until(t, now, text);
	time_full(t, text);
	time_day(t, text);
}

/* Read back, at most `loss_s` earlier: times for tools are written to the minute. */
static void reads_back(const char *text, int64_t t, int64_t loss_s)
{
	int64_t again = 0;
	if (time_parse(str_of(text), TIME_ENDS, &again) != ERR_OK)
		abort();
	if (again > t || t - again > loss_s)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const zones[] = { "UTC0", "EST5EDT,M3.2.0,M11.1.0",
		"CST5CDT,M3.2.0/0,M11.1.0/1", "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "<+14>-14",
		"America/New_York", "Pacific/Apia" };
	static const int64_t least = -62167219200 + 86400, most = 253402300799 - 86400;
	static size_t zone = COUNT(zones);
	char text[TIME_TEXT_SIZE];
	int64_t t = 0, end = 0;
	if (n == 0)
		return 0;
	if (zone != p[0] % COUNT(zones)) {
		zone = p[0] % COUNT(zones);
		time_local_zone_set(zones[zone]);
	}
	if (n > sizeof t) {
		memcpy(&t, p + 1, sizeof t);
		write_all(t, t / 2);
	}
	struct str said = { (const char *)p + 1, n - 1 };
	if (time_parse(said, TIME_STARTS, &t) != ERR_OK)
		return 0;
	if (time_parse(said, TIME_ENDS, &end) != ERR_OK || end < t || t == 0 || end == 0)
		abort();
	if (t < least || t > most)
		return 0;
	time_text(t, text);
	reads_back(text, t, 0);
	time_iso(t, text);
	reads_back(text, t, 59);
	time_iso_until(t, text);
	reads_back(text, t, 59);
	return 0;
}
