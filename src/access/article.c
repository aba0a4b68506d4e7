/* Opens one article or one picture for one reader: finds it, decides, counts a metered reading,
 * and hands out as much of the text as was granted. Pages and the API call this; neither can skip
 * a step. */
#include "postern/access.h"

struct reading {
	const struct paywall *w;
	const struct access_question *r;
	struct access_request
		req; /* as it stands: once a reading is recorded, with the new cookie */
	struct arena *a;
	struct article_reading *out;
	struct paywall_article subject;
	const struct decision *settled; /* what the meter made of the first decision, or NULL */
	struct image *img;
	struct str *bytes;
};

static enum err decide(
	struct db_conn *c, struct reading *g, const struct article *art, struct decision *d)
{
	g->subject = content_paywall_article(art);
	enum err e = decision_make(g->w, c, &g->req, &g->subject, g->a, d);

	if (e)
		return e;
	if (d->grant != GRANT_NONE)
		return ERR_OK;
	if (d->reason == REASON_CRAWLER_BLOCKED)
		return ERR_DENIED;
	return paywall_gone(d) ? ERR_GONE : ERR_NOT_FOUND;
}

static enum err teaser_read(struct db_conn *c, struct reading *g)
{
	struct decision d = g->out->decision;

	if (!g->r->with_teaser)
		return ERR_OK;
	d.grant = GRANT_TEASER;
	return content_open(c, &g->out->article, &d, &g->r->bound, g->a, &g->out->teaser);
}

static enum err open_all(struct db_conn *c, struct reading *g)
{
	struct article_reading *out = g->out;
	enum err e = content_open(c, &out->article, &out->decision, &g->r->bound, g->a, &out->text);

	if (!e)
		e = teaser_read(c, g);
	if (!e)
		e = content_images(
			c, &out->article, &out->decision, g->a, &out->images, &out->image_count);
	if (e || out->decision.grant == GRANT_FULL)
		return e;
	out->offers =
		(struct policy_plan_offers){ .article = &g->subject, .offer = out->decision.offer };
	e = policy_plan_offers(g->w, c, g->a, &out->offers);
	out->offers.article = NULL;
	return e;
}

/* Between counting and opening the article may have been withdrawn or opened to all: then what
 * holds now goes out. Else it is what the meter said, which tells a first reading from a second. */
static enum err confirm(struct reading *g, struct decision *d)
{
	if (d->must_count && !g->req.head)
		return ERR_BUSY;
	if (paywall_metered(d) && d->grant == g->settled->grant)
		*d = *g->settled;
	return d->must_count ? ERR_BUSY : ERR_OK;
}

static enum err article_read(struct db_conn *c, void *arg)
{
	struct reading *g = arg;
	struct article_reading *out = g->out;
	enum err e = content_find(c, g->r->slug, g->a, &out->article);

	if (!e)
		e = decide(c, g, &out->article, &out->decision);
	/* The new address is told to whom the article would be shown, and nothing is counted yet.
	 */
	out->moved = !e && !str_eq(g->r->slug, str_of(out->article.slug));
	if (out->moved)
		return ERR_OK;
	if (!e && g->settled)
		e = confirm(g, &out->decision);
	else if (!e && meter_must_record(&g->req, &out->decision))
		return ERR_OK;
	return e ? e : open_all(c, g);
}

/* The count is in the database, or in the cookie of this very answer, before a word is read. */
static enum err metered_read(struct reading *g)
{
	struct article_reading *out = g->out;
	struct decision settled = out->decision;
	const struct decision_query q = { .w = g->w, .v = &g->req, .art = &g->subject, .a = g->a };
	enum err e = meter_record(&q, &settled, &out->cookie_update);

	if (e)
		return e;
	g->req = meter_request_after(&g->req, &out->cookie_update);
	g->settled = &settled;
	e = db_read(g->w->db, article_read, g);
	g->settled = NULL;
	return e;
}

enum err access_article_open(const struct paywall *w, const struct access_question *r,
	struct arena *a, struct article_reading *out)
{
	struct reading g = { .w = w, .r = r, .req = r->req, .a = a, .out = out };

	*out = (struct article_reading){ 0 };
	enum err e = db_read(w->db, article_read, &g);
	if (!e && !out->moved && meter_must_record(&g.req, &out->decision)) {
		e = metered_read(&g);
		if (e)
			out->decision = (struct decision){ 0 };
	}
	return e;
}

/* Who is nobody yet may become somebody. */
static enum err media_bytes(struct db_conn *c, struct reading *g, const struct decision *d)
{
	const char *account_id = g->r->req.account_id;
	enum err e = content_media_open(c, g->img, d, g->a, g->bytes);

	return e == ERR_DENIED && !(account_id && *account_id) ? ERR_UNAUTHENTICATED : e;
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
		d = paywall_uncharged(d);
	if (!e)
		e = media_bytes(c, g, &d);
	return e;
}

enum err access_media_open(const struct paywall *w, const struct access_question *r,
	struct arena *a, struct image *img, struct str *bytes)
{
	struct reading g = { .w = w, .r = r, .req = r->req, .a = a, .img = img, .bytes = bytes };

	return db_read(w->db, media_read, &g);
}
