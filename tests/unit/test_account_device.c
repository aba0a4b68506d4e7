/* Goal: guesses at an address keep out neither the browsers and apps that are known to its account
 * nor the one that sets a password by mail; and a mark gives nobody else anything. */
#include "account_help.h"

#include <sqlite3.h>

static const char ada[] = "ada@example.org", eve[] = "eve@example.org";

static int64_t marks(struct bench *b)
{
	char path[96];
	sqlite3 *db;
	sqlite3_stmt *s;

	snprintf(path, sizeof path, "%s/t.db", b->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM device_mark", -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static enum err login_from(struct bench *b, const char *email, const char *password,
	const char *device, struct login_result *out)
{
	struct login l = { .email = str_of(email),
		.password = str_of(password),
		.device = str_of(device),
		.remember_device = true };
	return account_login(&b->s, &l, b->now_s, b->a, out);
}

/* Guesses until the address is locked for most of an hour. */
static void lock(struct bench *b, const char *email)
{
	struct login_result res = { 0 };

	while (res.retry_after_s < 1800) {
		b->now_s += res.retry_after_s;
		(void)!bench_login(b, email, "not the password", &res);
	}
	assert_int_equal(bench_login(b, email, GOOD_PASSWORD, &res), ERR_LIMITED);
}

static void reset_from(
	struct bench *b, const char *email, const char *password, struct proved_device *d)
{
	char token[TOKEN_SIZE];
	struct field_error why;

	b->now_s++;
	assert_int_equal(bench_reset(b, email), ERR_OK);
	bench_mails(b, email, NULL, token);
	struct reset_confirmation r = {
		.token = str_of(token), .password = str_of(password), .device = d
	};
	assert_int_equal(account_reset_confirm(&b->s, &r, b->now_s, b->a, &why), ERR_OK);
}

static void test_reset_makes_known(void **state)
{
	struct bench *b = bench_open();
	struct proved_device browser = { 0 };
	struct account acc;
	struct login_result res;

	(void)state;
	bench_account(b, ada, GOOD_PASSWORD, &acc);
	lock(b, ada);
	reset_from(b, ada, OTHER_PASSWORD, &browser);
	assert_int_equal(strlen(browser.fresh.text), TOKEN_SIZE - 1);
	lock(b, ada); /* goes on */
	assert_int_equal(login_from(b, ada, OTHER_PASSWORD, browser.fresh.text, &res), ERR_OK);
	assert_string_equal(res.device.text, "");
	assert_int_equal(login_from(b, ada, OTHER_PASSWORD, "", &res), ERR_LIMITED);

	/* A second reset, elsewhere, forgets the first browser. */
	struct proved_device other = { 0 };
	reset_from(b, ada, GOOD_PASSWORD, &other);
	assert_int_equal(marks(b), 1);
	lock(b, ada);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, browser.fresh.text, &res), ERR_LIMITED);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, other.fresh.text, &res), ERR_OK);
	bench_close(b);
}

static void test_confirming_makes_known(void **state)
{
	struct bench *b = bench_open();
	struct proved_device browser = { 0 };
	struct token proof;
	struct login_result res;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register_from(b, ada, GOOD_PASSWORD, &proof), ERR_OK);
	bench_mails(b, ada, NULL, token);
	lock(b, ada);
	struct verification v = {
		.token = str_of(token), .proof = str_of(proof.text), .device = &browser
	};
	struct field_error why;
	assert_int_equal(account_verify(&b->s, &v, b->now_s, b->a, &why), ERR_OK);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, browser.fresh.text, &res), ERR_OK);
	bench_close(b);
}

/* Goal: two readers of one browser; neither takes the mark from the other. */
static void test_two_readers_of_one_browser(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result first, second, res;

	(void)state;
	bench_account(b, ada, GOOD_PASSWORD, &acc);
	bench_account(b, eve, GOOD_PASSWORD, &acc);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, "", &first), ERR_OK);
	assert_int_equal(login_from(b, eve, GOOD_PASSWORD, first.device.text, &second), ERR_OK);
	assert_int_equal(strlen(second.device.text), TOKEN_SIZE - 1); /* replaces the first */
	lock(b, ada);
	lock(b, eve);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, second.device.text, &res), ERR_OK);
	assert_string_equal(res.device.text, "");
	assert_int_equal(login_from(b, eve, GOOD_PASSWORD, second.device.text, &res), ERR_OK);
	assert_int_equal(marks(b), 2);

	/* Eve knows the cookie of the shared browser: she guesses at ada's password, and logs in
	 * to her own account in between, which does not clear the count. */
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
			login_from(b, ada, "guess", second.device.text, &res), ERR_UNAUTHENTICATED);
		assert_int_equal(
			login_from(b, eve, GOOD_PASSWORD, second.device.text, &res), ERR_OK);
	}
	assert_int_equal(login_from(b, ada, "guess", second.device.text, &res), ERR_LIMITED);
	bench_close(b);
}

/* Goal: an attacker plants the token of a browser of his own; ada logs in with it, and it is still
 * nothing to her account. */
static void test_planted_token(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result planted, own, res;

	(void)state;
	bench_account(b, ada, GOOD_PASSWORD, &acc);
	bench_account(b, eve, GOOD_PASSWORD, &acc);
	assert_int_equal(login_from(b, eve, GOOD_PASSWORD, "", &planted), ERR_OK);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, planted.device.text, &own), ERR_OK);
	assert_string_not_equal(own.device.text, planted.device.text);
	lock(b, ada);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, planted.device.text, &res), ERR_LIMITED);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, own.device.text, &res), ERR_OK);
	bench_close(b);
}

/* Goal: an app that does not ask for a mark leaves no row; those who do are bounded, and the one
 * used longest ago goes. */
static void test_marks_are_bounded(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result first, res;

	(void)state;
	bench_account(b, ada, GOOD_PASSWORD, &acc);
	struct login app = { .email = str_of(ada), .password = STR(GOOD_PASSWORD) };
	assert_int_equal(account_login(&b->s, &app, b->now_s, b->a, &res), ERR_OK);
	assert_string_equal(res.device.text, "");
	assert_int_equal(marks(b), 0);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, "", &first), ERR_OK);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(marks(b), i + 1);
		b->now_s++;
		assert_int_equal(login_from(b, ada, GOOD_PASSWORD, "", &res), ERR_OK);
	}
	assert_int_equal(marks(b), 20);
	lock(b, ada);
	assert_int_equal(login_from(b, ada, GOOD_PASSWORD, first.device.text, &res), ERR_LIMITED);
	bench_close(b);
}

/* Goal: one browser with many accounts holds the marks of the last eight. */
static void test_accounts_are_bounded(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct login_result res = { 0 };
	char device[TOKEN_SIZE] = "", email[64];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(email, sizeof email, "reader%d@example.org", i);
		b->now_s++;
		bench_account(b, email, GOOD_PASSWORD, &acc);
		assert_int_equal(login_from(b, email, GOOD_PASSWORD, device, &res), ERR_OK);
		memcpy(device, res.device.text, sizeof device);
	}
	assert_int_equal(marks(b), 8);
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_makes_known),
		cmocka_unit_test(test_confirming_makes_known),
		cmocka_unit_test(test_two_readers_of_one_browser),
		cmocka_unit_test(test_planted_token),
		cmocka_unit_test(test_marks_are_bounded),
		cmocka_unit_test(test_accounts_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
