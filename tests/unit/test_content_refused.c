/* Goal: what is refused for one mistake closes all the same what it says is to be closed, and what
 * takes back is taken whatever its file is called and whatever came before it. */
#include "content_help.h"

#define OPEN_FILE "---\nheadline: A\naccess: public\npublished: 2026-01-01\n---\nOne.\n"

static void assert_state(struct fixture *f, const char *status, enum access access)
{
	struct article a = find(f, "a");
	assert_str(a.status, status);
	assert_int_equal(a.access, access);
	assert_str(open_words(f, "a", &full, 1).text.html, "<p>One.</p>\n");
}

static void a_file_closes_beside_a_mistake(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *line, *what, *why, *status;
		enum access access;
	} rows[] = {
		{ "status: killed", "hidden", "hidden until", "killed", ACCESS_PUBLIC },
		{ "status: withheld", "hidden", "hidden until", "withheld", ACCESS_PUBLIC },
		{ "embargo: 2099-01-01", "hidden", "hidden until", "withheld", ACCESS_PUBLIC },
		{ "expires: 2026-01-02", "hidden", "hidden until", "withheld", ACCESS_PUBLIC },
		{ "access: subscriber", "hidden", "for subscribers", "usable", ACCESS_SUBSCRIBER },
		/* these close nothing */
		{ "embargo: 2020-01-01", "refused", "published: \"soon\"", "usable",
			ACCESS_PUBLIC },
		{ "expires: 2099-01-01", "refused", "published: \"soon\"", "usable",
			ACCESS_PUBLIC },
		{ "access: registered", "refused", "published: \"soon\"", "usable", ACCESS_PUBLIC },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md", OPEN_FILE);
		assert_int_equal(import(f, "a.md").refused, 0);
		assert_state(f, "usable", ACCESS_PUBLIC);
		put_file(f, "a.md",
			arena_fmt(f->arena, "---\nheadline: B\npublished: soon\n%s\n---\nTwo.\n",
				rows[i].line));
		(void)import(f, "a.md");
		assert_report(f, 0, rows[i].what, rows[i].why);
		assert_state(f, rows[i].status, rows[i].access);
		(void)import(f, "a.md");
		if (rows[i].access == ACCESS_PUBLIC)
			assert_report(f, 0, rows[i].what, rows[i].why);
		assert_state(f, rows[i].status, rows[i].access);
	}
}

/* Also when the front matter itself has a fault, before or behind the line that closes. */
static void faulty_front_matter_closes(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *front, *what, *why, *status;
		enum access access;
	} rows[] = {
		{ "editor: Ada\nstatus: killed\n---", "hidden", "unknown key \"editor\"", "killed",
			ACCESS_PUBLIC },
		{ "status: withheld\ndek: \"open\nno colon\n---", "hidden", "the closing \"",
			"withheld", ACCESS_PUBLIC },
		{ "images:\n  - alt: x\nembargo: never\n---", "hidden", "has no \"file\"",
			"withheld", ACCESS_PUBLIC },
		{ "editor: Ada\naccess: subscribers\n---", "hidden", "unknown key", "usable",
			ACCESS_SUBSCRIBER },
		{ "editor: Ada\nstatus: usable\n---", "refused", "unknown key", "usable",
			ACCESS_PUBLIC },
		/* not closed: what follows may be text */
		{ "editor: Ada\nstatus: killed\n", "refused", "unknown key", "usable",
			ACCESS_PUBLIC },
		{ "status: killed\n", "refused", "\"key: value\" expected", "usable",
			ACCESS_PUBLIC },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md", OPEN_FILE);
		assert_int_equal(import(f, "a.md").refused, 0);
		put_file(f, "a.md",
			arena_fmt(f->arena, "---\nheadline: B\n%s\nTwo.\n", rows[i].front));
		(void)import(f, "a.md");
		assert_report(f, 0, rows[i].what, rows[i].why);
		assert_state(f, rows[i].status, rows[i].access);
	}
}

static void a_file_closes_though_its_slug_is_taken(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.md", OPEN_FILE);
	put_file(f, "b.md", "---\nheadline: B\n---\nTwo.\n");
	assert_int_equal(import(f, "").created, 2);
	put_file(f, "a.md",
		"---\nheadline: A\nsource: file:a\nslug: b\nstatus: killed\n---\nOne.\n");
	(void)import(f, "a.md");
	assert_report(f, 0, "hidden", "belongs to another article (source \"file:b\")");
	assert_state(f, "killed", ACCESS_PUBLIC);
}

