/* Goal: in the whole text the place is found where a teaser of it ends, so that a reader who logs
 * in at the wall goes on reading there. */
#include "../../src/content/teaser.h"
#include "unit.h"

static const struct teaser_bound standard = { .words = 8, .characters = 400, .share = 50 };

#define P(text) "<p>" text "</p>\n"
#define FIVE "One two three four five."
#define LONG P(FIVE " " FIVE " " FIVE " " FIVE " " FIVE " " FIVE)

/* The first bytes of the block. */
static void check(const char *html, const struct article *art, const struct decision *d,
	const struct teaser_bound *b, const char *block)
{
	const struct str all = str_of(html);
	size_t at = content_teaser_block_at(all, art, d, b);
	if (!block) {
		assert_int_equal(at, all.n);
		return;
	}
	assert_true(at < all.n);
	if (!str_starts((struct str){ all.p + at, all.n - at }, str_of(block)))
		fail_msg("%s\nat %s\nexpected %s", html, html + at, block);
}

static void where_the_words_are_reached(void **state)
{
	const struct article art = { .cut = 0 };
	const struct decision d = { .grant = GRANT_FULL };
	(void)state;
	check(P("A. " FIVE) P("B. " FIVE) P("C. " FIVE) LONG, &art, &d, &standard, "<p>B.");
	check(P("A. " FIVE) "<ul><li>B. " FIVE "</li></ul>\n" LONG, &art, &d, &standard, "<ul>");
	/* a picture's caption is no text of a teaser */
	check("<figure><figcaption>" FIVE " " FIVE "</figcaption></figure>\n" P("A. " FIVE)
			P("B. " FIVE) LONG,
		&art, &d, &standard, "<p>B.");
	check(P("A. " FIVE) "<hr>\n" P("B. " FIVE) LONG, &art, &d, &standard, "<p>B.");
}

static void where_a_bound_is_reached(void **state)
{
	const struct article art = { .cut = 0 };
	const struct decision d = { .grant = GRANT_FULL };
	const struct teaser_bound few = { .words = 90, .characters = 30, .share = 50 };
	const struct teaser_bound part = { .words = 90, .characters = 4000, .share = 30 };
	(void)state;
	check(P("A. " FIVE) P("B. " FIVE) LONG, &art, &d, &few, "<p>B.");
	check(P("A. " FIVE) P("B. " FIVE) P("C. " FIVE), &art, &d, &part, "<p>A.");
	check(P("A. " FIVE) P("B. " FIVE) P("C. " FIVE) P("D. " FIVE), &art, &d, &part, "<p>B.");
	check(LONG P("B."), &art, &d, &part, "<p>One");
}

static void at_the_mark_and_by_a_rule(void **state)
{
	const struct article marked = { .cut = 2 }, nothing = { .cut = CUT_NOTHING };
	const struct article plain = { .cut = 0 };
	const struct paywall_rule override = { .kind = RULE_OVERRIDE };
	const struct decision d = { .grant = GRANT_FULL };
	const struct decision longer = {
		.grant = GRANT_FULL, .rule = &override, .teaser_words = 14
	};
	(void)state;
	const char *html = P("A. " FIVE) P("B. " FIVE) P("C. " FIVE) LONG LONG LONG;
	check(html, &marked, &d, &standard, "<p>C.");
	check(html, &nothing, &d, &standard, "<p>A.");
	check(html, &plain, &longer, &standard, "<p>C.");
	check(html, &nothing, &longer, &standard, "<p>C.");
}

static void nowhere(void **state)
{
	const struct article art = { .cut = 0 };
	const struct decision d = { .grant = GRANT_FULL };
	(void)state;
	check("", &art, &d, &standard, NULL);
	check("text alone", &art, &d, &standard, NULL);
	check("<p>never closed", &art, &d, &standard, "<p>");
	check("<figure><img src=\"/a\"></figure>\n", &art, &d, &standard, "<figure>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_the_words_are_reached),
		cmocka_unit_test(where_a_bound_is_reached),
		cmocka_unit_test(at_the_mark_and_by_a_rule),
		cmocka_unit_test(nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
