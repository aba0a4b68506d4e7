/* Goal: whatever is imported, an anonymous reader never has more of it than the bound; what he has
 * is the beginning of the text, whole HTML, and would not be cut again. */
#include "../../src/content/teaser.h"
#include "teaser_help.h"

enum { DOCUMENTS = 1000, BLOCKS_MOST = 14, WORDS_MOST = 60 };

static const struct teaser_bound standard = { .words = 90, .characters = 1200, .share = 30 };

/* ---- what holds of every teaser ---- */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void check_bound(const char *what, const struct plain *all, const struct plain *part,
	const struct teaser_bound *b)
{
	int64_t visible = least(b->characters, all->visible_points * b->share / 100);
	int64_t points = least(b->characters, all->points * b->share / 100);
	if (part->visible_points > visible || part->points > points)
		fail_msg("%s: %d of %d visible, %d of %d characters", what,
			(int)part->visible_points, (int)all->visible_points, (int)part->points,
			(int)all->points);
}

/* Without the dots at its end it is how the text begins. */
static void check_beginning(const char *what, const struct plain *all, const struct plain *part)
{
	struct str have = buf_view(&part->visible), dots = STR("\xe2\x80\xa6");
	if (have.n == 0)
		return;
	if (!str_ends(have, dots))
		fail_msg("%s: cut without dots: %.*s", what, (int)have.n, have.p);
	struct str text = buf_view(&all->visible);
	bool own = str_starts(text, have); /* the author's dots */
	have.n -= own ? 0 : dots.n;
	if (!str_starts(text, have))
		fail_msg("%s: not the beginning: %.*s", what, (int)have.n, have.p);
}

static void check_again(const char *what, struct str html, const struct teaser_bound *b)
{
	const struct html_limit l = { .characters = b->characters, .visible = b->characters };
	BUF_AUTO again = BUF(1 << 20);
	(void)html_cut(html, &l, &again);
	if (!str_eq(buf_view(&again), html))
		fail_msg("%s: cut again: %.*s", what, (int)again.n, again.p);
}

static void check_teaser(
	const char *what, struct str whole, struct str cut, const struct teaser_bound *b)
{
	struct plain all = plain_of(whole), part = plain_of(cut);
	if (!well_formed(cut))
		fail_msg("%s: not well-formed: %.*s", what, (int)cut.n, cut.p);
	check_bound(what, &all, &part, b);
	check_beginning(what, &all, &part);
	check_again(what, cut, b);
	buf_free(&all.visible);
	buf_free(&part.visible);
}

static struct str opened(
	struct fixture *f, const char *slug, const struct decision *d, const struct teaser_bound *b)
{
	struct reading_of r = { .f = f, .arena = f->arena, .slug = slug, .d = d, .bound = b };
	assert_int_equal(db_read(f->db, read_one, &r), ERR_OK);
	assert_int_equal(r.find_err, ERR_OK);
	assert_int_equal(r.err, ERR_OK);
	return r.text.html;
}

static struct str check_article(struct fixture *f, const char *slug, const struct teaser_bound *b)
{
	struct str cut = opened(f, slug, &teaser, b);
	check_teaser(slug, opened(f, slug, &full, b), cut, b);
	return cut;
}

/* ---- documents of every shape and script ---- */

static const char *const words[][6] = {
	{ "The", "council", "voted", "nine", "to", "four" },
	{ "議会は", "昨夜", "新埠頭案を", "可決した", "予算", "千二百万" },
	{ "昨夜", "议会", "通过", "新码头", "方案", "预算" },
	{ "สภา", "เมือง", "ลงมติ", "เห็นชอบ", "ท่าเรือ", "ใหม่" },
	{ "ສະພາ", "ເມືອງ", "ລົງມະຕິ", "ທ່າເຮືອ", "ໃໝ່", "ແລ້ວ" },
	{ "ក្រុមប្រឹក្សា", "បាន", "បោះឆ្នោត", "កំពង់ផែ", "ថ្មី", "ហើយ" },
	{ "မြို့တော်", "ကောင်စီ", "မဲခွဲ", "ဆိပ်ကမ်း", "အသစ်", "တည်ဆောက်" },
	{ "परिषद", "ने", "नए", "घाट", "को", "मंज़ूरी" },
	{ "صوّت", "المجلس", "على", "الرصيف", "الجديد", "أمس" },
	{ "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\xcc\x81\xcc\x82\xcc\x83", "&amp;",
		"&lt;x&gt;" },
	{ "의회는", "어젯밤", "새", "부두를", "승인했다", "예산" },
};
enum { SCRIPTS = COUNT(words) };
static const char *const gaps[SCRIPTS] = { " ", "", "", "", "", "\xe2\x80\x8b", "", " ", " ", "",
	"\xc2\xa0" };
