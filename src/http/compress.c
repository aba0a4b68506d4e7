/* Which answers are worth compressing, and a compressed body in the request's arena. */
#include "internal.h"

enum { GZIP_BYTES_MIN = 400 }; /* below, headers and effort outweigh what is saved */

bool http_compressible(const struct response *rsp)
{
	static const char *const types[] = { "text/", "application/json",
		"application/problem+json", "application/yaml", "image/svg+xml" };
	for (size_t i = 0; rsp->content_type && i < COUNT(types); i++) {
		if (str_starts(str_of(rsp->content_type), str_of(types[i])))
			return !rsp->ranges && rsp->body.n >= GZIP_BYTES_MIN;
	}
	return false;
}

struct str http_packed(struct exchange *x, enum err (*pack)(struct str in, struct buf *out))
{
	BUF_AUTO out = BUF(x->rsp.body.n);
	if (pack(x->rsp.body, &out) != ERR_OK)
		return (struct str){ NULL, 0 };
	return arena_buf(x->req.arena, &out);
}

/* The event loop never compresses, not even when it refuses what is meant for a lane: it is there
 * to answer from memory. */
static bool may_compress(const struct exchange *x)
{
	return atomic_load(&x->state) == EXCHANGE_QUEUED;
}

enum coding http_coding_asked(const struct exchange *x)
{
	const struct str accepted = request_header(&x->req, "Accept-Encoding");
	if ((x->rsp.brotli.n > 0 || may_compress(x)) && header_accepts(accepted, STR("br")))
		return CODING_BROTLI;
	return header_accepts(accepted, STR("gzip")) ? CODING_GZIP : CODING_NONE;
}

struct str http_coded(struct exchange *x, enum coding coding)
{
	const bool brotli = coding == CODING_BROTLI;
	const struct str there = brotli ? x->rsp.brotli : x->rsp.gzip;
	if (there.n > 0 || coding == CODING_NONE || !may_compress(x))
		return there;
	return http_packed(x, brotli ? http_brotli_quick : http_gzip_quick);
}
