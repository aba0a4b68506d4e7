/* Goal: nothing is written twice in a run, a bundle is named by its folder, and an address that was
 * given leads on. */
#include "content_help.h"

/* An agency's item in few words: "" for what it does not say. */
static const char *item(struct fixture *f, const char *status, const char *version,
	const char *created, const char *text)
{
	return arena_fmt(f->arena, "{\"uri\":\"urn:1\"%s%s%s%s%s%s%s%s%s%s%s%s}",
		*status ? ",\"pubStatus\":\"" : "", status, *status ? "\"" : "",
		*version ? ",\"version\":" : "", version, "",
		*created ? ",\"versionCreated\":\"" : "", created, *created ? "\"" : "",
		*text ? ",\"headline\":\"A\",\"body_text\":\"" : "", text, *text ? "\"" : "");
}

static enum reason reason_of(struct fixture *f, const char *slug)
{
	struct article a = find(f, slug);
	return help_decide(&a, false).reason;
}

static struct str text_of(struct fixture *f, const char *slug)
{
	return open_words(f, slug, &full, 1).text.html;
}

static void no_identity_is_written_twice_in_a_run(void **state)
{
	struct fixture *f = *state;
	put_file(f, "2024/budget.md", "---\nheadline: A\n---\nOne.\n");
	put_file(f, "2025/budget.md", "---\nheadline: B\n---\nTwo.\n");
	put_file(f, "2026/budget.md", "---\nheadline: A\n---\nOne.\n"); /* the same: no harm */
	put_file(f, "wire/1.json", item(f, "usable", "1", "", "One"));
	put_file(f, "wire/2.json", item(f, "usable", "1", "", "Other"));
	put_file(f, "wire/3.json", item(f, "usable", "2", "", "Second version"));
	put_file(f, "wire/4.json", item(f, "killed", "2", "", ""));
	struct import_count n = import(f, "");
	assert_int_equal(n.created, 2);
	assert_int_equal(n.refused, 2);
	assert_int_equal(n.updated, 2);
	assert_int_equal(n.unchanged, 1);
	assert_report(
		f, 1, "refused", "source: \"file:budget\" was imported in this run already, from ");
	assert_report(f, 1, "refused", "/2024/budget.md");
	assert_report(f, 4, "refused", "/wire/1.json");
	assert_str(find(f, "budget").headline, "A");
	assert_int_equal(reason_of(f, "a"), REASON_KILLED);
}

static void a_slug_of_two_names_both_files(void **state)
{
	struct fixture *f = *state;
	put_file(f, "1.md", "---\nheadline: A\nslug: ship\nsource: \"desk:1\"\n---\nOne.\n");
	put_file(f, "2.md", "---\nheadline: A\nslug: ship\n---\nTwo.\n");
	assert_int_equal(import(f, "").refused, 1);
	assert_report(f, 1, "refused", "belongs to another article (source \"desk:1\"), from ");
	assert_report(f, 1, "refused", "/1.md");
}

static void a_bundle_is_named_by_its_folder(void **state)
{
	struct fixture *f = *state;
	char back[512];
	put_file(f, "Story One/index.md", "---\nheadline: A\n---\nOne.\n");
	put_file(f, "two/index.md", "---\nheadline: B\n---\nTwo.\n");
	assert_int_equal(import(f, "").created, 2);
	assert_str(find(f, "story-one").source, "file:story-one");
	assert_str(text_of(f, "two"), "<p>Two.</p>\n");
	static const char *const paths[] = { "two", "two/", "two/.", "two/index.md",
		"two/../two/index.md" };
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_int_equal(import(f, paths[i]).unchanged, 1);
	assert_non_null(getcwd(back, sizeof back));
	assert_int_equal(chdir(fixture_path(f, "two")), 0);
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	enum err e = content_import(f->db, ".", &s, NOW, &n);
	size_t same = n.unchanged;
	e = e ? e : content_import(f->db, "index.md", &s, NOW, &n);
	assert_int_equal(chdir(back), 0);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(same + n.unchanged, 2);
}

/* What an earlier version stored as "index" becomes its folder's article, and its address leads on.
 */
static void a_bundle_of_an_earlier_version(void **state)
{
	struct fixture *f = *state;
	struct draft d = draft_of(f, "index", NOW);
	d.headline = STR("B");
	store(f, &d);
	struct article old = find(f, "index");
	put_file(f, "one/index.md", "---\nheadline: A\n---\nOne.\n");
	put_file(f, "two/index.md", "---\nheadline: B\n---\nTwo.\n");
	struct import_count n = import(f, "");
	assert_int_equal(n.created, 1);
	assert_int_equal(n.updated, 1);
	assert_string_equal(find(f, "two").id, old.id);
	assert_string_equal(find(f, "index").id, old.id);
	assert_str(find(f, "two").source, "file:two");
	assert_int_equal(import(f, "").unchanged, 2);
}

/* ---- addresses ---- */

static void put_moving(struct fixture *f, const char *file, const char *slug, const char *source)
{
	put_file(f, file,
		arena_fmt(f->arena,
			"---\nheadline: A\nslug: %s\nsource: \"%s\"\naccess: "
			"public\n---\nText.\n",
			slug, source));
	assert_int_equal(import(f, file).refused, 0);
}

static void assert_leads_to(struct fixture *f, const char *asked, const char *slug)
{
	struct reading_of r = open_words(f, asked, &none, 0);
	if (!slug && r.find_err != ERR_NOT_FOUND)
		fail_msg("%s is found", asked);
	if (slug && (r.find_err || strcmp(r.article.slug, slug) != 0))
		fail_msg("%s: %s, %s", asked, err_name(r.find_err), r.article.slug);
}

static void a_former_address_leads_on(void **state)
{
	struct fixture *f = *state;
	put_moving(f, "a.md", "one", "cms:1");
	put_moving(f, "a.md", "two", "cms:1");
	assert_leads_to(f, "one", "two");
	put_moving(f, "a.md", "three", "cms:1");
	assert_leads_to(f, "one", "three");
	assert_leads_to(f, "two", "three");
	put_moving(f, "a.md", "one", "cms:1"); /* back again */
	assert_leads_to(f, "one", "one");
	assert_leads_to(f, "three", "one");
	put_moving(f, "b.md", "three", "cms:2"); /* who has it now comes first, and keeps it */
	assert_leads_to(f, "three", "three");
	put_moving(f, "b.md", "four", "cms:2");
	assert_leads_to(f, "three", "four");
	/* a slug made of a headline gives way to a former address */
	put_file(f, "w.json", "{\"uri\":\"urn:9\",\"headline\":\"Two\",\"body_text\":\"x\"}");
	assert_int_equal(import(f, "w.json").created, 1);
	assert_leads_to(f, "two", "one");
	assert_int_equal(content_delete(f->db, STR("one")), ERR_OK);
	assert_leads_to(f, "two", NULL);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(no_identity_is_written_twice_in_a_run),
		WITH_DB(a_slug_of_two_names_both_files),
		WITH_DB(a_bundle_is_named_by_its_folder),
		WITH_DB(a_bundle_of_an_earlier_version),
		WITH_DB(a_former_address_leads_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
