#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: a password is the same however its letters were typed, and keeps all else (RFC 8265
 * section 4.3 has the examples). */
static void opaque(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		struct str out;
		size_t points;
	} cases[] = {
		{ STR("correct horse battery staple"), ERR_OK, STR("correct horse battery staple"),
			28 },
		{ STR("Correct Horse Battery Staple"), ERR_OK, STR("Correct Horse Battery Staple"),
			28 },
		{ STR("\xcf\x80\xc3\x9f\xc3\xa5"), ERR_OK, STR("\xcf\x80\xc3\x9f\xc3\xa5"), 3 },
		{ STR("Jack of \xe2\x99\xa6s"), ERR_OK, STR("Jack of \xe2\x99\xa6s"), 10 },
		{ STR("foo\xe1\x9a\x80"
		      "bar"),
			ERR_OK, STR("foo bar"), 7 },
		{ STR("\xc2\xa0\xe3\x80\x80"), ERR_OK, STR("  "), 2 },
		{ STR("A\xcc\x8a"), ERR_OK, STR("\xc3\x85"), 1 },
		{ STR("\xe2\x84\xab"), ERR_OK, STR("\xc3\x85"), 1 },
		{ STR("a\xcc\xa3\xcc\x88"), ERR_OK, STR("\xe1\xba\xa1\xcc\x88"), 2 },
		{ STR("a\xcc\x88\xcc\xa3"), ERR_OK, STR("\xe1\xba\xa1\xcc\x88"), 2 },
		{ STR("\xef\xac\x81"), ERR_OK, STR("\xef\xac\x81"), 1 },
		{ STR(" x "), ERR_OK, STR(" x "), 3 },
		{ STR("\xf0\x9f\x94\x91"), ERR_OK, STR("\xf0\x9f\x94\x91"), 1 },
		{ STR(""), ERR_INVALID, STR(""), 0 },
		{ STR("a\0b"), ERR_INVALID, STR(""), 0 },
		{ STR("my cat is a \tby"), ERR_INVALID, STR(""), 0 },
		{ STR("a\n"), ERR_INVALID, STR(""), 0 },
		{ STR("a\x7f"), ERR_INVALID, STR(""), 0 },
		{ STR("a\xc2\x85"), ERR_INVALID, STR(""), 0 },
		{ STR("a\xff"), ERR_INVALID, STR(""), 0 },
		{ STR("a\xed\xa0\x80"), ERR_INVALID, STR(""), 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(1 << 16);
		struct str out = STR("untouched");
		size_t points = 77;
		enum err e = text_opaque(cases[i].in, a, &out, &points);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_true(str_eq(out, e == ERR_OK ? cases[i].out : STR("untouched")));
		assert_int_equal(points, e == ERR_OK ? cases[i].points : 77);
	}
}

/* Two combining marks of four bytes together. */
static void put_marks(char *to, int second)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(i % 2 ? second : 0xcc);
}

/* Goal: a great password costs little and ends at the maximum; a full arena is told apart. */
static void opaque_limits(void **state)
{
	(void)state;
	static char text[1 << 20];
	struct str out;
	size_t points = 0;
	ARENA_AUTO *a = arena_new(1 << 20);
	ARENA_AUTO *small = arena_new(16);
	memset(text, 'a', sizeof text);
	assert_int_equal(text_opaque((struct str){ text, OPAQUE_MAX }, a, &out, &points), ERR_OK);
	assert_int_equal(points, OPAQUE_MAX);
	assert_int_equal(
		text_opaque((struct str){ text, OPAQUE_MAX + 1 }, a, &out, &points), ERR_TOO_LARGE);
	assert_int_equal(
		text_opaque((struct str){ text, sizeof text }, a, &out, &points), ERR_TOO_LARGE);
	assert_int_equal(text_opaque(STR("abcdefgh"), small, &out, &points), ERR_NOMEM);
	for (size_t i = 0; i < OPAQUE_MAX; i += 4)
		put_marks(text + i, i < OPAQUE_MAX / 2 ? 0x81 : 0xa3);
	assert_int_equal(text_opaque((struct str){ text, OPAQUE_MAX }, a, &out, &points), ERR_OK);
}

