/* Lists of common passwords: what strength.c asks of common.c. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_COMMON_H
#define POSTERN_CRYPTO_COMMON_H

#include "postern/crypto.h"
#include "words.h"

/* The form in which words and passwords are compared. */
enum err MUST_USE crypto_common_plain(
	struct str s, struct arena *a, char out[static SKELETON_MAX + 1], size_t *n);
/* The words that are in `text`, which is plain: those that fit into `found`. */
void crypto_common_find(const struct common_words *w, const char *text, struct words *found);
size_t crypto_common_count(const struct common_words *w);

#endif
