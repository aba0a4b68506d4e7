/* A form that was sent and could not be taken: its session had ended meanwhile (401), or there was
 * too much at once (429, 503). The reader loses nothing: the answer leads back to the form, what
 * was typed stands in it again (never a password), and the page to come back to is kept. */
#include "internal.h"

#include <string.h>

/* Seconds before the page goes back to the form by itself: time to read why. */
enum { REFRESH_LEAST_S = 5 };

/* A form is sent to the address of its page, or to one segment below it. */
static struct str page_of_form(const struct request *r)
{
	struct str path = r->path;
	if (request_has_page(r, path))
		return path;
	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	if (path.n > 1)
		path.n--;
	return request_has_page(r, path) ? path : STR("/");
}

static bool is_form(const struct request *r)
{
	return r->route && r->route->body == BODY_FORM;
}

/* ---- the session had ended ---- */

static enum err session_over(const struct pages *p, struct request *r, struct response *rsp)
{
	const struct str page = page_of_form(r);
	const bool typed = pages_typed_keep(r, rsp, page, 0);
	return pages_login_again(p, r, rsp,
		typed ? "You were logged out before the form was sent, so nothing was changed. Log "
			"in to return to the form. What you typed is kept, except passwords."
		      : "You were logged out before the form was sent, so nothing was changed. Log "
			"in to return to the form.",
		page);
}

/* ---- too much at once ---- */

static const char *why_wait(const struct response *rsp)
{
	if (rsp->detail)
		return rsp->detail;
	return rsp->err == ERR_LIMITED ? "There were too many requests from your network."
				       : "The site is very busy right now.";
}

static enum err wait_page(const struct pages *p, struct request *r, struct response *rsp)
{
	struct arena *a = r->arena;
	const struct error_info *face = http_error_info(rsp->err);
	const struct str page = page_of_form(r), back = fields_get(&r->form, "return_to");
	const int64_t asked_s = rsp->retry_after_s > 0 ? rsp->retry_after_s : REFRESH_LEAST_S;
	const int64_t wait_s = asked_s > REFRESH_LEAST_S ? asked_s : REFRESH_LEAST_S;
	BUF_AUTO path = BUF((size_t)4 * URL_PATH_MAX);
	url_encode_path(&path, page);
	const char *href =
		pages_local_href(a, pages_text_z(a, buf_view(&path)), pages_safe_return_to(back));
	struct page pg = { .title = "Try again later", .return_to = back.n > 0 ? back : page };
	struct template_data *root = pages_frame_data(p, r, &pg), *v = template_object(a);
	rsp->retry_after_s = asked_s;
	template_z(v, "why", why_wait(rsp));
	template_int(v, "seconds", wait_s);
	template_bool(v, "minutes", wait_s >= 120);
	template_z(v, "text", pages_wait_text(a, wait_s));
	template_bool(v, "typed", pages_typed_keep(r, rsp, page, wait_s));
	template_z(v, "back_href", href);
	/* A reset helps against guesses at this address alone, not against a busy network. */
	template_bool(
		v, "login", str_eq(page, STR("/login")) && rsp->err == ERR_LIMITED && rsp->detail);
	template_child(root, "wait", v);
	template_int(root, "status", face->status);
	response_header(
		rsp, "Refresh", str_of(arena_fmt(a, "%lld;url=%s", (long long)wait_s, href)));
	pages_private(rsp);
	return pages_render(p, r, rsp, face->status, "wait.html", root);
}

enum err pages_resend(const struct pages *p, struct request *r, struct response *rsp)
{
	if (!is_form(r))
		return ERR_NOT_FOUND;
	switch (rsp->err) {
	case ERR_UNAUTHENTICATED:
		return session_over(p, r, rsp);
	case ERR_LIMITED:
	case ERR_BUSY:
	case ERR_UNAVAILABLE:
		return wait_page(p, r, rsp);
	default:
		return ERR_NOT_FOUND;
	}
}
