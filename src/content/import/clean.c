/* Cleans what a source says of an article: the byline without its "By", and tags, each once. */
#include "../internal.h"

struct str import_byline_clean(struct str s, struct arena *a)
{
	struct str line = content_field_clean(s, a);
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
