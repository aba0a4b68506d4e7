/* Any JSON is one item or many, and each of them is a draft or is refused with a reason. */
#include "../../src/content/internal.h"

#include "postern/crypto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static enum err one(void *ctx, struct json_t *item, const char *where, const char *why)
{
	static struct draft_image images[ARTICLE_IMAGES_MAX];
	static const struct import_settings settings = { .default_section = "News",
		.default_access = ACCESS_SUBSCRIBER };
	static const struct import_dir nowhere = { .folder = -1, .prefix = "none/" };
	struct arena *a = ctx;
	if (!item && !(why && why[0]))
		abort();
	if (!item)
		return ERR_OK;
	struct import_item it = { .settings = &settings,
		.dir = &nowhere,
		.arena = a,
		.file = STR("a.json"),
		.json = item };
	struct draft d = { .access = (enum access)0, .images = images };
	enum err e = import_ninjs_draft(&it, &d);
	if ((e == ERR_INVALID && !it.why[0]) || strlen(where) > 31)
		abort();
	if (!e && (!text_slug_ok(str_of(d.slug)) || d.headline.n == 0 || d.status.n == 0 ||
			  d.notice < NOTICE_USABLE || d.notice > NOTICE_KILL ||
			  (d.notice == NOTICE_USABLE) != str_eq(d.status, STR("usable")) ||
			  !utf8_ok(d.headline) || (it.hides && d.notice == NOTICE_USABLE)))
		abort();
	return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(256 << 20);
	if (!a || crypto_start() != ERR_OK)
		return 0;
	struct ninjs_file f = { .item = one, .ctx = a };
	(void)!import_ninjs_items(&f, (struct str){ (const char *)p, n });
	return 0;
}
