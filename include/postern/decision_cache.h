/* decision_cache: what decisions stand on, cached (paywall.decision_cache), so that the event loop
 * can make them without a look at the database. Facts are kept, never decisions: each is made anew,
 * with the time of its request. Any thread. */
#ifndef POSTERN_DECISION_CACHE_H
#define POSTERN_DECISION_CACHE_H

#include "postern/cache.h"
#include "postern/decision.h"
#include "postern/entitlement.h"

/* To keep what is not known yet: inside a read that began behind cache_begin. What does not fit is
 * not kept, which is no error. */
enum err MUST_USE decision_cache_put_reader(const struct paywall *w, const struct cache_load *load,
	struct db_conn *c, const char *account_id, struct arena *a);
enum err MUST_USE decision_cache_put_policy(
	const struct paywall *w, const struct cache_load *load, struct db_conn *c);

/* The entitlements of an account; to be released. NULL: not known. */
struct cache_item *decision_cache_reader(const struct paywall *w, const char *account_id);
/* What of them concerns an article, as entitlement_for_article has it; in `space`. */
struct paywall_reader decision_cache_reader_for(const struct cache_item *reader,
	const char *article_id, struct entitlement space[static ENTITLEMENTS_MAX]);
/* The policy in force, proven as the cache proves what it keeps; to be given back
 * (policy_release). policy_cached alone may be one that has been changed since. NULL: not known.
 */
const struct paywall_policy *decision_cache_policy(const struct paywall *w);

#endif
