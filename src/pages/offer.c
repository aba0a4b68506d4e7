/* The wall's offers: the plans that would open this article, and whether to suggest asking a
 * subscriber for a gift link. */
#include "internal.h"

static void plan_data(struct template_data *list, const struct plan *plan)
{
	struct template_data *v = template_append(list);
	template_z(v, "plan", plan->name);
	template_z(v, "title", plan->title);
	template_z(v, "price", *plan->price ? plan->price : NULL);
	template_z(v, "href", plan->href);
	template_bool(v, "subscription", plan->kind == PLAN_SUBSCRIPTION);
	template_bool(v, "day_pass", plan->kind == PLAN_DAY_PASS);
	template_bool(v, "one_article", plan->kind == PLAN_ARTICLE);
}

void pages_offers_data(
	struct template_data *wall, const struct pages *p, const struct article_reading *rd)
{
	const struct policy_plan_offers *o = &rd->offers;
	struct template_data *list = template_list(wall, "plans");
	const char *subscribe = NULL;
	for (size_t i = 0; i < o->count; i++) {
		plan_data(list, &o->list[i]);
		if (!subscribe && o->list[i].kind == PLAN_SUBSCRIPTION)
			subscribe = o->list[i].href;
	}
	template_bool(wall, "has_plans", o->count > 0);
	template_z(wall, "subscribe_href", subscribe);
	template_bool(wall, "ask_gift",
		p->wall->gifts.per_month > 0 && rd->decision.offer & OFFER_SUBSCRIBE);
}