static const char *const stops[SCRIPTS] = { ". ", "。", "。", " ", " ", "។ ", "။ ", "। ", ". ",
	"! ", ".\xc2\xa0" };

struct maker {
	uint64_t seed;
	struct buf b;
	unsigned script;
	bool marked;
};

static unsigned below(struct maker *m, unsigned n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->seed >> 33) % n;
}

static void some_text(struct maker *m)
{
	static const char *const open[] = { "<em>", "<strong>",
		"<a href=\"https://a.example/?b=c\">", "<code>" };
	static const char *const close[] = { "</em>", "</strong>", "</a>", "</code>" };
	unsigned n = 1 + below(m, below(m, 4) ? WORDS_MOST / 4 : WORDS_MOST);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = below(m, 24);
		if (k < COUNT(open))
			buf_puts(&m->b, open[k]);
		buf_puts(&m->b, words[m->script][below(m, 6)]);
		if (k < COUNT(close))
			buf_puts(&m->b, close[k]);
		if (below(m, 60) == 0)
			buf_puts(&m->b, "<!--more-->");
		buf_puts(&m->b, below(m, 9) ? gaps[m->script] : stops[m->script]);
	}
}

static void some_list(struct maker *m, int depth)
{
	const char *kind = below(m, 2) ? "ul" : "ol";
	buf_fmt(&m->b, "<%s>", kind);
	for (unsigned n = 1 + below(m, 6); n > 0; n--) {
		buf_puts(&m->b, "<li>");
		some_text(m);
		if (depth < 4 && below(m, 4) == 0)
			some_list(m, depth + 1);
		buf_puts(&m->b, "</li>");
		if (below(m, 30) == 0)
			buf_puts(&m->b, "<!--more-->");
	}
	buf_fmt(&m->b, "</%s>", kind);
}

static void some_cells(struct maker *m, const char *kind)
{
	buf_puts(&m->b, "<tr>");
	for (unsigned n = 1 + below(m, 3); n > 0; n--) {
		buf_fmt(&m->b, "<%s>", kind);
		if (below(m, 5))
			some_text(m);
		buf_fmt(&m->b, "</%s>", kind);
	}
	buf_puts(&m->b, "</tr>");
}

static void some_table(struct maker *m)
{
	buf_puts(&m->b, "<table>");
	if (below(m, 2)) {
		buf_puts(&m->b, "<thead>");
		some_cells(m, "th");
		buf_puts(&m->b, "</thead>");
	}
	for (unsigned n = 1 + below(m, 8); n > 0; n--)
		some_cells(m, "td");
	buf_puts(&m->b, "</table>");
}

static void some_lines(struct maker *m, const char *kind, const char *between)
{
	buf_fmt(&m->b, "<%s>", kind);
	for (unsigned n = 1 + below(m, 8); n > 0; n--) {
		some_text(m);
		buf_puts(&m->b, between);
	}
	buf_fmt(&m->b, "</%s>", kind);
}

static void some_quote(struct maker *m)
{
	buf_puts(&m->b, "<blockquote>");
	for (unsigned n = 1 + below(m, 5); n > 0; n--)
		some_lines(m, "p", " ");
	if (below(m, 3) == 0)
		some_list(m, 3);
	buf_puts(&m->b, "</blockquote>");
}

static void some_block(struct maker *m)
{
	switch (below(m, 10)) {
	case 0:
		some_list(m, 0);
		break;
	case 1:
		some_table(m);
		break;
	case 2:
		some_quote(m);
		break;
	case 3:
		some_lines(m, "pre", "\n     \t ");
		break;
	case 4:
		some_lines(m, "p", "<br>");
		break;
	case 5:
		some_lines(m, "h2", " ");
		break;
	case 6:
		buf_puts(&m->b, "<hr><img src=a.png><!--more-->");
		break;
	default:
		some_lines(m, "p", " ");
	}
	if (below(m, 8) == 0)
		m->script = below(m, SCRIPTS);
}

static struct str keep_src(void *ctx, struct str src)
{
	(void)ctx;
	return src;
}

static struct str a_document(uint64_t seed, struct arena *a, struct blocks *out)
{
	struct maker m = { .seed = seed * 7919 + 1, .b = BUF(8 << 20) };
	(void)below(&m, 2);
	m.script = below(&m, SCRIPTS);
	for (unsigned n = below(&m, 5) ? 1 + below(&m, BLOCKS_MOST) : 1; n > 0; n--)
		some_block(&m);
	struct str source = arena_str(a, buf_view(&m.b));
	assert_int_equal(content_sanitise(source, keep_src, NULL, a, out), ERR_OK);
	buf_free(&m.b);
	return source;
}

