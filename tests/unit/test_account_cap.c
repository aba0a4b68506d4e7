/* Goal: a session that is one too many is the one that was used longest ago, never the one just
 * made: with equal times, with a clock that was put back, and when the last use stands in memory
 * alone. */
#include "account_help.h"

#include "postern/cache.h"

enum { CAP = 3 };

static struct bench *cap_open(void **state)
{
	struct bench *b = bench_open();
	struct account acc;

	(void)state;
	b->s.set.sessions_max = CAP;
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	return b;
}

static void enter(struct bench *b, struct login_result *in)
{
	assert_int_equal(bench_login(b, "ada@mail.example", GOOD_PASSWORD, in), ERR_OK);
}

static int alive(struct bench *b, const struct login_result *in, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += bench_signed_in(b, in[i].token.text);
	return count;
}

static void test_new_one_stays_in_one_second(void **state)
{
	struct bench *b = cap_open(state);
	struct login_result in[8];

	for (int i = 0; i < 8; i++) {
		enter(b, &in[i]);
		assert_true(bench_signed_in(b, in[i].token.text));
		assert_int_equal(alive(b, in, i + 1), i + 1 < CAP ? i + 1 : CAP);
	}
	bench_close(b);
}

static void test_new_one_stays_when_the_clock_goes_back(void **state)
{
	struct bench *b = cap_open(state);
	struct login_result in[6];

	for (int i = 0; i < 6; i++) {
		enter(b, &in[i]);
		assert_true(bench_signed_in(b, in[i].token.text));
		b->now_s -= 30; /* what is further ahead than CLOCK_SKEW_S is refused */
	}
	assert_int_equal(alive(b, in, 6), CAP);
	bench_close(b);
}

static void test_the_unused_one_goes(void **state)
{
	struct bench *b = cap_open(state);
	struct login_result in[CAP], more;

	for (int i = 0; i < CAP; i++) {
		enter(b, &in[i]);
		b->now_s += 3600;
	}
	assert_true(bench_signed_in(b, in[0].token.text)); /* an hour ago: is noted */
	b->now_s += 1;
	enter(b, &more);
	assert_true(bench_signed_in(b, in[0].token.text));
	assert_false(bench_signed_in(b, in[1].token.text));
	assert_true(bench_signed_in(b, in[2].token.text));
	bench_close(b);
}

/* One reads each minute while somebody logs in again and again: less than a quarter of an hour, so
 * none of its uses is noted. */
static void test_one_in_constant_use_stays(void **state)
{
	struct bench *b = cap_open(state);
	struct login_result busy, in[10];

	b->s.sessions = cache_new(&(struct cache_settings){ 1 << 20, 4, 60 * 1000000 });
	assert_non_null(b->s.sessions);
	enter(b, &busy);
	for (int i = 0; i < 10; i++) {
		b->now_s += 30;
		enter(b, &in[i]);
		b->now_s += 30;
		assert_true(bench_signed_in(b, busy.token.text));
	}
	assert_int_equal(alive(b, in, 10), CAP - 1);
	b->now_s += 1;
	assert_true(bench_signed_in(b, busy.token.text));
	/* what memory knew was noted with the last end: it holds without the memory, too */
	b->now_s += 30;
	enter(b, &in[0]);
	cache_flush(b->s.sessions);
	b->now_s += 1;
	enter(b, &in[1]);
	assert_true(bench_signed_in(b, busy.token.text));
	cache_free(b->s.sessions);
	bench_close(b);
}

static void test_ended_ones_go_first(void **state)
{
	struct bench *b = cap_open(state);
	struct login_result in[CAP], more;

	for (int i = 0; i < CAP; i++)
		enter(b, &in[i]);
	b->now_s += (int64_t)b->s.set.session_idle_s - 60;
	assert_true(bench_signed_in(b, in[1].token.text));
	assert_true(bench_signed_in(b, in[2].token.text));
	b->now_s += 120; /* in[0] has ended by itself, and is still a row */
	enter(b, &more);
	assert_true(bench_signed_in(b, in[1].token.text));
	assert_true(bench_signed_in(b, in[2].token.text));
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_one_stays_in_one_second),
		cmocka_unit_test(test_new_one_stays_when_the_clock_goes_back),
		cmocka_unit_test(test_the_unused_one_goes),
		cmocka_unit_test(test_one_in_constant_use_stays),
		cmocka_unit_test(test_ended_ones_go_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
