/* Goal: an accepted time is written in one form, which reads back as the same second. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const int64_t least = -62167219200, most = 253402300799;
	char text[TIME_TEXT_SIZE];
	int64_t t = 0, again = 0;
	if (n >= sizeof t) {
		memcpy(&t, p, sizeof t);
		time_http(t, text);
		time_human(t, text);
		time_day(t, text);
	}
	if (time_parse((struct str){ (const char *)p, n }, &t) != ERR_OK)
		return 0;
	time_text(t, text);
	if (time_parse(str_of(text), &again) != ERR_OK)
		abort();
	if (again != t && t >= least && t <= most)
		abort();
	return 0;
}
