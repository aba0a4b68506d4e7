/* Goal: what everybody reads beside a teaser, in lists, cards and search, gives nothing of the text
 * that the teaser would not. */
#include "content_help.h"

#define DOTS "\xe2\x80\xa6"
#define EARLY "The first ship through the new lock was nobody's idea of a celebrity."
#define LATE "Nobody in the harbour office had counted the money twice before the vote."
#define FILL "<p>" SIXTY_WORDS SIXTY_WORDS "</p>"
static const char *const article = "<p>" EARLY "</p>" FILL "<p>" LATE "</p>" FILL;
static const char *const chinese =
	"<p>昨夜议会以九票对四票通过新码头方案。</p><p>反对派要求公开全部合同，并要求市长在下周之前"
	"作出书面答复，否则将提起诉讼。</p>";

static const struct teaser_bound standard = { .words = 90, .characters = 1200, .share = 30 };

static struct blocks blocks_of(const char *html, struct arena *a)
{
	struct blocks out = { 0 };
	assert_int_equal(content_sanitise(str_of(html), NULL, NULL, a, &out), ERR_OK);
	return out;
}

static void what_repeats_the_text_is_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *goal, *dek, *shown;
	} rows[] = {
		{ "nothing", "", "" },
		{ "a summary of its own", "How a town got its lock back, and what it paid for it.",
			"How a town got its lock back, and what it paid for it." },
		{ "the beginning, which the teaser gives too", EARLY, EARLY },
		{ "what comes later", LATE, "" },
		{ "what comes later, behind a summary", "A town and its lock: " LATE,
			"A town and its lock:" DOTS },
		{ "with other blanks, capitals and signs",
			"NOBODY in the harbour-office had   counted: the money\xc2\xa0twice!", "" },
		{ "a part of it",
			"It says: \xe2\x80\x9c"
			"counted the money twice before the vote\xe2\x80\x9d",
			"" },
		{ "a phrase is no repetition",
			"What the harbour office did next, and why it waited.",
			"What the harbour office did next, and why it waited." },
		{ "both, the beginning first", EARLY " " LATE, EARLY DOTS },
	};
	ARENA_AUTO *a = arena_new(64 << 20);
	struct blocks b = blocks_of(article, a);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str got = content_dek_bounded(str_of(rows[i].dek), b.v, b.n, &standard, a);
		if (!str_eq(got, str_of(rows[i].shown)))
			fail_msg("%s: %.*s", rows[i].goal, (int)got.n, got.p);
	}
	b = blocks_of(chinese, a);
	assert_str(content_dek_bounded(STR("市长被要求答复，反对派要求公开全部合同，并要求"), b.v,
			   b.n, &standard, a),
		"");
	assert_str(content_dek_bounded(STR("城市的新码头引起争论。"), b.v, b.n, &standard, a),
		"城市的新码头引起争论。");
}

static void a_dek_is_short(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(64 << 20);
	struct blocks b = blocks_of(article, a);
	BUF_AUTO dek = BUF(4096);
	for (int i = 0; i < 60; i++)
		buf_fmt(&dek, "summary %d ", i);
	struct str got = content_dek_bounded(buf_view(&dek), b.v, b.n, &standard, a);
	assert_in_range(got.n, DEK_CHARACTERS - 20, DEK_CHARACTERS + 3);
	assert_true(str_ends(got, STR(DOTS)));
	/* a caption may be longer */
	assert_true(content_text_bounded(buf_view(&dek), &b, &standard, a).n == dek.n);
}

/* A dek of the same letter over and over must not take minutes. */
static void work_is_bounded(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(64 << 20);
	char dek[FIELD_MAX];
	memset(dek, 'a', sizeof dek);
	BUF_AUTO html = BUF(8 << 20);
	buf_puts(&html, "<p>");
	for (int i = 0; i < 1 << 20; i++)
		buf_puts(&html, i % 1500 ? "a" : "b");
	buf_puts(&html, "</p>");
	struct blocks b = blocks_of(html.p, a);
	assert_str(
		content_dek_bounded((struct str){ dek, sizeof dek }, b.v, b.n, &standard, a), "");
}

