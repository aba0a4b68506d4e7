/* What is sold, as data of a template: pages and gate show the same panel of offers. */
#include "internal.h"

#include "postern/template.h"

/* The plan whose button stands out: at most one is recommended, and it may not be among these. */
static size_t leading(const struct policy_plan_offers *o)
{
	for (size_t i = 0; i < o->count; i++) {
		if (o->list[i].recommended)
			return i;
	}
	return 0;
}

static void benefits_data(struct template_data *v, const struct plan *plan)
{
	struct template_data *list = template_list(v, "benefits");
	struct str rest = str_of(plan->benefits);
	template_bool(v, "has_benefits", rest.n > 0);
	while (rest.n > 0)
		template_text(template_append(list), "benefit", str_cut(&rest, '\n'));
}

static void plan_data(struct template_data *v, const struct plan *plan)
{
	template_z(v, "plan", plan->name);
	template_z(v, "title", plan->title);
	template_z(v, "price", plan->price);
	template_z(v, "description", plan->description);
	template_z(v, "trial", plan->trial);
	template_z(v, "cancel", plan->cancel);
	template_bool(v, "terms", *plan->trial || *plan->cancel);
	template_z(v, "href", plan->href);
	template_bool(v, "subscription", plan->kind == PLAN_SUBSCRIPTION);
	template_bool(v, "day_pass", plan->kind == PLAN_DAY_PASS);
	template_bool(v, "one_article", plan->kind == PLAN_ARTICLE);
	template_bool(v, "recommended", plan->recommended);
	benefits_data(v, plan);
}

void access_offers_data(
	struct template_data *v, const struct policy_plan_offers *o, bool fill, const bool *held)
{
	struct template_data *list = template_list(v, "plans");
	const size_t lead = leading(o);
	template_bool(v, "has_plans", o->count > 0);
	template_bool(v, "one_plan", o->count == 1);
	for (size_t i = 0; i < o->count; i++) {
		struct template_data *one = template_append(list);
		plan_data(one, &o->list[i]);
		template_bool(one, "filled", fill && i == lead);
		template_bool(one, "held", held && held[i]);
	}
}
