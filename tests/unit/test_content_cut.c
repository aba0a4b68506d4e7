/* Goal: HTML is cut where a reader would cut it, never behind the limit, and stays HTML. */
#include "../../src/content/html/cut.h"
#include "teaser_help.h"

#define DOTS "\xe2\x80\xa6"
#define SPACED "\xc2\xa0" DOTS
#define FAMILY "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"

struct row {
	const char *goal, *html, *cut;
	int64_t characters, words;
	bool one_sentence;
	size_t mark;
};

static struct str cut_by(struct str html, const struct row *r, struct arena *a)
{
	const struct html_limit l = { .characters = r->characters ? r->characters : 1000,
		.visible = r->characters ? r->characters : 1000,
		.words = r->words,
		.one_sentence = r->one_sentence,
		.mark = r->mark };
	BUF_AUTO out = BUF(1 << 20);
	struct html_part part = html_cut(html, &l, &out);
	struct plain text = plain_of(buf_view(&out));
	assert_true(well_formed(buf_view(&out)));
	assert_true(text.points <= l.characters);
	assert_true(part.length.characters <= l.characters);
	buf_free(&text.visible);
	return out.n ? arena_str(a, buf_view(&out)) : STR("");
}

static void check(const struct row *rows, size_t n)
{
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < n; i++) {
		struct str got = cut_by(str_of(rows[i].html), &rows[i], a);
		if (!str_eq(str_trim(got), str_of(rows[i].cut)))
			fail_msg("%s:\n%.*s\nexpected\n%s", rows[i].goal, (int)got.n, got.p,
				rows[i].cut);
		struct str again = rows[i].mark ? got : cut_by(got, &rows[i], a);
		if (!str_eq(again, got))
			fail_msg("%s, again: %.*s", rows[i].goal, (int)again.n, again.p);
	}
}

#define THREE "<p>One two three. Four five six seven. Eight nine ten eleven.</p>"
static void paragraphs(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ .goal = "what fits stays", .html = THREE, .cut = THREE },
		{ .goal = "nothing of nothing", .html = "", .cut = "" },
		{ "at a sentence", THREE, "<p>One two three." SPACED "</p>", 30, 0, false, 0 },
		{ "the sentence that reaches the words", THREE,
			"<p>One two three. Four five six seven." SPACED "</p>", 0, 5, false, 0 },
		{ "one sentence", THREE, "<p>One two three." SPACED "</p>", 0, 0, true, 0 },
		{ "a word", "<p>One two three four</p>", "<p>One two" DOTS "</p>", 12, 0, false,
			0 },
		{ "a sentence that gives too little", "<p>No. A very much longer one follows</p>",
			"<p>No. A very much" DOTS "</p>", 22, 0, false, 0 },
		{ "a grapheme", "<p>abcdefghij</p>", "<p>abc" DOTS "</p>", 5, 0, false, 0 },
		{ "marks stay with their letter",
			"<p>e\xcc\x81"
			"e\xcc\x81"
			"e\xcc\x81</p>",
			"<p>e\xcc\x81" DOTS "</p>", 5, 0, false, 0 },
		{ "joined pictures stay whole", "<p>" FAMILY FAMILY FAMILY "</p>",
			"<p>" FAMILY DOTS "</p>", 10, 0, false, 0 },
		{ "not even one", "<p>" FAMILY "</p>", "", 4, 0, false, 0 },
		{ "entities are one character", "<p>a &amp; b &lt; c</p>", "<p>a &amp;" DOTS "</p>",
			5, 0, false, 0 },
		{ "inline elements are closed", "<p>a <em>b <a href=\"/x\">c d e</a></em> f</p>",
			"<p>a <em>b <a href=\"/x\">c" DOTS "</a></em></p>", 7, 0, false, 0 },
		{ "a heading alone is no end", "<h2>Head. Of it</h2>\n<p>Body of it here</p>\n",
			"<h2>Head. Of it</h2>\n<p>Body" DOTS "</p>", 18, 0, false, 0 },
		{ "unless nothing else fits", "<h2>Head of it</h2>\n<p>Bodyofithere</p>\n",
			"<h2>Head of it" DOTS "</h2>", 14, 0, false, 0 },
		{ "paragraphs", "<p>a b c</p>\n<p>d e f</p>\n<p>g h i</p>\n",
			"<p>a b c</p>\n<p>d e f" SPACED "</p>", 13, 0, false, 0 },
		{ "a rule behind is left out", "<p>a b c</p>\n<hr>\n<p>d e f</p>\n",
			"<p>a b c" SPACED "</p>", 8, 0, false, 0 },
	};
	check(rows, COUNT(rows));
}

