/* /api/v1/account and its neighbours as JSON: register, confirm an address, show, rename, delete,
 * change and reset the password. Registration and reset answer 202 whether or not the address has
 * an account. */
#include "internal.h"

#include "postern/entitlement.h"

static enum err accepted(struct request *r, struct response *rsp)
{
	return api_json_answer(r, rsp, 202, json_object());
}

/* Where a mailed link leads back to. A client is told, where a page would pass it over. */
static enum err return_to_check(struct response *rsp, struct str return_to)
{
	if (return_to.n == 0 || url_is_local(return_to))
		return ERR_OK;
	response_problem(rsp, "return_to", "not_a_local_path",
		"This must be a path of this site, such as /articles/harbour-reopens.");
	return ERR_INVALID;
}

enum err api_account_create(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct registration reg = { .request_id = r->id };
	struct field_error why = { 0 };
	const struct json_field fields[] = {
		{ "email", true, &reg.email },
		{ "password", true, &reg.password },
		{ "name", false, &reg.name },
		{ "return_to", false, &reg.return_to },
	};
	enum err e = api_json_body(r, rsp, fields, COUNT(fields));
	if (!e)
		e = return_to_check(rsp, reg.return_to);
	if (!e) {
		e = account_register(api->accounts, &reg, r->now_s, r->arena, &why);
		api_json_field_error(rsp, &why);
	}
	return e ? e : accepted(r, rsp);
}

/* Neither field: the app vouches for its user, who registered in it and reads the mail in it. */
static enum err verify_refused(
	struct response *rsp, enum err e, const struct verification *v, struct field_error *why)
{
	if (e == ERR_DENIED) {
		rsp->code = "wrong_password";
		rsp->detail = v->trust ? "This address was registered on a web page: send the "
					 "password chosen there, or a new one."
				       : "This is not the password chosen at registration.";
	}
	if (e == ERR_LIMITED)
		api_json_retry_after(rsp, v->retry_after_s);
	if (why->field)
		why->field = "new_password";
	api_json_field_error(rsp, why);
	return e;
}

enum err api_email_verify(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct verification v = { 0 };
	struct proved_device device = { 0 };
	struct field_error why = { 0 };
	bool remember;
	const struct json_field fields[] = {
		{ "token", true, &v.token },
		{ "password", false, &v.password },
		{ "new_password", false, &v.chosen },
		{ "device_token", false, &device.token },
	};
	const struct json_flag flag = { "remember_device", &remember };
	enum err e = api_json_body_flag(r, rsp, fields, COUNT(fields), &flag);
	if (!e && v.password.p && v.chosen.p) {
		response_problem(rsp, "new_password", "one_of_two",
			"Send the password chosen at registration or a new one, not both.");
		e = ERR_INVALID;
	}
	v.device = remember ? &device : NULL;
	v.trust = !v.password.p && !v.chosen.p;
	if (!e)
		e = verify_refused(
			rsp, account_verify(api->accounts, &v, r->now_s, r->arena, &why), &v, &why);
	return api_device_answer(r, rsp, e, v.device);
}

/* One read for GET /api/v1/account, in the request's arena. */
struct record {
	const char *id;
	struct arena *a;
	struct entitlements list;
};

static enum err record_read(struct db_conn *c, void *arg)
{
	struct record *rec = arg;
	return entitlement_list(c, rec->id, rec->a, &rec->list);
}

static json_t *entitlements_json(const struct record *rec)
{
	json_t *list = json_array();
	for (size_t i = 0; i < rec->list.n; i++) {
		const struct entitlement *e = &rec->list.v[i];
		text_json_append(&list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:I, s:o}", "id", e->id,
				"plan", e->plan, "source", e->source, "status",
				entitlement_status_name(e->status), "article_id", e->article_id,
				"by_seat", e->by_seat, "starts_at", text_json_time(e->starts_at),
				"ends_at", text_json_time(e->ends_at), "grace_s",
				(json_int_t)e->grace_s, "revoked_at",
				text_json_time(e->revoked_at)));
	}
	return list;
}

