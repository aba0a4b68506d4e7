/* Words that a password must not be made of: the site's name, the reader's address and name.
 *
 * Text is kept in the *skeleton* that libzxcvbn can judge: one byte a character (the library counts
 * bytes, and would take six Cyrillic letters for twelve strong characters), ASCII as it is, every
 * other code point as 0x80 plus its low seven bits. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_WORDS_H
#define POSTERN_CRYPTO_WORDS_H

#include "postern/base.h"

enum {
	/* Characters. libzxcvbn's time grows with the fourth power of the length: a hundred digits
	 * walked on a keypad take it 0.6 s, 64 take 90 ms, 48 take 25 ms, as long as one password
	 * hash. */
	SKELETON_MAX = 48,
	SQUEEZE_COPIES = 4,
	SQUEEZE_PERIOD_MAX = 16,
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
/* ASCII letters to lower case, in place; true when there were capitals. */
bool crypto_fold(char *text);
/* Leaves SQUEEZE_COPIES of what is repeated more often, in place. libzxcvbn needs a second for a
 * hundred characters such as "5151...", because it tries every leet reading with every number of
 * repetitions; a further one adds no bit. */
void crypto_squeeze(char *text);
/* `s`, unless it is shorter than `min`, there already, or there is no room. The list has no end
 * yet.
 */
void crypto_words_add(struct words *w, struct str s, size_t min);
/* From strings up to a NULL: each as a whole, its parts, and its parts run together. `w` must stay
 * where it is. */
void crypto_words_collect(const char *const *context, struct words *w);

#endif
