/* Pages of a signed-in reader: overview with entitlements, change of password, list of sessions
 * and ending them. */
#include "internal.h"

#include "postern/entitlement.h"
#include "postern/seat.h"

#include <stdlib.h>
#include <string.h>

/* ---- overview ---- */

/* What the policy says of an entitlement. */
struct standing {
	const struct plan *plan; /* NULL: nobody has described it */
	bool open;               /* it lets its reader in now */
};
/* One read for the account page, in the request's arena. */
struct overview {
	const char *account_id;
	struct arena *a;
	int64_t now_s;
	struct entitlements list;
	struct standing *standing; /* of each */
	struct seat_group group;
	struct frame frame;
	bool has_group;
};

static enum err plans_keep(struct access_snapshot *s, struct overview *o)
{
	const size_t n = o->list.n;
	o->standing = arena_alloc(s->a, (n + 1) * sizeof *o->standing);
	if (!o->standing)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct entitlement *own = &o->list.v[i];
		o->standing[i].open = paywall_entitlement_open(s->policy, own, s->now_s);
		enum err e = policy_plan_copy(s->policy, own->plan, s->a, &o->standing[i].plan);
		if (e)
			return e;
	}
	return ERR_OK;
}

static enum err overview_read(struct access_snapshot *s, void *arg)
{
	struct overview *o = arg;
	const struct seat_owner owner = { o->account_id, o->now_s };
	enum err e = entitlement_list(s->c, o->account_id, o->a, &o->list);
	if (!e)
		e = plans_keep(s, o);
	if (e)
		return e;
	o->frame.loaded = true;
	o->frame.sold = paywall_anything_sold(s->policy);
	e = entitlement_seats_load(s->c, &owner, o->a, &o->group);
	o->has_group = !e;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Where a right comes from, in words for its reader; other sources are words of the newsroom. */
static const char *source_text(const char *source)
{
	if (strcmp(source, "comp") == 0)
		return "complimentary";
	return strcmp(source, "gift") == 0 ? "a gift" : NULL;
}

/* What is worth saying of one that lets its reader in. */
static const char *open_text(enum entitlement_status s)
{
	static const char *const texts[] = { [STATUS_TRIALING] = "on trial",
		[STATUS_PAST_DUE] = "the last payment failed",
		[STATUS_PAUSED] = "paused",
		[STATUS_CANCELED] = "will not be renewed",
		[STATUS_UNPAID] = "unpaid" };
	return (size_t)s < COUNT(texts) ? texts[s] : NULL;
}

/* A subscription that was renewed is told once, and one that ended only while no other is there. */
static bool is_told_already(const struct overview *o, size_t i)
{
	const struct entitlement *e = &o->list.v[i];
	for (size_t k = 0; k < o->list.n; k++) {
		const struct entitlement *f = &o->list.v[k];
		if (k != i && strcmp(e->plan, f->plan) == 0 && !*f->article_id &&
			(o->standing[k].open || k < i))
			return true;
	}
	return false;
}

static void open_data(struct template_data *v, const struct overview *o, size_t i)
{
	const struct entitlement *e = &o->list.v[i];
	/* past its end it lets its reader in for its days of grace */
	const bool grace = e->ends_at && e->ends_at <= o->now_s;
	const int64_t end = grace ? e->ends_at + e->grace_s : e->ends_at;
	const struct shown_time until = { o->a, end, o->now_s };
	const bool due = e->status == STATUS_PAST_DUE;
	pages_template_time(v, "until", until, time_until);
	template_z(v, "source", source_text(e->source));
	template_z(v, "status", open_text(e->status));
	template_bool(v, "by_seat", e->by_seat);
	template_bool(v, "one_article", *e->article_id);
	template_z(v, "href",
		due && o->standing[i].plan && !e->by_seat ? o->standing[i].plan->href : NULL);
	template_z(v, "act", "Pay");
}

/* `entitlements` lets its reader in; `lapsed` does not, and says why. */
static void entitlements_data(struct template_data *root, const struct overview *o)
{
	struct template_data *list = template_list(root, "entitlements"),
			     *lapsed = template_list(root, "lapsed");
	bool has_lapsed = false, subscribes = false;
	for (size_t i = 0; i < o->list.n; i++) {
		const struct entitlement *e = &o->list.v[i];
		const struct plan *plan = o->standing[i].plan;
		const struct shown_entitlement h = {
			.a = o->a, .e = e, .plan = plan, .now_s = o->now_s
		};
		const bool passing = *e->article_id || (plan && plan->kind != PLAN_SUBSCRIPTION);
		if (!o->standing[i].open &&
			(passing || !pages_held_is_news(&h) || is_told_already(o, i)))
			continue;
		struct template_data *v = template_append(o->standing[i].open ? list : lapsed);
		template_z(v, "title", plan ? plan->title : e->plan);
		if (o->standing[i].open)
			open_data(v, o, i);
		else
			(void)pages_held_data(v, &h);
		has_lapsed |= !o->standing[i].open;
		subscribes |= o->standing[i].open && !passing;
	}
	template_bool(root, "has_lapsed", has_lapsed);
	template_bool(root, "subscribes", subscribes);
}

enum err pages_account(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct account acc;
	struct overview o = {
		.account_id = r->caller.account_id, .a = r->arena, .now_s = r->now_s
	};
	enum err e = account_find(p->accounts, str_of(r->caller.account_id), &acc);
	if (!e)
		e = access_read(p->wall, r, overview_read, &o);
	if (e)
		return e;
	struct page pg = {
		.title = "Your account", .notice = pages_done_notice(r, rsp), .frame = o.frame
	};
	struct template_data *root = pages_frame_data(p, r, &pg), *v = template_object(r->arena);
	pages_template_str(v, "name", arena_str(r->arena, str_of(acc.name)));
	template_text(v, "email", arena_str(r->arena, str_of(acc.email)));
	pages_template_time(
		v, "since", (struct shown_time){ r->arena, acc.created_at, r->now_s }, time_date);
	template_child(root, "account", v);
	entitlements_data(root, &o);
	template_bool(root, "has_group", o.has_group);
	crypto_wipe(&acc, sizeof acc);
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "account.html", root);
}

