#include "postern/content.h"

struct reading {
	const struct paywall *w;
	const struct reading_request *r;
	struct arena *a;
	struct article_reading *out;
	struct image *img;
	struct str *bytes;
};

static enum err decide(
	struct db_conn *c, struct reading *g, const struct article *art, struct decision *d)
{
	struct paywall_article facts = content_facts(art);
	enum err e = visit_decide(g->w, c, &g->r->visit, &facts, g->a, d);

	if (e)
		return e;
	if (d->grant != GRANT_NONE)
		return ERR_OK;
	return d->reason == REASON_EXPIRED ? ERR_GONE : ERR_NOT_FOUND;
}

static enum err teaser_read(struct db_conn *c, struct reading *g)
{
	struct decision d = g->out->decision;

	if (!g->r->with_teaser)
		return ERR_OK;
	d.grant = GRANT_TEASER;
	return content_open(c, &g->out->article, &d, g->r->teaser_words, g->a, &g->out->teaser);
}

static enum err article_read(struct db_conn *c, void *arg)
{
	struct reading *g = arg;
	struct article_reading *out = g->out;
	enum err e = content_find(c, g->r->slug, g->a, &out->article);

	if (!e)
		e = decide(c, g, &out->article, &out->decision);
	if (!e)
		e = content_open(
			c, &out->article, &out->decision, g->r->teaser_words, g->a, &out->text);
	if (!e)
		e = teaser_read(c, g);
	if (!e)
		e = content_images(
			c, &out->article, &out->decision, g->a, &out->images, &out->image_count);
	return e;
}

enum err content_read(const struct paywall *w, const struct reading_request *r, struct arena *a,
	struct article_reading *out)
{
	struct reading g = { .w = w, .r = r, .a = a, .out = out };
	*out = (struct article_reading){ 0 };
	return db_read(w->db, article_read, &g);
}

static enum err media_read(struct db_conn *c, void *arg)
{
	struct reading *g = arg;
	struct article owner;
	struct decision d;
	enum err e = content_media_find(c, g->r->slug, g->a, g->img, &owner);

	if (!e)
		e = decide(c, g, &owner, &d);
	if (!e)
		e = content_media_open(c, g->img, &d, g->a, g->bytes);
	return e;
}

enum err content_media_read(const struct paywall *w, const struct reading_request *r,
	struct arena *a, struct image *img, struct str *bytes)
{
	struct reading g = { .w = w, .r = r, .a = a, .img = img, .bytes = bytes };
	return db_read(w->db, media_read, &g);
}
