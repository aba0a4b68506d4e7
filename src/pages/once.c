/* What is carried to the next page in a cookie of a few minutes: the sentence that says what was
 * done, and what was typed into a form that could not be taken.
 *
 * A page with `?done=logout` in its address says so only to the browser that has just done it and
 * was given the cookie; from anybody else's link it is the plain page. The name stays in the
 * address, since no cookie may have a say in a page that is kept for all. */
#include "internal.h"

#include <string.h>

static const char done_cookie[] = "postern-done", typed_cookie[] = "postern-typed";
/* Seconds. DONE: a redirect takes no longer. TYPED: to log in, or to find the password first. */
enum { DONE_AGE_S = 60, TYPED_AGE_S = 900 };

static const struct {
	const char *name, *sentence;
} done[] = {
	{ "logout", "You are logged out." },
	{ "reset", "Your new password is set, and all your devices were logged out. Log in with "
		   "the new password." },
	{ "verified", "Your address is confirmed, and you are logged in." },
	{ "password", "Your password is changed, and your other devices were logged out." },
	{ "seat", "The seat is yours. You can now read what your group can read." },
	{ "session", "That device was logged out." },
	{ "sessions", "All other devices were logged out." },
	{ "revoked", "The gift is taken back. Its link no longer works." },
	{ "invited", "The invitation has been sent." },
	{ "removed", "The seat is available again." },
};

void pages_done_redirect(
	struct request *r, struct response *rsp, const char *href, const char *what)
{
	const struct cookie c = {
		.name = done_cookie, .value = str_of(what), .max_age_s = DONE_AGE_S
	};
	response_cookie(r, rsp, &c);
	response_redirect(rsp, str_of(arena_fmt(r->arena, "%s%cdone=%s", href,
				       strchr(href, '?') ? '&' : '?', what)));
}

const char *pages_done_notice(struct request *r, struct response *rsp)
{
	const struct str what = fields_get(&r->query, "done");
	if (what.n == 0)
		return NULL;
	rsp->shared.on = false; /* the cookie has a say */
	if (!str_eq(what, request_cookie(r, done_cookie)))
		return NULL;
	pages_cookie_forget(r, rsp, done_cookie);
	for (size_t i = 0; i < COUNT(done); i++) {
		if (str_eq(what, str_of(done[i].name)))
			return done[i].sentence;
	}
	return NULL;
}

/* ---- what was typed ---- */

/* Never a password; bytes that each may have, so that the cookie fits. */
static const struct {
	const char *name;
	size_t bytes_max;
} kept[] = { { "email", EMAIL_SIZE }, { "name", NAME_SIZE }, { "remember", 1 } };

bool pages_typed_keep(struct request *r, struct response *rsp, struct str page, int64_t wait_s)
{
	bool any = false;
	BUF_AUTO b = BUF(4096);
	buf_puts(&b, "page=");
	url_encode(&b, page);
	for (size_t i = 0; i < COUNT(kept); i++) {
		const struct str typed = fields_get(&r->form, kept[i].name);
		if (typed.n == 0 || typed.n > kept[i].bytes_max)
			continue;
		buf_fmt(&b, "&%s=", kept[i].name);
		url_encode(&b, typed);
		any = true;
	}
	const struct cookie c = { .name = typed_cookie,
		.value = arena_buf(r->arena, &b),
		.max_age_s = TYPED_AGE_S + wait_s };
	if (any && c.value.p)
		response_cookie(r, rsp, &c);
	return any && c.value.p;
}

static struct fields typed_fields(const struct request *r)
{
	struct fields typed = { .n = 0 };
	if (form_parse(request_cookie(r, typed_cookie), r->arena, &typed) != ERR_OK)
		typed.n = 0;
	return typed;
}

void pages_typed_load(const struct request *r, struct form_state *f)
{
	const struct fields typed = typed_fields(r);
	if (!str_eq(fields_get(&typed, "page"), r->path))
		return;
	f->email = fields_get(&typed, "email");
	f->name = fields_get(&typed, "name");
	f->remember = fields_get(&typed, "remember").n > 0;
}

void pages_typed_forget(struct request *r, struct response *rsp, const char *page)
{
	const struct fields typed = typed_fields(r);
	if (typed.n > 0 && (!page || str_eq(fields_get(&typed, "page"), str_of(page))))
		pages_cookie_forget(r, rsp, typed_cookie);
}
