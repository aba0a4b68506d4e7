#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: one path has one spelling; every other spelling is refused, none is repaired. */
static void paths(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *out;
	} cases[] = {
		{ STR("/"), ERR_OK, "/" },
		{ STR("/a/b"), ERR_OK, "/a/b" },
		{ STR("/a/"), ERR_OK, "/a/" },
		{ STR("/.well-known/x"), ERR_OK, "/.well-known/x" },
		{ STR("/a/..."), ERR_OK, "/a/..." },
		{ STR("/%61b"), ERR_OK, "/ab" },
		{ STR("/a%20b"), ERR_OK, "/a b" },
		{ STR("/caf%C3%a9"), ERR_OK, "/caf\xc3\xa9" },
		{ STR("/a%252fb"), ERR_OK, "/a%2fb" },
		{ STR("/a+b"), ERR_OK, "/a+b" },
		{ STR(""), ERR_INVALID, "" },
		{ STR("a"), ERR_INVALID, "" },
		{ STR("*"), ERR_INVALID, "" },
		{ STR("http://evil.example/a"), ERR_INVALID, "" },
		{ STR("//"), ERR_INVALID, "" },
		{ STR("//evil.example"), ERR_INVALID, "" },
		{ STR("/a//b"), ERR_INVALID, "" },
		{ STR("/a//"), ERR_INVALID, "" },
		{ STR("/."), ERR_INVALID, "" },
		{ STR("/.."), ERR_INVALID, "" },
		{ STR("/a/./b"), ERR_INVALID, "" },
		{ STR("/a/../b"), ERR_INVALID, "" },
		{ STR("/a/../"), ERR_INVALID, "" },
		{ STR("/%2e%2e/b"), ERR_INVALID, "" },
		{ STR("/%2E"), ERR_INVALID, "" },
		{ STR("/.%2e/b"), ERR_INVALID, "" },
		{ STR("/a%2fb"), ERR_INVALID, "" },
		{ STR("/a%2Fb"), ERR_INVALID, "" },
		{ STR("/a%5cb"), ERR_INVALID, "" },
		{ STR("/a\\b"), ERR_INVALID, "" },
		{ STR("/a%00"), ERR_INVALID, "" },
		{ STR("/a\0b"), ERR_INVALID, "" },
		{ STR("/a#b"), ERR_INVALID, "" },
		{ STR("/a%23b"), ERR_INVALID, "" },
		{ STR("/a;b"), ERR_INVALID, "" },
		{ STR("/a%3Bb"), ERR_INVALID, "" },
		{ STR("/a?b"), ERR_INVALID, "" },
		{ STR("/a b"), ERR_INVALID, "" },
		{ STR("/a%0d%0ab"), ERR_INVALID, "" },
		{ STR("/a\x7f"), ERR_INVALID, "" },
		{ STR("/%c2%85"), ERR_INVALID, "" },
		{ STR("/%ff"), ERR_INVALID, "" },
		{ STR("/%c0%af"), ERR_INVALID, "" },
		{ STR("/\xc3"), ERR_INVALID, "" },
		{ STR("/%"), ERR_INVALID, "" },
		{ STR("/%4"), ERR_INVALID, "" },
		{ STR("/%zz"), ERR_INVALID, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(4096);
		struct str out = STR("untouched");
		enum err e = url_path(cases[i].in, a, &out);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_true(str_eq(out, e == ERR_OK ? str_of(cases[i].out) : STR("untouched")));
	}
}

/* Goal: the named maximum of a path holds, and a full arena is told apart from a bad path. */
static void path_limits(void **state)
{
	(void)state;
	char path[URL_PATH_MAX + 1];
	struct str out;
	ARENA_AUTO *a = arena_new(URL_PATH_MAX + 16);
	memset(path, 'a', sizeof path);
	path[0] = '/';
	assert_int_equal(url_path((struct str){ path, sizeof path }, a, &out), ERR_TOO_LARGE);
	assert_int_equal(url_path((struct str){ path, sizeof path - 1 }, a, &out), ERR_OK);
	assert_int_equal(url_path(STR("/a"), a, &out), ERR_NOMEM);
}

/* Goal: all but the unreserved characters are encoded. */
static void encode(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(100);
	url_encode(&b, STR("aZ09-._~ /?&=+%\xc3\xa9\0\n"));
	assert_string_equal(b.p, "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9%00%0A");
}

/* Goal: a way back is a path on this site in every browser's eyes. */
static void local(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		bool ok;
	} cases[] = {
		{ STR("/"), true },
		{ STR("/articles/harbour-reopens"), true },
		{ STR("/account?tab=1&next=http://x"), true },
		{ STR("/a?b#c"), true },
		{ STR("/a%20b"), true },
		{ STR(""), false },
		{ STR("a"), false },
		{ STR("//e"), false },
		{ STR("///e"), false },
		{ STR("/a//e"), false },
		{ STR("//e@good"), false },
		{ STR("/\\e"), false },
		{ STR("\\\\e"), false },
		{ STR("/a\\e"), false },
		{ STR("/\t/e"), false },
		{ STR("/%09/e"), false },
		{ STR("/%0a/e"), false },
		{ STR("/%0D/e"), false },
		{ STR("/%0A/e"), false },
		{ STR("/%5ce"), false },
		{ STR("/%5Ce"), false },
		{ STR("/%2fe"), false },
		{ STR("/%2Fe"), false },
		{ STR("/%00"), false },
		{ STR("/a?b=%0d%0aSet-Cookie:x"), false },
		{ STR("/%"), false },
		{ STR("/%zz"), false },
		{ STR("https:e"), false },
		{ STR("https://e"), false },
		{ STR("javascript:alert(1)"), false },
		{ STR(" /a"), false },
		{ STR("/a b"), false },
		{ STR("/a\r\nb"), false },
		{ STR("/a\0b"), false },
		{ STR("/a\x7f"), false },
		{ STR("/\xc3\xa9"), false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (url_is_local(cases[i].in) != cases[i].ok)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(url_is_local(cases[i].in), cases[i].ok);
	}
	char path[8192];
	memset(path, 'a', sizeof path);
	path[0] = '/';
	assert_true(url_is_local((struct str){ path, URL_LOCAL_MAX }));
	assert_false(url_is_local((struct str){ path, URL_LOCAL_MAX + 1 }));
	assert_false(url_is_local((struct str){ path, sizeof path }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(path_limits),
		cmocka_unit_test(encode),
		cmocka_unit_test(local),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
