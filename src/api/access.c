/* POST /api/v1/access/check: for servers that keep their own content. */
#include "internal.h"

#include <string.h>

/* One question, from the body to the answer. The slices are the request's: members of its JSON
 * object, absent ones {NULL, 0}. */
struct checking {
	const struct api *api;
	struct arena *a;
	struct str token, account_id, ip, article, url, meter_cookie;
	bool charge, charged;
	struct meter_cookie_update cookie_update;
	struct caller caller;
	struct path_question q; /* by URL; its request serves for both */
	struct path_answer p;
	struct str plans;
};

static enum err checking_parse(struct request *r, struct response *rsp, struct checking *k)
{
	const struct json_field fields[] = { { "token", false, &k->token },
		{ "account_id", false, &k->account_id }, { "ip", false, &k->ip },
		{ "article", false, &k->article }, { "url", false, &k->url },
		{ "meter_cookie", false, &k->meter_cookie } };
	const struct json_flag charge = { "charge", &k->charge };
	enum err e = api_json_body_flag(r, rsp, fields, COUNT(fields), &charge);
	if (e)
		return e;
	if (!k->article.p == !k->url.p)
		response_problem(rsp, k->article.p ? "url" : "article", "exactly_one",
			"Send exactly one of article and url.");
	if (k->token.p && k->account_id.p)
		response_problem(rsp, "account_id", "exactly_one",
			"Send either token or account_id, not both.");
	if (k->ip.p && ip_parse(k->ip, &k->q.req.client) != ERR_OK)
		response_problem(rsp, "ip", "bad_address",
			"This must be an IPv4 or IPv6 address without a port.");
	if (k->url.p) {
		e = url_absolute(k->url, r->arena, &k->q.url);
		if (e == ERR_NOMEM)
			return e;
		if (e)
			response_problem(rsp, "url", "bad_url",
				"This must be an absolute http or https URL in canonical form.");
	}
	return rsp->problem_count ? ERR_INVALID : ERR_OK;
}

static void take_account(struct caller *c, const struct account *acc)
{
	c->signed_in = true;
	memcpy(c->account_id, acc->id, sizeof c->account_id);
	memcpy(c->email, acc->email, sizeof c->email);
	memcpy(c->name, acc->name, sizeof c->name);
}

/* A token that is good for nothing any more makes its reader anonymous; an id that names nobody is
 * a mistake of the server that asks. */
static enum err who(struct request *r, struct response *rsp, struct checking *k)
{
	struct account acc;
	if (k->token.p)
		return account_identify(/* whose context is not const, for a server's sake */
			(void *)(uintptr_t)k->api->accounts,
			&(struct presented_token){ .text = k->token }, r->now_s, &k->caller);
	if (!k->account_id.p)
		return ERR_OK;
	enum err e = k->account_id.n == ID_SIZE - 1
			     ? account_find(k->api->accounts, k->account_id, &acc)
			     : ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND) {
		response_problem(
			rsp, "account_id", "unknown_account", "There is no account with this ID.");
		return ERR_INVALID;
	}
	if (!e && !acc.disabled_at && acc.verified_at)
		take_account(&k->caller, &acc);
	crypto_wipe(&acc, sizeof acc);
	return e;
}

/* ---- by article ---- */

/* By slug: the same answer as for a path, with the article as it stands here. */
static enum err article_decide(struct access_snapshot *s, struct checking *k)
{
	struct article *art = arena_alloc(k->a, sizeof *art);
	struct path_answer *p = &k->p;
	const struct decision_query ask = {
		.w = k->api->wall, .v = &p->req, .art = &p->article, .a = k->a
	};
	enum err e = art ? content_find(s->c, k->article, k->a, art) : ERR_NOMEM;
	if (e)
		return e;
	p->article = content_paywall_article(art);
	p->req = k->q.req;
	p->req.whole_get = true;
	e = decision_load(s->c, &ask, s->policy, &p->seen);
	if (!e)
		e = decision_plans(&p->seen.k, k->a, &p->plans);
	if (e)
		return e;
	p->verdict = PATH_DECIDED;
	p->counts = true;
	p->decision = p->seen.d;
	return decision_dup(&p->decision, k->a);
}

