/* Brotli compression, for answers that are compressed once and sent to many. The only user of
 * libbrotlienc. */
#include "postern/http.h"

#include <brotli/encode.h>
#include <stdlib.h>

/* GOOD_QUALITY: twice as slow as gzip at its level, and a tenth smaller; the higher ones take many
 * times as long. PAGE_BITS: 64 KiB, more than most pages have; to work with the wider window
 * libbrotlienc takes 1.3 MB instead of 0.7. */
enum { GOOD_QUALITY = 5, QUICK_QUALITY = 1, PAGE_BITS = 16, WIDE_BITS = 18 };

static enum err pack(struct str in, int quality, struct buf *out)
{
	size_t n = BrotliEncoderMaxCompressedSize(in.n);
	uint8_t *bytes = n ? malloc(n) : NULL;
	if (!bytes)
		return n ? ERR_NOMEM : ERR_TOO_LARGE;
	const int bits = in.n <= 1 << PAGE_BITS ? PAGE_BITS : WIDE_BITS;
	bool ok = BrotliEncoderCompress(quality, bits, BROTLI_MODE_TEXT, in.n,
			  (const uint8_t *)in.p, &n, bytes) == BROTLI_TRUE;
	if (ok)
		buf_add(out, bytes, n);
	free(bytes);
	return ok ? out->err : ERR_NOMEM;
}

enum err http_brotli(struct str in, struct buf *out)
{
	return pack(in, GOOD_QUALITY, out);
}

enum err http_brotli_quick(struct str in, struct buf *out)
{
	return pack(in, QUICK_QUALITY, out);
}
