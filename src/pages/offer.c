/* The page with all plans that are on sale. For anonymous readers it is one page, kept in memory;
 * who is signed in is told what he has already. */
#include "internal.h"

#include "postern/entitlement.h"

#include <string.h>

/* One read for the page. */
struct selling {
	struct response *rsp;
	struct access_request req;
	struct frame frame;
	struct policy_plan_offers offers;
	struct entitlements own;
	const struct paywall_policy *policy; /* for as long as the snapshot */
	bool *held;                          /* for each of the offers */
	const char *subscription;            /* title of one in force; NULL: none */
};

/* The plans that this reader has, in force, and the title of one that is a subscription. */
static enum err own_load(struct access_snapshot *s, struct selling *g)
{
	g->held = arena_alloc(s->a, (g->offers.count + 1) * sizeof *g->held);
	if (!g->held)
		return ERR_NOMEM;
	memset(g->held, 0, (g->offers.count + 1) * sizeof *g->held);
	g->own.n = 0;
	g->subscription = NULL;
	if (!decision_is_signed_in(&g->req))
		return ERR_OK;
	enum err e = entitlement_list(s->c, g->req.account_id, s->a, &g->own);
	for (size_t i = 0; !e && i < g->own.n; i++) {
		const struct entitlement *own = &g->own.v[i];
		const struct plan *plan = paywall_plan_find(s->policy, own->plan);
		if (*own->article_id || !plan ||
			!paywall_entitlement_open(s->policy, own, s->now_s))
			continue;
		if (plan->kind == PLAN_SUBSCRIPTION && !g->subscription)
			g->subscription = policy_plan_title(s->policy, own->plan, s->a);
		for (size_t k = 0; k < g->offers.count; k++)
			g->held[k] |= strcmp(g->offers.list[k].name, own->plan) == 0;
	}
	return e;
}

static enum err selling_read(struct access_snapshot *s, void *arg)
{
	struct selling *g = arg;
	enum err e = policy_plan_all_offers(s->policy, s->a, &g->offers);
	if (!e && g->offers.count == 0)
		return ERR_NOT_FOUND;
	if (!e)
		e = own_load(s, g);
	if (!e)
		e = pages_frame_load(s, &g->req, &g->frame);
	return e ? e : access_share_list(s, &g->req, g->rsp);
}

enum err pages_subscribe(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct selling g = { .rsp = rsp, .req = access_request_from_http(r) };
	enum err e = access_read(p->wall, r, selling_read, &g);
	if (e == ERR_NOT_FOUND)
		rsp->detail = "No subscription is on sale at the moment.";
	if (e)
		return e;
	/* who has one is not led here again */
	g.frame.sold = !g.subscription;
	struct page pg = { .title = "Subscribe",
		.description = arena_fmt(r->arena,
			"Subscriptions to %s: what they cost and what they include.",
			p->set.site_name),
		.canonical = "/subscribe",
		.frame = g.frame };
	struct template_data *root = pages_frame_data(p, r, &pg);
	access_offers_data(root, &g.offers, !g.subscription, g.held);
	template_z(root, "subscription", g.subscription);
	return pages_render(p, r, rsp, 200, "subscribe.html", root);
}
