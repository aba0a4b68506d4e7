/* dek: what everybody may read of an article beside its teaser. */
#ifndef CONTENT_DEK_H
#define CONTENT_DEK_H

#include "internal.h"

enum { DEK_CHARACTERS = 400 }; /* of a dek that repeats nothing */

/* As much of `text` as may stand beside a teaser: DEK_CHARACTERS at most, and nothing that it
 * repeats of the text from where no teaser by `b` reaches; with "…" where it is cut. */
struct str content_dek_bounded(struct str text, const struct block *blocks, size_t n,
	const struct teaser_bound *b, struct arena *a);
/* The same for a caption, which may be longer. */
struct str content_text_bounded(struct str text, const struct blocks *blocks,
	const struct teaser_bound *b, struct arena *a);
/* What it is made for: another number where it would come out otherwise. */
int64_t content_dek_bound_number(const struct teaser_bound *b);

#endif
