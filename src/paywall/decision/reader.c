#include "reader.h"

#include "postern/crawler.h"
#include "postern/institution.h"

enum err reader_institution(struct db_conn *c, const struct visit *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out)
{
	const struct institution *hits[INSTITUTION_HITS_MAX];
	char domain[DOMAIN_SIZE] = "";
	bool signed_in = v->account_id && *v->account_id;

	if (signed_in && institutions_by_mail(policy->institutions)) {
		enum err e = institution_account_domain(c, v->account_id, domain);
		if (e)
			return e;
	}
	size_t n = institutions_of(
		policy->institutions, visit_origin(v), str_of(domain), v->now_s, hits);
	for (size_t i = 0; i < n; i++) {
		bool covers = art && paywall_plan_covers(policy, hits[i]->plan, art);

		if (out->institution && !covers)
			continue;
		out->institution = hits[i]->title;
		out->institution_plan = hits[i]->plan;
		if (covers)
			break;
	}
	return ERR_OK;
}

enum err visit_institution(const struct paywall *w, struct db_conn *c, const struct visit *v,
	struct arena *a, const char **out)
{
	const struct paywall_policy *policy = NULL;
	struct paywall_reader reader = { 0 };
	enum err e = policy_take(w->policies, c, &policy);

	*out = NULL;
	if (!e)
		e = reader_institution(c, v, policy, NULL, &reader);
	if (!e && reader.institution) {
		*out = arena_fmt(a, "%s", reader.institution);
		e = **out ? ERR_OK : ERR_NOMEM;
	}
	policy_give_back(w->policies, policy);
	return e;
}

/* ---- crawlers ---- */

/* What closes is asked first. */
void reader_crawler(
	const struct visit *v, const struct paywall_policy *policy, struct paywall_reader *out)
{
	const struct crawlers *in = policy->crawlers;
	const char *ai = crawler_ai(in, v->user_agent, v->client);

	if (ai) {
		out->crawler = CRAWLER_AI;
		out->crawler_name = ai;
		return;
	}
	for (const struct crawler *cr = NULL; (cr = crawler_claimed(in, v->user_agent, cr));) {
		if (!crawler_listed(in, cr, v->client) &&
			!(v->host && crawler_host_fits(str_of(v->host), cr->suffixes)))
			continue;
		out->crawler = CRAWLER_SEARCH;
		out->crawler_name = cr->name;
		return;
	}
}

static void prove_by(
	const struct paywall *w, struct visit *v, const struct crawlers *in, struct arena *a)
{
	char host[HOST_SIZE];

	for (const struct crawler *cr = NULL; (cr = crawler_claimed(in, v->user_agent, cr));) {
		struct proof_request q = {
			.ip = v->client, .suffixes = cr->suffixes, .now_s = v->now_s
		};
		if (crawler_listed(in, cr, v->client))
			return;
		if (!*cr->suffixes || prover_ask(w->prover, &q, host) != PROOF_HOST)
			continue;
		v->host = arena_fmt(a, "%s", host);
		return;
	}
}

struct taking {
	const struct paywall *w;
	const struct paywall_policy *p;
};

static enum err take_read(struct db_conn *c, void *arg)
{
	struct taking *t = arg;
	return policy_take(t->w->policies, c, &t->p);
}

void visit_prove(const struct paywall *w, struct visit *v, struct arena *a)
{
	struct taking t = { .w = w };

	if (!w->prover || v->user_agent.n == 0 || (v->account_id && *v->account_id))
		return;
	t.p = policy_known(w->policies);
	/* The first request after the start. Trouble is the decision's to report. */
	if (!t.p && db_read(w->db, take_read, &t) != ERR_OK)
		return;
	if (!crawler_ai(t.p->crawlers, v->user_agent, v->client))
		prove_by(w, v, t.p->crawlers, a);
	policy_give_back(w->policies, t.p);
}
