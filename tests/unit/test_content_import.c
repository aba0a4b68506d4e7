/* Goal: Markdown files become articles, all or nothing, again and again the same; and come out as
 * they went in. */
#include "content_help.h"

#include <pthread.h>

#define HEAD                                                                                       \
	"---\nheadline: A ship\nsection: City\naccess: registered\npublished: "                    \
	"2026-11-20T05:40:00Z\n"

static void an_article_with_all_fields(void **state)
{
	struct fixture *f = *state;
	put_png(f, "lead.png", 100, 1);
	put_png(f, "img/more.png", 50, 2);
	put_file(f, "harbour.md",
		"---\nslug: harbour-reopens\nheadline: Harbour reopens\ndek: \"A dek: with "
		"colon\"\n"
		"byline: By Mara Lindqvist\ndateline: SANDHAVEN\ncredit: Northern Wire\nsection: "
		"City Life\n"
		"tags: harbour, \"Arts, Culture\", harbour\naccess: public\npublished: "
		"2026-11-20T05:40:00Z\n"
		"updated: 2026-11-21\nembargo: 2026-11-20T05:00:00Z\nexpires: "
		"2036-01-01T00:00:00+01:00\n"
		"images:\n  - file: lead.png\n    alt: A ship\n    caption: The ship\n    credit: "
		"Ida\n"
		"  - file: img/more.png\n---\n"
		"# One *two*\n\nThree ~~four~~.\n\n<!-- more -->\n\n![Alt](img/more.png)\n\n"
		"| a | b |\n|---|---|\n| 1 | 2 |\n\nwww.example.org <script>alert(1)</script>\n");
	struct import_count n = import(f, "");
	assert_report(f, 0, "new", "");
	assert_int_equal(n.files, 1);
	assert_int_equal(n.created, 1);
	struct reading_of r = open_words(f, "harbour-reopens", &full, 1);
	const struct article *a = &r.article;
	assert_str(a->source, "file:harbour-reopens");
	assert_str(a->headline, "Harbour reopens");
	assert_str(a->dek, "A dek: with colon");
	assert_str(a->byline, "Mara Lindqvist");
	assert_str(a->section, "city-life");
	assert_str(a->section_name, "City Life");
	assert_str(a->tags, "\nharbour\nArts, Culture\n");
	assert_str(a->status, "usable");
	assert_int_equal(a->access, ACCESS_PUBLIC);
	assert_int_equal(a->published_at, 1795153200);
	assert_int_equal(a->updated_at, 1795219200);
	assert_int_equal(a->embargo_at, 1795150800);
	assert_int_equal(a->expires_at, 2082754800);
	assert_int_equal(a->cut, 2);
	assert_int_equal(r.image_count, 2);
	assert_str(r.images[0].caption, "The ship");
	assert_str(r.images[1].name, "more.png");
	assert_int_equal(r.images[0].width, 100);
	const char *expected = arena_fmt(f->arena,
		"<h2>One <em>two</em></h2>\n<p>Three <del>four</del>.</p>\n"
		"<figure><img src=\"/media/%s/more.png\" alt=\"Alt\" width=\"50\" height=\"60\" "
		"loading=\"lazy\"></figure>\n"
		"<div class=\"table\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"Table\"><table><thead><tr><th>a</th>"
		"<th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></"
		"div>\n"
		"<p><a href=\"http://www.example.org\" rel=\"nofollow "
		"noopener\">www.example.org</a></p>\n",
		r.images[1].id);
	assert_str(r.text.html, expected);
}

static void what_is_not_said_has_a_default(void **state)
{
	struct fixture *f = *state;
	put_file(f, "Some File_Name.md", "---\nheadline: A\n---\nText.\n");
	import(f, "");
	struct article a = find(f, "some-file-name");
	assert_str(a.section_name, "News");
	assert_int_equal(a.access, ACCESS_SUBSCRIBER);
	assert_int_equal(a.published_at, NOW);
	assert_int_equal(a.updated_at, NOW);
	assert_int_equal(import_at(f, "", NOW + 1000).unchanged, 1);
	assert_int_equal(find(f, "some-file-name").published_at, NOW);
}

