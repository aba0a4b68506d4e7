/* Tells the newsroom what an anonymous reader gets of an article, with a warning where the
 * author's mark, the dek or a caption would give more than the settings allow. */
#include "dek.h"
#include "teaser.h"

#include <string.h>

enum { PERCENT = 100 };

static int64_t characters_of(struct str s)
{
	int64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static void dek_report(struct str dek, struct str shown, struct teaser_report *out)
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
		dek_report(
			art->dek_whole, content_dek_bounded(art->dek_whole, blocks, n, b, a), out);
	return e;
}

/* ---- at import ---- */

static void mark_notes(struct import_item *it, const struct draft *d, const struct teaser_report *r)
{
	const struct blocks *blocks = &d->blocks;
	if (blocks->cut == CUT_NOTHING)
		import_warn(it, "the cut mark comes before all text: strangers get no teaser");
	if (blocks->mark_last)
		import_warn(it, "the cut mark comes after all text and is ignored");
	if (blocks->mark_again)
		import_warn(it, "there is a second cut mark; the first one counts");
	if (blocks->strange.n)
		import_warn(it,
			"\"<!--%.*s-->\" looks like a cut mark, but is not one that is known, such "
			"as <!--more-->, <!--members-only--> or <!--excerpt-->",
			(int)blocks->strange.n, blocks->strange.p);
	if (r->mark_beyond)
		import_warn(it,
			"the cut mark would give more than %u characters or %u %% of the text "
			"(article.teaser_characters, article.teaser_share): the teaser ends "
			"before it",
			d->bound.characters, d->bound.share);
	if (r->mark_exceeds)
		import_warn(it,
			"the cut mark gives %lld characters, %d %% of the text, to everybody",
			(long long)r->size.characters, content_teaser_percent(&r->size));
}

static void dek_note(struct import_item *it, const struct teaser_report *r)
{
	if (r->dek_left_out > 0)
		import_warn(it,
			"the dek is shown without its last %lld characters: it is longer than %d, "
			"or repeats the text beyond the teaser",
			(long long)r->dek_left_out, DEK_CHARACTERS);
}

/* The lead picture stands above the wall, with its caption. */
static void caption_bound(struct import_item *it, struct draft *d)
{
	struct draft_image *lead = d->image_count ? &d->images[0] : NULL;
	if (!lead)
		return;
	struct str caption = content_text_bounded(lead->caption, &d->blocks, &d->bound, it->arena);
	struct str alt = content_text_bounded(lead->alt, &d->blocks, &d->bound, it->arena);
	if (!str_eq(caption, lead->caption) || !str_eq(alt, lead->alt))
		import_warn(it, "the caption of \"%.*s\" repeats the text and was cut",
			(int)lead->name.n, lead->name.p);
	lead->caption = caption;
	lead->alt = alt;
}

enum err content_teaser_draft_report(
	struct import_item *it, struct draft *d, struct teaser_report *r)
{
	enum err e =
		content_teaser_report_of(d->blocks.v, d->blocks.n, d->blocks.cut, &d->bound, r);
	if (e)
		return e;
	d->dek_shown = content_dek_bounded(d->dek, d->blocks.v, d->blocks.n, &d->bound, it->arena);
	dek_report(d->dek, d->dek_shown, r);
	mark_notes(it, d, r);
	dek_note(it, r);
	caption_bound(it, d);
	return ERR_OK;
}
