/* Goal: an agency's item of any ninjs generation becomes one article; what must not be shown never
 * is. */
#include "content_help.h"

static void generation_1(void **state)
{
	struct fixture *f = *state;
	put_png(f, "small.png", 20, 1);
	put_png(f, "large.png", 90, 2);
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"type\":\"text\",\"versioncreated\":\"2026-01-02T10:00:00Z\","
		"\"firstcreated\":\"2026-01-01T10:00:00Z\",\"pubstatus\":\"usable\",\"headline\":"
		"\"A  ship\","
		"\"byline\":\"By "
		"Ada\",\"located\":\"SANDHAVEN\",\"copyrightholder\":\"Wire\",\"language\":\"en\","
		"\"usageterms\":\"Line one\\n Line two \",\"description_text\":\"The dek\","
		"\"body_text\":\"plain\",\"body_xhtml\":\"<p "
		"onclick='x'>Rich</p><script>x</script><p>Two</p>\","
		"\"subject\":[{\"name\":\"City\",\"code\":\"1\"},{\"code\":\"2\"}],\"keywords\":["
		"\"harbour\"],"
		"\"person\":[{\"name\":\"Ada\"}],"
		"\"associations\":{\"lead\":{\"uri\":\"urn:2\",\"type\":\"picture\",\"headline\":"
		"\"Alt\","
		"\"description_text\":\"Caption\",\"byline\":\"Ida\",\"renditions\":{"
		"\"s\":{\"href\":\"small.png\",\"mimetype\":\"image/png\",\"width\":20},"
		"\"l\":{\"href\":\"large.png\",\"mimetype\":\"image/"
		"png\"},\"r\":{\"href\":\"https://x/y.png\"}}}}}");
	import(f, "");
	assert_report(f, 0, "new", "");
	struct reading_of r = open_words(f, "a-ship", &full, 1);
	const struct article *a = &r.article;
	assert_str(a->source, "ninjs:urn:1");
	assert_str(a->headline, "A ship");
	assert_str(a->byline, "Ada");
	assert_str(a->dateline, "SANDHAVEN");
	assert_str(a->credit, "Wire");
	assert_str(a->dek, "The dek");
	assert_str(a->section, "city");
	assert_str(a->tags, "\nCity\nharbour\n");
	assert_str(a->usage_terms, "Line one\n Line two ");
	assert_int_equal(a->access, ACCESS_SUBSCRIBER);
	assert_int_equal(a->published_at, 1767261600);
	assert_int_equal(a->updated_at, 1767348000);
	assert_str(r.text.html, "<p>Rich</p>\n<p>Two</p>\n");
	assert_int_equal(r.image_count, 1);
	assert_str(r.images[0].name, "large.png");
	assert_str(r.images[0].caption, "Caption");
	assert_str(r.images[0].credit, "Ida");
	assert_str(r.images[0].alt, "Alt");
}

static void generation_2(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"type\":\"text\",\"versioncreated\":\"2026-01-02T10:00:00+01:"
		"00\","
		"\"contentcreated\":\"2026-01-01T00:00:00Z\",\"pubstatus\":\"usable\","
		"\"usageterms\":\"T\","
		"\"headlines\":[{\"role\":\"sub\",\"value\":\"No\"},{\"role\":\"main\",\"value\":"
		"\"Yes\"}],"
		"\"bodies\":[{\"role\":\"x\",\"contenttype\":\"application/xml\",\"value\":\"<x/"
		">\"},"
		"{\"role\":\"t\",\"contenttype\":\"text/plain\",\"value\":\"one\\nstill "
		"one\\n\\ntwo <b>\"}],"
		"\"by\":\"Ada\",\"infosources\":[{\"name\":\"Wire\"}],\"genres\":[{\"name\":"
		"\"Feature\"}]}");
	import(f, "");
	assert_report(f, 0, "new", "");
	struct reading_of r = open_words(f, "yes", &full, 1);
	assert_str(r.text.html, "<p>one still one</p>\n<p>two &lt;b&gt;</p>\n");
	assert_str(r.article.credit, "Wire");
	assert_str(r.article.section_name, "Feature");
	assert_str(r.article.usage_terms, "T");
	assert_str(r.article.tags, "");
	assert_int_equal(r.article.updated_at, 1767344400);
	assert_int_equal(r.article.published_at, 1767225600);
}

