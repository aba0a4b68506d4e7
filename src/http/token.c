/* Finds the session token: in the one cookie or the one Authorization header of its route group,
 * and nowhere else. At the gate, where a proxy passes both on, and of files, which browsers and
 * apps ask for, a header with a token of ours wins; at the gate any other Authorization header
 * belongs to the site behind. */
#include "internal.h"

static struct str bearer(struct exchange *x)
{
	struct str value = request_header(&x->req, "Authorization");
	struct str scheme = str_cut(&value, ' ');
	return str_eq_nocase(scheme, STR("Bearer")) ? str_trim(value) : (struct str){ 0 };
}

enum err http_token_read(struct exchange *x)
{
	struct str token = { 0 };
	if (x->token_read)
		return ERR_OK;
	switch (x->group->credential) {
	case CREDENTIAL_COOKIE:
		token = request_cookie(&x->req, "postern");
		break;
	case CREDENTIAL_BEARER:
		token = bearer(x);
		break;
	case CREDENTIAL_EITHER:
	case CREDENTIAL_PROXIED:
		token = bearer(x);
		if (!str_starts(token, STR("pst_"))) { /* else it is for the server behind */
			token = request_cookie(&x->req, "postern");
		}
		break;
	case CREDENTIAL_NONE:
		break;
	}
	if (token.n > 0 && token.n <= TOKEN_MAX) {
		x->req.token.text = arena_str(x->req.arena, token);
		x->token_read = x->req.token.text.p;
		return x->token_read ? ERR_OK : ERR_NOMEM;
	}
	x->token_read = true;
	return ERR_OK;
}
