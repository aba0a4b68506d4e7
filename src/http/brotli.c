/* The smaller of the two encodings, for what is compressed once and given to many. The only user of
 * libbrotlienc. */
#include "postern/http.h"

#include <brotli/encode.h>
#include <stdlib.h>

/* QUALITY: as slow as gzip at its level, and a tenth smaller; the higher ones take many times as
 * long. WINDOW_BITS: 256 KiB, more than a page has. */
enum { QUALITY = 5, WINDOW_BITS = 18 };

enum err http_brotli(struct str in, struct buf *out)
{
	size_t n = BrotliEncoderMaxCompressedSize(in.n);
	uint8_t *bytes = n ? malloc(n) : NULL;
	if (!bytes)
		return n ? ERR_NOMEM : ERR_TOO_LARGE;
	bool ok = BrotliEncoderCompress(QUALITY, WINDOW_BITS, BROTLI_MODE_TEXT, in.n,
			  (const uint8_t *)in.p, &n, bytes) == BROTLI_TRUE;
	if (ok)
		buf_add(out, bytes, n);
	free(bytes);
	return ok ? out->err : ERR_NOMEM;
}