/* Goal: a name is what a person may be called, in one line, that reads as it is written. */
static void names(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *out;
	} cases[] = {
		{ STR(""), ERR_OK, "" },
		{ STR(" \t"), ERR_OK, "" },
		{ STR("  Ada Byron "), ERR_OK, "Ada Byron" },
		{ STR("Zoe\xcc\x88"), ERR_OK, "Zo\xc3\xab" },
		{ STR("O'Brien <b>"), ERR_OK, "O'Brien <b>" },
		{ STR("\xe5\xb1\xb1\xe7\x94\xb0"), ERR_OK, "\xe5\xb1\xb1\xe7\x94\xb0" },
		{ STR("a\r\nBcc: x"), ERR_INVALID, "" },
		{ STR("a\0b"), ERR_INVALID, "" },
		{ STR("a\tb"), ERR_INVALID, "" },
		{ STR("a\xe2\x80\xa8"), ERR_INVALID, "" },
		{ STR("a\xe2\x80\xae"
		      "b"),
			ERR_INVALID, "" },
		{ STR("a\xe2\x81\xa6"
		      "b"),
			ERR_INVALID, "" },
		{ STR("\xff"), ERR_INVALID, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[NAME_SIZE] = "";
		assert_int_equal(text_name(cases[i].in, out), cases[i].err);
		assert_string_equal(out, cases[i].out);
	}
	char text[NAME_INPUT_MAX + 1], out[NAME_SIZE] = "";
	memset(text, 'a', sizeof text);
	assert_int_equal(text_name((struct str){ text, NAME_SIZE - 1 }, out), ERR_OK);
	assert_int_equal(strlen(out), NAME_SIZE - 1);
	assert_int_equal(text_name((struct str){ text, NAME_SIZE }, out), ERR_TOO_LARGE);
	assert_int_equal(text_name((struct str){ text, sizeof text }, out), ERR_TOO_LARGE);
}

/* Goal: any headline gives a slug that is one, or nothing. */
static void slugs(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "Harbour reopens after storm", "harbour-reopens-after-storm" },
		{ "  --A  &  B!! ", "a-b" },
		{ "Don't \xe2\x80\x98panic\xe2\x80\x99", "dont-panic" },
		{ "Cr\xc3\xa8me Br\xc3\xbbl\xc3\xa9"
		  "e",
			"creme-brulee" },
		{ "Stra\xc3\x9f"
		  "e \xc3\x86r\xc3\xb8 \xc5\x81\xc3\xb3"
		  "d\xc5\xba",
			"strasse-aero-lodz" },
		{ "\xef\xbc\xa1\xef\xbc\x91", "a1" },
		{ "\xe5\xb1\xb1\xe7\x94\xb0", "" },
		{ "\xff\xfe", "" },
		{ "a\xff"
		  "b",
			"a-b" },
		{ "../../etc/passwd", "etc-passwd" },
		{ "", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[SLUG_SIZE];
		text_slug(str_of(cases[i].in), out);
		assert_string_equal(out, cases[i].out);
		assert_int_equal(text_slug_ok(str_of(out)), *out != '\0');
	}
	assert_false(text_slug_ok(STR("")));
	assert_false(text_slug_ok(STR("-a")));
	assert_false(text_slug_ok(STR("a-")));
	assert_false(text_slug_ok(STR("a--b")));
	assert_false(text_slug_ok(STR("A")));
	assert_false(text_slug_ok(STR("a\0")));
}

/* Goal: a long headline ends at the maximum, after a whole letter, never after a '-'. */
static void long_slugs(void **state)
{
	(void)state;
	char text[300], expected[SLUG_SIZE], out[SLUG_SIZE];
	for (size_t n = 1; n < sizeof text; n++) {
		for (size_t gap = 1; gap < SLUG_SIZE + 2; gap++) {
			size_t kept = n < SLUG_SIZE - 1 ? n : SLUG_SIZE - 1;
			memset(text, 'x', n);
			if (gap < n)
				text[gap] = ' ';
			memcpy(expected, text, kept);
			if (gap < kept)
				expected[gap] = '-';
			if (gap + 1 == kept)
				kept--;
			expected[kept] = '\0';
			memset(out, 'Z', sizeof out);
			text_slug((struct str){ text, n }, out);
			assert_string_equal(out, expected);
		}
	}
	assert_true(text_slug_ok((struct str){ text, 1 }));
	memset(text, 'x', sizeof text);
	assert_true(text_slug_ok((struct str){ text, SLUG_SIZE - 1 }));
	assert_false(text_slug_ok((struct str){ text, SLUG_SIZE }));
}

