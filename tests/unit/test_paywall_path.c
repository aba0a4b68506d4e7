#include "postern/path.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct path_rule rule_of(const char *path, const char *site)
{
	struct path_rule r = { 0 };
	char why[256] = "";
	const struct path_rule_words w = { .path = path, .level = "public", .site = site };
	enum err e = path_rule_parse(&w, &r, why);
	if (e != ERR_OK)
		fail_msg("%s: %s", path, why);
	return r;
}

static struct url url_of(const char *text, struct arena *a)
{
	struct url u;
	assert_int_equal(url_absolute(str_of(text), a, &u), ERR_OK);
	return u;
}

/* Goal: a rule covers what its words say, whole segments, with or without a slash at the end. */
static void matching(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *path;
		bool match;
	} rows[] = {
		{ "/", "/", true },
		{ "/", "/a", false },
		{ "/about", "/about", true },
		{ "/about", "/about/", true },
		{ "/about", "/aboutx", false },
		{ "/about", "/about/x", false },
		{ "/about", "/About", false },
		{ "/**", "/", true },
		{ "/**", "/a/b/c", true },
		{ "/paid/**", "/paid", true },
		{ "/paid/**", "/paid/", true },
		{ "/paid/**", "/paid/a/b", true },
		{ "/paid/**", "/paidx", false },
		{ "/paid/**", "/open/paid/x", false },
		{ "/a/*", "/a/b", true },
		{ "/a/*", "/a", false },
		{ "/a/*", "/a/b/c", false },
		{ "/a/*/**", "/a/b", true },
		{ "/a/*/**", "/a/b/c/d", true },
		{ "/a/*/**", "/a/", false },
		{ "/*.css", "/style.css", true },
		{ "/*.css", "/style.css.html", false },
		{ "/*.css", "/x/style.css", false },
		{ "/a*b*c", "/aXbYc", true },
		{ "/a*b*c", "/abcbc", true },
		{ "/a*b*c", "/abcb", false },
		{ "/2026-*-*/x", "/2026-11-24/x", true },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct path_rule r = rule_of(rows[i].pattern, NULL);
		if (path_matches(&r, STR("h"), str_of(rows[i].path)) != rows[i].match)
			fail_msg("%s %s", rows[i].pattern, rows[i].path);
	}
	const struct path_rule r = rule_of("/**", "Blog.example:443");
	assert_true(path_matches(&r, STR("blog.example"), STR("/x")));
	assert_false(path_matches(&r, STR("news.example"), STR("/x")));
	assert_false(path_matches(&r, STR("blog.example:8443"), STR("/x")));
}

/* Goal: the first rule decides, and an address for which careless folding finds another is
 * ambiguous. */
