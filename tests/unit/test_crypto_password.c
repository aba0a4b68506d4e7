/* Goal: a password opens what it was set for and nothing else; foreign and absurd hashes cost
 * nothing; an unknown account costs as much as a known one. */
#include "crypto_help.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SALT "c2FsdHNhbHRzYWx0c2FsdA"
#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TAIL "$" SALT "$" HASH

#define COST(kib, times)                                                                           \
	{                                                                                          \
		.memory_kib = (kib), .passes = (times)                                             \
	}

/* Goal: what is hashed is verified, for short, long, Unicode and NUL-bearing text; each byte
 * counts. */
static void opens_with_its_own_only(void **state)
{
	static const struct {
		struct str set, tried;
		enum err err;
	} cases[] = {
		{ STR("correct horse"), STR("correct horse"), ERR_OK },
		{ STR("correct horse"), STR("correct hors"), ERR_DENIED },
		{ STR("correct horse"), STR("Correct horse"), ERR_DENIED },
		{ STR("correct horse"), STR("correct horse "), ERR_DENIED },
		{ STR("correct horse"), STR(""), ERR_DENIED },
		{ STR(""), { NULL, 0 }, ERR_OK },
		{ STR("p\xc3\xa4ssw\xc3\xb6rter"), STR("p\xc3\xa4ssw\xc3\xb6rter"), ERR_OK },
		{ STR("a\0b"), STR("a\0c"), ERR_DENIED },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char hash[PASSWORD_HASH_SIZE];
		assert_int_equal(crypto_password_hash(cases[i].set, cheapest, hash), ERR_OK);
		assert_int_equal(
			crypto_password_verify(hash, cases[i].tried, cheapest), cases[i].err);
	}
}

/* Goal: a long password is not cut: its last byte counts. */
static void long_password_is_not_cut(void **state)
{
	char hash[PASSWORD_HASH_SIZE], text[1024];
	struct str password = { text, sizeof text };
	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(crypto_password_hash(password, cheapest, hash), ERR_OK);
	assert_int_equal(crypto_password_verify(hash, password, cheapest), ERR_OK);
	text[sizeof text - 1] = 'y';
	assert_int_equal(crypto_password_verify(hash, password, cheapest), ERR_DENIED);
}

/* Goal: the stored string names Argon2id and the cost asked for, and a salt makes each one
 * different. */
static void hash_names_its_cost(void **state)
{
	char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];
	(void)state;
	assert_int_equal(crypto_password_hash(STR("same"), cheapest, a), ERR_OK);
	assert_int_equal(crypto_password_hash(STR("same"), cheapest, b), ERR_OK);
	assert_memory_equal(a, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_string_not_equal(a, b);
}

/* Goal: strings written by libsodium 1.0.18 long ago stay valid, argon2i as well, and are to be
 * renewed. */
static void verifies_known_strings(void **state)
{
	static const char *const stored[] = {
		"$argon2id$v=19$m=64,t=1,p=1$r0XZcKMaBcYi2l5C3FV7VQ$"
		"ET2nJzgmT4fON2zCXIWbCELQineK5dzpdnc4bZW84bI",
		"$argon2i$v=19$m=64,t=3,p=1$Jf12+ZpRm75Ih3djzhPYEg$"
		"IHp8M65XQVL/LZ4ZSOHUesAuXV5IWLC+NFCXjEyDBiY",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(stored); i++) {
		assert_int_equal(
			crypto_password_verify(stored[i], STR("correct horse"), cheapest), ERR_OK);
		assert_int_equal(crypto_password_verify(stored[i], STR("correct hors"), cheapest),
			ERR_DENIED);
		assert_true(crypto_password_stale(stored[i], cheapest));
	}
}

/* Goal: costs below OWASP's floor or above our ceiling are no costs, for hashing and for the dummy
 * alike. */
