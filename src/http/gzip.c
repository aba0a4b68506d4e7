/* gzip compression of answers. The only user of zlib. */
#include "postern/http.h"

#include <limits.h>
#include <zlib.h>

/* QUICK_MEMORY: 32 KiB of tables less to clear, for a page that is compressed at the quickest
 * level. */
enum { WINDOW = 15 + 16 }; /* + 16: gzip's own header and trailer */
enum { GOOD_LEVEL = 5, GOOD_MEMORY = 8, QUICK_LEVEL = 1, QUICK_MEMORY = 5 };

/* RFC 1952 by zlib, in pieces, so that `out` grows with the result only. ERR_TOO_LARGE above
 * INT_MAX bytes. */
static enum err pack(struct str in, int level, int memory, struct buf *out)
{
	/* zlib only reads what next_in points at */
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
	unsigned char piece[8192];
	int got = Z_OK;

	if (in.n > INT_MAX)
		return ERR_TOO_LARGE;
	if (deflateInit2(&z, level, Z_DEFLATED, WINDOW, memory, Z_DEFAULT_STRATEGY) != Z_OK)
		return ERR_NOMEM;
	while (got == Z_OK && out->err == ERR_OK) {
		z.next_out = piece;
		z.avail_out = sizeof piece;
		got = deflate(&z, Z_FINISH);
		buf_add(out, piece, sizeof piece - z.avail_out);
	}
	deflateEnd(&z);
	if (out->err)
		return out->err;
	return got == Z_STREAM_END ? ERR_OK : ERR_INTERNAL;
}

enum err http_gzip(struct str in, struct buf *out)
{
	return pack(in, GOOD_LEVEL, GOOD_MEMORY, out);
}

enum err http_gzip_quick(struct str in, struct buf *out)
{
	return pack(in, QUICK_LEVEL, QUICK_MEMORY, out);
}