static void sentences(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "titles, initials, initialisms, ordinals",
			"<p>Dr. J. S. Holm of the U.S. Navy came on 12. November. Then he "
			"left.</p>",
			"<p>Dr. J. S. Holm of the U.S. Navy came on 12. November." SPACED "</p>", 0,
			0, true, 0 },
		{ "a small letter goes on",
			"<p>He spoke (etc.) and so on ... and left. So did I.</p>",
			"<p>He spoke (etc.) and so on ... and left." SPACED "</p>", 0, 0, true, 0 },
		{ "addresses and numbers", "<p>See a.example and 3.5 of it. Then go.</p>",
			"<p>See a.example and 3.5 of it." SPACED "</p>", 0, 0, true, 0 },
		{ "quotation marks belong to it", "<p>&quot;Go!&quot; She went. He too.</p>",
			"<p>&quot;Go!&quot;" SPACED "</p>", 0, 0, true, 0 },
		{ "Chinese", "<p>昨夜议会通过。预算一千二百万元。</p>",
			"<p>昨夜议会通过。" DOTS "</p>", 0, 0, true, 0 },
		{ "Chinese, at a comma", "<p>昨夜议会，预算一千二百万元明年春天动工</p>",
			"<p>昨夜议会，" DOTS "</p>", 10, 0, false, 0 },
		{ "Hindi", "<p>परिषद ने मत दिया। फिर वे गए।</p>", "<p>परिषद ने मत दिया।" SPACED "</p>",
			0, 0, true, 0 },
		{ "Arabic", "<p>هل وصلت السفينة؟ نعم وصلت.</p>",
			"<p>هل وصلت السفينة؟" SPACED "</p>", 0, 0, true, 0 },
		{ "three dots of the author", "<p>So it went" DOTS " Then it ended.</p>",
			"<p>So it went" DOTS "</p>", 0, 0, true, 0 },
	};
	check(rows, COUNT(rows));
}

#define TABLE "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>"
#define HEAD "<thead><tr><th>Head</th><th>B</th></tr></thead><tbody>"
static void structures(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "items", "<ul><li>Alpha beta</li><li>Gamma. Delta</li><li>Epsilon</li></ul>",
			"<ul><li>Alpha beta</li><li>Gamma. Delta" SPACED "</li></ul>", 25, 0, false,
			0 },
		{ "in the first item",
			"<ol><li>Alpha beta. Gamma delta epsilon</li><li>b</li></ol>",
			"<ol><li>Alpha beta." SPACED "</li></ol>", 25, 0, false, 0 },
		{ "nested items",
			"<ul><li>A first<ul><li>inner one</li><li>inner "
			"two</li></ul></li><li>B</li></ul>",
			"<ul><li>A first<ul><li>inner one" SPACED "</li></ul></li></ul>", 20, 0,
			false, 0 },
		{ "rows, with their head",
			TABLE HEAD
			"<tr><td>a b c</td><td>d</td></tr><tr><td>e</td><td>f g h</td></tr>"
			"</tbody></table></div>",
			TABLE HEAD "<tr><td>a b c</td><td>d" SPACED
				   "</td></tr></tbody></table></div>",
			14, 0, false, 0 },
		{ "in the first row",
			TABLE HEAD
			"<tr><td>a b c d e f g</td><td>h</td></tr></tbody></table></div>",
			TABLE HEAD "<tr><td>a b c" DOTS "</td></tr></tbody></table></div>", 13, 0,
			false, 0 },
		{ "paragraphs of a quotation",
			"<blockquote><p>Alpha. Beta.</p><p>Gamma. Delta epsilon.</p></blockquote>",
			"<blockquote><p>Alpha. Beta." SPACED "</p></blockquote>", 22, 0, false, 0 },
		{ "lines of a listing", "<pre>line one\n  line two\nline three</pre>",
			"<pre>line one\n  line two" SPACED "</pre>", 25, 0, false, 0 },
		{ "lines of verse", "<p>Rose red<br>violet blue<br>sugar sweet</p>",
			"<p>Rose red<br>violet blue" SPACED "</p>", 25, 0, false, 0 },
		{ "an empty row is no end",
			"<p>a b c</p>\n" TABLE
			"<tr><td></td></tr><tr><td>d e</td></tr></table></div>\n",
			"<p>a b c" SPACED "</p>", 7, 0, false, 0 },
		{ "empty cells behind the last text go",
			TABLE
			"<tr><td>a b c</td><td></td></tr><tr><td>d e f</td></tr></table></div>",
			TABLE "<tr><td>a b c" SPACED "</td></tr></table></div>", 8, 0, false, 0 },
		{ "blanks behind the last text go", "<pre>a b c   \n\n\n</pre>\n<p>d e f</p>\n",
			"<pre>a b c" SPACED "</pre>", 8, 0, false, 0 },
		{ "blanks alone are not text", "<pre>a\n\n\n\n\n\n\n\n\n\n\n\nb</pre>",
			"<pre>a" SPACED "</pre>", 8, 0, false, 0 },
	};
	check(rows, COUNT(rows));
}

