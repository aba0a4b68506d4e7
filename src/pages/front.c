/* The front page: the story that leads, those beside it, the latest, and a block for each section.
 * No story stands there twice. */
#include "internal.h"

#include <string.h>

/* Articles: read for the front page; on top, the lead included; in the list of the latest, at least
 * and at most; in a section's block. */
enum { FRONT_NEWS = 40, FRONT_TOP = 5, LATEST_MIN = 3, LATEST_MAX = 8, BLOCK_CARDS = 4 };
/* Blocks on the front page: each costs a query. */
enum { FRONT_SECTIONS_MAX = 16 };

/* All that the front page shows, from one snapshot. `news` is what is left of the newest articles
 * when the top is taken; the latest are the first of it. */
struct front {
	struct response *rsp;
	struct access_request req;
	struct frame frame;
	struct arena *a;
	struct cards featured, news, top, blocks[FRONT_SECTIONS_MAX];
	size_t latest;
};

static bool cards_have(const struct cards *c, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(c->v[i].article.id, id) == 0)
			return true;
	}
	return false;
}

static bool is_shown(const struct front *f, const char *id)
{
	return cards_have(&f->top, f->top.n, id) || cards_have(&f->news, f->latest, id);
}

static void top_add(struct front *f, const struct card *c)
{
	if (f->top.n < FRONT_TOP && !cards_have(&f->top, f->top.n, c->article.id))
		f->top.v[f->top.n++] = *c;
}

/* What the desk features comes first, in its order. Where it features nothing, the newest leads,
 * with a picture or without; beside the lead, stories with pictures are preferred. */
static enum err top_pick(struct front *f)
{
	f->top = (struct cards){ .v = arena_alloc(f->a, FRONT_TOP * sizeof *f->top.v) };
	if (!f->top.v)
		return ERR_NOMEM;
	for (size_t i = 0; i < f->featured.n; i++)
		top_add(f, &f->featured.v[i]);
	if (f->top.n == 0 && f->news.n > 0)
		top_add(f, &f->news.v[0]);
	for (size_t i = 0; i < f->news.n; i++) {
		if (f->news.v[i].has_image)
			top_add(f, &f->news.v[i]);
	}
	for (size_t i = 0; i < f->news.n; i++)
		top_add(f, &f->news.v[i]);
	return ERR_OK;
}

/* A third of what is left, so that the sections have stories of their own. */
static void latest_pick(struct front *f)
{
	size_t left = 0;
	for (size_t i = 0; i < f->news.n; i++) {
		if (!cards_have(&f->top, f->top.n, f->news.v[i].article.id))
			f->news.v[left++] = f->news.v[i];
	}
	f->news.n = left;
	f->latest = left / 3 < LATEST_MAX ? left / 3 : LATEST_MAX;
	if (f->latest < LATEST_MIN)
		f->latest = left < LATEST_MIN ? left : LATEST_MIN;
}

static size_t shown_in(const struct front *f, struct str section)
{
	size_t n = 0;
	for (size_t i = 0; i < f->top.n; i++)
		n += str_eq(f->top.v[i].article.section, section);
	for (size_t i = 0; i < f->latest; i++)
		n += str_eq(f->news.v[i].article.section, section);
	return n;
}

/* Only the first card of a block shows its picture. */
static void picture_first(struct cards *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct card first = c->v[i];
		if (!first.has_image)
			continue;
		memmove(&c->v[1], &c->v[0], i * sizeof c->v[0]);
		c->v[0] = first;
		return;
	}
}

/* So many more are read as stand further up the page already. */
static enum err block_load(struct access_snapshot *s, struct front *f, size_t at)
{
	struct cards *b = &f->blocks[at];
	const struct str section = f->frame.sections[at].slug;
	const struct article_filter one = {
		.section = section, .limit = BLOCK_CARDS + shown_in(f, section), .now_s = s->now_s
	};
	size_t left = 0;
	enum err e = pages_cards_load(s, &one, &b->v, &b->n);
	for (size_t i = 0; !e && i < b->n && left < BLOCK_CARDS; i++) {
		if (!is_shown(f, b->v[i].article.id))
			b->v[left++] = b->v[i];
	}
	b->n = left;
	picture_first(b);
	return e;
}

static enum err front_read(struct access_snapshot *s, void *arg)
{
	struct front *f = arg;
	const struct article_filter desk = {
		.featured = true, .limit = FRONT_TOP, .now_s = s->now_s
	};
	const struct article_filter all = { .limit = FRONT_NEWS, .now_s = s->now_s };
	enum err e = pages_cards_load(s, &desk, &f->featured.v, &f->featured.n);
	if (!e)
		e = pages_cards_load(s, &all, &f->news.v, &f->news.n);
	if (!e)
		e = top_pick(f);
	if (e)
		return e;
	latest_pick(f);
	e = pages_frame_load(s, &f->req, &f->frame);
	for (size_t i = 0; !e && i < f->frame.section_count && i < FRONT_SECTIONS_MAX; i++)
		e = block_load(s, f, i);
	struct access_latest kept; /* in memory for error pages */
	if (!e)
		e = access_latest(s, &kept);
	return e ? e : access_share_list(s, &f->req, f->rsp);
}

static void blocks_data(struct template_data *blocks, const struct front *f)
{
	for (size_t i = 0; i < f->frame.section_count && i < FRONT_SECTIONS_MAX; i++) {
		const struct cards *cards = &f->blocks[i];
		if (cards->n == 0)
			continue;
		struct template_data *b = template_append(blocks);
		template_text(b, "name", f->frame.sections[i].name);
		template_z(b, "href", pages_section_href(f->a, f->frame.sections[i].slug));
		pages_cards_data(template_list(b, "cards"), f->a, cards->v, cards->n);
	}
}

static void front_data(struct template_data *root, const struct front *f)
{
	struct template_data *lead = NULL;
	if (f->top.n > 0) {
		lead = template_object(f->a);
		pages_card_data(lead, f->a, &f->top.v[0]);
	}
	template_child(root, "lead", lead);
	pages_cards_data(template_list(root, "seconds"), f->a, f->top.v + 1,
		f->top.n > 0 ? f->top.n - 1 : 0);
	template_bool(root, "has_latest", f->latest > 0);
	pages_cards_data(template_list(root, "latest"), f->a, f->news.v, f->latest);
	blocks_data(template_list(root, "blocks"), f);
}

enum err pages_front(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct front f = { .rsp = rsp, .req = access_request_from_http(r), .a = r->arena };
	enum err e = access_read(p->wall, r, front_read, &f);
	if (e)
		return e;
	struct page pg = { .description = p->set.tagline,
		.canonical = "/",
		.notice = pages_done_notice(r, rsp),
		.frame = f.frame };
	if (!*p->set.tagline)
		pg.description =
			arena_fmt(r->arena, "The latest articles from %s.", p->set.site_name);
	struct template_data *root = pages_frame_data(p, r, &pg);
	front_data(root, &f);
	return pages_render(p, r, rsp, 200, "front.html", root);
}
