/* The wall: why the rest of an article is withheld from this very reader, what it takes to read on,
 * and which one button stands out. Also what is said to the reader of a gift. */
#include "internal.h"

#include "postern/entitlement.h"
#include "postern/gift.h"

/* ---- what the account has, and why it opens nothing ---- */

/* Its words in the template; the order is that of `held_words`. */
enum held_state { HELD_ENDED, HELD_UNPAID, HELD_PAUSED, HELD_FUTURE, HELD_OTHER, HELD_CLOSED };
static const struct {
	const char *key; /* of wall.held */
	const char *act; /* what its button says; NULL: none */
} held_words[] = {
	[HELD_ENDED] = { "ended", "Renew" },
	[HELD_UNPAID] = { "unpaid", "Pay" },
	[HELD_PAUSED] = { "paused", "Resume" },
	[HELD_FUTURE] = { "future", NULL },
	[HELD_OTHER] = { "other", NULL },
	[HELD_CLOSED] = { "closed", NULL },
};

static bool is_over(const struct entitlement *e, int64_t now_s)
{
	return e->revoked_at || (e->ends_at && e->ends_at + e->grace_s <= now_s);
}

static bool is_unpaid(const struct entitlement *e)
{
	return e->status == STATUS_PAST_DUE || e->status == STATUS_UNPAID;
}

/* A payment that failed is told before the end that followed from it; what the newsroom revoked is
 * over, whatever was paid. */
static enum held_state state_of(const struct entitlement *e, int64_t now_s)
{
	if (!e->revoked_at && is_unpaid(e))
		return HELD_UNPAID;
	if (is_over(e, now_s))
		return HELD_ENDED;
	if (e->starts_at > now_s)
		return HELD_FUTURE;
	return e->status == STATUS_PAUSED ? HELD_PAUSED : HELD_CLOSED;
}

/* The day that it ended on, or will end on; 0: it has no end. */
static int64_t end_of(const struct entitlement *e)
{
	return e->revoked_at && (!e->ends_at || e->revoked_at < e->ends_at) ? e->revoked_at
									    : e->ends_at;
}

/* Where its reader does something about it: the page that sells the plan. What has ended is sold
 * there again only while it is on sale. */
static const char *act_href(enum held_state s, const struct entitlement *e, const struct plan *plan)
{
	if (!plan || e->by_seat || !held_words[s].act || !*plan->href)
		return NULL;
	return s == HELD_ENDED && !plan->on_sale ? NULL : plan->href;
}

static bool is_day_pass(const struct plan *plan)
{
	return plan && plan->kind == PLAN_DAY_PASS;
}

static const char *act_words(enum held_state s, const struct plan *plan)
{
	return s == HELD_ENDED && is_day_pass(plan) ? "Buy again" : held_words[s].act;
}

/* Nobody can sell a way out: the newsroom is the one to ask, of a group its owner. */
static bool must_write(enum held_state s, const struct entitlement *e, const char *href)
{
	return !href && !e->by_seat && (s == HELD_UNPAID || s == HELD_PAUSED || s == HELD_CLOSED);
}

static bool held_data(struct template_data *v, const struct shown_entitlement *h, enum held_state s)
{
	const struct entitlement *e = h->e;
	const struct shown_time until = { h->a, end_of(e), h->now_s },
				from = { h->a, e->starts_at, h->now_s };
	const char *href = act_href(s, e, h->plan);
	for (size_t i = 0; i < COUNT(held_words); i++)
		template_bool(v, held_words[i].key, i == s);
	template_z(v, "title", h->plan ? h->plan->title : e->plan);
	template_bool(v, "over", is_over(e, h->now_s));
	template_bool(v, "by_seat", e->by_seat);
	pages_template_time(v, "until", until, time_until);
	pages_template_time(v, "from", from, time_date);
	template_z(v, "href", href);
	template_z(v, "act", href ? act_words(s, h->plan) : NULL);
	template_bool(v, "write", must_write(s, e, href));
	template_bool(v, "day_pass", is_day_pass(h->plan));
	template_z(v, "plan", e->plan);
	return href;
}

bool pages_held_data(struct template_data *v, const struct shown_entitlement *h)
{
	return held_data(v, h, state_of(h->e, h->now_s));
}

/* What ended long ago is no reason any more, a day pass sooner than a subscription. */
enum { ENDED_SHOWN_S = 366 * 86400, PASS_SHOWN_S = 7 * 86400 };

