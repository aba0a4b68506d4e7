/* Explains a decision: the steps and inputs that led to it. What would change it is in
 * explain_change.c. */
#include "explain.h"

#include "postern/entitlement.h"
#include "postern/rule.h"

enum { SENTENCE_MAX = 512 };

const char *decision_explain_step_name(enum explained_step s)
{
	static const char *const names[] = { [STEP_OVERRIDE] = "override",
		[STEP_ARTICLE] = "article",
		[STEP_DEFAULT] = "default",
		[STEP_SETTING] = "setting" };
	return str_name_of(names, COUNT(names), s);
}

static const char *sentence(struct arena *a, const struct buf *b)
{
	return arena_fmt(a, STR_FMT, STR_ARG(arena_buf(a, b)));
}

/* ---- rules ---- */

static const char *conditions(struct arena *a, const struct paywall_rule *r)
{
	BUF_AUTO b = BUF(SENTENCE_MAX);
	policy_rule_conditions_text(&b, r);
	return sentence(a, &b);
}

static const char *rule_why(struct arena *a, const struct decision_inputs *k,
	const struct explained_rule *x, bool decided_before)
{
	BUF_AUTO b = BUF(SENTENCE_MAX);
	if (x->rule && !x->matched)
		policy_rule_miss_text(&b, x->rule, k->article, k->now);
	else if (x->step == STEP_ARTICLE && !x->matched)
		buf_puts(&b, "the article leaves it to the rules");
	else if (x->decided)
		buf_fmt(&b, "decides: %s", paywall_access_name(x->access));
	else if (decided_before)
		buf_puts(&b, "not tried: another decided before");
	return sentence(a, &b);
}

/* Rules after the article's own level are for articles that leave it open. */
static void rules_steps(const struct decision_inputs *k, struct explained_rule *out, size_t *count)
{
	const struct paywall_policy *p = k->policy;
	size_t n = 0, i = 0;
	for (; i < p->rule_count && p->rules[i].kind == RULE_OVERRIDE; i++)
		out[n++] = (struct explained_rule){ .step = STEP_OVERRIDE, .rule = &p->rules[i] };
	out[n++] = (struct explained_rule){ .step = STEP_ARTICLE,
		.access = k->article->access,
		.matched = k->article->access != ACCESS_DEFAULT };
	for (; i < p->rule_count; i++)
		out[n++] = (struct explained_rule){ .step = STEP_DEFAULT, .rule = &p->rules[i] };
	out[n++] = (struct explained_rule){
		.step = STEP_SETTING, .access = p->fallback, .matched = true
	};
	*count = n;
}

/* All steps in the order in which they are asked. The rules are copied, because the policy may be
 * given back before the explanation is printed. */
static enum err rules_explain(
	const struct decision_inputs *k, struct arena *a, struct explanation *out)
{
	struct explained_rule *v = arena_alloc(a, (k->policy->rule_count + 2) * sizeof *v);
	bool decided = false;
	if (!v)
		return ERR_NOMEM;
	rules_steps(k, v, &out->rule_count);
	for (size_t i = 0; i < out->rule_count; i++) {
		struct explained_rule *x = &v[i];
		const struct paywall_rule *r = x->rule;
		struct paywall_rule *copy = r ? arena_alloc(a, sizeof *copy) : NULL;
		if (r && !copy)
			return ERR_NOMEM;
		if (r) {
			*copy = *r;
			x->rule = copy;
			x->access = r->access;
			x->matched = paywall_rule_matches(r, k->article, k->now);
			if (out->decision.rule == r)
				out->decision.rule = copy;
		}
		x->decided = x->matched && !decided;
		x->conditions = r ? conditions(a, r) : "";
		x->why = rule_why(a, k, x, decided);
		decided = decided || x->decided;
	}
	out->rules = v;
	return ERR_OK;
}

/* ---- entitlements ---- */

