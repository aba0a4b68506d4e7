/* Goal: an explanation names every rule and fact, and what it says would change the answer does,
 * for it is found by asking for the decision. */
#include "unit.h"

#include <string.h>

#include "postern/explain.h"

enum { NOW = 1800000000, HOUR = 3600 }; /* a Friday */

static const struct paywall_rule rules[] = {
	{ .id = "o",
		.position = 1,
		.kind = RULE_OVERRIDE,
		.section = "sport",
		.weekdays = 127,
		.access = ACCESS_PUBLIC },
	{ .id = "d",
		.position = 1,
		.kind = RULE_DEFAULT,
		.until_s = 3 * HOUR,
		.weekdays = 127,
		.access = ACCESS_METERED },
	{ .id = "e",
		.position = 2,
		.kind = RULE_DEFAULT,
		.weekdays = 127,
		.access = ACCESS_SUBSCRIBER },
};
static const struct meter meter = {
	.name = "all", .anonymous_limit = 2, .registered_limit = 4, .window = WINDOW_MONTH
};
static const struct plan plans[] = { { .name = "all", .kind = PLAN_SUBSCRIPTION },
	{ .name = "sport-only", .kind = PLAN_SUBSCRIPTION, .sections = "\nsport\n" } };
static const struct source_statuses sources[] = { { .source = "stripe", .open = 0 } };
static const struct paywall_policy policy = { .rules = rules,
	.rule_count = COUNT(rules),
	.meters = &meter,
	.meter_count = 1,
	.plans = plans,
	.plan_count = COUNT(plans),
	.fallback = ACCESS_SUBSCRIBER,
	.ai = AI_TEASER,
	.open_statuses = 1u << STATUS_ACTIVE,
	.sources = sources,
	.source_count = 1 };

struct scene {
	struct paywall_article article;
	struct paywall_reader reader;
	struct decision_inputs k;
	struct arena *a;
	struct explanation x;
};

static void scene_make(struct scene *s)
{
	*s = (struct scene){ .article = { .id = "a",
				     .section = STR("city"),
				     .tags = STR(""),
				     .access = ACCESS_DEFAULT,
				     .usable = true,
				     .published_at = NOW - HOUR } };
	s->k = (struct decision_inputs){ .article = &s->article,
		.policy = &policy,
		.reader = &s->reader,
		.now = { .s = NOW, .weekday = 5 } };
	s->a = arena_new(1 << 20);
}

static void explain(struct scene *s)
{
	assert_int_equal(decision_explain(&s->k, s->a, &s->x), ERR_OK);
}

static const struct explained_change *change(const struct scene *s, const char *what)
{
	for (size_t i = 0; i < s->x.change_count; i++) {
		if (strcmp(s->x.changes[i].what, what) == 0)
			return &s->x.changes[i];
	}
	return NULL;
}

static void assert_change(const struct scene *s, const char *what, enum reason reason)
{
	const struct explained_change *c = change(s, what);
	if (!c)
		fail_msg("%s is not told", what);
	else if (c->reason != reason)
		fail_msg("%s: %s", what, paywall_reason_name(c->reason));
}

static void every_rule_is_listed_in_order(void **state)
{
	(void)state;
	struct scene s;
	scene_make(&s);
	explain(&s);
	static const enum explained_step steps[] = { STEP_OVERRIDE, STEP_ARTICLE, STEP_DEFAULT,
		STEP_DEFAULT, STEP_SETTING };
	assert_int_equal(s.x.rule_count, COUNT(steps));
	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(s.x.rules[i].step, steps[i]);
		assert_int_equal(s.x.rules[i].decided, i == 2);
	}
	assert_string_equal(s.x.rules[0].why, "the section is \"city\", not \"sport\"");
	assert_string_equal(s.x.rules[1].why, "the article leaves it to the rules");
	assert_string_equal(s.x.rules[2].why, "decides: metered");
	assert_string_equal(s.x.rules[2].conditions, "until 3h old");
	assert_true(s.x.rules[3].matched);
	assert_string_equal(s.x.rules[3].why, "not tried: another decided before");
	/* a copy: it outlives the policy */
	assert_ptr_equal(s.x.decision.rule, s.x.rules[2].rule);
	assert_ptr_not_equal(s.x.decision.rule, &rules[1]);
	assert_ptr_not_equal(s.x.decision.meter, &meter);
	arena_free(s.a);
}

static void what_would_change_the_answer(void **state)
{
	(void)state;
	struct scene s;
	scene_make(&s);
	s.k.usage.used = 2;
	explain(&s);
	assert_int_equal(s.x.decision.reason, REASON_METER_EXHAUSTED);
	assert_change(&s, "sign_in", REASON_METERED);
	assert_change(&s, "entitlement", REASON_ENTITLED);
	assert_change(&s, "new_period", REASON_METERED);
	assert_change(&s, "gift", REASON_GIFT);
	assert_change(&s, "institution", REASON_INSTITUTION);
	assert_change(&s, "public", REASON_PUBLIC);
	assert_change(&s, "later", REASON_SUBSCRIBER_ONLY);
	assert_int_equal(change(&s, "later")->at_s, NOW + 2 * HOUR);
	assert_null(change(&s, "person"));
	assert_null(change(&s, "usable"));
	arena_free(s.a);
}

