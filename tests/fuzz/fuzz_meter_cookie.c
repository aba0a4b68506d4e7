/* Goal: a cookie that is read is written again as the same text, but for the seal, and holds
 * nothing twice. */
#include "postern/meter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t key[KEY_BYTES] = { 1 };
	struct str text = { (const char *)p, n }, again;
	struct meter_cookie k, back;
	enum { MAC_CHARACTERS = 22 }; /* the last character before may hold bits of both */
	bool sealed = meter_cookie_sealed(text, key);

	if (meter_cookie_parse(text, &k) != ERR_OK)
		return 0;
	ARENA_AUTO *a = arena_new(4096);
	if (!a || meter_cookie_write(&k, key, a, &again) != ERR_OK)
		abort();
	if (again.n != n || memcmp(again.p, p, n - MAC_CHARACTERS - 1) != 0)
		abort();
	if (sealed != str_eq(again, text) || !meter_cookie_sealed(again, key))
		abort();
	if (meter_cookie_parse(again, &back) != ERR_OK || back.count != k.count)
		abort();
	return 0;
}
