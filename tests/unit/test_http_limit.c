/* Goal: a source gets its burst and then its rate, sources do not touch each other, and memory
 * stays bounded. */
#include "../../src/http/internal.h"
#include "http_help.h"

static struct ip address(const char *text)
{
	struct ip ip = { 0 };
	assert_int_equal(ip_parse(str_of(text), &ip), ERR_OK);
	return ip;
}

static const struct rate_limit limits[RATE_COUNT] = {
	[RATE_LOGIN] = { .burst = 3, .per_minute = 6 },
	[RATE_MAIL] = { .burst = 1, .per_minute = 1 },
};
enum { SECOND = 1000000, START = 1000 * SECOND };

static void burst_then_rate(void **state)
{
	(void)state;
	struct http_limits *l = http_limits_new(limits, 10);
	assert_non_null(l);
	const struct ip a = address("192.0.2.1");
	static const struct {
		int64_t at_s;
		bool pass;
		int64_t wait_s;
	} rows[] = {
		{ 0, true, 0 },
		{ 0, true, 0 },
		{ 0, true, 0 },
		{ 0, false, 10 },
		{ 4, false, 6 },
		{ 10, true, 0 },
		{ 10, false, 10 },
		{ 20, true, 0 },
		{ 1000, true, 0 },
		{ 1000, true, 0 },
		{ 1000, true, 0 },
		{ 1000, false, 10 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t wait_s = -1;
		const int64_t now_us = START + rows[i].at_s * SECOND;
		assert_int_equal(http_limits_take(l, RATE_LOGIN, a, now_us, &wait_s), rows[i].pass);
		assert_int_equal(wait_s, rows[i].wait_s);
	}
	http_limits_free(l);
}

static void sources_and_classes(void **state)
{
	(void)state;
	struct http_limits *l = http_limits_new(limits, 10);
	assert_non_null(l);
	int64_t wait_s = 0;
	assert_true(http_limits_take(l, RATE_MAIL, address("192.0.2.1"), START, &wait_s));
	assert_false(http_limits_take(l, RATE_MAIL, address("192.0.2.1"), START, &wait_s));
	assert_int_equal(wait_s, 60);
	assert_true(http_limits_take(l, RATE_MAIL, address("192.0.2.2"), START, &wait_s));
	assert_true(http_limits_take(l, RATE_LOGIN, address("192.0.2.1"), START, &wait_s));
	/* one customer has a whole /64 of IPv6 */
	assert_true(http_limits_take(l, RATE_MAIL, address("2001:db8:1:2::1"), START, &wait_s));
	assert_false(
		http_limits_take(l, RATE_MAIL, address("2001:db8:1:2:ffff::9"), START, &wait_s));
	assert_true(http_limits_take(l, RATE_MAIL, address("2001:db8:1:3::1"), START, &wait_s));
	/* a class without numbers is not limited */
	for (int i = 0; i < 1000; i++) {
		assert_true(http_limits_take(l, RATE_PAGE, address("192.0.2.1"), START, &wait_s));
	}
	http_limits_free(l);
}

/* Where a source's bucket is empty there are others: a larger one for an address that many share,
 * and one for each account. */
static void further_buckets(void **state)
{
	(void)state;
	struct http_limits *l = http_limits_new(limits, 10);
	assert_non_null(l);
	const struct ip campus = address("192.0.2.1");
	int64_t wait_s = 0;
	int passed = 0;
	while (http_limits_take(l, RATE_SHARED + RATE_LOGIN, campus, START, &wait_s)) {
		passed++;
	}
	assert_int_equal(passed, 30);
	assert_int_equal(wait_s, 1);
	assert_int_equal(http_limits_per_minute(l, RATE_SHARED + RATE_LOGIN), 60);
	assert_true(http_limits_take(l, RATE_LOGIN, campus, START, &wait_s));
	for (int i = 0; i < 3; i++) {
		assert_true(http_limits_take_account(
			l, RATE_LOGIN, "aaaaaaaaaaaaaaaaaaaaaaaaaa", START));
	}
	assert_false(http_limits_take_account(l, RATE_LOGIN, "aaaaaaaaaaaaaaaaaaaaaaaaaa", START));
	assert_true(http_limits_take_account(l, RATE_LOGIN, "baaaaaaaaaaaaaaaaaaaaaaaaa", START));
	assert_true(http_limits_take(l, RATE_SHARED + RATE_PAGE, campus, START, &wait_s));
	http_limits_free(l);
	/* no factor makes of numbers none, or other ones */
	l = http_limits_new(
		(struct rate_limit[RATE_COUNT]){ [RATE_PAGE] = { 1000000, 1000000 } }, 4000000);
	assert_int_equal(http_limits_per_minute(l, RATE_SHARED + RATE_PAGE), 60000000);
	assert_true(http_limits_take(l, RATE_SHARED + RATE_PAGE, campus, START, &wait_s));
	http_limits_free(l);
}

/* A flood of a million sources, each using one request, does not free the one that is over its
 * limit by much. */
static void flood(void **state)
{
	(void)state;
	struct http_limits *l = http_limits_new(limits, 10);
	assert_non_null(l);
	int64_t wait_s = 0;
	const struct ip guilty = address("198.51.100.7");
	while (http_limits_take(l, RATE_LOGIN, guilty, START, &wait_s)) {
	}
	struct ip other = address("10.0.0.0");
	for (uint32_t i = 0; i < 1000000; i++) {
		other.b[13] = (uint8_t)(i >> 16);
		other.b[14] = (uint8_t)(i >> 8);
		other.b[15] = (uint8_t)i;
		(void)http_limits_take(l, RATE_LOGIN, other, START, &wait_s);
	}
	assert_false(http_limits_take(l, RATE_LOGIN, guilty, START, &wait_s));
	http_limits_free(l);
}

struct racer {
	struct http_limits *l;
	_Atomic int passed;
};
static void *race(void *arg)
{
	struct racer *r = arg;
	int64_t wait_s = 0;
	const struct ip a = address("192.0.2.1");
	for (int i = 0; i < 1000; i++) {
		r->passed += http_limits_take(r->l, RATE_LOGIN, a, START, &wait_s);
	}
	return NULL;
}

/* Eight threads at once do not get more than one would. */
static void races(void **state)
{
	(void)state;
	struct racer r = { .l = http_limits_new(limits, 10) };
	assert_non_null(r.l);
	pthread_t threads[8];
	for (size_t i = 0; i < COUNT(threads); i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, race, &r), 0);
	}
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(r.passed, 3);
	http_limits_free(r.l);
}

