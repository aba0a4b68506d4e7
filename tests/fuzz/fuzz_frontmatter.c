/* Front matter and the Markdown behind it. No pictures are at hand; what is quoted must be read
 * back. */
#include "../../src/content/internal.h"

#include "postern/crypto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_quoting(struct str s, struct arena *a)
{
	BUF_AUTO b = BUF(SIZE_MAX);
	struct front f;
	buf_puts(&b, "---\ndek: ");
	import_front_quote(&b, s);
	buf_puts(&b, "\n---\n");
	if (import_front_parse(buf_view(&b), a, &f) == ERR_OK && !str_eq(f.value[FRONT_DEK], s))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct draft_image images[ARTICLE_IMAGES_MAX];
	static const struct import_settings settings = { .default_section = "News",
		.default_access = ACCESS_SUBSCRIBER };
	static const struct import_dir nowhere = { .folder = -1, .prefix = "none/" };
	ARENA_AUTO *a = arena_new(256 << 20);
	if (!a || crypto_start() != ERR_OK)
		return 0;
	struct import_item it = { .settings = &settings,
		.dir = &nowhere,
		.arena = a,
		.file = STR("a.md"),
		.text = { (const char *)p, n } };
	struct draft d = { .access = (enum access)0, .images = images };
	enum err e = import_markdown_draft(&it, &d);
	if (e == ERR_INVALID && !it.why[0])
		abort();
	if (e)
		return 0;
	if (!text_slug_ok(str_of(d.slug)) || d.headline.n == 0 || d.status.n == 0 ||
		d.source.n == 0)
		abort();
	check_quoting(d.dek, a);
	check_quoting(d.usage_terms, a);
	return 0;
}
