/* Picture headers: no byte beyond the end, and a size only within the limits. */
#include "../../src/content/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct picture_info info = { NULL, 0, 0 };
	if (picture_probe((struct str){ (const char *)p, n }, &info) != ERR_OK)
		return 0;
	if (!info.content_type || info.width < 1 || info.height < 1 ||
		info.width > IMAGE_SIDE_MAX || info.height > IMAGE_SIDE_MAX)
		abort();
	return 0;
}
