/* Goal: one answer for every reason a log-in fails, limits that slow guessing and never lock the
 * owner out, sessions that end when they should. */
#include "account_help.h"

#include <pthread.h>
#include <stdatomic.h>

static void test_good_log_in(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	struct caller c;

	(void)state;
	bench_account(b, "Ada@Example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.ORG", GOOD_PASSWORD, &res), ERR_OK);
	assert_string_equal(res.account.email, "Ada@Example.org");
	assert_string_equal(res.account.password_hash, "");
	assert_int_equal(res.session.expires_at, T0 + 30 * 86400);
	assert_int_equal(
		account_identify(&b->s, presented(str_of(res.token.text)), b->now_s, &c), ERR_OK);
	assert_true(c.signed_in);
	assert_string_equal(c.account_id, acc.id);
	assert_string_equal(c.session_id, res.session.id);
	assert_int_equal(strlen(c.session_tag), 16);
	bench_close(b);
}

static void test_one_refusal_for_all_reasons(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	static char long_password[1 << 20];

	(void)state;
	memset(long_password, 'x', sizeof long_password - 1);
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	const struct {
		const char *email, *password;
	} rows[] = {
		{ "ada@example.org", "wrong password here" },
		{ "ada@example.org", "" },
		{ "ada@example.org", long_password },
		{ "ada@example.org", "\x01\x02" },
		{ "nobody@example.org", GOOD_PASSWORD },
		{ "new@example.org", GOOD_PASSWORD }, /* not verified */
		{ "not an address", GOOD_PASSWORD },
		{ "", "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
			bench_login(b, rows[i].email, rows[i].password, &res), ERR_UNAUTHENTICATED);
		assert_string_equal(res.token.text, "");
	}
	assert_int_equal(account_set_disabled(&b->s, acc.id, true, b->now_s), ERR_OK);
	b->now_s += 86400;
	assert_int_equal(
		bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_UNAUTHENTICATED);
	bench_close(b);
}

/* Goal: wrong tries are slowed per account, known or not, and a good one after the wait clears the
 * count. */
static void test_growing_delay(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	const char *const who[] = { "ada@example.org", "nobody@example.org" };

	(void)state;
	bench_account(b, who[0], GOOD_PASSWORD, &acc);
	for (size_t w = 0; w < COUNT(who); w++) {
		for (int i = 0; i < 5; i++)
			assert_int_equal(bench_login(b, who[w], "wrong password here", &res),
				ERR_UNAUTHENTICATED);
		assert_int_equal(bench_login(b, who[w], GOOD_PASSWORD, &res), ERR_LIMITED);
		assert_int_equal(res.retry_after_s, 1);
		b->now_s += 1;
		assert_int_equal(
			bench_login(b, who[w], "wrong password here", &res), ERR_UNAUTHENTICATED);
		assert_int_equal(bench_login(b, who[w], "wrong password here", &res), ERR_LIMITED);
		assert_int_equal(res.retry_after_s, 2);
	}
	b->now_s += 2;
	assert_int_equal(bench_login(b, who[0], GOOD_PASSWORD, &res), ERR_OK);
	assert_int_equal(bench_login(b, who[0], "wrong password here", &res), ERR_UNAUTHENTICATED);
	bench_close(b);
}

/* Goal: an anonymous reader who makes the counter grow cannot keep out the browser that has been in
 * before, nor a reset by mail. */
static void test_no_lock_out(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	char token[TOKEN_SIZE];
	struct field_error why;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	struct login known = { .email = STR("ada@example.org"),
		.password = STR(GOOD_PASSWORD),
		.device = arena_str(b->a, str_of(res.device.text)) };
	for (int i = 0; i < 40; i++) {
		enum err e = bench_login(b, "ada@example.org", "wrong password here", &res);
		b->now_s += e == ERR_LIMITED ? res.retry_after_s : 0;
	}
	while (bench_login(b, "ada@example.org", "wrong password here", &res) ==
		ERR_UNAUTHENTICATED)
		;
	assert_true(res.retry_after_s > 60);
	assert_int_equal(account_login(&b->s, &known, b->now_s, b->a, &res), ERR_OK);
	assert_string_equal(res.device.text, "");
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_LIMITED);

	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, token);
	assert_int_equal(bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org", OTHER_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

/* Goal: a device cookie of one account is nothing for another. */
static void test_device_is_bound(void **state)
{
	struct bench *b = bench_open();
	struct account ada, eve;
	struct login_result res;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &ada);
	bench_account(b, "eve@example.org", GOOD_PASSWORD, &eve);
	assert_int_equal(bench_login(b, "eve@example.org", GOOD_PASSWORD, &res), ERR_OK);
	struct login l = { .email = STR("ada@example.org"),
		.password = STR("wrong password here"),
		.device = arena_str(b->a, str_of(res.device.text)) };
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			account_login(&b->s, &l, b->now_s, b->a, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(account_login(&b->s, &l, b->now_s, b->a, &res), ERR_LIMITED);
	bench_close(b);
}

struct guessing {
	struct bench *b;
	atomic_int judged, limited;
};

static void *guess(void *arg)
{
	struct guessing *g = arg;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct login l = { .email = STR("ada@example.org"),
		.password = STR("wrong password here") };
	struct login_result res;

	for (int i = 0; i < 10; i++) {
		enum err e = account_login(&g->b->s, &l, g->b->now_s, a, &res);
		atomic_fetch_add(e == ERR_LIMITED ? &g->limited : &g->judged, 1);
	}
	return NULL;
}

/* Goal: 200 guesses at once are no better than one after another: five are judged, no more. */
static void test_parallel_guesses(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct guessing g = { .b = b };
	pthread_t t[20];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, guess, &g), 0);
	for (size_t i = 0; i < COUNT(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&g.judged), 5);
	assert_int_equal(atomic_load(&g.limited), 195);
	bench_close(b);
}

