/* What a page adds to text for its layout: several tables are told apart by their names, and words
 * with a hyphen in headlines stay whole. */
#include "internal.h"

#include <string.h>

/* Bytes that one table's name or one word's frame adds. */
enum { TABLE_NAME_BYTES = 48, WORD_FRAME_BYTES = 40 };
/* How the sanitiser opens the frame in which a table scrolls; no text holds a "<". */
#define TABLE_NAME STR("<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table")
#define WORD_OPEN STR("<span class=\"whole\">")
#define WORD_CLOSE STR("</span>")

/* ---- tables ---- */

/* Offset behind the next name of a table from `from` on; 0: there is none. */
static size_t name_end(struct str html, size_t from)
{
	const char *p = memmem(html.p + from, html.n - from, TABLE_NAME.p, TABLE_NAME.n);
	return p ? (size_t)(p - html.p) + TABLE_NAME.n : 0;
}

static size_t tables_count(struct str html)
{
	size_t n = 0;
	for (size_t at = 0; html.n > 0 && (at = name_end(html, at)) > 0;)
		n++;
	return n;
}

/* "Table 2 of 3", because two regions of one name cannot be told apart by ear. */
struct str pages_body_html(struct arena *a, struct str html)
{
	const size_t count = tables_count(html);
	if (count < 2)
		return html;
	BUF_AUTO b = BUF(html.n + count * TABLE_NAME_BYTES + 1);
	size_t at = 0;
	for (size_t number = 1; number <= count; number++) {
		const size_t end = name_end(html, at);
		buf_add(&b, html.p + at, end - at);
		buf_fmt(&b, " %zu of %zu", number, count);
		at = end;
	}
	buf_add(&b, html.p + at, html.n - at);
	return arena_buf(a, &b);
}

/* ---- headlines ---- */

/* Has a hyphen inside, where a line may be broken: "well-known", not "- " nor "x-". */
static bool is_compound(struct str word)
{
	const char *hyphen = word.n > 2 ? memchr(word.p + 1, '-', word.n - 2) : NULL;
	return hyphen != NULL;
}

static void word_put(struct buf *b, struct str word)
{
	const bool whole = is_compound(word);
	if (whole)
		buf_str(b, WORD_OPEN);
	escape_html(b, word);
	if (whole)
		buf_str(b, WORD_CLOSE);
}

struct str pages_headline_html(struct arena *a, struct str headline)
{
	BUF_AUTO b = BUF(headline.n * (6 + WORD_FRAME_BYTES) + 1);
	while (headline.n > 0) {
		struct str word = str_cut(&headline, ' ');
		word_put(&b, word);
		if (headline.p)
			buf_byte(&b, ' ');
	}
	return arena_buf(a, &b);
}
