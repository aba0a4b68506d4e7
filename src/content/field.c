/* Cleans fields of one line (headline, byline, caption): control characters and line breaks become
 * spaces, so that the field fits between two quotes of an exported front matter, and a long one is
 * cut before a word. */
#include "internal.h"

#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6";

static bool is_gap(unsigned char c)
{
	return c <= ' ' || c == 0x7f;
}

/* At most `max` bytes, cut before a word where there is one, never inside a character. */
static size_t cut_at(struct str s, size_t max)
{
	size_t n = max;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t word = n; word > max / 2; word--)
		if (s.p[word] == ' ')
			return word;
	return n;
}

struct str content_field_clean(struct str s, struct arena *a)
{
	if (s.n == 0)
		return (struct str){ "", 0 };
	BUF_AUTO b = BUF(s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!is_gap(c))
			buf_byte(&b, (char)c);
		else if (b.n > 0 && b.p[b.n - 1] != ' ')
			buf_byte(&b, ' ');
	}
	if (b.err)
		return arena_buf(a, &b);
	struct str clean = str_trim(buf_view(&b));
	if (clean.n <= FIELD_MAX)
		return clean.n ? arena_str(a, clean) : (struct str){ "", 0 };
	size_t n = cut_at(clean, FIELD_MAX - strlen(ellipsis));
	return str_of(arena_fmt(a, "%.*s%s", (int)n, clean.p, ellipsis));
}
