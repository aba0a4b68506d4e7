/* Goal: a path that is accepted has no second spelling, a way back stays on this site, and what is
 * encoded decodes to itself. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_path(struct str path)
{
	struct str rest = { path.p + 1, path.n - 1 };
	if (path.n == 0 || path.p[0] != '/' || !utf8_ok(path) || str_has_byte(path, '\0'))
		abort();
	while (rest.n > 0) {
		struct str segment = str_cut(&rest, '/');
		if (segment.n == 0 || str_eq(segment, STR("..")) || str_eq(segment, STR(".")))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n }, out;
	ARENA_AUTO *a = arena_new(1 << 20);
	BUF_AUTO b = BUF(1 << 20);
	struct fields f;
	if (!a)
		return 0;
	if (url_path(in, a, &out) == ERR_OK)
		check_path(out);
	if (url_is_local(in) && (in.p[0] != '/' || str_has_byte(in, '\\') || in.n > URL_LOCAL_MAX ||
					(in.n > 1 && in.p[1] == '/')))
		abort();
	url_encode(&b, in);
	if (b.err != ERR_OK || !utf8_ok(in))
		return 0;
	if (form_parse(buf_view(&b), a, &f) == ERR_OK && f.n == 1 && !str_eq(f.v[0].name, in))
		abort();
	return 0;
}
