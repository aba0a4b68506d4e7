/* Goal: nobody gets more of an article than the decision grants, and what is not granted is not
 * even read. */
#include "content_help.h"

#define DOTS "\xe2\x80\xa6"
#define SPACED "\xc2\xa0" DOTS
enum { MARKER_BYTES = 1 << 20, SMALL_ARENA = 64 << 10 };

/* Three short paragraphs and one of a megabyte behind them. */
static void put_article(struct fixture *f, int64_t cut)
{
	struct draft d = draft_of(f, "harbour", NOW - 10);
	BUF_AUTO b = BUF((size_t)2 * MARKER_BYTES);
	buf_puts(&b, "<p>MARKER ");
	for (size_t i = 0; i < MARKER_BYTES; i++)
		buf_byte(&b, 'x');
	buf_puts(&b, "</p>");
	struct block v[] = {
		{ STR("<p>one two</p>"), 2 },
		{ STR("<p>three four</p>"), 2 },
		{ STR("<p>five six</p>"), 2 },
		{ buf_view(&b), 2 },
	};
	d.blocks = (struct blocks){ .v = v, .n = COUNT(v), .cut = cut, .words = 8 };
	assert_int_equal(store(f, &d), OUTCOME_NEW);
}

static const struct teaser_bound few = { .words = 3, .characters = 1200, .share = 30 };

/* An arena that the marker does not fit into shows whether it was read. */
static struct reading_of open_small(
	struct fixture *f, const struct decision *d, struct arena *small)
{
	struct reading_of r = { .f = f, .arena = small, .slug = "harbour", .d = d, .bound = &few };
	assert_int_equal(db_read(f->db, read_one, &r), ERR_OK);
	return r;
}

static void teaser_reads_no_later_text(void **state)
{
	struct fixture *f = *state;
	ARENA_AUTO *small = arena_new(SMALL_ARENA);
	put_article(f, 0);
	struct reading_of r = open_small(f, &teaser, small);
	assert_int_equal(r.err, ERR_OK);
	assert_str(r.text.html, "<p>one two</p>\n<p>three four" SPACED "</p>\n");
	assert_false(r.text.whole);
	assert_int_equal(open_small(f, &full, small).err, ERR_NOMEM);
}

static void the_authors_mark_cuts(void **state)
{
	struct fixture *f = *state;
	put_article(f, 1);
	struct reading_of r = open_words(f, "harbour", &teaser, 500);
	assert_str(r.text.html, "<p>one two" SPACED "</p>\n");
	assert_true(r.text.size.marked);
	assert_false(r.text.whole);
}

static struct str keep_src(void *ctx, struct str src)
{
	(void)ctx;
	return src;
}

/* Their files are not granted: a reader would see them broken. */
static void a_teaser_has_no_pictures_in_its_text(void **state)
{
	struct fixture *f = *state;
	struct draft d = draft_of(f, "pictures", NOW - 10);
	assert_int_equal(
		content_sanitise(STR("<p>one</p><img src=a.png><p>two</p><p>" SIXTY_WORDS "</p>"),
			keep_src, NULL, f->arena, &d.blocks),
		ERR_OK);
	store(f, &d);
	assert_str(open_words(f, "pictures", &teaser, 2).text.html,
		"<p>one</p>\n<p>two" SPACED "</p>\n");
	assert_true(str_starts(
		open_words(f, "pictures", &full, 2).text.html, STR("<p>one</p>\n<figure>")));
}

static void full_gives_all(void **state)
{
	struct fixture *f = *state;
	put_article(f, 1);
	struct reading_of r = open_words(f, "harbour", &full, 1);
	assert_int_equal(r.err, ERR_OK);
	assert_true(r.text.whole);
	assert_true(r.text.html.n > MARKER_BYTES);
	assert_true(str_starts(r.text.html, STR("<p>one two</p>\n<p>three")));
}

/* A teaser is never all of it: not of one block, and not of text without any. */
static void one_block_is_cut(void **state)
{
	struct fixture *f = *state;
	struct draft d = draft_of(f, "short", NOW - 10);
	draft_text(f, &d, "<p>All that there is of it.</p>");
	store(f, &d);
	struct reading_of r = open_words(f, "short", &teaser, 80);
	assert_str(r.text.html, "<p>All that there is" DOTS "</p>\n");
	assert_false(r.text.whole);
	struct draft none_at_all = draft_of(f, "empty", NOW - 10);
	store(f, &none_at_all);
	r = open_words(f, "empty", &teaser, 80);
	assert_int_equal(r.text.html.n, 0);
	assert_true(r.text.whole);
}

