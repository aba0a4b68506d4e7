/* Turns a struct response into libmicrohttpd's: conditional requests (304, 412), ranges,
 * compression, and the headers that every answer has. */
#include "internal.h"

#include <string.h>

/* An answer in the making. Headers of http's own do not count against those of the handler. */
struct answer_draft {
	struct exchange *x;
	struct MHD_Response *out;
	const char *content_range;
	bool failed, varies;
};

static bool has_header(const struct response *rsp, const char *name)
{
	for (size_t i = 0; i < rsp->header_count; i++) {
		if (str_eq_nocase(str_of(rsp->headers[i].name), str_of(name)))
			return true;
	}
	return false;
}

/* libmicrohttpd refuses an empty value; a blank one means the same (RFC 9110 section 5.5). */
static void add(struct answer_draft *d, const char *name, const char *value)
{
	const char *text = value && value[0] ? value : " ";
	d->failed = d->failed || !value || MHD_add_response_header(d->out, name, text) != MHD_YES;
}

static void add_default(struct answer_draft *d, const char *name, const char *value)
{
	if (!has_header(&d->x->rsp, name))
		add(d, name, value);
}

/* If-Range holds an entity tag, compared strongly (RFC 9110 section 13.1.5), or a date, which we
 * never send. */
static bool range_wanted(const struct exchange *x)
{
	struct str condition = request_header(&x->req, "If-Range");
	return !condition.p ||
	       (x->rsp.etag && x->rsp.etag[0] == '"' && str_eq(condition, str_of(x->rsp.etag)));
}

static void no_body(struct response *rsp, int status)
{
	rsp->status = status;
	rsp->body = (struct str){ NULL, 0 };
	rsp->content_type = NULL;
}

static void apply_range(struct answer_draft *d)
{
	struct response *rsp = &d->x->rsp;
	struct str range = request_header(&d->x->req, "Range");
	if (!range.p || d->x->req.head || !range_wanted(d->x))
		return;
	uint64_t first = 0;
	uint64_t last = 0;
	const unsigned long long total = rsp->body.n;
	switch (header_range(range, total, &first, &last)) {
	case ERR_OK:
		rsp->status = 206;
		rsp->body = (struct str){ rsp->body.p + first, (size_t)(last - first + 1) };
		d->content_range = arena_fmt(d->x->req.arena, "bytes %llu-%llu/%llu",
			(unsigned long long)first, (unsigned long long)last, total);
		break;
	case ERR_UNSUPPORTED:
		no_body(rsp, 416);
		d->content_range = arena_fmt(d->x->req.arena, "bytes */%llu", total);
		break;
	default:
		return; /* not understood: the whole body is a right answer */
	}
	d->failed = !*d->content_range;
}

static void apply_conditions(struct answer_draft *d)
{
	struct response *rsp = &d->x->rsp;
	rsp->ranges = rsp->ranges && rsp->status == 200 && d->x->req.method == METHOD_GET;
	if (rsp->status != 200 || d->x->req.method != METHOD_GET)
		return;
	struct str known = request_header(&d->x->req, "If-None-Match");
	if (rsp->etag && known.p && header_etag_match(known, str_of(rsp->etag)))
		no_body(rsp, 304);
	else if (rsp->ranges)
		apply_range(d);
}

/* Without printf: most answers are compressed. */
static const char *weak(struct exchange *x, const char *etag)
{
	const size_t n = strlen(etag) + 1;
	char *out = arena_alloc(x->req.arena, n + 2);
	if (out) {
		out[0] = 'W';
		out[1] = '/';
		memcpy(out + 2, etag, n); /* with its NUL */
	}
	return out;
}

/* A 304 bears the tag and the Vary of the answer it stands for (RFC 9110 section 15.4.5). */
static void apply_encoding(struct answer_draft *d)
{
	struct exchange *x = d->x;
	struct response *rsp = &x->rsp;
	const enum coding coding = d->varies ? http_coding_asked(x) : CODING_NONE;
	if (coding == CODING_NONE)
		return;
	if (rsp->status != 304) {
		struct str body = http_coded(x, coding);
		if (body.n == 0)
			return;
		rsp->body = body;
		x->coding = coding;
	}
	if (rsp->etag && rsp->etag[0] == '"')
		rsp->etag = weak(x, rsp->etag);
}

/* What the status demands, whoever made the answer. */
static void add_status_headers(struct answer_draft *d)
{
	struct exchange *x = d->x;
	struct response *rsp = &x->rsp;
	if (rsp->retry_after_s <= 0 && (rsp->status == 503 || rsp->status == 429))
		rsp->retry_after_s = rsp->err == ERR_UNAVAILABLE || rsp->err == ERR_NOMEM ? 5 : 1;
	if (rsp->retry_after_s > 0) {
		char digits[INT_TEXT_SIZE + 1] = { 0 };
		add_default(d, "Retry-After", str_int_text(rsp->retry_after_s, digits).p);
	}
	if (rsp->status == 401 && x->group->credential == CREDENTIAL_BEARER)
		add_default(d, "WWW-Authenticate",
			rsp->code && str_eq(str_of(rsp->code), STR(HTTP_INVALID_TOKEN))
				? "Bearer error=\"" HTTP_INVALID_TOKEN "\""
				: "Bearer");
	if (x->allow[0])
		add_default(d, "Allow", x->allow);
	if (rsp->ranges)
		add_default(d, "Accept-Ranges", "bytes");
	if (d->content_range)
		add_default(d, "Content-Range", d->content_range);
	if (d->varies)
		add(d, "Vary", "Accept-Encoding"); /* beside what the handler said */
	if (x->coding != CODING_NONE)
		add_default(d, "Content-Encoding", x->coding == CODING_GZIP ? "gzip" : "br");
	if (x->close || atomic_load(&x->h->stopping))
		add_default(d, "Connection", "close");
}

