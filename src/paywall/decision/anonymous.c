/* Who is answered like anybody: decided from memory, on the event loop. What is not known for sure
 * is no stranger, and is answered by way of the database. */
#include "postern/crawler.h"
#include "postern/decision.h"
#include "postern/institution.h"

/* In the name of any program that may not be a reader's. A browser that has one of them only goes
 * the longer way. */
static const char *const not_readers[] = { "bot", "crawl", "spider", "slurp", "scrap", "fetch",
	"gpt", "claude", "anthropic", "perplexity", "cohere", "google", "external", "://", "@" };

/* How they begin, so that each byte of each request is looked at once. */
static const bool begins[256] = { ['b'] = true,
	['c'] = true,
	['s'] = true,
	['f'] = true,
	['g'] = true,
	['a'] = true,
	['p'] = true,
	['e'] = true,
	[':'] = true,
	['@'] = true };

static bool begins_with_one(struct str s)
{
	for (size_t i = 0; i < COUNT(not_readers); i++) {
		struct str part = str_of(not_readers[i]);
		if (part.n <= s.n && str_eq_nocase((struct str){ s.p, part.n }, part))
			return true;
	}
	return false;
}

bool crawler_agent_is_reader(struct str agent)
{
	for (size_t i = 0; i < agent.n; i++) {
		char c = agent.p[i];
		unsigned char low = (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if (begins[low] && begins_with_one((struct str){ agent.p + i, agent.n - i }))
			return false;
	}
	return true;
}

/* By the address alone. */
static bool in_institution(const struct paywall_policy *policy, struct ip client, int64_t now_s)
{
	const struct institution *hits[INSTITUTION_HITS_MAX];

	return institutions_of(policy->institutions, client, STR(""), now_s, hits) > 0;
}

bool decision_is_anonymous(const struct paywall *w, const struct access_request *v)
{
	if ((v->account_id && *v->account_id) || v->gifts.n > 0 ||
		!crawler_agent_is_reader(v->user_agent))
		return false;
	const struct paywall_policy *policy = policy_cached(w->policies);
	bool stranger = policy && !in_institution(policy, decision_client(v), v->now_s) &&
			!crawler_ai(policy->crawlers, v->user_agent, v->client) &&
			!crawler_claimed(policy->crawlers, v->user_agent, NULL);
	policy_release(w->policies, policy);
	return stranger;
}

bool institution_has_client(const struct paywall *w, struct ip client, int64_t now_s)
{
	const struct paywall_policy *policy = policy_cached(w->policies);
	const bool hit = policy && in_institution(policy, client, now_s);

	policy_release(w->policies, policy);
	return hit;
}

bool decision_is_plain_reader(const struct paywall_policy *policy, const struct access_request *v)
{
	return v->account_id && *v->account_id && !institutions_by_mail(policy->institutions) &&
	       !in_institution(policy, decision_client(v), v->now_s);
}
