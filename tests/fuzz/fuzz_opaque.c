/* Goal: a prepared password or name is stable: preparing it once more changes nothing. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_name(struct str in)
{
	char name[NAME_SIZE], again[NAME_SIZE], slug[SLUG_SIZE];
	text_slug(in, slug);
	if (slug[0] && !text_slug_ok(str_of(slug)))
		abort();
	if (text_name(in, name) != ERR_OK)
		return;
	if (text_name(str_of(name), again) != ERR_OK || strcmp(name, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, once, twice;
	size_t points = 0, points_again = 0;
	ARENA_AUTO *a = arena_new(1 << 20);
	if (!a)
		return 0;
	check_name(in);
	if (text_opaque(in, a, &once, &points) != ERR_OK)
		return 0;
	if (!utf8_ok(once) || once.n == 0 || points == 0 || points > once.n)
		abort();
	/* Composing can lengthen a text, but not beyond what is accepted at all. */
	enum err e = text_opaque(once, a, &twice, &points_again);
	if (e == ERR_OK && (!str_eq(once, twice) || points != points_again))
		abort();
	if (e != ERR_OK && once.n <= OPAQUE_MAX)
		abort();
	return 0;
}
