/* Whatever HTML comes in, cut anywhere: the part is the beginning of the text within the limit,
 * balanced, and cutting it again changes nothing. The first two bytes choose the limit. */
#include "../../src/content/html/cut.h"
#include "../../src/content/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { LIMIT_BYTES = 2 };

static struct str keep(void *ctx, struct str src)
{
	(void)ctx;
	return src;
}

static struct str joined(const struct blocks *b, struct arena *a)
{
	BUF_AUTO all = BUF(SIZE_MAX);
	for (size_t i = 0; i < b->n; i++) {
		if (str_starts(b->v[i].html, STR("<figure>")))
			continue;
		buf_str(&all, b->v[i].html);
		buf_byte(&all, '\n');
	}
	return arena_str(a, buf_view(&all));
}

static void check(struct str html, const struct html_limit *l)
{
	BUF_AUTO once = BUF(SIZE_MAX);
	BUF_AUTO twice = BUF(SIZE_MAX);
	struct text_length length;
	struct html_part part = html_cut(html, l, &once);
	if (once.err || !html_measure(buf_view(&once), &length))
		abort();
	if (length.characters > l->characters || length.visible > l->visible)
		abort();
	if (part.length.characters > length.characters)
		abort();
	(void)html_cut(buf_view(&once), l, &twice);
	if (!str_eq(buf_view(&once), buf_view(&twice)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(256 << 20);
	struct blocks blocks = { 0 };
	if (!a || n < LIMIT_BYTES)
		return 0;
	const struct html_limit l = { .characters = p[0] * 4,
		.visible = p[0] * 4,
		.words = p[1] & 0x7f,
		.one_sentence = p[1] & 0x80 };
	struct str html = { (const char *)p + LIMIT_BYTES, n - LIMIT_BYTES };
	/* first as it came, which is hardly ever canonical */
	BUF_AUTO raw = BUF(SIZE_MAX);
	(void)html_cut(html, &l, &raw);
	if (content_sanitise(html, keep, NULL, a, &blocks) == ERR_OK)
		check(joined(&blocks, a), &l);
	return 0;
}
