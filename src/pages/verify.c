/* The page behind the mailed link that confirms an address. A GET shows what the link is for and
 * spends nothing, because mail scanners open links. In the browser that registered a button is
 * enough; any other is asked for the password chosen at registration, or for a new one. Then the
 * reader is signed in, and back where the registration began. */
#include "internal.h"

static const char token_cookie[] = "postern-verify", proof_cookie[] = "postern-register",
		  verify_path[] = "/verify";
/* Seconds for which the browser keeps the token while its reader looks for a password. */
enum { TOKEN_COOKIE_S = 3600 };

/* What the mailed link and this browser show. */
static struct verification shown_by(struct request *r)
{
	struct verification v = { .token = request_cookie(r, token_cookie),
		.proof = request_cookie(r, proof_cookie) };
	/* A browser that keeps no cookies may send the token in the form. */
	if (v.token.n == 0 && r->method == METHOD_POST)
		v.token = fields_get(&r->form, "token");
	return v;
}

/* ---- the pages ---- */

/* `f` is what was refused. */
struct verify_view {
	int status;
	struct form_state *f;
	bool choose; /* the reader wants a new password */
};

/* Where the two forms of verify_password.html lead to each other. */
static void question_data(struct template_data *root, struct request *r, enum verify_step step,
	const struct verify_view *view)
{
	const char *enter = pages_local_href(r->arena, verify_path, pages_return_to(r));
	struct template_data *v = template_object(r->arena);
	bool choose = view->choose || step == VERIFY_CHOOSE;
	template_bool(v, "known", !choose);
	template_bool(v, "choose", choose);
	template_z(v, "enter_href", step == VERIFY_PASSWORD ? enter : NULL);
	template_z(v, "choose_href",
		arena_fmt(r->arena, "%s%snew=1", enter,
			str_eq(pages_return_to(r), STR("/")) ? "?" : "&"));
	template_child(root, "verify", v);
}

static enum err step_page(const struct pages *p, struct request *r, struct response *rsp,
	enum verify_step step, const struct verify_view *view)
{
	const bool ask = step == VERIFY_CONFIRM && !view->choose;
	const bool refused = view->f->error || view->f->field_error;
	struct page pg = { .title =
				   refused ? "Error: Confirm your address" : "Confirm your address",
		.return_to = pages_return_to(r) };
	struct template_data *root = pages_frame_data(p, r, &pg);
	view->f->remember = fields_get(&r->form, "remember").n > 0;
	template_bool(root, "ask", ask);
	template_bool(root, "spent", false);
	question_data(root, r, step, view);
	pages_form_data(root, r->arena, p, view->f);
	pages_private(rsp);
	return pages_render(
		p, r, rsp, view->status, ask ? "verify.html" : "verify_password.html", root);
}

static enum err spent_page(
	const struct pages *p, struct request *r, struct response *rsp, struct str token)
{
	struct link_info link;
	enum err e = account_link_look(p->accounts, token, "verify", r->now_s, &link);
	if (e)
		return e;
	const struct pages_link_words words =
		pages_link_words(p, r->arena, PAGES_LINK_VERIFY, &link);
	struct page pg = { .title = words.title, .return_to = pages_return_to(r) };
	struct template_data *root = pages_frame_data(p, r, &pg);
	template_bool(root, "ask", false);
	template_bool(root, "spent", true);
	template_bool(root, "confirmed", link.state == LINK_USED);
	pages_form_data(root, r->arena, p, &(struct form_state){ .token_error = words.sentence });
	pages_private(rsp);
	return pages_render(p, r, rsp, 410, "verify.html", root);
}

/* The page for what the link asks of this browser now; or, where it does not work, why. */
static enum err verify_page(const struct pages *p, struct request *r, struct response *rsp,
	const struct verify_view *view)
{
	const struct verification v = shown_by(r);
	struct account owner;
	enum verify_step step;
	enum err e = account_verify_look(p->accounts, &v, r->now_s, &owner, &step);
	if (e == ERR_SPENT)
		return spent_page(p, r, rsp, v.token);
	if (e)
		return e;
	view->f->email = str_of(owner.email);
	return step_page(p, r, rsp, step, view);
}

enum err pages_verify_form(void *ctx, struct request *r, struct response *rsp)
{
	struct form_state f = { .password_field = "new_password" };
	struct verify_view view = {
		.status = 200, .f = &f, .choose = fields_get(&r->query, "new").n > 0
	};
	if (fields_get(&r->query, "token").n > 0) {
		pages_token_to_cookie(r, rsp, token_cookie, verify_path, TOKEN_COOKIE_S);
		return ERR_OK;
	}
	return verify_page(ctx, r, rsp, &view);
}

/* ---- the answer to a form ---- */

static enum err verify_refused(const struct pages *p, struct request *r, struct response *rsp,
	const struct verification *v, const struct field_error *why, enum err e)
{
	struct field_error wrong = { "password", "wrong",
		"This is not the password chosen at registration." };
	struct form_state f = { 0 };
	struct verify_view view = { .status = 422, .f = &f };
	if (e == ERR_LIMITED) {
		view.status = 429;
		f.error = arena_fmt(r->arena,
			"Too many failed attempts. Try again in %s, or choose a new password.",
			pages_wait_text(r->arena, v->retry_after_s));
		rsp->retry_after_s = v->retry_after_s;
	} else if (e == ERR_CONFLICT) {
		view.status = 409;
		view.choose = v->chosen.n > 0;
		f.error = PAGES_LINK_CHANGED;
	} else if (e == ERR_DENIED && v->password.p) {
		f.field_error = &wrong;
	} else if (e == ERR_DENIED) {
		/* The page was opened before somebody registered the address again. */
		f.error = "Enter the password chosen at registration, or choose a new one.";
	} else {
		view.choose = true;
		f.field_error = why;
		f.password_field = "new_password";
	}
	return verify_page(p, r, rsp, &view);
}

static void verify_done(const struct pages *p, struct request *r, struct response *rsp,
	const struct login_result *res)
{
	struct str back = pages_return_to(r);
	pages_session_begin(p, r, rsp, res);
	pages_cookie_forget(r, rsp, token_cookie);
	pages_cookie_forget(r, rsp, proof_cookie);
	pages_private(rsp);
	if (str_eq(back, STR("/")))
		pages_done_redirect(r, rsp, "/", "verified");
	else
		response_redirect(rsp, arena_str(r->arena, back));
}

enum err pages_verify(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct field_error why = { 0 };
	struct login_result res = { 0 };
	struct proved_device device = { .token = request_cookie(r, "postern-device") };
	struct verification v = shown_by(r);
	v.password = fields_get(&r->form, "password");
	v.chosen = fields_get(&r->form, "new_password");
	v.device = &device;
	v.login = &res;
	v.remember = fields_get(&r->form, "remember").n > 0;
	v.session_name = str_of(pages_user_agent_name(r->arena, request_header(r, "User-Agent")));
	v.named = pages_link_named(r);
	enum err e = account_verify(p->accounts, &v, r->now_s, r->arena, &why);
	if (e == ERR_SPENT || e == ERR_CONFLICT || e == ERR_DENIED || e == ERR_LIMITED ||
		e == ERR_INVALID || e == ERR_WEAK_PASSWORD)
		return verify_refused(p, r, rsp, &v, &why, e);
	if (e)
		return e;
	res.device = device.fresh;
	verify_done(p, r, rsp, &res);
	crypto_wipe(&res, sizeof res);
	return ERR_OK;
}
