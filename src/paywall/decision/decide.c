/* paywall_decide: from article, reader, policy and time to a grant and its reason. A pure
 * function (no database, no clock), so tests cover it as a table and every surface gives the same
 * answer. Refusals that no right lifts (embargo, withdrawn, blocked crawler) come before
 * everything that opens. */
#include "postern/paywall.h"
#include "postern/text.h"

struct paywall_moment paywall_moment(int64_t now_s)
{
	return (struct paywall_moment){ .s = now_s, .weekday = time_local_weekday(now_s) };
}

/* ---- level ---- */

bool paywall_list_has(struct str list, struct str name)
{
	while (list.n > 0) {
		struct str one = str_cut(&list, '\n');
		if (name.n > 0 && str_eq_nocase(one, name))
			return true;
	}
	return false;
}

bool paywall_rule_matches(
	const struct paywall_rule *r, const struct paywall_article *a, struct paywall_moment now)
{
	int64_t since = a->embargo_at > a->published_at ? a->embargo_at : a->published_at;
	int64_t age_s = now.s - since;
	if (*r->section && !str_eq(a->section, str_of(r->section)))
		return false;
	if (*r->tag && !paywall_list_has(a->tags, str_of(r->tag)))
		return false;
	if (a->undated && (r->from_s || r->until_s))
		return false;
	if (!a->undated && (age_s < r->from_s || (r->until_s && age_s >= r->until_s)))
		return false;
	return (r->weekdays >> now.weekday) & 1;
}

static const struct paywall_rule *rule_first(const struct paywall_policy *p,
	const struct paywall_article *a, struct paywall_moment now, enum rule_kind kind)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		if (p->rules[i].kind == kind && paywall_rule_matches(&p->rules[i], a, now))
			return &p->rules[i];
	}
	return NULL;
}

enum access paywall_level(const struct paywall_policy *p, const struct paywall_article *a,
	struct paywall_moment now, const struct paywall_rule **rule)
{
	*rule = rule_first(p, a, now, RULE_OVERRIDE);
	if (*rule)
		return (*rule)->access;
	if (a->access != ACCESS_DEFAULT)
		return a->access;
	*rule = rule_first(p, a, now, RULE_DEFAULT);
	return *rule ? (*rule)->access : p->fallback;
}

const struct meter *paywall_meter_of(
	const struct paywall_policy *p, const struct paywall_article *a)
{
	const struct meter *pool = NULL;
	for (size_t i = 0; i < p->meter_count; i++) {
		const struct meter *m = &p->meters[i];
		if (*m->section && str_eq(a->section, str_of(m->section)))
			return m;
		if (!*m->section && !pool)
			pool = m;
	}
	return pool;
}

/* ---- entitlements ---- */

const struct plan *paywall_plan_find(const struct paywall_policy *p, const char *name)
{
	for (size_t i = 0; i < p->plan_count; i++) {
		if (str_eq(str_of(p->plans[i].name), str_of(name)))
			return &p->plans[i];
	}
	return NULL;
}

static bool plan_covers(const struct plan *plan, const struct paywall_article *a)
{
	return !*plan->sections || paywall_list_has(str_of(plan->sections), a->section);
}

bool paywall_plan_sold(const struct plan *plan)
{
	return plan->on_sale && *plan->href;
}

bool paywall_anything_sold(const struct paywall_policy *p)
{
	for (size_t i = 0; i < p->plan_count; i++) {
		if (paywall_plan_sold(&p->plans[i]))
			return true;
	}
	return false;
}

unsigned paywall_plan_offer(const struct plan *plan, const struct paywall_article *a)
{
	static const unsigned flags[] = { [PLAN_SUBSCRIPTION] = OFFER_SUBSCRIBE,
		[PLAN_DAY_PASS] = OFFER_DAY_PASS,
		[PLAN_ARTICLE] = OFFER_ARTICLE };
	return paywall_plan_sold(plan) && plan_covers(plan, a) ? flags[plan->kind] : 0;
}

bool paywall_plan_covers(
	const struct paywall_policy *p, const char *name, const struct paywall_article *a)
{
	const struct plan *plan = name && *name ? paywall_plan_find(p, name) : NULL;
	return !name || !*name || (plan && plan_covers(plan, a));
}

bool paywall_entitlement_covers(const struct paywall_policy *p, const struct entitlement *e,
	const struct paywall_article *a)
{
	const struct plan *plan = paywall_plan_find(p, e->plan);
	if (!plan)
		return false;
	if (*e->article_id)
		return str_eq(str_of(e->article_id), str_of(a->id));
	return plan_covers(plan, a);
}

static bool status_open(const struct paywall_policy *p, const struct entitlement *e)
{
	unsigned open = p->open_statuses;
	for (size_t i = 0; i < p->source_count; i++) {
		if (str_eq(str_of(p->sources[i].source), str_of(e->source)))
			open = p->sources[i].open;
	}
	return (open >> e->status) & 1;
}

