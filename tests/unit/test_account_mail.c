/* Goal: registration, verification and reset by mailed token: nothing told apart from outside, each
 * token good once, for one account and one purpose, and nobody gets into an account by being there
 * first. */
#include "account_help.h"

#include <pthread.h>
#include <stdatomic.h>

static void test_register_verify_log_in(void **state)
{
	struct bench *b = bench_open();
	char kind[32], token[TOKEN_SIZE];
	struct token proof;
	struct login_result res;

	(void)state;
	assert_int_equal(bench_register_from(b, "ada@example.org", GOOD_PASSWORD, &proof), ERR_OK);
	assert_int_equal(
		bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_mails(b, "ada@example.org", kind, token), 1);
	assert_string_equal(kind, "verify");
	assert_int_equal(bench_verify(b, token, &proof), ERR_OK);
	assert_int_equal(bench_verify(b, token, &proof), ERR_SPENT);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

/* Goal: a reset proves the mailbox as well, and does not leave an anonymous reader's name on the
 * account. */
static void test_reset_of_unproved_account(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct field_error why;
	struct mail_row *rows;
	size_t n;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register(b, "victim@example.org", OTHER_PASSWORD), ERR_OK);
	b->now_s++;
	assert_int_equal(bench_reset(b, "victim@example.org"), ERR_OK);
	assert_int_equal(mail_list(b->db, b->a, 10, &rows, &n), ERR_OK);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		assert_null(strstr(rows[i].text.p, "Ada"));
	bench_mails(b, "victim@example.org", NULL, token);
	assert_int_equal(bench_confirm(b, str_of(token), STR(GOOD_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(bench_login(b, "victim@example.org", GOOD_PASSWORD, &res), ERR_OK);
	assert_string_equal(res.account.name, "");
	assert_int_equal(bench_mails(b, "victim@example.org", NULL, NULL), 2); /* no alarm */
	bench_close(b);
}

/* Goal: the first password of an account that the operator made without one alarms nobody; the next
 * one tells its owner. */
static void test_first_password_alarms_nobody(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct field_error why;
	char kind[32], token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(account_create(&b->s, STR("ben@example.org"), STR("Ben"), STR(""),
				 b->now_s, b->a, &acc, &why),
		ERR_OK);
	bench_mails(b, "ben@example.org", NULL, token);
	assert_int_equal(bench_confirm(b, str_of(token), STR(GOOD_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(bench_mails(b, "ben@example.org", kind, NULL), 1);
	b->now_s++;
	assert_int_equal(bench_reset(b, "ben@example.org"), ERR_OK);
	bench_mails(b, "ben@example.org", NULL, token);
	b->now_s++;
	assert_int_equal(bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(bench_mails(b, "ben@example.org", kind, NULL), 3);
	assert_string_equal(kind, "password_changed");
	bench_close(b);
}

/* Goal: the way back travels in the mails: behind a link with a token, and in the links of the mail
 * that says there is an account. Only a local path does. */
static void test_mails_lead_back(void **state)
{
	static const struct {
		const char *to, *mail;
	} rows[] = {
		{ "/articles/a?b=c&d", "return_to=%2Farticles%2Fa%3Fb%3Dc%26d\n" },
		{ "//evil.example/", NULL },
		{ "https://evil.example/", NULL },
		{ "", NULL },
	};
	struct bench *b = bench_open();
	struct account acc;
	struct field_error why;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mail_row *mails;
		size_t n, leading = 0;
		b->now_s += 86400;
		for (int known = 0; known < 2; known++) {
			struct str to = known ? STR("ada@example.org") : STR("new@example.org");
			struct registration r = { .email = to,
				.password = STR(GOOD_PASSWORD),
				.name = STR("Ada"),
				.return_to = str_of(rows[i].to) };
			assert_int_equal(account_register(&b->s, &r, b->now_s, b->a, &why), ERR_OK);
		}
		struct reset_request rq = { .email = STR("ada@example.org"),
			.return_to = str_of(rows[i].to),
			.request_id = "test" };
		assert_int_equal(account_reset_request(&b->s, &rq, b->now_s), ERR_OK);
		assert_int_equal(account_requests_run(&b->s, b->now_s), ERR_OK);
		assert_int_equal(mail_list(b->db, b->a, 3, &mails, &n), ERR_OK);
		assert_int_equal(n, 3); /* verify, exists, reset */
		for (size_t k = 0; k < n; k++)
			leading += strstr(mails[k].text.p,
					   rows[i].mail ? rows[i].mail : "return_to") != NULL;
		assert_int_equal(leading, rows[i].mail ? 3 : 0);
	}
	bench_close(b);
}

/* Goal: who registers a known address gets the answer everybody gets; the owner's mail says what is
 * the case. */
static void test_register_known_address(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	char kind[32], token[TOKEN_SIZE];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_register(b, "ADA@example.org", OTHER_PASSWORD), ERR_OK);
	assert_int_equal(bench_mails(b, "ada@example.org", kind, token), 1);
	assert_string_equal(kind, "exists");
	assert_string_equal(token, "");
	assert_int_equal(
		bench_login(b, "ada@example.org", OTHER_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

static void test_reset(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result before, res;
	struct field_error why = { 0 };
	char kind[32], token[TOKEN_SIZE];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &before), ERR_OK);
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	assert_int_equal(bench_mails(b, "ada@example.org", kind, token), 1);
	assert_string_equal(kind, "reset");
	assert_true(bench_signed_in(b, before.token.text)); /* asking changes nothing */

	b->now_s++;
	/* A refused password does not spend the token. */
	assert_int_equal(
		bench_confirm(b, str_of(token), STR("password1"), b->a, &why), ERR_WEAK_PASSWORD);
	assert_string_equal(why.code, "common_password");
	assert_int_equal(bench_confirm(b, str_of(token), STR("short"), b->a, &why), ERR_INVALID);
	assert_int_equal(bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(
		bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_SPENT);
	assert_false(bench_signed_in(b, before.token.text));
	assert_int_equal(
		bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_login(b, "ada@example.org", OTHER_PASSWORD, &res), ERR_OK);
	assert_int_equal(bench_mails(b, "ada@example.org", kind, NULL), 2);
	assert_string_equal(kind, "password_changed");
	bench_close(b);
}

/* Goal: a reset for an address without an account mails one line to it and nothing else differs. */
static void test_reset_unknown(void **state)
{
	struct bench *b = bench_open();
	char kind[32], token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_reset(b, "nobody@example.org"), ERR_OK);
	assert_int_equal(bench_mails(b, "nobody@example.org", kind, token), 1);
	assert_string_equal(kind, "no_account");
	assert_string_equal(token, "");
	assert_int_equal(bench_reset(b, "a@x,b@y"), ERR_INVALID);
	bench_close(b);
}

/* Goal: a token is void when expired, when a newer one was sent, when the password was changed, and
 * for another purpose. */
static void test_token_voids(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;
	struct field_error why;
	char first[TOKEN_SIZE], second[TOKEN_SIZE], verify[TOKEN_SIZE];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, first);
	b->now_s += 1;
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, second);
	assert_string_not_equal(first, second);
	assert_int_equal(
		bench_confirm(b, str_of(first), STR(OTHER_PASSWORD), b->a, &why), ERR_SPENT);
	assert_int_equal(bench_verify_with(b, second, GOOD_PASSWORD), ERR_SPENT);

	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	struct password_change ch = { .account_id = acc.id,
		.session_id = res.session.id,
		.current = STR(GOOD_PASSWORD),
		.chosen = STR(OTHER_PASSWORD) };
	assert_int_equal(account_password_change(&b->s, &ch, b->now_s, b->a, &why), ERR_OK);
	assert_int_equal(
		bench_confirm(b, str_of(second), STR(GOOD_PASSWORD), b->a, &why), ERR_SPENT);

	b->now_s += 10;
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, first);
	b->now_s += 30 * 60;
	assert_int_equal(
		bench_confirm(b, str_of(first), STR(GOOD_PASSWORD), b->a, &why), ERR_SPENT);

	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	bench_mails(b, "new@example.org", NULL, verify);
	assert_int_equal(
		bench_confirm(b, str_of(verify), STR(OTHER_PASSWORD), b->a, &why), ERR_SPENT);
	assert_int_equal(bench_verify_with(b, verify, GOOD_PASSWORD), ERR_OK);
	bench_close(b);
}

/* Goal: a mailbox cannot be flooded, and asking again and again does not void the link the reader
 * has. */
static void test_mailbox_limit_keeps_the_link(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct field_error why;
	char token[TOKEN_SIZE];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	for (int i = 0; i < 20; i++) {
		b->now_s++;
		assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	}
	assert_int_equal(bench_mails(b, "ada@example.org", NULL, token), 5);
	assert_int_equal(bench_confirm(b, str_of(token), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	bench_close(b);
}

struct racing {
	struct bench *b;
	const char *token;
	atomic_int won, spent, other;
};

static void *confirm(void *arg)
{
	struct racing *g = arg;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct field_error why;

	switch (bench_confirm(g->b, str_of(g->token), STR(OTHER_PASSWORD), a, &why)) {
	case ERR_OK:
		atomic_fetch_add(&g->won, 1);
		break;
	case ERR_SPENT:
		atomic_fetch_add(&g->spent, 1);
		break;
	default:
		atomic_fetch_add(&g->other, 1);
	}
	return NULL;
}

/* Goal: fifty posts of one token at once: one wins. */
static void test_fifty_at_once(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	char token[TOKEN_SIZE];
	pthread_t t[50];

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_reset(b, "ada@example.org"), ERR_OK);
	bench_mails(b, "ada@example.org", NULL, token);
	struct racing g = { .b = b, .token = token };
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, confirm, &g), 0);
	for (size_t i = 0; i < COUNT(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&g.won), 1);
	assert_int_equal(atomic_load(&g.spent), 49);
	assert_int_equal(atomic_load(&g.other), 0);
	bench_close(b);
}

/* Goal: a change of password proves the current one, ends the other sessions, keeps this one, and
 * is guess-limited. */
static void test_password_change(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result here, there;
	struct field_error why = { 0 };

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &here), ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &there), ERR_OK);
	struct password_change ch = {
		.account_id = acc.id, .session_id = here.session.id, .chosen = STR(OTHER_PASSWORD)
	};
	for (int i = 0; i < 5; i++) {
		ch.current = i % 2 ? STR("") : STR("wrong password here");
		assert_int_equal(
			account_password_change(&b->s, &ch, b->now_s, b->a, &why), ERR_DENIED);
	}
	ch.current = STR(GOOD_PASSWORD);
	assert_int_equal(account_password_change(&b->s, &ch, b->now_s, b->a, &why), ERR_LIMITED);
	assert_true(ch.retry_after_s > 0);
	b->now_s += ch.retry_after_s;
	assert_int_equal(account_password_change(&b->s, &ch, b->now_s, b->a, &why), ERR_OK);
	assert_true(bench_signed_in(b, here.token.text));
	assert_false(bench_signed_in(b, there.token.text));

	/* A refused new password is no wrong guess of the current one. */
	ch.current = STR(OTHER_PASSWORD);
	ch.chosen = STR("password1");
	for (int i = 0; i < 8; i++)
		assert_int_equal(account_password_change(&b->s, &ch, b->now_s, b->a, &why),
			ERR_WEAK_PASSWORD);
	bench_close(b);
}

