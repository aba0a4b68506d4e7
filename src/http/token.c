/* The session token: from the one cookie or the one header of its group, never from anywhere else;
 * behind a proxy the header wins over the cookie. */
#include "internal.h"

static struct str bearer(struct exchange *x)
{
	struct str value = request_header(&x->req, "Authorization");
	struct str scheme = str_cut(&value, ' ');
	return str_eq_nocase(scheme, STR("Bearer")) ? str_trim(value) : (struct str){ 0 };
}

/* Not by request_cookie, which also takes __Secure-: that one a neighbour under the same domain
 * could set. */
static struct str session_prefix(const struct exchange *x)
{
	return x->h->s.secure ? STR("__Host-") : STR("");
}

enum err http_token_read(struct exchange *x)
{
	struct str token = { 0 };
	switch (x->group->credential) {
	case CREDENTIAL_COOKIE:
		token = http_cookie_exact(&x->req, session_prefix(x), "postern");
		break;
	case CREDENTIAL_BEARER:
		token = bearer(x);
		break;
	case CREDENTIAL_PROXIED:
		token = bearer(x);
		if (!str_starts(token, STR("pst_"))) { /* else it is for the server behind */
			token = http_cookie_exact(&x->req, session_prefix(x), "postern");
		}
		break;
	case CREDENTIAL_NONE:
		break;
	}
	if (token.n == 0 || token.n > TOKEN_MAX) {
		return ERR_OK;
	}
	x->req.token = arena_str(x->req.arena, token);
	return x->req.token.p ? ERR_OK : ERR_NOMEM;
}
