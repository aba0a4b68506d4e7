/* Password reset: the form that asks for a link, and the form behind the link that takes the new
 * password. Opening the link spends nothing, because mail scanners open links. */
#include "internal.h"

#include <string.h>

static enum err reset_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, const struct form_state *f, struct str back)
{
	struct page pg = { .title = f->field_error ? "Error: Reset Password" : "Reset Password",
		.return_to = back };
	struct template_data *root = pages_frame_data(p, r, &pg);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "reset.html", root);
}

enum err pages_reset_form(void *ctx, struct request *r, struct response *rsp)
{
	struct form_state f = { .remember = false };
	pages_typed_load(r, &f);
	return reset_page(ctx, r, rsp, 200, &f, pages_return_to(r));
}

enum err pages_reset(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_return_to(r);
	struct reset_request rq = {
		.email = fields_get(&r->form, "email"), .return_to = back, .request_id = r->id
	};
	enum err e = account_reset_request(p->accounts, &rq, r->now_s);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE) {
		struct field_error why = { "email", "bad_address",
			"Enter a complete e-mail address, such as name@example.org." };
		struct form_state f = { .email = rq.email, .field_error = &why };
		return reset_page(p, r, rsp, 422, &f, back);
	}
	if (e)
		return e;
	pages_typed_forget(r, rsp, "/reset");
	return pages_check_mail(p, r, rsp, false, back);
}

/* ---- the mailed link ---- */

static const char token_cookie[] = "postern-reset", confirm_path[] = "/reset/confirm";
/* For so long the log-in knows from the spent token whose address it is. */
enum { SPENT_TOKEN_S = 600 };

/* `owner` of a link that works; `why` when the password was refused. */
static enum err confirm_page(const struct pages *p, struct request *r, struct response *rsp,
	const struct account *owner, const struct field_error *why)
{
	struct page pg = { .title = why ? "Error: Choose a new password" : "Choose a new password",
		.return_to = pages_return_to(r) };
	struct template_data *root = pages_frame_data(p, r, &pg);
	struct form_state f = { .email = str_of(owner->email), .field_error = why };
	template_bool(root, "spent", false);
	pages_form_data(root, r->arena, p, &f);
	pages_private(rsp);
	return pages_render(p, r, rsp, why ? 422 : 200, "reset_confirm.html", root);
}

static enum err spent_page(
	const struct pages *p, struct request *r, struct response *rsp, struct str token)
{
	struct link_info link;
	enum err e = account_link_look(p->accounts, token, "reset", r->now_s, &link);
	if (e)
		return e;
	const struct pages_link_words words =
		pages_link_words(p, r->arena, PAGES_LINK_RESET, &link);
	struct page pg = { .title = words.title, .return_to = pages_return_to(r) };
	struct template_data *root = pages_frame_data(p, r, &pg);
	struct form_state f = { .email = str_of(link.email), .token_error = words.sentence };
	template_bool(root, "spent", true);
	pages_form_data(root, r->arena, p, &f);
	pages_private(rsp);
	return pages_render(p, r, rsp, 410, "reset_confirm.html", root);
}

/* The form for a new password; or, where the link does not work, why. */
static enum err confirm_answer(const struct pages *p, struct request *r, struct response *rsp,
	struct str token, const struct field_error *why)
{
	struct account owner;
	enum err e = account_token_find(p->accounts, token, "reset", r->now_s, &owner);
	if (!e)
		e = confirm_page(p, r, rsp, &owner, why);
	else if (e == ERR_SPENT)
		e = spent_page(p, r, rsp, token);
	crypto_wipe(&owner, sizeof owner);
	return e;
}

/* Spends nothing, however often it is fetched, also by mail scanners. */
enum err pages_reset_confirm_form(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	int64_t life_s = (int64_t)p->accounts->set.reset_minutes * 60;
	if (fields_get(&r->query, "token").n > 0) {
		pages_token_to_cookie(r, rsp, token_cookie, confirm_path, life_s);
		return ERR_OK;
	}
	return confirm_answer(p, r, rsp, request_cookie(r, token_cookie), NULL);
}

/* To the log-in, which fills the address in, and from there to where the reader was. */
static void confirm_done(struct request *r, struct response *rsp, const struct token *device)
{
	struct cookie spent = { .name = token_cookie,
		.value = request_cookie(r, token_cookie),
		.max_age_s = SPENT_TOKEN_S };
	const char *login = pages_local_href(r->arena, "/login", pages_return_to(r));
	if (spent.value.n > 0)
		response_cookie(r, rsp, &spent);
	pages_cookie_forget(r, rsp, "postern");
	pages_device_cookie(r, rsp, device);
	pages_private(rsp);
	pages_done_redirect(r, rsp, login, "reset");
}

enum err pages_reset_confirm(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct field_error why = { 0 };
	struct proved_device device = { .token = request_cookie(r, "postern-device") };
	struct reset_confirmation rc = { .token = request_cookie(r, token_cookie),
		.password = fields_get(&r->form, "password"),
		.device = &device };
	/* A reader whose browser keeps no cookies may send the token in the form. */
	if (rc.token.n == 0)
		rc.token = fields_get(&r->form, "token");
	rc.named = pages_link_named(r);
	enum err e = account_reset_confirm(p->accounts, &rc, r->now_s, r->arena, &why);
	if (e == ERR_SPENT)
		return spent_page(p, r, rsp, rc.token);
	if (e == ERR_CONFLICT)
		why = (struct field_error){ "password", "another_link", PAGES_LINK_CHANGED };
	if (e == ERR_CONFLICT || e == ERR_INVALID || e == ERR_WEAK_PASSWORD)
		return confirm_answer(p, r, rsp, rc.token, &why);
	if (!e)
		confirm_done(r, rsp, &device.fresh);
	return e;
}
