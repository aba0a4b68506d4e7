/* The same-origin check for requests that change state, against CSRF: Sec-Fetch-Site (Fetch
 * Metadata), or Origin for browsers that do not send it. */
#include "internal.h"

/* base_url is an origin in its one spelling (http_table_check), and browsers write theirs so as
 * well; some other clients do not. */
static bool is_own_origin(const struct exchange *x, struct str origin)
{
	struct str own;
	return url_origin(origin, x->req.arena, &own) == ERR_OK &&
	       str_eq(own, str_of(x->h->s.base_url));
}

static enum err deny(struct exchange *x, const char *reason, const char *detail)
{
	x->rsp.code = "cross_site";
	return http_request_refuse(x, ERR_DENIED, reason, detail);
}

/* The browser sends the cookie by itself, so it has to say that one of our pages asked it to. */
static enum err check_cookie_group(struct exchange *x, struct str site)
{
	const struct request *r = &x->req;
	if (site.p)
		return str_eq(site, STR("same-origin"))
			       ? ERR_OK
			       : deny(x, "cross_site", "This form was sent from another site.");
	struct str origin = request_header(r, "Origin");
	if (!origin.p)
		return deny(x, "no_origin",
			"The browser did not say which site the form was sent from (Origin "
			"header).");
	if (request_header_count(r, "Origin") > 1 || !is_own_origin(x, origin))
		return deny(x, "wrong_origin", "This form was sent from another site.");
	return ERR_OK;
}

enum err http_origin_check(struct exchange *x)
{
	const struct request *r = &x->req;
	if (r->method == METHOD_GET || x->group->credential == CREDENTIAL_NONE ||
		x->group->credential == CREDENTIAL_PROXIED) {
		return ERR_OK;
	}
	struct str site = request_header(r, "Sec-Fetch-Site");
	if (request_header_count(r, "Sec-Fetch-Site") > 1)
		return deny(x, "cross_site", "Sec-Fetch-Site was sent twice.");
	if (x->group->credential == CREDENTIAL_COOKIE)
		return check_cookie_group(x, site);
	if (str_eq(site, STR("cross-site")) || str_eq(site, STR("same-site")))
		return deny(x, "cross_site", "This request was sent by a page of another site.");
	return ERR_OK;
}
