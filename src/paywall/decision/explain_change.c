/* "What would change this answer": changes each input alone, decides again, and reports those
 * that give another answer. */
#include "explain.h"

/* Decides again with one input changed, and notes the change if grant or reason is another one. */
struct trial {
	const struct decision_inputs *k;
	struct explanation *out;
};

static void tell(
	struct trial *t, const char *what, const char *text, const struct decision_inputs *changed)
{
	struct decision d = paywall_decide(changed);
	const struct decision *was = &t->out->decision;
	if ((d.grant == was->grant && d.reason == was->reason) ||
		t->out->change_count == EXPLAINED_CHANGES_MAX)
		return;
	t->out->changes[t->out->change_count++] = (struct explained_change){ .what = what,
		.text = text,
		.at_s = changed->now.s != t->k->now.s ? changed->now.s : 0,
		.grant = d.grant,
		.reason = d.reason };
}

/* ---- the reader ---- */

static void sign_in(struct trial *t)
{
	struct paywall_reader reader = *t->k->reader;
	struct decision_inputs k = *t->k;
	k.reader = &reader;
	reader.signed_in = !reader.signed_in;
	if (reader.signed_in) {
		tell(t, "sign_in", "Signed in with any account", &k);
		return;
	}
	reader.entitlements = NULL;
	reader.entitlement_count = 0;
	k.usage = (struct paywall_usage){ 0 };
	tell(t, "sign_out", "Signed out", &k);
}

/* One more, in force for this very article, whatever the reader has. */
static void entitlement(struct trial *t)
{
	static const struct plan everything = { .name = "everything", .kind = PLAN_SUBSCRIPTION };
	const struct entitlement granted = {
		.plan = "everything", .status = STATUS_ACTIVE, .starts_at = t->k->now.s
	};
	struct paywall_reader reader = *t->k->reader;
	struct decision_inputs k = *t->k;
	struct paywall_policy policy = *k.policy;
	policy.open_statuses |= 1u << STATUS_ACTIVE;
	policy.plans = &everything;
	policy.plan_count = 1;
	policy.source_count = 0;
	reader.signed_in = true;
	reader.entitlements = &granted;
	reader.entitlement_count = 1;
	k.reader = &reader;
	k.policy = &policy;
	tell(t, "entitlement", "An entitlement in force that covers the article", &k);
}

static void gift_and_institution(struct trial *t)
{
	struct paywall_reader reader = *t->k->reader;
	struct decision_inputs k = *t->k;
	k.reader = &reader;
	reader.gift = !reader.gift;
	if (reader.gift)
		tell(t, "gift", "The article as a gift", &k);
	else
		tell(t, "no_gift", "Without the gift", &k);
	reader.gift = t->k->reader->gift;
	reader.institution = reader.institution ? NULL : "another network";
	if (reader.institution)
		tell(t, "institution", "From an institution's network", &k);
	else
		tell(t, "no_institution", "From outside the institution", &k);
}

static void crawler(struct trial *t)
{
	struct paywall_reader reader = *t->k->reader;
	struct decision_inputs k = *t->k;
	if (reader.crawler == CRAWLER_NONE)
		return;
	k.reader = &reader;
	reader.crawler = CRAWLER_NONE;
	tell(t, "person", "A person's browser instead of this crawler", &k);
}

/* ---- the meter ---- */

static void meter(struct trial *t)
{
	struct decision_inputs k = *t->k;
	if (!t->out->decision.meter)
		return;
	k.usage = (struct paywall_usage){ 0 };
	tell(t, "new_period", "A new period of the meter", &k);
	k.usage = (struct paywall_usage){ .used = INT32_MAX };
	tell(t, "meter_spent", "The free articles of the period read", &k);
}

/* ---- the article and the time ---- */

static void article(struct trial *t)
{
	struct paywall_article art = *t->k->article;
	struct decision_inputs k = *t->k;
	k.article = &art;
	art.access = ACCESS_PUBLIC;
	tell(t, "public", "The article itself set to public", &k);
	art = *t->k->article;
	art.usable = true;
	art.killed = false;
	art.embargo_at = 0;
	art.expires_at = 0;
	if (art.published_at > k.now.s)
		art.published_at = k.now.s;
	tell(t, "usable", "Usable, published and neither under embargo nor expired", &k);
}

/* When something begins or ends, by what is known now. `at_s` 0: never. */
static void sooner(struct trial *t, int64_t at_s, int64_t *best)
{
	struct decision_inputs k = *t->k;
	if (at_s <= k.now.s || (*best && at_s >= *best))
		return;
	k.now = paywall_moment(at_s);
	struct decision d = paywall_decide(&k);
	if (d.grant != t->out->decision.grant || d.reason != t->out->decision.reason)
		*best = at_s;
}

/* Seven days on, an hour's steps, find what hangs on days of the week. */
static void weekdays(struct trial *t, int64_t *best)
{
	enum { HOUR_S = 3600, WEEK_H = 7 * 24 };
	int64_t first = t->k->now.s - t->k->now.s % HOUR_S;

	for (int h = 1; h <= WEEK_H; h++)
		sooner(t, first + (int64_t)h * HOUR_S, best);
}

/* Tries each moment at which an input changes by itself, and each hour of the next week for rules
 * by weekday; the first that gives another answer is told. */
static void later(struct trial *t)
{
	const struct paywall_article *a = t->k->article;
	const struct paywall_policy *p = t->k->policy;
	int64_t since = a->embargo_at > a->published_at ? a->embargo_at : a->published_at;
	int64_t best = 0;
	sooner(t, a->published_at, &best);
	sooner(t, since, &best);
	sooner(t, a->expires_at, &best);
	for (size_t i = 0; i < p->rule_count; i++) {
		sooner(t, since + p->rules[i].from_s, &best);
		sooner(t, since + p->rules[i].until_s, &best);
	}
	for (size_t i = 0; i < t->k->reader->entitlement_count; i++) {
		const struct entitlement *e = &t->k->reader->entitlements[i];
		sooner(t, e->starts_at, &best);
		sooner(t, e->ends_at ? e->ends_at + e->grace_s : 0, &best);
	}
	weekdays(t, &best);
	if (!best)
		return;
	struct decision_inputs k = *t->k;
	k.now = paywall_moment(best);
	tell(t, "later", "At a later time, with all else as it is", &k);
}

void decision_explain_changes(const struct decision_inputs *k, struct explanation *out)
{
	struct trial t = { .k = k, .out = out };
	out->change_count = 0;
	sign_in(&t);
	entitlement(&t);
	meter(&t);
	gift_and_institution(&t);
	crawler(&t);
	article(&t);
	later(&t);
}
