/* Goal: what a source takes back is gone at once and stays gone; what is older never replaces what
 * is newer; what closes and is not understood closes. */
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

static void deliver(struct fixture *f, const char *json)
{
	put_file(f, "a.json", json);
	assert_int_equal(import(f, "a.json").refused, 0);
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

static void every_word_that_takes_back(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *word;
		enum reason reason;
	} rows[] = {
		{ "usable", REASON_SUBSCRIBER_ONLY },
		{ "USABLE", REASON_SUBSCRIBER_ONLY },
		{ "stat:usable", REASON_SUBSCRIBER_ONLY },
		{ "Withheld", REASON_WITHHELD },
		{ "hold", REASON_WITHHELD },
		{ "whatever", REASON_WITHHELD },
		{ "canceled", REASON_KILLED },
		{ "Cancelled", REASON_KILLED },
		{ "stat:canceled", REASON_KILLED },
		{ "KILLED", REASON_KILLED },
		{ "unpublished", REASON_KILLED },
		{ "withdrawn", REASON_KILLED },
		{ " spiked ", REASON_KILLED },
		{ "recalled", REASON_KILLED },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		deliver(f, item(f, "usable", "1", "2026-01-01T00:00:00Z", "One"));
		/* bare, and without a date */
		put_file(f, "b.json", item(f, rows[i].word, "", "", ""));
		if (rows[i].reason == REASON_SUBSCRIBER_ONLY)
			put_file(f, "b.json", item(f, rows[i].word, "1", "", "One"));
		assert_int_equal(import(f, "b.json").refused, 0);
		if (reason_of(f, "a") != rows[i].reason)
			fail_msg("%s: %s", rows[i].word, paywall_reason_name(reason_of(f, "a")));
		assert_str(text_of(f, "a"), "<p>One</p>\n"); /* the desk keeps it */
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

/* Deliveries one behind the other: what is shown after the last, and what that was reported as. */
static void deliveries_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct step {
		const char *status, *version, *created, *text;
	};
	static const struct {
		struct step v[4];
		enum reason reason;
		const char *what, *text;
	} rows[] = {
		/* an older version never replaces a newer one, however it counts */
		{ { { "usable", "2", "", "two" }, { "usable", "1", "", "one" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "two" },
		{ { { "usable", "\"10\"", "", "ten" }, { "usable", "\"9\"", "", "nine" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "ten" },
		{ { { "usable", "\"1.10\"", "", "ten" }, { "usable", "\"1.9\"", "", "nine" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "ten" },
		{ { { "usable", "2", "", "two" }, { "usable", "3", "", "three" } },
			REASON_SUBSCRIBER_ONLY, "updated", "three" },
		{ { { "usable", "", "2026-01-02T00:00:00Z", "two" },
			  { "usable", "", "2026-01-01T00:00:00Z", "one" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "two" },
		{ { { "usable", "2", "2026-01-02T00:00:00Z", "two" },
			  { "usable", "2", "2026-01-01T00:00:00Z", "one" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "two" },
		{ { { "usable", "2", "2026-01-02T00:00:00Z", "two" },
			  { "usable", "2", "2026-01-03T00:00:00Z", "late" } },
			REASON_SUBSCRIBER_ONLY, "updated", "late" },
		/* a killed story does not come back by what is older or equal, or says nothing */
		{ { { "usable", "1", "", "one" }, { "killed", "2", "", "" },
			  { "usable", "1", "", "one" } },
			REASON_KILLED, "unchanged", "one" },
		{ { { "usable", "1", "", "one" }, { "killed", "2", "", "" },
			  { "usable", "2", "", "two" } },
			REASON_KILLED, "unchanged", "one" },
		{ { { "usable", "1", "", "one" }, { "killed", "2", "2026-01-01T00:00:00Z", "" },
			  { "usable", "2", "2026-01-09T00:00:00Z", "two" } },
			REASON_KILLED, "unchanged", "one" },
		{ { { "usable", "1", "", "one" }, { "killed", "", "", "" },
			  { "usable", "", "", "again" } },
			REASON_KILLED, "unchanged", "one" },
		{ { { "usable", "", "2026-01-01T00:00:00Z", "one" }, { "killed", "", "", "" },
			  { "usable", "", "2026-01-01T00:00:00Z", "one" } },
			REASON_KILLED, "unchanged", "one" },
		/* count and time say different things: that may hide, and not bring back */
		{ { { "usable", "3", "2026-01-03T00:00:00Z", "one" },
			  { "killed", "1", "2026-01-04T00:00:00Z", "" } },
			REASON_KILLED, "updated", "one" },
		{ { { "usable", "1", "2026-01-01T00:00:00Z", "one" },
			  { "killed", "2", "2026-01-05T00:00:00Z", "" },
			  { "usable", "3", "2026-01-01T00:00:00Z", "three" } },
			REASON_KILLED, "unchanged", "one" },
		/* an explicit newer version does */
		{ { { "usable", "1", "", "one" }, { "killed", "2", "", "" },
			  { "usable", "3", "", "three" } },
			REASON_SUBSCRIBER_ONLY, "updated", "three" },
		{ { { "usable", "", "2026-01-01T00:00:00Z", "one" },
			  { "killed", "", "2026-01-02T00:00:00Z", "" },
			  { "usable", "", "2026-01-03T00:00:00Z", "three" } },
			REASON_SUBSCRIBER_ONLY, "updated", "three" },
		/* and the kill that comes late does not count any more */
		{ { { "usable", "1", "", "one" }, { "killed", "2", "", "" },
			  { "usable", "3", "", "three" }, { "killed", "2", "", "" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "three" },
		/* the kill before the story */
		{ { { "killed", "2", "", "" }, { "usable", "1", "", "one" } }, REASON_WITHHELD,
			"unchanged", "" },
		/* the same version, killed: as Superdesk sends it */
		{ { { "usable", "2", "2026-01-02T00:00:00Z", "two" },
			  { "unpublished", "2", "2026-01-02T00:00:00Z", "two" } },
			REASON_KILLED, "updated", "two" },
		/* on hold: the same version with a later time ends it */
		{ { { "usable", "1", "2026-01-01T00:00:00Z", "one" },
			  { "withheld", "1", "2026-01-02T00:00:00Z", "" },
			  { "usable", "1", "2026-01-01T00:00:00Z", "one" } },
			REASON_WITHHELD, "unchanged", "one" },
		{ { { "usable", "1", "2026-01-01T00:00:00Z", "one" },
			  { "withheld", "1", "2026-01-02T00:00:00Z", "" },
			  { "usable", "1", "2026-01-03T00:00:00Z", "one" } },
			REASON_SUBSCRIBER_ONLY, "updated", "one" },
		{ { { "usable", "1", "", "one" }, { "perhaps", "2", "", "" },
			  { "usable", "2", "", "one" } },
			REASON_WITHHELD, "unchanged", "one" },
		/* killed stays killed, also by a hold; and was shown, so 410 after a hold too */
		{ { { "usable", "1", "", "one" }, { "killed", "2", "", "" },
			  { "withheld", "3", "", "" } },
			REASON_KILLED, "unchanged", "one" },
		{ { { "usable", "1", "", "one" }, { "withheld", "2", "", "" },
			  { "killed", "3", "", "" } },
			REASON_KILLED, "updated", "one" },
		/* an old deliver of a hold or a kill */
		{ { { "usable", "3", "", "three" }, { "killed", "2", "", "" } },
			REASON_SUBSCRIBER_ONLY, "unchanged", "three" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t k = 0; k < 4 && rows[i].v[k].status; k++) {
			const struct step *st = &rows[i].v[k];
			deliver(f, item(f, st->status, st->version, st->created, st->text));
		}
		const char *slug = f->slug[0];
		if (reason_of(f, slug) != rows[i].reason || strcmp(f->what[0], rows[i].what) != 0)
			fail_msg("row %zu: %s, %s: %s", i, f->what[0], f->why[0],
				paywall_reason_name(reason_of(f, slug)));
		assert_str(text_of(f, slug),
			*rows[i].text ? arena_fmt(f->arena, "<p>%s</p>\n", rows[i].text) : "");
		assert_int_equal(content_delete(f->db, str_of(slug)), ERR_OK);
	}
}

/* Nothing else that is wrong with an item may keep a story online that its agency takes back. */
static void a_kill_needs_no_more_than_its_uri(void **state)
{
	struct fixture *f = *state;
	static const char *const rows[] = {
		"{\"uri\":\"urn:1\",\"pubStatus\":\"killed\",\"headline\":[1],\"body_text\":5}",
		"{\"uri\":\"urn:1\",\"pubStatus\":\"killed\",\"versionCreated\":\"yesterday\"}",
		"{\"uri\":\"urn:1\",\"pubStatus\":\"killed\",\"version\":{},\"embargoed\":\"x\"}",
		"{\"uri\":\"urn:1\",\"pubStatus\":\"perhaps\",\"subjects\":7}",
		"{\"guid\":\"urn:1\",\"uri\":null,\"pubStatus\":\"withheld\",\"renditions\":7}",
		"{\"uri\":\"urn:1\",\"expires\":\"?\",\"by\":{}}",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		deliver(f, item(f, "usable", "", "", "One"));
		deliver(f, rows[i]);
		if (help_decide(&(struct article){ 0 }, false).grant != GRANT_NONE ||
			reason_of(f, "a") == REASON_SUBSCRIBER_ONLY)
			fail_msg("%s: still online", rows[i]);
		assert_str(text_of(f, "a"), "<p>One</p>\n");
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

struct origin_ask {
	struct fixture *f;
	const char *slug;
	struct article_origin origin;
};

static enum err origin_read(struct db_conn *c, void *arg)
{
	struct origin_ask *q = arg;
	struct article a;
	enum err e = content_find(c, str_of(q->slug), q->f->arena, &a);
	return e ? e : content_origin(c, a.id, q->f->arena, &q->origin);
}

static struct article_origin origin_at(struct fixture *f, const char *slug)
{
	struct origin_ask q = { .f = f, .slug = slug };
	assert_int_equal(db_read(f->db, origin_read, &q), ERR_OK);
	return q.origin;
}

static void the_desk_sees_when_and_why(void **state)
{
	struct fixture *f = *state;
	deliver(f, item(f, "usable", "1", "", "One"));
	put_file(f, "a.json",
		"{\"uri\":\"urn:1\",\"version\":2,\"pubStatus\":\"Killed\",\"edNote\":\"Libel, "
		"see\\nnote\"}");
	import_at(f, "a.json", NOW + 60);
	struct article_origin o = origin_at(f, "a");
	assert_str(o.version, "2");
	assert_str(o.hidden_by, "source");
	assert_str(o.hidden_why, "pubStatus \"Killed\": Libel, see note");
	assert_int_equal(o.hidden_at, NOW + 60);
	import_at(f, "a.json", NOW + 90); /* again: nothing moves */
	assert_int_equal(origin_at(f, "a").hidden_at, NOW + 60);
	put_file(f, "a.json", item(f, "usable", "3", "", "Three"));
	import(f, "a.json");
	o = origin_at(f, "a");
	assert_str(o.hidden_by, "");
	assert_str(o.hidden_why, "");
	assert_int_equal(o.hidden_at, 0);
}

/* What readers never saw tells them nothing by being killed. */
static void a_kill_under_embargo_is_404(void **state)
{
	struct fixture *f = *state;
	deliver(f,
		"{\"uri\":\"urn:1\",\"headline\":\"A\",\"body_text\":\"x\",\"embargoed\":\"2040-01-"
		"01T00:00:00Z\"}");
	assert_int_equal(reason_of(f, "a"), REASON_EMBARGOED);
	deliver(f, item(f, "killed", "", "", ""));
	assert_str(find(f, "a").status, "canceled");
	struct article a = find(f, "a");
	assert_int_not_equal(help_decide(&a, false).reason, REASON_KILLED);
}

static void the_desk_has_the_last_word(void **state)
{
	struct fixture *f = *state;
	deliver(f, item(f, "usable", "1", "", "One"));
	assert_int_equal(
		content_set_status(f->db, STR("a"), STR("perhaps"), STR(""), NOW), ERR_INVALID);
	assert_int_equal(
		content_set_status(f->db, STR("none"), STR("killed"), STR(""), NOW), ERR_NOT_FOUND);
	assert_int_equal(
		content_set_status(f->db, STR("a"), STR("killed"), STR("Libel"), NOW), ERR_OK);
	assert_int_equal(reason_of(f, "a"), REASON_KILLED);
	deliver(f, item(f, "usable", "9", "", "Nine"));
	assert_report(f, 0, "unchanged", "the desk hid it on 2027-01-15 08:00Z");
	assert_int_equal(reason_of(f, "a"), REASON_KILLED);
	assert_str(text_of(f, "a"), "<p>One</p>\n");
	assert_int_equal(content_set_status(f->db, STR("a"), STR("usable"), STR(""), NOW), ERR_OK);
	deliver(f, item(f, "usable", "9", "", "Nine"));
	assert_int_equal(reason_of(f, "a"), REASON_SUBSCRIBER_ONLY);
	assert_str(text_of(f, "a"), "<p>Nine</p>\n");
	/* what its agency took back, the desk may bring back */
	deliver(f, item(f, "killed", "10", "", ""));
	assert_int_equal(content_set_status(f->db, STR("a"), STR("usable"), STR(""), NOW), ERR_OK);
	assert_int_equal(reason_of(f, "a"), REASON_SUBSCRIBER_ONLY);
}

/* Rules by age ("free for three hours") must not open anew. */
static void a_correction_moves_updated_alone(void **state)
{
	struct fixture *f = *state;
	static const char *const rows[] = {
		"\"versionCreated\":\"2026-01-02T00:00:00Z\"",
		"\"versionCreated\":\"2026-01-02T00:00:00Z\",\"firstCreated\":\"2026-01-02T00:00:"
		"00Z\"",
		"\"versionCreated\":\"2026-01-02T00:00:00Z\",\"contentCreated\":\"2026-01-02T00:00:"
		"00Z\",\"embargoed\":\"2026-01-02T00:00:00Z\"",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		deliver(f, item(f, "usable", "", "2026-01-01T00:00:00Z", "One"));
		put_file(f, "a.json",
			arena_fmt(f->arena,
				"{\"uri\":\"urn:1\",\"headline\":\"A\",\"body_text\":\"Two\",%s}",
				rows[i]));
		assert_int_equal(import(f, "a.json").updated, 1);
		struct article a = find(f, "a");
		assert_int_equal(a.published_at, 1767225600);
		assert_int_equal(a.embargo_at, 0);
		assert_int_equal(a.updated_at, 1767312000);
		assert_int_equal(import(f, "a.json").unchanged, 1);
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
	/* a correction that bears no time */
	deliver(f, item(f, "usable", "1", "", "One"));
	put_file(f, "a.json", item(f, "usable", "2", "", "Two"));
	import_at(f, "a.json", NOW + 50);
	assert_int_equal(find(f, "a").published_at, NOW);
	assert_int_equal(find(f, "a").updated_at, NOW + 50);
	assert_int_equal(import_at(f, "a.json", NOW + 90).unchanged, 1);
	assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	/* what nobody has seen yet may be put off */
	deliver(f, item(f, "usable", "", "2040-01-01T00:00:00Z", "One"));
	deliver(f, item(f, "usable", "", "2040-01-02T00:00:00Z", "Two"));
	assert_int_equal(find(f, "a").published_at, find(f, "a").updated_at);
}

/* What an earlier version of the program stored has no origin. */
static enum err forget_origin(struct db_conn *c, void *arg)
{
	struct article_origin o = { .access_by = STR("v1") };
	return content_origin_put(c, arg, &o);
}

static void articles_of_earlier_versions(void **state)
{
	struct fixture *f = *state;
	deliver(f, item(f, "usable", "7", "2026-01-02T00:00:00Z", "One"));
	struct article a = find(f, "a");
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	deliver(f, item(f, "usable", "6", "2026-01-01T00:00:00Z", "Old"));
	assert_report(f, 0, "unchanged", "older than");
	deliver(f, item(f, "killed", "", "", ""));
	assert_int_equal(reason_of(f, "a"), REASON_KILLED);
}

/* The level that the desk sets leaves alone what the row tells of version and state. */
static void the_desk_sets_a_level_of_an_earlier_version(void **state)
{
	struct fixture *f = *state;
	deliver(f, item(f, "usable", "7", "2026-01-02T00:00:00Z", "One"));
	struct article a = find(f, "a");
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	assert_int_equal(content_set_access(f->db, STR("a"), ACCESS_SUBSCRIBER, NOW), ERR_OK);
	deliver(f, item(f, "usable", "6", "2026-01-01T00:00:00Z", "Old"));
	assert_report(f, 0, "unchanged", "older than");
	assert_str(text_of(f, "a"), "<p>One</p>\n");
	deliver(f, item(f, "killed", "", "", ""));
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	assert_int_equal(content_set_access(f->db, STR("a"), ACCESS_SUBSCRIBER, NOW), ERR_OK);
	deliver(f, item(f, "usable", "7", "2026-01-02T00:00:00Z", "One"));
	assert_int_equal(reason_of(f, "a"), REASON_KILLED);
}

/* ---- the newsroom's own files ---- */

#define MD(more)                                                                                   \
	"---\nheadline: A\nsource: \"desk:1\"\nslug: a\naccess: public\n" more "---\nText.\n"

static void a_file_that_cannot_be_read_closes(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text, *why;
		enum reason reason;
	} rows[] = {
		{ MD("status: usabel\n"), "line 6: status: usable, withheld", REASON_WITHHELD },
		{ MD("embargo: next week\n"), "line 6: embargo: \"next week\" is neither",
			REASON_WITHHELD },
		{ MD("expires: tomorrow\n"), "line 6: expires: \"tomorrow\" is neither",
			REASON_WITHHELD },
		{ "---\nheadline: A\nsource: \"desk:1\"\nslug: a\naccess: "
		  "subscribers\n---\nText.\n",
			"line 5: access: public", REASON_SUBSCRIBER_ONLY },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md", rows[i].text);
		assert_int_equal(import(f, "a.md").refused, 1); /* new: nothing to close */
		put_file(f, "a.md", MD(""));
		import(f, "a.md");
		assert_int_equal(reason_of(f, "a"), REASON_PUBLIC);
		put_file(f, "a.md", rows[i].text);
		assert_int_equal(import(f, "a.md").hidden, 1);
		assert_report(f, 0, "hidden", rows[i].why);
		assert_report(f, 0, "hidden", "until this is corrected");
		assert_int_equal(reason_of(f, "a"), rows[i].reason);
		assert_str(text_of(f, "a"), "<p>Text.</p>\n");
		put_file(f, "a.md", MD(""));
		assert_int_equal(import(f, "a.md").updated, 1);
		assert_int_equal(reason_of(f, "a"), REASON_PUBLIC);
		assert_int_equal(content_delete(f->db, STR("a")), ERR_OK);
	}
}

/* The author's own words, without versions: what the file says now. */
static void a_file_takes_back_and_brings_back(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *status;
		enum reason reason;
	} rows[] = { { "status: withheld\n", REASON_WITHHELD }, { "", REASON_PUBLIC },
		{ "status: Canceled\n", REASON_KILLED }, { "status: usable\n", REASON_PUBLIC },
		{ "status: killed\n", REASON_KILLED }, { "status: draft\n", REASON_WITHHELD } };
	put_file(f, "a.md", MD(""));
	import(f, "a.md");
	for (size_t i = 0; i < COUNT(rows); i++) {
		put_file(f, "a.md", arena_fmt(f->arena, MD("%s"), rows[i].status));
		assert_int_equal(import(f, "a.md").updated, 1);
		if (reason_of(f, "a") != rows[i].reason)
			fail_msg("%s: %s", rows[i].status, paywall_reason_name(reason_of(f, "a")));
		assert_int_equal(import(f, "a.md").unchanged, 1);
	}
	/* but not what an agency took back */
	deliver(f, item(f, "usable", "1", "", "One"));
	char *slug = f->slug[0];
	struct article wire = find(f, slug);
	deliver(f, item(f, "killed", "2", "", ""));
	put_file(f, "b.md",
		arena_fmt(f->arena,
			"---\nheadline: A\nslug: %s\nsource: \"ninjs:urn:1\"\nstatus: "
			"usable\n---\nOne.\n",
			wire.slug));
	assert_int_equal(import(f, "b.md").unchanged, 1);
	assert_report(f, 0, "unchanged", "its source took it back");
	assert_int_equal(reason_of(f, wire.slug), REASON_KILLED);
}

/* ---- levels of the first version ---- */

static void levels_of_the_first_version(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.md", "---\nheadline: A\n---\nText.\n");
	import(f, "a.md");
	struct article a = find(f, "a");
	struct import_settings s = import_settings_of(f);
	struct import_count n;
	s.default_access = ACCESS_DEFAULT;
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	assert_int_equal(
		n.levels_of_v1, 0); /* stored by this version: its level is somebody's word */
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	assert_int_equal(n.levels_of_v1, 1);
	assert_int_equal(find(f, "a").access, ACCESS_SUBSCRIBER); /* nothing opens by itself */
	s.follow_rules = true;
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	assert_int_equal(n.levels_of_v1, 0);
	assert_int_equal(find(f, "a").access, ACCESS_DEFAULT);
	/* what the desk has set since stays, whatever is asked for */
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	assert_int_equal(content_set_access(f->db, STR("a"), ACCESS_SUBSCRIBER, NOW), ERR_OK);
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	assert_int_equal(find(f, "a").access, ACCESS_SUBSCRIBER);
	/* and so does what the file says */
	put_file(f, "a.md", "---\nheadline: A\naccess: subscriber\n---\nText.\n");
	assert_int_equal(db_tx(f->db, forget_origin, a.id), ERR_OK);
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	assert_int_equal(find(f, "a").access, ACCESS_SUBSCRIBER);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(every_word_that_takes_back),
		WITH_DB(deliveries_in_any_order),
		WITH_DB(a_kill_needs_no_more_than_its_uri),
		WITH_DB(the_desk_sees_when_and_why),
		WITH_DB(a_kill_under_embargo_is_404),
		WITH_DB(the_desk_has_the_last_word),
		WITH_DB(a_correction_moves_updated_alone),
		WITH_DB(articles_of_earlier_versions),
		WITH_DB(the_desk_sets_a_level_of_an_earlier_version),
		WITH_DB(a_file_that_cannot_be_read_closes),
		WITH_DB(a_file_takes_back_and_brings_back),
		WITH_DB(levels_of_the_first_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
