/* Error pages: status, sentence, a way back or to log-in, and the latest stories to go on with.
 * When even the template fails, plain text is sent. */
#include "internal.h"

#include <string.h>

static void fail_data(struct template_data *root, const struct request *r,
	const struct response *rsp, const struct error_info *face, int status)
{
	template_int(root, "status", status);
	template_z(root, "title", face->title);
	template_z(root, "detail", rsp->detail ? rsp->detail : face->sentence);
	template_z(root, "retry_after",
		rsp->retry_after_s > 0 ? pages_wait_text(r->arena, rsp->retry_after_s) : NULL);
}

static enum err latest_read(struct access_snapshot *s, void *arg)
{
	return access_latest(s, arg);
}

/* The database is asked only for what it has just answered: not when it is lost or overloaded
 * (503), nor on the event loop, which has what is in memory. */
static bool may_ask(const struct request *r, const struct response *rsp)
{
	return r->may_wait && (rsp->err == ERR_NOT_FOUND || rsp->err == ERR_GONE ||
				      rsp->err == ERR_DENIED || rsp->err == ERR_UNAUTHENTICATED);
}

/* Without them the page is still one. */
static void latest_data(struct template_data *root, const struct pages *p, const struct request *r,
	const struct response *rsp)
{
	struct access_latest l = { .n = 0 };
	if (!access_latest_cached(p->wall, r->now_s, r->arena, &l) && may_ask(r, rsp) &&
		access_read(p->wall, r, latest_read, &l) != ERR_OK)
		l.n = 0;
	template_bool(root, "has_latest", l.n > 0);
	struct template_data *list = template_list(root, "latest");
	for (size_t i = 0; i < l.n; i++) {
		struct template_data *v = template_append(list);
		template_z(
			v, "href", arena_fmt(r->arena, "/articles/" STR_FMT, STR_ARG(l.v[i].slug)));
		template_text(v, "headline", l.v[i].headline);
		pages_template_time(v, "published",
			(struct shown_time){ r->arena, l.v[i].published_at, r->now_s }, time_date);
	}
}

/* What is left when even the template cannot be rendered. */
static void fail_plain(struct response *rsp, const struct error_info *face)
{
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = str_of(face->sentence);
}

/* A mailed link that failed. Somebody who is signed in has a form on each page, to log out. */
static bool is_secret(const struct request *r)
{
	return !r->caller.signed_in && r->target.n > 0 &&
	       memmem(r->target.p, r->target.n, "token=", 6) != NULL;
}

/* Where a log-in leads from here: not to where only forms are sent, which would fail again. */
static struct str way_back(const struct request *r, const struct response *rsp)
{
	return r->method == METHOD_GET && rsp->err != ERR_METHOD ? pages_own_address(r) : STR("/");
}

void pages_fail(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	const struct error_info *face = http_error_info(rsp->err);
	int status = response_error_status(rsp);
	/* A page that needs an account leads to log-in and back. */
	if (rsp->err == ERR_UNAUTHENTICATED && r->route && r->method == METHOD_GET &&
		r->route->who == WHO_SIGNED_IN) {
		response_redirect(rsp, str_of(pages_local_href(r->arena, "/login",
					       pages_safe_return_to(pages_own_address(r)))));
		return;
	}
	if (pages_resend(p, r, rsp) == ERR_OK)
		return;
	struct page pg = { .title = face->title, .return_to = way_back(r, rsp) };
	struct template_data *root = pages_frame_data(p, r, &pg);
	if (is_secret(r))
		pages_secret(rsp);
	else
		pages_private(rsp);
	fail_data(root, r, rsp, face, status);
	latest_data(root, p, r, rsp);
	if (pages_render(p, r, rsp, status, "error.html", root) != ERR_OK)
		fail_plain(rsp, face);
	rsp->status = status;
}
