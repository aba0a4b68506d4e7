/* content_open: the only function that reads the text of an article. It takes a decision and
 * returns the full text, the teaser, or nothing; text that is not granted is not read from the
 * database. */
#include "teaser.h"

#include "postern/queries/article.h"

enum { OPEN_BYTES_MAX = 4 * ARTICLE_SOURCE_MAX };

bool content_decision_is_valid(const struct decision *d)
{
	/* what is to be counted opens nothing before it is */
	if (!d || d->must_count || d->reason < REASON_PUBLIC || d->reason >= REASON_COUNT)
		return false;
	return d->grant == GRANT_NONE || d->grant == GRANT_TEASER || d->grant == GRANT_FULL;
}

enum err content_blocks_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct block **out, size_t *count)
{
	return q_article_block_html(c, article_id, end, ARTICLE_BLOCKS_MAX, a, out, count);
}

static enum err all_read(
	struct db_conn *c, const struct article *art, struct arena *a, struct article_text *text)
{
	struct block *blocks = NULL;
	size_t n = 0;
	enum err e = content_blocks_below(c, art->id, ARTICLE_BLOCKS_MAX, a, &blocks, &n);
	if (e)
		return e;
	BUF_AUTO out = BUF(OPEN_BYTES_MAX);
	for (size_t i = 0; i < n; i++) {
		html_write_unmarked(&out, blocks[i].html);
		buf_byte(&out, '\n');
	}
	if (out.err)
		return out.err;
	text->html = arena_buf(a, &out);
	text->whole = true;
	return out.n > 0 && !text->html.p ? ERR_NOMEM : ERR_OK;
}

enum err content_open(struct db_conn *c, const struct article *art, const struct decision *d,
	const struct teaser_bound *bound, struct arena *a, struct article_text *out)
{
	if (!content_decision_is_valid(d))
		return ERR_INTERNAL;
	struct article_text text = { .html = { NULL, 0 } };
	enum err e = ERR_OK;
	if (d->grant == GRANT_FULL)
		e = all_read(c, art, a, &text);
	else if (d->grant == GRANT_TEASER)
		e = content_teaser_open(c, art, d, bound, a, &text);
	if (e)
		return e;
	*out = text;
	return ERR_OK;
}