static void bad_files_are_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "no front matter", "line 1: the article must begin" },
		{ "---\nsection: City\n---\n", "headline: missing" },
		{ "---\nheadline: \"\"\n---\n", "headline: missing" },
		{ "---\nheadline: a\nhedline: b\n---\n",
			"line 3: unknown key \"hedline\"; did you mean \"headline\"?" },
		{ "---\nTitle: a\n---\n",
			"line 2: unknown key \"Title\"; did you mean \"headline\"?" },
		{ "---\nheadline: a\ndate: 2026-05-01\n---\n",
			"line 3: unknown key \"date\"; did you mean \"published\"?" },
		{ "---\nheadline: a\nlayout: post\n---\n",
			"line 3: unknown key \"layout\" (known: slug, headline, dek, byline," },
		{ "---\nheadline: a\naccess: free\n---\n",
			"line 3: access: public, registered, metered, subscriber or default "
			"expected, not \"free\"" },
		{ "---\nheadline: a\naccess:\n---\n", "line 3: access: public, registered, "
						      "metered, subscriber or default expected" },
		{ "---\nheadline: a\naccess: Public\n---\n", "line 3: access:" },
		{ "---\nheadline: a\npublished: yesterday\n---\n",
			"line 3: published: \"yesterday\" is neither a day like 2026-11-20 nor" },
		{ "---\nheadline: a\nembargo:\n---\n", "line 3: embargo: \"\" is neither a day" },
		{ "---\nheadline: a\nexpires: 2026-13-01\n---\n",
			"line 3: expires: \"2026-13-01\" is neither a day" },
		{ "---\nheadline: a\nupdated: 1\n---\n",
			"line 3: updated: \"1\" is neither a day" },
		{ "---\nheadline: a\nslug: A B\n---\n",
			"line 3: slug: lower-case letters, digits and single '-' expected, not "
			"\"A B\"" },
		{ "---\nheadline: a\nsection: \"!!!\"\n---\n", "section: no address" },
		{ "---\nheadline: a\nstatus: perhaps\n---\n",
			"line 3: status: usable, withheld, canceled or killed expected, not "
			"\"perhaps\"" },
		{ "---\nheadline: \xff\n---\n", "is not UTF-8 text" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md", rows[i].text);
		struct import_count n = import(f, "a.md");
		assert_int_equal(n.refused, 1);
		assert_report(f, 0, "refused", rows[i].why);
	}
	struct reading_of r = open_words(f, "a", &full, 1);
	assert_int_equal(r.find_err, ERR_NOT_FOUND);
}

static void a_bad_file_does_not_stop_the_good(void **state)
{
	struct fixture *f = *state;
	put_file(f, "2.md", HEAD "---\nTwo.\n");
	put_file(f, "1.md", "broken");
	put_file(f, "sub/deeper/3.md", HEAD "---\nThree.\n");
	put_file(f, ".hidden.md", HEAD "---\n");
	put_file(f, ".git/4.md", HEAD "---\n");
	put_file(f, "node_modules/5.md", HEAD "---\n");
	put_file(f, "notes.txt", "left alone");
	put_file(f, "folder.md/6.md", HEAD "---\nSix.\n");
	assert_int_equal(symlink("2.md", fixture_path(f, "link.md")), 0);
	assert_int_equal(symlink("..", fixture_path(f, "loop")), 0);
	struct import_count n = import(f, "");
	assert_int_equal(n.files, 5);
	assert_int_equal(n.created, 3);
	assert_int_equal(n.refused, 2);
	static const char *const ends[] = { "/1.md", "/2.md", "/folder.md/6.md", "/link.md",
		"/sub/deeper/3.md" };
	for (size_t i = 0; i < COUNT(ends); i++)
		assert_true(str_ends(str_of(f->path[i]), str_of(ends[i])));
	assert_report(f, 3, "refused", "symbolic link");
}

static void paths_that_are_not_there(void **state)
{
	struct fixture *f = *state;
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	put_file(f, "a.txt", "");
	assert_int_equal(
		content_import(f->db, fixture_path(f, "none"), &s, NOW, &n), ERR_NOT_FOUND);
	assert_int_equal(
		content_import(f->db, fixture_path(f, "none.md"), &s, NOW, &n), ERR_NOT_FOUND);
	assert_int_equal(content_import(f->db, "", &s, NOW, &n), ERR_NOT_FOUND);
	assert_int_equal(import(f, "a.txt").refused, 1);
	assert_report(f, 0, "refused", "neither .md nor .json");
	s.report = NULL;
	assert_int_equal(content_import(f->db, fixture_path(f, "a.txt"), &s, NOW, &n), ERR_OK);
}

