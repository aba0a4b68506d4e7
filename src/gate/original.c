/* Reads the request that another server asks about: method and address from that server's headers
 * (nginx, Caddy, Traefik, Envoy). Whatever two servers could read differently is refused (400),
 * because the gate and the site must mean the same page. */
#include "internal.h"

/* Bytes of the address: longer ones are read on a work thread. */
enum { CHEAP_MAX = 512 };

static enum err original_refuse(
	struct response *rsp, enum err e, const char *reason, const char *detail)
{
	rsp->reason = reason;
	rsp->detail = detail;
	return e;
}

/* The one header of this name, or an empty slice. */
static struct str one(const struct request *r, const char *name)
{
	return request_header_count(r, name) == 1 ? request_header(r, name)
						  : (struct str){ NULL, 0 };
}

static bool method_ok(struct str m)
{
	if (m.n == 0 || m.n > METHOD_NAME_MAX)
		return false;
	for (size_t i = 0; i < m.n; i++) {
		if ((m.p[i] < 'A' || m.p[i] > 'Z') && m.p[i] != '-')
			return false;
	}
	return true;
}

static struct str own_method(const struct request *r)
{
	static const struct str names[METHOD_ANY] = { { "", 0 }, { "GET", 3 }, { "POST", 4 },
		{ "PUT", 3 }, { "PATCH", 5 }, { "DELETE", 6 }, { "OPTIONS", 7 } };
	return r->head ? STR("HEAD") : names[r->method];
}

static struct str joined(struct request *r, struct str scheme, struct str host, struct str target)
{
	return str_of(arena_fmt(r->arena, STR_FMT "://" STR_FMT STR_FMT, STR_ARG(scheme),
		STR_ARG(host), STR_ARG(target)));
}

/* A WebSocket begins as a request by HTTP, and Traefik names its scheme after what it becomes. */
static struct str http_scheme(struct str scheme)
{
	if (str_eq_nocase(scheme, STR("wss")))
		return STR("https");
	return str_eq_nocase(scheme, STR("ws")) ? STR("http") : scheme;
}

/* Host and target come apart here and must not run into each other: "good.example" and
 * "@evil.example/" would make another address than either. */
static struct str from_parts(
	struct request *r, struct str scheme, struct str host, struct str target)
{
	if (host.n == 0 || str_has_byte(host, '/') || str_has_byte(host, '@') ||
		!str_starts(target, STR("/")))
		return (struct str){ NULL, 0 };
	return joined(r, http_scheme(scheme), host, target);
}

/* Envoy's HTTP service puts the original path behind ours; what it read as a path it sends as
 * such. */
static struct str ext_authz_address(const struct gate *g, struct request *r)
{
	const struct str prefix = STR("/gate/ext-authz");
	struct str scheme =
		str_starts(g->sites->origin[0], STR("https:")) ? STR("https") : STR("http");
	if (!str_starts(r->target, prefix) || request_header_count(r, "X-Forwarded-Proto") > 1)
		return (struct str){ NULL, 0 };
	if (request_header_count(r, "X-Forwarded-Proto") == 1)
		scheme = request_header(r, "X-Forwarded-Proto");
	return from_parts(r, scheme, one(r, "Host"),
		(struct str){ r->target.p + prefix.n, r->target.n - prefix.n });
}

static struct str address_of(const struct gate *g, struct request *r, enum dialect d)
{
	switch (d) {
	case DIALECT_AUTH_REQUEST:
		return one(r, "X-Original-URL");
	case DIALECT_FORWARD_AUTH:
		return from_parts(r, one(r, "X-Forwarded-Proto"), one(r, "X-Forwarded-Host"),
			one(r, "X-Forwarded-Uri"));
	case DIALECT_EXT_AUTHZ:
		break;
	}
	return ext_authz_address(g, r);
}

static struct str method_of(const struct request *r, enum dialect d)
{
	switch (d) {
	case DIALECT_AUTH_REQUEST:
		return one(r, "X-Original-Method");
	case DIALECT_FORWARD_AUTH:
		return one(r, "X-Forwarded-Method");
	case DIALECT_EXT_AUTHZ:
		break;
	}
	return own_method(r);
}

enum err gate_original_read(const struct gate *g, struct request *r, enum dialect d,
	struct original *out, struct response *rsp)
{
	if (!request_from_proxy(r))
		return original_refuse(rsp, ERR_DENIED, "untrusted_proxy",
			"Only a proxy listed in server.trusted_proxies may use this endpoint.");
	struct str address = address_of(g, r, d);
	*out = (struct original){ .method = method_of(r, d) };
	if (!method_ok(out->method))
		return original_refuse(rsp, ERR_INVALID, "bad_original_method",
			"Send the original method in exactly one header, in capital letters.");
	if (address.n == 0)
		return original_refuse(rsp, ERR_INVALID, "bad_original_url",
			"Send each header with the original address exactly once.");
	enum err e = url_absolute(address, r->arena, &out->url);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE)
		return original_refuse(rsp, ERR_INVALID, "bad_original_url",
			"The original address is not in canonical form.");
	return e;
}

static bool cheap_byte(struct str s, size_t i)
{
	if (s.p[i] != '%')
		return (unsigned char)s.p[i] < 0x80;
	return i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '7';
}

bool gate_original_is_cheap(const struct request *r, enum dialect d)
{
	struct str s = r->target;
	if (d != DIALECT_EXT_AUTHZ)
		s = one(r, d == DIALECT_AUTH_REQUEST ? "X-Original-URL" : "X-Forwarded-Uri");
	if (s.n > CHEAP_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!cheap_byte(s, i))
			return false;
	}
	return true;
}

/* ---- who is asking ---- */

static bool accepts(const struct request *r, const char *type)
{
	struct str rest = request_header(r, "Accept");
	while (rest.n > 0) {
		struct str item = str_cut(&rest, ',');
		if (str_eq_nocase(str_trim(str_cut(&item, ';')), str_of(type)))
			return true;
	}
	return false;
}

bool gate_wants_data(const struct request *r)
{
	return request_header_count(r, "X-Requested-With") > 0 ||
	       (accepts(r, "application/json") && !accepts(r, "text/html"));
}

bool gate_navigates(const struct request *r, const struct original *o)
{
	struct str mode = request_header(r, "Sec-Fetch-Mode");
	bool reads = str_eq(o->method, STR("GET")) || str_eq(o->method, STR("HEAD"));
	if (!reads || gate_wants_data(r) || (mode.p && !str_eq(mode, STR("navigate"))))
		return false;
	return request_header_count(r, "Accept") == 0 || accepts(r, "text/html") ||
	       accepts(r, "*/*");
}