/* As the door does it, without a database between. */
static struct str teaser_by(const struct blocks *blocks, const struct teaser_wish *wish,
	const struct teaser_bound *b, struct arena *a, struct teaser_size *size)
{
	struct teaser_text t = { .html = BUF(8 << 20) };
	BUF_AUTO out = BUF(8 << 20);
	for (size_t i = 0; i < blocks->n && !t.enough; i++)
		content_teaser_text_add(&t, blocks->v[i].html, (int64_t)i, blocks->cut, b);
	*size = content_teaser_make(&t, wish, b, &out);
	buf_free(&t.html);
	return out.n ? arena_str(a, buf_view(&out)) : STR("");
}

static struct str joined(const struct blocks *blocks, struct arena *a)
{
	BUF_AUTO all = BUF(16 << 20);
	for (size_t i = 0; i < blocks->n; i++) {
		html_write_unmarked(&all, blocks->v[i].html);
		buf_byte(&all, '\n');
	}
	return all.n ? arena_str(a, buf_view(&all)) : STR("");
}

static void every_shape_and_script(void **state)
{
	(void)state;
	static const struct teaser_bound bounds[] = { { 90, 1200, 30, false },
		{ 2000, 1200, 30, false }, { 10, 100, 5, false }, { 500, 20000, 90, false } };
	size_t given = 0, marked = 0, sentence = 0;
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		ARENA_AUTO *a = arena_new(256 << 20);
		struct blocks blocks = { 0 };
		struct teaser_size size;
		(void)a_document(i, a, &blocks);
		for (size_t k = 0; k < COUNT(bounds); k++) {
			const struct teaser_wish wish = { .marked = blocks.cut > 0,
				.nothing = blocks.cut == CUT_NOTHING,
				.words = bounds[k].words };
			struct str cut = teaser_by(&blocks, &wish, &bounds[k], a, &size);
			check_teaser(arena_fmt(a, "document %u, bound %zu", i, k),
				joined(&blocks, a), cut, &bounds[k]);
			given += cut.n > 0;
			marked += size.marked;
			sentence += str_ends(str_trim(cut), STR(".\xc2\xa0\xe2\x80\xa6</p>"));
		}
	}
	/* The test means something: most get a teaser, many by a mark or at a sentence. */
	assert_in_range(given, 3 * DOCUMENTS, 4 * DOCUMENTS);
	assert_true(marked > DOCUMENTS / 10 && sentence > DOCUMENTS / 20);
}

/* The same through the database, which is asked for pieces only. */
static void the_door_gives_the_same(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < DOCUMENTS / 20; i++) {
		char slug[32];
		snprintf(slug, sizeof slug, "document-%u", i);
		struct draft d = draft_of(f, slug, NOW - 10);
		struct teaser_size size;
		(void)a_document(i, f->arena, &d.blocks);
		store(f, &d);
		const struct teaser_wish wish = { .marked = d.blocks.cut > 0,
			.nothing = d.blocks.cut == CUT_NOTHING,
			.words = standard.words };
		struct str cut = check_article(f, slug, &standard);
		if (!str_eq(cut, teaser_by(&d.blocks, &wish, &standard, f->arena, &size)))
			fail_msg("%s: %.*s", slug, (int)cut.n, cut.p);
	}
}

/* ---- articles that people wrote ---- */

/* Another file of the same import may have moved it. */
static bool is_there(struct fixture *f, const char *slug)
{
	return open_words(f, slug, &none, 0).find_err == ERR_OK;
}

static void check_imported(struct fixture *f, size_t at_least)
{
	size_t seen = 0;
	for (size_t i = 0; i < f->reports; i++) {
		if (strcmp(f->what[i], "refused") == 0 || !is_there(f, f->slug[i]))
			continue;
		struct str cut = check_article(f, f->slug[i], &standard);
		struct plain all = plain_of(opened(f, f->slug[i], &full, &standard));
		buf_free(&all.visible);
		if (cut.n == 0 && all.visible_points > 20)
			fail_msg("%s: nothing is given", f->slug[i]);
		seen++;
	}
	assert_true(seen >= at_least);
}

static void the_demo(void **state)
{
	struct fixture *f = *state;
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import_embedded(f->db, "web/demo/articles/", &s, NOW, &n), ERR_OK);
	check_imported(f, 18);
}

static void import_tree(struct fixture *f, const char *path)
{
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import(f->db, path, &s, NOW, &n), ERR_OK);
}

