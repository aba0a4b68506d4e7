/* robots.txt (RFC 9309): pages that are of no use to a search engine, and what AI crawlers are
 * asked to do. It only asks; what a crawler gets is decided for each request. */
#include "internal.h"

#include "postern/crawler.h"

/* Bytes of robots.txt. */
enum { ROBOTS_MAX = 64 << 10 };

/* Forms, accounts, one reader's own links, and the API. */
static const char *const closed[] = { "/account", "/api/", "/gate/", "/gifts/", "/group/", "/login",
	"/logout", "/register", "/reset", "/verify", "/_dev/" };

static void closed_lines(struct buf *b)
{
	for (size_t i = 0; i < COUNT(closed); i++)
		buf_fmt(b, "Disallow: %s\n", closed[i]);
}

static void ai_names(struct buf *b, const struct crawlers *in)
{
	for (size_t i = 0; crawler_ai_agents[i]; i++)
		buf_fmt(b, "User-agent: %s\n", crawler_ai_agents[i]);
	const struct crawler *cr;
	for (size_t i = 0; (cr = crawler_at(in, i)); i++) {
		if (cr->class == CRAWLER_AI)
			buf_fmt(b, "User-agent: %s\n", cr->agent);
	}
}

/* A group of its own replaces the one for all, so it repeats it. */
static void ai_group(struct buf *b, const struct paywall_policy *p)
{
	if (p->ai == AI_ALLOW || p->ai == AI_TEASER)
		return;
	buf_byte(b, '\n');
	ai_names(b, p->crawlers);
	if (p->ai != AI_PAYMENT) {
		buf_puts(b, "Disallow: /\n");
		return;
	}
	buf_puts(b, "Disallow: /articles/\nDisallow: /media/\n");
	closed_lines(b);
}

static void robots_text(struct buf *b, const struct pages *p, const struct paywall_policy *policy)
{
	buf_puts(b, "User-agent: *\n");
	closed_lines(b);
	ai_group(b, policy);
	if (*p->wall->licence_url)
		buf_fmt(b, "\nLicense: %s\n", p->wall->licence_url);
	if (*p->set.sitemap)
		buf_fmt(b, "\nSitemap: %s\n", p->set.sitemap);
}

/* robots.txt (RFC 9309), written inside one read of the policy. */
struct robots {
	const struct pages *p;
	struct buf text;
};

static enum err robots_read(struct db_conn *c, void *arg)
{
	struct robots *rb = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = policy_acquire(rb->p->wall->policies, c, &policy);
	if (!e)
		robots_text(&rb->text, rb->p, policy);
	policy_release(rb->p->wall->policies, policy);
	return e ? e : rb->text.err;
}

enum err pages_robots(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct robots rb = { .p = p, .text = BUF(ROBOTS_MAX) };
	enum err e = db_read(p->accounts->db, robots_read, &rb);
	rsp->body = e ? (struct str){ NULL, 0 } : arena_buf(r->arena, &rb.text);
	buf_free(&rb.text);
	if (e || !rsp->body.p)
		return e ? e : ERR_NOMEM;
	rsp->status = 200;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->cacheable = true;
	response_header(rsp, "Cache-Control", STR("public, max-age=3600"));
	return ERR_OK;
}
