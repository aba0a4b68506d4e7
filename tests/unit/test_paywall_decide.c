/* Goal: the decision is exactly the table below, and more rights never give less text. */
#include "unit.h"

#include <string.h>

#include "postern/paywall.h"

enum { NOW = 1000000, HOUR = 3600 };

static const struct entitlement in_force = {
	.status = STATUS_ACTIVE, .starts_at = NOW - HOUR, .ends_at = NOW + HOUR
};
static const struct entitlement open_end = { .status = STATUS_ACTIVE, .starts_at = NOW - HOUR };
static const struct entitlement ended = {
	.status = STATUS_ACTIVE, .starts_at = NOW - 2 * HOUR, .ends_at = NOW - HOUR
};
static const struct entitlement ends_now = {
	.status = STATUS_ACTIVE, .starts_at = NOW - 2 * HOUR, .ends_at = NOW
};
static const struct entitlement starts_now = {
	.status = STATUS_ACTIVE, .starts_at = NOW, .ends_at = NOW + 1
};
static const struct entitlement future = {
	.status = STATUS_ACTIVE, .starts_at = NOW + 1, .ends_at = NOW + HOUR
};
static const struct entitlement revoked = {
	.status = STATUS_ACTIVE, .starts_at = NOW - HOUR, .revoked_at = NOW - 1
};

static const struct paywall_policy policy = {
	.fallback = ACCESS_SUBSCRIBER, .ai = AI_TEASER, .open_statuses = 1u << STATUS_ACTIVE
};

static struct decision decide(
	const struct paywall_article *art, const struct paywall_reader *reader, int64_t now_s)
{
	struct paywall_article named = *art;

	named.id = "article";
	return paywall_decide(&(struct paywall_case){
		.article = &named, .policy = &policy, .reader = reader, .now = { .s = now_s } });
}

/* Readers, from nobody to a subscriber. */
enum who {
	STRANGER,
	REGISTERED,
	IN_FORCE,
	OPEN_END,
	ENDED,
	ENDS_NOW,
	STARTS_NOW,
	FUTURE,
	REVOKED,
	WHO_COUNT
};
static struct paywall_reader reader_of(enum who w)
{
	static const struct entitlement *const list[WHO_COUNT] = { [IN_FORCE] = &in_force,
		[OPEN_END] = &open_end,
		[ENDED] = &ended,
		[ENDS_NOW] = &ends_now,
		[STARTS_NOW] = &starts_now,
		[FUTURE] = &future,
		[REVOKED] = &revoked };
	return (struct paywall_reader){ .signed_in = w != STRANGER,
		.entitlements = list[w],
		.entitlement_count = list[w] ? 1 : 0 };
}

