/* Goal: the decision is exactly the table below, whoever asks for what. */
#include "decide_help.h"

/* ---- the table: readers down, levels across ---- */

enum { LEVELS = 6 };
static const enum access levels[LEVELS] = { ACCESS_PUBLIC, ACCESS_REGISTERED, ACCESS_METERED,
	ACCESS_SUBSCRIBER, ACCESS_DEFAULT, (enum access)99 };

#define MANY 99
#define GUEST(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define IN(...)                                                                                    \
	{                                                                                          \
		.signed_in = true, __VA_ARGS__                                                     \
	}
#define HAS(e) .entitlements = &(e), .entitlement_count = 1
#define LOGIN "T login_required LR"
#define NEVER "T no_entitlement S"
#define SPENT "T meter_exhausted S"
#define ROW(registered, metered, subscriber)                                                       \
	{                                                                                          \
		"F public", registered, metered, subscriber, subscriber, "N bad_rule"              \
	}
#define SHUT ROW("F signed_in", "F metered", "T entitlement_closed S")
#define OVER ROW("F signed_in", "F metered", "T entitlement_ended S")
#define OPEN ROW("F signed_in", "F entitled", "F entitled")
#define ALL(same)                                                                                  \
	{                                                                                          \
		same, same, same, same, same, "N bad_rule"                                         \
	}

static const struct entitlement two[] = { ACTIVE(NOW - 2 * HOUR, NOW - HOUR), ACTIVE(NOW + 1, 0) };