static void marks(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "between items", "<ul><li>a</li><!--more--><li>b</li></ul>",
			"<ul><li>a" SPACED "</li></ul>", 0, 0, false, 0 },
		{ "inside an item", "<ul><li>a <em>b <!--more-->c</em></li></ul>",
			"<ul><li>a <em>b" SPACED "</em></li></ul>", 0, 0, false, 0 },
		{ "at the beginning of an item", "<ul><li>a</li><li><!--more-->b</li></ul>",
			"<ul><li>a" SPACED "</li></ul>", 0, 0, false, 0 },
		{ "behind the limit",
			"<p>One. Two. Three four.</p>\n<ul><li>a<!--more-->b</li></ul>\n",
			"<p>One. Two." SPACED "</p>", 12, 0, false, 0 },
		{ "between blocks", "<p>a b</p>\n<p>c d</p>\n<p>e f</p>\n",
			"<p>a b</p>\n<p>c d" SPACED "</p>", 0, 0, false, 22 },
		{ "at the very end", "<p>a b</p>\n", "<p>a b</p>", 0, 0, false, 11 },
		{ "in front of all text", "<ul><!--more--><li>b c</li></ul>",
			"<ul><li>b c</li></ul>", 0, 0, false, 0 },
	};
	check(rows, COUNT(rows));
}

/* What our writer did not write ends what can be given. */
static void what_is_not_canonical_ends_it(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "a tag without its end", "<p>One two three four <b",
			"<p>One two three four" DOTS "</p>", 0, 0, false, 0 },
		{ "an element never opened", "<p>One two three four</em> five</p>",
			"<p>One two three" DOTS "</p>", 0, 0, false, 0 },
		{ "an unknown entity", "<p>One two three four &nbsp; five</p>",
			"<p>One two three four" DOTS "</p>", 0, 0, false, 0 },
		{ "text outside", "<p>One two three.</p>four", "<p>One two three." SPACED "</p>", 0,
			0, false, 0 },
		{ "the beginning of a block", "<p>One two three four fi",
			"<p>One two three four" DOTS "</p>", 0, 0, false, 0 },
	};
	check(rows, COUNT(rows));
}

static void lengths(void **state)
{
	(void)state;
	static const struct {
		const char *html;
		int64_t characters, visible, words;
	} rows[] = {
		{ "<p>One two, three\xe2\x80\x94"
		  "four.</p>",
			20, 18, 4 },
		{ "<p>one\xc2\xa0two\xe2\x80\xafthree\xe3\x80\x80"
		  "four</p>",
			18, 15, 4 },
		{ "<p>it's half-time at 3.5 \xe2\x80\x93 so</p>", 26, 21, 5 },
		{ "<p>half<em>bold</em> word</p><p>x</p>", 14, 13, 3 },
		{ "<p>昨夜议会以九票对四票通过</p>", 12, 12, 6 },
		{ "<p>สภาเมืองลงมติเห็นชอบ</p>", 20, 20, 4 },
		{ "<p>Das新码头 ist</p>", 10, 9, 4 },
		{ "<pre>  a\n\n\tb</pre>", 7, 2, 2 },
		{ "<p>a\xc2\xad"
		  "b\xe2\x80\x8b"
		  "c \xe2\x80\x94 !</p>",
			9, 6, 2 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text_length n;
		assert_true(html_measure(str_of(rows[i].html), &n));
		if (n.characters != rows[i].characters || n.visible != rows[i].visible ||
			text_length_words(&n) != rows[i].words)
			fail_msg("%s: %d characters, %d visible, %d words", rows[i].html,
				(int)n.characters, (int)n.visible, (int)text_length_words(&n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paragraphs),
		cmocka_unit_test(sentences),
		cmocka_unit_test(structures),
		cmocka_unit_test(marks),
		cmocka_unit_test(what_is_not_canonical_ends_it),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
