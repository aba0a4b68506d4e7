/* Goal: confirming an address. The browser that registered, and whoever knows the password chosen
 * there, keep name and password; anybody else with the link chooses a new one, and nothing of a
 * stranger's registration is left. Guesses are counted for each link, a link works once, and its
 * holder is told what has become of it. */
#include "account_help.h"

#include <pthread.h>
#include <stdatomic.h>

#define THIRD_PASSWORD "a brand new phrase of mine"
static const char ada[] = "ada@example.org";

static enum err verify_in(struct bench *b, const char *token, const char *password,
	const char *chosen, struct login_result *res)
{
	struct field_error why;
	struct verification v = { .token = str_of(token), .login = res, .remember = true };
	if (password)
		v.password = str_of(password);
	if (chosen)
		v.chosen = str_of(chosen);
	return account_verify(&b->s, &v, b->now_s, b->a, &why);
}

static enum verify_step step_in(struct bench *b, const char *token, const struct token *proof)
{
	struct verification v = { .token = str_of(token),
		.proof = proof ? str_of(proof->text) : STR("") };
	struct account owner;
	enum verify_step step = 0;
	assert_int_equal(account_verify_look(&b->s, &v, b->now_s, &owner, &step), ERR_OK);
	assert_string_equal(owner.password_hash, "");
	return step;
}

/* Goal: registered on one device, confirmed on another with the password. */
static void test_password_keeps_everything(void **state)
{
	struct bench *b = bench_open();
	struct login_result in, res;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(step_in(b, token, NULL), VERIFY_PASSWORD);
	assert_int_equal(verify_in(b, token, NULL, NULL, &in), ERR_DENIED);
	assert_int_equal(verify_in(b, token, "", NULL, &in), ERR_DENIED);
	assert_int_equal(verify_in(b, token, OTHER_PASSWORD, NULL, &in), ERR_DENIED);
	assert_string_equal(in.token.text, "");
	assert_int_equal(verify_in(b, token, GOOD_PASSWORD, NULL, &in), ERR_OK);
	assert_true(bench_signed_in(b, in.token.text));
	assert_string_equal(in.account.name, "Ada");
	assert_string_equal(in.account.password_hash, "");
	assert_true(in.account.verified_at == b->now_s);
	assert_int_equal(in.session.expires_at, b->now_s + b->s.set.session_s);
	assert_int_equal(verify_in(b, token, GOOD_PASSWORD, NULL, &res), ERR_SPENT);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_OK);
	assert_int_equal(bench_mails(b, ada, NULL, NULL), 1); /* nothing to be alarmed about */
	bench_close(b);
}

static void test_same_browser_is_asked_nothing(void **state)
{
	struct bench *b = bench_open();
	struct login_result in;
	struct token proof, other;
	struct field_error why;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register_from(b, ada, GOOD_PASSWORD, &proof), ERR_OK);
	bench_mails(b, ada, NULL, token);
	crypto_token_make(&other);
	assert_int_equal(step_in(b, token, &other), VERIFY_PASSWORD);
	assert_int_equal(step_in(b, token, &proof), VERIFY_CONFIRM);
	struct verification v = {
		.token = str_of(token), .proof = str_of(proof.text), .login = &in
	};
	assert_int_equal(account_verify(&b->s, &v, b->now_s, b->a, &why), ERR_OK);
	assert_true(bench_signed_in(b, in.token.text));
	assert_int_equal(in.session.expires_at, b->now_s + b->s.set.short_session_s);
	bench_close(b);
}

/* Goal: an anonymous reader registers somebody's address with a password and a name of his own, and
 * the owner of the mailbox chooses a new password. Nothing of the stranger's is left. */
static void test_attacker_is_left_nothing(void **state)
{
	struct bench *b = bench_open();
	struct login_result in, res;
	struct token proof;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register_from(b, ada, OTHER_PASSWORD, &proof), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(verify_in(b, token, NULL, "short", &in), ERR_INVALID);
	assert_int_equal(verify_in(b, token, NULL, "password1", &in), ERR_WEAK_PASSWORD);
	assert_int_equal(verify_in(b, token, NULL, GOOD_PASSWORD, &in), ERR_OK);
	assert_true(bench_signed_in(b, in.token.text));
	assert_string_equal(in.account.name, "");
	assert_int_equal(bench_login(b, ada, OTHER_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_verify(b, token, &proof), ERR_SPENT);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_OK);
	assert_string_equal(res.account.name, "");
	assert_int_equal(bench_mails(b, ada, NULL, NULL), 1); /* a first password alarms nobody */
	bench_close(b);
}

