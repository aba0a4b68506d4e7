/* One picture for one reader: who asks, decide, open, share. */
#include "internal.h"

/* One request for a picture: its owner's decision says whether its bytes are read. */
struct showing {
	const struct request *r;
	struct response *rsp;
	struct access_request req;
	struct access_media *out;
};

static enum err decide(struct access_snapshot *s, const struct showing *g,
	const struct article *owner, struct decision *d)
{
	const struct paywall_article subject = content_paywall_article(owner);
	const struct decision_query q = { .w = s->w, .v = &g->req, .art = &subject, .a = s->a };
	struct decision_read seen;
	enum err e = decision_load(s->c, &q, s->policy, &seen);
	if (e)
		return e;
	*d = paywall_uncharged(seen.d);
	return access_decision_error(d);
}

/* 401 where logging in could help: 403 is for who is signed in already. */
static enum err bytes_read(struct access_snapshot *s, struct showing *g, const struct decision *d)
{
	enum err e = content_media_open(s->c, &g->out->image, d, s->a, &g->out->bytes);
	return e == ERR_DENIED && !decision_is_signed_in(&g->req) ? ERR_UNAUTHENTICATED : e;
}

static enum err media_read(struct access_snapshot *s, void *arg)
{
	struct showing *g = arg;
	struct article owner;
	struct decision d;
	enum err e = content_media_find(s->c, g->r->params[0], s->a, &g->out->image, &owner);
	if (!e)
		e = decide(s, g, &owner, &d);
	if (!e)
		e = bytes_read(s, g, &d);
	return e ? e : access_share_picture(s, &g->out->image, &owner, &g->req, g->rsp);
}

enum err access_media_open(
	const struct paywall *w, struct request *r, struct response *rsp, struct access_media *out)
{
	struct showing g = { .r = r, .rsp = rsp, .req = access_request_verified(w, r), .out = out };
	return access_read(w, r, media_read, &g);
}