static void generation_3(void **state)
{
	struct fixture *f = *state;
	put_png(f, "pic.png", 20, 1);
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"type\":\"picture\",\"versionCreated\":\"2026-01-02T10:00:"
		"00Z\","
		"\"title\":\"Only a title\",\"copyrightHolder\":\"Wire\","
		"\"descriptions\":[{\"role\":\"creditline\",\"value\":\"AP\"},"
		"{\"role\":\"caption\",\"contentType\":\"text/html\",\"value\":\"<p>A "
		"<b>man</b></p>\"}],"
		"\"renditions\":[{\"name\":\"main\",\"href\":\"pic.png\",\"contentType\":\"image/"
		"png\"}]}");
	import(f, "");
	assert_report(f, 0, "new", "");
	struct reading_of r = open_words(f, "only-a-title", &full, 1);
	assert_str(r.text.html, "<p>A <strong>man</strong></p>\n");
	assert_str(r.article.dek, ""); /* it is the text, and deks are open to all */
	assert_str(r.article.credit, "AP");
	assert_str(r.article.section_name, "News");
	assert_int_equal(r.image_count, 1);
	assert_str(r.images[0].caption, "A man");
	assert_str(r.images[0].credit, "AP");
}

#define ITEM(more) "{\"uri\":\"urn:1\",\"headline\":\"A\",\"body_text\":\"Text\"" more "}"

static void what_must_not_be_shown(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *json;
		enum reason reason;
	} rows[] = {
		{ ITEM(""), REASON_SUBSCRIBER_ONLY },
		{ ITEM(",\"pubStatus\":\"withheld\""), REASON_WITHHELD },
		{ ITEM(",\"pubstatus\":\"canceled\""), REASON_WITHHELD },
		{ "{\"uri\":\"urn:1\",\"pubStatus\":\"canceled\"}", REASON_WITHHELD },
		{ ITEM(",\"embargoedUntil\":\"2040-01-01T00:00:00Z\""), REASON_EMBARGOED },
		{ ITEM(",\"embargoeduntil\":\"2040-01-01T00:00:00Z\""), REASON_EMBARGOED },
		{ ITEM(",\"embargoed\":\"2040-01-01T00:00:00Z\""), REASON_EMBARGOED },
		{ ITEM(",\"embargoed\":\"2040-01-01T00:00:00Z\",\"embargoedUntil\":\"2020-01-01\""),
			REASON_EMBARGOED },
		{ ITEM(",\"embargoed\":\"2020-01-01T00:00:00Z\""), REASON_SUBSCRIBER_ONLY },
		{ ITEM(",\"expires\":\"2020-01-01T00:00:00Z\""), REASON_EXPIRED },
		{ ITEM(",\"expires\":\"1970-01-01T00:00:00Z\""), REASON_EXPIRED },
		{ ITEM(",\"versionCreated\":\"2040-01-01T00:00:00Z\""), REASON_EMBARGOED },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.json", rows[i].json);
		import(f, "");
		struct article a = find(f, f->slug[0]);
		struct decision d = help_decide(&a, false);
		if (d.reason != rows[i].reason)
			fail_msg("%s: %s", rows[i].json, paywall_reason_name(d.reason));
		assert_int_equal(content_delete(f->db, str_of(f->slug[0])), ERR_OK);
	}
}

/* A notice that takes an item back arrives with little more than its uri. */
static void a_notice_takes_the_article_back(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.json", ITEM(",\"versioncreated\":\"2026-01-01T00:00:00Z\""));
	import(f, "");
	assert_str(find(f, "a").status, "usable");
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"pubstatus\":\"canceled\",\"versioncreated\":\"2026-01-02T00:"
		"00:00Z\"}");
	assert_int_equal(import(f, "").updated, 1);
	assert_str(find(f, "a").status, "killed");
	assert_str(open_words(f, "a", &full, 1).text.html, "<p>Text</p>\n"); /* for the desk */
}

