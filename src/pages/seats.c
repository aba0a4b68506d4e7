/* Pages of a group subscription: the owner's list of members, and the page that an invited reader
 * opens. */
#include "internal.h"

#include "postern/seat.h"

/* Seconds for which the browser keeps the token of an invitation while its reader logs in or
 * registers. */
enum { INVITATION_COOKIE_S = 86400 };
static const char cookie_name[] = "postern-seat", accept_path[] = "/group/accept";

/* ---- the owner ---- */

static void members_data(
	struct template_data *root, const struct request *r, const struct seat_group *g)
{
	struct template_data *list = template_list(root, "members");
	for (size_t i = 0; i < g->count; i++) {
		const struct seat *s = &g->list[i];
		struct template_data *v = template_append(list);
		template_z(v, "id", s->id);
		template_z(v, "email", s->email);
		pages_template_time(v, "since",
			(struct shown_time){ r->arena, s->accepted_at, r->now_s }, time_date);
		pages_template_time(v, "until",
			(struct shown_time){ r->arena, s->expires_at, r->now_s }, time_until);
		template_bool(v, "lapsed", !s->accepted_at && s->expires_at <= r->now_s);
	}
}

/* What readers know a plan by. */
struct titling {
	const char *plan, *title;
};

static enum err title_read(struct access_snapshot *s, void *arg)
{
	struct titling *t = arg;
	t->title = policy_plan_title(s->policy, t->plan, s->a);
	return *t->title ? ERR_OK : ERR_NOMEM;
}

static enum err plan_title(
	const struct pages *p, const struct request *r, const char *plan, const char **out)
{
	struct titling t = { .plan = plan };
	enum err e = access_read(p->wall, r, title_read, &t);
	*out = t.title;
	return e;
}

static enum err group_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, struct form_state *f)
{
	struct page pg = { .title = f->field_error || f->error ? "Error: Your group" : "Your group",
		.notice = pages_done_notice(r, rsp) };
	const struct seat_owner owner = { r->caller.account_id, r->now_s };
	struct seat_group group;
	const char *title = NULL;
	enum err e = entitlement_seats_read(p->accounts->db, &owner, r->arena, &group);
	if (!e)
		e = plan_title(p, r, group.plan, &title);
	if (e)
		return e;
	struct template_data *root = pages_frame_data(p, r, &pg), *v = template_object(r->arena);
	int64_t left = group.seats - (int64_t)group.count;
	template_z(v, "plan", title);
	pages_template_time(
		v, "until", (struct shown_time){ r->arena, group.ends_at, r->now_s }, time_until);
	template_int(v, "seats", group.seats);
	template_int(v, "free", left > 0 ? left : 0);
	template_bool(v, "one_free", left == 1);
	template_child(root, "group", v);
	members_data(root, r, &group);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "group.html", root);
}

enum err pages_group(void *ctx, struct request *r, struct response *rsp)
{
	struct form_state f = { .remember = false };
	pages_typed_load(r, &f);
	return group_page(ctx, r, rsp, 200, &f);
}

static const char *invitation_refused(enum err e)
{
	switch (e) {
	case ERR_INVALID:
		return "Enter a complete e-mail address other than your own.";
	case ERR_CONFLICT:
		return "This address already has a seat in your group.";
	case ERR_TOO_LARGE:
		return "All seats are taken. Remove a member first.";
	case ERR_LIMITED:
		return "This address has been sent several invitations in the last hour. Try again "
		       "later.";
	default:
		return NULL;
	}
}

enum err pages_group_invite(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct seat_invitation inv = { .owner_id = r->caller.account_id,
		.owner_email = r->caller.email,
		.email = fields_get(&r->form, "email"),
		.now_s = r->now_s };
	enum err e = entitlement_seat_invite(p->wall, &inv);
	struct field_error why = { "email", "refused", invitation_refused(e) };
	struct form_state f = { .email = inv.email, .field_error = &why };
	if (why.detail)
		return group_page(p, r, rsp, e == ERR_LIMITED ? 429 : 422, &f);
	if (e)
		return e;
	pages_typed_forget(r, rsp, "/account/group");
	pages_done_redirect(r, rsp, "/account/group", "invited");
	return ERR_OK;
}

