/* The log-in form, its answer with the session cookie, and log-out. One sentence answers every
 * failed attempt, so that it does not tell whether the address has an account. */
#include "internal.h"

#include <string.h>

/* `pg`: with a sentence, and what a log-in leads back to. */
static enum err login_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, const struct form_state *f, struct page pg)
{
	pg.title = f->error ? "Error: Log In" : "Log In";
	struct template_data *root = pages_frame_data(p, r, &pg);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "login.html", root);
}

/* Whoever comes from a mailed link that was used in this browser, to set a password or to confirm
 * an address, need not type the address again. The spent token in the cookie names it. */
static enum err link_of(const struct pages *p, struct request *r, struct link_info *out)
{
	static const char *const links[][2] = { { "postern-reset", "reset" },
		{ "postern-verify", "verify" } };
	*out = (struct link_info){ 0 };
	for (size_t i = 0; i < COUNT(links); i++) {
		struct str token = request_cookie(r, links[i][0]);
		enum err e =
			token.n ? account_link_look(p->accounts, token, links[i][1], r->now_s, out)
				: ERR_OK;
		if (e || out->state == LINK_USED)
			return e;
		*out = (struct link_info){ 0 };
	}
	return ERR_OK;
}

enum err pages_login_form(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	if (r->caller.signed_in) {
		response_redirect(rsp, back);
		return ERR_OK;
	}
	struct link_info link;
	enum err e = link_of(p, r, &link);
	if (e)
		return e;
	struct form_state f = { .email = str_of(link.email) };
	pages_typed_load(r, &f);
	return login_page(p, r, rsp, 200, &f,
		(struct page){ .return_to = back, .notice = pages_done_notice(r, rsp) });
}

enum err pages_login_again(const struct pages *p, struct request *r, struct response *rsp,
	const char *why, struct str back)
{
	return login_page(p, r, rsp, 401, &(struct form_state){ .error = NULL },
		(struct page){ .return_to = back, .notice = why });
}

/* By it this browser is known to the account, whatever others guess; log-out keeps it. As long as
 * browsers keep a cookie. */
void pages_device_cookie(struct request *r, struct response *rsp, const struct token *t)
{
	struct cookie device = { .name = "postern-device",
		.value = arena_str(r->arena, str_of(t->text)),
		.max_age_s = (int64_t)400 * 86400 };
	if (t->text[0])
		response_cookie(r, rsp, &device);
}

void pages_session_begin(const struct pages *p, struct request *r, struct response *rsp,
	const struct login_result *res)
{
	/* Replaced, not left lying about. */
	if (r->caller.signed_in)
		(void)!account_session_end(
			p->accounts, r->caller.account_id, str_of(r->caller.session_id));
	struct cookie session = { .name = "postern",
		.value = arena_str(r->arena, str_of(res->token.text)),
		.max_age_s = res->session.remember ? p->accounts->set.session_s : 0 };
	response_cookie(r, rsp, &session);
	pages_device_cookie(r, rsp, &res->device);
}

static enum err login_refused(
	const struct pages *p, struct request *r, struct response *rsp, struct str return_to)
{
	struct form_state f = { .email = fields_get(&r->form, "email"),
		.remember = fields_get(&r->form, "remember").n > 0,
		.error = "Wrong e-mail address or password. If you have just registered, confirm "
			 "your address first." };
	return login_page(p, r, rsp, 401, &f, (struct page){ .return_to = return_to });
}

enum err pages_login(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str back = pages_safe_return_to(fields_get(&r->form, "return_to"));
	struct login l = { .email = fields_get(&r->form, "email"),
		.password = fields_get(&r->form, "password"),
		.remember = fields_get(&r->form, "remember").n > 0,
		.session_name =
			str_of(pages_user_agent_name(r->arena, request_header(r, "User-Agent"))),
		.device = request_cookie(r, "postern-device"),
		.remember_device = true,
		.request_id = r->id };
	struct login_result res;
	enum err e = account_login(p->accounts, &l, r->now_s, r->arena, &res);
	if (e == ERR_UNAUTHENTICATED)
		return login_refused(p, r, rsp, back);
	if (e == ERR_LIMITED) {
		rsp->retry_after_s = res.retry_after_s;
		rsp->detail = "There were too many failed attempts for this address.";
	}
	if (e)
		return e;
	pages_session_begin(p, r, rsp, &res);
	pages_typed_forget(r, rsp, "/login");
	crypto_wipe(&res, sizeof res);
	response_redirect(rsp, arena_str(r->arena, back));
	return ERR_OK;
}

/* Each by its name: Clear-Site-Data's "cookies" would take the mark of a known browser along, an
 * anonymous reader's meter, and the cookies of every other site under the same domain. */
static void cookies_forget(struct request *r, struct response *rsp)
{
	static const char *const ours[] = { "postern", "postern-reset", "postern-verify",
		"postern-register", "postern-seat" };
	for (size_t i = 0; i < COUNT(ours); i++)
		pages_cookie_forget(r, rsp, ours[i]);
	pages_typed_forget(r, rsp, NULL);
}

void pages_logged_out(struct request *r, struct response *rsp)
{
	cookies_forget(r, rsp);
	response_header(rsp, "Clear-Site-Data", STR("\"cache\", \"storage\""));
	pages_done_redirect(r, rsp, "/", "logout");
}

enum err pages_logout(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	if (r->caller.signed_in) {
		enum err e = account_session_end(
			p->accounts, r->caller.account_id, str_of(r->caller.session_id));
		if (e && e != ERR_NOT_FOUND)
			return e;
	}
	pages_logged_out(r, rsp);
	return ERR_OK;
}
