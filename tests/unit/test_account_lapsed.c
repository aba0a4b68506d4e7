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
	struct refusal why;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dead_links_are_not_sent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