static void too_large_is_refused(void **state)
{
	struct fixture *f = *state;
	BUF_AUTO b = BUF((size_t)2 * ARTICLE_SOURCE_MAX);
	buf_puts(&b, HEAD "---\n");
	while (b.n <= ARTICLE_SOURCE_MAX)
		buf_puts(&b, "text text text text text text text\n");
	put_bytes(f, "big.md", buf_view(&b));
	b.n = 0;
	buf_puts(&b, HEAD "---\n");
	for (int i = 0; i <= ARTICLE_BLOCKS_MAX; i++)
		buf_puts(&b, "a\n\n");
	put_bytes(f, "blocks.md", buf_view(&b));
	b.n = 0;
	buf_puts(&b, HEAD "---\n");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, ">");
	buf_puts(&b, "deep\n");
	put_bytes(f, "deep.md", buf_view(&b));
	assert_int_equal(import(f, "").refused, 3);
	assert_report(f, 0, "refused", "larger than 4 MiB");
	assert_report(f, 1, "refused", "text: too long, nested more than 60 deep, or");
	assert_report(f, 2, "refused", "text: too long, nested more than 60 deep, or");
}

/* A short row is filled up to the columns of the head, so a small file can ask for gigabytes. */
static void tables_have_a_size(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *before;
		size_t columns, rows;
		bool fits;
	} rows[] = { { "", 40, 2000, true }, { "> ", 40, 20, true }, { "", 3000, 3000, false },
		{ "> ", 3000, 3000, false } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO b = BUF(1 << 20);
		buf_puts(&b, HEAD "---\n");
		for (int line = 0; line < 2; line++) {
			buf_fmt(&b, "%s|", rows[i].before);
			for (size_t n = 0; n < rows[i].columns; n++)
				buf_puts(&b, line ? "-|" : "x|");
			buf_byte(&b, '\n');
		}
		for (size_t n = 0; n < rows[i].rows; n++)
			buf_fmt(&b, "%s|x\n", rows[i].before);
		put_bytes(f, "a.md", buf_view(&b));
		import(f, "a.md");
		if (rows[i].fits)
			assert_report(f, 0, i ? "updated" : "new", "");
		else
			assert_report(f, 0, "refused", "a table of more than 200000 cells");
	}
}

static void importing_again(void **state)
{
	struct fixture *f = *state;
	put_png(f, "a.png", 10, 1);
	put_file(f, "a.md", HEAD "images:\n  - file: a.png\n---\nOne.\n\nTwo.\n");
	assert_int_equal(import(f, "").created, 1);
	struct reading_of first = open_words(f, "a", &full, 1);
	assert_int_equal(import(f, "").unchanged, 1);
	static const char *const changes[] = {
		HEAD "images:\n  - file: a.png\n---\nOne.\n\nThree.\n",
		HEAD "dek: new\nimages:\n  - file: a.png\n---\nOne.\n\nThree.\n",
		HEAD "dek: new\nimages:\n  - file: a.png\n    alt: new\n---\nOne.\n\nThree.\n",
		HEAD "dek: new\nimages:\n  - file: a.png\n    alt: new\n---\nOne.\n\n<!-- more "
		     "-->\n\nThree.\n",
		HEAD "dek: new\nexpires: 2037-01-01\nimages:\n  - file: a.png\n    alt: "
		     "new\n---\nOne.\n\nThree.\n",
	};
	for (size_t i = 0; i < COUNT(changes); i++) {
		put_file(f, "a.md", changes[i]);
		assert_int_equal(import(f, "").updated, 1);
		assert_int_equal(import(f, "").unchanged, 1);
	}
	put_png(f, "a.png", 10, 2); /* other bytes, same name */
	assert_int_equal(import(f, "").updated, 1);
	struct reading_of last = open_words(f, "a", &full, 1);
	assert_string_equal(last.article.id, first.article.id);
	assert_string_equal(last.images[0].id, first.images[0].id);
	assert_false(str_eq(last.images[0].digest, first.images[0].digest));
	assert_str(last.text.html, "<p>One.</p>\n<p>Three.</p>\n");
	put_file(f, "a.md", HEAD "---\nOne.\n");
	assert_int_equal(import(f, "").updated, 1);
	assert_int_equal(open_words(f, "a", &full, 1).image_count, 0);
}

/* The desk opened an article by hand; a file that says nothing of access must not close it again,
 * one that does must. */
