/* What the wall offers: the plans that would open this very article, and whom to ask. */
#include "internal.h"

static void plan_view(struct view *list, const struct plan *plan)
{
	struct view *v = view_append(list);

	view_z(v, "plan", plan->name);
	view_z(v, "title", plan->title);
	view_z(v, "price", *plan->price ? plan->price : NULL);
	view_z(v, "href", plan->href);
	view_bool(v, "subscription", plan->kind == PLAN_SUBSCRIPTION);
	view_bool(v, "day_pass", plan->kind == PLAN_DAY_PASS);
	view_bool(v, "one_article", plan->kind == PLAN_ARTICLE);
}

void offers_view(struct view *wall, const struct pages *p, const struct article_reading *rd)
{
	const struct policy_plan_offers *o = &rd->offers;
	struct view *list = view_list(wall, "plans");
	const char *subscribe = NULL;

	for (size_t i = 0; i < o->count; i++) {
		plan_view(list, &o->list[i]);
		if (!subscribe && o->list[i].kind == PLAN_SUBSCRIPTION)
			subscribe = o->list[i].href;
	}
	view_bool(wall, "has_plans", o->count > 0);
	view_z(wall, "subscribe_href", subscribe);
	view_bool(wall, "ask_gift",
		p->wall->gifts.per_month > 0 && rd->decision.offer & OFFER_SUBSCRIBE);
}
