/* Collects what paywall_decide needs, from the database: policy, entitlements, institution,
 * crawler, gift and meter. A meter's history is read only where the answer depends on it. */
#include "postern/decision.h"

#include "../meter/internal.h"
#include "postern/decision_cache.h"
#include "postern/gift.h"

static bool is_cached(const struct paywall *w, const char *account_id)
{
	struct cache_item *item = decision_cache_reader(w, account_id);
	cache_release(item);
	return item;
}

/* Of all that the account has, for who wants to keep them; what concerns the article is picked from
 * these as the event loop will pick it. False: they are too many, or known already. */
static enum err all_load(
	struct db_conn *c, const struct decision_query *q, struct paywall_reader *out, bool *done)
{
	const char *account_id = q->v->account_id;
	struct entitlements all;
	if (!q->load || is_cached(q->w, account_id))
		return ERR_OK;
	enum err e = entitlement_list(c, account_id, q->a, &all);
	if (e || all.n > ENTITLEMENTS_MAX)
		return e;
	decision_cache_put_reader(q->w, q->load, account_id, &all);
	*out = decision_entitlements_for(&all, q->art->id);
	*done = true;
	return ERR_OK;
}

/* All entitlements, to be cached, where a cache is filled; else those alone that may open this
 * article. */
static enum err reader_load(
	struct db_conn *c, const struct decision_query *q, struct paywall_reader *out)
{
	const char *account_id = q->v->account_id;
	struct entitlements list;
	bool done = false;
	*out = (struct paywall_reader){ 0 };
	if (!decision_is_signed_in(q->v))
		return ERR_OK;
	enum err e = all_load(c, q, out, &done);
	if (e || done)
		return e;
	e = entitlement_for_article(c, account_id, q->art->id, q->a, &list);
	if (e)
		return e;
	*out = (struct paywall_reader){
		.signed_in = true, .entitlements = list.v, .entitlement_count = list.n
	};
	return ERR_OK;
}

/* How much of a meter is used is looked up only where the decision hangs on it: not for a
 * subscriber, not for an article without a meter. */
static enum err decide(struct db_conn *c, const struct decision_query *q, struct decision_read *out)
{
	if (paywall_decide_unmetered(&out->k, &out->d))
		return ERR_OK;
	enum err e = meter_usage(c, q, out->d.meter, &out->keys, &out->k.usage);
	if (!e)
		out->d = paywall_decide_metered(&out->k, out->d);
	return e;
}

/* Keys of an earlier read are as old as that: put behind this read's beginning, those that were
 * revoked between the two would stay. */
static void keep(const struct decision_query *q, const struct decision_read *seen)
{
	decision_cache_put_policy(q->w, q->load, seen->policy);
	if (seen->keys && !q->before && !decision_is_signed_in(q->v))
		meter_keys_cache_put(q->w, q->load, seen->keys);
}

static enum err giver_keep(
	struct arena *a, const struct gift_giver *giver, const struct gift_giver **out)
{
	struct gift_giver *copy = arena_alloc(a, sizeof *copy);
	if (!copy)
		return ERR_NOMEM;
	*copy = *giver;
	*out = copy;
	return ERR_OK;
}

enum err decision_load(struct db_conn *c, const struct decision_query *q,
	const struct paywall_policy *policy, struct decision_read *out)
{
	struct paywall_reader *reader = arena_alloc(q->a, sizeof *reader);
	struct gift_held gift = {
		.cookie = q->v->gifts, .article_id = q->art->id, .now_s = q->v->now_s
	};
	if (!reader)
		return ERR_NOMEM;
	*out = (struct decision_read){ .policy = policy,
		.k = { .article = q->art,
			.policy = policy,
			.reader = reader,
			.now = paywall_moment(q->v->now_s) } };
	enum err e = reader_load(c, q, reader);
	if (e)
		return e;
	crawler_of_reader(q->v, policy, reader);
	e = institution_of_reader(c, q->v, policy, q->art, reader);
	if (!e)
		e = gift_held(c, &gift);
	if (e)
		return e;
	reader->gift = gift.yes;
	e = gift.yes ? giver_keep(q->a, &gift.giver, &reader->giver) : ERR_OK;
	if (!e)
		e = decide(c, q, out);
	if (!e && q->load)
		keep(q, out);
	return e;
}

enum err decision_inputs_load(struct db_conn *c, const struct decision_query *q,
	const struct paywall_policy *policy, struct decision_inputs *out)
{
	struct decision_read seen;
	enum err e = decision_load(c, q, policy, &seen);
	*out = seen.k;
	return e;
}

enum err decision_plans(const struct decision_inputs *k, struct arena *a, struct str *out)
{
	BUF_AUTO b = BUF((size_t)ENTITLEMENTS_MAX * (PLAN_SIZE + 1));
	for (size_t i = 0; i < k->reader->entitlement_count; i++) {
		const struct entitlement *e = &k->reader->entitlements[i];
		bool told = *e->article_id || !paywall_plan_find(k->policy, e->plan) ||
			    !paywall_entitlement_open(k->policy, e, k->now.s);
		for (size_t j = 0; j < i && !told; j++) {
			const struct entitlement *f = &k->reader->entitlements[j];
			told = !*f->article_id && str_eq(str_of(e->plan), str_of(f->plan)) &&
			       paywall_entitlement_open(k->policy, f, k->now.s);
		}
		if (!told && b.n > 0)
			buf_byte(&b, ',');
		if (!told)
			buf_puts(&b, e->plan);
	}
	*out = arena_buf(a, &b);
	return b.err || !out->p ? ERR_NOMEM : ERR_OK;
}

enum err decision_dup(struct decision *d, struct arena *a)
{
	if (d->rule) {
		struct paywall_rule *rule = arena_alloc(a, sizeof *rule);
		if (!rule)
			return ERR_NOMEM;
		*rule = *d->rule;
		d->rule = rule;
	}
	if (d->meter) {
		struct meter *meter = arena_alloc(a, sizeof *meter);
		if (!meter)
			return ERR_NOMEM;
		*meter = *d->meter;
		d->meter = meter;
	}
	if (d->institution) {
		d->institution = arena_fmt(a, "%s", d->institution);
		if (!*d->institution)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

enum err decision_make(const struct paywall *w, struct db_conn *c, const struct access_request *v,
	const struct paywall_article *art, struct arena *a, struct decision *out)
{
	const struct paywall_policy *policy = NULL;
	const struct decision_query q = { .w = w, .v = v, .art = art, .a = a };
	struct decision_read seen;
	enum err e = policy_acquire(w->policies, c, &policy);
	if (!e)
		e = decision_load(c, &q, policy, &seen);
	if (!e) {
		*out = seen.d;
		e = decision_dup(out, a);
	}
	policy_release(w->policies, policy);
	return e;
}

struct str decision_text(const struct decision *d, struct arena *a)
{
	char used[INT_TEXT_SIZE], limit[INT_TEXT_SIZE];
	const struct str pieces[] = { str_of(paywall_grant_name(d->grant)), STR("; reason="),
		str_of(paywall_reason_name(d->reason)), STR("; used="), str_int_text(d->used, used),
		STR("; limit="), str_int_text(d->limit, limit) };
	return arena_join(a, pieces, paywall_metered(d) ? COUNT(pieces) : 3);
}