bool pages_held_is_news(const struct shown_entitlement *h)
{
	const int64_t end = end_of(h->e);
	const int64_t shown_s = is_day_pass(h->plan) ? PASS_SHOWN_S : ENDED_SHOWN_S;
	return !is_over(h->e, h->now_s) || end > h->now_s - shown_s;
}

/* What the account has and opens nothing. True: its button stands out. */
static bool wall_held_data(
	struct template_data *wall, const struct request *r, const struct article_reading *rd)
{
	const struct decision *d = &rd->decision;
	const struct shown_entitlement h = {
		.a = r->arena, .e = d->by, .plan = rd->held, .now_s = r->now_s
	};
	const bool told = d->by && pages_held_is_news(&h);
	struct template_data *v = told ? template_object(r->arena) : NULL;
	bool acts = false;
	if (told && d->entitlement == REASON_OTHER_PLAN)
		acts = held_data(v, &h, HELD_OTHER);
	else if (told)
		acts = pages_held_data(v, &h);
	template_child(wall, "held", v);
	return acts;
}

/* ---- the wall ---- */

/* Who is to renew or pay is not offered the very same plan a second time. */
static struct policy_plan_offers offers_without(
	const struct article_reading *rd, bool acts, struct arena *a)
{
	struct policy_plan_offers out = { .list = NULL };
	if (!acts || !rd->held)
		return rd->offers;
	out.list = arena_alloc(a, (rd->offers.count + 1) * sizeof *out.list);
	for (size_t i = 0; out.list && i < rd->offers.count; i++) {
		if (!str_eq(str_of(rd->offers.list[i].name), str_of(rd->held->name)))
			out.list[out.count++] = rd->offers.list[i];
	}
	return out;
}

/* Of all that the wall proposes one button is filled: what is to be done about a subscription that
 * there is, else a plan, else the account that is free, else to log in. */
static void buttons_data(struct template_data *v, const struct request *r,
	const struct article_reading *rd, bool acts)
{
	const bool signed_in = r->caller.signed_in;
	const bool left = !acts && rd->offers.count == 0;
	const bool can_register = rd->decision.offer & OFFER_REGISTER;
	const struct policy_plan_offers others = offers_without(rd, acts, r->arena);
	access_offers_data(v, &others, !acts, NULL);
	template_bool(v, "act_register", left && !signed_in && can_register);
	template_bool(v, "act_login", left && !signed_in && !can_register);
	template_bool(v, "act_account", left && signed_in);
}

static const char *first_subscription(const struct policy_plan_offers *o)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->list[i].kind == PLAN_SUBSCRIPTION)
			return o->list[i].href;
	}
	return NULL;
}

void pages_wall_data(struct template_data *root, const struct request *r, const struct pages *p,
	const struct article_reading *rd)
{
	const struct decision *d = &rd->decision;
	struct template_data *v = NULL;
	if (d->grant != GRANT_FULL) {
		v = template_object(r->arena);
		template_bool(v, "needs_login", d->reason == REASON_LOGIN_REQUIRED);
		template_bool(v, "needs_subscription", d->reason != REASON_LOGIN_REQUIRED);
		template_bool(v, "signed_in", r->caller.signed_in);
		template_bool(v, "offer_registered", d->offer & OFFER_REGISTER);
		template_bool(v, "offer_subscriber", d->offer & OFFER_SUBSCRIBE);
		template_z(v, "subscribe_href", first_subscription(&rd->offers));
		template_bool(
			v, "ask_gift", p->wall->gifts.per_month > 0 && d->offer & OFFER_SUBSCRIBE);
		pages_meter_wall_data(v, r->arena, d);
		buttons_data(v, r, rd, wall_held_data(v, r, rd));
	}
	template_child(root, "wall", v);
}

/* ---- a gift ---- */

void pages_giver_data(struct template_data *v, const struct pages *p, const char *name, bool staff)
{
	template_z(v, "giver", staff ? p->set.site_name : name);
	template_bool(v, "by_staff", staff);
}

/* Who reads by a gift is told who gave it, and after it what is sold. */
void pages_given_data(struct template_data *root, struct arena *a, const struct pages *p,
	const struct article_reading *rd)
{
	const struct gift_giver *giver = rd->decision.giver;
	struct template_data *v = NULL;
	if (giver) {
		v = template_object(a);
		pages_giver_data(v, p, giver->name, giver->staff);
		access_offers_data(v, &rd->offers, true, NULL);
	}
	template_child(root, "given", v);
}