static void cost_has_a_floor_and_a_ceiling(void **state)
{
	static const struct {
		struct password_cost cost;
		enum err err;
	} cases[] = {
		{ COST(19456, 2), ERR_OK },
		{ COST(47104, 1), ERR_OK },
		{ COST(1048576, 20), ERR_OK },
		{ COST(19455, 2), ERR_INVALID },
		{ COST(19456, 1), ERR_INVALID },
		{ COST(47103, 1), ERR_INVALID },
		{ COST(47104, 0), ERR_INVALID },
		{ COST(0, 0), ERR_INVALID },
		{ COST(1048577, 2), ERR_TOO_LARGE },
		{ COST(19456, 21), ERR_TOO_LARGE },
		{ COST(UINT32_MAX, UINT32_MAX), ERR_TOO_LARGE },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char hash[PASSWORD_HASH_SIZE] = "before";
		assert_int_equal(crypto_password_cost_check(cases[i].cost), cases[i].err);
		if (cases[i].err == ERR_OK)
			continue;
		assert_int_equal(crypto_password_hash(STR("x"), cases[i].cost, hash), cases[i].err);
		assert_string_equal(hash, "before");
		assert_int_equal(crypto_password_verify("", STR("x"), cases[i].cost), cases[i].err);
	}
}

/* Goal: what is no hash of ours, or would cost too much, is refused without doing the work. */
static void refuses_before_working(void **state)
{
	static const char *const stored[] = {
		"x",
		"$argon2id$v=19$m=4194304,t=20,p=1" TAIL,
		"$argon2id$v=19$m=1048576,t=21,p=1" TAIL,
		"$argon2id$v=19$m=1048576,t=4294967295,p=1" TAIL,
		"$argon2id$v=19$m=1048576,t=20,p=4" TAIL,
		"$argon2d$v=19$m=1048576,t=20,p=1" TAIL,
		"$argon2id$v=19$m=1048576,t=20,p=1" TAIL TAIL,
		"$argon2id$v=19$m=1048576,t=20,p=1" TAIL TAIL TAIL,
		"$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D",
		"$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
	};
	double before = cpu_ms();
	(void)state;
	for (size_t i = 0; i < COUNT(stored); i++) {
		assert_int_equal(
			crypto_password_verify(stored[i], STR("x"), cheapest), ERR_CORRUPT);
		assert_true(crypto_password_stale(stored[i], cheapest));
	}
	assert_true(cpu_ms() - before < 50);
}

/* Goal: a column that lost its closing NUL is not read past its end (the sanitizer would tell). */
static void stops_at_the_end_of_the_column(void **state)
{
	static const char begin[] = "$argon2id$v=19$m=19456,t=2,p=1$";
	char *column = malloc(PASSWORD_HASH_SIZE);
	(void)state;
	assert_non_null(column);
	for (size_t i = 0; i < PASSWORD_HASH_SIZE; i++)
		column[i] = i < sizeof begin - 1 ? begin[i] : 'A';
	assert_int_equal(crypto_password_verify(column, STR("x"), cheapest), ERR_CORRUPT);
	assert_true(crypto_password_stale(column, cheapest));
	free(column);
}

static double least_cpu_ms(const char *stored, struct password_cost c)
{
	double least = 1e9;
	for (int i = 0; i < 5; i++) {
		double before = cpu_ms();
		enum err e = crypto_password_verify(stored, STR("a guess"), c);
		double took = cpu_ms() - before;
		assert_int_equal(e, ERR_DENIED);
		least = took < least ? took : least;
	}
	return least;
}

/* Goal: time does not tell an unknown account from a known one, and the dummy's work follows the
 * cost set. */
static void unknown_costs_as_much_as_known(void **state)
{
	static const struct password_cost costs[] = { COST(19456, 2), COST(19456, 4) };
	(void)state;
	for (size_t i = 0; i < COUNT(costs); i++) {
		char hash[PASSWORD_HASH_SIZE];
		assert_int_equal(crypto_password_hash(STR("known"), costs[i], hash), ERR_OK);
		double known = least_cpu_ms(hash, costs[i]);
		double unknown = least_cpu_ms("", costs[i]);
		double none = least_cpu_ms(NULL, costs[i]);
		if (unknown < known * 0.6 || known < unknown * 0.6 || none < known * 0.6)
			fail_msg("known %.1f ms, unknown %.1f, none %.1f", known, unknown, none);
	}
}

