/* Tells the newsroom what an anonymous reader gets of an article. */
#include "dek.h"
#include "teaser.h"

enum { PERCENT = 100 };

static int64_t characters_of(struct str s)
{
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void content_dek_report(struct str dek, struct str shown, struct teaser_report *out)
{
	struct str dots = STR("\xe2\x80\xa6");
	if (str_eq(dek, shown))
		return;
	out->dek_left_out = characters_of(dek) - characters_of(shown);
	if (str_ends(shown, dots))
		out->dek_left_out++;
}

enum err content_teaser_report_of(const struct block *blocks, size_t n, int64_t cut,
	const struct teaser_bound *b, struct teaser_report *out)
{
	struct teaser_text t = { .html = BUF(4 * (size_t)ARTICLE_SOURCE_MAX) };
	BUF_AUTO html = BUF(4 * (size_t)ARTICLE_SOURCE_MAX);
	const struct teaser_wish wish = {
		.marked = cut > 0, .nothing = cut == CUT_NOTHING, .words = b->words
	};
	*out = (struct teaser_report){ .mark_beyond = false };
	for (size_t i = 0; i < n; i++)
		content_teaser_text_add(&t, blocks[i].html, (int64_t)i, cut, b);
	out->size = content_teaser_make(&t, &wish, b, &html);
	enum err e = t.html.err ? t.html.err : html.err;
	out->mark_beyond = wish.marked && !t.leading && !out->size.marked;
	out->mark_exceeds =
		out->size.marked && (out->size.characters > (int64_t)b->characters ||
					    content_teaser_percent(&out->size) > (int)b->share);
	buf_free(&t.html);
	return e;
}

int content_teaser_percent(const struct teaser_size *s)
{
	if (s->all_characters == 0)
		return 0;
	return (int)((s->characters * PERCENT + s->all_characters - 1) / s->all_characters);
}

enum err content_teaser_report(struct db_conn *c, const struct article *art,
	const struct teaser_bound *b, struct arena *a, struct teaser_report *out)
{
	struct block *blocks = NULL;
	size_t n = 0;
	enum err e = content_blocks_below(c, art->id, ARTICLE_BLOCKS_MAX, a, &blocks, &n);
	if (!e)
		e = content_teaser_report_of(blocks, n, art->cut, b, out);
	if (!e)
		content_dek_report(
			art->dek_whole, content_dek_bounded(art->dek_whole, blocks, n, b, a), out);
	return e;
}