/* Goal: a slip of the finger finds its word; a strange word finds none. */
static void nearest(void **state)
{
	(void)state;
	static const char *const names[] = { "run", "serve", "migrate", "import", NULL };
	static const char *const none[] = { NULL };
	char text[200];
	assert_string_equal(text_nearest(STR("migrat"), names), "migrate");
	assert_string_equal(text_nearest(STR("mgirate"), names), "migrate");
	assert_string_equal(text_nearest(STR("sevre"), names), "serve");
	assert_string_equal(text_nearest(STR("import"), names), "import");
	assert_null(text_nearest(STR("export-all"), names));
	assert_null(text_nearest(STR("xyz"), names));
	assert_null(text_nearest(STR(""), names));
	assert_null(text_nearest(STR("run"), none));
	memset(text, 'r', sizeof text);
	assert_null(text_nearest((struct str){ text, sizeof text }, names));
}

/* Goal: utf8_ok looks at every byte. */
static void utf8(void **state)
{
	(void)state;
	assert_true(utf8_ok(STR("")));
	assert_true(utf8_ok(STR("a\0\xc3\xa9\xf0\x9f\x94\x91")));
	assert_false(utf8_ok(STR("abc\xc3")));
	assert_false(utf8_ok(STR("\x80"
				 "abc")));
}

/* Goal: what is folded without the tables is what they would have made of it: each ASCII character,
 * beside one that needs them and beside none. */
/* Cut inside a character, and what is no UTF-8 at all. */
static void what_is_no_utf8_is_marked(void **state)
{
	(void)state;
	static const struct {
		struct str in, out;
	} rows[] = {
		{ STR("plain \xc3\xa9"), STR("plain \xc3\xa9") },
		{ STR("cut \xc3"), STR("cut \xef\xbf\xbd") },
		{ STR("\xe6\x97\" x"), STR("\xef\xbf\xbd\xef\xbf\xbd\" x") },
		{ STR("caf\xe9.md"), STR("caf\xef\xbf\xbd.md") },
		{ STR(""), STR("") },
	};
	ARENA_AUTO *a = arena_new(1 << 16);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str out = utf8_mended(rows[i].in, a);
		assert_true(str_eq(out, rows[i].out));
		assert_true(utf8_ok(out));
	}
}

static void ascii_is_folded_alike(void **state)
{
	(void)state;
	for (char c = 1; c < 0x7f; c++) {
		ARENA_AUTO *a = arena_new(65536);
		const char plain[] = { '/', c, 'Z' }, other[] = { '/', c, 'Z', '\xc3', '\xa9' };
		struct str quick, slow;
		assert_int_equal(text_fold((struct str){ plain, sizeof plain }, a, &quick), ERR_OK);
		assert_int_equal(text_fold((struct str){ other, sizeof other }, a, &slow), ERR_OK);
		assert_int_equal(slow.n, quick.n + 2);
		assert_memory_equal(slow.p, quick.p, quick.n);
	}
}

/* Every run of two characters behind every state, as one and each by itself. */
static void test_ascii_measures_like_any_text(void **state)
{
	(void)state;
	for (int first = 1; first < 0x80; first++)
		for (int second = 1; second < 0x80; second++) {
			const char run[] = { (char)first, (char)second };
			struct text_length one = { .in_word = (first + second) % 3 == 0 };
			struct text_length each = one;
			text_length_add_ascii(&one, (struct str){ run, sizeof run });
			text_length_add(&each, (uint32_t)first);
			text_length_add(&each, (uint32_t)second);
			assert_int_equal(one.characters, each.characters);
			assert_int_equal(one.visible, each.visible);
			assert_int_equal(one.tenths, each.tenths);
			assert_int_equal(one.in_word, each.in_word);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascii_measures_like_any_text),
		cmocka_unit_test(ascii_is_folded_alike),
		cmocka_unit_test(opaque),
		cmocka_unit_test(opaque_limits),
		cmocka_unit_test(names),
		cmocka_unit_test(slugs),
		cmocka_unit_test(long_slugs),
		cmocka_unit_test(nearest),
		cmocka_unit_test(utf8),
		cmocka_unit_test(what_is_no_utf8_is_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
