/* The sanity check: what libmicrohttpd 0.9.75 lets through and we do not (the table in
 * docs/security.md), and the request as handlers see it. All refusals here close the connection. */
#include "internal.h"

#include <string.h>

enum { COOKIE_NAME_MAX = 128 }; /* of ours, with prefix */

size_t request_header_count(const struct request *r, const char *name)
{
	const struct exchange *x = r->x;
	const struct str want = str_of(name);
	size_t n = 0;
	for (size_t i = 0; i < x->header_count; i++)
		n += str_eq_nocase(x->headers[i].name, want);
	return n;
}

struct str request_header(const struct request *r, const char *name)
{
	const struct exchange *x = r->x;
	const struct str want = str_of(name);
	for (size_t i = 0; i < x->header_count; i++) {
		if (str_eq_nocase(x->headers[i].name, want))
			return x->headers[i].value;
	}
	return (struct str){ NULL, 0 };
}

/* With https only __Host- counts: a neighbour under the same domain could set any other cookie. */
struct str request_cookie(const struct request *r, const char *name)
{
	char full[COOKIE_NAME_MAX];
	struct str value = { NULL, 0 };
	const struct str prefix = r->x->h->s.secure ? STR("__Host-") : STR("");
	const struct str bare = str_of(name);
	if (prefix.n + bare.n >= sizeof full)
		return value;
	memcpy(full, prefix.p, prefix.n);
	memcpy(full + prefix.n, bare.p, bare.n);
	const struct str whole = { full, prefix.n + bare.n };
	size_t n = 0;
	for (size_t i = 0; i < r->x->header_count; i++) {
		if (str_eq_nocase(r->x->headers[i].name, STR("Cookie")))
			n += cookie_find(r->x->headers[i].value, whole, &value);
	}
	return n == 1 ? value : (struct str){ NULL, 0 };
}

enum err http_request_refuse(struct exchange *x, enum err e, const char *reason, const char *detail)
{
	x->rsp.reason = reason;
	x->rsp.detail = detail;
	return e;
}

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	(void)kind;
	struct exchange *x = ctx;
	struct header *header = &x->headers[x->header_count];
	if (name == http_no_cookies)
		return MHD_YES;
	header->name = (struct str){ name ? name : "", name ? name_n : 0 };
	header->value = (struct str){ value ? value : "", value ? value_n : 0 };
	if (!header_token_ok(header->name) || !header_value_ok(header->value)) {
		x->headers_bad = true;
		return MHD_NO;
	}
	x->header_count++;
	return MHD_YES;
}

static enum err too_large(struct exchange *x, const char *detail)
{
	x->rsp.status = 431;
	return http_request_refuse(x, ERR_TOO_LARGE, "headers_too_large", detail);
}

static size_t header_bytes(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return info ? info->header_size : 0;
}

static enum err read_headers(struct exchange *x, const struct request_line *line)
{
	const int n = MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, NULL, NULL);
	x->header_bytes = header_bytes(x);
	x->header_lines = n > 0 ? (size_t)n : 0;
	if (x->header_bytes > HEADER_BYTES_MAX)
		return too_large(x, HTTP_HEADERS_TOO_LARGE);
	if (x->header_lines > HEADERS_MAX + 1) { /* with ours */
		return too_large(x, "The request has more than 100 header lines.");
	}
	x->headers = arena_alloc(x->req.arena, (x->header_lines + 1) * sizeof x->headers[0]);
	if (!x->headers)
		return http_request_refuse(x, ERR_NOMEM, "no_memory", NULL);
	(void)MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, add_header, x);
	if (x->headers_bad || !http_lines_whole(x, line))
		return http_request_refuse(x, ERR_INVALID, "bad_header",
			"A header is malformed: each needs a name, a colon and a value without "
			"control characters, on one line that ends in CR and LF.");
	return ERR_OK;
}

static enum err not_implemented(struct exchange *x, const char *reason, const char *detail)
{
	x->rsp.status = 501;
	return http_request_refuse(x, ERR_METHOD, reason, detail);
}

static enum err read_method(struct exchange *x, const struct request_line *line)
{
	static const struct {
		const char *name;
		enum method method;
	} known[] = { { "GET", METHOD_GET }, { "HEAD", METHOD_GET }, { "POST", METHOD_POST },
		{ "PUT", METHOD_PUT }, { "PATCH", METHOD_PATCH }, { "DELETE", METHOD_DELETE },
		{ "OPTIONS", METHOD_OPTIONS } };
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(line->method, known[i].name) == 0) {
			x->req.method = known[i].method;
			x->req.head = strcmp(line->method, "HEAD") == 0;
			return ERR_OK;
		}
	}
	return not_implemented(x, "unknown_method", "This method is not supported.");
}