/* No text, no picture, and an error where there is no decision that this program knows. */
static void nothing_without_a_decision(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *goal;
		struct decision d;
		bool null;
		enum err err;
	} rows[] = {
		{ "refused by the rules", { .grant = GRANT_NONE, .reason = REASON_WITHHELD }, false,
			ERR_OK },
		{ "no decision", { .grant = GRANT_FULL }, true, ERR_INTERNAL },
		{ "a zeroed decision", { .grant = (enum grant)0 }, false, ERR_INTERNAL },
		{ "an unknown grant", { .grant = (enum grant)4, .reason = REASON_PUBLIC }, false,
			ERR_INTERNAL },
		{ "a grant without a reason", { .grant = GRANT_FULL }, false, ERR_INTERNAL },
		{ "an unknown reason", { .grant = GRANT_FULL, .reason = REASON_COUNT }, false,
			ERR_INTERNAL },
	};
	put_article(f, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading_of r =
			open_words(f, "harbour", rows[i].null ? NULL : &rows[i].d, 80);
		if (r.err != rows[i].err || r.images_err != rows[i].err)
			fail_msg("%s: %s, %s", rows[i].goal, err_name(r.err),
				err_name(r.images_err));
		assert_int_equal(r.text.html.n, 0);
		assert_int_equal(r.image_count, 0);
		assert_false(r.text.whole);
	}
}

/* ---- pictures ---- */

struct media {
	struct fixture *f;
	struct str id;
	const struct decision *d;
	struct image image;
	struct article owner;
	struct str bytes;
	enum err find_err, open_err;
	int64_t position; /* pretend it stands here; -1: as it is */
};

static enum err media_fn(struct db_conn *c, void *arg)
{
	struct media *m = arg;
	m->find_err = content_media_find(c, m->id, m->f->arena, &m->image, &m->owner);
	if (m->find_err)
		return ERR_OK;
	if (m->position >= 0)
		m->image.position = m->position;
	m->open_err = content_media_open(c, &m->image, m->d, m->f->arena, &m->bytes);
	return ERR_OK;
}

static struct media open_media(
	struct fixture *f, const char *id, const struct decision *d, int64_t position)
{
	struct media m = { .f = f, .id = str_of(id), .d = d, .position = position };
	assert_int_equal(db_read(f->db, media_fn, &m), ERR_OK);
	return m;
}

static void put_pictures(struct fixture *f)
{
	struct draft d = draft_of(f, "pictured", NOW - 10);
	struct draft_image v[2] = {
		{ .id = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
			.digest = "d0",
			.name = STR("lead.png"),
			.bytes = STR("LEAD"),
			.info = { "image/png", 6, 4 } },
		{ .id = "bbbbbbbbbbbbbbbbbbbbbbbbbb",
			.digest = "d1",
			.name = STR("more.png"),
			.caption = STR("Caption"),
			.bytes = STR("MORE"),
			.info = { "image/png", 6, 4 } },
	};
	d.images = v;
	d.image_count = 2;
	draft_text(f, &d, "<p>a</p><p>b</p>");
	assert_int_equal(store(f, &d), OUTCOME_NEW);
}

static void pictures_are_listed_as_granted(void **state)
{
	struct fixture *f = *state;
	put_pictures(f);
	assert_int_equal(open_words(f, "pictured", &full, 80).image_count, 2);
	struct reading_of r = open_words(f, "pictured", &teaser, 80);
	assert_int_equal(r.image_count, 1);
	assert_str(r.images[0].name, "lead.png");
	assert_int_equal(open_words(f, "pictured", &none, 80).image_count, 0);
}

static void pictures_open_as_granted(void **state)
{
	struct fixture *f = *state;
	static const struct decision zero = { .grant = (enum grant)0 };
	static const char lead[] = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
			  more[] = "bbbbbbbbbbbbbbbbbbbbbbbbbb";
	static const struct {
		const char *goal, *id;
		const struct decision *d;
		int64_t position;
		enum err find, open;
	} rows[] = {
		{ "lead, all granted", lead, &full, -1, ERR_OK, ERR_OK },
		{ "second, all granted", more, &full, -1, ERR_OK, ERR_OK },
		{ "lead, teaser", lead, &teaser, -1, ERR_OK, ERR_OK },
		{ "second, teaser", more, &teaser, -1, ERR_OK, ERR_DENIED },
		{ "second under the lead's position", more, &teaser, 0, ERR_OK, ERR_NOT_FOUND },
		{ "lead, nothing granted", lead, &none, -1, ERR_OK, ERR_DENIED },
		{ "no decision", lead, NULL, -1, ERR_OK, ERR_INTERNAL },
		{ "a decision of zeros", lead, &zero, -1, ERR_OK, ERR_INTERNAL },
		{ "unknown picture", "cccccccccccccccccccccccccc", &full, -1, ERR_NOT_FOUND,
			ERR_OK },
	};
	put_pictures(f);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct media m = open_media(f, rows[i].id, rows[i].d, rows[i].position);
		if (m.find_err != rows[i].find || m.open_err != rows[i].open)
			fail_msg("%s: %s, %s", rows[i].goal, err_name(m.find_err),
				err_name(m.open_err));
		bool open = !m.find_err && !m.open_err;
		assert_int_equal(m.bytes.n, open ? 4 : 0);
		if (!m.find_err)
			assert_string_equal(m.owner.slug, "pictured");
	}
}

