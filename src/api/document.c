/* GET /api/v1/openapi.yaml: the description of this API, as it was when the program was built. */
#include "internal.h"

#include "postern/crypto.h"

enum err api_document(void *ctx, struct request *r, struct response *rsp)
{
	const struct embedded_file *f = embed_find("docs/openapi.yaml");
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	(void)ctx;
	if (!f)
		return ERR_INTERNAL;
	rsp->status = 200;
	rsp->body = (struct str){ f->p, f->n };
	crypto_digest(rsp->body, hash);
	crypto_hash_tag(hash, tag);
	rsp->lasting = true;
	rsp->content_type = "application/yaml"; /* RFC 9512 */
	rsp->etag = arena_fmt(r->arena, "\"%s\"", tag);
	rsp->cacheable = true;
	response_header(rsp, "Cache-Control", STR("public, max-age=300"));
	return ERR_OK;
}