static enum err read_version(struct exchange *x, const struct request_line *line)
{
	if (strcmp(line->version, "HTTP/1.1") != 0 && strcmp(line->version, "HTTP/1.0") != 0)
		return http_request_refuse(
			x, ERR_INVALID, "bad_version", "Only HTTP/1.1 is supported.");
	return ERR_OK;
}

static enum err read_host(struct exchange *x, const struct request_line *line)
{
	(void)line;
	if (request_header_count(&x->req, "Host") != 1 || request_header(&x->req, "Host").n == 0)
		return http_request_refuse(
			x, ERR_INVALID, "bad_host", "Exactly one Host header is required.");
	return ERR_OK;
}

/* Where does the body end? Anything that two readers could answer differently is refused (RFC 9112
 * section 6). */
static enum err read_framing(struct exchange *x, const struct request_line *line)
{
	const struct request *r = &x->req;
	const size_t lengths = request_header_count(r, "Content-Length");
	const size_t encodings = request_header_count(r, "Transfer-Encoding");
	if (lengths + encodings > 1)
		return http_request_refuse(x, ERR_INVALID, "bad_framing",
			"Send either Content-Length or Transfer-Encoding, and only once.");
	if (lengths == 1) {
		int64_t n = 0;
		if (str_int(request_header(r, "Content-Length"), 0, INT64_MAX, &n) != ERR_OK)
			return http_request_refuse(
				x, ERR_INVALID, "bad_length", "Content-Length is not a number.");
		x->announced = (uint64_t)n;
	}
	x->chunked = encodings == 1;
	if (!x->chunked)
		return ERR_OK;
	if (!str_eq_nocase(request_header(r, "Transfer-Encoding"), STR("chunked")))
		return not_implemented(
			x, "bad_encoding", "Only the transfer coding chunked is supported.");
	if (strcmp(line->version, "HTTP/1.1") != 0)
		return http_request_refuse(
			x, ERR_INVALID, "bad_framing", "Transfer-Encoding needs HTTP/1.1.");
	return ERR_OK;
}

static enum err read_expect(struct exchange *x, const struct request_line *line)
{
	(void)line;
	const size_t n = request_header_count(&x->req, "Expect");
	x->expects = n == 1;
	if (n > 1 || (n == 1 && !str_eq_nocase(
					request_header(&x->req, "Expect"), STR("100-continue")))) {
		return http_request_refuse(
			x, ERR_INVALID, "bad_expect", "Expect can only be 100-continue.");
	}
	return ERR_OK;
}

static enum err read_authorization(struct exchange *x, const struct request_line *line)
{
	(void)line;
	if (request_header_count(&x->req, "Authorization") > 1)
		return http_request_refuse(
			x, ERR_INVALID, "two_authorizations", "Authorization was sent twice.");
	return ERR_OK;
}

/* The group is looked for twice: in the target as sent, for the refusal, and in the decoded path,
 * for the route. */
static enum err read_target(struct exchange *x, const struct request_line *line)
{
	(void)line;
	struct request *r = &x->req;
	r->target = str_of(x->conn->target);
	if (str_has_byte(r->target, ' '))
		return http_request_refuse(
			x, ERR_INVALID, "bad_target", "The address contains a space.");
	if (r->target.n > TARGET_MAX)
		return http_request_refuse(
			x, ERR_INVALID, "bad_target", "The address is too long.");
	x->group = http_group_of(x->listener, r->target);
	struct str rest = r->target;
	struct str raw = str_cut(&rest, '?');
	if (str_has_byte(r->target, '#') || url_path(raw, r->arena, &r->path) != ERR_OK) {
		r->path = (struct str){ NULL, 0 };
		return http_request_refuse(x, ERR_INVALID, "bad_path",
			"The address is not in canonical form: dot segments, empty segments, "
			"encoded slashes and control characters are refused.");
	}
	x->group = http_group_of(x->listener, r->path);
	x->raw_query = rest;
	return ERR_OK;
}

enum err http_request_read(struct exchange *x, const struct request_line *line)
{
	/* the target first: it says which face renders a refusal */
	static enum err (*const steps[])(struct exchange *,
		const struct request_line *) = { read_target, read_headers, read_method,
		read_version, read_host, read_framing, read_expect, read_authorization };
	enum err first = ERR_OK;
	for (size_t i = 0; i < COUNT(steps) && first == ERR_OK; i++)
		first = steps[i](x, line);
	http_client_address(x); /* also of who is refused: for the log */
	return first;
}
