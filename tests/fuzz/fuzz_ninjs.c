/* Any JSON is an item, or is refused with a reason. */
#include "../../src/content/internal.h"

#include "postern/crypto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct draft_image images[ARTICLE_IMAGES_MAX];
	static const struct import_settings settings = { .default_section = "News",
		.default_access = ACCESS_SUBSCRIBER };
	static const struct place nowhere = { .folder = -1, .prefix = "none/" };
	ARENA_AUTO *a = arena_new(256 << 20);
	if (!a || crypto_start() != ERR_OK)
		return 0;
	struct import_item it = { .settings = &settings,
		.place = &nowhere,
		.arena = a,
		.file = STR("a.json"),
		.text = { (const char *)p, n } };
	struct draft d = { .access = (enum access)0, .images = images };
	enum err e = ninjs_draft(&it, &d);
	if (e == ERR_INVALID && !it.why[0])
		abort();
	if (!e && (!text_slug_ok(str_of(d.slug)) || d.headline.n == 0 || d.status.n == 0 ||
			  !utf8_ok(d.headline)))
		abort();
	return 0;
}
