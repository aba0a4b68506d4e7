/* GET /api/v1/admin/explain: why a reader may have what he may have, and what would change it. */
#include "internal.h"

#include "postern/crawler.h"
#include "postern/explain.h"

/* One read for an explanation. It charges nothing and sets no cookie. */
struct explaining {
	const struct api *api;
	struct arena *a;
	struct str slug, reader;
	struct account account;
	struct access_request req;
	struct article article;
	struct paywall_article subject;
	struct explanation x;
};

static json_t *article_json(const struct article *art)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "slug", art->slug, "access",
		paywall_access_name(art->access), "section", text_json_str(art->section), "status",
		text_json_str(art->status), "published_at", text_json_time(art->published_at),
		"embargo_at", text_json_time(art->embargo_at), "expires_at",
		text_json_time(art->expires_at));
}

static json_t *reader_json(const struct explaining *g)
{
	const struct paywall_reader *v = &g->x.reader;
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:b}", "email", g->account.email, "signed_in",
		v->signed_in, "institution", v->institution ? v->institution : "", "crawler",
		v->crawler ? crawler_class_name(v->crawler) : "none", "crawler_name",
		v->crawler_name ? v->crawler_name : "", "gift", v->gift);
}

static enum err explain_read(struct db_conn *c, void *arg)
{
	struct explaining *g = arg;
	enum err e = content_find(c, g->slug, g->a, &g->article);
	if (e)
		return e;
	g->subject = content_paywall_article(&g->article);
	return decision_explain_request(g->api->wall, c, &g->req, &g->subject, g->a, &g->x);
}

static enum err explaining_parse(struct request *r, struct response *rsp, struct explaining *g)
{
	struct str ip = fields_get(&r->query, "ip"), at = fields_get(&r->query, "at");
	g->slug = fields_get(&r->query, "article");
	g->reader = fields_get(&r->query, "reader");
	if (g->slug.n == 0)
		response_problem(rsp, "article", "required", "The slug of an article is needed.");
	if (ip.n > 0 && ip_parse(ip, &g->req.client) != ERR_OK)
		response_problem(
			rsp, "ip", "bad_address", "An IPv4 or IPv6 address without a port.");
	if (at.n > 0 && time_parse(at, TIME_STARTS, &g->req.now_s) != ERR_OK)
		response_problem(rsp, "at", "bad_time",
			"A day such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z.");
	return rsp->problem_count ? ERR_INVALID : ERR_OK;
}

static enum err find_reader(struct response *rsp, struct explaining *g)
{
	if (g->reader.n == 0)
		return ERR_OK;
	enum err e = account_find(g->api->accounts, g->reader, &g->account);
	crypto_wipe(g->account.password_hash, sizeof g->account.password_hash);
	if (e == ERR_NOT_FOUND || e == ERR_INVALID) {
		response_problem(rsp, "reader", "unknown_account",
			"There is no account of this address or id.");
		return ERR_INVALID;
	}
	g->req.account_id = g->account.id;
	return e;
}

enum err api_admin_explain(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct explaining g = { .api = api, .a = r->arena, .req.now_s = r->now_s };
	enum err e = api_key_ask(api, r, rsp, KEY_EXPLAIN);
	if (!e)
		e = explaining_parse(r, rsp, &g);
	if (!e)
		e = find_reader(rsp, &g);
	if (!e)
		e = db_read(api->wall->db, explain_read, &g);
	if (e == ERR_NOT_FOUND)
		rsp->detail = "There is no article of this slug.";
	if (e)
		return e;
	struct decision_words words = { &g.x.decision, paywall_reason_name(g.x.decision.reason),
		paywall_reason_text(g.x.decision.reason) };
	json_t *doc = api_explanation_json(&g.x);
	text_json_put(&doc, "article", article_json(&g.article));
	text_json_put(&doc, "reader", reader_json(&g));
	text_json_put(&doc, "at", text_json_time(g.req.now_s));
	text_json_put(&doc, "decision", api_service_decision_json(&words));
	return api_json_answer(r, rsp, 200, doc);
}
