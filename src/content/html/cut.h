/* html_cut: the beginning of an article's HTML, never longer than a limit, whatever its script and
 * structure.
 *
 * Cut is, best first: behind a paragraph, list item, table row, line of verse or of a listing, or a
 * sentence; behind a sentence inside an item or a cell; behind a word; behind a grapheme. A better
 * end that would give less than a quarter of what the limit allows gives way to the next. A
 * heading, a table's caption or head are no end. Where it is cut stands "…", inside the last text;
 * the elements that are open are closed. Cutting the result again by the same limit changes
 * nothing. */
#ifndef CONTENT_HTML_CUT_H
#define CONTENT_HTML_CUT_H

#include "walk.h"

struct html_limit {
	int64_t characters, visible; /* at most, see text_length; the "…" included */
	int64_t words; /* the sentence, item … that reaches so many is the last; 0: no matter */
	size_t mark;   /* offset of the author's mark between two blocks; 0: none there */
	bool one_sentence; /* the first sentence, line, item … is the last */
	bool exceeded;     /* the caller has measured that the text is longer: one walk less */
};
struct html_part {
	struct text_length length; /* of what was written, without the "…" */
	bool whole;                /* nothing visible was left out */
	bool marked;               /* it ends at the author's mark */
};
/* Text of all of `html`, and whether it is canonical to its end. */
bool html_measure(struct str html, struct text_length *out);
/* Appends the part to `out`; errors stay in `out`. */
struct html_part html_cut(struct str html, const struct html_limit *limit, struct buf *out);

#endif
