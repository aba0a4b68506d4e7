/* The query of a request. A page reads the parameters that its route declares, strictly, and
 * ignores all others, since newsletters, social networks and search engines add their own to
 * links. The API refuses unknown ones. What is read, with the path, is also the key of the
 * response cache: with the whole query, each click from a newsletter would miss it. */
#include "internal.h"

/* Bytes. KEY_MAX: the path and every declared value, each at its maximum and percent-encoded. */
enum { NAME_SHOWN_MAX = 64, KEY_MAX = 4 * (URL_PATH_MAX + FIELDS_MAX * QUERY_VALUE_MAX) };

/* As it was sent where that can stand in any document, else percent-encoded. */
static struct str shown_name(struct exchange *x, struct str name)
{
	static const bool plain[256] = { ['!' ... '~'] = true };
	name.n = name.n < NAME_SHOWN_MAX ? name.n : NAME_SHOWN_MAX;
	if (str_made_of(plain, name))
		return arena_str(x->req.arena, name);
	BUF_AUTO b = BUF((size_t)3 * NAME_SHOWN_MAX);
	url_encode(&b, name);
	return arena_buf(x->req.arena, &b);
}

static enum err refuse_unknown(struct exchange *x, struct str name)
{
	const struct str shown = shown_name(x, name);
	if (!shown.p)
		return ERR_NOMEM;
	response_problem(&x->rsp, shown.p, "unknown_field", "This parameter is unknown.");
	return http_request_refuse(x, ERR_INVALID, "unknown_parameter", NULL);
}

static enum err refuse_value(struct exchange *x, enum err e, struct str name)
{
	const char *detail = arena_fmt(x->req.arena,
		e == ERR_TOO_LARGE
			? "The parameter \"" STR_FMT "\" in the address is longer than %d bytes."
			: "The parameter \"" STR_FMT "\" in the address appears more than once, or "
			  "is not valid UTF-8 of at most %d bytes.",
		STR_ARG(name), QUERY_VALUE_MAX);
	return http_request_refuse(x, ERR_INVALID, "bad_query", detail);
}

/* The path and what is read of the query, each in one spelling and one order. */
static enum err make_key(struct exchange *x)
{
	struct request *r = &x->req;
	if (r->query.n == 0 && url_path_bare(r->path)) {
		x->key = r->path;
		return ERR_OK;
	}
	BUF_AUTO b = BUF(KEY_MAX);
	url_encode_path(&b, r->path);
	for (size_t i = 0; i < r->query.n; i++) {
		buf_byte(&b, i > 0 ? '&' : '?');
		buf_str(&b, r->query.v[i].name);
		buf_byte(&b, '=');
		url_encode_path(&b, r->query.v[i].value);
	}
	x->key = arena_buf(r->arena, &b);
	return x->key.p ? ERR_OK : ERR_NOMEM;
}

enum err http_query_read(struct exchange *x)
{
	struct request *r = &x->req;
	const struct str names = str_of(r->route->query);
	struct str fault;
	if (x->group->credential == CREDENTIAL_PROXIED)
		return ERR_OK;
	if (x->group->credential == CREDENTIAL_BEARER) {
		const struct str name = query_undeclared(x->raw_query, names);
		if (name.p)
			return refuse_unknown(x, name);
	}
	enum err e = query_parse(x->raw_query, names, r->arena, &r->query, &fault);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE)
		return refuse_value(x, e, fault);
	return e == ERR_OK ? make_key(x) : e;
}
