/* One picture for one reader: who asks, decide, open, share. */
#include "internal.h"

struct showing {
	const struct paywall *w;
	struct str id;
	struct access_request req;
	struct arena *a;
	struct access_media *out;
};

static enum err decide(
	struct db_conn *c, const struct showing *g, const struct article *owner, struct decision *d)
{
	const struct paywall_article facts = content_paywall_article(owner);
	enum err e = decision_make(g->w, c, &g->req, &facts, g->a, d);

	if (!e)
		*d = paywall_uncharged(*d);
	return e ? e : access_decision_error(d);
}

/* 401 where logging in could help: 403 is for who is signed in already. */
static enum err bytes_read(struct db_conn *c, struct showing *g, const struct decision *d)
{
	const char *account_id = g->req.account_id;
	enum err e = content_media_open(c, &g->out->image, d, g->a, &g->out->bytes);

	return e == ERR_DENIED && !(account_id && *account_id) ? ERR_UNAUTHENTICATED : e;
}

static enum err media_read(struct db_conn *c, void *arg)
{
	struct showing *g = arg;
	struct article owner;
	struct decision d;
	enum err e = content_media_find(c, g->id, g->a, &g->out->image, &owner);

	if (!e)
		e = decide(c, g, &owner, &d);
	return e ? e : bytes_read(c, g, &d);
}

enum err access_media_open(
	const struct paywall *w, struct request *r, struct response *rsp, struct access_media *out)
{
	struct showing g = { .w = w,
		.id = r->params[0],
		.req = access_request_verified(w, r),
		.a = r->arena,
		.out = out };
	enum err e = db_read(w->db, media_read, &g);

	if (!e)
		access_share_picture(w, &out->image, r, rsp);
	return e;
}
