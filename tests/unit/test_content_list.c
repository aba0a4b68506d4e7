/* Goal: lists show what may be shown now, in order, page by page, and words never find what stands
 * in the text. */
#include "content_help.h"

struct listing {
	struct fixture *f;
	struct article_filter filter;
	struct article *v;
	size_t n;
};

static enum err list_fn(struct db_conn *c, void *arg)
{
	struct listing *l = arg;
	return content_list(c, &l->filter, l->f->arena, &l->v, &l->n);
}

static struct listing list(struct fixture *f, struct article_filter filter)
{
	struct listing l = { .f = f, .filter = filter };
	if (!l.filter.now_s)
		l.filter.now_s = NOW;
	assert_int_equal(db_read(f->db, list_fn, &l), ERR_OK);
	return l;
}

/* Slugs of a list, between spaces. */
static const char *slugs(struct fixture *f, struct article_filter filter)
{
	struct listing l = list(f, filter);
	BUF_AUTO b = BUF(20000);
	for (size_t i = 0; i < l.n; i++)
		buf_fmt(&b, "%s%s", i ? " " : "", l.v[i].slug);
	struct str s = arena_str(f->arena, buf_view(&b));
	return s.p ? s.p : "";
}

static void put(
	struct fixture *f, const char *slug, int64_t published, void (*change)(struct draft *d))
{
	struct draft d = draft_of(f, slug, published);
	draft_text(f, &d, "<p>The word submarine stands in the text alone.</p>");
	if (change)
		change(&d);
	assert_int_equal(store(f, &d), OUTCOME_NEW);
}

static void withhold(struct draft *d)
{
	d->status = STR("withheld");
}
static void cancel(struct draft *d)
{
	d->status = STR("canceled");
}
static void embargo(struct draft *d)
{
	d->embargo_at = NOW + 1;
}
static void embargo_over(struct draft *d)
{
	d->embargo_at = NOW;
}
static void expire(struct draft *d)
{
	d->expires_at = NOW;
}
static void expire_later(struct draft *d)
{
	d->expires_at = NOW + 1;
}

static void only_what_may_be_shown(void **state)
{
	struct fixture *f = *state;
	put(f, "shown", NOW - 10, NULL);
	put(f, "just-now", NOW, NULL);
	put(f, "tomorrow", NOW + 1, NULL);
	put(f, "withheld", NOW - 20, withhold);
	put(f, "canceled", NOW - 21, cancel);
	put(f, "embargoed", NOW - 22, embargo);
	put(f, "embargo-over", NOW - 23, embargo_over);
	put(f, "expired", NOW - 24, expire);
	put(f, "expires-later", NOW - 25, expire_later);
	assert_string_equal(slugs(f, (struct article_filter){ 0 }),
		"just-now shown embargo-over expires-later");
	assert_string_equal(slugs(f, (struct article_filter){ .all = true }),
		"tomorrow just-now shown withheld canceled embargoed embargo-over expired "
		"expires-later");
	assert_string_equal(slugs(f, (struct article_filter){ .words = STR("headline") }),
		"just-now shown embargo-over expires-later");
}

static enum err break_access(struct db_conn *c, void *arg)
{
	(void)arg;
	return set_access(c, "shown", "members-only");
}

static void unknown_access_is_not_listed(void **state)
{
	struct fixture *f = *state;
	put(f, "shown", NOW - 10, NULL);
	assert_int_equal(db_tx(f->db, break_access, NULL), ERR_OK);
	assert_string_equal(slugs(f, (struct article_filter){ 0 }), "");
	assert_string_equal(slugs(f, (struct article_filter){ .all = true }), "shown");
}

/* Many articles of one second: the cursor must neither skip nor repeat one. */
static void pages_join_without_gap(void **state)
{
	struct fixture *f = *state;
	enum { ARTICLES = 23, PAGE = 5 };
	for (int i = 0; i < ARTICLES; i++)
		put(f, arena_fmt(f->arena, "a-%d", i), NOW - 100 - i / 10, NULL);
	struct listing all = list(f, (struct article_filter){ .limit = LIST_MAX });
	assert_int_equal(all.n, ARTICLES);
	size_t seen = 0;
	struct article_filter filter = { .limit = PAGE };
	for (;;) {
		struct listing page = list(f, filter);
		for (size_t i = 0; i < page.n; i++)
			assert_string_equal(page.v[i].id, all.v[seen++].id);
		if (page.n < PAGE)
			break;
		filter.before_at = page.v[page.n - 1].published_at;
		filter.before_id = str_of(page.v[page.n - 1].id);
	}
	assert_int_equal(seen, ARTICLES);
}

static void limits_are_clamped(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < LIST_MAX + 2; i++)
		put(f, arena_fmt(f->arena, "a-%d", i), NOW - i, NULL);
	static const size_t rows[][2] = { { 0, LIST_MAX }, { 1, 1 }, { 7, 7 },
		{ LIST_MAX, LIST_MAX }, { LIST_MAX + 1, LIST_MAX + 1 }, { 5000, LIST_MAX + 1 },
		{ SIZE_MAX, LIST_MAX + 1 } };
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			list(f, (struct article_filter){ .limit = rows[i][0] }).n, rows[i][1]);
}

