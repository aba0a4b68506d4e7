/* Goal: no Cookie header crashes, and no accepted name or value could end a header line. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(1 << 16);
	struct fields f;
	if (!a || cookie_parse((struct str){ (const char *)p, n }, a, &f) != ERR_OK)
		return 0;
	if (f.n > FIELDS_MAX)
		abort();
	for (size_t i = 0; i < f.n; i++) {
		if (f.v[i].name.n == 0 || str_has_byte(f.v[i].name, '='))
			abort();
		if (!header_value_ok(f.v[i].name) || !header_value_ok(f.v[i].value))
			abort();
		if (str_has_byte(f.v[i].name, ';') || str_has_byte(f.v[i].value, ';'))
			abort();
	}
	return 0;
}