struct lead {
	struct fixture *f;
	const struct decision *d;
	struct article article;
	struct image image;
	enum err err;
};

static enum err lead_fn(struct db_conn *c, void *arg)
{
	struct lead *l = arg;
	l->err = content_lead_image(c, &l->article, l->d, l->f->arena, &l->image);
	return ERR_OK;
}

static void lead_picture_needs_a_grant_too(void **state)
{
	struct fixture *f = *state;
	put_pictures(f);
	struct draft bare = draft_of(f, "bare", NOW);
	store(f, &bare);
	const struct {
		const char *slug;
		const struct decision *d;
		enum err err;
	} rows[] = {
		{ "pictured", &full, ERR_OK },
		{ "pictured", &teaser, ERR_OK },
		{ "pictured", &none, ERR_NOT_FOUND },
		{ "pictured", NULL, ERR_INTERNAL },
		{ "bare", &full, ERR_NOT_FOUND },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lead l = { .f = f, .d = rows[i].d, .article = find(f, rows[i].slug) };
		assert_int_equal(db_read(f->db, lead_fn, &l), ERR_OK);
		assert_int_equal(l.err, rows[i].err);
	}
}

/* ---- the rule ---- */

static enum err break_access(struct db_conn *c, void *arg)
{
	(void)arg;
	return set_access(c, "harbour", "members-only");
}

/* A newer program's access must close the article, not open it. */
static void unknown_access_grants_nothing(void **state)
{
	struct fixture *f = *state;
	put_article(f, 0);
	assert_int_equal(db_tx(f->db, break_access, NULL), ERR_OK);
	struct article a = find(f, "harbour");
	assert_int_equal(a.access, 0);
	struct decision d = help_decide(&a, true);
	assert_int_equal(d.grant, GRANT_NONE);
	assert_int_equal(d.reason, REASON_BAD_RULE);
}

static void the_rule_carries_all_that_decides(void **state)
{
	(void)state;
	struct article a = { .access = ACCESS_REGISTERED,
		.status = STR("usable"),
		.published_at = 1,
		.embargo_at = 2,
		.expires_at = 3 };
	struct paywall_article r = content_paywall_article(&a);
	assert_int_equal(r.access, ACCESS_REGISTERED);
	assert_true(r.usable);
	assert_int_equal(r.published_at, 1);
	assert_int_equal(r.embargo_at, 2);
	assert_int_equal(r.expires_at, 3);
	static const char *const closed[] = { "withheld", "canceled", "", "Usable", "usable " };
	for (size_t i = 0; i < COUNT(closed); i++) {
		a.status = str_of(closed[i]);
		assert_false(content_paywall_article(&a).usable);
	}
}

static void finding_needs_a_slug(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "Harbour", "har bour", "../harbour", "unknown", "-",
		"harbour%" };
	put_article(f, 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(open_words(f, bad[i], &full, 1).find_err, ERR_NOT_FOUND);
	assert_string_equal(find(f, "harbour").slug, "harbour");
}

static void changes_by_hand(void **state)
{
	struct fixture *f = *state;
	put_pictures(f);
	assert_int_equal(content_set_access(f->db, STR("pictured"), ACCESS_PUBLIC, NOW), ERR_OK);
	assert_int_equal(find(f, "pictured").access, ACCESS_PUBLIC);
	assert_int_equal(
		content_set_access(f->db, STR("unknown"), ACCESS_PUBLIC, NOW), ERR_NOT_FOUND);
	assert_int_equal(
		content_set_access(f->db, STR("Bad Slug"), ACCESS_PUBLIC, NOW), ERR_NOT_FOUND);
	assert_int_equal(
		content_set_access(f->db, STR("pictured"), (enum access)0, NOW), ERR_INVALID);
	assert_int_equal(
		content_set_access(f->db, STR("pictured"), (enum access)9, NOW), ERR_INVALID);
	assert_int_equal(content_delete(f->db, STR("pictured")), ERR_OK);
	assert_int_equal(content_delete(f->db, STR("pictured")), ERR_NOT_FOUND);
	assert_int_equal(content_delete(f->db, STR("")), ERR_NOT_FOUND);
	assert_int_equal(
		open_media(f, "aaaaaaaaaaaaaaaaaaaaaaaaaa", &full, -1).find_err, ERR_NOT_FOUND);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(teaser_reads_no_later_text),
		WITH_DB(the_authors_mark_cuts),
		WITH_DB(a_teaser_has_no_pictures_in_its_text),
		WITH_DB(full_gives_all),
		WITH_DB(one_block_is_cut),
		WITH_DB(nothing_without_a_decision),
		WITH_DB(pictures_are_listed_as_granted),
		WITH_DB(pictures_open_as_granted),
		WITH_DB(lead_picture_needs_a_grant_too),
		WITH_DB(unknown_access_grants_nothing),
		cmocka_unit_test(the_rule_carries_all_that_decides),
		WITH_DB(finding_needs_a_slug),
		WITH_DB(changes_by_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