static void an_older_version_is_left(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.json", ITEM(",\"versionCreated\":\"2026-01-02T00:00:00Z\""));
	assert_int_equal(import(f, "").created, 1);
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"headline\":\"Old\",\"body_text\":\"Old\",\"versionCreated\":"
		"\"2026-01-01\"}");
	assert_int_equal(import(f, "").unchanged, 1);
	assert_report(f, 0, "unchanged", "older than the version that is stored");
	assert_str(find(f, "a").headline, "A");
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"headline\":\"New\",\"body_text\":\"New\",\"versionCreated\":"
		"\"2026-01-03\"}");
	assert_int_equal(import(f, "").updated, 1);
	assert_str(find(f, "a").headline, "New"); /* and the address stayed */
}

static void slugs_give_way(void **state)
{
	struct fixture *f = *state;
	put_file(f, "1.json", "{\"uri\":\"urn:1\",\"headline\":\"A ship\",\"body_text\":\"One\"}");
	put_file(f, "2.json", "{\"uri\":\"urn:2\",\"headline\":\"A ship\",\"body_text\":\"Two\"}");
	put_file(f, "3.json",
		"{\"uri\":\"urn:3\",\"headline\":\"\xe8\x88\xb9\",\"body_text\":\"Three\"}");
	assert_int_equal(import(f, "").created, 3);
	assert_string_equal(f->slug[0], "a-ship");
	assert_true(str_starts(str_of(f->slug[1]), STR("a-ship-")) &&
		    strlen(f->slug[1]) == strlen("a-ship-") + 8);
	assert_true(str_starts(str_of(f->slug[2]), STR("item-")));
	assert_int_equal(import(f, "").unchanged, 3);
}

static void text_is_chosen(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *json, *html;
	} rows[] = {
		{ "\"bodies\":[{\"contentType\":\"text/plain\",\"value\":\"p\"},"
		  "{\"contentType\":\"text/html; charset=utf-8\",\"value\":\"<p>h</p>\"}]",
			"<p>h</p>\n" },
		{ "\"bodies\":[{\"role\":\"html\",\"value\":\"<p>h</p>\"}]", "<p>h</p>\n" },
		{ "\"bodies\":[{\"role\":\"main\",\"value\":\"<p>h</p>\"}]",
			"<p>&lt;p&gt;h&lt;/p&gt;</p>\n" },
		{ "\"body_nitf\":\"x\",\"body_text\":\"t\"", "<p>t</p>\n" },
		{ "\"body_xhtml\":\" \",\"body_text\":\"t\"", "<p>t</p>\n" },
		{ "\"body_text\":\"a\\nb\\r\\nc\"", "<p>a</p>\n<p>b</p>\n<p>c</p>\n" },
		{ "\"body_text\":\"a\\r\\n\\r\\nb\\n\\n\\n c\"", "<p>a</p>\n<p>b</p>\n<p>c</p>\n" },
		{ "\"bodies\":[],\"description_text\":\"d\"", "<p>d</p>\n" },
		{ "\"bodies\":null,\"descriptions\":[{\"value\":\"d\"}]", "<p>d</p>\n" },
		{ "\"type\":\"composite\",\"body_text\":\"t\"", "<p>t</p>\n" },
		{ "\"body_html\":\"<img src='near.png'><p>x<img src='https://far/a.png'></p>\"",
			"<p>x</p>\n" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.json",
			arena_fmt(f->arena, "{\"uri\":\"urn:%zu\",\"title\":\"T\",%s}", i,
				rows[i].json));
		import(f, "");
		assert_report(f, 0, "new", "");
		struct reading_of r = open_words(f, f->slug[0], &full, 1);
		assert_str(r.text.html, rows[i].html);
	}
}

