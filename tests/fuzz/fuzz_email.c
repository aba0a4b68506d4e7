/* Goal: an accepted address is one address of printable ASCII, and reads back as itself. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct email e, again;
	if (email_parse((struct str){ (const char *)p, n }, &e) != ERR_OK)
		return 0;
	if (strchr(e.text, '@') != strrchr(e.text, '@') || strpbrk(e.text, ",;<>\"() \r\n\t"))
		abort();
	for (const char *c = e.text; *c; c++)
		if (*c <= ' ' || *c >= 0x7f)
			abort();
	if (email_parse(str_of(e.key), &again) != ERR_OK || strcmp(again.text, e.key) != 0 ||
		strcmp(again.key, e.key) != 0)
		abort();
	return 0;
}
