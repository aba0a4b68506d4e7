/* decision_cache: what decisions stand on, cached (paywall.decision_cache), so that the event loop
 * can make them without a look at the database. Facts are kept, never decisions: each is made anew,
 * with the time of its request. Any thread. */
#ifndef POSTERN_DECISION_CACHE_H
#define POSTERN_DECISION_CACHE_H

#include "postern/cache.h"
#include "postern/decision.h"
#include "postern/entitlement.h"
#include "postern/meter.h"

/* To keep what was read behind cache_begin. What does not fit is not kept. */
/* All entitlements of an account. */
void decision_cache_put_reader(const struct paywall *w, const struct cache_load *load,
	const char *account_id, const struct entitlements *all);
/* That this policy is the one in force. */
void decision_cache_put_policy(const struct paywall *w, const struct cache_load *load,
	const struct paywall_policy *policy);

/* The entitlements of an account; to be released. NULL: not known. */
struct cache_item *decision_cache_reader(const struct paywall *w, const char *account_id);
/* What of them concerns an article, as entitlement_for_article has it; in `space`. */
struct paywall_reader decision_cache_reader_for(const struct cache_item *reader,
	const char *article_id, struct entitlement space[static ENTITLEMENTS_MAX]);
/* The same of what entitlement_list gave, in its place: ENTITLEMENTS_MAX at most. */
struct paywall_reader decision_entitlements_for(struct entitlements *all, const char *article_id);
/* The policy in force, proven as the cache proves what it keeps; to be given back
 * (policy_release). policy_cached alone may be one that has been changed since. NULL: not known.
 */
const struct paywall_policy *decision_cache_policy(const struct paywall *w);

/* ---- deciding from memory ---- */
/* All that a decision from memory stands on, while it is needed. Begin sets policy and account. */
struct decision_cached {
	const struct paywall *w;
	const struct paywall_policy *policy;
	struct cache_item *account;
	struct decision_inputs k;
	struct paywall_reader reader;
	struct entitlement space[ENTITLEMENTS_MAX];
	struct meter_cached_decision m; /* the decision, and what it takes to count it */
};
/* False: the policy in force is not known. To be ended in either case. */
bool decision_cached_begin(const struct paywall *w, struct decision_cached *c);
/* Of a reader who is signed in and of whom nothing but the account has a say, or of an anonymous
 * one (decision_is_anonymous_by), who may stand at a meter if q->v->whole_get. The decision is made
 * by paywall_decide's two steps with the time of the request. False: it hangs on more than memory
 * has; ask the database. Any thread. */
bool decision_inputs_cached(const struct decision_query *q, struct decision_cached *c);
void decision_cached_end(struct decision_cached *c);

#endif
