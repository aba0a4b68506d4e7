#include "postern/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: comparing, trimming and cutting never look behind a slice, and the empty slice is safe. */
static void compare_and_cut(void **state)
{
	(void)state;
	const struct str none = { NULL, 0 };
	assert_true(str_eq(none, STR("")));
	assert_false(str_eq(STR("a"), STR("b")));
	assert_true(str_eq_nocase(STR("AbZ["), STR("aBz[")));
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_true(str_starts(STR("abc"), STR("ab")) && str_starts(none, none));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")) && str_ends(none, none));
	assert_false(str_ends(STR("c"), STR("bc")));
	assert_true(str_has_byte(STR("a\0b"), '\0'));
	assert_false(str_has_byte(none, '\0'));
	assert_true(str_eq(str_trim(STR(" \t\r\na b\n ")), STR("a b")));
	assert_true(str_eq(str_trim(STR(" \n ")), none));
	assert_null(str_of(NULL).p);
}

/* Goal: str_cut tells "nothing follows" from "the empty text follows". */
static void cut(void **state)
{
	(void)state;
	struct str rest = STR("a=b=");
	assert_true(str_eq(str_cut(&rest, '='), STR("a")));
	assert_true(str_eq(str_cut(&rest, '='), STR("b")));
	assert_non_null(rest.p);
	assert_int_equal(rest.n, 0);
	assert_true(str_eq(str_cut(&rest, '='), STR("")));
	assert_null(rest.p);
	assert_int_equal(str_cut(&rest, '=').n, 0);
}

/* Goal: a copy fits with its NUL or is refused, leaving "". */
static void copy(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *out;
	} cases[] = {
		{ STR("abc"), ERR_OK, "abc" },
		{ STR(""), ERR_OK, "" },
		{ STR("abcd"), ERR_TOO_LARGE, "" },
		{ STR("a\0b"), ERR_INVALID, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char to[4] = "zzz";
		assert_int_equal(str_copy(to, sizeof to, cases[i].in), cases[i].err);
		assert_string_equal(to, cases[i].out);
	}
	char one = 'z';
	assert_int_equal(str_copy(&one, 0, STR("")), ERR_TOO_LARGE);
	assert_int_equal(one, 'z');
}

/* Goal: numbers are whole, in range and of one spelling; nothing overflows. */
static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int64_t min, max;
		enum err err;
		int64_t out;
	} cases[] = {
		{ "0", 0, 9, ERR_OK, 0 },
		{ "007", 0, 9, ERR_OK, 7 },
		{ "-5", -9, 9, ERR_OK, -5 },
		{ "9223372036854775807", 0, INT64_MAX, ERR_OK, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, 0, ERR_OK, INT64_MIN },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, ERR_INVALID, 0 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, ERR_INVALID, 0 },
		{ "99999999999999999999999", 0, INT64_MAX, ERR_INVALID, 0 },
		{ "", 0, 9, ERR_INVALID, 0 },
		{ "-", -9, 9, ERR_INVALID, 0 },
		{ "+1", -9, 9, ERR_INVALID, 0 },
		{ "-1", 0, 9, ERR_INVALID, 0 },
		{ "10", 0, 9, ERR_INVALID, 0 },
		{ " 1", 0, 9, ERR_INVALID, 0 },
		{ "1 ", 0, 9, ERR_INVALID, 0 },
		{ "1e1", 0, 99, ERR_INVALID, 0 },
		{ "0x1", 0, 99, ERR_INVALID, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t out = -77;
		enum err e = str_int(str_of(cases[i].in), cases[i].min, cases[i].max, &out);
		assert_int_equal(e, cases[i].err);
		assert_true(out == (e == ERR_OK ? cases[i].out : -77));
	}
}