/* JSON that somebody opens in a browser as if it were a page: nothing in it runs, nobody frames it.
 */
#define HTTP_DATA_CSP "default-src 'none'; frame-ancestors 'none'"

/* What only a browser that shows the answer as a page obeys. */
static void add_page_headers(struct answer_draft *d)
{
	const char *csp = d->x->rsp.csp;
	const char *const all[][2] = {
		{ "Content-Security-Policy", csp ? csp : d->x->h->s.csp },
		{ "Referrer-Policy", "strict-origin-when-cross-origin" },
		{ "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), "
					"usb=(), browsing-topics=()" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "X-Frame-Options", "DENY" },
	};
	for (size_t i = 0; i < COUNT(all); i++)
		add_default(d, all[i][0], all[i][1]);
}

static void add_default_headers(struct answer_draft *d)
{
	const struct http_settings *s = &d->x->h->s;
	const struct response *rsp = &d->x->rsp;
	if (rsp->content_type)
		add_default(d, "Content-Type", rsp->content_type);
	if (rsp->etag)
		add_default(d, "ETag", rsp->etag);
	if (!rsp->cacheable)
		add(d, "Cache-Control", "no-store");
	if (s->secure)
		add_default(d, "Strict-Transport-Security",
			s->hsts_subdomains ? "max-age=31536000; includeSubDomains"
					   : "max-age=31536000");
	add_default(d, "X-Content-Type-Options", "nosniff");
	add_default(d, "Cross-Origin-Resource-Policy", "same-origin");
	add_default(d, "X-Request-Id", d->x->req.id);
	if (d->x->group->credential == CREDENTIAL_BEARER)
		add_default(d, "Content-Security-Policy", HTTP_DATA_CSP);
	else
		add_page_headers(d);
}

static void add_handler_headers(struct answer_draft *d)
{
	const struct response *rsp = &d->x->rsp;
	for (size_t i = 0; i < rsp->header_count; i++) {
		/* who did not say "cacheable" cannot make it so by a header */
		if (rsp->cacheable || strcasecmp(rsp->headers[i].name, "Cache-Control") != 0) {
			/* arena_str ends it with NUL, as libmicrohttpd wants it */
			add(d, rsp->headers[i].name,
				arena_str(d->x->req.arena, rsp->headers[i].value).p);
		}
	}
}

/* Nothing of this request, this reader or this moment is in the headers but the name of the
 * request. */
static bool is_reusable(const struct answer_draft *d)
{
	const struct exchange *x = d->x;
	return x->rsp.status == 200 && x->rsp.err == ERR_OK && !d->content_range &&
	       x->rsp.retry_after_s <= 0 && !x->allow[0] && !x->close &&
	       !atomic_load(&x->h->stopping) && http_response_cookies(&x->rsp) == 0;
}

/* The body is one that was there before, not one compressed for this request. */
static bool is_given(const struct exchange *x)
{
	const struct response *rsp = &x->rsp;
	return x->coding == CODING_NONE || rsp->body.p == rsp->gzip.p ||
	       rsp->body.p == rsp->brotli.p;
}

/* The body outlives the request. */
static bool is_lasting(const struct exchange *x)
{
	return x->rsp.body.n == 0 ? x->from_memory : x->rsp.lasting && is_given(x);
}

/* All that the answer is made of, but for what is the same in all of a server's. Between the parts
 * is a NUL, which is in no header, so no two answers have one text. */
static struct str alike_text(const struct exchange *x)
{
	const struct response *rsp = &x->rsp;
	const struct str nul = { "", 1 };
	const uintptr_t head[] = { (uintptr_t)rsp->body.p, rsp->body.n, x->coding, rsp->cacheable,
		rsp->ranges };
	struct str parts[6 + 4 * RESPONSE_HEADERS_MAX] = { { (const char *)head, sizeof head },
		str_of(rsp->content_type), nul, str_of(rsp->etag), nul, str_of(rsp->csp) };
	size_t count = 6;
	for (size_t i = 0; i < rsp->header_count; i++) {
		parts[count++] = nul;
		parts[count++] = str_of(rsp->headers[i].name);
		parts[count++] = nul;
		parts[count++] = rsp->headers[i].value;
	}
	return arena_join(x->req.arena, parts, count);
}

void http_answer_make(struct exchange *x)
{
	struct answer_draft d = { .x = x, .varies = http_compressible(&x->rsp) };
	apply_conditions(&d);
	apply_encoding(&d);
	x->bytes = x->rsp.body.n;
	const bool reusable = is_reusable(&d);
	x->from_cache = x->from_cache && reusable && is_given(x);
	if (!x->item && reusable && is_lasting(x))
		x->alike = alike_text(x);
	if (http_response_pool_may_keep(x) && http_response_pool_acquire(x))
		return;
	/* which is not written to, whatever the type says */
	d.out = MHD_create_response_from_buffer(
		x->rsp.body.n, (void *)(uintptr_t)x->rsp.body.p, MHD_RESPMEM_PERSISTENT);
	if (!d.out)
		return;
	add_status_headers(&d);
	add_default_headers(&d);
	add_handler_headers(&d);
	if (d.failed) {
		MHD_destroy_response(d.out);
		return;
	}
	x->answer = d.out;
}