static enum err check_read(struct access_snapshot *s, void *arg)
{
	struct checking *k = arg;
	return k->article.p ? article_decide(s, k)
			    : path_decide(s->c, &k->q, s->policy, k->a, &k->p);
}

/* Only who asks for it is charged: many ask what would be the case, and show no text. */
static enum err count_if_asked(struct checking *k)
{
	bool due = k->p.decision.must_count;
	enum err e = ERR_OK;
	if (k->charge)
		e = path_record(k->api->wall, &k->p, k->a, &k->cookie_update);
	k->charged = !e && k->charge && due && k->p.counts && k->p.decision.grant == GRANT_FULL;
	return e;
}

/* ---- the answer ---- */

static json_t *reader_json(const struct checking *k)
{
	json_t *plans = json_array();
	struct str rest = k->p.plans;
	while (rest.n > 0)
		text_json_append(&plans, text_json_str(str_cut(&rest, ',')));
	return json_pack("{s:b, s:s, s:s, s:s, s:o, s:o}", "signed_in", k->caller.signed_in,
		"account_id", k->caller.account_id, "email", k->caller.email, "name",
		k->caller.name, "plans", plans, "institution",
		k->p.decision.institution ? json_string(k->p.decision.institution) : json_null());
}

/* What the reader's browser is to keep as postern-meter; an empty one is to be deleted. */
static json_t *cookie_json(const struct meter_cookie_update *m)
{
	bool set = m->move == METER_COOKIE_SET;
	if (m->move == METER_COOKIE_KEEP)
		return json_null();
	return json_pack("{s:o, s:I}", "value", text_json_str(set ? m->value : STR("")),
		"max_age_s", (json_int_t)(set ? m->max_age_s : 0));
}

/* What the server that asks may answer its reader with, as this one would: 401 when logging in
 * could help, 402 when the account needs more, 403 when nothing that a reader does would, 404 for
 * what is not to be seen yet, 410 for what was withdrawn. */
static int answer_status(const struct checking *k)
{
	const struct decision *d = &k->p.decision;
	if (k->p.verdict != PATH_DECIDED)
		return k->p.verdict == PATH_PREFETCH ? 503 : 403;
	if (d->grant == GRANT_FULL)
		return 200;
	if (d->grant == GRANT_NONE && d->reason != REASON_CRAWLER_BLOCKED)
		return paywall_gone(d) ? 410 : 404;
	if (d->reason == REASON_CRAWLER_BLOCKED)
		return 403;
	return k->caller.signed_in || d->reason == REASON_CRAWLER_PAYMENT ? 402 : 401;
}

enum err api_access_check(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct checking k = { .api = api,
		.a = r->arena,
		.q = { .w = api->wall, .sites = api->sites, .method = STR("GET") } };
	enum err e = api_key_ask(api, r, rsp, KEY_ACCESS);
	if (!e)
		e = checking_parse(r, rsp, &k);
	if (!e)
		e = who(r, rsp, &k);
	if (e)
		return e;
	k.q.req.account_id = k.caller.account_id;
	k.q.req.session_id = k.caller.session_id;
	k.q.req.now_s = r->now_s;
	k.q.req.meter_cookie = meter_cookie_for(k.meter_cookie, k.caller.signed_in);
	struct access_snapshot s = access_snapshot_begin(api->wall, r);
	e = access_snapshot_read(&s, check_read, &k);
	if (!e)
		e = count_if_asked(&k);
	access_snapshot_end(&s);
	if (e == ERR_NOT_FOUND)
		rsp->detail = "There is no article with this slug.";
	if (e)
		return e;
	struct decision_words words = { &k.p.decision, path_reason_name(&k.p),
		path_reason_text(&k.p) };
	rsp->decision = paywall_grant_name(k.p.decision.grant);
	rsp->reason = words.reason;
	return api_json_answer(r, rsp, 200,
		json_pack("{s:o, s:i, s:o, s:b, s:o}", "decision",
			api_service_decision_json(&words), "status", answer_status(&k), "reader",
			reader_json(&k), "charged", k.charged, "meter_cookie",
			cookie_json(&k.cookie_update)));
}
