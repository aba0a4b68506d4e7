/* Words that a password must not be made of: the site's name, the reader's address and name.
 *
 * Text is kept in the *skeleton* that libzxcvbn can judge: one byte a character (the library counts
 * bytes, and would take six Cyrillic letters for twelve strong characters), ASCII as it is, every
 * other code point as 0x80 plus its low seven bits. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_WORDS_H
#define POSTERN_CRYPTO_WORDS_H

#include "postern/base.h"

enum {
	SKELETON_MAX = 100, /* characters; libzxcvbn looks at no more in detail */
	WORDS_MAX = 64,     /* later ones are dropped: the caller names the weightiest first */
	WORD_PART_MIN = 4,  /* characters of a part split off */
	WORD_WHOLE_MIN = 3, /* characters of a context word as given: below, it matches by chance */
};

struct words {
	const char *list[WORDS_MAX + 1]; /* as libzxcvbn takes it: the last one is NULL */
	size_t n;
	char text[WORDS_MAX][SKELETON_MAX + 1];
};

/* At most SKELETON_MAX characters and a NUL; returns their number. Never stops early at a NUL
 * inside. */
size_t crypto_skeleton(struct str s, char out[static SKELETON_MAX + 1]);
void crypto_fold(char *text); /* ASCII letters to lower case, in place */
/* From strings up to a NULL: each as a whole, its parts, and its parts run together. `w` must stay
 * where it is. */
void crypto_words_collect(const char *const *context, struct words *w);

#endif
