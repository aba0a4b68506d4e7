/* Registration form, "check your mail", and the page behind the mailed link. The link only shows
 * a button; the POST confirms, because mail scanners open links. */
#include "internal.h"

static const char *minutes_text(struct arena *a, unsigned minutes)
{
	return minutes % 60 == 0 && minutes > 60 ? arena_fmt(a, "%u hours", minutes / 60)
						 : arena_fmt(a, "%u minutes", minutes);
}

enum err pages_check_mail(const struct pages *p, struct request *r, struct response *rsp,
	bool registering, struct str back)
{
	const struct account_settings *set = &p->accounts->set;
	struct page pg = { .title = "Check your mail", .return_to = back };
	struct template_data *root = pages_frame_data(p, r, &pg), *v = template_object(r->arena);
	template_bool(v, "registering", registering);
	template_bool(v, "resetting", !registering);
	pages_template_str(v, "email", fields_get(&r->form, "email"));
	template_z(v, "valid",
		minutes_text(r->arena, registering ? set->verify_minutes : set->reset_minutes));
	template_child(root, "check", v);
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "check_mail.html", root);
}

static enum err register_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, const struct form_state *f, struct str back)
{
	struct page pg = { .title = f->field_error ? "Error: Register" : "Register",
		.return_to = back };
	struct template_data *root = pages_frame_data(p, r, &pg);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "register.html", root);
}

enum err pages_register_form(void *ctx, struct request *r, struct response *rsp)
{
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	return register_page(ctx, r, rsp, 200, &(struct form_state){ 0 }, back);
}

enum err pages_register(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_safe_return_to(fields_get(&r->form, "return_to"));
	struct token proof;
	struct registration reg = { .email = fields_get(&r->form, "email"),
		.password = fields_get(&r->form, "password"),
		.name = fields_get(&r->form, "name"),
		.return_to = back,
		.request_id = r->id,
		.proof = &proof };
	struct field_error why = { 0 };
	enum err e = account_register(p->accounts, &reg, r->now_s, r->arena, &why);
	if (e == ERR_INVALID || e == ERR_WEAK_PASSWORD) {
		struct form_state f = { .email = reg.email, .name = reg.name, .field_error = &why };
		return register_page(p, r, rsp, 422, &f, back);
	}
	if (e)
		return e;
	/* Shows on /verify that this browser chose the password. Set for known addresses too. */
	struct cookie c = { .name = "postern-register",
		.value = arena_str(r->arena, str_of(proof.text)),
		.max_age_s = (int64_t)p->accounts->set.verify_minutes * 60 };
	response_cookie(r, rsp, &c);
	return pages_check_mail(p, r, rsp, true, back);
}

/* ---- the mailed link ---- */

/* Moves a token from the address bar into a cookie: history, logs and Referer stay clean. What is
 * no token of ours goes nowhere. */
void pages_token_to_cookie(struct request *r, struct response *rsp, const char *cookie,
	const char *path, int64_t life_s)
{
	struct str token = fields_get(&r->query, "token");
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	struct cookie c = { .name = cookie, .value = token, .max_age_s = life_s };
	uint8_t hash[HASH_BYTES];
	if (crypto_token_hash(token, hash) == ERR_OK)
		response_cookie(r, rsp, &c);
	else
		pages_cookie_forget(r, rsp, cookie);
	pages_secret(rsp);
	response_redirect(rsp, str_of(pages_local_href(r->arena, path, back)));
}

/* What the page says: press the button to confirm, or the link works no more. A GET confirms
 * nothing, because mail scanners follow links. */
enum verify_state { VERIFY_ASK, VERIFY_SPENT };

static enum err verify_page(const struct pages *p, struct request *r, struct response *rsp,
	enum verify_state state, struct str back)
{
	struct page pg = { .title = "Confirm your address", .return_to = back };
	struct template_data *root = pages_frame_data(p, r, &pg);
	struct form_state f = { 0 };
	if (state == VERIFY_SPENT)
		f.token_error =
			"This link has been used, has expired or was replaced by a newer one.";
	template_bool(root, "ask", state == VERIFY_ASK);
	template_bool(root, "spent", state == VERIFY_SPENT);
	pages_form_data(root, r->arena, p, &f);
	pages_private(rsp);
	return pages_render(p, r, rsp, state == VERIFY_SPENT ? 410 : 200, "verify.html", root);
}

enum err pages_verify_form(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct account owner;
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	if (fields_get(&r->query, "token").n > 0) {
		pages_token_to_cookie(r, rsp, "postern-verify", "/verify", 3600);
		return ERR_OK;
	}
	enum err e = account_token_find(
		p->accounts, request_cookie(r, "postern-verify"), "verify", r->now_s, &owner);
	if (e && e != ERR_SPENT)
		return e;
	return verify_page(p, r, rsp, e ? VERIFY_SPENT : VERIFY_ASK, back);
}

enum err pages_verify(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_safe_return_to(fields_get(&r->form, "return_to"));
	struct proved_device device = { .token = request_cookie(r, "postern-device") };
	struct verification v = { .token = request_cookie(r, "postern-verify"),
		.proof = request_cookie(r, "postern-register"),
		.device = &device };
	/* A page without the cookie may send the token itself: a browser that keeps none. */
	if (v.token.n == 0)
		v.token = fields_get(&r->form, "token");
	enum err e = account_verify(p->accounts, &v, r->now_s);
	if (e == ERR_SPENT)
		return verify_page(p, r, rsp, VERIFY_SPENT, back);
	if (e)
		return e;
	pages_cookie_forget(r, rsp, "postern-verify");
	pages_cookie_forget(r, rsp, "postern-register");
	pages_device_cookie(r, rsp, &device.fresh);
	pages_private(rsp);
	if (v.choose.text[0]) {
		struct cookie c = { .name = "postern-reset",
			.value = arena_str(r->arena, str_of(v.choose.text)),
			.max_age_s = (int64_t)p->accounts->set.reset_minutes * 60 };
		response_cookie(r, rsp, &c);
		response_redirect(rsp, STR("/reset/confirm"));
		return ERR_OK;
	}
	const char *login = pages_local_href(r->arena, "/login", back);
	response_redirect(rsp, str_of(arena_fmt(r->arena, "%s%sdone=verified", login,
				       str_eq(back, STR("/")) ? "?" : "&")));
	return ERR_OK;
}