static void finding(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct path_rule rules[] = { rule_of("/paid/free", NULL), rule_of("/paid/**", NULL),
		rule_of("/Geheim/**", NULL), rule_of("/**", NULL) };
	for (size_t i = 0; i < COUNT(rules); i++)
		assert_int_equal(text_fold(str_of(rules[i].path), a, &rules[i].folded), ERR_OK);
	const struct paywall_policy p = { .paths = rules, .path_count = COUNT(rules) };
	static const struct {
		const char *url;
		int rule;
		bool ambiguous;
	} rows[] = {
		{ "http://h/paid/free", 0, false },
		{ "http://h/paid/x", 1, false },
		{ "http://h/paid/X", 1, false },
		{ "http://h/paid/FREE", 1, true },
		{ "http://h/PAID/x", 3, true },
		{ "http://h/pa%C2%ADid/x", 3, true },      /* soft hyphen */
		{ "http://h/%EF%BD%90aid/x", 3, true },    /* wide p */
		{ "http://h/pai%F0%9D%90%9D/x", 3, true }, /* bold d */
		{ "http://h/Geheim/x", 2, false },
		{ "http://h/geheim/x", 3, true },
		{ "http://h/Other", 3, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool ambiguous = false;
		const struct url u = url_of(rows[i].url, a);
		const struct path_rule *r = path_rule_find(&p, &u, &ambiguous);
		if (r != &rules[rows[i].rule] || ambiguous != rows[i].ambiguous)
			fail_msg("%s: %d %d", rows[i].url, r ? (int)(r - rules) : -1, ambiguous);
	}
	const struct paywall_policy empty = { 0 };
	bool ambiguous = true;
	const struct url u = url_of("http://h/x", a);
	assert_null(path_rule_find(&empty, &u, &ambiguous));
	assert_false(ambiguous);
}

/* Goal: what lies below a star's folder is one article; elsewhere each path is. */
static void articles(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	static const struct {
		const char *pattern, *one, *other;
		bool same;
	} rows[] = {
		{ "/articles/*/**", "http://h/articles/a/", "http://h/articles/a/photo.jpg", true },
		{ "/articles/*/**", "http://h/articles/a", "http://h/articles/a/", true },
		{ "/articles/*/**", "http://h/articles/a/x", "http://h/articles/b/x", false },
		{ "/articles/*/**", "http://h/articles/a/x", "http://g/articles/a/x", false },
		{ "/articles/**", "http://h/articles/a/", "http://h/articles/a/photo.jpg", false },
		{ "/articles/**", "http://h/articles/a/", "http://h/articles/a?page=2", true },
		{ "/a/*.html", "http://h/a/x.html", "http://h/a/y.html", false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char one[ID_SIZE], other[ID_SIZE];
		const struct path_rule r = rule_of(rows[i].pattern, NULL);
		const struct url u = url_of(rows[i].one, a), v = url_of(rows[i].other, a);
		path_article_id(&r, &u, one);
		path_article_id(&r, &v, other);
		assert_int_equal(strlen(one), ID_SIZE - 1);
		if ((strcmp(one, other) == 0) != rows[i].same)
			fail_msg("%s %s %s", rows[i].pattern, rows[i].one, rows[i].other);
	}
}

static void files(void **state)
{
	(void)state;
	static const char *const yes[] = { "/a.css", "/a/b.JPG", "/x/y.min.js", "/a/film.mp4" };
	static const char *const no[] = { "/", "/a", "/a.html", "/a/", "/a.css/", "/a.php/x.png",
		"/.css", "/css", "/a.pdf", "/data.json", "/a.png.html" };
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(path_is_file(str_of(yes[i])));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(path_is_file(str_of(no[i])));
}

/* Goal: words that are no rule are refused with what would be right. */
static void refused(void **state)
{
	(void)state;
	static const struct path_rule_words bad[] = {
		{ .path = "", .level = "public" },
		{ .path = "paid", .level = "public" },
		{ .path = "/paid/", .level = "public" },
		{ .path = "/a//b", .level = "public" },
		{ .path = "/a/../b", .level = "public" },
		{ .path = "/a;b", .level = "public" },
		{ .path = "/**/a", .level = "public" },
		{ .path = "/a**", .level = "public" },
		{ .path = "/a***", .level = "public" },
		{ .path = "/*/*/*/*/*/*/*/*/*", .level = "public" },
		{ .path = "/a", .level = "" },
		{ .path = "/a", .level = "open" },
		{ .path = "/a", .level = "public", .methods = "" },
		{ .path = "/a", .level = "public", .methods = "get" },
		{ .path = "/a", .level = "public", .methods = "GET  HEAD" },
		{ .path = "/a", .level = "public", .methods = "GET,HEAD" },
		{ .path = "/a", .level = "public", .site = "" },
		{ .path = "/a", .level = "public", .site = "https://h" },
		{ .path = "/a", .level = "public", .site = "h/x" },
		{ .path = "/a", .level = "public", .site = "u@h" },
		{ .path = "/a", .level = "public", .section = "City" },
		{ .path = "/a", .level = "public", .tag = "" },
		{ .path = "/a", .level = "public", .tag = "a\nb" },
		{ .path = "/a", .level = "public", .files = "all" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct path_rule r;
		char why[256] = "";
		if (path_rule_parse(&bad[i], &r, why) != ERR_INVALID || !*why)
			fail_msg("row %zu was taken, or without a reason", i);
	}
	char long_path[PATH_PATTERN_SIZE + 1];
	memset(long_path, 'a', sizeof long_path - 1);
	long_path[0] = '/';
	long_path[sizeof long_path - 1] = 0;
	const struct path_rule_words w = { .path = long_path, .level = "public" };
	struct path_rule r;
	char why[256] = "";
	assert_int_equal(path_rule_parse(&w, &r, why), ERR_INVALID);
	long_path[sizeof long_path - 2] = 0;
	assert_int_equal(path_rule_parse(&w, &r, why), ERR_OK);
	assert_string_equal(r.methods, "GET HEAD");
	assert_int_equal(r.files, PATH_FILES_FREE);
}

static void sites(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct sites s;
	char why[256] = "";
	assert_int_equal(path_sites_parse("https://News.example",
				 " https://blog.example ,, http://h:81", a, &s, why),
		ERR_OK);
	assert_int_equal(s.n, 3);
	assert_true(str_eq(s.origin[0], STR("https://news.example")));
	assert_true(str_eq(s.site[2], STR("h:81")));
	static const char *const bad[] = { "blog.example", "https://blog.example/",
		"https://blog.example/x", "https://u@blog.example", "https://a https://b" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		*why = 0;
		assert_int_equal(path_sites_parse("https://h", bad[i], a, &s, why), ERR_INVALID);
		assert_true(*why);
	}
	const char *many =
		"http://a,http://a,http://a,http://a,http://a,http://a,http://a,http://a,"
		"http://a,http://a,http://a,http://a,http://a,http://a,http://a,http://a";
	assert_int_equal(path_sites_parse("https://h", many, a, &s, why), ERR_INVALID);
}

/* Goal: rules that go by age are not for paths that have none: neither side may open or close. */
static void undated(void **state)
{
	(void)state;
	const struct paywall_rule rows[] = {
		{ .kind = RULE_OVERRIDE,
			.until_s = 3600,
			.weekdays = WEEKDAYS_ALL,
			.access = ACCESS_PUBLIC },
		{ .kind = RULE_OVERRIDE,
			.from_s = 86400,
			.weekdays = WEEKDAYS_ALL,
			.access = ACCESS_PUBLIC },
		{ .kind = RULE_OVERRIDE, .weekdays = WEEKDAYS_ALL, .access = ACCESS_PUBLIC },
	};
	const struct paywall_article path = { .id = "x", .usable = true, .undated = true };
	const struct paywall_moment now = paywall_moment(1795000000);
	assert_false(paywall_rule_matches(&rows[0], &path, now));
	assert_false(paywall_rule_matches(&rows[1], &path, now));
	assert_true(paywall_rule_matches(&rows[2], &path, now));
}

/* Goal: a path without a section is in no list, and asking for that comes to an end. */
static void no_section(void **state)
{
	(void)state;
	assert_false(paywall_list_has(STR("\ncity\nculture\n"), STR("")));
	assert_false(paywall_list_has(STR("\ncity\n"), (struct str){ NULL, 0 }));
	assert_false(paywall_list_has(STR(""), STR("")));
	assert_true(paywall_list_has(STR("\ncity\nculture\n"), STR("Culture")));
}

/* Goal: a rule that never decides is found, and only such a one. */
static void shadows(void **state)
{
	(void)state;
	static const struct {
		const char *wide, *wide_site, *narrow, *narrow_site;
		bool shadow;
	} rows[] = {
		{ "/**", NULL, "/paid/**", NULL, true },
		{ "/**", NULL, "/", NULL, true },
		{ "/**", NULL, "/a/*/**", "blog.example", true },
		{ "/**", "blog.example", "/a", NULL, false },
		{ "/**", "blog.example", "/a", "news.example", false },
		{ "/**", "blog.example", "/a", "blog.example", true },
		{ "/paid/**", NULL, "/paid", NULL, true },
		{ "/paid/**", NULL, "/paid/x/**", NULL, true },
		{ "/paid/**", NULL, "/paidx/**", NULL, false },
		{ "/paid/**", NULL, "/**", NULL, false },
		{ "/paid", NULL, "/paid/**", NULL, false },
		{ "/paid", NULL, "/paid", NULL, true },
		{ "/a/*", NULL, "/a/*.css", NULL, true },
		{ "/a/*.css", NULL, "/a/*", NULL, false },
		{ "/a/x*", NULL, "/a/xy*", NULL, true },
		{ "/a/*/**", NULL, "/a/**", NULL, false },
		{ "/a/*/**", NULL, "/a/b/**", NULL, true },
		{ "/*/b", NULL, "/a/b", NULL, true },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct path_rule list[] = { rule_of(rows[i].wide, rows[i].wide_site),
			rule_of(rows[i].narrow, rows[i].narrow_site) };
		const struct paywall_policy p = { .paths = list, .path_count = COUNT(list) };
		bool shadow = path_rule_shadow(&p, 1) == &list[0];
		if (shadow != rows[i].shadow || path_rule_shadow(&p, 0))
			fail_msg("%s before %s", rows[i].wide, rows[i].narrow);
	}
}

static void segments_make(uint32_t *dice, const char *const *of, size_t n, char out[static 32])
{
	out[0] = '\0';
	for (unsigned k = 0; k < 1 + (*dice >> 28) % 3; k++) {
		*dice = *dice * 1664525u + 1013904223u;
		snprintf(out + strlen(out), 32 - strlen(out), "%s", of[(*dice >> 16) % n]);
	}
}

static void a_shadow_holds_for_every_path(void **state)
{
	static const char *const parts[] = { "/a", "/ab", "/*", "/a*", "/*b", "/*a*" };
	static const char *const paths[] = { "/a", "/ab", "/b", "/aab", "/ba" };
	uint32_t dice = 7;
	int found = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char wide[40], narrow[40], path[32];
		segments_make(&dice, parts, COUNT(parts), wide);
		segments_make(&dice, parts, COUNT(parts), narrow);
		segments_make(&dice, paths, COUNT(paths), path);
		if (round & 1)
			snprintf(wide + strlen(wide), 4, "/**");
		if (round & 2)
			snprintf(narrow + strlen(narrow), 4, "/**");
		const struct path_rule list[] = { rule_of(wide, NULL), rule_of(narrow, NULL) };
		const struct paywall_policy p = { .paths = list, .path_count = COUNT(list) };
		bool shadow = path_rule_shadow(&p, 1);
		found += shadow;
		if (shadow && path_matches(&list[1], STR("x"), str_of(path)) &&
			!path_matches(&list[0], STR("x"), str_of(path)))
			fail_msg("%s, said to be behind %s, takes %s", narrow, wide, path);
	}
	assert_true(found > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matching),
		cmocka_unit_test(finding),
		cmocka_unit_test(articles),
		cmocka_unit_test(files),
		cmocka_unit_test(refused),
		cmocka_unit_test(sites),
		cmocka_unit_test(undated),
		cmocka_unit_test(no_section),
		cmocka_unit_test(shadows),
		cmocka_unit_test(a_shadow_holds_for_every_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
