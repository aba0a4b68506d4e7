/* Makes the teaser when it is asked for, from only as much of the text as it needs. It is bounded
 * in characters and as a share of the text. Nothing is stored, so new settings apply at once and
 * to every article. */
#include "teaser.h"

#include "postern/queries/article.h"

#include <string.h>

enum {
	PERCENT = 100,
	TENTHS = 10,
	SHORT_WORDS = 60, /* of a shorter text one sentence at most */
	FIRST_BLOCKS = 16,
	/* Of one block is read, at most, what holds the text that is needed even if each character
	   is an entity; a block with more markup than that counts as shorter. */
	PIECE_PER_CHARACTER = 6,
	PIECE_MORE = 4096,
};

/* ---- what it is made from ---- */

/* As soon as so much text is known, the share is above the bound in characters, whatever follows.
 */
static int64_t needed(const struct teaser_bound *b)
{
	return (int64_t)b->characters * PERCENT / b->share + 1;
}

void content_teaser_text_add(struct teaser_text *t, struct str html, int64_t position, int64_t cut,
	const struct teaser_bound *b)
{
	struct text_length n;
	if (t->broken)
		return;
	/* A teaser goes without the pictures in the text: but for the lead, which stands above it,
	 * their files are not granted and would show as broken. */
	if (!html_is_figure(html)) {
		t->broken = !html_measure(html, &n);
		buf_str(&t->html, html);
		buf_byte(&t->html, '\n');
		t->total.characters += n.characters;
		t->total.visible += n.visible;
		t->total.tenths += n.tenths;
	}
	if (position + 1 == cut) {
		t->mark = t->html.n;
		t->leading = t->total.visible == 0;
	}
	/* A mark that may exceed the bound counts wherever it stands, unless at the very end. */
	bool passed = !b->mark_may_exceed || cut == 0 || position + 1 > cut;
	t->enough = passed && t->total.visible >= needed(b);
}

/* ---- how much of it ---- */

int64_t content_teaser_share(int64_t total, const struct teaser_bound *b)
{
	int64_t part = total * b->share / PERCENT;
	return part < (int64_t)b->characters ? part : (int64_t)b->characters;
}

static void limit_open(struct html_limit *l)
{
	l->characters = l->visible = INT64_MAX;
	l->one_sentence = l->exceeded = false;
}

static struct teaser_size size_of(const struct teaser_text *t, const struct html_part *part)
{
	return (struct teaser_size){
		.characters = part->length.characters,
		.words = text_length_words(&part->length),
		.all_characters = t->total.characters,
		.all_words = text_length_words(&t->total),
		.marked = part->marked,
	};
}

struct teaser_size content_teaser_make(const struct teaser_text *t, const struct teaser_wish *wish,
	const struct teaser_bound *b, struct buf *out)
{
	bool marked = wish->marked && !t->leading;
	if (wish->nothing)
		return (struct teaser_size){ .all_characters = t->total.characters,
			.all_words = text_length_words(&t->total),
			.marked = true };
	struct html_limit l = {
		.characters = content_teaser_share(t->total.characters, b),
		.visible = content_teaser_share(t->total.visible, b),
		.words = marked ? 0 : wish->words,
		.mark = marked ? t->mark : 0,
		.one_sentence = !t->enough && text_length_words(&t->total) < SHORT_WORDS,
	};
	l.exceeded = t->total.visible > l.visible;
	struct html_limit wide = l;
	struct str html = buf_view(&t->html);
	size_t before = out->n;
	limit_open(&wide);
	if (marked && b->mark_may_exceed) {
		struct html_part part = html_cut(html, &wide, out);
		if (part.marked && !part.whole)
			return size_of(t, &part);
		out->n = before;
	}
	struct html_part part = html_cut(html, &l, out);
	if (part.whole && t->total.visible > 0) { /* "never all of it" holds whatever was set */
		out->n = before;
		part.length = (struct text_length){ 0 };
	}
	return size_of(t, &part);
}

/* ---- where it ends ---- */

/* A rule's length of the teaser takes the place of the setting; an override's also that of the
 * author's mark, since it stands above what the article says. */