bool paywall_entitlement_open(
	const struct paywall_policy *p, const struct entitlement *e, int64_t now_s)
{
	if (e->revoked_at || e->starts_at > now_s)
		return false;
	if (e->ends_at && now_s - e->grace_s >= e->ends_at)
		return false;
	return status_open(p, e);
}

/* Why an entitlement lets nobody in, the more telling the higher. */
static enum reason entitlement_shut(const struct decision_inputs *k, const struct entitlement *e)
{
	if (e->revoked_at)
		return REASON_ENTITLEMENT_ENDED;
	if (e->starts_at > k->now.s)
		return REASON_ENTITLEMENT_FUTURE;
	if (!paywall_entitlement_covers(k->policy, e, k->article))
		return REASON_OTHER_PLAN;
	if (!status_open(k->policy, e))
		return REASON_ENTITLEMENT_CLOSED;
	return REASON_ENTITLEMENT_ENDED;
}

static unsigned telling(enum reason r)
{
	static const enum reason order[] = { REASON_NO_ENTITLEMENT, REASON_ENTITLEMENT_ENDED,
		REASON_OTHER_PLAN, REASON_ENTITLEMENT_CLOSED, REASON_ENTITLEMENT_FUTURE };
	unsigned i = 0;
	while (i < COUNT(order) && order[i] != r)
		i++;
	return i;
}

/* The entitlement that decides: one in force, else the one that tells most of why there is none. */
static enum reason entitlement_look(const struct decision_inputs *k, const struct entitlement **by)
{
	enum reason reason = REASON_NO_ENTITLEMENT;
	*by = NULL;
	for (size_t i = 0; i < k->reader->entitlement_count; i++) {
		const struct entitlement *e = &k->reader->entitlements[i];
		if (paywall_entitlement_open(k->policy, e, k->now.s) &&
			paywall_entitlement_covers(k->policy, e, k->article)) {
			*by = e;
			return REASON_ENTITLED;
		}
		enum reason why = entitlement_shut(k, e);
		if (telling(why) > telling(reason)) {
			*by = e;
			reason = why;
		}
	}
	return reason;
}

/* ---- decision ---- */

static struct decision give(struct decision d, enum grant grant, enum reason reason)
{
	d.grant = grant;
	d.reason = reason;
	return d;
}

/* What is sold and would open this article. */
static unsigned offers_sold(const struct decision_inputs *k)
{
	unsigned offer = OFFER_SUBSCRIBE;
	for (size_t i = 0; i < k->policy->plan_count; i++)
		offer |= paywall_plan_offer(&k->policy->plans[i], k->article);
	return offer;
}

static struct decision wall(
	const struct decision_inputs *k, struct decision d, enum reason reason, unsigned offer)
{
	d.offer = offer | (k->reader->signed_in ? 0 : OFFER_LOGIN);
	return give(d, GRANT_TEASER, reason);
}

/* An AI crawler that nobody signed in for. A name it gives itself can close, never open. */
static bool crawler_limited(const struct decision_inputs *k, struct decision *d)
{
	if (k->reader->crawler != CRAWLER_AI || k->reader->signed_in)
		return false;
	switch (k->policy->ai) {
	case AI_ALLOW:
		return false;
	case AI_TEASER:
		*d = give(*d, GRANT_TEASER, REASON_CRAWLER_TEASER);
		return true;
	case AI_PAYMENT:
		*d = wall(k, *d, REASON_CRAWLER_PAYMENT, OFFER_SUBSCRIBE);
		return true;
	case AI_BLOCK:
		break;
	}
	*d = give(*d, GRANT_NONE, REASON_CRAWLER_BLOCKED);
	return true;
}

bool paywall_metered(const struct decision *d)
{
	return d->meter && (d->reason == REASON_METERED || d->reason == REASON_METERED_AGAIN ||
				   d->reason == REASON_METER_EXHAUSTED);
}

bool paywall_by_right(const struct decision *d)
{
	return d->grant == GRANT_FULL && !d->must_count &&
	       (d->reason == REASON_PUBLIC || d->reason == REASON_SIGNED_IN ||
		       d->reason == REASON_ENTITLED);
}

bool paywall_gone(const struct decision *d)
{
	return d->grant == GRANT_NONE &&
	       (d->reason == REASON_EXPIRED || d->reason == REASON_KILLED);
}

struct decision paywall_uncharged(struct decision d)
{
	if (d.must_count)
		d.grant = GRANT_TEASER;
	d.must_count = false;
	return d;
}

/* An account never allows less than nobody has. */
int64_t paywall_account_limit(const struct meter *m)
{
	return m->registered_limit > m->anonymous_limit ? m->registered_limit : m->anonymous_limit;
}