static void ferry(struct draft *d)
{
	d->headline = STR("Ferry fares rise by 5% at Saltby_Quay!");
	d->dek = STR("A return costs 14 crowns");
	d->byline = STR("Mara Lindqvist");
	d->section_name = STR("Business");
	d->tags = STR("\nferry\nellensund prices\n");
}

static void choir(struct draft *d)
{
	d->headline = STR("The choir sings \xc3\x89lan");
	d->section_name = STR("Culture & Arts");
	d->tags = STR("\nmusic\n");
}

static void words_search_the_lines_alone(void **state)
{
	struct fixture *f = *state;
	put(f, "ferry", NOW - 1, ferry);
	put(f, "choir", NOW - 2, choir);
	static const struct {
		const char *words, *found;
	} rows[] = {
		{ "ferry", "ferry" }, { "FERRY Fares", "ferry" }, { "  fares\tferry\n", "ferry" },
		{ "crowns", "ferry" }, { "lindqvist", "ferry" }, { "business", "ferry" },
		{ "ellensund", "ferry" }, { "choir", "choir" }, { "\xc3\x89lan", "choir" },
		{ "ferry choir", "" }, { "submarine", "" }, /* stands in the text */
		{ "%", "ferry" }, { "_", "ferry" }, { "!", "ferry" }, { "5%", "ferry" },
		{ "5_", "" }, { "f%y", "" }, { "fe__y", "" }, { "'; DROP TABLE article; --", "" },
		{ "\xff", "" }, { "", "ferry choir" }, { "   ", "ferry choir" },
		{ "a e r f s y i l nine", "ferry" }, /* the ninth word is not looked at */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got =
			slugs(f, (struct article_filter){ .words = str_of(rows[i].words) });
		if (strcmp(got, rows[i].found) != 0)
			fail_msg("%s: %s", rows[i].words, got);
	}
	char longest[WORD_BYTES_MAX + 2];
	memset(longest, 'a', sizeof longest);
	struct str word = { longest, sizeof longest };
	assert_string_equal(slugs(f, (struct article_filter){ .words = word }), "");
}

static void section_and_tag_filter(void **state)
{
	struct fixture *f = *state;
	put(f, "ferry", NOW - 1, ferry);
	put(f, "choir", NOW - 2, choir);
	put(f, "other", NOW - 3, NULL);
	static const struct {
		const char *section, *tag, *words, *found;
	} rows[] = {
		{ "business", "", "", "ferry" },
		{ "culture-arts", "", "", "choir" },
		{ "city", "", "", "other" },
		{ "Business", "", "", "" },
		{ "nowhere", "", "", "" },
		{ "", "ferry", "", "ferry" },
		{ "", "Ellensund Prices", "", "ferry" },
		{ "", "ellensund", "", "" },
		{ "", "fer%", "", "" },
		{ "", "ferry\nellensund prices", "", "" },
		{ "business", "music", "", "" },
		{ "business", "ferry", "crowns", "ferry" },
		{ "culture-arts", "music", "ferry", "" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got =
			slugs(f, (struct article_filter){ .section = str_of(rows[i].section),
					 .tag = str_of(rows[i].tag),
					 .words = str_of(rows[i].words) });
		if (strcmp(got, rows[i].found) != 0)
			fail_msg("%zu: %s", i, got);
	}
}

struct sections {
	struct fixture *f;
	struct section *v;
	size_t n;
	int64_t now_s;
};

static enum err sections_fn(struct db_conn *c, void *arg)
{
	struct sections *s = arg;
	return content_sections(c, s->now_s, s->f->arena, &s->v, &s->n);
}

static void sections_have_something_to_show(void **state)
{
	struct fixture *f = *state;
	put(f, "other", NOW - 3, NULL);
	put(f, "choir", NOW - 2, choir);
	put(f, "hidden", NOW - 2, withhold);
	put(f, "ferry", NOW + 5, ferry);
	struct sections s = { .f = f, .now_s = NOW };
	assert_int_equal(db_read(f->db, sections_fn, &s), ERR_OK);
	assert_int_equal(s.n, 2);
	assert_str(s.v[0].name, "City");
	assert_str(s.v[0].slug, "city");
	assert_str(s.v[1].name, "Culture & Arts");
	s.now_s = NOW + 5;
	assert_int_equal(db_read(f->db, sections_fn, &s), ERR_OK);
	assert_int_equal(s.n, 3);
	assert_str(s.v[0].name, "Business");
}

static void tags_are_walked(void **state)
{
	(void)state;
	static const struct {
		const char *tags, *joined;
	} rows[] = {
		{ "", "" },
		{ "\na\n", "a," },
		{ "\na\nb c\n", "a,b c," },
		{ "\n\na\n\n", "a," },
		{ "a", "a," },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_of(rows[i].tags), tag;
		BUF_AUTO b = BUF(100);
		while (content_tag_next(&rest, &tag)) {
			buf_str(&b, tag);
			buf_byte(&b, ',');
		}
		assert_str(buf_view(&b), rows[i].joined);
	}
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(only_what_may_be_shown),
		WITH_DB(unknown_access_is_not_listed),
		WITH_DB(pages_join_without_gap),
		WITH_DB(limits_are_clamped),
		WITH_DB(words_search_the_lines_alone),
		WITH_DB(section_and_tag_filter),
		WITH_DB(sections_have_something_to_show),
		cmocka_unit_test(tags_are_walked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