static void entitlements_say_why(void **state)
{
	(void)state;
	struct scene s;
	const struct entitlement list[] = {
		{ .id = "1",
			.plan = "all",
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = 1,
			.revoked_at = 2 },
		{ .id = "2",
			.plan = "all",
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = NOW + 5 },
		{ .id = "3",
			.plan = "all",
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = 1,
			.ends_at = 2 },
		{ .id = "4",
			.plan = "all",
			.source = "stripe",
			.status = STATUS_ACTIVE,
			.starts_at = 1 },
		{ .id = "5",
			.plan = "sport-only",
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = 1 },
		{ .id = "6",
			.plan = "all",
			.source = "comp",
			.article_id = "b",
			.status = STATUS_ACTIVE,
			.starts_at = 1 },
		{ .id = "7",
			.plan = "all",
			.source = "comp",
			.status = STATUS_PAUSED,
			.starts_at = 1 },
		{ .id = "8",
			.plan = "al",
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = 1 },
	};
	static const char *const why[] = { "it was revoked", "it has not begun", "it has ended",
		"its status does not allow reading", "its plan does not cover this section",
		"it is for another article", "its status does not allow reading",
		"its plan does not exist, so it opens nothing (postern plan set)" };
	scene_make(&s);
	s.article.published_at = NOW - 10 * HOUR;
	s.reader = (struct paywall_reader){
		.signed_in = true, .entitlements = list, .entitlement_count = COUNT(list)
	};
	explain(&s);
	assert_int_equal(s.x.entitlement_count, COUNT(list));
	for (size_t i = 0; i < COUNT(list); i++)
		assert_string_equal(s.x.entitlements[i].why, why[i]);
	assert_int_equal(s.x.decision.reason, REASON_ENTITLEMENT_FUTURE);
	assert_true(s.x.entitlements[1].decided);
	assert_change(&s, "later", REASON_ENTITLED);
	assert_int_equal(change(&s, "later")->at_s, NOW + 5);
	arena_free(s.a);
}

static void grace_is_told(void **state)
{
	(void)state;
	struct scene s;
	const struct entitlement e = { .plan = "all",
		.source = "comp",
		.status = STATUS_ACTIVE,
		.starts_at = 1,
		.ends_at = NOW - 5,
		.grace_s = 10 };
	scene_make(&s);
	s.article.access = ACCESS_SUBSCRIBER;
	s.reader = (struct paywall_reader){
		.signed_in = true, .entitlements = &e, .entitlement_count = 1
	};
	explain(&s);
	assert_int_equal(s.x.decision.grant, GRANT_FULL);
	assert_string_equal(s.x.entitlements[0].why, "it opens the article, in its days of grace");
	assert_int_equal(change(&s, "later")->at_s, NOW + 5);
	assert_change(&s, "sign_out", REASON_SUBSCRIBER_ONLY);
	arena_free(s.a);
}

/* Each told change, made for real, gives the decision that was told; over many scenes. */
static void nothing_is_told_that_does_not_hold(void **state)
{
	(void)state;
	size_t told = 0;
	for (unsigned w = 0; w < 4 * 4 * 3 * 3 * 4; w++) {
		struct scene s;
		scene_make(&s);
		s.article.access = (enum access)(ACCESS_REGISTERED + w % 4);
		s.article.embargo_at = w / 4 % 4 == 1 ? NOW + HOUR : 0;
		s.article.expires_at = w / 4 % 4 == 2 ? NOW - 1 : 0;
		s.article.usable = w / 4 % 4 != 3;
		s.reader.signed_in = w / 16 % 3 == 1;
		s.reader.crawler = w / 16 % 3 == 2 ? CRAWLER_AI : CRAWLER_NONE;
		s.k.usage.used = w / 48 % 3 * 2;
		s.reader.gift = w / 144 % 4 == 1;
		s.reader.institution = w / 144 % 4 == 2 ? "Library" : NULL;
		explain(&s);
		struct decision d = paywall_decide(&s.k);
		assert_int_equal(s.x.decision.reason, d.reason);
		for (size_t i = 0; i < s.x.change_count; i++) {
			const struct explained_change *c = &s.x.changes[i];
			assert_true(c->grant != d.grant || c->reason != d.reason);
			assert_true(*c->what && *c->text);
		}
		const struct explained_change *later = change(&s, "later");
		if (later) {
			struct decision_inputs k = s.k;
			k.now = paywall_moment(later->at_s);
			assert_int_equal(paywall_decide(&k).reason, later->reason);
			told++;
		}
		const struct explained_change *in = change(&s, "sign_in");
		if (in) {
			struct paywall_reader r = s.reader;
			struct decision_inputs k = s.k;
			r.signed_in = true;
			k.reader = &r;
			assert_int_equal(paywall_decide(&k).reason, in->reason);
			told++;
		}
		arena_free(s.a);
	}
	assert_in_range(told, 50, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_is_listed_in_order),
		cmocka_unit_test(what_would_change_the_answer),
		cmocka_unit_test(entitlements_say_why),
		cmocka_unit_test(grace_is_told),
		cmocka_unit_test(nothing_is_told_that_does_not_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
