/* The door to the text. What is not granted is not even read from the database. */
#include "internal.h"

enum { OPEN_BYTES_MAX = 4 * ARTICLE_SOURCE_MAX };

static const struct db_column size_columns[] = {
	DB_COL_INT(struct block_size, words),
	DB_COL_BOOL(struct block_size, paragraph),
};
static const struct db_shape size_shape = DB_SHAPE(struct block_size, size_columns);

static const struct db_column block_columns[] = {
	DB_COL_INT(struct block, words),
	DB_COL_STR(struct block, html),
};
static const struct db_shape block_shape = DB_SHAPE(struct block, block_columns);

bool decision_ok(const struct decision *d)
{
	/* what is to be counted opens nothing before it is */
	if (!d || d->charge || d->reason < REASON_PUBLIC || d->reason >= REASON_COUNT)
		return false;
	return d->grant == GRANT_NONE || d->grant == GRANT_TEASER || d->grant == GRANT_FULL;
}

static size_t cut_by_words(const struct block_size *v, size_t n, unsigned teaser_words)
{
	size_t end = 0;
	int64_t words = 0;
	while (end < n && words < (int64_t)teaser_words)
		words += v[end++].words;
	size_t first = 0; /* behind the first paragraph; an article of lists and tables has none */
	while (first < n && !v[first].paragraph)
		first++;
	if (first < n && end < first + 1)
		end = first + 1;
	return end ? end : 1;
}

size_t teaser_cut(const struct block_size *v, size_t n, int64_t cut, unsigned teaser_words)
{
	if (n <= 1)
		return n;
	size_t end = cut > 0 ? (size_t)cut : cut_by_words(v, n, teaser_words);
	return end < n ? end : n - 1;
}

/* A rule's length of the teaser takes the place of the setting; an override's also that of the
 * author's mark, since it stands above what the article says. */
struct cut_point {
	int64_t mark;
	unsigned words;
};
static struct cut_point cut_point(
	const struct article *art, const struct decision *d, unsigned teaser_words)
{
	struct cut_point at = { .mark = art->cut, .words = teaser_words };

	if (d->teaser_words <= 0)
		return at;
	at.words = (unsigned)d->teaser_words;
	if (d->rule && d->rule->kind == RULE_OVERRIDE)
		at.mark = 0;
	return at;
}

static enum err teaser_end(struct db_conn *c, const struct article *art, struct cut_point at,
	struct arena *a, int64_t *end, bool *whole)
{
	struct block_size *sizes = NULL;
	size_t n = 0;
	enum err e = db_list(c,
		&(struct db_call){
			.query = QUERY_ARTICLE_BLOCK_SIZES,
			DB_PARAMS(db_z(art->id)),
			.shape = &size_shape,
			.arena = a,
			.max_rows = ARTICLE_BLOCKS_MAX,
		},
		&sizes, &n);
	if (e)
		return e;
	size_t cut = teaser_cut(sizes, n, at.mark, at.words);
	*end = (int64_t)cut;
	*whole = cut == n;
	return ERR_OK;
}

enum err blocks_below(struct db_conn *c, const char *article_id, int64_t end, struct arena *a,
	struct block **out, size_t *count)
{
	return db_list(c,
		&(struct db_call){
			.query = QUERY_ARTICLE_BLOCK_HTML,
			DB_PARAMS(db_z(article_id), db_int(end)),
			.shape = &block_shape,
			.arena = a,
			.max_rows = ARTICLE_BLOCKS_MAX,
		},
		out, count);
}

/* Positions run from 0 without a gap, so a count of blocks is the position behind them. A teaser
 * goes without the pictures in its text: but for the lead, which stands above it, their files are
 * not granted and would show as broken. */
static enum err read_blocks(struct db_conn *c, const char *article_id, int64_t end, struct arena *a,
	struct article_text *text)
{
	struct block *blocks = NULL;
	size_t n = 0;
	enum err e = blocks_below(c, article_id, end, a, &blocks, &n);
	if (e)
		return e;
	BUF_AUTO out = BUF(OPEN_BYTES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!text->whole && str_starts(blocks[i].html, STR("<figure>")))
			continue;
		buf_str(&out, blocks[i].html);
		buf_byte(&out, '\n');
	}
	if (out.err)
		return out.err;
	text->html = arena_str(a, buf_view(&out));
	return out.n > 0 && !text->html.p ? ERR_NOMEM : ERR_OK;
}

enum err content_open(struct db_conn *c, const struct article *art, const struct decision *d,
	unsigned teaser_words, struct arena *a, struct article_text *out)
{
	if (!decision_ok(d))
		return ERR_INTERNAL;
	struct article_text text = { .html = { NULL, 0 } };
	int64_t end = ARTICLE_BLOCKS_MAX;
	enum err e = ERR_OK;
	if (d->grant == GRANT_FULL)
		text.whole = true;
	else if (d->grant == GRANT_TEASER)
		e = teaser_end(c, art, cut_point(art, d, teaser_words), a, &end, &text.whole);
	else
		end = 0;
	if (!e && end > 0)
		e = read_blocks(c, art->id, end, a, &text);
	if (e)
		return e;
	*out = text;
	return ERR_OK;
}
