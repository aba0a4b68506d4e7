/* One article for one reader: who asks, decide, count, open, tell, note, share. */
#include "internal.h"

#include "postern/account.h"

struct reading {
	const struct access_article_query *q;
	struct str slug;
	struct access_request req; /* as it stands: behind a cookie_update it has the new cookie */
	struct arena *a;
	struct article_reading *out;
	struct paywall_article subject;
	const struct decision *settled; /* what the meter made of the first decision, or NULL */
};

enum err access_decision_error(const struct decision *d)
{
	if (d->grant != GRANT_NONE)
		return ERR_OK;
	if (d->reason == REASON_CRAWLER_BLOCKED)
		return ERR_DENIED;
	return paywall_gone(d) ? ERR_GONE : ERR_NOT_FOUND;
}

static enum err decide(struct db_conn *c, struct reading *g)
{
	struct decision *d = &g->out->decision;

	g->subject = content_paywall_article(&g->out->article);
	enum err e = decision_make(g->q->wall, c, &g->req, &g->subject, g->a, d);
	return e ? e : access_decision_error(d);
}

static enum err teaser_read(struct db_conn *c, struct reading *g)
{
	struct decision d = g->out->decision;

	if (!g->q->with_teaser)
		return ERR_OK;
	d.grant = GRANT_TEASER;
	return content_open(c, &g->out->article, &d, g->q->bound, g->a, &g->out->teaser);
}

static enum err open_all(struct db_conn *c, struct reading *g)
{
	struct article_reading *out = g->out;
	enum err e = content_open(c, &out->article, &out->decision, g->q->bound, g->a, &out->text);

	if (!e)
		e = teaser_read(c, g);
	if (!e)
		e = content_images(
			c, &out->article, &out->decision, g->a, &out->images, &out->image_count);
	if (e || out->decision.grant == GRANT_FULL)
		return e;
	out->offers =
		(struct policy_plan_offers){ .article = &g->subject, .offer = out->decision.offer };
	e = policy_plan_offers(g->q->wall, c, g->a, &out->offers);
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
	enum err e = content_find(c, g->slug, g->a, &out->article);

	if (!e)
		e = decide(c, g);
	/* The new address is told to whom the article would be shown, and nothing is counted yet.
	 */
	out->moved = !e && !str_eq(g->slug, str_of(out->article.slug));
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
	const struct decision_query q = {
		.w = g->q->wall, .v = &g->req, .art = &g->subject, .a = g->a
	};
	enum err e = meter_record(&q, &settled, &out->cookie_update);

	if (e)
		return e;
	g->req = meter_request_after(&g->req, &out->cookie_update);
	g->settled = &settled;
	e = db_read(g->q->wall->db, article_read, g);
	g->settled = NULL;
	return e;
}

static enum err read_and_count(struct reading *g)
{
	struct article_reading *out = g->out;
	enum err e = db_read(g->q->wall->db, article_read, g);

	if (e || out->moved || !meter_must_record(&g->req, &out->decision))
		return e;
	e = metered_read(g);
	if (e)
		out->decision = (struct decision){ 0 };
	return e;
}

/* How many sessions of an account read at once. A text that the browser fetched ahead went out, so
 * it was read. */
static void note_reading(
	const struct reading *g, const struct request *r, const struct article_reading *rd)
{
	if (rd->decision.reason == REASON_ENTITLED && !g->req.head)
		account_reading(g->q->accounts, &r->caller, r->now_s);
}

enum err access_article_open(const struct access_article_query *q, struct request *r,
	struct response *rsp, struct article_reading *out)
{
	struct reading g = { .q = q, .slug = r->params[0], .a = r->arena, .out = out };
	const struct decision *d = &out->decision;

	*out = (struct article_reading){ 0 };
	if (r->caller.read_elsewhere)
		return ERR_UNAUTHENTICATED;
	out->req = g.req = access_request_verified(q->wall, r);
	enum err e = read_and_count(&g);
	access_tell_log(rsp, d->grant, paywall_reason_name(d->reason));
	access_tell_crawler(q->wall, d, r, rsp);
	if (e == ERR_BUSY && g.req.ahead)
		rsp->detail = "This article is counted when it is read, and not fetched ahead.";
	if (e || out->moved)
		return e;
	note_reading(&g, r, out);
	response_header(rsp, "Postern-Decision", decision_text(d, r->arena));
	access_share_article(q->wall, out, r, rsp);
	access_tell_meter(r, rsp, &out->cookie_update);
	return ERR_OK;
}
