/* Cleans fields of one line (headline, byline, caption): removes control characters and line
 * breaks, so that the field fits between two quotes of an exported front matter. */
#include "../internal.h"

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

struct str import_field_clean(struct str s, struct arena *a)
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

struct str import_byline_clean(struct str s, struct arena *a)
{
	struct str line = import_field_clean(s, a);
	struct str by = STR("by ");
	if (line.n > by.n && str_eq_nocase((struct str){ line.p, by.n }, by))
		line = (struct str){ line.p + by.n, line.n - by.n };
	return line;
}

void import_draft_tag_add(struct buf *tags, struct str name)
{
	if (name.n == 0 || name.n > WORD_BYTES_MAX || str_has_byte(name, '\n'))
		return;
	struct str rest = buf_view(tags), have;
	size_t count = 0;
	while (content_tag_next(&rest, &have)) {
		if (str_eq_nocase(have, name))
			return;
		count++;
	}
	if (count >= ARTICLE_TAGS_MAX)
		return;
	if (tags->n == 0)
		buf_byte(tags, '\n');
	buf_str(tags, name);
	buf_byte(tags, '\n');
}