/* Goal: the settled rules for a new password, each with its own code. */
static void test_password_rules(void **state)
{
	struct bench *b = bench_open();
	struct account owner = { .email = "ada.holmgren@courier.example", .name = "Ada Holmgren" };
	char longest[200], too_long[200];
	static const struct {
		const char *password, *code;
	} rows[] = {
		{ "", "required" },
		{ "seven77", "too_short" },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f",
			"too_short" }, /* four characters, eight bytes */
		{ "password", "common_password" },
		{ "12345678", "common_password" },
		{ "iloveyou", "common_password" },
		{ "holmgren", "context_password" },
		{ "the paper", "context_password" },
		{ "zzqqy\x01zzqqy", "bad_characters" },
		{ GOOD_PASSWORD, NULL },
		{ "Zo\xc3\xab fand 17 Kr\xc3\xa4hen im Heu", NULL },
		{ "        x  q  7  V", NULL },
	};

	(void)state;
	memset(longest, 0, sizeof longest);
	for (size_t i = 0; i < 128; i++)
		longest[i] = "kv9Tq2!mXw4#zRb"[(i * 7 + i / 3) % 15];
	memcpy(too_long, longest, sizeof longest);
	too_long[128] = 'x';
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct field_error why = { 0 };
		struct str prepared;
		enum err e = account_password_judge(
			&b->s, str_of(rows[i].password), &owner, b->a, &prepared, &why);
		if (!rows[i].code && e)
			fail_msg("\"%s\" was refused: %s", rows[i].password, why.code);
		if (rows[i].code && (!e || strcmp(why.code, rows[i].code) != 0))
			fail_msg("\"%s\": %s instead of %s", rows[i].password,
				e ? why.code : "accepted", rows[i].code);
	}
	struct field_error why = { 0 };
	struct str prepared;
	assert_int_equal(
		account_password_judge(&b->s, str_of(longest), &owner, b->a, &prepared, &why),
		ERR_OK);
	assert_int_equal(
		account_password_judge(&b->s, str_of(too_long), &owner, b->a, &prepared, &why),
		ERR_INVALID);
	assert_string_equal(why.code, "too_long");
	bench_close(b);
}

