/* Goal: a cursor that is taken names a time and an id, and is written again as it was, but for
 * zeros and a sign that say nothing. */
#include "postern/content.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct article_filter f = { .limit = 1 }, again = { .limit = 1 };
	struct article last = { .slug = "" };
	if (content_cursor_parse((struct str){ (const char *)p, n }, &f) != ERR_OK)
		return 0;
	if (f.before_id.n == 0 || f.before_id.n >= ID_SIZE)
		abort();
	if (memchr(f.before_id.p, '\0', f.before_id.n))
		return 0;
	memcpy(last.id, f.before_id.p, f.before_id.n);
	last.published_at = f.before_at;
	ARENA_AUTO *a = arena_new(65536);
	if (!a)
		return 0;
	if (content_cursor_parse(str_of(content_cursor_text(&last, a)), &again) != ERR_OK)
		abort();
	if (again.before_at != f.before_at || !str_eq(again.before_id, f.before_id))
		abort();
	return 0;
}
