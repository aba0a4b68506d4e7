/* One article for one reader: who asks, decide, count, open, tell, note, share. */
#include "internal.h"

#include "postern/account.h"

/* One request for one article, from the decision to the answer. On the stack of a work thread, for
 * as long as the snapshot. */
struct reading {
	const struct access_article_query *q;
	const struct request *r;
	struct response *rsp;
	struct article_reading *out;
	struct paywall_article subject;
	struct decision_read seen;
	const struct decision *recorded; /* what the meter made of the first decision, or NULL */
	bool opened;                     /* the text is in `out` */
};

enum err access_decision_error(const struct decision *d)
{
	if (d->grant != GRANT_NONE)
		return ERR_OK;
	if (d->reason == REASON_CRAWLER_BLOCKED)
		return ERR_DENIED;
	return paywall_gone(d) ? ERR_GONE : ERR_NOT_FOUND;
}

/* Of the second read the first one's keys are good enough. */
static enum err decide(struct access_snapshot *s, struct reading *g)
{
	const struct decision_read before = g->seen;
	const struct decision_query q = { .w = s->w,
		.v = &g->out->req,
		.art = &g->subject,
		.a = s->a,
		.load = s->load,
		.before = g->recorded ? &before : NULL };
	struct decision *d = &g->out->decision;
	g->subject = content_paywall_article(&g->out->article);
	enum err e = decision_load(s->c, &q, s->policy, &g->seen);
	if (e)
		return e;
	*d = g->seen.d;
	e = decision_dup(d, s->a);
	return e ? e : access_decision_error(d);
}

static enum err teaser_read(struct access_snapshot *s, const struct reading *g)
{
	struct decision d = g->out->decision;
	if (!g->q->with_teaser)
		return ERR_OK;
	d.grant = GRANT_TEASER;
	return content_open(s->c, &g->out->article, &d, g->q->bound, s->a, &g->out->teaser);
}

/* The plan of the entitlement that tells why there is none in force. */
static enum err held_plan(struct access_snapshot *s, struct reading *g)
{
	const struct entitlement *by = g->out->decision.by;
	return by ? policy_plan_copy(s->policy, by->plan, s->a, &g->out->held) : ERR_OK;
}

/* What the reader of a gift is offered behind it: all that would open it without. */
static unsigned offered(const struct decision *d)
{
	return d->reason == REASON_GIFT ? OFFER_SUBSCRIBE | OFFER_DAY_PASS : d->offer;
}

static enum err offers_list(struct access_snapshot *s, struct reading *g)
{
	const struct decision *d = &g->out->decision;
	g->out->offers = (struct policy_plan_offers){ .count = 0 }; /* of a run before this one */
	g->out->held = NULL;
	if (d->grant == GRANT_FULL && d->reason != REASON_GIFT)
		return ERR_OK;
	enum err e = held_plan(s, g);
	return e ? e
		 : policy_plan_offers(s->policy, &g->subject, offered(d), s->a, &g->out->offers);
}

/* What goes out. */
static enum err open_all(struct access_snapshot *s, struct reading *g)
{
	struct article_reading *out = g->out;
	enum err e =
		content_open(s->c, &out->article, &out->decision, g->q->bound, s->a, &out->text);
	if (!e)
		e = teaser_read(s, g);
	if (!e)
		e = content_images(
			s->c, &out->article, &out->decision, s->a, &out->images, &out->image_count);
	return e ? e : offers_list(s, g);
}

/* The same, and what is known of with whom it may be shared. */
static enum err open_and_share(struct access_snapshot *s, struct reading *g)
{
	enum err e = open_all(s, g);
	if (!e && g->q->beside)
		e = g->q->beside(s, g->q->arg);
	if (!e)
		e = access_share_article(s, g->out, g->rsp);
	g->opened = !e;
	return e;
}

/* Between counting and opening the article may have been withdrawn or opened to all: then what
 * holds now goes out. Else it is what the meter said, which tells a first reading from a second. */