struct decision paywall_decide_metered(const struct decision_inputs *k, struct decision d)
{
	const struct meter *m = d.meter;
	int64_t used = k->usage.used;
	d.limit = k->reader->signed_in ? paywall_account_limit(m) : m->anonymous_limit;
	d.used = used < d.limit ? used : d.limit;
	d.window_ends_at = k->usage.ends_at;
	if (k->usage.counted)
		return give(d, GRANT_FULL, REASON_METERED_AGAIN);
	d.block = k->usage.block;
	if (used >= 0 && used < d.limit) {
		d.must_count = true;
		return give(d, GRANT_FULL, REASON_METERED);
	}
	/* Reading goes on with the count that was reached, so an account must allow more. Neither
	 * the network's ceiling nor a cookie that cannot be read holds for an account. */
	int64_t reached = d.block ? 0 : used;
	bool helps = !k->reader->signed_in && paywall_account_limit(m) > reached;
	unsigned more = helps ? OFFER_REGISTER : 0;
	return wall(k, d, REASON_METER_EXHAUSTED, more | offers_sold(k));
}

static bool has_no_meter(const struct decision_inputs *k)
{
	return k->reader->crawler == CRAWLER_AI && !k->reader->signed_in;
}

static struct decision decide_closed(
	const struct decision_inputs *k, struct decision d, enum reason entitlement)
{
	switch (d.level) {
	case ACCESS_REGISTERED:
		return wall(k, d, REASON_LOGIN_REQUIRED, OFFER_REGISTER);
	case ACCESS_METERED:
		/* A claimed name must not spare its bearer the meter. */
		if (has_no_meter(k))
			return give(d, GRANT_TEASER, REASON_CRAWLER_TEASER);
		return wall(k, d, REASON_METER_EXHAUSTED, offers_sold(k));
	default:
		return wall(k, d, k->reader->signed_in ? entitlement : REASON_SUBSCRIBER_ONLY,
			offers_sold(k));
	}
}

/* What opens any level that is not public. */
static enum reason open_reason(
	const struct decision_inputs *k, struct decision *d, enum reason entitlement)
{
	if (d->level == ACCESS_REGISTERED && k->reader->signed_in)
		return REASON_SIGNED_IN;
	if (entitlement == REASON_ENTITLED)
		return REASON_ENTITLED;
	if (k->reader->institution &&
		paywall_plan_covers(k->policy, k->reader->institution_plan, k->article)) {
		d->institution = k->reader->institution;
		return REASON_INSTITUTION;
	}
	/* A machine redeems nothing. */
	if (k->reader->gift && k->reader->crawler == CRAWLER_NONE) {
		d->giver = k->reader->giver;
		return REASON_GIFT;
	}
	return k->reader->crawler == CRAWLER_SEARCH ? REASON_CRAWLER : (enum reason)0;
}

static bool nobody_may(const struct decision_inputs *k, struct decision *d)
{
	const struct paywall_article *a = k->article;
	enum reason reason = (enum reason)0;
	/* A kill under embargo says nothing to readers: they never saw the article. */
	if (!a->usable && !a->killed)
		reason = REASON_WITHHELD;
	else if (a->embargo_at > k->now.s || a->published_at > k->now.s)
		reason = REASON_EMBARGOED;
	else if (a->killed)
		reason = REASON_KILLED;
	else if (a->expires_at && a->expires_at <= k->now.s)
		reason = REASON_EXPIRED;
	*d = give(*d, GRANT_NONE, reason);
	return reason != 0;
}

bool paywall_decide_unmetered(const struct decision_inputs *k, struct decision *d)
{
	*d = (struct decision){ .grant = GRANT_NONE };
	if (nobody_may(k, d))
		return true;
	d->level = paywall_level(k->policy, k->article, k->now, &d->rule);
	d->teaser_words = d->rule ? d->rule->teaser_words : 0;
	if (d->level < ACCESS_PUBLIC || d->level > ACCESS_SUBSCRIBER) {
		*d = give(*d, GRANT_NONE, REASON_BAD_RULE);
		return true;
	}
	if (crawler_limited(k, d))
		return true;
	if (d->level == ACCESS_PUBLIC) {
		*d = give(*d, GRANT_FULL, REASON_PUBLIC);
		return true;
	}
	if (d->level == ACCESS_METERED)
		d->meter = paywall_meter_of(k->policy, k->article);
	enum reason entitlement = entitlement_look(k, &d->by);
	enum reason open = open_reason(k, d, entitlement);
	d->entitlement = entitlement;
	if (!open && d->meter && !has_no_meter(k))
		return false;
	*d = open ? give(*d, GRANT_FULL, open) : decide_closed(k, *d, entitlement);
	return true;
}

struct decision paywall_decide(const struct decision_inputs *k)
{
	struct decision d;
	return paywall_decide_unmetered(k, &d) ? d : paywall_decide_metered(k, d);
}
