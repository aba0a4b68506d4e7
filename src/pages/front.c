/* The front page, with a lead story and cards by section, and the pages of sections with their
 * older articles. */
#include "internal.h"

#include <string.h>

/* Articles: read for the front page; beside the lead; in the list of the latest; in a section's
 * block; on a page of a section. */
enum { FRONT_NEWS = 40, FRONT_SECONDS = 4, FRONT_LATEST = 8, BLOCK_CARDS = 4, SECTION_PAGE = 20 };

/* A list in the request's arena. */
struct cards {
	struct card *v;
	size_t n;
};

static void cards_data(
	struct template_data *list, struct arena *a, const struct card *cards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pages_card_data(template_append(list), a, &cards[i]);
}

/* ---- front page ---- */

/* Blocks on the front page: each costs a query. */
enum { FRONT_SECTIONS_MAX = 16 };
/* All that the front page shows, from one snapshot. */
struct front {
	struct response *rsp;
	struct access_request req;
	struct frame frame;
	struct arena *a;
	struct cards news, blocks[FRONT_SECTIONS_MAX];
};

static enum err front_read(struct access_snapshot *s, void *arg)
{
	struct front *f = arg;
	struct article_filter all = { .limit = FRONT_NEWS, .now_s = s->now_s };
	enum err e = pages_cards_load(s, &all, &f->news.v, &f->news.n);
	if (!e)
		e = pages_frame_load(s, &f->req, &f->frame);
	for (size_t i = 0; !e && i < f->frame.section_count && i < FRONT_SECTIONS_MAX; i++) {
		struct article_filter one = { .section = f->frame.sections[i].slug,
			.limit = BLOCK_CARDS,
			.now_s = s->now_s };
		e = pages_cards_load(s, &one, &f->blocks[i].v, &f->blocks[i].n);
	}
	return e ? e : access_share_list(s, &f->req, f->rsp);
}

/* The newest story with a picture leads; the next ones with pictures stand beside it. Returns what
 * is left. */
static size_t front_pick(
	struct front *f, const struct card **lead, struct card *seconds, size_t *second_count)
{
	size_t left = 0;
	*lead = NULL;
	*second_count = 0;
	struct card *first = arena_alloc(f->a, sizeof *first);
	for (size_t i = 0; first && i < f->news.n; i++) {
		struct card *c = &f->news.v[i];
		if (!*lead && (c->has_image || i + 1 == f->news.n)) {
			*first = *c;
			*lead = first;
		} else if (c->has_image && *second_count < FRONT_SECONDS) {
			seconds[(*second_count)++] = *c;
		} else {
			f->news.v[left++] = *c;
		}
	}
	return left;
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

static void front_data(struct template_data *root, struct front *f)
{
	const struct card *lead;
	struct card seconds[FRONT_SECONDS];
	size_t second_count, left = front_pick(f, &lead, seconds, &second_count);
	struct template_data *v = NULL;
	if (lead) {
		v = template_object(f->a);
		pages_card_data(v, f->a, lead);
	}
	template_child(root, "lead", v);
	cards_data(template_list(root, "seconds"), f->a, seconds, second_count);
	template_bool(root, "has_latest", left > 0);
	cards_data(template_list(root, "latest"), f->a, f->news.v,
		left < FRONT_LATEST ? left : FRONT_LATEST);
	struct template_data *blocks = template_list(root, "blocks");
	for (size_t i = 0; i < f->frame.section_count && i < FRONT_SECTIONS_MAX; i++) {
		struct template_data *b = template_append(blocks);
		picture_first(&f->blocks[i]);
		template_text(b, "name", f->frame.sections[i].name);
		template_z(b, "href",
			arena_fmt(f->a, "/sections/" STR_FMT, STR_ARG(f->frame.sections[i].slug)));
		cards_data(template_list(b, "cards"), f->a, f->blocks[i].v, f->blocks[i].n);
	}
}

enum err pages_front(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct front f = { .rsp = rsp, .req = access_request_from_http(r), .a = r->arena };
	enum err e = access_read(p->wall, r, front_read, &f);
	if (e)
		return e;
	struct page pg = { .description = p->set.tagline, .canonical = "/", .frame = f.frame };
	if (str_eq(fields_get(&r->query, "done"), STR("logout")))
		pg.notice = "You are logged out.";
	struct template_data *root = pages_frame_data(p, r, &pg);
	front_data(root, &f);
	return pages_render(p, r, rsp, 200, "front.html", root);
}

/* ---- section ---- */

/* The same for a page of a section; filter.before_at is the cursor. */
struct section_page {
	struct response *rsp;
	struct access_request req;
	struct frame frame;
	struct article_filter filter;
	struct arena *a;
	struct cards cards;
};

static enum err section_read(struct access_snapshot *s, void *arg)
{
	struct section_page *g = arg;
	enum err e = pages_cards_load(s, &g->filter, &g->cards.v, &g->cards.n);
	if (!e)
		e = pages_frame_load(s, &g->req, &g->frame);
	return e ? e : access_share_list(s, &g->req, g->rsp);
}

/* Older pages are named by the last article seen ("?before=1763600000-id"), so that new articles do
 * not shift them. */
static enum err before_parse(struct str s, struct article_filter *f)
{
	return s.n == 0 || content_cursor_parse(s, f) == ERR_OK ? ERR_OK : ERR_NOT_FOUND;
}

static const struct section *section_named(const struct section_page *s, struct str slug)
{
	for (size_t i = 0; i < s->frame.section_count; i++) {
		if (str_eq(s->frame.sections[i].slug, slug))
			return &s->frame.sections[i];
	}
	return NULL;
}

static void section_data(
	struct template_data *root, struct section_page *s, const struct section *sec)
{
	const char *href = arena_fmt(s->a, "/sections/" STR_FMT, STR_ARG(sec->slug));
	struct template_data *v = template_object(s->a);
	bool more = s->cards.n > SECTION_PAGE;
	size_t n = more ? SECTION_PAGE : s->cards.n;
	template_text(v, "name", sec->name);
	template_z(v, "href", href);
	template_child(root, "section", v);
	cards_data(template_list(root, "cards"), s->a, s->cards.v, n);
	template_z(root, "newer_href", s->filter.before_id.n ? href : NULL);
	template_z(root, "older_href",
		more ? arena_fmt(s->a, "%s?before=%s", href,
			       content_cursor_text(&s->cards.v[n - 1].article, s->a))
		     : NULL);
}

enum err pages_section(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct section_page s = { .rsp = rsp,
		.req = access_request_from_http(r),
		.a = r->arena,
		.filter = {
			.section = r->params[0], .limit = SECTION_PAGE + 1, .now_s = r->now_s } };
	enum err e = before_parse(fields_get(&r->query, "before"), &s.filter);
	if (!e)
		e = access_read(p->wall, r, section_read, &s);
	if (e)
		return e;
	const struct section *sec = section_named(&s, r->params[0]);
	if (!sec)
		return ERR_NOT_FOUND;
	const char *slug = pages_text_z(r->arena, sec->slug);
	struct page pg = { .title = pages_text_z(r->arena, sec->name),
		.canonical =
			s.filter.before_id.n ? NULL : arena_fmt(r->arena, "/sections/%s", slug),
		.section = slug,
		.frame = s.frame };
	struct template_data *root = pages_frame_data(p, r, &pg);
	section_data(root, &s, sec);
	return pages_render(p, r, rsp, 200, "section.html", root);
}
