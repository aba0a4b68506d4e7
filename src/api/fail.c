/* Errors of the JSON API as problem documents (RFC 9457): slug, sentence, status, the faulty
 * field, the request id. */
#include "internal.h"

static const char *code_of(const struct response *rsp)
{
	if (rsp->code)
		return rsp->code;
	if (rsp->problem_count && rsp->err == ERR_INVALID)
		return "invalid_fields";
	return http_error_info(rsp->err)->code;
}

static json_t *problem_document(struct request *r, const struct response *rsp, int status)
{
	const struct error_info *face = http_error_info(rsp->err);
	bool elsewhere = rsp->err == ERR_UNAUTHENTICATED && r->caller.read_elsewhere;
	const char *detail = rsp->detail ? rsp->detail : face->sentence;
	const char *code = code_of(rsp);
	if (elsewhere) {
		code = "reading_elsewhere";
		detail = "This account was in use in more places than allowed, so this session was "
			 "ended. Log in again.";
	}
	json_t *doc = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "type",
		arena_fmt(r->arena, "urn:postern:error:%s", code), "title", face->title, "status",
		status, "detail", detail, "code", code, "request_id", r->id);
	if (rsp->until_s > 0)
		text_json_put(&doc, "until", text_json_time(rsp->until_s));
	if (!doc || rsp->problem_count == 0)
		return doc;
	json_t *list = json_array();
	for (size_t i = 0; i < rsp->problem_count; i++)
		text_json_append(
			&list, json_pack("{s:s, s:s, s:s}", "field", rsp->problems[i].field, "code",
				       rsp->problems[i].code, "detail", rsp->problems[i].detail));
	text_json_put(&doc, "errors", list);
	return doc;
}

/* What can be said without any memory. */
static void overloaded(struct response *rsp)
{
	rsp->err = ERR_NOMEM;
	rsp->status = http_error_info(rsp->err)->status;
	rsp->body = STR("{\"type\":\"urn:postern:error:overloaded\",\"title\":\"Not available\","
			"\"status\":503,\"detail\":\"The site is temporarily unavailable. Try "
			"again in a moment.\",\"code\":\"overloaded\",\"request_id\":\"\"}");
}

void api_fail(void *ctx, struct request *r, struct response *rsp)
{
	int status = response_error_status(rsp);
	enum err e = api_json_answer(r, rsp, status, problem_document(r, rsp, status));
	(void)ctx;
	rsp->content_type = "application/problem+json";
	if (e || arena_failed(r->arena))
		overloaded(rsp);
}
