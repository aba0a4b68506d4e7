/* Decides whether a request comes from the crawler that its User-Agent claims: by its published
 * address list, or by reverse and forward DNS. */
#include "postern/crawler.h"
#include "postern/decision.h"

/* In the name of any program that may not be a reader's. A browser that has one of them only goes
 * the longer way. */
static const char *const not_readers[] = { "bot", "crawl", "spider", "slurp", "scrap", "fetch",
	"gpt", "claude", "anthropic", "perplexity", "cohere", "google", "external", "://", "@" };

/* How they begin, so that each byte of each request is looked at once. */
static const bool begins[256] = { ['b'] = true,
	['c'] = true,
	['s'] = true,
	['f'] = true,
	['g'] = true,
	['a'] = true,
	['p'] = true,
	['e'] = true,
	[':'] = true,
	['@'] = true };

static bool begins_with_one(struct str s)
{
	for (size_t i = 0; i < COUNT(not_readers); i++) {
		struct str part = str_of(not_readers[i]);
		if (part.n <= s.n && str_eq_nocase((struct str){ s.p, part.n }, part))
			return true;
	}
	return false;
}

bool crawler_agent_is_reader(struct str agent)
{
	for (size_t i = 0; i < agent.n; i++) {
		char c = agent.p[i];
		unsigned char low = (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		if (begins[low] && begins_with_one((struct str){ agent.p + i, agent.n - i }))
			return false;
	}
	return true;
}

/* What closes is asked first. */
void crawler_of_reader(const struct access_request *v, const struct paywall_policy *policy,
	struct paywall_reader *out)
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

static void prove_by(const struct paywall *w, struct access_request *v, const struct crawlers *in,
	struct arena *a)
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
	if (!w->dns_verifier || v->user_agent.n == 0 || decision_is_signed_in(v))
		return;
	t.p = policy_cached(w->policies);
	/* The first request after the start. Trouble is the decision's to report. */
	if (!t.p && db_read(w->db, take_read, &t) != ERR_OK)
		return;
	if (!crawler_ai(t.p->crawlers, v->user_agent, v->client))
		prove_by(w, v, t.p->crawlers, a);
	policy_release(w->policies, t.p);
}