static void one_block_and_scripts_without_blanks(void **state)
{
	struct fixture *f = *state;
	import_tree(f, "tests/data/cases/teaser");
	check_imported(f, 4);
	static const struct {
		const char *slug, *end;
	} rows[] = {
		{ "c02-list", "long night.\xc2\xa0\xe2\x80\xa6</li></ul>" },
		{ "c02-quote", "long night.\xc2\xa0\xe2\x80\xa6</p></blockquote>" },
		{ "c01-nbsp", "long\xc2\xa0night.\xc2\xa0\xe2\x80\xa6</p>" },
		{ "c01-zh", "全部合同。\xe2\x80\xa6</p>" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str cut = opened(f, rows[i].slug, &teaser, &standard);
		const char *end = rows[i].end;
		if (!str_ends(str_trim(cut), str_of(end)))
			fail_msg("%s: %.*s", rows[i].slug, (int)cut.n, cut.p);
	}
}

/* The inputs that were found to go wrong, of every part of the program. */
static void all_cases(void **state)
{
	struct fixture *f = *state;
	import_tree(f, "tests/data/cases");
	check_imported(f, 4);
}

/* ---- the author's mark, and rules ---- */

static struct str by_mark(struct fixture *f, const char *html, const struct teaser_bound *b)
{
	struct draft d = draft_of(f, "marked", NOW - 10);
	draft_text(f, &d, html);
	store(f, &d);
	return opened(f, "marked", &teaser, b);
}

#define DOTS "\xc2\xa0\xe2\x80\xa6"
static void the_mark_counts_within_the_bound(void **state)
{
	struct fixture *f = *state;
	static const struct teaser_bound wide = { 90, 1200, 30, true };
	const char *list =
		"<p>One of it.</p><ul><li>a</li><li>b</li><!--more--><li>c</li></ul><p>" SIXTY_WORDS
		"</p>";
	assert_str(by_mark(f, list, &standard),
		"<p>One of it.</p>\n<ul><li>a</li><li>b" DOTS "</li></ul>\n");
	assert_str(by_mark(f, "<!--more--><p>" SIXTY_WORDS "</p>", &standard), "");
	/* within the words it is less, beyond the bound it is no more */
	const char *late = "<p>" SIXTY_WORDS "</p><p>The end of it.</p><!--more--><p>Last.</p>";
	struct str cut = by_mark(f, late, &standard);
	check_teaser("late", opened(f, "marked", &full, &standard), cut, &standard);
	assert_true(str_ends(by_mark(f, late, &wide), STR("<p>The end of it." DOTS "</p>\n")));
	/* never all of it, though the setting lets it exceed */
	const char *all = "<p>" SIXTY_WORDS "</p><p>The end.</p><!--more-->";
	cut = by_mark(f, all, &wide);
	check_teaser("all", opened(f, "marked", &full, &wide), cut, &wide);
	/* a mark in the pages of one who may exceed, far behind what else is read */
	BUF_AUTO b = BUF(1 << 20);
	for (int i = 0; i < 200; i++)
		buf_puts(&b, "<p>" SIXTY_WORDS "</p>");
	buf_puts(&b, "<p>Here it ends.</p><!--more--><p>Not this.</p>");
	assert_true(str_ends(by_mark(f, b.p, &wide), STR("<p>Here it ends." DOTS "</p>\n")));
	cut = by_mark(f, b.p, &standard);
	check_teaser("far", opened(f, "marked", &full, &standard), cut, &standard);
}

static void a_rule_stays_within_the_bound(void **state)
{
	struct fixture *f = *state;
	import_tree(f, "tests/data/cases/teaser");
	struct paywall_rule rule = { .kind = RULE_OVERRIDE, .teaser_words = 2000 };
	struct decision d = teaser;
	d.rule = &rule;
	d.teaser_words = rule.teaser_words;
	struct str cut = opened(f, "c02-list", &d, &standard),
		   all = opened(f, "c02-list", &full, &standard);
	check_teaser("rule", all, cut, &standard);
	assert_true(cut.n > opened(f, "c02-list", &teaser, &standard).n);
}

static void nothing_without_a_bound(void **state)
{
	struct fixture *f = *state;
	static const struct teaser_bound bad[] = { { 0 }, { 90, 1200, 100, false } };
	import_tree(f, "tests/data/cases/teaser");
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct reading_of r = { .f = f,
			.arena = f->arena,
			.slug = "c02-list",
			.d = &teaser,
			.bound = &bad[i] };
		assert_int_equal(db_read(f->db, read_one, &r), ERR_OK);
		assert_int_equal(r.err, ERR_INTERNAL);
		assert_int_equal(r.text.html.n, 0);
	}
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_and_script),
		WITH_DB(the_door_gives_the_same),
		WITH_DB(the_demo),
		WITH_DB(one_block_and_scripts_without_blanks),
		WITH_DB(all_cases),
		WITH_DB(the_mark_counts_within_the_bound),
		WITH_DB(a_rule_stays_within_the_bound),
		WITH_DB(nothing_without_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