/* Letters whose numbers are multiples of 4096, so that all runs share one slot of the table. */
static void put_alike(struct buf *b, uint64_t *seed, size_t letters)
{
	for (size_t i = 0; i < letters; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		char first = (char)(0xe4 + (*seed >> 60) % 6); /* U+4000 to U+9000 */
		const char letter[] = { first, (char)0x80, (char)0x80 };
		buf_add(b, letter, sizeof letter);
	}
}

static void work_is_bounded_where_hashes_meet(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(64 << 20);
	uint64_t seed = 1;
	BUF_AUTO dek = BUF(FIELD_MAX);
	BUF_AUTO html = BUF(8 << 20);
	put_alike(&dek, &seed, FIELD_MAX / 3 - 1);
	buf_puts(&html, "<p>");
	put_alike(&html, &seed, 1 << 20);
	buf_puts(&html, "</p>");
	struct blocks b = blocks_of(html.p, a);
	assert_str(content_dek_bounded(buf_view(&dek), b.v, b.n, &standard, a), "");
}

/* ---- in the database ---- */

struct search {
	struct fixture *f;
	struct article_filter filter;
	struct article *v;
	size_t n;
};

static enum err search_fn(struct db_conn *c, void *arg)
{
	struct search *s = arg;
	return content_list(c, &s->filter, s->f->arena, &s->v, &s->n);
}

static size_t found(struct fixture *f, const char *words)
{
	struct search s = { .f = f, .filter = { .words = str_of(words), .now_s = NOW } };
	assert_int_equal(db_read(f->db, search_fn, &s), ERR_OK);
	return s.n;
}

static void put(struct fixture *f, const char *slug, const char *dek, unsigned share)
{
	struct draft d = draft_of(f, slug, NOW - 10);
	d.dek = str_of(dek);
	d.bound.share = share;
	draft_text(f, &d, article);
	assert_int_equal(store(f, &d), OUTCOME_NEW);
}

static void lists_and_search_know_what_is_shown(void **state)
{
	struct fixture *f = *state;
	put(f, "told", "A town and its lock: " LATE, 30);
	assert_str(find(f, "told").dek, "A town and its lock:" DOTS);
	assert_str(find(f, "told").dek_whole, "A town and its lock: " LATE);
	assert_int_equal(found(f, "town"), 1);
	assert_int_equal(found(f, "counted"), 0);
	assert_int_equal(found(f, "money"), 0);
}

/* As of an older version, or of other settings: the housekeeping mends it, once. */
static void stale_deks_are_made_anew(void **state)
{
	struct fixture *f = *state;
	static const struct teaser_bound wide = { .words = 90, .characters = 20000, .share = 90 };
	struct db_sweeper s = { .db = f->db, .now_s = NOW };
	put(f, "wide", LATE, 30);
	put(f, "narrow", LATE, 90);
	assert_str(find(f, "wide").dek, "");
	assert_int_equal(content_deks_refresh(&s, &wide), ERR_OK);
	assert_str(find(f, "wide").dek, LATE);
	assert_str(find(f, "narrow").dek, LATE);
	assert_int_equal(found(f, "counted"), 2);
	assert_int_equal(content_deks_refresh(&s, &standard), ERR_OK);
	assert_str(find(f, "wide").dek, "");
	assert_str(find(f, "narrow").dek, "");
	assert_int_equal(found(f, "counted"), 0);
	/* many more than one batch */
	for (int i = 0; i < 150; i++) {
		char slug[32];
		snprintf(slug, sizeof slug, "many-%d", i);
		put(f, slug, "A town and its lock, told once more.", 90);
	}
	assert_int_equal(content_deks_refresh(&s, &standard), ERR_OK);
	assert_int_equal(content_deks_refresh(&s, &wide), ERR_OK);
	assert_str(find(f, "wide").dek, LATE);
	assert_str(find(f, "many-149").dek, "A town and its lock, told once more.");
}

