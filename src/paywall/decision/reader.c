#include "reader.h"

#include "postern/crawler.h"
#include "postern/institution.h"

enum err institution_of_reader(struct db_conn *c, const struct access_request *v,
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
		policy->institutions, decision_client(v), str_of(domain), v->now_s, hits);
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

enum err institution_reader_title(const struct paywall *w, struct db_conn *c, const struct access_request *v,
	struct arena *a, const char **out)
{
	const struct paywall_policy *policy = NULL;
	struct paywall_reader reader = { 0 };
	enum err e = policy_acquire(w->policies, c, &policy);

	*out = NULL;
	if (!e)
		e = institution_of_reader(c, v, policy, NULL, &reader);
	if (!e && reader.institution) {
		*out = arena_fmt(a, "%s", reader.institution);
		e = **out ? ERR_OK : ERR_NOMEM;
	}
	policy_release(w->policies, policy);
	return e;
}

/* ---- crawlers ---- */

/* What closes is asked first. */
void crawler_of_reader(
	const struct access_request *v, const struct paywall_policy *policy, struct paywall_reader *out)
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
			!(v->host && dns_host_below(str_of(v->host), cr->suffixes)))
			continue;
		out->crawler = CRAWLER_SEARCH;
		out->crawler_name = cr->name;
		return;
	}
}

static void prove_by(
	const struct paywall *w, struct access_request *v, const struct crawlers *in, struct arena *a)
{
	char host[HOST_SIZE];

	for (const struct crawler *cr = NULL; (cr = crawler_claimed(in, v->user_agent, cr));) {
		struct dns_verify_request q = {
			.ip = v->client, .suffixes = cr->suffixes, .now_s = v->now_s
		};
		if (crawler_listed(in, cr, v->client))
			return;
		if (!*cr->suffixes || dns_verify(w->dns_verifier, &q, host) != VERIFY_HOST)
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
	return policy_acquire(t->w->policies, c, &t->p);
}

void crawler_verify(const struct paywall *w, struct access_request *v, struct arena *a)
{
	struct taking t = { .w = w };

	if (!w->dns_verifier || v->user_agent.n == 0 || (v->account_id && *v->account_id))
		return;
	t.p = policy_cached(w->policies);
	/* The first request after the start. Trouble is the decision's to report. */
	if (!t.p && db_read(w->db, take_read, &t) != ERR_OK)
		return;
	if (!crawler_ai(t.p->crawlers, v->user_agent, v->client))
		prove_by(w, v, t.p->crawlers, a);
	policy_release(w->policies, t.p);
}
