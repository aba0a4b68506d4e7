/* Sessions as JSON: log in (201 with a token, shown once), list, end one, end the current one. */
#include "internal.h"

#include <string.h>

static json_t *session_json(const struct session *s)
{
	int64_t idle = s->last_seen_at + s->idle_s;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "id", s->id, "name", s->name,
		"created_at", text_json_time(s->created_at), "last_seen_at",
		text_json_time(s->last_seen_at), "expires_at", text_json_time(s->expires_at),
		"idle_expires_at", text_json_time(idle < s->expires_at ? idle : s->expires_at));
}

/* An app that logs in keeps the session until it is told otherwise: the long limits apply. */
enum err api_session_create(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct login l = { .remember = true, .request_id = r->id };
	struct login_result res = { 0 };
	const struct json_field fields[] = {
		{ "email", true, &l.email },
		{ "password", true, &l.password },
		{ "name", false, &l.session_name },
		{ "device_token", false, &l.device },
	};
	const struct json_flag remember = { "remember_device", &l.remember_device };
	enum err e = api_json_body_flag(r, rsp, fields, COUNT(fields), &remember);
	if (!e)
		e = account_login(api->accounts, &l, r->now_s, r->arena, &res);
	if (e == ERR_LIMITED) {
		api_json_retry_after(rsp, res.retry_after_s);
		rsp->detail = "Too many failed attempts for this address. To log in at once, reset "
			      "the password with remember_device.";
	} else if (e == ERR_UNAUTHENTICATED) {
		rsp->detail =
			"Wrong e-mail address or password, or the address is not confirmed yet.";
	}
	if (e)
		return e;
	json_t *doc = json_pack("{s:s, s:o, s:o}", "token", res.token.text, "session",
		session_json(&res.session), "account", api_account_json(&res.account));
	api_json_device_token(&doc, &res.device);
	e = api_json_answer(r, rsp, 201, doc);
	crypto_wipe(&res, sizeof res);
	return e;
}

enum err api_session_list(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct session *list = NULL;
	size_t n = 0;
	enum err e = account_sessions(
		api->accounts, r->caller.account_id, r->now_s, r->arena, &list, &n);
	if (e)
		return e;
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *item = session_json(&list[i]);
		text_json_put(&item, "current",
			json_boolean(strcmp(list[i].id, r->caller.session_id) == 0));
		text_json_append(&items, item);
	}
	return api_json_answer(r, rsp, 200, json_pack("{s:o}", "sessions", items));
}

enum err api_session_end(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	return api_no_content(
		rsp, account_session_end(api->accounts, r->caller.account_id, r->params[0]));
}

enum err api_session_end_current(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	return api_no_content(rsp, account_session_end(api->accounts, r->caller.account_id,
					   str_of(r->caller.session_id)));
}