/* Goal: exactly the sequences of RFC 3629 pass. */
static void utf8(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		size_t n;
		uint32_t cp;
	} cases[] = {
		{ STR("a"), 1, 'a' },
		{ STR("\0"), 1, 0 },
		{ STR("\x7f"), 1, 0x7f },
		{ STR("\xc2\x80"), 2, 0x80 },
		{ STR("\xe0\xa0\x80"), 3, 0x800 },
		{ STR("\xed\x9f\xbf"), 3, 0xd7ff },
		{ STR("\xee\x80\x80"), 3, 0xe000 },
		{ STR("\xf0\x90\x80\x80"), 4, 0x10000 },
		{ STR("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
		{ STR(""), 0, 9 },
		{ STR("\x80"), 0, 9 },
		{ STR("\xc1\xbf"), 0, 9 },
		{ STR("\xc3"), 0, 9 },
		{ STR("\xc3("), 0, 9 },
		{ STR("\xe0\x9f\xbf"), 0, 9 },
		{ STR("\xe2\x82"), 0, 9 },
		{ STR("\xed\xa0\x80"), 0, 9 },
		{ STR("\xf0\x8f\xbf\xbf"), 0, 9 },
		{ STR("\xf4\x90\x80\x80"), 0, 9 },
		{ STR("\xf5\x80\x80\x80"), 0, 9 },
		{ STR("\xff"), 0, 9 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t cp = 9;
		assert_int_equal(str_utf8(cases[i].in, &cp), cases[i].n);
		if (cases[i].n > 0)
			assert_int_equal(cp, cases[i].cp);
	}
}

/* Goal: every outcome has a name of its own, and a wrong number has one as well. */
static void error_names(void **state)
{
	(void)state;
	for (int i = 0; i < ERR_COUNT; i++) {
		assert_string_not_equal(err_name((enum err)i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(err_name((enum err)i), err_name((enum err)j));
	}
	assert_string_equal(err_name(ERR_NOT_FOUND), "not_found");
	assert_string_equal(err_name(ERR_COUNT), "unknown");
}

static void number_texts(void **state)
{
	(void)state;
	static const int64_t values[] = { 0, 1, -1, 9, 10, 1234567890, INT64_MAX, INT64_MIN };
	for (size_t i = 0; i < COUNT(values); i++) {
		char space[INT_TEXT_SIZE], want[INT_TEXT_SIZE];
		(void)snprintf(want, sizeof want, "%lld", (long long)values[i]);
		assert_true(str_eq(str_int_text(values[i], space), str_of(want)));
	}
}

static void joined(void **state)
{
	(void)state;
	const struct str pieces[] = { STR("a"), STR(""), { NULL, 0 }, STR("bc") };
	ARENA_AUTO *a = arena_new(4096);
	const struct str all = arena_join(a, pieces, COUNT(pieces));
	assert_string_equal(all.p, "abc");
	assert_int_equal(all.n, 3);
	assert_string_equal(arena_join(a, NULL, 0).p, "");
	ARENA_AUTO *small = arena_new(8);
	const struct str much[] = { STR("0123456789"), STR("0123456789") };
	assert_null(arena_join(small, much, COUNT(much)).p);
	assert_true(arena_failed(small));
}

/* Short and long ones go different ways. */
static void formatted(void **state)
{
	(void)state;
	static char text[1000];
	ARENA_AUTO *a = arena_new(1 << 20);
	memset(text, 'x', sizeof text - 1);
	for (size_t n = 250; n < 262; n++) {
		const char *out = arena_fmt(a, "%.*s%c", (int)n, text, 'y');
		assert_int_equal(strlen(out), n + 1);
		assert_int_equal(out[n], 'y');
	}
}

/* Goal: ids and digests have the one form that RFC 4648 gives them, cut to the array they go into.
 */
static void base32(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *text;
	} cases[] = { { "", "" }, { "f", "my" }, { "fo", "mzxq" }, { "foo", "mzxw6" },
		{ "foob", "mzxw6yq" }, { "fooba", "mzxw6ytb" }, { "foobar", "mzxw6ytboi" } };
	char out[11], small[5];
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
		str_base32(bytes, strlen(cases[i].bytes), out, sizeof out);
		assert_string_equal(out, cases[i].text);
	}
	str_base32((const uint8_t *)"foobar", 6, small, sizeof small);
	assert_string_equal(small, "mzxw");
}

/* Goal: what str_hex writes str_hex_parse reads, and nothing of another length or form. */
static void hexadecimal(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 0x00, 0x9a, 0xff };
	uint8_t back[3] = { 1, 2, 3 };
	char text[7];
	str_hex(bytes, sizeof bytes, text);
	assert_string_equal(text, "009aff");
	assert_int_equal(str_hex_parse(STR("009AfF"), back, sizeof back), ERR_OK);
	assert_memory_equal(back, bytes, sizeof bytes);
	static const char *const bad[] = { "", "009af", "009aff0", "009afg", "00 aff", "-09aff",
		"0x09af" };
	memset(back, 7, sizeof back);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(str_hex_parse(str_of(bad[i]), back, sizeof back), ERR_INVALID);
	assert_int_equal(back[0], 7);
	for (int c = 0; c < 256; c++)
		assert_int_equal(str_hex_digit((char)c) >= 0,
			c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL);
}

/* Goal: a value without a word has none, and no text without a letter finds one. */
static void words_of_an_enum(void **state)
{
	(void)state;
	static const char *const words[] = { NULL, "one", "", "three" };
	unsigned value = 9;
	assert_string_equal(str_name_of(words, COUNT(words), 0), "");
	assert_string_equal(str_name_of(words, COUNT(words), 1), "one");
	assert_string_equal(str_name_of(words, COUNT(words), 4), "");
	assert_string_equal(str_name_of(words, COUNT(words), SIZE_MAX), "");
	assert_int_equal(str_name_find(words, COUNT(words), STR("three"), &value), ERR_OK);
	assert_int_equal(value, 3);
	static const char *const bad[] = { "", "two", "One", "one ", "on" };
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
			str_name_find(words, COUNT(words), str_of(bad[i]), &value), ERR_INVALID);
	assert_int_equal(value, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare_and_cut),
		cmocka_unit_test(cut),
		cmocka_unit_test(copy),
		cmocka_unit_test(numbers),
		cmocka_unit_test(number_texts),
		cmocka_unit_test(joined),
		cmocka_unit_test(formatted),
		cmocka_unit_test(utf8),
		cmocka_unit_test(error_names),
		cmocka_unit_test(base32),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(words_of_an_enum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