static void bad_items_are_refused_with_a_path(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *json, *why;
	} rows[] = {
		{ "", "line 1:" },
		{ "{\"uri\":\n", "line 2:" },
		{ "[1]", "expected an object: one item" },
		{ "{}", "uri: missing, and no guid either; not a ninjs item" },
		{ "{\"guid\":[]}", "uri: expected a string" },
		{ "\xff\xfe{", "is UTF-16" },
		{ "{\"$schema\":\"x\",\"properties\":{}}", "uri: missing; this is a JSON schema" },
		{ "{\"uri\":1}", "uri: expected a string" },
		{ "{\"uri\":\" \"}", "uri: 1 to 1000 bytes" },
		{ "{\"uri\":\"a\",\"uri\":\"b\"}", "duplicate object key" },
		{ "{\"uri\":\"a\\u0000b\"}", "line 1:" },
		{ "{\"uri\":\"a\"}", "headlines: missing" },
		{ "{\"uri\":\"a\",\"headline\":\"h\"}", "bodies: an item of type \"\" without" },
		{ "{\"uri\":\"a\",\"headline\":\"h\",\"type\":\"video\"}",
			"bodies: an item of type \"video\" without" },
		{ "{\"uri\":\"a\",\"headline\":\"h\",\"bodies\":[{\"contentType\":\"application/"
		  "xml\",\"value\":\"x\"}]}",
			"bodies: an item" },
		{ ITEM(",\"headlines\":\"x\""), "headlines: expected an array" },
		{ ITEM(",\"headlines\":[1]"), "headlines[0]: expected an object" },
		{ ITEM(",\"headlines\":[{}]"), "headlines[0].value: expected a string" },
		{ ITEM(",\"bodies\":[{\"value\":\"a\"},{\"value\":2}]"),
			"bodies[1].value: expected a string" },
		{ ITEM(",\"bodies\":[{\"value\":\"a\",\"role\":[]}]"),
			"bodies[0].role: expected a string" },
		{ ITEM(",\"bodies\":[{\"value\":\"a\",\"contentType\":1}]"),
			"bodies[0].contentType: expected a string" },
		{ ITEM(",\"body_xhtml\":{}"), "body_xhtml: expected a string" },
		{ ITEM(",\"versionCreated\":5"), "versionCreated: expected a string" },
		{ ITEM(",\"by\":{}"), "by: expected a string" },
		{ ITEM(",\"usageTerms\":[]"), "usageTerms: expected a string" },
		{ ITEM(",\"subjects\":{}"), "subjects: expected an array" },
		{ ITEM(",\"subjects\":[{\"name\":1}]"), "subjects[0].name: expected a string" },
		{ ITEM(",\"subjects\":[[]]"), "subjects[0]: expected an object or a string" },
		{ ITEM(",\"renditions\":5"), "renditions: expected an array" },
		{ ITEM(",\"renditions\":[{\"href\":5}]"), "renditions[0].href: expected a string" },
		{ ITEM(",\"associations\":{\"a\":5}"), "associations.a: expected an object" },
		{ ITEM(",\"associations\":[{\"renditions\":[{\"href\":1}]}]"),
			"associations[0].renditions[0].href: expected a string" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.json", rows[i].json);
		assert_int_equal(import(f, "").refused, 1);
		assert_report(f, 0, "refused", rows[i].why);
	}
	BUF_AUTO deep = BUF(100000);
	for (int i = 0; i < 50000; i++)
		buf_byte(&deep, '[');
	put_bytes(f, "a.json", buf_view(&deep));
	assert_int_equal(import(f, "").refused, 2); /* its one item, and its missing end */
}