static const struct {
	const char *who;
	struct paywall_reader reader;
	struct paywall_usage usage;
	const char *want[LEVELS];
} rows[] = {
	{ "an anonymous reader", GUEST(0), { 0 }, ROW(LOGIN, "F metered", ONLY) },
	{ "one who read five", GUEST(0), { .used = 5 }, ROW(LOGIN, "F metered", ONLY) },
	{ "one who read six", GUEST(0), { .used = 6 }, ROW(LOGIN, "T meter_exhausted LRS", ONLY) },
	{ "six, and this", GUEST(0), { .used = 6, .counted = true },
		ROW(LOGIN, "F metered_again", ONLY) },
	{ "one who read nine", GUEST(0), { .used = 9 }, ROW(LOGIN, "T meter_exhausted LRS", ONLY) },
	{ "as much as accounts may", GUEST(0), { .used = 10 },
		ROW(LOGIN, "T meter_exhausted LS", ONLY) },
	{ "a count below zero", GUEST(0), { .used = -1 },
		ROW(LOGIN, "T meter_exhausted LRS", ONLY) },
	{ "an account", IN(), { 0 }, ROW("F signed_in", "F metered", NEVER) },
	{ "an account, nine", IN(), { .used = 9 }, ROW("F signed_in", "F metered", NEVER) },
	{ "an account, ten", IN(), { .used = 10 }, ROW("F signed_in", SPENT, NEVER) },
	{ "an account, ten and this", IN(), { .used = 10, .counted = true },
		ROW("F signed_in", "F metered_again", NEVER) },
	{ "an account, far over", IN(), { .used = MANY }, ROW("F signed_in", SPENT, NEVER) },
	{ "in force", IN(HAS(in_force)), { 0 }, OPEN },
	{ "in force, ten read", IN(HAS(in_force)), { .used = 10 }, OPEN },
	{ "without an end", IN(HAS(open_end)), { 0 }, OPEN },
	{ "ended", IN(HAS(ended)), { 0 }, OVER },
	{ "ends now", IN(HAS(ends_now)), { 0 }, OVER },
	{ "starts now", IN(HAS(starts_now)), { 0 }, OPEN },
	{ "to come", IN(HAS(future)), { 0 },
		ROW("F signed_in", "F metered", "T entitlement_future S") },
	{ "revoked", IN(HAS(revoked)), { 0 }, OVER },
	{ "in grace", IN(HAS(in_grace)), { 0 }, OPEN },
	{ "grace over", IN(HAS(grace_over)), { 0 }, OVER },
	{ "trialing", IN(HAS(trialing)), { 0 }, OPEN },
	{ "paused", IN(HAS(paused)), { 0 }, SHUT },
	{ "unpaid", IN(HAS(unpaid)), { 0 }, SHUT },
	{ "a status nobody knows", IN(HAS(unknown)), { 0 }, SHUT },
	{ "canceled", IN(HAS(canceled)), { 0 }, OPEN },
	{ "canceled and over", IN(HAS(canceled_over)), { 0 }, OVER },
	{ "another plan", IN(HAS(sport_plan)), { 0 },
		ROW("F signed_in", "F metered", "T other_plan S") },
	{ "a plan that nobody has described", IN(HAS(undescribed)), { 0 },
		ROW("F signed_in", "F metered", "T other_plan S") },
	{ "one of an article, not described", IN(HAS(undescribed_article)), { 0 },
		ROW("F signed_in", "F metered", "T other_plan S") },
	{ "no plan at all", IN(HAS(no_plan)), { 0 },
		ROW("F signed_in", "F metered", "T other_plan S") },
	{ "an institution of an unknown plan",
		GUEST(.institution = "Club", .institution_plan = "sport-onyl"), { 0 },
		ROW(LOGIN, "F metered", ONLY) },
	{ "this article", IN(HAS(this_article)), { 0 }, OPEN },
	{ "another article", IN(HAS(other_article)), { 0 },
		ROW("F signed_in", "F metered", "T other_plan S") },
	{ "one ended, one to come", IN(.entitlements = two, .entitlement_count = 2), { 0 },
		ROW("F signed_in", "F metered", "T entitlement_future S") },
	{ "an institution", GUEST(.institution = "Uni"), { 0 },
		ROW("F institution", "F institution", "F institution") },
	{ "an institution, six read", GUEST(.institution = "Uni"), { .used = 6 },
		ROW("F institution", "F institution", "F institution") },
	{ "an institution's account", IN(.institution = "Uni"), { 0 },
		ROW("F signed_in", "F institution", "F institution") },
	{ "an institution for sport", GUEST(.institution = "Club", .institution_plan = "sport"),
		{ 0 }, ROW(LOGIN, "F metered", ONLY) },
	{ "a gift", GUEST(.gift = true), { 0 }, ROW("F gift", "F gift", "F gift") },
	{ "a gift, six read", GUEST(.gift = true), { .used = 6 },
		ROW("F gift", "F gift", "F gift") },
	{ "an account with a gift", IN(.gift = true), { .used = 10 },
		ROW("F signed_in", "F gift", "F gift") },
	{ "a proved crawler", GUEST(.crawler = CRAWLER_SEARCH), { 0 },
		ROW("F crawler", "F crawler", "F crawler") },
	{ "a proved crawler with a gift", GUEST(.crawler = CRAWLER_SEARCH, .gift = true), { 0 },
		ROW("F crawler", "F crawler", "F crawler") },
	{ "a crawler for AI", GUEST(.crawler = CRAWLER_AI), { 0 }, ALL("T crawler_teaser") },
	{ "one with a gift", GUEST(.crawler = CRAWLER_AI, .gift = true), { 0 },
		ALL("T crawler_teaser") },
	{ "one from an institution", GUEST(.crawler = CRAWLER_AI, .institution = "Uni"), { 0 },
		ALL("T crawler_teaser") },
	{ "one that signed in", IN(.crawler = CRAWLER_AI, HAS(in_force)), { 0 }, OPEN },
};
_Static_assert(COUNT(rows) * LEVELS >= 200, "the table shrank");

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t l = 0; l < LEVELS; l++) {
			struct paywall_article art = {
				.access = levels[l], .usable = true, .published_at = NOW - HOUR
			};
			struct decision d =
				decide_by(&policy, &art, &rows[i].reader, rows[i].usage, NOW);
			char got[64];

			say(&d, got);
			if (strcmp(got, rows[i].want[l]) != 0)
				fail_msg("%s, level %d: %s instead of %s", rows[i].who, levels[l],
					got, rows[i].want[l]);
			assert_int_equal(d.must_count, d.reason == REASON_METERED);
			assert_true(d.used <= d.limit);
			assert_int_equal(paywall_uncharged(d).grant == GRANT_FULL,
				d.grant == GRANT_FULL && !d.must_count);
		}
	}
}