/* Goal: two spellings of one password (composed and decomposed) are the same password. */
static void test_unicode_spellings(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;

	(void)state;
	bench_account(b, "ada@example.org", "caf\xc3\xa9 am alten Hafen 9", &acc);
	assert_int_equal(
		bench_login(b, "ada@example.org", "cafe\xcc\x81 am alten Hafen 9", &res), ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org",
				 "caf\xc3\xa9\xc2\xa0"
				 "am alten Hafen 9",
				 &res),
		ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org", "cafe am alten Hafen 9", &res),
		ERR_UNAUTHENTICATED);
	bench_close(b);
}

/* Goal: what has lapsed is dropped, what lives stays. */
static void test_purge(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res;

	(void)state;
	bench_account(b, "ada@example.org", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	assert_int_equal(bench_login(b, "ada@example.org", GOOD_PASSWORD, &res), ERR_OK);
	assert_int_equal(
		account_purge(&b->s, &(struct db_sweeper){ .db = b->db, .now_s = b->now_s }),
		ERR_OK);
	assert_int_equal(account_find(&b->s, STR("new@example.org"), &acc), ERR_OK);
	assert_true(bench_signed_in(b, res.token.text));
	b->now_s += 3 * 86400;
	assert_int_equal(
		account_purge(&b->s, &(struct db_sweeper){ .db = b->db, .now_s = b->now_s }),
		ERR_OK);
	assert_int_equal(account_find(&b->s, STR("new@example.org"), &acc), ERR_NOT_FOUND);
	assert_int_equal(account_find(&b->s, STR("ada@example.org"), &acc), ERR_OK);
	assert_true(bench_signed_in(b, res.token.text));
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register_verify_log_in),
		cmocka_unit_test(test_reset_of_unproved_account),
		cmocka_unit_test(test_first_password_alarms_nobody),
		cmocka_unit_test(test_mails_lead_back),
		cmocka_unit_test(test_register_known_address),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_unknown),
		cmocka_unit_test(test_token_voids),
		cmocka_unit_test(test_mailbox_limit_keeps_the_link),
		cmocka_unit_test(test_fifty_at_once),
		cmocka_unit_test(test_password_change),
		cmocka_unit_test(test_password_rules),
		cmocka_unit_test(test_unicode_spellings),
		cmocka_unit_test(test_purge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
