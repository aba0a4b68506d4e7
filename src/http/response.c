/* What a handler may do to its response: status, headers, cookies, body. */
#include "internal.h"

#include <string.h>

enum { COOKIE_MAX = 4096 }; /* name and value (RFC 6265bis section 5.6) */

/* One more than fits: the mark of a response that must not be sent. */
static void poison(struct response *rsp)
{
	rsp->header_count = RESPONSE_HEADERS_MAX + 1;
}

bool http_response_poisoned(const struct response *rsp)
{
	return rsp->header_count > RESPONSE_HEADERS_MAX;
}

void response_header(struct response *rsp, const char *name, struct str value)
{
	if (rsp->header_count >= RESPONSE_HEADERS_MAX || !header_token_ok(str_of(name)) ||
		!value.p || !header_value_ok(value)) {
		poison(rsp);
		return;
	}
	rsp->headers[rsp->header_count].name = name;
	rsp->headers[rsp->header_count].value = value;
	rsp->header_count++;
}

bool http_header_is_cookie(const struct response *rsp, size_t i)
{
	return strcasecmp(rsp->headers[i].name, "Set-Cookie") == 0;
}

void http_response_cookies_drop(struct response *rsp)
{
	size_t n = 0;
	for (size_t i = 0; i < rsp->header_count && !http_response_poisoned(rsp); i++) {
		if (!http_header_is_cookie(rsp, i))
			rsp->headers[n++] = rsp->headers[i];
	}
	rsp->header_count = http_response_poisoned(rsp) ? rsp->header_count : n;
}

void response_redirect(struct response *rsp, struct str location)
{
	rsp->status = 303;
	response_header(rsp, "Location", location);
}

void response_problem(struct response *rsp, const char *field, const char *code, const char *detail)
{
	if (rsp->problem_count < COUNT(rsp->problems))
		rsp->problems[rsp->problem_count++] = (struct field_problem){ field, code, detail };
}

/* cookie-octet of RFC 6265 section 4.1.1 */
static bool cookie_value_ok(struct str value)
{
	static const bool octets[256] = { ['!'] = true,
		['#' ... '+'] = true,
		['-' ... ':'] = true,
		['<' ... '['] = true,
		[']' ... '~'] = true };
	return str_made_of(octets, value);
}

void response_cookie(const struct request *r, struct response *rsp, const struct cookie *c)
{
	const bool secure = r->x->h->s.secure;
	if (!header_token_ok(str_of(c->name)) || !cookie_value_ok(c->value) ||
		strlen(c->name) + c->value.n + 9 > COOKIE_MAX) {
		poison(rsp);
		return;
	}
	char digits[INT_TEXT_SIZE];
	const struct str none = STR(""),
			 age = str_int_text(c->max_age_s > 0 ? c->max_age_s : 0, digits);
	const struct str pieces[] = { secure ? STR("__Host-") : none, str_of(c->name), STR("="),
		c->value, STR("; Path=/"), secure ? STR("; Secure") : none,
		c->max_age_s ? STR("; Max-Age=") : none, c->max_age_s ? age : none,
		STR("; HttpOnly; SameSite=Lax") };
	const struct str text = arena_join(r->arena, pieces, COUNT(pieces));
	if (!text.p) {
		poison(rsp); /* no memory: better no answer than one without its cookie */
		return;
	}
	response_header(rsp, "Set-Cookie", text);
}
