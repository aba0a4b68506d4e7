/* Picture headers: no byte beyond the end, and a size only within the limits. Stripping: what comes
 * out is the same picture, is left as it is when stripped again, and says no more than it may. */
#include "../../src/content/internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_strip(struct str bytes, const struct picture_info *info)
{
	ARENA_AUTO *a = arena_new(64 << 20);
	struct picture_info after = { NULL, 0, 0 };
	struct picture_notes notes, again;
	struct str once, twice;
	if (!a || picture_strip(bytes, a, &once, &notes) != ERR_OK)
		return;
	if (picture_probe(once, &after) != ERR_OK || after.width != info->width ||
		after.height != info->height || strcmp(after.content_type, info->content_type) != 0)
		abort();
	if (picture_strip(once, a, &twice, &again) != ERR_OK || twice.p != once.p)
		abort();
	if (once.n > bytes.n + 1024 || notes.orientation > 8 || !utf8_ok(notes.credit) ||
		!utf8_ok(notes.copyright))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct picture_info info = { NULL, 0, 0 };
	struct str bytes = { (const char *)p, n };
	if (picture_probe(bytes, &info) != ERR_OK)
		return 0;
	if (!info.content_type || info.width < 1 || info.height < 1 ||
		info.width > IMAGE_SIDE_MAX || info.height > IMAGE_SIDE_MAX)
		abort();
	check_strip(bytes, &info);
	return 0;
}
