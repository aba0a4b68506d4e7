#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: names are tokens; values hold nothing that ends a line. */
static void names_and_values(void **state)
{
	(void)state;
	assert_true(header_token_ok(STR("X-Real-IP")));
	assert_true(header_token_ok(STR("!#$%&'*+-.^_`|~09azAZ")));
	assert_false(header_token_ok(STR("")));
	assert_false(header_token_ok(STR("X-Real-IP ")));
	assert_false(header_token_ok(STR("a:b")));
	assert_false(header_token_ok(STR("a\0")));
	assert_false(header_token_ok(STR("caf\xc3\xa9")));
	assert_true(header_value_ok(STR("")));
	assert_true(header_value_ok(STR("a\tb caf\xc3\xa9")));
	assert_false(header_value_ok(STR("a\rb")));
	assert_false(header_value_ok(STR("a\nb")));
	assert_false(header_value_ok(STR("a\0b")));
	assert_false(header_value_ok(STR("a\x7f")));
	assert_false(header_value_ok(STR("\x1b[2J")));
}

/* Goal: each byte counts wherever it stands, alone and behind a tab. */
static void any_byte_anywhere(void **state)
{
	(void)state;
	for (unsigned b = 0; b < 256; b++) {
		const bool good = b == '\t' || (b >= ' ' && b != 0x7f);
		for (size_t at = 0; at < 27; at++) {
			char text[27];
			memset(text, 'x', sizeof text);
			text[at] = (char)b;
			assert_int_equal(header_value_ok((struct str){ text, sizeof text }), good);
			assert_int_equal(header_value_ok((struct str){ text, at + 1 }), good);
			text[at / 2] = at / 2 == at ? (char)b : '\t';
			assert_int_equal(header_value_ok((struct str){ text, sizeof text }), good);
		}
	}
}

/* Goal: If-None-Match compares weakly and gives up at the first thing that is no tag. */
static void etags(void **state)
{
	(void)state;
	static const struct {
		const char *header, *etag;
		bool match;
	} cases[] = {
		{ "\"a\"", "\"a\"", true },
		{ "W/\"a\"", "\"a\"", true },
		{ "\"a\"", "W/\"a\"", true },
		{ "*", "\"a\"", true },
		{ " * ", "\"a\"", true },
		{ "\"b\", \"a\"", "\"a\"", true },
		{ "\"b\",,W/\"a\" , \"c\"", "\"a\"", true },
		{ "\"b,\", \"a\"", "\"a\"", true },
		{ "\"\"", "\"\"", true },
		{ "\"A\"", "\"a\"", false },
		{ "\"ab\"", "\"a\"", false },
		{ "a", "\"a\"", false },
		{ "a, \"a\"", "\"a\"", false },
		{ "\"b\" \"a\"", "\"a\"", false },
		{ "\"a", "\"a\"", false },
		{ "w/\"a\"", "\"a\"", false },
		{ "*, \"b\"", "\"a\"", false },
		{ "", "\"a\"", false },
		{ "*", "a", false },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(header_etag_match(str_of(cases[i].header), str_of(cases[i].etag)),
			cases[i].match);
}

/* Goal: one range is served, what is not understood is ignored, what lies outside is 416. */
static void ranges(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		uint64_t total;
		enum err err;
		uint64_t first, last;
	} cases[] = {
		{ "bytes=0-0", 10, ERR_OK, 0, 0 },
		{ "bytes=2-5", 10, ERR_OK, 2, 5 },
		{ "BYTES=2-", 10, ERR_OK, 2, 9 },
		{ "bytes=2-99", 10, ERR_OK, 2, 9 },
		{ "bytes=-3", 10, ERR_OK, 7, 9 },
		{ "bytes=-99", 10, ERR_OK, 0, 9 },
		{ "bytes=9-9", 10, ERR_OK, 9, 9 },
		{ "bytes=0-99999999999999999999999", 10, ERR_OK, 0, 9 },
		{ "bytes=-99999999999999999999999", 10, ERR_OK, 0, 9 },
		{ "bytes=0-18446744073709551615", UINT64_MAX, ERR_OK, 0, UINT64_MAX - 1 },
		{ "bytes=10-", 10, ERR_UNSUPPORTED, 0, 0 },
		{ "bytes=10-12", 10, ERR_UNSUPPORTED, 0, 0 },
		{ "bytes=99999999999999999999999-", 10, ERR_UNSUPPORTED, 0, 0 },
		{ "bytes=-0", 10, ERR_UNSUPPORTED, 0, 0 },
		{ "bytes=0-", 0, ERR_UNSUPPORTED, 0, 0 },
		{ "bytes=-5", 0, ERR_INVALID, 0, 0 },
		{ "bytes=5-2", 10, ERR_INVALID, 0, 0 },
		{ "bytes=0-1,3-4", 10, ERR_INVALID, 0, 0 },
		{ "bytes=0-1-2", 10, ERR_INVALID, 0, 0 },
		{ "bytes=-", 10, ERR_INVALID, 0, 0 },
		{ "bytes=", 10, ERR_INVALID, 0, 0 },
		{ "bytes=5", 10, ERR_INVALID, 0, 0 },
		{ "bytes=+1-2", 10, ERR_INVALID, 0, 0 },
		{ "bytes=a-b", 10, ERR_INVALID, 0, 0 },
		{ "bytes 0-1", 10, ERR_INVALID, 0, 0 },
		{ "items=0-1", 10, ERR_INVALID, 0, 0 },
		{ "", 10, ERR_INVALID, 0, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t first = 77, last = 77;
		enum err e = header_range(str_of(cases[i].in), cases[i].total, &first, &last);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in);
		assert_int_equal(e, cases[i].err);
		assert_true(first == (e == ERR_OK ? cases[i].first : 77));
		assert_true(last == (e == ERR_OK ? cases[i].last : 77));
	}
}

/* Goal: escaped text is safe in elements and in quoted attributes, and nothing else changes. */
static void html(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(200);
	escape_html(&b, STR("<a href=\"x\" b='y'>&amp; caf\xc3\xa9"));
	assert_string_equal(b.p, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp; caf\xc3\xa9");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_byte_anywhere),
		cmocka_unit_test(names_and_values),
		cmocka_unit_test(etags),
		cmocka_unit_test(ranges),
		cmocka_unit_test(html),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
