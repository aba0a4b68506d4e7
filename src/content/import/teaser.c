/* At import: what an anonymous reader will get of the article, with a warning where the author's
 * mark, the dek or the caption of the lead picture gives more than the settings allow. */
#include "../teaser.h"
#include "../dek.h"

static void mark_notes(struct import_item *it, const struct draft *d, const struct teaser_report *r)
{
	const struct blocks *blocks = &d->blocks;
	if (blocks->cut == CUT_NOTHING)
		import_warn(
			it, "the cut mark comes before all text: anonymous readers get no teaser");
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

enum err import_draft_teaser(struct import_item *it, struct draft *d, struct teaser_report *r)
{
	enum err e =
		content_teaser_report_of(d->blocks.v, d->blocks.n, d->blocks.cut, &d->bound, r);
	if (e)
		return e;
	d->dek_shown = content_dek_bounded(d->dek, d->blocks.v, d->blocks.n, &d->bound, it->arena);
	content_dek_report(d->dek, d->dek_shown, r);
	mark_notes(it, d, r);
	dek_note(it, r);
	caption_bound(it, d);
	return ERR_OK;
}
