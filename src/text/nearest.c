/* "Did you mean": the name nearest to a misspelt word, by Levenshtein's distance. */
#include "internal.h"

/* WORD_MAX: bytes; the work grows with the product of both lengths. */
enum { WORD_MAX = 128, DISTANCE_MAX = 3 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

/* Levenshtein's distance, one row of the table at a time. Both at most WORD_MAX bytes. */
static size_t distance(struct str a, struct str b)
{
	size_t row[WORD_MAX + 1];
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);
			diagonal = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, change);
		}
	}
	return row[b.n];
}

const char *text_nearest(struct str word, const char *const *names)
{
	const char *best = NULL;
	size_t best_distance = DISTANCE_MAX + 1;
	if (word.n > WORD_MAX)
		return NULL;
	for (; *names; names++) {
		struct str name = str_of(*names);
		if (name.n > WORD_MAX)
			continue;
		size_t d = distance(word, name);
		if (d < best_distance && d < (word.n > name.n ? word.n : name.n)) {
			best = *names;
			best_distance = d;
		}
	}
	return best;
}
