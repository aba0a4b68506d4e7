/* decision_cache: what decisions stand on, cached (paywall.decision_cache), so that the event loop
 * can make them without a look at the database. Facts are kept, never decisions: each is made anew,
 * with the time of its request. Any thread. */
#ifndef POSTERN_DECISION_CACHE_H
#define POSTERN_DECISION_CACHE_H

#include "postern/cache.h"
#include "postern/decision.h"
#include "postern/entitlement.h"

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

#endif
