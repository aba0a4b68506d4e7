/* Accept-Encoding: any bytes, and the answer does not depend on letter case. */
#include <stdlib.h>

#include "postern/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str header = { (const char *)p, n };

	if (header_accepts(header, STR("gzip")) != header_accepts(header, STR("GZIP")))
		abort();
	return 0;
}
