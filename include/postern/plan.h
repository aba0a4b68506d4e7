/* plan: what is sold. An entitlement names a plan; the plan says what it covers, and the wall where
 * it is to be had. */
#ifndef POSTERN_PLAN_H
#define POSTERN_PLAN_H

#include "postern/decision.h"

enum { PLAN_WHY_SIZE = 256 };
/* ERR_INVALID with a sentence in `why`: name, title, price or address not of the right form. */
enum err MUST_USE policy_plan_check(const struct plan *p, char why[static PLAN_WHY_SIZE]);
/* "city, culture": slugs between commas, to the form of plan.sections; "" is all. ERR_INVALID: one
 * is no slug, or stands there twice; ERR_TOO_LARGE. */
enum err MUST_USE policy_plan_sections_parse(struct str s, char out[static PLAN_SECTIONS_SIZE]);
/* "Every story|The paper on Saturday": benefits between bars or newlines, to the form of
 * plan.benefits. ERR_INVALID: one is empty or no line; ERR_TOO_LARGE: one is too long, or they are
 * too many. */
enum err MUST_USE policy_plan_benefits_parse(struct str s, char out[static BENEFITS_SIZE]);
/* New, or in the place of the one of that name; where it is recommended, no other is any more.
 * ERR_TOO_LARGE: there are PLANS_MAX. */
enum err MUST_USE policy_plan_set(struct db *db, const struct plan *p, int64_t now_s);
/* ERR_NOT_FOUND. ERR_CONFLICT unless `even_held`: entitlements and institutions have the plan, and
 * would open nothing without it. */
struct plan_removal {
	struct str name;
	bool even_held;
	int64_t now_s;
	int64_t holders, institutions; /* out */
};
enum err MUST_USE policy_plan_remove(struct db *db, struct plan_removal *r);
/* What is sold and would open the article: plans with an address that cover it and are of a kind
 * that the decision offers, copied into the arena, in their order. */
struct policy_plan_offers {
	struct plan *list;
	size_t count;
};
enum err MUST_USE policy_plan_offers(const struct paywall_policy *policy,
	const struct paywall_article *art, unsigned offer, struct arena *a,
	struct policy_plan_offers *out);
/* All that are sold, whatever they cover. */
enum err MUST_USE policy_plan_all_offers(
	const struct paywall_policy *policy, struct arena *a, struct policy_plan_offers *out);
/* The plan in the arena, since the policy may not outlive the read; NULL in `*out` where nobody has
 * described it. */
enum err MUST_USE policy_plan_copy(const struct paywall_policy *policy, const char *name,
	struct arena *a, const struct plan **out);
/* What readers know the plan by: its title, copied into the arena; `name` where nobody has
 * described it. Empty without memory. */
const char *policy_plan_title(
	const struct paywall_policy *policy, const char *name, struct arena *a);

#endif