static void access_by_hand_stays(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.md", "---\nheadline: A\n---\nOne.\n");
	import(f, "");
	assert_int_equal(content_set_access(f->db, STR("a"), ACCESS_PUBLIC, NOW), ERR_OK);
	put_file(f, "a.md", "---\nheadline: A\n---\nTwo.\n");
	assert_int_equal(import(f, "").updated, 1);
	assert_int_equal(find(f, "a").access, ACCESS_PUBLIC);
	put_file(f, "a.md", "---\nheadline: A\naccess: subscriber\n---\nTwo.\n");
	assert_int_equal(import(f, "").updated, 1);
	assert_int_equal(find(f, "a").access, ACCESS_SUBSCRIBER);
}

static void a_slug_has_one_owner(void **state)
{
	struct fixture *f = *state;
	put_file(f, "1.md", HEAD "slug: ship\nsource: \"desk:1\"\n---\nOne.\n");
	put_file(f, "2.md", HEAD "slug: ship\n---\nTwo.\n");
	struct import_count n = import(f, "");
	assert_int_equal(n.created, 1);
	assert_int_equal(n.refused, 1);
	assert_report(
		f, 1, "refused", "slug: \"ship\" belongs to another article (source \"desk:1\")");
	assert_str(open_words(f, "ship", &full, 1).text.html, "<p>One.</p>\n");
	put_file(f, "1.md", HEAD "slug: vessel\nsource: \"desk:1\"\n---\nOne.\n"); /* it moves */
	n = import(f, "");
	assert_int_equal(n.updated, 1);
	assert_int_equal(n.created, 1);
	assert_str(open_words(f, "ship", &full, 1).text.html, "<p>Two.</p>\n");
}

static void the_demo_imports(void **state)
{
	struct fixture *f = *state;
	struct import_count n, again;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import_embedded(f->db, "web/demo/articles/", &s, NOW, &n), ERR_OK);
	for (size_t i = 0; i < f->reports; i++)
		if (strcmp(f->what[i], "new") != 0)
			fail_msg("%s: %s %s", f->path[i], f->what[i], f->why[i]);
	assert_true(n.created > 0 && n.created == n.files);
	s = import_settings_of(f);
	assert_int_equal(
		content_import_embedded(f->db, "web/demo/articles/", &s, NOW, &again), ERR_OK);
	assert_int_equal(again.unchanged, n.files);
	assert_int_equal(content_import_embedded(f->db, "web/nothing/", &s, NOW, &again), ERR_OK);
	assert_int_equal(again.files, 0);
}

/* ---- round trip ---- */

static enum err write_out(void *ctx, const char *name, struct str bytes)
{
	struct fixture *f = ctx;
	put_bytes(f, arena_fmt(f->arena, "out/%s", name), bytes);
	return ERR_OK;
}

/* Everything that is stored, exported and imported again, is the same to the byte. */
static void what_comes_out_goes_in_the_same(void **state)
{
	struct fixture *f = *state;
	put_png(f, "src/a.png", 10, 1);
	put_png(f, "src/b.png", 20, 2);
	put_file(f, "src/a.md",
		HEAD "dek: \"quotes \\\" and \\\\ and 'so'\"\ntags: \"a, b\", \"c \\\"d\\\"\", "
		     "e\nexpires: 2037-01-01\n"
		     "usage_terms: \"Line one\\nLine two\"\nlanguage: en\n"
		     "images:\n  - file: a.png\n    credit: Only a credit\n  - file: b.png\n    "
		     "alt: B \"x\"\n"
		     "    caption: Cap & <b>\n    credit: Ida\n---\n"
		     "Text with *stars*, <b>html</b> & \"quotes\" src=\"/media/x\".\n\n![own "
		     "alt](a.png)\n\n<!-- more -->\n\n"
		     "```\ncode\n\n  more code <p>\n```\n\n> quote\n>\n>     listing\n>\n>     "
		     "after a gap\n\n"
		     "1. one\n2. two\n\n   inner\n\n* x\n\n![](b.png)\n\n| a |\n|---|\n| `b` "
		     "|\n\n---\n\n"
		     "### Head <!-- c -->\n\nLine  \nbreak https://example.org/?a=1&b=2\n");
	put_file(
		f, "src/withheld.md", HEAD "status: withheld\nembargo: 2040-01-01\n---\nHidden.\n");
	put_file(f, "src/empty.md", HEAD "---\n");
	assert_int_equal(import(f, "src").created, 3);
	assert_int_equal(content_export(f->db, (struct str){ NULL, 0 }, write_out, f), ERR_OK);
	struct import_count n = import(f, "out");
	for (size_t i = 0; i < f->reports; i++)
		assert_report(f, i, "unchanged", "");
	assert_int_equal(n.unchanged, 3);
	struct reading_of before = open_words(f, "a", &full, 1);
	assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	assert_int_equal(import(f, "out").created, 1);
	struct reading_of after = open_words(f, "a", &full, 1);
	assert_true(before.text.html.n > 500 && str_eq(before.text.html, after.text.html));
	assert_int_equal(after.image_count, 2);
	assert_string_equal(before.images[1].id, after.images[1].id);
	assert_str(find(f, "withheld").status, "withheld");
}

