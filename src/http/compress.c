/* Which answers are worth compressing, and a compressed body in the request's arena. */
#include "internal.h"

enum { GZIP_BYTES_MIN = 400 }; /* below, headers and effort outweigh what is saved */

bool http_compressible(const struct response *rsp)
{
	static const char *const types[] = { "text/", "application/json",
		"application/problem+json", "image/svg+xml" };
	for (size_t i = 0; rsp->content_type && i < COUNT(types); i++) {
		if (str_starts(str_of(rsp->content_type), str_of(types[i]))) {
			return !rsp->ranges && rsp->body.n >= GZIP_BYTES_MIN;
		}
	}
	return false;
}

struct str http_packed(struct exchange *x, enum err (*pack)(struct str in, struct buf *out))
{
	BUF_AUTO out = BUF(x->rsp.body.n);
	if (pack(x->rsp.body, &out) != ERR_OK) {
		return (struct str){ NULL, 0 };
	}
	return arena_buf(x->req.arena, &out);
}
