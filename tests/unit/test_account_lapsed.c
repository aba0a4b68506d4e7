/* Goal: what has lapsed is worth nothing, and nobody is sent to it. */
#include "account_help.h"

static void round_of(struct bench *b, size_t sent, size_t dropped)
{
	struct mail_round r;

	assert_int_equal(mail_deliver_once(b->mail, &r), ERR_OK);
	assert_int_equal(r.sent, sent);
	assert_int_equal(r.dropped, dropped);
	assert_int_equal(r.deferred + r.failed, 0);
}

/* Goal: a mail that had to wait (the mail server was away) goes out only when its link still works:
 * not expired, not used, not replaced, and its account not disabled. */
static void test_dead_links_are_not_sent(void **state)
{
	struct bench *b = bench_open();
	struct account ada, bob;
	struct mail_row *rows;
	struct field_error why;
	size_t n;
	char token[TOKEN_SIZE];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &ada);
	bench_account(b, "bob@example.org", GOOD_PASSWORD, &bob);
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK); /* replaced */
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	assert_int_equal(bench_reset(b, "nobody@example.org"), ERR_OK); /* has no link to die */
	round_of(b, 2, 1);

	b->now_s++;
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK); /* used */
	bench_mails(b, "ada@example.org", NULL, token);
	assert_int_equal(bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(bench_reset(b, "bob@example.org"), ERR_OK); /* disabled */
	assert_int_equal(account_set_disabled(&b->s, bob.id, true, b->now_s), ERR_OK);
	round_of(b, 1, 2); /* sent: the note of the new password */

	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	b->now_s += (int64_t)b->s.set.verify_minutes * 60 - 1; /* in its last second */
	assert_int_equal(bench_register(b, "late@example.org", GOOD_PASSWORD), ERR_OK);
	round_of(b, 1, 1); /* bench_register takes a second: the first has expired */
	assert_int_equal(mail_list(b->db, b->a, 500, &rows, &n), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		bool expired = strcmp(rows[i].to, "new@example.org") == 0;
		assert_int_equal(expired && !rows[i].failed_at, 0);
		if (expired)
			assert_non_null(strstr(rows[i].error.p, "link"));
	}
	assert_int_equal(mail_counts(b->mail).dropped, 0); /* rounds count for themselves */
	bench_close(b);
}

/* Everything is made at T, by a clock that is `ahead` of the one it is then shown to. True when all
 * of it is good, false when none is. */
static bool good_after_setting_back(int64_t ahead_s, bool cached)
{
	struct bench *b = bench_open();
	struct login_result in, res;
	struct account acc;
	struct field_error why;
	char token[TOKEN_SIZE], verify[TOKEN_SIZE];
	int good = 0;

	if (cached)
		b->s.sessions = cache_new(&(struct cache_settings){ 1 << 20, 4, 5000000 });
	assert_int_equal(b->s.sessions != NULL, cached);
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &in), ERR_OK);
	assert_true(bench_signed_in(b, in.token.text)); /* into the cache, too */
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, token);
	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	bench_mails(b, "new@example.org", NULL, verify);
	b->now_s -= ahead_s;
	good += bench_signed_in(b, in.token.text);
	struct login l = { .email = STR("ada@example.org"),
		.password = STR("x"),
		.device = str_of(in.device.text) };
	for (int i = 0; i < 5; i++) /* five that are judged, if the device is not known */
		assert_int_equal(bench_login(b, "ada@example.org", "x", &res), ERR_UNAUTHENTICATED);
	good += account_login(&b->s, &l, b->now_s, b->a, &res) == ERR_UNAUTHENTICATED;
	good += account_token_find(&b->s, str_of(token), "reset", b->now_s, &acc) == ERR_OK;
	good += bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why) == ERR_OK;
	good += bench_verify_with(b, verify, GOOD_PASSWORD) == ERR_OK;
	cache_free(b->s.sessions);
	bench_close(b);
	if (good != 0 && good != 5)
		fail_msg("%lld s ahead: %d of 5 are good", (long long)ahead_s, good);
	return good == 5;
}

/* Goal: what was made while a clock was ahead is refused once it is set back; servers whose clocks
 * differ a little believe each other. */
static void test_made_in_the_future(void **state)
{
	(void)state;
	for (int cached = 0; cached < 2; cached++) {
		assert_true(good_after_setting_back(0, cached));
		assert_true(good_after_setting_back(CLOCK_SKEW_S, cached));
		assert_false(good_after_setting_back(CLOCK_SKEW_S + 10, cached));
		assert_false(good_after_setting_back(86400, cached));
	}
}

static size_t sessions_listed(struct bench *b, const char *account_id)
{
	struct session *list;
	size_t n = 0;

	assert_int_equal(account_sessions(&b->s, account_id, b->now_s, b->a, &list, &n), ERR_OK);
	return n;
}

/* Goal: a browser that became known while a clock was ahead, and logs in once it is set back, is
 * known from then on; its session of the future, which is refused, is not shown as one. */
static void test_known_again(void **state)
{
	static const char ada[] = "ada@example.org";
	struct bench *b = bench_open();
	struct login_result future, now, res;
	struct account acc;

	(void)state;
	bench_account(b, ada, GOOD_PASSWORD, &acc);
	b->now_s += 86400;
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &future), ERR_OK);
	assert_int_equal(sessions_listed(b, acc.id), 1);
	b->now_s -= 86400;
	assert_int_equal(sessions_listed(b, acc.id), 0);
	struct login l = { .email = str_of(ada),
		.password = STR(GOOD_PASSWORD),
		.device = str_of(future.device.text),
		.remember_device = true };
	assert_int_equal(account_login(&b->s, &l, b->now_s, b->a, &now), ERR_OK);
	assert_int_equal(sessions_listed(b, acc.id), 1);
	while (bench_login(b, ada, "x", &res) == ERR_UNAUTHENTICATED)
		;
	l.device = str_of(now.device.text);
	assert_int_equal(account_login(&b->s, &l, b->now_s, b->a, &res), ERR_OK);
	assert_string_equal(res.device.text, ""); /* the one at hand stays good */
	bench_close(b);
}

/* Goal: a session of before that was used while the clock was ahead ends when it is unused for as
 * long as any other. */
static void test_used_in_the_future(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;

	(void)state;
	b->s.set.session_s = (int64_t)365 * 86400;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	b->now_s += 10 * 86400;
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s -= 9 * 86400;
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s += b->s.set.session_idle_s;
	assert_false(bench_signed_in(b, res.token.text));
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_in_the_future),
		cmocka_unit_test(test_known_again),
		cmocka_unit_test(test_used_in_the_future),
		cmocka_unit_test(test_dead_links_are_not_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
