/* Collects what paywall_decide needs, from the database: policy, entitlements, institution,
 * crawler, gift and meter. A meter's history is read only where the answer depends on it. */
#include "postern/decision.h"

#include "../meter/internal.h"
#include "postern/entitlement.h"
#include "postern/gift.h"

static enum err reader_load(struct db_conn *c, const struct access_request *v,
	const char *article_id, struct arena *a, struct paywall_reader *out)
{
	struct entitlements list;

	*out = (struct paywall_reader){ 0 };
	if (!v->account_id || !*v->account_id)
		return ERR_OK;
	enum err e = entitlement_for_article(c, v->account_id, article_id, a, &list);
	if (e)
		return e;
	*out = (struct paywall_reader){
		.signed_in = true, .entitlements = list.v, .entitlement_count = list.n
	};
	return ERR_OK;
}

/* How much of a meter is used is looked up only where the answer hangs on it: not for a subscriber,
 * not for an article without a meter. */
static bool meter_matters(const struct decision_inputs *k, const struct meter **m)
{
	struct decision d = paywall_decide(k);

	*m = d.meter;
	return paywall_metered(&d);
}

enum err decision_inputs_load(struct db_conn *c, const struct decision_query *q,
	const struct paywall_policy *policy, struct decision_inputs *out)
{
	struct paywall_reader *reader = arena_alloc(q->a, sizeof *reader);
	const struct meter *m;

	if (!reader)
		return ERR_NOMEM;
	*out = (struct decision_inputs){ .article = q->art,
		.policy = policy,
		.reader = reader,
		.now = paywall_moment(q->v->now_s) };
	struct gift_held gift = {
		.cookie = q->v->gifts, .article_id = q->art->id, .now_s = q->v->now_s
	};
	enum err e = reader_load(c, q->v, q->art->id, q->a, reader);
	if (!e) {
		crawler_of_reader(q->v, policy, reader);
		e = institution_of_reader(c, q->v, policy, q->art, reader);
	}
	if (!e)
		e = gift_held(c, &gift);
	reader->gift = gift.yes;
	if (e || !meter_matters(out, &m))
		return e;
	return meter_usage(c, q, m, &out->usage);
}

enum err decision_plans(const struct decision_inputs *k, struct arena *a, struct str *out)
{
	BUF_AUTO b = BUF((size_t)ENTITLEMENTS_MAX * (PLAN_SIZE + 1));

	for (size_t i = 0; i < k->reader->entitlement_count; i++) {
		const struct entitlement *e = &k->reader->entitlements[i];
		bool told = *e->article_id || !paywall_plan_known(k->policy, e->plan) ||
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
	struct decision_inputs k;
	enum err e = policy_acquire(w->policies, c, &policy);

	if (!e)
		e = decision_inputs_load(c, &q, policy, &k);
	if (!e) {
		*out = paywall_decide(&k);
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