static void test_crawlers_for_ai(void **state)
{
	static const struct {
		enum ai_policy ai;
		const char *want[LEVELS];
	} table[] = {
		{ AI_ALLOW, ROW(LOGIN, "T crawler_teaser", ONLY) }, /* never counted */
		{ AI_TEASER, ALL("T crawler_teaser") },
		{ AI_PAYMENT, ALL("T crawler_payment LS") },
		{ AI_BLOCK, ALL("N crawler_blocked") },
		{ (enum ai_policy)0, ALL("N crawler_blocked") },
	};
	const struct paywall_reader robot = { .crawler = CRAWLER_AI };

	(void)state;
	for (size_t i = 0; i < COUNT(table) * LEVELS; i++) {
		struct paywall_policy p = policy;
		struct paywall_article art = {
			.access = levels[i % LEVELS], .usable = true, .published_at = NOW
		};
		char got[64];

		p.ai = table[i / LEVELS].ai;
		struct decision d = decide_by(&p, &art, &robot, (struct paywall_usage){ 0 }, NOW);
		say(&d, got);
		assert_string_equal(got, table[i / LEVELS].want[i % LEVELS]);
	}
}

/* What stops a browser and not its reader stops no account: an account is offered even where it
 * allows no more than nobody has, and the sentence does not claim that anything was read. */
static void test_blocks(void **state)
{
	static const struct meter m = {
		.anonymous_limit = 6, .registered_limit = 6, .window = WINDOW_DAY
	};
	static const struct {
		enum meter_block block;
		const char *name, *want, *says;
	} table[] = {
		{ 0, NULL, "T meter_exhausted LS", "have been read" },
		{ METER_BLOCK_NETWORK, "network", "T meter_exhausted LRS", "on this network" },
		{ METER_BLOCK_COOKIE, "cookie", "T meter_exhausted LRS", "is not valid" },
	};
	const struct paywall_policy p = { .meters = &m, .meter_count = 1 };
	const struct paywall_article art = {
		.access = ACCESS_METERED, .usable = true, .published_at = NOW
	};
	const struct paywall_reader reader = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct paywall_usage usage = { .used = 6, .block = table[i].block };
		char got[64];
		struct decision d = decide_by(&p, &art, &reader, usage, NOW);
		say(&d, got);
		assert_string_equal(got, table[i].want);
		assert_true(d.block == table[i].block);
		assert_non_null(strstr(paywall_decision_text(&d), table[i].says));
		if (table[i].name)
			assert_string_equal(paywall_block_name(d.block), table[i].name);
		else
			assert_null(paywall_block_name(d.block));
	}
}

