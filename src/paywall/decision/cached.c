/* Decides from memory, on the event loop: for the variants of articles and for the gate. What hangs
 * on more than the policy, the article, an account's entitlements or an anonymous reader's cookie
 * (an account's meter, a gift, an institution, a crawler) is decided with the database. */
#include "postern/decision_cache.h"

bool decision_cached_begin(const struct paywall *w, struct decision_cached *c)
{
	c->w = w;
	c->account = NULL;
	c->policy = decision_cache_policy(w);
	return c->policy;
}

void decision_cached_end(struct decision_cached *c)
{
	cache_release(c->account);
	policy_release(c->w->policies, c->policy);
}

static bool reader_cached(const struct decision_query *q, struct decision_cached *c)
{
	c->reader = (struct paywall_reader){ 0 };
	if (!decision_is_signed_in(q->v))
		return decision_is_anonymous_by(c->policy, q->v);
	if (!decision_is_plain_reader(c->policy, q->v))
		return false;
	c->account = decision_cache_reader(c->w, q->v->account_id);
	if (!c->account)
		return false;
	c->reader = decision_cache_reader_for(c->account, q->art->id, c->space);
	return true;
}

bool decision_inputs_cached(const struct decision_query *q, struct decision_cached *c)
{
	if (!reader_cached(q, c))
		return false;
	c->k = (struct decision_inputs){ .article = q->art,
		.policy = c->policy,
		.reader = &c->reader,
		.now = paywall_moment(q->v->now_s) };
	c->m.charged = false;
	c->m.cookie_update = (struct meter_cookie_update){ .move = METER_COOKIE_KEEP };
	if (paywall_decide_unmetered(&c->k, &c->m.d))
		return true;
	return !c->reader.signed_in && q->v->whole_get && meter_decide_cached(q, &c->k, &c->m);
}