/* A lead picture's caption of an older version, or of a wider bound; once. */
static void stale_captions_are_cut(void **state)
{
	struct fixture *f = *state;
	struct db_sweeper sweeper = { .db = f->db, .now_s = NOW };
	struct import_settings s = import_settings_of(f);
	struct import_count n;
	s.bound = (struct teaser_bound){ .words = 90, .characters = 20000, .share = 90 };
	put_png(f, "a.png", 80, 'x');
	put_png(f, "b.png", 80, 'y');
	put_file(f, "a.md",
		"---\nheadline: H\nimages:\n  - file: a.png\n    alt: A lock\n    caption: \"Seen "
		"from a hill at dawn. " LATE "\"\n  - file: b.png\n    caption: \"" LATE
		"\"\n---\n<p>" EARLY "</p>" FILL "<p>" LATE "</p>" FILL);
	assert_int_equal(content_import(f->db, fixture_path(f, "a.md"), &s, NOW, &n), ERR_OK);
	struct reading_of r = open_words(f, "a", &full, 80);
	assert_str(r.images[0].caption, "Seen from a hill at dawn. " LATE);
	assert_int_equal(content_deks_refresh(&sweeper, &standard), ERR_OK);
	r = open_words(f, "a", &full, 80);
	assert_str(r.images[0].caption, "Seen from a hill at dawn." DOTS);
	assert_str(r.images[0].alt, "A lock");
	assert_str(r.images[1].caption, LATE); /* only who has the text has this */
	assert_int_equal(import(f, "a.md").unchanged, 1);
}

static void import_tells(void **state)
{
	struct fixture *f = *state;
	static const char *const rows[][2] = {
		{ "dek: \"" LATE "\"\n---\n<p>" EARLY "</p>" FILL "<p>" LATE "</p>",
			"the dek is shown without" },
		{ "---\nOne.\n\n<!-- more now --> Two.\n\n<!--more-->\n\nThree.\n",
			"second cut mark" },
		{ "---\n<!--more-->\n\nOne.\n",
			"before all text: anonymous readers get no teaser" },
		{ "---\nOne.\n\n<!--more-->\n", "after all text and is ignored" },
		{ "---\nOne.\n\n<!-- premium -->\n\nTwo.\n",
			"\"<!--premium-->\" looks like a cut mark" },
		{ "---\n" FILL "\n\n<!--members-only-->\n\n<p>Two</p>",
			"the teaser ends before it" },
		{ "images:\n  - file: a.png\n    caption: \"" LATE "\"\n---\n<p>" EARLY "</p>" FILL
		  "<p>" LATE "</p>",
			"caption of \"a.png\" repeats the text" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[32];
		snprintf(name, sizeof name, "%zu/a%zu.md", i, i);
		put_file(f, name, arena_fmt(f->arena, "---\nheadline: H\n%s", rows[i][0]));
		snprintf(name, sizeof name, "%zu/a.png", i);
		put_png(f, name, 80, 'x');
		snprintf(name, sizeof name, "%zu", i);
		(void)import(f, name);
		assert_report(f, 0, "new", rows[i][1]);
	}
	struct reading_of r = open_words(f, "a6", &teaser, 80);
	assert_int_equal(r.image_count, 1);
	assert_str(r.images[0].caption, "");
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_repeats_the_text_is_left_out),
		cmocka_unit_test(a_dek_is_short),
		cmocka_unit_test(work_is_bounded),
		cmocka_unit_test(work_is_bounded_where_hashes_meet),
		WITH_DB(lists_and_search_know_what_is_shown),
		WITH_DB(stale_deks_are_made_anew),
		WITH_DB(stale_captions_are_cut),
		WITH_DB(import_tells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
