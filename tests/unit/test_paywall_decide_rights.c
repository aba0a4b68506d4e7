/* Goal: more rights never give less text, and as time goes on an article is what its dates and the
 * rules say. */
#include "decide_help.h"

static uint32_t dice_state = 12345;
static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 1664525u + 1013904223u;
	return (dice_state >> 16) % sides;
}

static struct paywall_rule some_rule(void)
{
	return (struct paywall_rule){ .kind = dice(2) ? RULE_OVERRIDE : RULE_DEFAULT,
		.from_s = (int64_t)dice(3) * DAY,
		.until_s = dice(2) ? 0 : (int64_t)(3 + dice(4)) * DAY,
		.weekdays = WEEKDAYS_ALL,
		.access = (enum access)(ACCESS_PUBLIC + dice(4)) };
}

enum { RIGHTS = 6, RULES = 4, ROUNDS = 20000 };

/* A reader with the rights whose bits are set: to sign in, a subscription, one that ended, an
 * institution, a gift, a place among those who read it before. */
static struct decision with_rights(const struct paywall_policy *p, const struct paywall_article *a,
	unsigned rights, int64_t used, int64_t now_s)
{
	struct entitlement have[2];
	struct paywall_reader r = { .signed_in = rights & 7, .entitlements = have };

	if (rights & 2)
		have[r.entitlement_count++] = open_end;
	if (rights & 4)
		have[r.entitlement_count++] = ended;
	r.institution = rights & 8 ? "Uni" : NULL;
	r.gift = rights & 16;
	return decide_by(
		p, a, &r, (struct paywall_usage){ .used = used, .counted = rights & 32 }, now_s);
}

static void test_more_rights_never_less_text(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct paywall_rule rules[RULES];
		struct paywall_policy p = policy;
		for (size_t i = 0; i < RULES; i++)
			rules[i] = some_rule();
		p.rules = rules;
		p.rule_count = dice(RULES + 1);
		struct paywall_article a = { .access = (enum access)dice(7),
			.usable = dice(8) > 0,
			.published_at = NOW - (int64_t)dice(9) * DAY,
			.expires_at = dice(5) ? 0 : NOW + (int64_t)dice(3) - 1 };
		unsigned rights = dice(1u << RIGHTS), more = rights | 1u << dice(RIGHTS);
		int64_t used = dice(13);
		struct decision before = with_rights(&p, &a, rights, used, NOW),
				after = with_rights(&p, &a, more, used, NOW),
				fewer_read = with_rights(&p, &a, rights, used ? used - 1 : 0, NOW);
		if (after.grant < before.grant || fewer_read.grant < before.grant)
			fail_msg("round %d: rights %x gave %s, %x %s", round, rights,
				paywall_reason_name(before.reason), more,
				paywall_reason_name(after.reason));
	}
}

/* Released step by step: subscribers for a day, metered until the third, then public, from the
 * tenth an archive for subscribers again; each from its very second on. */
static void test_time_obeys_the_rules(void **state)
{
	static const struct paywall_rule steps[] = {
		{ .kind = RULE_OVERRIDE,
			.until_s = DAY,
			.weekdays = WEEKDAYS_ALL,
			.access = ACCESS_SUBSCRIBER },
		{ .kind = RULE_OVERRIDE,
			.until_s = 3 * DAY,
			.weekdays = WEEKDAYS_ALL,
			.access = ACCESS_METERED },
		{ .kind = RULE_OVERRIDE,
			.from_s = 10 * DAY,
			.weekdays = WEEKDAYS_ALL,
			.access = ACCESS_SUBSCRIBER },
		{ .kind = RULE_OVERRIDE, .weekdays = WEEKDAYS_ALL, .access = ACCESS_PUBLIC },
	};
	static const struct {
		int64_t until_s; /* after publication, the end outside */
		const char *want;
	} table[] = {
		{ 0, "N embargoed" },
		{ DAY, ONLY },
		{ 3 * DAY, "F metered" },
		{ 10 * DAY, "F public" },
		{ 20 * DAY, ONLY },
		{ 30 * DAY, "N expired" },
	};
	struct paywall_policy p = policy;
	struct paywall_article art = { .access = ACCESS_REGISTERED,
		.usable = true,
		.published_at = NOW - DAY,
		.embargo_at = NOW, /* ages count from here */
		.expires_at = NOW + 20 * DAY };
	const struct paywall_reader nobody = { 0 };
	int64_t age_s = -DAY;

	(void)state;
	p.rules = steps;
	p.rule_count = COUNT(steps);
	for (size_t i = 0; i < COUNT(table); i++) {
		const int64_t at[] = { age_s, (age_s + table[i].until_s) / 2,
			table[i].until_s - 1 };
		for (size_t k = 0; k < COUNT(at); k++) {
			char got[64];
			struct decision d = decide_by(
				&p, &art, &nobody, (struct paywall_usage){ 0 }, NOW + at[k]);
			say(&d, got);
			assert_string_equal(got, table[i].want);
		}
		age_s = table[i].until_s;
	}
}

/* What is over stays over, however long one waits. */
static void test_time_takes_back_nothing(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct paywall_article a = { .access = ACCESS_SUBSCRIBER,
			.usable = true,
			.published_at = NOW - (int64_t)dice(3) * HOUR,
			.embargo_at = dice(2) ? 0 : NOW + (int64_t)dice(3) * HOUR,
			.expires_at = dice(2) ? 0 : NOW + (int64_t)dice(6) * HOUR };
		struct entitlement e = in_force;
		e.grace_s = (int64_t)dice(3) * HOUR;
		struct paywall_reader r = {
			.signed_in = true, .entitlements = &e, .entitlement_count = 1
		};
		int stage = 0; /* embargoed, entitled, ended, expired: only forwards */
		for (int64_t t = NOW - 2 * HOUR; t < NOW + 8 * HOUR; t += HOUR / 2) {
			enum reason reason = decide(&a, &r, t).reason;
			int now = reason == REASON_EMBARGOED            ? 0
				  : reason == REASON_ENTITLEMENT_FUTURE ? 1
				  : reason == REASON_ENTITLED           ? 2
				  : reason == REASON_ENTITLEMENT_ENDED  ? 3
									: 4;
			assert_true(now >= stage);
			assert_true(now < 4 || reason == REASON_EXPIRED);
			stage = now;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_rights_never_less_text),
		cmocka_unit_test(test_time_obeys_the_rules),
		cmocka_unit_test(test_time_takes_back_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
