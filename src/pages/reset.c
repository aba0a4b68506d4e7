/* Password reset: the form that asks for a link, and the form behind the link that takes the new
 * password. Opening the link spends nothing, because mail scanners open links. */
#include "internal.h"

static enum err reset_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, const struct form_state *f, struct str back)
{
	struct page pg = { .title = f->field_error ? "Error: Reset password" : "Reset password",
		.return_to = back };
	struct template_data *root = pages_frame_data(p, r, &pg);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "reset.html", root);
}

enum err pages_reset_form(void *ctx, struct request *r, struct response *rsp)
{
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	return reset_page(ctx, r, rsp, 200, &(struct form_state){ 0 }, back);
}

enum err pages_reset(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str email = fields_get(&r->form, "email"),
		   back = pages_safe_return_to(fields_get(&r->form, "return_to"));
	enum err e = account_reset_request(p->accounts, email, r->id, r->now_s);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE) {
		struct field_error why = { "email", "bad_address",
			"This is not a complete e-mail address." };
		struct form_state f = { .email = email, .field_error = &why };
		return reset_page(p, r, rsp, 422, &f, back);
	}
	return e ? e : pages_check_mail(p, r, rsp, false, back);
}

static enum err confirm_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, const struct field_error *why, const struct account *owner)
{
	struct page pg = { .title = why ? "Error: Choose a new password" : "Choose a new password",
		.return_to = STR("/") };
	struct template_data *root = pages_frame_data(p, r, &pg);
	struct form_state f = { .field_error = why };
	if (owner)
		f.email = str_of(owner->email);
	else
		f.token_error =
			"This link has been used, has expired or was replaced by a newer one.";
	template_bool(root, "spent", !owner);
	pages_form_data(root, r->arena, p, &f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "reset_confirm.html", root);
}

/* Spends nothing, however often it is fetched, also by mail scanners. */
enum err pages_reset_confirm_form(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct account owner;
	int64_t life_s = (int64_t)p->accounts->set.reset_minutes * 60;
	if (fields_get(&r->query, "token").n > 0) {
		pages_token_to_cookie(r, rsp, "postern-reset", "/reset/confirm", life_s);
		return ERR_OK;
	}
	enum err e = account_token_find(
		p->accounts, request_cookie(r, "postern-reset"), "reset", r->now_s, &owner);
	if (e && e != ERR_SPENT)
		return e;
	e = confirm_page(p, r, rsp, e ? 410 : 200, NULL, e ? NULL : &owner);
	crypto_wipe(&owner, sizeof owner);
	return e;
}

enum err pages_reset_confirm(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct field_error why = { 0 };
	struct account owner = { 0 };
	struct proved_device device = { .token = request_cookie(r, "postern-device") };
	struct reset_confirmation rc = { .token = request_cookie(r, "postern-reset"),
		.password = fields_get(&r->form, "password"),
		.device = &device };
	/* A reader whose browser keeps no cookies may send the token in the form. */
	if (rc.token.n == 0)
		rc.token = fields_get(&r->form, "token");
	enum err e = account_reset_confirm(p->accounts, &rc, r->now_s, r->arena, &why);
	if (e == ERR_SPENT)
		return confirm_page(p, r, rsp, 410, NULL, NULL);
	if (e == ERR_INVALID || e == ERR_WEAK_PASSWORD) {
		e = account_token_find(p->accounts, rc.token, "reset", r->now_s, &owner);
		if (e && e != ERR_SPENT)
			return e;
		e = e ? confirm_page(p, r, rsp, 410, NULL, NULL)
		      : confirm_page(p, r, rsp, 422, &why, &owner);
		crypto_wipe(&owner, sizeof owner);
		return e;
	}
	if (e)
		return e;
	pages_cookie_forget(r, rsp, "postern-reset");
	pages_cookie_forget(r, rsp, "postern");
	pages_device_cookie(r, rsp, &device.fresh);
	pages_private(rsp);
	response_redirect(rsp, STR("/login?done=reset"));
	return ERR_OK;
}