/* Goal: idle and absolute limits are the server's, whatever a cookie says; use prolongs the one and
 * not the other. */
static void test_session_limits(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	b->now_s = T0 + 14 * 86400 - 1;
	assert_true(bench_signed_in(b, res.token.text)); /* seen: idle begins anew */
	b->now_s = T0 + 28 * 86400 - 2;
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s = T0 + 30 * 86400 - 1;
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s = T0 + 30 * 86400;
	assert_false(bench_signed_in(b, res.token.text));

	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	b->now_s += 14 * 86400;
	assert_false(bench_signed_in(b, res.token.text));

	struct login brief = { .email = STR("ada@example.org"), .password = STR(GOOD_PASSWORD) };
	assert_int_equal(account_login(&b->s, &brief, b->now_s, b->a, &res), ERR_OK);
	b->now_s += 12 * 3600 - 1;
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s += 1;
	assert_false(bench_signed_in(b, res.token.text));
	bench_close(b);
}

/* Goal: a session ends by its owner's hand, by nobody else's, and with the account. */
static void test_session_ends(void **state)
{
	struct bench *b = bench_open();
	struct account ada, eve;
	struct login_result one, two, other;
	struct session *list;
	size_t n;
	int64_t ended;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &ada);
	bench_account(b, "eve@example.org", GOOD_PASSWORD, &eve);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &one), ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &two), ERR_OK);
	assert_int_equal(bench_login(b, "eve@example.org", GOOD_PASSWORD, &other), ERR_OK);
	assert_int_equal(account_session_end(&b->s, eve.id, str_of(one.session.id)), ERR_NOT_FOUND);
	assert_true(bench_signed_in(b, one.token.text));
	assert_int_equal(account_sessions(&b->s, ada.id, b->now_s, b->a, &list, &n), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(account_session_end(&b->s, ada.id, str_of(one.session.id)), ERR_OK);
	assert_int_equal(account_session_end(&b->s, ada.id, str_of(one.session.id)), ERR_NOT_FOUND);
	assert_false(bench_signed_in(b, one.token.text));
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &one), ERR_OK);
	assert_int_equal(
		account_sessions_end_others(&b->s, ada.id, one.session.id, &ended), ERR_OK);
	assert_int_equal(ended, 1);
	assert_true(bench_signed_in(b, one.token.text));
	assert_false(bench_signed_in(b, two.token.text));
	assert_true(bench_signed_in(b, other.token.text));
	assert_int_equal(account_set_disabled(&b->s, ada.id, true, b->now_s), ERR_OK);
	assert_false(bench_signed_in(b, one.token.text));
	assert_int_equal(account_set_disabled(&b->s, ada.id, false, b->now_s), ERR_OK);
	assert_false(bench_signed_in(b, one.token.text));
	assert_int_equal(account_delete(&b->s, eve.id), ERR_OK);
	assert_false(bench_signed_in(b, other.token.text));
	bench_close(b);
}

/* Goal: an account holds at most so many sessions; the least recently used makes room. */
static void test_session_cap(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res[4];

	(void)state;
	b->s.set.sessions_max = 3;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	for (size_t i = 0; i < COUNT(res); i++) {
		b->now_s += 100;
		assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res[i]), ERR_OK);
	}
	assert_false(bench_signed_in(b, res[0].token.text));
	for (size_t i = 1; i < COUNT(res); i++)
		assert_true(bench_signed_in(b, res[i].token.text));
	bench_close(b);
}

/* Goal: only tokens of ours are looked up; garbage is simply nobody. */
static void test_garbage_tokens(void **state)
{
	struct bench *b = bench_open();
	const char *const bad[] = { "", "pst_", "x",
		"pst_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "' OR 1=1 --",
		"pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(bench_signed_in(b, bad[i]));
	bench_close(b);
}

/* Goal: a hash of another cost is rewritten at log-in, and the password still works. */
static void test_rehash(void **state)
{
	struct bench *b = bench_open();
	struct account acc, after;
	struct login_result res;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(account_find(&b->s, STR("ada@example.org"), &acc), ERR_OK);
	b->s.set.cost = (struct password_cost){ .memory_kib = 20480, .passes = 2 };
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	assert_int_equal(account_find(&b->s, STR("ada@example.org"), &after), ERR_OK);
	assert_string_not_equal(after.password_hash, acc.password_hash);
	assert_non_null(strstr(after.password_hash, "m=20480,t=2,p=1"));
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_log_in),
		cmocka_unit_test(test_one_refusal_for_all_reasons),
		cmocka_unit_test(test_growing_delay),
		cmocka_unit_test(test_no_lock_out),
		cmocka_unit_test(test_device_is_bound),
		cmocka_unit_test(test_parallel_guesses),
		cmocka_unit_test(test_session_limits),
		cmocka_unit_test(test_session_ends),
		cmocka_unit_test(test_session_cap),
		cmocka_unit_test(test_garbage_tokens),
		cmocka_unit_test(test_rehash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
