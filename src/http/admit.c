/* The checks between the sanity check and the handler: route, size and type of the body, rate
 * limit, query. */
#include "internal.h"

#include <string.h>

static enum err find_route(struct exchange *x)
{
	struct route_match m;
	const struct route_index *index = &x->listener->indexes[x->group - x->listener->groups];
	http_route_match(index, x->req.method, x->req.path, &m);
	if (m.route) {
		x->req.route = m.route;
		memcpy(x->req.params, m.params, sizeof m.params);
		return ERR_OK;
	}
	if (m.other_method) {
		memcpy(x->allow, m.allow, sizeof x->allow);
		return http_request_refuse(x, ERR_METHOD, "other_method", NULL);
	}
	return http_request_refuse(x, ERR_NOT_FOUND, "no_route", NULL);
}

/* A media type and nothing behind it but charset=utf-8. */
static bool type_is(struct str value, struct str want)
{
	struct str type = str_trim(str_cut(&value, ';'));
	if (!str_eq_nocase(type, want))
		return false;
	struct str charset = str_trim(value);
	return !value.p || str_eq_nocase(charset, STR("charset=utf-8")) ||
	       str_eq_nocase(charset, STR("charset=\"utf-8\""));
}

static enum err check_type(struct exchange *x)
{
	const struct request *r = &x->req;
	struct str coding = request_header(r, "Content-Encoding");
	if (coding.p && !str_eq_nocase(coding, STR("identity")))
		return http_request_refuse(x, ERR_UNSUPPORTED, "body_encoded",
			"Compressed request bodies are not accepted.");
	struct str want = r->route->body == BODY_FORM ? STR("application/x-www-form-urlencoded")
						      : STR("application/json");
	if (request_header_count(r, "Content-Type") != 1 ||
		!type_is(request_header(r, "Content-Type"), want)) {
		return http_request_refuse(x, ERR_UNSUPPORTED, "body_type",
			r->route->body == BODY_FORM
				? "Content-Type must be application/x-www-form-urlencoded."
				: "Content-Type must be application/json.");
	}
	return ERR_OK;
}

/* 413 for a body that is unwanted or above the route's cap, 411 without a length, 415 for another
 * type. Runs before a byte of the body is read. */
static enum err check_body(struct exchange *x)
{
	const struct route *route = x->req.route;
	if (route->body == BODY_NONE)
		return x->announced > 0 || x->chunked
			       ? http_request_refuse(x, ERR_TOO_LARGE, "body_unwanted",
					 "No request body is accepted here.")
			       : ERR_OK;
	/* No length may also mean one that is hidden from us: then what follows is no request. */
	if (!x->chunked && request_header_count(&x->req, "Content-Length") == 0) {
		x->close = true;
		x->rsp.status = 411;
		return http_request_refuse(
			x, ERR_INVALID, "no_length", "Content-Length is required here.");
	}
	if (x->announced > route->body_cap)
		return http_request_refuse(x, ERR_TOO_LARGE, "body_too_large", NULL);
	enum err e = check_type(x);
	if (e != ERR_OK)
		return e;
	x->body_capacity = x->chunked ? route->body_cap : (size_t)x->announced;
	x->body = arena_alloc(x->req.arena, x->body_capacity + 1);
	return x->body ? ERR_OK : ERR_NOMEM;
}

/* Who is signed in, as far as memory can tell, is not refused for what others behind his address
 * do. Accounts, not sessions: one has many of those for the asking. */
static bool account_may(struct exchange *x, enum rate_class class)
{
	struct caller who = { 0 };
	const struct http_settings *s = &x->h->s;
	const bool reads = class == RATE_PAGE || class == RATE_WRITE || class == RATE_GATE;
	return reads && s->identify_cached && http_token_read(x) == ERR_OK &&
	       x->req.token.text.n > 0 &&
	       s->identify_cached(s->identify_ctx, &x->req.token, x->req.now_s, &who) &&
	       who.signed_in &&
	       http_limits_take_account(x->h->limits, class, who.account_id, x->started_us);
}

/* *class: the bucket that refuses. */
static bool address_may(struct exchange *x, unsigned *class, int64_t *wait_s)
{
	struct http_limits *l = x->h->limits;
	const struct http_settings *s = &x->h->s;
	if (http_limits_take(l, *class, x->req.client, x->started_us, wait_s))
		return true;
	if (!s->is_shared_address || !s->is_shared_address(s->audience_ctx, &x->req))
		return false;
	*class += RATE_SHARED;
	return http_limits_take(l, *class, x->req.client, x->started_us, wait_s);
}

static enum err check_rate(struct exchange *x)
{
	const enum rate_class class = x->req.route->rate;
	unsigned refuses = class;
	int64_t wait_s = 0;
	if (address_may(x, &refuses, &wait_s) || account_may(x, class))
		return ERR_OK;
	atomic_fetch_add(&x->h->metrics.limited[class], 1);
	x->rsp.retry_after_s = wait_s;
	const char *name = http_rate_name(class);
	response_header(&x->rsp, "RateLimit-Policy",
		str_of(arena_fmt(x->req.arena, "\"%s\";q=%u;w=60", name,
			http_limits_per_minute(x->h->limits, refuses))));
	response_header(&x->rsp, "RateLimit",
		str_of(arena_fmt(x->req.arena, "\"%s\";r=0;t=%lld", name, (long long)wait_s)));
	return http_request_refuse(x, ERR_LIMITED, "rate_limit", NULL);
}

enum err http_request_admit(struct exchange *x)
{
	static enum err (*const steps[])(
		struct exchange *) = { find_route, check_body, check_rate, http_query_read };
	enum err e = ERR_OK;
	for (size_t i = 0; i < COUNT(steps) && e == ERR_OK; i++)
		e = steps[i](x);
	return e;
}
