/* teaser: how much of an article an anonymous reader gets. */
#ifndef CONTENT_TEASER_H
#define CONTENT_TEASER_H

#include "html/cut.h"
#include "internal.h"

/* The beginning of an article's text, as much of it as a teaser is made from. */
struct teaser_text {
	struct buf html;          /* blocks without pictures, a line break after each */
	struct text_length total; /* of the text; at least so much, once `enough` */
	bool enough;              /* of the text was read to know that the share is no limit */
	bool broken;              /* the last block ends before its end: no more may follow */
	size_t mark;              /* offset behind the blocks in front of the author's mark, or 0 */
	bool leading;             /* that mark stands in front of all text, and marks nothing */
};
/* `cut`: as in struct article; at `position`. */
void content_teaser_text_add(struct teaser_text *t, struct str html, int64_t position, int64_t cut,
	const struct teaser_bound *b);

/* How much of so much an anonymous reader may have, by share and characters. */
int64_t content_teaser_share(int64_t total, const struct teaser_bound *b);

struct teaser_wish {
	bool marked;    /* by the author, whose mark counts */
	bool nothing;   /* the mark stands in front of all text */
	unsigned words; /* else about so many */
};
/* Appends the teaser to `out`. */
struct teaser_size content_teaser_make(const struct teaser_text *t, const struct teaser_wish *wish,
	const struct teaser_bound *b, struct buf *out);

/* Of an article's blocks in memory. */
enum err MUST_USE content_teaser_report_of(const struct block *blocks, size_t n, int64_t cut,
	const struct teaser_bound *b, struct teaser_report *out);
/* What of the dek is left out. */
void content_dek_report(struct str dek, struct str shown, struct teaser_report *out);
/* ---- import/teaser.c: of a draft; cuts what its dek and its lead picture's caption repeat, and
 * warns of what the author should know. */
enum err MUST_USE import_draft_teaser(
	struct import_item *it, struct draft *d, struct teaser_report *r);

/* Reads no more blocks, and no more of each, than the teaser needs. */
enum err MUST_USE content_teaser_open(struct db_conn *c, const struct article *art,
	const struct decision *d, const struct teaser_bound *b, struct arena *a,
	struct article_text *out);

#endif
