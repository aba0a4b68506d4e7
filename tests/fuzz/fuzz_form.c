/* Goal: no form crashes, and an accepted one has few, different names in UTF-8. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(1 << 20);
	struct fields f;
	if (!a || form_parse((struct str){ (const char *)p, n }, a, &f) != ERR_OK)
		return 0;
	if (f.n > FIELDS_MAX)
		abort();
	for (size_t i = 0; i < f.n; i++) {
		if (!utf8_ok(f.v[i].name) || !utf8_ok(f.v[i].value) || !f.v[i].value.p)
			abort();
		for (size_t j = 0; j < i; j++)
			if (str_eq(f.v[i].name, f.v[j].name))
				abort();
	}
	return 0;
}
