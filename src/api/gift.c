/* Gift links as JSON: create one for an article, list the account's own, revoke one. */
#include "internal.h"

#include "postern/gift.h"

static json_t *gift_json(const struct gift *g, int64_t now_s)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:b}", "id", g->id, "article",
		g->slug, "state", gift_state(g, now_s), "created_at", text_json_time(g->created_at),
		"expires_at", text_json_time(g->expires_at), "redemptions",
		(json_int_t)g->redemptions, "redemptions_max", (json_int_t)g->redemptions_max,
		"named", g->named);
}

/* ---- giving ---- */

/* Whether this reader may give this article. */
struct leave {
	const struct paywall *wall;
	struct access_request req;
	struct str slug;
	struct arena *a;
	struct article article;
};

static enum err leave_read(struct db_conn *c, void *arg)
{
	struct leave *l = arg;
	enum err e = content_find(c, l->slug, l->a, &l->article);
	struct paywall_article subject = content_paywall_article(&l->article);
	return e ? e : gift_allowed(l->wall, c, &l->req, &subject, l->a);
}

/* A used-up quota is no flood of requests: 409 with the time at which the next one begins, and not
 * 429, after which a client would try again in a second. */
static enum err refused(struct request *r, struct response *rsp, enum err e)
{
	switch (e) {
	case ERR_PAYMENT:
		rsp->detail = "This account has no subscription that covers the article.";
		return e;
	case ERR_CONFLICT:
		rsp->detail = "This article is open to everyone. Share its address instead.";
		return e;
	case ERR_LIMITED:
		rsp->code = "quota_used";
		rsp->detail = "You have used all your gifts for this month.";
		rsp->until_s = gift_quota_ends_at(r->now_s);
		return ERR_CONFLICT;
	default:
		return e;
	}
}

enum err api_gift_create(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct leave l = { .wall = api->wall, .req = access_request_from_http(r), .a = r->arena };
	const struct json_field fields[] = { { "article", true, &l.slug } };
	struct gift_made made;
	bool named = false;
	const struct json_flag flag = { "named", &named };
	enum err e = api_json_body_flag(r, rsp, fields, COUNT(fields), &flag);
	if (e)
		return e;
	e = db_read(api->accounts->db, leave_read, &l);
	if (!e) {
		struct gift_order o = { .article_id = l.article.id,
			.account_id = r->caller.account_id,
			.named = named,
			.now_s = r->now_s };
		e = gift_make(api->wall, &o, &made);
	}
	if (e)
		return refused(r, rsp, e);
	json_t *doc = json_pack("{s:o, s:o, s:b, s:I}", "gift", gift_json(&made.gift, r->now_s),
		"link",
		json_string(
			arena_fmt(r->arena, "%s/gifts/%s", api->wall->base_url, made.token.text)),
		"again", made.again, "left", (json_int_t)made.left);
	crypto_wipe(&made.token, sizeof made.token);
	return api_json_answer(r, rsp, made.again ? 200 : 201, doc);
}

/* ---- one's own ---- */

/* The gifts of the reader whose token this is, in the request's arena. */
struct own {
	struct gift_filter f;
	struct arena *a;
	struct gift *list;
	size_t count;
};

static enum err own_read(struct db_conn *c, void *arg)
{
	struct own *o = arg;
	return gift_list(c, &o->f, o->a, &o->list, &o->count);
}

enum err api_gift_list(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct own o = { .f = { .account_id = r->caller.account_id, .limit = GIFTS_LIST_MAX },
		.a = r->arena };
	json_t *list = NULL;
	enum err e = db_read(api->accounts->db, own_read, &o);
	if (e)
		return e;
	list = json_array();
	for (size_t i = 0; i < o.count; i++)
		text_json_append(&list, gift_json(&o.list[i], r->now_s));
	return api_json_answer(r, rsp, 200, json_pack("{s:o}", "gifts", list));
}

enum err api_gift_revoke(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	return api_no_content(
		rsp, gift_revoke(api->accounts->db, r->params[0], r->caller.account_id, r->now_s));
}
