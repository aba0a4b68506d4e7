/* Registration form, and "check your mail" after it. The page behind the mailed link is verify.c.
 */
#include "internal.h"

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
		pages_minutes_text(
			r->arena, registering ? set->verify_minutes : set->reset_minutes));
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
	struct form_state f = { .remember = false };
	pages_typed_load(r, &f);
	return register_page(ctx, r, rsp, 200, &f, pages_return_to(r));
}

enum err pages_register(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_return_to(r);
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
	pages_typed_forget(r, rsp, "/register");
	return pages_check_mail(p, r, rsp, true, back);
}
