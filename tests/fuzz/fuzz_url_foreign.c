#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Goal: what passes has no other reading: no dot segments, no second decoding, no separator that
 * folding brings about; and an origin that was taken apart is put together the same. */
static void check_path(struct str path)
{
	struct str rest = { path.p + 1, path.n - 1 };
	if (path.n == 0 || path.p[0] != '/' || !utf8_ok(path) || str_has_byte(path, '\\') ||
		str_has_byte(path, ';') || str_has_byte(path, '#') || str_has_byte(path, '\0'))
		abort();
	while (rest.n > 0) {
		struct str segment = str_cut(&rest, '/');
		if (segment.n == 0 || segment.p[segment.n - 1] == '.' ||
			segment.p[segment.n - 1] == ' ')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, path, folded;
	ARENA_AUTO *a = arena_new(1 << 21);
	struct url u, again;
	if (!a)
		return 0;
	if (url_path_foreign(in, a, &path, &folded) == ERR_OK) {
		check_path(path);
		check_path(folded);
	}
	struct str origin, same;
	if (url_origin(in, a, &origin) == ERR_OK &&
		(url_origin(origin, a, &same) != ERR_OK || !str_eq(origin, same)))
		abort();
	if (url_absolute(in, a, &u) != ERR_OK)
		return 0;
	check_path(u.path);
	if (u.target.n == 0 || u.target.p[0] != '/' || !str_ends(u.origin, u.site) ||
		str_has_byte(u.site, '/') || str_has_byte(u.site, '@'))
		abort();
	struct str back =
		str_of(arena_fmt(a, STR_FMT STR_FMT, STR_ARG(u.origin), STR_ARG(u.target)));
	if (url_absolute(back, a, &again) != ERR_OK || !str_eq(again.origin, u.origin) ||
		!str_eq(again.path, u.path))
		abort();
	return 0;
}