/* The first obstacle, or that there is none. Static text. */
static const char *entitlement_why(const struct decision_inputs *k, const struct entitlement *e)
{
	if (e->revoked_at)
		return "it was revoked";
	if (e->starts_at > k->now.s)
		return "it has not begun";
	if (e->ends_at && k->now.s - e->grace_s >= e->ends_at)
		return e->grace_s ? "it has ended, and so have its days of grace" : "it has ended";
	if (!paywall_entitlement_open(k->policy, e, k->now.s))
		return "its status does not allow reading";
	if (!paywall_plan_find(k->policy, e->plan))
		return "its plan does not exist, so it opens nothing (postern plan set)";
	if (!paywall_entitlement_covers(k->policy, e, k->article))
		return *e->article_id ? "it is for another article"
				      : "its plan does not cover this section";
	if (e->ends_at && e->ends_at <= k->now.s)
		return "it opens the article, in its days of grace";
	return "it opens the article";
}

/* Copies, as above; the decision then points to the copy. */
static enum err entitlements_explain(
	const struct decision_inputs *k, struct arena *a, struct explanation *out)
{
	size_t n = k->reader->entitlement_count;
	struct explained_entitlement *v = arena_alloc(a, (n + 1) * sizeof *v);
	struct entitlement *copies = v ? arena_alloc(a, (n + 1) * sizeof *copies) : NULL;
	if (!v || !copies)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct entitlement *e = &k->reader->entitlements[i];
		copies[i] = *e;
		v[i] = (struct explained_entitlement){ .entitlement = &copies[i],
			.covers = paywall_entitlement_covers(k->policy, e, k->article),
			.open = paywall_entitlement_open(k->policy, e, k->now.s),
			.decided = out->decision.by == e,
			.why = entitlement_why(k, e) };
		if (v[i].decided)
			out->decision.by = &copies[i];
	}
	out->entitlements = v;
	out->entitlement_count = n;
	out->reader.entitlements = copies;
	return ERR_OK;
}

/* ---- the whole ---- */

/* NULL stays NULL; `*z` is as it was without memory. */
static enum err text_keep(struct arena *a, const char **z)
{
	struct str copy = *z ? arena_str(a, str_of(*z)) : STR("");
	if (!copy.p)
		return ERR_NOMEM;
	*z = *z ? copy.p : NULL;
	return ERR_OK;
}

/* What the reader and the decision name stands in the policy, which the explanation outlives. */
static enum err names_keep(struct arena *a, struct explanation *out)
{
	enum err e = text_keep(a, &out->reader.institution);
	if (!e)
		e = text_keep(a, &out->reader.institution_plan);
	if (!e)
		e = text_keep(a, &out->reader.crawler_name);
	if (e)
		return e;
	const struct paywall_rule *listed = out->decision.rule; /* one of out->rules */
	out->decision.rule = NULL;
	e = decision_dup(&out->decision, a);
	out->decision.rule = listed;
	return e;
}

enum err decision_explain(const struct decision_inputs *k, struct arena *a, struct explanation *out)
{
	*out = (struct explanation){ .article = k->article,
		.decision = paywall_decide(k),
		.now = k->now,
		.reader = *k->reader,
		.usage = k->usage,
		.ai = k->policy->ai };
	enum err e = rules_explain(k, a, out);

	if (!e)
		e = entitlements_explain(k, a, out);
	if (!e)
		e = names_keep(a, out);
	if (!e)
		decision_explain_changes(k, out);
	return e;
}

enum err decision_explain_request(const struct paywall *w, struct db_conn *c,
	const struct access_request *v, const struct paywall_article *art, struct arena *a,
	struct explanation *out)
{
	const struct paywall_policy *policy = NULL;
	const struct decision_query q = { .w = w, .v = v, .art = art, .a = a };
	struct decision_inputs k;
	enum err e = policy_acquire(w->policies, c, &policy);
	if (!e)
		e = decision_inputs_load(c, &q, policy, &k);
	if (!e)
		e = decision_explain(&k, a, out);
	policy_release(w->policies, policy);
	return e;
}