enum err pages_group_remove(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	enum err e = entitlement_seat_remove(
		p->accounts->db, r->caller.account_id, fields_get(&r->form, "seat_id"));
	/* Removed meanwhile by another hand: what was asked for is so. */
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (e)
		response_redirect(rsp, STR("/account/group"));
	else
		pages_done_redirect(r, rsp, "/account/group", "removed");
	return ERR_OK;
}

/* ---- who was invited ---- */

/* By the mailed link, or by the address that was invited. */
static struct seat_claim claim_of(struct request *r)
{
	struct seat_claim claim = { .token = request_cookie(r, cookie_name),
		.account_id = r->caller.account_id,
		.account_email = r->caller.email,
		.now_s = r->now_s };
	/* A browser that keeps no cookies may send the token itself. */
	if (claim.token.n == 0 && r->method == METHOD_POST)
		claim.token = fields_get(&r->form, "token");
	return claim;
}

/* This page with its own way back, which must be a local path itself: its slashes stay as they are.
 */
static struct str accept_address(const struct request *r)
{
	const struct str back = pages_return_to(r);
	BUF_AUTO b = BUF((size_t)4 * URL_PATH_MAX);
	buf_puts(&b, accept_path);
	if (!str_eq(back, STR("/"))) {
		buf_puts(&b, "?return_to=");
		url_encode_path(&b, back);
	}
	return b.err == ERR_TOO_LARGE ? str_of(accept_path) : arena_buf(r->arena, &b);
}

static const char *none_title(bool missing)
{
	return missing ? "Open the link in the mail" : "This link no longer works";
}

/* `offer` NULL: there is none, because the link does not work or, without one, nothing waits. */
static enum err accept_page(const struct pages *p, struct request *r, struct response *rsp,
	const struct seat_offer *offer)
{
	const bool missing = !offer && claim_of(r).token.n == 0;
	struct page pg = { .title = offer ? "You are invited" : none_title(missing),
		.return_to = accept_address(r) };
	struct template_data *root = pages_frame_data(p, r, &pg), *v = NULL;
	const char *title = NULL;
	enum err e = offer ? plan_title(p, r, offer->plan, &title) : ERR_OK;
	if (e)
		return e;
	if (offer) {
		v = template_object(r->arena);
		template_z(v, "plan", title);
		template_text(v, "by", arena_str(r->arena, str_of(offer->owner_email)));
	}
	template_child(root, "offer", v);
	template_bool(root, "spent", !offer);
	template_bool(root, "missing", missing);
	template_text(root, "accepted_return_to", pages_return_to(r));
	pages_private(rsp);
	return pages_render(p, r, rsp, offer ? 200 : 410, "group_accept.html", root);
}

/* Spends nothing. */
enum err pages_group_accept_form(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct seat_offer offer;
	if (fields_get(&r->query, "token").n > 0) {
		pages_token_to_cookie(r, rsp, cookie_name, accept_path, INVITATION_COOKIE_S);
		return ERR_OK;
	}
	const struct seat_claim claim = claim_of(r);
	enum err e = entitlement_seat_find(p->wall, &claim, &offer);
	if (e && e != ERR_SPENT)
		return e;
	return accept_page(p, r, rsp, e ? NULL : &offer);
}

enum err pages_group_accept(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct seat_claim claim = claim_of(r);
	const struct str back = pages_return_to(r);
	claim.named = pages_link_named(r);
	enum err e = entitlement_seat_accept(p->wall, &claim);
	if (e == ERR_CONFLICT)
		return pages_group_accept_form(ctx, r, rsp);
	if (e == ERR_SPENT)
		return accept_page(p, r, rsp, NULL);
	if (e)
		return e;
	pages_cookie_forget(r, rsp, cookie_name);
	pages_private(rsp);
	if (str_eq(back, STR("/")))
		pages_done_redirect(r, rsp, "/account", "seat");
	else
		response_redirect(rsp, arena_str(r->arena, back));
	return ERR_OK;
}