static const struct {
	enum access access;
	enum who who;
	enum grant grant;
	enum reason reason;
	unsigned offer;
} rows[] = {
	{ ACCESS_PUBLIC, STRANGER, GRANT_FULL, REASON_PUBLIC, 0 },
	{ ACCESS_PUBLIC, REGISTERED, GRANT_FULL, REASON_PUBLIC, 0 },
	{ ACCESS_PUBLIC, IN_FORCE, GRANT_FULL, REASON_PUBLIC, 0 },
	{ ACCESS_PUBLIC, REVOKED, GRANT_FULL, REASON_PUBLIC, 0 },
	{ ACCESS_REGISTERED, STRANGER, GRANT_TEASER, REASON_LOGIN_REQUIRED,
		OFFER_LOGIN | OFFER_REGISTER },
	{ ACCESS_REGISTERED, REGISTERED, GRANT_FULL, REASON_SIGNED_IN, 0 },
	{ ACCESS_REGISTERED, ENDED, GRANT_FULL, REASON_SIGNED_IN, 0 },
	{ ACCESS_REGISTERED, IN_FORCE, GRANT_FULL, REASON_SIGNED_IN, 0 },
	{ ACCESS_SUBSCRIBER, STRANGER, GRANT_TEASER, REASON_SUBSCRIBER_ONLY,
		OFFER_LOGIN | OFFER_SUBSCRIBE },
	{ ACCESS_SUBSCRIBER, REGISTERED, GRANT_TEASER, REASON_NO_ENTITLEMENT, OFFER_SUBSCRIBE },
	{ ACCESS_SUBSCRIBER, IN_FORCE, GRANT_FULL, REASON_ENTITLED, 0 },
	{ ACCESS_SUBSCRIBER, OPEN_END, GRANT_FULL, REASON_ENTITLED, 0 },
	{ ACCESS_SUBSCRIBER, ENDED, GRANT_TEASER, REASON_ENTITLEMENT_ENDED, OFFER_SUBSCRIBE },
	{ ACCESS_SUBSCRIBER, ENDS_NOW, GRANT_TEASER, REASON_ENTITLEMENT_ENDED, OFFER_SUBSCRIBE },
	{ ACCESS_SUBSCRIBER, STARTS_NOW, GRANT_FULL, REASON_ENTITLED, 0 },
	{ ACCESS_SUBSCRIBER, FUTURE, GRANT_TEASER, REASON_ENTITLEMENT_FUTURE, OFFER_SUBSCRIBE },
	{ ACCESS_SUBSCRIBER, REVOKED, GRANT_TEASER, REASON_ENTITLEMENT_ENDED, OFFER_SUBSCRIBE },
	{ (enum access)0, IN_FORCE, GRANT_NONE, REASON_BAD_RULE, 0 },
	{ (enum access)99, IN_FORCE, GRANT_NONE, REASON_BAD_RULE, 0 },
	{ (enum access)99, STRANGER, GRANT_NONE, REASON_BAD_RULE, 0 },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct paywall_article rule = {
			.access = rows[i].access, .usable = true, .published_at = NOW - HOUR
		};
		struct paywall_reader reader = reader_of(rows[i].who);
		struct decision d = decide(&rule, &reader, NOW);

		if (d.grant != rows[i].grant || d.reason != rows[i].reason ||
			d.offer != rows[i].offer)
			fail_msg("row %zu: %s %s offer %u", i, paywall_grant_name(d.grant),
				paywall_reason_name(d.reason), d.offer);
	}
}

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
	};

	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		for (int access = ACCESS_PUBLIC; access <= ACCESS_SUBSCRIBER; access++) {
			for (int who = 0; who < WHO_COUNT; who++) {
				struct paywall_article rule = states[i].rule;
				struct paywall_reader reader = reader_of((enum who)who);
				rule.access = (enum access)access;
				struct decision d = decide(&rule, &reader, NOW);
				assert_int_equal(d.grant, GRANT_NONE);
				assert_int_equal(d.reason, states[i].reason);
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

/* Goal: adding an entitlement, or signing in, never takes text away. */
static void test_more_rights_never_less_text(void **state)
{
	const struct entitlement *all[] = { &in_force, &open_end, &ended, &ends_now, &starts_now,
		&future, &revoked };

	(void)state;
	for (int access = 0; access <= ACCESS_DEFAULT + 1; access++) {
		struct paywall_article rule = {
			.access = (enum access)access, .usable = true, .published_at = NOW - 1
		};
		for (unsigned set = 0; set < 1u << COUNT(all); set++) {
			struct entitlement have[COUNT(all) + 1];
			size_t n = 0;
			for (size_t i = 0; i < COUNT(all); i++) {
				if (set & (1u << i))
					have[n++] = *all[i];
			}
			struct paywall_reader stranger = { 0 };
			struct paywall_reader before = {
				.signed_in = true, .entitlements = have, .entitlement_count = n
			};
			enum grant least = decide(&rule, &stranger, NOW).grant;
			enum grant with = decide(&rule, &before, NOW).grant;
			assert_true(with >= least);
			for (size_t i = 0; i < COUNT(all); i++) {
				have[n] = *all[i];
				struct paywall_reader after = { .signed_in = true,
					.entitlements = have,
					.entitlement_count = n + 1 };
				assert_true(decide(&rule, &after, NOW).grant >= with);
			}
		}
	}
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
		cmocka_unit_test(test_state_comes_first),
		cmocka_unit_test(test_more_rights_never_less_text),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