static struct teaser_wish wish_of(
	const struct article *art, const struct decision *d, const struct teaser_bound *b)
{
	struct teaser_wish wish = {
		.marked = art->cut > 0, .nothing = art->cut == CUT_NOTHING, .words = b->words
	};
	if (d->teaser_words <= 0)
		return wish;
	wish.words = (unsigned)d->teaser_words;
	if (d->rule && d->rule->kind == RULE_OVERRIDE)
		wish.marked = wish.nothing = false;
	return wish;
}

static bool is_figure(const struct html_walk *w)
{
	return w->depth > 0 && str_eq(w->open[0], STR("figure"));
}

/* Of the whole text, bytes stand for its share: to measure all of it would cost more than it is
 * worth for a place to scroll to. */
static bool is_beyond(const struct html_walk *w, const struct text_length *n,
	const struct teaser_wish *wish, const struct teaser_bound *b)
{
	return n->visible >= (int64_t)b->characters || w->at * PERCENT >= w->html.n * b->share ||
	       (!wish->marked && n->tenths >= (int64_t)wish->words * TENTHS);
}

size_t content_teaser_block_at(struct str html, const struct article *art, const struct decision *d,
	const struct teaser_bound *b)
{
	const struct teaser_wish wish = wish_of(art, d, b);
	struct html_walk w;
	struct text_length n = { .characters = 0 };
	int64_t blocks = 0;
	size_t from = html.n;
	html_walk_begin(&w, html);
	for (enum html_token t = html_walk_next(&w); t != HTML_END; t = html_walk_next(&w)) {
		if (w.depth == (t == HTML_OPEN) && t != HTML_CLOSE) {
			from = w.from;
			blocks++;
		}
		if (t == HTML_TEXT && !is_figure(&w))
			text_length_add(&n, w.cp);
		if (wish.nothing || (wish.marked && blocks > art->cut) ||
			is_beyond(&w, &n, &wish, b))
			return from;
	}
	return html.n;
}

/* ---- the door's part ---- */

/* Positions run from 0 without a gap: fewer rows than asked for are the last. */
static enum err text_read(struct db_conn *c, const struct article *art,
	const struct teaser_bound *b, struct arena *a, struct teaser_text *t)
{
	int64_t bytes = needed(b) * PIECE_PER_CHARACTER + PIECE_MORE, from = 0;
	if (b->mark_may_exceed && art->cut)
		bytes = ARTICLE_SOURCE_MAX;
	for (int64_t n = FIRST_BLOCKS; from < ARTICLE_BLOCKS_MAX && !t->enough && !t->broken;
		n *= 2) {
		struct article_block_pieces_row *v = NULL;
		size_t count = 0;
		enum err e = q_article_block_pieces(
			c, art->id, from, from + n, bytes, ARTICLE_BLOCKS_MAX, a, &v, &count);
		if (e)
			return e;
		for (size_t i = 0; i < count && !t->enough; i++)
			content_teaser_text_add(t, v[i].html, v[i].position, art->cut, b);
		if (count < (size_t)n)
			break;
		from += n;
	}
	return t->html.err;
}

enum err content_teaser_open(struct db_conn *c, const struct article *art, const struct decision *d,
	const struct teaser_bound *b, struct arena *a, struct article_text *out)
{
	if (!b || b->share == 0 || b->share >= PERCENT)
		return ERR_INTERNAL;
	struct teaser_text t = { .html = BUF(4 * (size_t)ARTICLE_SOURCE_MAX) };
	struct teaser_wish wish = wish_of(art, d, b);
	BUF_AUTO html = BUF(4 * (size_t)ARTICLE_SOURCE_MAX);
	enum err e = text_read(c, art, b, a, &t);
	if (!e) {
		out->size = content_teaser_make(&t, &wish, b, &html);
		out->whole = t.total.visible == 0;
		e = html.err;
	}
	buf_free(&t.html);
	if (e)
		return e;
	out->html = html.n ? arena_buf(a, &html) : (struct str){ NULL, 0 };
	return html.n && !out->html.p ? ERR_NOMEM : ERR_OK;
}
