/* GET /api/v1/admin/explain: why a reader may have what he may have, and what would change it. */
#include "internal.h"

/* One question, from the query to the answer. `reader`: an address, an account's id, or empty. */
struct explaining {
	struct str reader;
	struct account account;
	struct access_explanation x;
};

static enum err explaining_parse(struct request *r, struct response *rsp, struct explaining *g)
{
	struct str ip = fields_get(&r->query, "ip"), at = fields_get(&r->query, "at");
	g->x.slug = fields_get(&r->query, "article");
	g->reader = fields_get(&r->query, "reader");
	if (g->x.slug.n == 0)
		response_problem(rsp, "article", "required", "Send the slug of an article.");
	if (ip.n > 0 && ip_parse(ip, &g->x.req.client) != ERR_OK)
		response_problem(rsp, "ip", "bad_address",
			"This must be an IPv4 or IPv6 address without a port.");
	if (at.n > 0 && time_parse(at, TIME_STARTS, &g->x.req.now_s) != ERR_OK)
		response_problem(rsp, "at", "bad_time",
			"This must be a day such as 2027-01-31, or a time such as "
			"2027-01-31T18:00:00Z.");
	return rsp->problem_count ? ERR_INVALID : ERR_OK;
}

static enum err find_reader(const struct api *api, struct response *rsp, struct explaining *g)
{
	if (g->reader.n == 0)
		return ERR_OK;
	enum err e = account_find(api->accounts, g->reader, &g->account);
	crypto_wipe(g->account.password_hash, sizeof g->account.password_hash);
	if (e == ERR_NOT_FOUND || e == ERR_INVALID) {
		response_problem(rsp, "reader", "unknown_account",
			"There is no account with this address or ID.");
		return ERR_INVALID;
	}
	g->x.req.account_id = g->account.id;
	return e;
}

enum err api_admin_explain(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct explaining g = { .x = { .wall = api->wall, .a = r->arena, .req.now_s = r->now_s } };
	enum err e = api_key_ask(api, r, rsp, KEY_EXPLAIN);
	if (!e)
		e = explaining_parse(r, rsp, &g);
	if (!e)
		e = find_reader(api, rsp, &g);
	if (!e)
		e = access_explain(&g.x);
	if (e == ERR_NOT_FOUND)
		rsp->detail = "There is no article with this slug.";
	if (e)
		return e;
	const struct decision *d = &g.x.x.decision;
	struct decision_words words = { d, paywall_reason_name(d->reason),
		paywall_decision_text(d) };
	json_t *doc = api_explanation_json(&g.x, g.account.email);
	text_json_put(&doc, "decision", api_service_decision_json(&words));
	return api_json_answer(r, rsp, 200, doc);
}
