/* Goal: a picture is found by what its name means, wherever that may be without leaving the folder;
 * what cannot be had is told, and keeps no article out. */
#include "content_help.h"

#define HEAD                                                                                       \
	"---\nheadline: A ship\nsection: City\naccess: registered\npublished: "                    \
	"2026-11-20T05:40:00Z\n"

/* What cannot be had is told, and the article goes in without it. */
static void pictures_that_cannot_be_had(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *file, *why;
	} rows[] = {
		{ "none.png", "left out: line 4: picture \"none.png\": there is no such file" },
		{ "/etc/x.png", "must be a plain file" },
		{ "../up.png", "must be a plain file" },
		{ "%2e%2e/up.png", "must be a plain file" },
		{ "./../up.png", "must be a plain file" },
		{ "a/../good.png", "must be a plain file" },
		{ "link.png", "must be a plain file" },
		{ "linked/good.png", "picture \"linked/good.png\"" },
		{ "drawing.svg", "SVG can hold scripts" },
		{ "text.png", "is no PNG, JPEG, WebP or GIF" },
		{ "broken.png", "is damaged" },
		{ "folder.png", "must be a plain file" },
		{ "%zz.png", "there is no such file" },
	};
	put_png(f, "good.png", 10, 1);
	put_png(f, "sub/good.png", 10, 1);
	put_file(f, "drawing.svg", "<svg/>");
	put_file(f, "text.png", "text");
	put_file(f, "broken.png", "\x89PNG\r\n\x1a\n");
	put_file(f, "folder.png/x", "");
	put_png(f, "../up.png", 10, 1);
	assert_int_equal(symlink("good.png", fixture_path(f, "link.png")), 0);
	assert_int_equal(symlink("sub", fixture_path(f, "linked")), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md",
			arena_fmt(f->arena,
				"---\nheadline: a\nimages:\n  - file: %s\n  - file: good.png\n---\n"
				"![x](%s)\n\nText.\n",
				rows[i].file, rows[i].file));
		assert_int_equal(import(f, "a.md").refused, 0);
		assert_report(f, 0, i ? f->what[0] : "new", rows[i].why);
		struct reading_of r = open_words(f, "a", &full, 1);
		assert_str(r.text.html, "<p>Text.</p>\n");
		assert_int_equal(r.image_count, 1);
		assert_int_equal(
			r.images[0].position, 1); /* a lead is open to all: no other is one */
	}
}

/* "./", "%20", NFD and a query name the file that is there. */
static void pictures_are_found_by_what_is_meant(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *named, *stored;
	} rows[] = {
		{ "./img/a.png", "a.png" }, { "././img/a.png", "a.png" },
		{ "img/a.png?w=300", "a.png" }, { "img/a.png#top", "a.png" },
		{ "my%20photo.png", "my-photo.png" }, { "my photo.png", "my-photo.png" },
		{ "50%off.png", "50-off.png" }, { "caf%C3%A9.png", "cafe.png" }, /* NFC names NFD */
		{ "u\xcc\x88"
		  "ber.png",
			"uber.png" },      /* NFD names NFC */
		{ "%E5%86%99.png", NULL }, /* no Latin letter: a name by the path */
	};
	put_png(f, "img/a.png", 10, 1);
	put_png(f, "my photo.png", 10, 2);
	put_png(f, "50%off.png", 10, 3);
	put_png(f, "cafe\xcc\x81.png", 10, 4);
	put_png(f,
		"\xc3\xbc"
		"ber.png",
		10, 5);
	put_png(f, "\xe5\x86\x99.png", 10, 6);
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md",
			arena_fmt(f->arena,
				"---\nheadline: a\nimages:\n  - file: \"%s\"\n---\nText.\n",
				rows[i].named));
		assert_int_equal(import(f, "a.md").refused, 0);
		assert_report(f, 0, f->what[0], "");
		if (f->why[0][0])
			fail_msg("%s: %s", rows[i].named, f->why[0]);
		struct reading_of r = open_words(f, "a", &full, 1);
		assert_int_equal(r.image_count, 1);
		if (rows[i].stored)
			assert_str(r.images[0].name, rows[i].stored);
		assert_true(picture_name_ok(r.images[0].name));
	}
}

static void pictures_of_one_name_get_two(void **state)
{
	struct fixture *f = *state;
	put_png(f, "one/a.png", 10, 1);
	put_png(f, "two/a.png", 20, 2);
	put_file(f, "a.md",
		HEAD "images:\n  - file: one/a.png\n  - file: two/a.png\n---\n![x](./two/a.png)\n");
	assert_int_equal(import(f, "a.md").created, 1);
	struct reading_of r = open_words(f, "a", &full, 1);
	assert_int_equal(r.image_count, 2);
	assert_str(r.images[0].name, "a.png");
	assert_true(str_starts(r.images[1].name, STR("a-")));
	assert_non_null(strstr(r.text.html.p, r.images[1].id)); /* the text shows the second */
	assert_int_equal(import(f, "a.md").unchanged, 1);
}

static void pictures_named_in_the_text_alone(void **state)
{
	struct fixture *f = *state;
	put_png(f, "a.png", 10, 1);
	put_file(f, "a.md",
		HEAD "---\n![An alt](a.png)\n\n![](a.png)\n\n![](https://example.org/x.png) "
		     "![](//x/y.png)\n\nText.\n");
	import(f, "");
	assert_report(f, 0, "new", "pictures of other sites were left out: 2");
	struct reading_of r = open_words(f, "a", &full, 1);
	assert_int_equal(r.image_count, 1);
	assert_str(r.images[0].alt, "An alt");
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(pictures_that_cannot_be_had),
		WITH_DB(pictures_are_found_by_what_is_meant),
		WITH_DB(pictures_of_one_name_get_two),
		WITH_DB(pictures_named_in_the_text_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