/* Goal: who registers twice before confirming is not punished: the newest link goes with the newest
 * registration, whichever browser it was made in. */
static void test_registering_twice(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct token first, second;
	char older[TOKEN_SIZE], token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register_from(b, ada, OTHER_PASSWORD, &first), ERR_OK);
	bench_mails(b, ada, NULL, older);
	assert_int_equal(bench_register_from(b, ada, GOOD_PASSWORD, &second), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(bench_verify(b, older, &first), ERR_SPENT);
	assert_int_equal(step_in(b, token, &first), VERIFY_PASSWORD);
	assert_int_equal(bench_verify(b, token, &first), ERR_DENIED);
	assert_int_equal(bench_verify(b, token, &second), ERR_OK);
	assert_int_equal(bench_login(b, ada, OTHER_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_OK);
	assert_string_equal(res.account.name, "Ada");
	bench_close(b);
}

/* Goal: an attacker registers the victim's address before, or after, the victim does, and holds
 * neither the mail nor the victim's password. Whoever proves the mailbox gets in; the attacker's
 * password never does, and his registration after the confirmation changes nothing. */
static void test_pre_hijacking(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct token victim, attacker, late;
	char token[TOKEN_SIZE], kind[32];

	(void)state;
	for (int attacker_first = 0; attacker_first < 2; attacker_first++) {
		const char *email = attacker_first ? "first@example.org" : "second@example.org";
		for (int i = 0; i < 2; i++) {
			bool his = (i == 0) == (attacker_first == 1);
			assert_int_equal(
				bench_register_from(b, email, his ? OTHER_PASSWORD : GOOD_PASSWORD,
					his ? &attacker : &victim),
				ERR_OK);
		}
		bench_mails(b, email, NULL, token);
		/* In the victim's browser: a button where hers is the later one, else a question.
		 */
		assert_int_equal(step_in(b, token, &victim),
			attacker_first ? VERIFY_CONFIRM : VERIFY_PASSWORD);
		if (attacker_first)
			assert_int_equal(bench_verify(b, token, &victim), ERR_OK);
		else
			assert_int_equal(bench_verify_with(b, token, GOOD_PASSWORD), ERR_DENIED);
		if (!attacker_first)
			assert_int_equal(bench_verify_anew(b, token, GOOD_PASSWORD), ERR_OK);
		assert_int_equal(bench_login(b, email, OTHER_PASSWORD, &res), ERR_UNAUTHENTICATED);
		assert_int_equal(bench_login(b, email, GOOD_PASSWORD, &res), ERR_OK);
		assert_string_equal(res.account.name, attacker_first ? "Ada" : "");
		assert_int_equal(bench_register_from(b, email, THIRD_PASSWORD, &late), ERR_OK);
		bench_mails(b, email, kind, NULL);
		assert_string_equal(kind, "exists");
		assert_int_equal(bench_login(b, email, THIRD_PASSWORD, &res), ERR_UNAUTHENTICATED);
		assert_int_equal(bench_login(b, email, GOOD_PASSWORD, &res), ERR_OK);
	}
	bench_close(b);
}

/* Goal: somebody registers the address between the page and its button: what was proved is not what
 * is stored any more, and nothing is spent. */
static void test_registered_in_between(void **state)
{
	struct bench *b = bench_open();
	struct token proof, other;
	char token[TOKEN_SIZE];

	(void)state;
	b->s.set.failures_free = 100;
	assert_int_equal(bench_register_from(b, ada, GOOD_PASSWORD, &proof), ERR_OK);
	for (int i = 0; i < 6; i++) /* the mailbox has had its share: the link stays */
		assert_int_equal(bench_register_from(b, ada, OTHER_PASSWORD, &other), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(bench_verify(b, token, &proof), ERR_DENIED);
	assert_int_equal(bench_verify_with(b, token, GOOD_PASSWORD), ERR_DENIED);
	assert_int_equal(bench_verify_anew(b, token, GOOD_PASSWORD), ERR_OK);
	bench_close(b);
}

/* Goal: whoever has the link of a mistyped address must not find the password of the registration
 * by trying; a new one can be chosen all the while, and nobody else's log-in waits for it. */
static void test_tries_are_counted(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct field_error why;
	char token[TOKEN_SIZE], other[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(bench_register(b, "eve@example.org", GOOD_PASSWORD), ERR_OK);
	bench_mails(b, "eve@example.org", NULL, other);
	for (int i = 0; i < 5; i++)
		assert_int_equal(bench_verify_with(b, token, OTHER_PASSWORD), ERR_DENIED);
	struct verification v = { .token = str_of(token), .password = STR(GOOD_PASSWORD) };
	assert_int_equal(account_verify(&b->s, &v, b->now_s, b->a, &why), ERR_LIMITED);
	assert_true(v.retry_after_s > 0);
	assert_int_equal(bench_login(b, ada, OTHER_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_verify_with(b, other, GOOD_PASSWORD), ERR_OK);
	assert_int_equal(bench_verify_anew(b, token, THIRD_PASSWORD), ERR_OK);
	assert_int_equal(bench_login(b, ada, THIRD_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

/* Goal: an app that hands in the token alone vouches for its user; with a password it is held to
 * it. */
static void test_trusted_app(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct field_error why;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register_from(b, ada, GOOD_PASSWORD, NULL), ERR_OK);
	bench_mails(b, ada, NULL, token);
	struct verification v = { .token = str_of(token), .trust = true };
	assert_int_equal(account_verify(&b->s, &v, b->now_s, b->a, &why), ERR_OK);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_OK);
	assert_string_equal(res.account.name, "Ada");
	bench_close(b);
}

/* Goal: an app cannot vouch for a registration on a web page, which maybe a stranger made. */
static void test_app_vouches_for_no_browser(void **state)
{
	struct bench *b = bench_open();
	struct login_result res;
	struct field_error why;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, token);
	struct verification v = { .token = str_of(token), .trust = true };
	assert_int_equal(account_verify(&b->s, &v, b->now_s, b->a, &why), ERR_DENIED);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_verify_anew(b, token, OTHER_PASSWORD), ERR_OK);
	assert_int_equal(bench_login(b, ada, GOOD_PASSWORD, &res), ERR_UNAUTHENTICATED);
	assert_int_equal(bench_login(b, ada, OTHER_PASSWORD, &res), ERR_OK);
	bench_close(b);
}

static void test_disabled(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	char token[TOKEN_SIZE];

	(void)state;
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, token);
	assert_int_equal(account_find(&b->s, str_of(ada), &acc), ERR_OK);
	assert_int_equal(account_set_disabled(&b->s, acc.id, true, b->now_s), ERR_OK);
	assert_int_equal(bench_verify_with(b, token, GOOD_PASSWORD), ERR_SPENT);
	assert_int_equal(bench_verify_anew(b, token, GOOD_PASSWORD), ERR_SPENT);
	bench_close(b);
}

/* ---- what is told of a link ---- */

static enum link_state state_of(struct bench *b, const char *token, const char *purpose)
{
	struct link_info info;
	assert_int_equal(account_link_look(&b->s, str_of(token), purpose, b->now_s, &info), ERR_OK);
	bool knows = info.state != LINK_NONE && info.state != LINK_UNKNOWN;
	assert_string_equal(info.email, knows || *info.email ? ada : "");
	return info.state;
}

static void test_link_states(void **state)
{
	struct bench *b = bench_open();
	struct field_error why;
	char first[TOKEN_SIZE], second[TOKEN_SIZE], third[TOKEN_SIZE];
	struct token foreign;

	(void)state;
	crypto_token_make(&foreign);
	assert_int_equal(state_of(b, "", "verify"), LINK_NONE);
	assert_int_equal(state_of(b, "pst_cut", "verify"), LINK_NONE);
	assert_int_equal(state_of(b, foreign.text, "verify"), LINK_UNKNOWN);
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, first);
	assert_int_equal(state_of(b, first, "verify"), LINK_WORKS);
	assert_int_equal(state_of(b, first, "reset"), LINK_UNKNOWN);
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, second);
	assert_int_equal(state_of(b, first, "verify"), LINK_REPLACED);
	b->now_s += 1440 * 60;
	assert_int_equal(state_of(b, second, "verify"), LINK_EXPIRED);
	assert_int_equal(state_of(b, first, "verify"), LINK_UNKNOWN);
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, third);
	assert_int_equal(bench_verify_with(b, third, GOOD_PASSWORD), ERR_OK);
	assert_int_equal(state_of(b, third, "verify"), LINK_USED);

	b->now_s++;
	assert_int_equal(bench_reset(b, ada), ERR_OK);
	bench_mails(b, ada, NULL, first);
	b->now_s++;
	assert_int_equal(bench_reset(b, ada), ERR_OK);
	bench_mails(b, ada, NULL, second);
	assert_int_equal(state_of(b, first, "reset"), LINK_REPLACED);
	assert_int_equal(bench_confirm(b, str_of(second), STR(OTHER_PASSWORD), b->a, &why), ERR_OK);
	assert_int_equal(state_of(b, second, "reset"), LINK_USED);
	assert_int_equal(
		account_purge(&b->s, &(struct db_sweeper){ .db = b->db, .now_s = b->now_s }),
		ERR_OK);
	assert_int_equal(state_of(b, second, "reset"), LINK_USED);
	b->now_s += 8 * 86400;
	assert_int_equal(
		account_purge(&b->s, &(struct db_sweeper){ .db = b->db, .now_s = b->now_s }),
		ERR_OK);
	assert_int_equal(state_of(b, second, "reset"), LINK_UNKNOWN);
	bench_close(b);
}

