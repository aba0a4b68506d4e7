/* api: the JSON half, below /api/v1. Described in docs/openapi.yaml; errors are RFC 9457 problem
 * documents.
 *
 * The handlers take a `struct api *` as context; JSON stands only at this edge, inside are structs.
 * Threads: read-only. */
#ifndef POSTERN_API_H
#define POSTERN_API_H

#include "postern/access.h"
#include "postern/account.h"
#include "postern/http.h"
#include "postern/path.h"

struct api {
	const struct accounts *accounts;
	const struct paywall *wall;
	const struct sites *sites; /* behind the gate */
	struct teaser_bound teaser;
	unsigned search_ms; /* longest search */
};

/* For readers' apps: sessions and accounts. A session token comes as Authorization: Bearer. */
http_handler api_session_create, api_session_list, api_session_end, api_session_end_current;
http_handler api_account_create, api_email_verify, api_account_get, api_account_patch,
	api_account_delete;
http_handler api_password_change, api_reset_create, api_reset_confirm;
/* Articles for any reader, as far as the decision grants them. */
http_handler api_article_list, api_article_get;
http_handler api_section_list, api_plan_list;
/* For servers with an API key. */
http_handler api_access_check, api_admin_explain;
http_handler api_gift_create, api_gift_list, api_gift_revoke;
http_handler api_document;
http_fail api_fail;

/* An explanation without its decision: {rules, entitlements, changes, article, reader, at}.
 * `email`: the reader's, or "". The caller's (a json_t). */
struct json_t;
struct json_t *api_explanation_json(const struct access_explanation *g, const char *email);

#endif