/* What closes and is not understood is stored, and not shown. */
static void what_is_not_understood_hides(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *json, *why;
	} rows[] = {
		{ ITEM(",\"pubStatus\":null"), "pubStatus: null is not one of usable" },
		{ ITEM(",\"pubStatus\":5"), "pubStatus: 5 is not one of usable" },
		{ ITEM(",\"pubStatus\":\"perhaps\""), "pubStatus: \"perhaps\" is not one of" },
		{ ITEM(",\"pubStatus\":\"\""), "pubStatus: \"\" is not one of" },
		{ ITEM(",\"pubStatus\":\"usable\",\"pubstatus\":\"withheld\""),
			"pubStatus: given twice, with different values" },
		{ ITEM(",\"embargoed\":\"\""), "embargoed: \"\" is not a time like" },
		{ ITEM(",\"embargoed\":\"2020-01-01\",\"embargoedUntil\":[]"),
			"embargoedUntil: expected a string" },
		{ ITEM(",\"expires\":\"soon\""), "expires: \"soon\" is not a time like" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.json", ITEM(""));
		import(f, "");
		assert_str(find(f, "a").status, "usable");
		put_file(f, "a.json", rows[i].json);
		assert_int_equal(import(f, "").hidden, 1);
		assert_report(f, 0, "hidden", rows[i].why);
		assert_report(f, 0, "hidden", "; hidden");
		assert_str(find(f, "a").status, "withheld");
		assert_int_equal(import(f, "").hidden, 1); /* told again, and nothing written */
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

/* Superdesk's own words for what IPTC calls otherwise, and nulls where nothing is. */
static void superdesk(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.json",
		"\xef\xbb\xbf{\"guid\":\"urn:sd:1\",\"version\":3,\"type\":\"text\",\"pubstatus\":"
		"\"usable\",\"headline\":\"Smith &amp; Sons &#8211; &quot;quay&quot; &amp;amp; "
		"&unknown; &#x80; &\",\"slugline\":null,\"byline\":null,\"embargoed\":null,"
		"\"expires\":null,\"authors\":[null,{\"name\":\"Ada "
		"&eacute;\",\"role\":\"writer\"},"
		"{\"name\":\"Eve\",\"role\":\"editor\"},{\"name\":\"Ben\",\"role\":null}],"
		"\"service\":[{\"name\":\"Domestic\",\"code\":\"a\"}],\"subject\":[null,{\"name\":"
		"\"Politics\",\"code\":\"11\"},{\"name\":null}],\"keywords\":[\"a &amp; b\",null],"
		"\"associations\":{\"featuremedia\":null},\"renditions\":{\"original\":null},"
		"\"urgency\":3,\"priority\":6,\"firstcreated\":\"2026-01-01T05:40:00+0000\","
		"\"versioncreated\":\"2026-01-01T07:40:00+0100\",\"description_text\":null,"
		"\"extra\":{},\"readtime\":1,\"body_html\":\"<p>One two.</p>\"}");
	import(f, "");
	assert_report(f, 0, "new", "");
	struct article a = find(f, f->slug[0]);
	assert_str(a.source, "ninjs:urn:sd:1");
	assert_str(a.headline, "Smith & Sons \xe2\x80\x93 \"quay\" &amp; &unknown; \xe2\x82\xac &");
	assert_true(str_starts(str_of(a.slug), STR("smith-sons-quay")));
	assert_str(a.byline, "Ada \xc3\xa9, Ben");
	assert_str(a.section_name, "Domestic");
	assert_str(a.tags, "\nPolitics\na & b\n");
	assert_int_equal(a.published_at, 1767246000);
	assert_int_equal(a.updated_at, 1767249600);
	assert_int_equal(import(f, "").unchanged, 1);
}

/* One bad item stops no other, whatever holds them. */
static void many_items_in_a_file(void **state)
{
	struct fixture *f = *state;
#define ONE(n) "{\"uri\":\"urn:" n "\",\"title\":\"T" n "\",\"body_text\":\"x\"}"
	static const struct {
		const char *name, *text;
		size_t created, refused;
		const char *bad, *why;
	} rows[] = {
		{ "a.json", "[" ONE("1") ",{\"uri\":5},7," ONE("2") "]", 2, 2, "a.json[1]",
			"uri: expected a string" },
		{ "b.json", "{\"_meta\":{},\"_items\":[" ONE("3") ",{}]}", 1, 1, "b.json[1]",
			"uri: missing" },
		{ "c.json", "{\"items\":[" ONE("4") "]}", 1, 0, NULL, NULL },
		{ "d.json", "{\"items\":[]}", 0, 0, NULL, NULL },
		{ "e.json", ONE("5") "\n{broken\r\n\n" ONE("6") "\n", 2, 1, "e.json:2", "column" },
		{ "f.jsonl", "nonsense\n" ONE("7"), 1, 1, "f.jsonl:1", "column" },
		{ "g.ndjson", "\xef\xbb\xbf" ONE("8") "\n", 1, 0, NULL, NULL },
		/* not sound as a whole: what is sound of it goes in */
		{ "h.json",
			"[" ONE("9") ",{\"uri\":\"x]\\\"\",,},{\"uri\":1,\"uri\":2}," ONE("10") "]",
			2, 2, "h.json[2]", "duplicate object key" },
		{ "i.json",
			"{\"n\":{\"items\":[1,\"]\"]},\"items\":[" ONE("11") "," ONE(
				"12") ",{\"uri\"",
			2, 2, "i.json", "the list does not end" },
		{ "j.json", "[" ONE("13") ",", 1, 1, "j.json", "the list does not end" },
		{ "k.json", "{\"x\":1,\"items\"", 0, 1, "k.json", "line 1:" },
		{ "l.json", "[,]", 0, 1, "l.json[0]", "line 1 of the item" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, rows[i].name, rows[i].text);
		struct import_count n = import(f, rows[i].name);
		if (n.created != rows[i].created || n.refused != rows[i].refused)
			fail_msg("%s: %zu new, %zu refused", rows[i].name, n.created, n.refused);
		assert_int_equal(n.files, 1);
		for (size_t k = 0; k < f->reports && rows[i].bad; k++)
			if (str_ends(str_of(f->path[k]), str_of(rows[i].bad)) &&
				strcmp(f->what[k], "refused") == 0)
				assert_report(f, k, "refused", rows[i].why);
	}
	assert_str(find(f, "t2").headline, "T2");
	assert_str(find(f, "t6").headline, "T6");
	assert_str(find(f, "t7").headline, "T7");
}

static void far_pictures_are_left_out(void **state)
{
	struct fixture *f = *state;
	put_png(f, "../outside.png", 10, 1);
	put_file(f, "a.json",
		ITEM(",\"associations\":[{\"renditions\":[{\"href\":\"https://x/a.png\"}]},"
		     "{\"renditions\":[{\"href\":\"../"
		     "outside.png\"}]},{\"renditions\":[{\"href\":\"none.png\"}]},"
		     "{\"type\":\"video\",\"renditions\":[{\"href\":\"v.png\"}]},"
		     "{\"renditions\":[{\"href\":\"a.html\",\"contentType\":\"text/html\"}]}]"));
	import(f, "");
	assert_report(f, 0, "new", "pictures that are not beside the file were left out: 3");
	assert_int_equal(open_words(f, "a", &full, 1).image_count, 0);
}

/* The agencies' own samples. */
static void the_agencies_samples_import(void **state)
{
	struct fixture *f = *state;
	const char *path = "tests/data/ninjs";
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import(f->db, path, &s, NOW, &n), ERR_OK);
	assert_int_equal(n.files, 7);
	assert_int_equal(n.created, 6);
	assert_int_equal(n.refused, 1);
	for (size_t i = 0; i < f->reports; i++)
		if (strcmp(f->what[i], "refused") == 0)
			assert_report(f, i, "refused", "uri: missing; this is a JSON schema");
	struct reading_of r = open_words(f, "militarovning-i-jatteformat-halls-2023", &full, 1);
	assert_true(r.text.html.n > 1000);
	assert_str(r.article.section_name, "Krig, konflikter och oroligheter");
	assert_str(r.article.language, "sv");
	r = open_words(f, "captain-of-wrecked-cruise-ship-on-trial-in-italy", &teaser, 10);
	assert_false(r.text.whole);
	assert_str(r.article.byline, "Paulo Santalucia and Frances d'Emilio");
	s = import_settings_of(f);
	assert_int_equal(content_import(f->db, path, &s, NOW + 5, &n), ERR_OK);
	assert_int_equal(n.unchanged, 6);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(generation_1),
		WITH_DB(generation_2),
		WITH_DB(generation_3),
		WITH_DB(what_must_not_be_shown),
		WITH_DB(a_notice_takes_the_article_back),
		WITH_DB(an_older_version_is_left),
		WITH_DB(slugs_give_way),
		WITH_DB(text_is_chosen),
		WITH_DB(bad_items_are_refused_with_a_path),
		WITH_DB(what_is_not_understood_hides),
		WITH_DB(superdesk),
		WITH_DB(many_items_in_a_file),
		WITH_DB(far_pictures_are_left_out),
		WITH_DB(the_agencies_samples_import),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