/* ---- at once ---- */

struct racing {
	struct bench *b;
	const char *token;
	atomic_int next, won, spent, other;
};

static void *race(void *arg)
{
	struct racing *g = arg;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct field_error why;
	struct login_result in;
	struct verification v = { .token = str_of(g->token), .login = &in };
	if (atomic_fetch_add(&g->next, 1) % 2)
		v.password = STR(GOOD_PASSWORD);
	else
		v.chosen = STR(OTHER_PASSWORD);
	enum err e = account_verify(&g->b->s, &v, g->b->now_s, a, &why);
	atomic_fetch_add(e == ERR_OK ? &g->won : e == ERR_SPENT ? &g->spent : &g->other, 1);
	return NULL;
}

/* Goal: twenty hands press the button at once, half of them with a new password: one confirms, and
 * one session begins. */
static void test_twenty_at_once(void **state)
{
	struct bench *b = bench_open();
	struct account acc;
	struct session *list;
	size_t n;
	char token[TOKEN_SIZE];
	pthread_t t[20];

	(void)state;
	b->s.set.failures_free = 100;
	assert_int_equal(bench_register(b, ada, GOOD_PASSWORD), ERR_OK);
	bench_mails(b, ada, NULL, token);
	struct racing g = { .b = b, .token = token };
	for (size_t i = 0; i < COUNT(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, race, &g), 0);
	for (size_t i = 0; i < COUNT(t); i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&g.won), 1);
	assert_int_equal(atomic_load(&g.spent), 19);
	assert_int_equal(account_find(&b->s, str_of(ada), &acc), ERR_OK);
	assert_int_equal(account_sessions(&b->s, acc.id, b->now_s, b->a, &list, &n), ERR_OK);
	assert_int_equal(n, 1);
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_keeps_everything),
		cmocka_unit_test(test_same_browser_is_asked_nothing),
		cmocka_unit_test(test_attacker_is_left_nothing),
		cmocka_unit_test(test_registering_twice),
		cmocka_unit_test(test_pre_hijacking),
		cmocka_unit_test(test_registered_in_between),
		cmocka_unit_test(test_tries_are_counted),
		cmocka_unit_test(test_trusted_app),
		cmocka_unit_test(test_app_vouches_for_no_browser),
		cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_link_states),
		cmocka_unit_test(test_twenty_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
