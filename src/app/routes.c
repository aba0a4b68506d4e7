/* The route table of the whole program: method, path, handler, who may call it, which query
 * parameters and body it reads, rate class and lane. Every row is described in docs/openapi.yaml
 * or docs/pages.md and requested by a test (`tests/lint/run routes tests` checks both). */
#include "internal.h"

/* Bytes of a body; longer ones get 413. */
enum { FORM_CAP = 16384, JSON_CAP = 16384 };

/* clang-format off */
static const struct route page_routes[] = {
	{ METHOD_GET,  "/",                            "done",            pages_front,               WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/sections/{section}",          "before",          pages_section,             WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/articles/{slug}",             "",                pages_article,             WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/static/{version}/{name...}",  "",                pages_static,              WHO_ANYONE,    RATE_PAGE,  BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET,  "/favicon.ico",                 "",                pages_icon,                WHO_ANYONE,    RATE_PAGE,  BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET,  "/subscribe",                   "",                pages_subscribe,           WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/robots.txt",                  "",                pages_robots,              WHO_ANYONE,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/login",                       "return_to done",  pages_login_form,          WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/login",                       "",                pages_login,               WHO_READER,    RATE_LOGIN, BODY_FORM, FORM_CAP, LANE_HASH },
	{ METHOD_POST, "/logout",                      "",                pages_logout,              WHO_READER,    RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/register",                    "return_to",       pages_register_form,       WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/register",                    "",                pages_register,            WHO_READER,    RATE_MAIL,  BODY_FORM, FORM_CAP, LANE_HASH },
	{ METHOD_GET,  "/verify",                      "token return_to new", pages_verify_form,     WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/verify",                      "",                pages_verify,              WHO_READER,    RATE_LOGIN, BODY_FORM, FORM_CAP, LANE_HASH },
	{ METHOD_GET,  "/reset",                       "return_to",       pages_reset_form,          WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/reset",                       "",                pages_reset,               WHO_READER,    RATE_MAIL,  BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/reset/confirm",               "token return_to", pages_reset_confirm_form,  WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/reset/confirm",               "",                pages_reset_confirm,       WHO_READER,    RATE_LOGIN, BODY_FORM, FORM_CAP, LANE_HASH },
	{ METHOD_GET,  "/account",                     "done",            pages_account,             WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,  "/account/password",            "",                pages_password_form,       WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/account/password",            "",                pages_password,            WHO_SIGNED_IN, RATE_LOGIN, BODY_FORM, FORM_CAP, LANE_HASH },
	{ METHOD_GET,  "/account/sessions",            "done",            pages_sessions,            WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/account/sessions/end",        "",                pages_session_end,         WHO_SIGNED_IN, RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_POST, "/account/sessions/end-others", "",                pages_sessions_end_others, WHO_SIGNED_IN, RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_POST, "/articles/{slug}/gift",        "",                pages_gift_make,           WHO_SIGNED_IN, RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/gifts/{token}",               "",                pages_gift,                WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/gifts/{token}",               "",                pages_gift_redeem,         WHO_READER,    RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/account/gifts",               "done",            pages_gifts,               WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/account/gifts/revoke",        "",                pages_gift_revoke,         WHO_SIGNED_IN, RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/account/group",               "done",            pages_group,               WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/account/group/invite",        "",                pages_group_invite,        WHO_SIGNED_IN, RATE_MAIL,  BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_POST, "/account/group/remove",        "",                pages_group_remove,        WHO_SIGNED_IN, RATE_WRITE, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/group/accept",                "token return_to", pages_group_accept_form,   WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST, "/group/accept",                "",                pages_group_accept,        WHO_SIGNED_IN, RATE_LOGIN, BODY_FORM, FORM_CAP, LANE_WORK },
	{ METHOD_GET,  "/.well-known/change-password", "",                pages_change_password,     WHO_ANYONE,    RATE_PAGE,  BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET,  "/_dev/mailbox",                "",                pages_mailbox,             WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
};

static const struct route media_routes[] = {
	{ METHOD_GET,  "/media/{id}/{name}",           "",                pages_media,               WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
};

static const struct route api_routes[] = {
	{ METHOD_GET,    "/api/v1/openapi.yaml",            "",                           api_document,            WHO_ANYONE,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST,   "/api/v1/sessions",                "",                           api_session_create,      WHO_ANYONE,    RATE_LOGIN, BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_GET,    "/api/v1/sessions",                "",                           api_session_list,        WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_DELETE, "/api/v1/sessions/current",        "",                           api_session_end_current, WHO_SIGNED_IN, RATE_WRITE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_DELETE, "/api/v1/sessions/{id}",           "",                           api_session_end,         WHO_SIGNED_IN, RATE_WRITE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST,   "/api/v1/accounts",                "",                           api_account_create,      WHO_ANYONE,    RATE_MAIL,  BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_POST,   "/api/v1/email-verifications",     "",                           api_email_verify,        WHO_ANYONE,    RATE_LOGIN, BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_GET,    "/api/v1/account",                 "",                           api_account_get,         WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_PATCH,  "/api/v1/account",                 "",                           api_account_patch,       WHO_SIGNED_IN, RATE_WRITE, BODY_JSON, JSON_CAP, LANE_WORK },
	{ METHOD_DELETE, "/api/v1/account",                 "",                           api_account_delete,      WHO_SIGNED_IN, RATE_LOGIN, BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_PUT,    "/api/v1/account/password",        "",                           api_password_change,     WHO_SIGNED_IN, RATE_LOGIN, BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_POST,   "/api/v1/password-resets",         "",                           api_reset_create,        WHO_ANYONE,    RATE_MAIL,  BODY_JSON, JSON_CAP, LANE_WORK },
	{ METHOD_POST,   "/api/v1/password-resets/confirm", "",                           api_reset_confirm,       WHO_ANYONE,    RATE_LOGIN, BODY_JSON, JSON_CAP, LANE_HASH },
	{ METHOD_GET,    "/api/v1/articles",                "section tag q limit cursor featured", api_article_list,        WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,    "/api/v1/articles/{slug}",         "",                           api_article_get,         WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,    "/api/v1/sections",                 "",                           api_section_list,        WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET,    "/api/v1/plans",                    "",                           api_plan_list,           WHO_READER,    RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST,   "/api/v1/access/check",            "",                           api_access_check,        WHO_ANYONE,    RATE_SERVICE, BODY_JSON, JSON_CAP, LANE_WORK },
	{ METHOD_GET,    "/api/v1/admin/explain",           "article reader ip at",       api_admin_explain,       WHO_ANYONE,    RATE_SERVICE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_POST,   "/api/v1/gifts",                   "",                           api_gift_create,         WHO_SIGNED_IN, RATE_WRITE, BODY_JSON, JSON_CAP, LANE_WORK },
	{ METHOD_GET,    "/api/v1/gifts",                   "",                           api_gift_list,           WHO_SIGNED_IN, RATE_PAGE,  BODY_NONE, 1, LANE_WORK },
	{ METHOD_DELETE, "/api/v1/gifts/{id}",              "",                           api_gift_revoke,         WHO_SIGNED_IN, RATE_WRITE, BODY_NONE, 1, LANE_WORK },
};

static const struct route gate_routes[] = {
	{ METHOD_GET, "/gate/auth-request",       "", gate_auth_request, WHO_READER, RATE_GATE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/gate/forward-auth",       "", gate_forward_auth, WHO_READER, RATE_GATE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_ANY, "/gate/ext-authz/{path...}", "", gate_ext_authz,   WHO_READER, RATE_GATE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/gate/wall",               "", gate_wall,         WHO_READER, RATE_GATE, BODY_NONE, 1, LANE_WORK },
};

static const struct route ops_routes[] = {
	{ METHOD_GET, "/health/live",  "", app_health_live,    WHO_ANYONE, RATE_OPS, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/health/ready", "", app_health_ready,   WHO_ANYONE, RATE_OPS, BODY_NONE, 1, LANE_OPS },
	{ METHOD_GET, "/metrics",      "", app_health_metrics, WHO_ANYONE, RATE_OPS, BODY_NONE, 1, LANE_OPS },
};
/* clang-format on */

void app_routes_fill(struct app *app)
{
	app->groups[0] = (struct route_group){ .prefix = "/api/",
		.routes = api_routes,
		.count = COUNT(api_routes),
		.ctx = &app->api,
		.fail = api_fail,
		.credential = CREDENTIAL_BEARER };
	app->groups[1] = (struct route_group){ .prefix = "/gate/",
		.routes = gate_routes,
		.count = COUNT(gate_routes),
		.ctx = app->gate,
		.fail = gate_fail,
		.known = gate_cached_answer,
		.credential = CREDENTIAL_PROXIED };
	app->groups[2] = (struct route_group){ .prefix = "/media/",
		.routes = media_routes,
		.count = COUNT(media_routes),
		.ctx = app->pages,
		.fail = pages_fail,
		.credential = CREDENTIAL_EITHER };
	app->groups[3] = (struct route_group){ .prefix = "/",
		.routes = page_routes,
		.count = COUNT(page_routes),
		.ctx = app->pages,
		.fail = pages_fail,
		.credential = CREDENTIAL_COOKIE };
	app->ops = (struct route_group){ .prefix = "/",
		.routes = ops_routes,
		.count = COUNT(ops_routes),
		.ctx = app,
		.fail = app_health_fail,
		.credential = CREDENTIAL_NONE };
}
