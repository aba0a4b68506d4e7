/* Shortens deks and captions to what every reader may see in lists and cards: at most 400
 * characters, and nothing that repeats the text beyond the teaser. Done at import, and again by
 * housekeeping when the teaser settings have changed. */
#include "dek.h"

#include "postern/queries/article.h"
#include "repeat.h"
#include "teaser.h"

#include <string.h>

enum {
	RULES = 1,           /* of this file; a change of them makes every dek anew */
	ENOUGH_LETTERS = 12, /* a shorter rest says nothing */
	SETTLE_MAX = 64,     /* articles of one batch */
	SETTLE_ARENA = 4 * ARTICLE_SOURCE_MAX + (1 << 20),
};

int64_t content_dek_bound_number(const struct teaser_bound *b)
{
	return ((int64_t)RULES * 1000000 + b->characters) * 100 + b->share;
}

/* ---- one text ---- */

static int64_t open_visible(const struct block *blocks, size_t n, const struct teaser_bound *b)
{
	int64_t all = 0;
	struct text_length length;
	for (size_t i = 0; i < n; i++) {
		if (html_is_figure(blocks[i].html))
			continue;
		(void)html_measure(blocks[i].html, &length);
		all += length.visible;
	}
	return content_teaser_share(all, b);
}

/* Where scripts have blanks between words, a word that goes on behind `end` is left out. */
static size_t word_end(struct str text, size_t end)
{
	size_t gap = 0, letters = 0, n = 0;
	uint32_t cp = 0;
	for (size_t i = 0; i < end; i += n) {
		n = str_utf8((struct str){ text.p + i, text.n - i }, &cp);
		if (n == 0)
			return 0;
		if (text_letter(cp))
			letters++;
		else
			gap = i + n;
	}
	if (letters < ENOUGH_LETTERS)
		return 0;
	struct text_length next = { .in_word = true };
	if (str_utf8((struct str){ text.p + end, text.n - end }, &cp) > 0)
		text_length_add(&next, cp);
	bool goes_on = next.in_word && text_letter(cp);
	return goes_on ? gap : end;
}

/* Offset behind so many characters, or the length. */
static size_t characters_end(struct str text, size_t characters)
{
	uint32_t cp = 0;
	size_t i = 0;
	for (size_t n; i < text.n && characters > 0; i += n, characters--) {
		n = str_utf8((struct str){ text.p + i, text.n - i }, &cp);
		if (n == 0)
			return i;
	}
	return i;
}

static struct str bounded(struct str text, size_t most, size_t free_end, struct arena *a)
{
	size_t end = most < free_end ? most : free_end;
	if (end >= text.n)
		return text;
	struct str begin = str_trim((struct str){ text.p, word_end(text, end) });
	if (begin.n == 0)
		return STR("");
	return str_of(arena_fmt(a, "%.*s\xe2\x80\xa6", (int)begin.n, begin.p));
}

static size_t free_end(struct str text, const struct block *blocks, size_t n,
	const struct teaser_bound *b, struct arena *a)
{
	return text.n ? content_repeat_free(text, blocks, n, open_visible(blocks, n, b), a) : 0;
}

struct str content_dek_bounded(struct str text, const struct block *blocks, size_t n,
	const struct teaser_bound *b, struct arena *a)
{
	return bounded(
		text, characters_end(text, DEK_CHARACTERS), free_end(text, blocks, n, b, a), a);
}

struct str content_text_bounded(
	struct str text, const struct blocks *blocks, const struct teaser_bound *b, struct arena *a)
{
	return bounded(text, text.n, free_end(text, blocks->v, blocks->n, b, a), a);
}

/* ---- housekeeping ---- */

/* One batch of content_deks_refresh. */
struct deks_job {
	const struct teaser_bound *bound;
	struct db_batch *b;
};

/* Where an import takes the whole caption anew, this takes from it only what may not stand there.
 */
static enum err caption_refresh(struct db_conn *c, const struct deks_job *s,
	const struct image *lead, const struct blocks *blocks, struct arena *a)
{
	struct str alt = content_text_bounded(lead->alt, blocks, s->bound, a);
	struct str caption = content_text_bounded(lead->caption, blocks, s->bound, a);
	if (str_eq(alt, lead->alt) && str_eq(caption, lead->caption))
		return ERR_OK;
	return q_media_caption_refresh(c, lead->id, lead->alt, lead->caption, alt, caption);
}

/* Writes only if the row still has the dek that was read: an import may have come between. */
static enum err dek_refresh(struct db_conn *c, const struct deks_job *s,
	const struct article_dek_stale_row *row, struct arena *a)
{
	struct image *lead = NULL;
	struct blocks blocks = { .v = NULL };
	size_t leads = 0;
	enum err e = content_images_below(c, row->id, 1, a, &lead, &leads);
	if (e)
		return e;
	bool told = leads > 0 && lead->alt.n + lead->caption.n > 0;
	if (told || row->dek.n > 0)
		e = content_blocks_below(c, row->id, ARTICLE_BLOCKS_MAX, a, &blocks.v, &blocks.n);
	if (!e && told)
		e = caption_refresh(c, s, lead, &blocks, a);
	if (e)
		return e;
	struct str shown = content_dek_bounded(row->dek, blocks.v, blocks.n, s->bound, a);
	if (arena_failed(a)) /* it would be stored as if there were none */
		return ERR_NOMEM;
	e = q_article_dek_refresh(c, row->id, row->dek, shown, content_dek_bound_number(s->bound));
	return e || (row->dek.n == 0 && !told) ? e : db_change_add(c, DB_CHANGE_ARTICLE, row->id);
}

static enum err deks_refresh_tx(struct db_conn *c, void *arg)
{
	const struct deks_job *s = arg;
	ARENA_AUTO *list =
		arena_new(SETTLE_MAX * (sizeof(struct article_dek_stale_row) + FIELD_MAX + 64));
	struct article_dek_stale_row *v = NULL;
	size_t n = 0;
	if (!list)
		return ERR_NOMEM;
	size_t max = s->b->max < SETTLE_MAX ? (size_t)s->b->max : SETTLE_MAX;
	enum err e = q_article_dek_stale(c, content_dek_bound_number(s->bound), max, list, &v, &n);
	for (size_t i = 0; !e && i < n; i++) {
		ARENA_AUTO *a = arena_new(SETTLE_ARENA);
		e = a ? dek_refresh(c, s, &v[i], a) : ERR_NOMEM;
	}
	s->b->seen = n < max ? 0 : s->b->max;
	return e;
}

static enum err deks_refresh_batch(struct db_sweeper *sweeper, void *arg, struct db_batch *b)
{
	return db_tx_each(sweeper->db, deks_refresh_tx, &(struct deks_job){ arg, b });
}

enum err content_deks_refresh(struct db_sweeper *s, const struct teaser_bound *bound)
{
	struct teaser_bound copy = *bound;
	return db_sweep(
		s, &(struct db_sweep){ .name = "deks", .batch = deks_refresh_batch, .arg = &copy });
}