static void the_demo_survives_a_round_trip(void **state)
{
	struct fixture *f = *state;
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import_embedded(f->db, "web/demo/articles/", &s, NOW, &n), ERR_OK);
	assert_int_equal(content_export(f->db, (struct str){ NULL, 0 }, write_out, f), ERR_OK);
	assert_int_equal(import(f, "out").unchanged, n.files);
}

struct budget {
	size_t calls, fail_at;
};

static enum err fail_at(void *ctx, const char *name, struct str bytes)
{
	struct budget *b = ctx;
	(void)name;
	(void)bytes;
	return ++b->calls == b->fail_at ? ERR_UNAVAILABLE : ERR_OK;
}

static void export_of_one_and_its_errors(void **state)
{
	struct fixture *f = *state;
	put_png(f, "a.png", 10, 1);
	put_file(f, "a.md", HEAD "images:\n  - file: a.png\n---\nOne.\n");
	put_file(f, "b.md", HEAD "---\nOne.\n");
	import(f, "");
	struct budget all = { 0, 0 }, one = { 0, 0 }, full_disk = { 0, 2 };
	assert_int_equal(content_export(f->db, (struct str){ NULL, 0 }, fail_at, &all), ERR_OK);
	assert_int_equal(all.calls, 3);
	assert_int_equal(content_export(f->db, STR("b"), fail_at, &one), ERR_OK);
	assert_int_equal(one.calls, 1);
	assert_int_equal(content_export(f->db, STR("none"), fail_at, &one), ERR_NOT_FOUND);
	assert_int_equal(content_export(f->db, STR("a"), fail_at, &full_disk), ERR_UNAVAILABLE);
}

static void export_walks_many_pages(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 205; i++) {
		struct draft d = draft_of(f, arena_fmt(f->arena, "a-%d", i), NOW);
		store(f, &d);
	}
	struct budget b = { 0, 0 };
	assert_int_equal(content_export(f->db, (struct str){ NULL, 0 }, fail_at, &b), ERR_OK);
	assert_int_equal(b.calls, 205);
}

/* ---- at the same time ---- */

struct importer {
	struct fixture *f;
	const char *path;
	struct import_count n;
	enum err err;
};

static void *import_thread(void *arg)
{
	struct importer *im = arg;
	struct import_settings s = { .default_section = "News",
		.default_access = ACCESS_SUBSCRIBER,
		.bound = { .words = 90, .characters = 1200, .share = 30 } };
	im->err = content_import(im->f->db, im->path, &s, NOW, &im->n);
	return NULL;
}

static void two_imports_make_one_set_of_articles(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 10; i++)
		put_file(f, arena_fmt(f->arena, "%d.md", i),
			HEAD "---\n# One\n\nTwo <b>three</b>.\n");
	struct importer v[2] = { { .f = f, .path = fixture_path(f, "") },
		{ .f = f, .path = fixture_path(f, "") } };
	pthread_t threads[2];
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, import_thread, &v[i]), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(v[0].err, ERR_OK);
	assert_int_equal(v[1].err, ERR_OK);
	assert_int_equal(v[0].n.created + v[1].n.created, 10);
	assert_int_equal(v[0].n.unchanged + v[1].n.unchanged, 10);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(an_article_with_all_fields),
		WITH_DB(what_is_not_said_has_a_default),
		WITH_DB(bad_files_are_refused_with_a_reason),
		WITH_DB(a_bad_file_does_not_stop_the_good),
		WITH_DB(paths_that_are_not_there),
		WITH_DB(too_large_is_refused),
		WITH_DB(tables_have_a_size),
		WITH_DB(importing_again),
		WITH_DB(access_by_hand_stays),
		WITH_DB(a_slug_has_one_owner),
		WITH_DB(the_demo_imports),
		WITH_DB(what_comes_out_goes_in_the_same),
		WITH_DB(the_demo_survives_a_round_trip),
		WITH_DB(export_of_one_and_its_errors),
		WITH_DB(export_walks_many_pages),
		WITH_DB(two_imports_make_one_set_of_articles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
