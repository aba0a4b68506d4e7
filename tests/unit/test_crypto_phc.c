/* Goal: only what libsodium writes is read as a password hash, and its cost is known before it is
 * paid. */
#include "../../src/crypto/phc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SALT "c2FsdHNhbHRzYWx0c2FsdA"
#define HASH "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define TAIL "$" SALT "$" HASH

struct phc_case {
	struct str in;
	enum err err;
	struct phc value;
};

static const struct phc_case good[] = {
	{ STR("$argon2id$v=19$m=19456,t=2,p=1" TAIL), ERR_OK,
		{ PHC_ARGON2ID, 19456, 2, { 0 }, { 0 } } },
	{ STR("$argon2i$v=19$m=65536,t=4,p=1" TAIL), ERR_OK,
		{ PHC_ARGON2I, 65536, 4, { 0 }, { 0 } } },
	{ STR("$argon2id$v=19$m=8,t=1,p=1" TAIL), ERR_OK, { PHC_ARGON2ID, 8, 1, { 0 }, { 0 } } },
	{ STR("$argon2id$v=19$m=1048576,t=20,p=1" TAIL), ERR_OK,
		{ PHC_ARGON2ID, 1048576, 20, { 0 }, { 0 } } },
};

static const struct phc_case costs[] = {
	{ STR("$argon2id$v=19$m=1048577,t=2,p=1" TAIL), ERR_TOO_LARGE, { 0 } },
	{ STR("$argon2id$v=19$m=4294967296,t=2,p=1" TAIL), ERR_TOO_LARGE, { 0 } },
	{ STR("$argon2id$v=19$m=18446744073709571072,t=2,p=1" TAIL), ERR_TOO_LARGE, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=21,p=1" TAIL), ERR_TOO_LARGE, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=4294967298,p=1" TAIL), ERR_TOO_LARGE, { 0 } },
	{ STR("$argon2i$v=19$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=7,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=0,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=0,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=0" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=4" TAIL), ERR_UNSUPPORTED, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=4294967297" TAIL), ERR_UNSUPPORTED, { 0 } },
};

static const struct phc_case forms[] = {
	{ STR(""), ERR_INVALID, { 0 } },
	{ { NULL, 0 }, ERR_INVALID, { 0 } },
	{ STR("$"), ERR_INVALID, { 0 } },
	{ STR("argon2id$v=19$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2d$v=19$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$Argon2id$v=19$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=16$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$m=19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$t=2,m=19456,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1,keyid=x" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=019456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=+19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=-1,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m= 19456,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=0x4c00,t=2,p=1" TAIL), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$" SALT), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$" SALT "$"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$$" HASH), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$" SALT "A$" HASH), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$" SALT "$" HASH "A"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1" TAIL "="), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1" TAIL "$"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1" TAIL "\n"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1" TAIL "\0"), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$" HASH "$" SALT), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdB$" HASH), ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2Fs-_$" HASH), ERR_INVALID, { 0 } },
	{ STR("$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), ERR_INVALID, { 0 } },
	{ STR("$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D"),
		ERR_INVALID, { 0 } },
	{ STR("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2Fsd\xc3$" HASH), ERR_INVALID,
		{ 0 } },
	{ STR("password"), ERR_INVALID, { 0 } },
};

static void run(const struct phc_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct phc untouched = { .algorithm = PHC_ARGON2I, .memory_kib = 1, .passes = 2 },
			   got = untouched;
		if (crypto_phc_parse(cases[i].in, &got) != cases[i].err)
			fail_msg("case %zu: %.*s", i, STR_ARG(cases[i].in));
		struct phc want = cases[i].err == ERR_OK ? cases[i].value : untouched;
		assert_int_equal(got.algorithm, want.algorithm);
		assert_int_equal(got.memory_kib, want.memory_kib);
		assert_int_equal(got.passes, want.passes);
	}
}

/* Goal: both algorithms of libsodium are read, up to the very maximum. */
static void reads_what_libsodium_writes(void **state)
{
	(void)state;
	run(good, COUNT(good));
}

/* Goal: no cost above the maximum gets through, not by overflow either. */
static void refuses_absurd_costs(void **state)
{
	(void)state;
	run(costs, COUNT(costs));
}

/* Goal: every other shape is refused, and leaves the result alone. */
static void refuses_other_forms(void **state)
{
	(void)state;
	run(forms, COUNT(forms));
}

/* Goal: salt and hash come out as the bytes they are. */
static void decodes_salt_and_hash(void **state)
{
	struct phc out;
	(void)state;
	assert_int_equal(crypto_phc_parse(good[0].in, &out), ERR_OK);
	assert_memory_equal(out.salt, "saltsaltsaltsalt", PHC_SALT_BYTES);
	for (size_t i = 0; i < PHC_HASH_BYTES; i++)
		assert_int_equal(out.hash[i], i);
}

/* Goal: no proper beginning of a good hash is one. */
static void refuses_each_cut(void **state)
{
	struct phc out;
	(void)state;
	for (size_t n = 0; n < good[0].in.n; n++)
		assert_int_equal(
			crypto_phc_parse((struct str){ good[0].in.p, n }, &out), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_libsodium_writes),
		cmocka_unit_test(refuses_absurd_costs),
		cmocka_unit_test(refuses_other_forms),
		cmocka_unit_test(decodes_salt_and_hash),
		cmocka_unit_test(refuses_each_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