static enum err confirm(struct reading *g, struct decision *d)
{
	if (d->must_count && !g->out->req.head)
		return ERR_BUSY;
	if (paywall_metered(d) && d->grant == g->recorded->grant)
		*d = *g->recorded;
	return d->must_count ? ERR_BUSY : ERR_OK;
}

/* An app whose session has ended is told so, instead of being counted as an anonymous reader that
 * keeps no cookie, and so reads its first article for ever. */
static enum err token_check(const struct reading *g)
{
	if (!g->q->token_must_live || !request_token_is_dead(g->r) ||
		!paywall_metered(&g->out->decision))
		return ERR_OK;
	g->rsp->code = HTTP_INVALID_TOKEN;
	return ERR_UNAUTHENTICATED;
}

static enum err article_read(struct access_snapshot *s, void *arg)
{
	struct reading *g = arg;
	struct article_reading *out = g->out;
	const struct str slug = g->r->params[0];
	enum err e = content_find(s->c, slug, s->a, &out->article);
	g->opened = false;
	if (!e)
		e = decide(s, g);
	if (!e)
		e = token_check(g);
	if (e)
		return e;
	/* The new address is told to whom the article would be shown, and nothing is counted yet.
	 */
	out->moved = !str_eq(slug, str_of(out->article.slug));
	if (out->moved)
		return ERR_OK;
	if (g->recorded)
		e = confirm(g, &out->decision);
	else if (meter_must_record(&out->req, &out->decision))
		return ERR_OK;
	return e ? e : open_and_share(s, g);
}

/* The count is in the database, or in the cookie of this very answer, before a word is read. */
static enum err metered_read(struct access_snapshot *s, struct reading *g)
{
	struct article_reading *out = g->out;
	struct decision recorded = out->decision;
	struct access_snapshot again = access_snapshot_begin(s->w, g->r);
	const struct decision_query q = {
		.w = s->w, .v = &out->req, .art = &g->subject, .a = s->a, .before = &g->seen
	};
	enum err e = meter_record(&q, &recorded, &out->cookie_update);
	if (e)
		return e;
	out->req = meter_request_after(&out->req, &out->cookie_update);
	g->recorded = &recorded;
	e = access_snapshot_read(&again, article_read, g);
	g->recorded = NULL;
	access_snapshot_end(&again);
	return e;
}

static enum err read_and_count(struct reading *g)
{
	struct article_reading *out = g->out;
	struct access_snapshot s = access_snapshot_begin(g->q->wall, g->r);
	enum err e = access_snapshot_read(&s, article_read, g);
	if (!e && !out->moved && !g->opened) {
		e = metered_read(&s, g);
		if (e)
			out->decision = (struct decision){ 0 };
	}
	access_snapshot_end(&s);
	return e;
}

/* How many sessions of an account read at once. A text that the browser fetched ahead went out, so
 * it was read. */
static void note_reading(const struct reading *g)
{
	if (g->out->decision.reason == REASON_ENTITLED && !g->out->req.head)
		account_reading(g->q->accounts, &g->r->caller, g->r->now_s);
}

enum err access_article_open(const struct access_article_query *q, struct request *r,
	struct response *rsp, struct article_reading *out)
{
	struct reading g = { .q = q, .r = r, .rsp = rsp, .out = out };
	const struct decision *d = &out->decision;
	*out = (struct article_reading){ 0 };
	if (r->caller.read_elsewhere)
		return ERR_UNAUTHENTICATED;
	out->req = access_request_verified(q->wall, r);
	enum err e = read_and_count(&g);
	access_tell_log(rsp, d->grant, paywall_reason_name(d->reason));
	access_tell_crawler(q->wall, d, r, rsp);
	if (e == ERR_BUSY && out->req.ahead) {
		rsp->code = "prefetch";
		rsp->detail =
			"Metered articles are not sent in advance. Open the article to read it.";
	}
	if (e || out->moved)
		return e;
	note_reading(&g);
	response_header(rsp, "Postern-Decision", decision_text(d, r->arena));
	access_tell_meter(r, rsp, &out->cookie_update);
	return ERR_OK;
}
