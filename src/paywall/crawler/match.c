/* The crawlers in the policy snapshot, and which of them a User-Agent claims to be. */
#include "postern/crawler.h"

#include <string.h>

#include "../institution/ranges.h"
#include "postern/queries/crawler.h"

/* What crawlers and fetchers for AI call themselves; some names stand in robots.txt only. */
const char *const crawler_ai_agents[] = { "AI2Bot", "Amazonbot", "anthropic-ai",
	"Applebot-Extended", "Bytespider", "CCBot", "ChatGPT-User", "Claude-SearchBot",
	"Claude-User", "Claude-Web", "ClaudeBot", "cohere-ai", "cohere-training-data-crawler",
	"Diffbot", "DuckAssistBot", "FacebookBot", "FirecrawlAgent", "Google-CloudVertexBot",
	"Google-Extended", "GPTBot", "ImagesiftBot", "img2dataset", "Kangaroo Bot",
	"meta-externalagent", "meta-externalfetcher", "MistralAI-User", "OAI-SearchBot", "omgili",
	"omgilibot", "PanguBot", "Perplexity-User", "PerplexityBot", "SemrushBot-OCOB",
	"TikTokSpider", "Timpibot", "VelenPublicWebCrawler", "Webzio-Extended", "YouBot", NULL };

/* Part of a policy's snapshot, read-only once loaded. */
struct crawlers {
	struct crawler *v;
	size_t n;
	struct ranges ranges; /* owner: index in v */
};

/* ---- loading ---- */

static enum err range_take(struct crawlers *in, const struct crawler_range_list_row *row)
{
	struct ranges_span *s = &in->ranges.v[in->ranges.n];
	for (size_t i = 0; i < in->n; i++) {
		if (strcmp(in->v[i].name, row->crawler) != 0)
			continue;
		s->owner = (uint32_t)i;
		s->range.first.set = s->range.last.set = true;
		memcpy(s->range.first.b, row->first_ip, sizeof row->first_ip);
		memcpy(s->range.last.b, row->last_ip, sizeof row->last_ip);
		in->ranges.n++;
		return ERR_OK;
	}
	return ERR_CORRUPT;
}

static enum err ranges_load(struct db_conn *c, struct arena *a, struct crawlers *in)
{
	ARENA_AUTO *scratch = arena_new(8 << 20);
	struct crawler_range_list_row *rows = NULL;
	size_t n = 0;
	if (!scratch)
		return ERR_NOMEM;
	enum err e = q_crawler_range_list(c, CRAWLER_RANGES_MAX, scratch, &rows, &n);
	if (e)
		return e;
	in->ranges.v = arena_alloc(a, (n + 1) * sizeof *in->ranges.v);
	if (!in->ranges.v)
		return ERR_NOMEM;
	for (size_t i = 0; !e && i < n; i++)
		e = range_take(in, &rows[i]);
	institution_ranges_index(&in->ranges);
	return e;
}

enum err crawlers_load(struct db_conn *c, struct arena *a, const struct crawlers **out)
{
	struct crawlers *in = arena_alloc(a, sizeof *in);
	enum err e = in ? crawler_list(c, a, &in->v, &in->n) : ERR_NOMEM;
	if (!e)
		e = ranges_load(c, a, in);
	if (!e)
		*out = in;
	return e;
}

/* ---- what is claimed ---- */

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool same_letter(char a, char b)
{
	return ((a ^ b) & ~0x20) == 0;
}

/* `word` stands at `i`, where a word begins, and ends there too. */
static bool claims_at(struct str agent, size_t i, struct str word)
{
	size_t end = i + word.n;
	if (word.n == 0 || end > agent.n || !same_letter(agent.p[i], word.p[0]) ||
		(end < agent.n && letter(agent.p[end])))
		return false;
	return str_eq_nocase((struct str){ agent.p + i, word.n }, word);
}

/* The next place behind `i` where a word begins; agent.n: none. */
static size_t word_next(struct str agent, size_t i)
{
	while (i < agent.n && letter(agent.p[i]))
		i++;
	while (i < agent.n && !letter(agent.p[i]))
		i++;
	return i;
}

static size_t word_first(struct str agent)
{
	return agent.n > 0 && letter(agent.p[0]) ? 0 : word_next(agent, 0);
}

static bool claims(struct str agent, struct str word)
{
	for (size_t i = word_first(agent); i < agent.n; i = word_next(agent, i)) {
		if (claims_at(agent, i, word))
			return true;
	}
	return false;
}

/* Of our own names; each request passes here. */
static const char *claims_ai(struct str agent)
{
	for (size_t i = word_first(agent); i < agent.n; i = word_next(agent, i)) {
		for (size_t k = 0; crawler_ai_agents[k]; k++) {
			const char *z = crawler_ai_agents[k];
			if (same_letter(z[0], agent.p[i]) && claims_at(agent, i, str_of(z)))
				return z;
		}
	}
	return NULL;
}

static struct str cut_agent(struct str s)
{
	return (struct str){ s.p, s.n < CRAWLER_AGENT_BYTES ? s.n : CRAWLER_AGENT_BYTES };
}

bool crawler_listed(const struct crawlers *in, const struct crawler *cr, struct ip client)
{
	const struct ranges_span *hits[64];
	size_t n = institution_ranges_find(&in->ranges, client, client, hits, COUNT(hits));
	for (size_t i = 0; i < n; i++) {
		if (&in->v[hits[i]->owner] == cr)
			return true;
	}
	return false;
}

const char *crawler_ai(const struct crawlers *in, struct str user_agent, struct ip client)
{
	struct str agent = cut_agent(user_agent);
	const char *own = claims_ai(agent);
	if (own)
		return own;
	for (size_t i = 0; in && i < in->n; i++) {
		const struct crawler *cr = &in->v[i];
		if (cr->class == CRAWLER_AI &&
			(claims(agent, str_of(cr->agent)) || crawler_listed(in, cr, client)))
			return cr->name;
	}
	return NULL;
}

const struct crawler *crawler_claimed(
	const struct crawlers *in, struct str user_agent, const struct crawler *last)
{
	struct str agent = cut_agent(user_agent);
	for (size_t i = in && last ? (size_t)(last - in->v) + 1 : 0; in && i < in->n; i++) {
		if (in->v[i].class == CRAWLER_SEARCH && claims(agent, str_of(in->v[i].agent)))
			return &in->v[i];
	}
	return NULL;
}

const struct crawler *crawler_at(const struct crawlers *in, size_t i)
{
	return in && i < in->n ? &in->v[i] : NULL;
}