/* Other limits hold from the next request on, also while others ask; what was used stays used. */
static void changed(void **state)
{
	(void)state;
	static const struct rate_limit none[RATE_COUNT] = { 0 };
	static const struct rate_limit wide[RATE_COUNT] = {
		[RATE_LOGIN] = { .burst = 5, .per_minute = 60 },
	};
	const struct ip a = address("192.0.2.1");
	int64_t wait_s = 0;
	struct racer r = { .l = http_limits_new(limits, 10) };
	assert_non_null(r.l);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, race, &r), 0);
	for (int i = 0; i < 100; i++) {
		http_limits_set(r.l, i % 2 ? limits : wide);
	}
	pthread_join(thread, NULL);
	http_limits_set(r.l, limits);
	assert_int_equal(http_limits_per_minute(r.l, RATE_LOGIN), 6);
	while (http_limits_take(r.l, RATE_LOGIN, a, START, &wait_s)) {
		continue;
	}
	http_limits_set(r.l, none);
	for (int i = 0; i < 50; i++) {
		assert_true(http_limits_take(r.l, RATE_LOGIN, a, START, &wait_s));
	}
	http_limits_set(r.l, limits);
	assert_false(http_limits_take(r.l, RATE_LOGIN, a, START, &wait_s));
	http_limits_free(r.l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_then_rate),
		cmocka_unit_test(sources_and_classes),
		cmocka_unit_test(further_buckets),
		cmocka_unit_test(flood),
		cmocka_unit_test(races),
		cmocka_unit_test(changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
