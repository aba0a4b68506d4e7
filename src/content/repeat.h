/* repeat: how much of a short text (a dek, a caption) is not a repetition of an article's text.
 *
 * Letters and digits alone are compared, in lower case, so that other punctuation, blanks or
 * capitals hide no repetition. A run counts that is longer than a phrase: about five words, or
 * eight ideographs. */
#ifndef CONTENT_REPEAT_H
#define CONTENT_REPEAT_H

#include "internal.h"

/* The bytes at the beginning of `text` that repeat nothing of the blocks behind their first
 * `open_visible` visible characters. What stands in front of that too is no repetition. 0 where it
 * cannot be told: too much work, or no memory, which `a` knows then. */
size_t content_repeat_free(struct str text, const struct block *blocks, size_t n,
	int64_t open_visible, struct arena *a);

#endif