/* ---- password ---- */

static enum err password_page(const struct pages *p, struct request *r, struct response *rsp,
	int status, struct form_state *f)
{
	struct page pg = { .title = f->field_error || f->error ? "Error: Change password"
							       : "Change password",
		.return_to = STR("/account") };
	struct template_data *root = pages_frame_data(p, r, &pg);
	f->password_field = "new_password";
	f->email = str_of(r->caller.email);
	pages_form_data(root, r->arena, p, f);
	pages_private(rsp);
	return pages_render(p, r, rsp, status, "password.html", root);
}

enum err pages_password_form(void *ctx, struct request *r, struct response *rsp)
{
	return password_page(ctx, r, rsp, 200, &(struct form_state){ 0 });
}

enum err pages_password(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct field_error why = { 0 };
	struct form_state f = { .field_error = &why };
	struct password_change ch = { .account_id = r->caller.account_id,
		.session_id = r->caller.session_id,
		.device = request_cookie(r, "postern-device"),
		.current = fields_get(&r->form, "current_password"),
		.chosen = fields_get(&r->form, "new_password") };
	enum err e = account_password_change(p->accounts, &ch, r->now_s, r->arena, &why);
	switch (e) {
	case ERR_OK:
		pages_done_redirect(r, rsp, "/account", "password");
		return ERR_OK;
	case ERR_DENIED:
		why = (struct field_error){ "current_password", "wrong",
			"This is not your current password." };
		return password_page(p, r, rsp, 422, &f);
	case ERR_INVALID:
	case ERR_WEAK_PASSWORD:
		return password_page(p, r, rsp, 422, &f);
	case ERR_LIMITED:
		rsp->retry_after_s = ch.retry_after_s;
		rsp->detail = "There were too many failed attempts.";
		return e;
	default:
		return e;
	}
}

/* W3C: a well-known address for password managers. */
enum err pages_change_password(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	(void)r;
	response_redirect(rsp, STR("/account/password"));
	return ERR_OK;
}

/* ---- sessions ---- */

enum err pages_sessions(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct session *list = NULL;
	size_t n = 0;
	enum err e =
		account_sessions(p->accounts, r->caller.account_id, r->now_s, r->arena, &list, &n);
	if (e)
		return e;
	struct page pg = { .title = "Where you are logged in",
		.notice = pages_done_notice(r, rsp) };
	struct template_data *root = pages_frame_data(p, r, &pg),
			     *views = template_list(root, "sessions_list");
	for (size_t i = 0; i < n; i++) {
		struct template_data *v = template_append(views);
		template_z(v, "id", list[i].id);
		template_z(v, "name", list[i].name[0] ? list[i].name : "A browser or app");
		pages_template_time(v, "created",
			(struct shown_time){ r->arena, list[i].created_at, r->now_s }, time_human);
		pages_template_time(v, "last_seen",
			(struct shown_time){ r->arena, list[i].last_seen_at, r->now_s },
			time_human);
		template_bool(v, "current", strcmp(list[i].id, r->caller.session_id) == 0);
	}
	template_bool(root, "has_other_sessions", n > 1);
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "sessions.html", root);
}

enum err pages_session_end(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct str id = fields_get(&r->form, "session_id");
	enum err e = account_session_end(p->accounts, r->caller.account_id, id);
	/* Ended meanwhile by another hand: what was asked for is so. */
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (str_eq(id, str_of(r->caller.session_id)))
		pages_logged_out(r, rsp);
	else if (e == ERR_NOT_FOUND)
		response_redirect(rsp, STR("/account/sessions"));
	else
		pages_done_redirect(r, rsp, "/account/sessions", "session");
	return ERR_OK;
}

enum err pages_sessions_end_others(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	enum err e = account_sessions_end_others(
		p->accounts, r->caller.account_id, r->caller.session_id, NULL);
	if (!e)
		pages_done_redirect(r, rsp, "/account/sessions", "sessions");
	return e;
}
