#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: an address of another server has one spelling; what two servers could read in two ways is
 * refused. */
static void absolute(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *origin, *path, *target;
	} cases[] = {
		{ STR("https://news.example/"), ERR_OK, "https://news.example", "/", "/" },
		{ STR("https://news.example/a?b=//c"), ERR_OK, "https://news.example", "/a",
			"/a?b=//c" },
		{ STR("HTTPS://News.EXAMPLE:443/a"), ERR_OK, "https://news.example", "/a", "/a" },
		{ STR("http://news.example:80/a"), ERR_OK, "http://news.example", "/a", "/a" },
		{ STR("http://news.example:443/a"), ERR_OK, "http://news.example:443", "/a", "/a" },
		{ STR("https://News.Example./a"), ERR_OK, "https://news.example", "/a", "/a" },
		{ STR("https://news.example.:443/a"), ERR_OK, "https://news.example", "/a", "/a" },
		{ STR("https://news.example.:8443/a"), ERR_OK, "https://news.example:8443", "/a",
			"/a" },
		{ STR("http://127.0.0.1:8080/%61"), ERR_OK, "http://127.0.0.1:8080", "/a", "/%61" },
		{ STR("http://[::1]/a"), ERR_OK, "http://[::1]", "/a", "/a" },
		{ STR("http://[2001:db8::1]:8080/a"), ERR_OK, "http://[2001:db8::1]:8080", "/a",
			"/a" },
		{ STR("http://h/caf%C3%A9"), ERR_OK, "http://h", "/caf\xc3\xa9", "/caf%C3%A9" },
		{ STR("http://h/a?%zz&a=1&a=2"), ERR_OK, "http://h", "/a", "/a?%zz&a=1&a=2" },
		{ STR(""), ERR_INVALID, "", "", "" },
		{ STR("/a"), ERR_INVALID, "", "", "" },
		{ STR("//h/a"), ERR_INVALID, "", "", "" },
		{ STR("https:/h/a"), ERR_INVALID, "", "", "" },
		{ STR("https:h/a"), ERR_INVALID, "", "", "" },
		{ STR("ftp://h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h"), ERR_INVALID, "", "", "" },
		{ STR("https://h?/a"), ERR_INVALID, "", "", "" },
		{ STR("https:///a"), ERR_INVALID, "", "", "" },
		{ STR("https://u@h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://u:1@h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h:/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h:0/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h:65536/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h:000443/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h:1:2/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h../a"), ERR_INVALID, "", "", "" },
		{ STR("https://./a"), ERR_INVALID, "", "", "" },
		{ STR("https://[::1]./a"), ERR_INVALID, "", "", "" },
		{ STR("https://.h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://a..h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://-h/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h%2e/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h\\@e/a"), ERR_INVALID, "", "", "" },
		{ STR("https://\xc3\xa9.example/a"), ERR_INVALID, "", "", "" },
		{ STR("https://[::1/a"), ERR_INVALID, "", "", "" },
		{ STR("https://::1/a"), ERR_INVALID, "", "", "" },
		{ STR("https://[1.2.3.4]/a"), ERR_INVALID, "", "", "" },
		{ STR("https://[::1]x/a"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a#b"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a?b#c"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a b"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a?b c"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a\0b"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a\r\nb"), ERR_INVALID, "", "", "" },
		{ STR("https://h/a, https://h/b"), ERR_INVALID, "", "", "" },
		{ STR("https://h/../a"), ERR_INVALID, "", "", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(1 << 16);
		struct url u = { 0 };
		enum err e = url_absolute(cases[i].in, a, &u);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_true(str_eq(u.origin, str_of(cases[i].origin)));
		assert_true(str_eq(u.path, str_of(cases[i].path)));
		assert_true(str_eq(u.target, str_of(cases[i].target)));
		if (e == ERR_OK)
			assert_true(str_ends(u.origin, u.site));
	}
}

/* Goal: an origin has one spelling, and nothing may stand behind it. */
static void origins(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *out; /* NULL: refused */
	} cases[] = {
		{ STR("https://news.example"), "https://news.example" },
		{ STR("HTTPS://News.Example:443"), "https://news.example" },
		{ STR("http://news.example.:80"), "http://news.example" },
		{ STR("http://news.example:443"), "http://news.example:443" },
		{ STR("https://[2001:DB8::1]:8443"), "https://[2001:db8::1]:8443" },
		{ STR("https://news.example/"), NULL },
		{ STR("https://news.example/a"), NULL },
		{ STR("https://news.example?"), NULL },
		{ STR("https://u@news.example"), NULL },
		{ STR("https://news.example, https://evil.example"), NULL },
		{ STR("https://news.example https://evil.example"), NULL },
		{ STR("null"), NULL },
		{ STR(""), NULL },
		{ STR("https://"), NULL },
		{ STR("https://m\xc3\xbcnchen.example"), NULL },
		{ STR("ws://news.example"), NULL },
		{ STR("https://news.example\0"), NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(1 << 12);
		struct str out = { NULL, 0 };
		enum err e = url_origin(cases[i].in, a, &out);
		assert_int_equal(e, cases[i].out ? ERR_OK : ERR_INVALID);
		assert_true(str_eq(out, str_of(cases[i].out)));
		if (e == ERR_OK)
			assert_int_equal(strlen(out.p), out.n);
	}
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *path, *folded;
	} cases[] = {
		{ STR("/a/b"), ERR_OK, "/a/b", "/a/b" },
		{ STR("/A/B.Html"), ERR_OK, "/A/B.Html", "/a/b.html" },
		{ STR("/a/"), ERR_OK, "/a/", "/a/" },
		{ STR("/.well-known/x"), ERR_OK, "/.well-known/x", "/.well-known/x" },
		{ STR("/a.b.c"), ERR_OK, "/a.b.c", "/a.b.c" },
		{ STR("/100%25"), ERR_OK, "/100%", "/100%" },
		{ STR("/Stra%C3%9Fe"), ERR_OK,
			"/Stra\xc3\x9f"
			"e",
			"/strasse" },
		{ STR("/%EF%BD%81"), ERR_OK, "/\xef\xbd\x81", "/a" }, /* wide a */
		{ STR("/a%C2%ADb"), ERR_OK,
			"/a\xc2\xad"
			"b",
			"/ab" }, /* soft hyphen */
		{ STR("/a%252e"), ERR_INVALID, "", "" },
		{ STR("/a%252fb"), ERR_INVALID, "", "" },
		{ STR("/a."), ERR_INVALID, "", "" },
		{ STR("/a./b"), ERR_INVALID, "", "" },
		{ STR("/a.../"), ERR_INVALID, "", "" },
		{ STR("/a%20"), ERR_INVALID, "", "" },
		{ STR("/a%20/b"), ERR_INVALID, "", "" },
		{ STR("/a%EF%BC%8Fb"), ERR_INVALID, "", "" }, /* wide slash */
		{ STR("/a%EF%BC%8E"), ERR_INVALID, "", "" },  /* wide dot at the end */
		{ STR("/%E2%80%A5/b"), ERR_INVALID, "", "" }, /* two dot leader */
		{ STR("/a%E2%84%80b"), ERR_INVALID, "", "" }, /* a/c */
		{ STR("/a%EF%BC%BCb"), ERR_INVALID, "", "" }, /* wide backslash */
		{ STR("/a%EF%BC%9Bb"), ERR_INVALID, "", "" }, /* wide semicolon */
		{ STR("/a%C2%A0"), ERR_INVALID, "", "" },     /* a space that folds to one */
		{ STR("/%C2%AD./b"), ERR_INVALID, "", "" },
		{ STR("/%C2%AD/b"), ERR_INVALID, "", "" }, /* nothing is left of it */
		{ STR("/a//b"), ERR_INVALID, "", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(1 << 16);
		struct str path = STR(""), folded = STR("");
		enum err e = url_path_foreign(cases[i].in, a, &path, &folded);
		if (e != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(e, cases[i].err);
		assert_true(str_eq(path, str_of(cases[i].path)));
		assert_true(str_eq(folded, str_of(cases[i].folded)));
	}
}

/* Goal: the named maxima hold. */
static void limits(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	char *long_url = arena_alloc(a, URL_ABSOLUTE_MAX + 2);
	struct url u;
	memset(long_url, 'a', URL_ABSOLUTE_MAX + 1);
	memcpy(long_url, "http://h/?", 10);
	assert_int_equal(url_absolute((struct str){ long_url, URL_ABSOLUTE_MAX }, a, &u), ERR_OK);
	assert_int_equal(
		url_absolute((struct str){ long_url, URL_ABSOLUTE_MAX + 1 }, a, &u), ERR_TOO_LARGE);
	memcpy(long_url, "http://h/a", 10);
	assert_int_equal(
		url_absolute((struct str){ long_url, URL_PATH_MAX + 9 }, a, &u), ERR_TOO_LARGE);
	memcpy(long_url, "http://aaa", 10);
	long_url[7 + 64] = '/';
	assert_int_equal(url_absolute((struct str){ long_url, 100 }, a, &u), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absolute),
		cmocka_unit_test(origins),
		cmocka_unit_test(paths),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
