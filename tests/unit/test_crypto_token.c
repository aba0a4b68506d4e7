/* Goal: a token made is a token known again by its hash, and nothing that differs by a byte is
 * taken. */
#include "postern/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
	(void)state;
	return crypto_start() == ERR_OK ? 0 : -1;
}

/* Goal: what is shown once hashes to what is stored; two tokens share nothing. */
static void made_and_known_again(void **state)
{
	struct token a, b;
	uint8_t hash[HASH_BYTES];
	(void)state;
	crypto_token_make(&a);
	crypto_token_make(&b);
	assert_int_equal(strlen(a.text), TOKEN_SIZE - 1);
	assert_memory_equal(a.text, "pst_", 4);
	assert_int_equal(crypto_token_hash(str_of(a.text), hash), ERR_OK);
	assert_memory_equal(hash, a.hash, HASH_BYTES);
	assert_string_not_equal(a.text, b.text);
	assert_memory_not_equal(a.hash, b.hash, HASH_BYTES);
}

/* Goal: the hash is that of the text as shown, so that other tools can compute it (BLAKE2b-256). */
static void hash_is_of_the_text(void **state)
{
	struct str text = STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	uint8_t hash[HASH_BYTES], expected[HASH_BYTES];
	(void)state;
	assert_int_equal(crypto_token_hash(text, hash), ERR_OK);
	crypto_digest(text, expected);
	assert_memory_equal(hash, expected, HASH_BYTES);
}

/* Goal: one spelling only, and the hash stays untouched for anything else. */
static void other_forms_are_refused(void **state)
{
	static const struct {
		const char *why;
		struct str text;
	} cases[] = {
		{ "nothing", { NULL, 0 } },
		{ "empty", STR("") },
		{ "prefix alone", STR("pst_") },
		{ "one short", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
		{ "one long", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
		{ "padded", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=") },
		{ "padding inside", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=") },
		{ "other prefix", STR("pat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
		{ "prefix in capitals", STR("PST_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
		{ "space before", STR(" pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") },
		{ "newline at the end", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n") },
		{ "plain base64", STR("pst_AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA") },
		{ "slash", STR("pst_AAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAA") },
		{ "unused bits set", STR("pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB") },
		{ "NUL inside", STR("pst_AAAAAAAAAAAAAAAAAAAAA\0AAAAAAAAAAAAAAAAAAAAA") },
		{ "not ASCII", STR("pst_AAAAAAAAAAAAAAAAAAAA\xc3\xa4"
				   "AAAAAAAAAAAAAAAAAAAAA") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t hash[HASH_BYTES] = { 7 }, before[HASH_BYTES] = { 7 };
		if (crypto_token_hash(cases[i].text, hash) != ERR_INVALID)
			fail_msg("taken: %s", cases[i].why);
		assert_memory_equal(hash, before, HASH_BYTES);
	}
}

/* Goal: a slice need not end with a NUL; not a byte past it is read (the sanitizer would tell). */
static void slice_without_nul(void **state)
{
	struct token t;
	char exact[TOKEN_SIZE - 1];
	uint8_t hash[HASH_BYTES];
	(void)state;
	crypto_token_make(&t);
	memcpy(exact, t.text, sizeof exact);
	assert_int_equal(crypto_token_hash((struct str){ exact, sizeof exact }, hash), ERR_OK);
	assert_memory_equal(hash, t.hash, HASH_BYTES);
	for (size_t n = 0; n < sizeof exact; n++)
		assert_int_equal(crypto_token_hash((struct str){ exact, n }, hash), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_and_known_again),
		cmocka_unit_test(hash_is_of_the_text),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(slice_without_nul),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
