/* The words of an enum, in a table by value: one way from a value to its word and back. */
#include "postern/base.h"

const char *str_name_of(const char *const *words, size_t count, size_t value)
{
	return value < count && words[value] ? words[value] : "";
}

enum err str_name_find(const char *const *words, size_t count, struct str s, unsigned *value)
{
	for (unsigned i = 0; i < count && s.n > 0; i++) {
		if (words[i] && str_eq(s, str_of(words[i]))) {
			*value = i;
			return ERR_OK;
		}
	}
	return ERR_INVALID;
}