/* Goal: a hash is renewed when its cost differs in either direction, and only then. */
static void stale_in_either_direction(void **state)
{
	static const struct {
		const char *stored;
		struct password_cost now;
		bool stale;
	} cases[] = {
		{ "$argon2id$v=19$m=19456,t=2,p=1" TAIL, COST(19456, 2), false },
		{ "$argon2id$v=19$m=65536,t=3,p=1" TAIL, COST(65536, 3), false },
		{ "$argon2id$v=19$m=19456,t=2,p=1" TAIL, COST(19457, 2), true },
		{ "$argon2id$v=19$m=19457,t=2,p=1" TAIL, COST(19456, 2), true },
		{ "$argon2id$v=19$m=19456,t=2,p=1" TAIL, COST(19456, 3), true },
		{ "$argon2id$v=19$m=19456,t=3,p=1" TAIL, COST(19456, 2), true },
		{ "$argon2id$v=19$m=19456,t=2,p=2" TAIL, COST(19456, 2), true },
		{ "$argon2i$v=19$m=19456,t=2,p=1" TAIL, COST(19456, 2), true },
		{ "", COST(19456, 2), true },
		{ NULL, COST(19456, 2), true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
			crypto_password_stale(cases[i].stored, cases[i].now), cases[i].stale);
}

/* Bytes of address space in use; sanitizers reserve terabytes, so the limit must be relative. */
static rlim_t address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%llu", &pages), 1); // NOLINT(cert-err34-c)
	(void)fclose(f);
	return (rlim_t)pages * 4096;
}

/* Goal: without memory the answer is "no memory", never yes and never "wrong password". */
static void no_memory_is_said(void **state)
{
	static const struct password_cost gigabyte = { .memory_kib = 1048576, .passes = 1 };
	char hash[PASSWORD_HASH_SIZE] = "before";
	struct rlimit old, tight;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	tight = old;
	tight.rlim_cur = address_space() + (256u << 20);
	assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
	enum err hashed = crypto_password_hash(STR("x"), gigabyte, hash);
	enum err known =
		crypto_password_verify("$argon2id$v=19$m=1048576,t=1,p=1" TAIL, STR("x"), gigabyte);
	enum err unknown = crypto_password_verify("", STR("x"), gigabyte);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_int_equal(hashed, ERR_NOMEM);
	assert_int_equal(known, ERR_NOMEM);
	assert_int_equal(unknown, ERR_NOMEM);
	assert_string_equal(hash, "before");
}

static void *hash_and_verify(void *arg)
{
	char hash[PASSWORD_HASH_SIZE], own[16];
	struct str password = { own, 8 };
	(void)snprintf(own, sizeof own, "%08u", *(unsigned *)arg);
	for (int i = 0; i < 3; i++) {
		if (crypto_password_hash(password, cheapest, hash) != ERR_OK ||
			crypto_password_verify(hash, password, cheapest) != ERR_OK ||
			crypto_password_verify(hash, STR("other"), cheapest) != ERR_DENIED)
			return arg;
	}
	return NULL;
}

/* Goal: the threads of the hash lane do not disturb each other. */
static void threads_do_not_mix(void **state)
{
	pthread_t threads[3];
	unsigned numbers[3] = { 1, 2, 3 };
	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, hash_and_verify, &numbers[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed = NULL;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_with_its_own_only),
		cmocka_unit_test(long_password_is_not_cut),
		cmocka_unit_test(hash_names_its_cost),
		cmocka_unit_test(verifies_known_strings),
		cmocka_unit_test(cost_has_a_floor_and_a_ceiling),
		cmocka_unit_test(refuses_before_working),
		cmocka_unit_test(stops_at_the_end_of_the_column),
		cmocka_unit_test(unknown_costs_as_much_as_known),
		cmocka_unit_test(stale_in_either_direction),
		cmocka_unit_test(no_memory_is_said),
		cmocka_unit_test(threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, crypto_make, NULL);
}