/* An agency's embargo that is understood beside something that is not. */
static void an_item_closes_beside_a_mistake(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *line, *what, *status;
	} rows[] = {
		{ "\"embargoed\":\"2099-01-01T00:00:00Z\"", "hidden", "withheld" },
		{ "\"expires\":\"2026-01-02T00:00:00Z\"", "hidden", "withheld" },
		{ "\"embargoed\":\"2020-01-01T00:00:00Z\"", "refused", "usable" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.json",
			"{\"uri\":\"u\",\"version\":1,\"headline\":\"A\",\"body_text\":\"One.\"}");
		assert_int_equal(import(f, "a.json").refused, 0);
		put_file(f, "b.json",
			arena_fmt(f->arena, "{\"uri\":\"u\",\"version\":2,\"headline\":7,%s}",
				rows[i].line));
		(void)import(f, "b.json");
		assert_report(f, 0, rows[i].what, "headline: expected a string");
		assert_state(f, rows[i].status, ACCESS_SUBSCRIBER);
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

/* The same version again in one run, withheld: it is not turned away as written twice. */
static void a_list_withholds_what_it_brought(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.json",
		"[{\"uri\":\"u\",\"version\":1,\"headline\":\"A\",\"body_text\":\"One.\"},"
		"{\"uri\":\"u\",\"version\":1,\"headline\":\"A\",\"body_text\":\"One.\","
		"\"pubStatus\":\"withheld\"}]");
	assert_int_equal(import(f, "a.json").refused, 0);
	assert_state(f, "withheld", ACCESS_SUBSCRIBER);
}

static void deliver_at(struct fixture *f, const char *created, const char *word)
{
	put_file(f, "a.json",
		arena_fmt(f->arena,
			"{\"uri\":\"u\",\"firstCreated\":\"2026-01-01T00:00:00Z\","
			"\"versionCreated\":\"%s\",\"headline\":\"A\",\"body_text\":\"One.\","
			"\"pubStatus\":\"%s\"}",
			created, word));
	assert_int_equal(import(f, "a.json").refused, 0);
}

/* NOW is in January 2027. */
static void a_clock_that_was_wrong_holds_no_kill_back(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *stored, *word, *status;
	} rows[] = {
		{ "2031-01-01T00:00:00Z", "killed", "killed" },
		{ "2031-01-01T00:00:00Z", "withheld", "withheld" },
		{ "2031-01-01T00:00:00Z", "usable", "usable" },
		{ "2026-12-02T00:00:00Z", "killed", "usable" }, /* that is older */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		deliver_at(f, rows[i].stored, "usable");
		deliver_at(f, "2026-12-01T00:00:00Z", rows[i].word);
		assert_state(f, rows[i].status, ACCESS_SUBSCRIBER);
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

/* A name that stands there twice refuses an item, and no kill. */
static void a_kill_may_say_things_twice(void **state)
{
	struct fixture *f = *state;
	static const char item[] = "{\"uri\":\"u\",\"headline\":\"A\",\"body_text\":\"One.\"}";
	static const char twice[] = "\"uri\":\"u\",\"priority\":1,\"priority\":2";
	static const char *const files[] = { "a.json", "a.jsonl", "list.json" };
	static const char *const shapes[][2] = { { "{", "}" }, { "{", "}\n" }, { "[{", "}]" } };
	for (size_t i = 0; i < COUNT(files); i++) {
		put_file(f, "first.json", item);
		assert_int_equal(import(f, "first.json").created, 1);
		put_file(f, files[i],
			arena_fmt(f->arena, "%s%s,\"headline\":\"B\"%s", shapes[i][0], twice,
				shapes[i][1]));
		assert_int_equal(import(f, files[i]).refused, 1);
		assert_state(f, "usable", ACCESS_SUBSCRIBER);
		put_file(f, files[i],
			arena_fmt(f->arena, "%s%s,\"pubStatus\":\"Killed\"%s", shapes[i][0], twice,
				shapes[i][1]));
		assert_int_equal(import(f, files[i]).updated, 1);
		assert_state(f, "killed", ACCESS_SUBSCRIBER);
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

static void endings_in_capitals(void **state)
{
	struct fixture *f = *state;
	put_file(f, "in/STORY.JSON",
		"{\"uri\":\"u\",\"version\":1,\"headline\":\"A\",\"body_text\":\"One.\"}");
	put_file(f, "in/B.Md", "---\nheadline: B\n---\nTwo.\n");
	put_file(f, "in/deep/INDEX.MD", "---\nheadline: C\n---\nThree.\n");
	assert_int_equal(import(f, "in").created, 3);
	(void)find(f, "b");
	(void)find(f, "deep");
	put_file(f, "in/KILL.JSON", "{\"uri\":\"u\",\"pubStatus\":\"killed\"}");
	assert_int_equal(import(f, "in/KILL.JSON").updated, 1);
	assert_state(f, "killed", ACCESS_SUBSCRIBER);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(a_file_closes_beside_a_mistake),
		WITH_DB(faulty_front_matter_closes),
		WITH_DB(a_file_closes_though_its_slug_is_taken),
		WITH_DB(an_item_closes_beside_a_mistake),
		WITH_DB(a_list_withholds_what_it_brought),
		WITH_DB(a_clock_that_was_wrong_holds_no_kill_back),
		WITH_DB(a_kill_may_say_things_twice),
		WITH_DB(endings_in_capitals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