enum err api_account_get(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct account acc;
	struct record rec = { .id = r->caller.account_id, .a = r->arena };
	enum err e = account_find(api->accounts, str_of(r->caller.account_id), &acc);
	if (!e)
		e = db_read(api->accounts->db, record_read, &rec);
	if (e)
		return e;
	json_t *doc = api_account_json(&acc);
	text_json_put(&doc, "created_at", text_json_time(acc.created_at));
	text_json_put(&doc, "entitlements", entitlements_json(&rec));
	crypto_wipe(&acc, sizeof acc);
	return api_json_answer(r, rsp, 200, json_pack("{s:o}", "account", doc));
}

enum err api_account_patch(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct str name;
	const struct json_field fields[] = { { "name", true, &name } };
	enum err e = api_json_body(r, rsp, fields, COUNT(fields));
	if (e)
		return e;
	e = account_set_name(api->accounts, r->caller.account_id, name, r->now_s);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE) {
		response_problem(rsp, "name", "bad_name",
			"The name is too long, or it contains line breaks or control characters.");
		return ERR_INVALID;
	}
	return e ? e : api_account_get(ctx, r, rsp);
}

/* The proof of the password is refused with 403, not 401: the session itself is fine. */
static enum err current_password_refused(struct response *rsp, enum err e, int64_t retry_after_s)
{
	if (e == ERR_DENIED) {
		rsp->code = "wrong_password";
		rsp->detail = "The current password is wrong.";
	}
	if (e == ERR_LIMITED)
		api_json_retry_after(rsp, retry_after_s);
	return e;
}

enum err api_account_delete(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct password_change ch = { .account_id = r->caller.account_id,
		.session_id = r->caller.session_id };
	const struct json_field fields[] = { { "current_password", true, &ch.current } };
	enum err e = api_json_body(r, rsp, fields, COUNT(fields));
	if (!e)
		e = account_delete_own(api->accounts, &ch, r->now_s, r->arena);
	return api_no_content(rsp, current_password_refused(rsp, e, ch.retry_after_s));
}

enum err api_password_change(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct field_error why = { 0 };
	struct password_change ch = { .account_id = r->caller.account_id,
		.session_id = r->caller.session_id };
	const struct json_field fields[] = {
		{ "current_password", true, &ch.current },
		{ "new_password", true, &ch.chosen },
		{ "device_token", false, &ch.device },
	};
	enum err e = api_json_body(r, rsp, fields, COUNT(fields));
	if (!e) {
		e = account_password_change(api->accounts, &ch, r->now_s, r->arena, &why);
		if (why.field)
			why.field = "new_password";
		api_json_field_error(rsp, &why);
	}
	return api_no_content(rsp, current_password_refused(rsp, e, ch.retry_after_s));
}

enum err api_reset_create(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct reset_request rq = { .request_id = r->id };
	const struct json_field fields[] = {
		{ "email", true, &rq.email },
		{ "return_to", false, &rq.return_to },
	};
	enum err e = api_json_body(r, rsp, fields, COUNT(fields));
	if (!e)
		e = return_to_check(rsp, rq.return_to);
	if (e)
		return e;
	e = account_reset_request(api->accounts, &rq, r->now_s);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE) {
		response_problem(rsp, "email", "bad_address",
			"Enter a complete e-mail address, such as name@example.org.");
		return ERR_INVALID;
	}
	return e ? e : accepted(r, rsp);
}

enum err api_reset_confirm(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct proved_device device = { 0 };
	struct reset_confirmation rc = { 0 };
	struct field_error why = { 0 };
	bool remember;
	const struct json_field fields[] = {
		{ "token", true, &rc.token },
		{ "password", true, &rc.password },
		{ "device_token", false, &device.token },
	};
	const struct json_flag flag = { "remember_device", &remember };
	enum err e = api_json_body_flag(r, rsp, fields, COUNT(fields), &flag);
	rc.device = remember ? &device : NULL;
	if (!e) {
		e = account_reset_confirm(api->accounts, &rc, r->now_s, r->arena, &why);
		api_json_field_error(rsp, &why);
	}
	return api_device_answer(r, rsp, e, rc.device);
}
