/* Decides for anonymous readers from memory, on the event loop. A request that might have a right
 * of its own (session, gift, institution, crawler) is not handled here and goes to the database. */
#include "postern/crawler.h"
#include "postern/decision.h"
#include "postern/institution.h"

bool decision_is_anonymous_by(const struct paywall_policy *policy, const struct access_request *v)
{
	if (decision_is_signed_in(v) || v->gifts.n > 0 || !crawler_agent_is_reader(v->user_agent))
		return false;
	return !institution_covers_address(policy, decision_client(v), v->now_s) &&
	       !crawler_ai(policy->crawlers, v->user_agent, v->client) &&
	       !crawler_claimed(policy->crawlers, v->user_agent, NULL);
}

bool decision_is_anonymous(const struct paywall *w, const struct access_request *v)
{
	const struct paywall_policy *policy = policy_cached(w->policies);
	const bool is_anonymous = policy && decision_is_anonymous_by(policy, v);
	policy_release(w->policies, policy);
	return is_anonymous;
}

bool decision_is_plain_reader(const struct paywall_policy *policy, const struct access_request *v)
{
	return decision_is_signed_in(v) && !institutions_by_mail(policy->institutions) &&
	       !institution_covers_address(policy, decision_client(v), v->now_s);
}
