/* Goal: a meter's cookie, the plans that a reader has and the address list of a crawler are whole,
 * or an error. A cookie without a count would be a free article, a list without a range a crawler
 * that is not let in. */
#include "memory_help.h"

#include "postern/crawler.h"
#include "postern/crypto.h"
#include "postern/decision.h"
#include "postern/meter.h"

enum { ARENA_MAX = 1 << 20 };

static enum err cookie(void *ctx, struct memory_result *r)
{
	static const uint8_t key[KEY_BYTES] = { 7 };
	struct meter_cookie k = { .key = 1, .id = { 1 }, .count = 1 };
	struct str text;
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	(void)ctx;
	if (!a)
		return ERR_NOMEM;
	k.v[0] = (struct meter_count){ .name = { 2 }, .began_at = 1800000000, .n = 6 };
	for (uint8_t i = 0; i < 6; i++)
		k.v[0].tags[i].b[0] = i;
	const enum err e = meter_cookie_write(&k, key, a, &text);
	if (e)
		return e;
	assert_true(meter_cookie_sealed(text, key));
	memory_say(r, "cookie", text);
	return ERR_OK;
}

static enum err plans(void *ctx, struct memory_result *r)
{
	const struct decision_inputs *inputs = ctx;
	struct str out;
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	if (!a)
		return ERR_NOMEM;
	const enum err e = decision_plans(inputs, a, &out);
	if (!e)
		memory_say(r, "plans", out);
	return e;
}

static enum err ranges(void *ctx, struct memory_result *r)
{
	static struct crawler_ranges list;
	char why[IP_RANGE_WHY_SIZE] = "", text[IP_RANGE_TEXT_SIZE];
	const enum err e = crawler_list_parse(str_of(ctx), &list, why);
	for (size_t i = 0; !e && i < list.n; i++) {
		ip_range_text(&list.v[i], text);
		memory_say(r, "range", str_of(text));
	}
	if (e != ERR_NOMEM)
		memory_say(r, "why", str_of(why));
	return e;
}

static void cookie_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("a meter's cookie", cookie, NULL);
}

static void plans_are_whole_or_an_error(void **state)
{
	static const struct entitlement list[] = {
		{ .plan = "all", .status = STATUS_ACTIVE, .starts_at = 1 },
		{ .plan = "sport", .status = STATUS_ACTIVE, .starts_at = 1 },
	};
	static const struct plan known[] = { { .name = "all", .kind = PLAN_SUBSCRIPTION },
		{ .name = "sport", .kind = PLAN_SUBSCRIPTION } };
	static const struct paywall_policy policy = {
		.plans = known, .plan_count = COUNT(known), .open_statuses = 1U << STATUS_ACTIVE
	};
	static const struct paywall_article article = { .id = "one" };
	static const struct paywall_reader reader = {
		.signed_in = true, .entitlements = list, .entitlement_count = COUNT(list)
	};
	struct decision_inputs inputs = {
		.article = &article, .policy = &policy, .reader = &reader, .now = { .s = 1000 }
	};
	static struct memory_result said;
	(void)state;
	assert_int_equal(plans(&inputs, &said), ERR_OK);
	assert_string_equal(said.text, "plans=9:all,sport\n");
	memory_try("plans", plans, &inputs);
}

static void address_list_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("JSON", ranges,
		(char[]){ "{\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.0/24\"},"
			  "{\"ipv6Prefix\":\"2001:db8:1:2::/64\"}]}" });
	memory_try("lines", ranges, (char[]){ "192.0.2.0/24\n198.51.100.7 # one\n" });
	memory_try("no list", ranges, (char[]){ "{\"prefixes\":1}" });
}

int main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(cookie_is_whole_or_an_error),
		cmocka_unit_test(plans_are_whole_or_an_error),
		cmocka_unit_test(address_list_is_whole_or_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