/* An account that is set below what nobody needs an account for still gets as much. */
static void test_limits(void **state)
{
	static const struct {
		int64_t anonymous, registered, used;
		bool signed_in;
		const char *want;
	} table[] = {
		{ 6, 0, 5, true, "F metered" },
		{ 6, 0, 6, true, "T meter_exhausted S" },
		{ 0, 0, 0, false, "T meter_exhausted LS" },
		{ 0, 3, 0, false, "T meter_exhausted LRS" },
		{ 0, 3, 2, true, "F metered" },
		{ 6, 6, 6, false, "T meter_exhausted LS" },
		{ 1, 1, 0, false, "F metered" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct meter m = { .anonymous_limit = table[i].anonymous,
			.registered_limit = table[i].registered,
			.window = WINDOW_DAY };
		struct paywall_policy p = { .meters = &m, .meter_count = 1 };
		struct paywall_article art = {
			.access = ACCESS_METERED, .usable = true, .published_at = NOW
		};
		struct paywall_reader reader = { .signed_in = table[i].signed_in };
		char got[64];

		struct decision d = decide_by(
			&p, &art, &reader, (struct paywall_usage){ .used = table[i].used }, NOW);
		say(&d, got);
		assert_string_equal(got, table[i].want);
		p.meter_count = 0;
		d = decide_by(&p, &art, &reader, (struct paywall_usage){ 0 }, NOW);
		assert_int_equal(d.grant, GRANT_TEASER);
	}
}

/* Readers of the test below: from nobody to a subscriber. */
static struct paywall_reader reader_of(size_t i)
{
	return rows[i].reader;
}
enum { WHO_COUNT = COUNT(rows) };

/* Goal: what is withheld, not yet published, under embargo or expired is nobody's, whatever the
 * access. */
static void test_state_comes_first(void **state)
{
	static const struct {
		struct paywall_article rule;
		enum reason reason;
	} states[] = {
		{ { .usable = false, .published_at = NOW - 1 }, REASON_WITHHELD },
		{ { .usable = true, .published_at = NOW + 1 }, REASON_EMBARGOED },
		{ { .usable = true, .published_at = NOW - 1, .embargo_at = NOW + 1 },
			REASON_EMBARGOED },
		{ { .usable = true, .published_at = NOW - 9, .expires_at = NOW }, REASON_EXPIRED },
		{ { .usable = true, .published_at = NOW - 9, .expires_at = NOW - 1 },
			REASON_EXPIRED },
		{ { .usable = false, .published_at = NOW - 9, .expires_at = NOW - 1 },
			REASON_WITHHELD },
		{ { .killed = true, .published_at = NOW - 1 }, REASON_KILLED },
		{ { .killed = true, .published_at = NOW - 9, .expires_at = NOW - 1 },
			REASON_KILLED },
		{ { .killed = true, .published_at = NOW + 1 }, REASON_EMBARGOED },
		{ { .killed = true, .published_at = NOW - 1, .embargo_at = NOW + 1 },
			REASON_EMBARGOED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		for (int access = ACCESS_PUBLIC; access <= ACCESS_SUBSCRIBER; access++) {
			for (size_t who = 0; who < WHO_COUNT; who++) {
				struct paywall_article rule = states[i].rule;
				struct paywall_reader reader = reader_of(who);
				rule.access = (enum access)access;
				struct decision d = decide(&rule, &reader, NOW);
				assert_int_equal(d.grant, GRANT_NONE);
				assert_int_equal(d.reason, states[i].reason);
				assert_int_equal(paywall_gone(&d),
					d.reason == REASON_EXPIRED || d.reason == REASON_KILLED);
				assert_int_equal(d.offer, 0);
			}
		}
	}
	struct paywall_article edge = { .access = ACCESS_PUBLIC,
		.usable = true,
		.published_at = NOW,
		.embargo_at = NOW,
		.expires_at = NOW + 1 };
	struct paywall_reader nobody = { 0 };
	assert_int_equal(decide(&edge, &nobody, NOW).grant, GRANT_FULL);
}

/* Goal: each name is there, stable and distinct; unknown values have no name that could be
 * mistaken. */
static void test_names(void **state)
{
	(void)state;
	for (int r = 1; r < REASON_COUNT; r++) {
		assert_true(strlen(paywall_reason_name((enum reason)r)) > 2);
		assert_true(strlen(paywall_reason_text((enum reason)r)) > 10);
		for (int other = 1; other < r; other++)
			assert_string_not_equal(paywall_reason_name((enum reason)r),
				paywall_reason_name((enum reason)other));
	}
	assert_string_equal(paywall_grant_name((enum grant)0), "none");
	assert_string_equal(paywall_access_name((enum access)0), "");
	for (int a = ACCESS_PUBLIC; a <= ACCESS_DEFAULT; a++) {
		enum access back;
		assert_int_equal(
			paywall_access_parse(str_of(paywall_access_name((enum access)a)), &back),
			ERR_OK);
		assert_int_equal(back, a);
	}
	enum access none;
	assert_int_equal(paywall_access_parse(STR("Public"), &none), ERR_INVALID);
	assert_int_equal(paywall_access_parse(STR(""), &none), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_crawlers_for_ai),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_state_comes_first),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
