/* A section's page: what it is about, its articles, newest first, and the way to older ones. */
#include "internal.h"

/* Articles on a page. */
enum { SECTION_PAGE = 20 };

/* All that a page shows, from one snapshot; filter.before_at is the cursor. */
struct section_page {
	struct response *rsp;
	struct access_request req;
	struct frame frame;
	struct article_filter filter;
	struct arena *a;
	struct cards cards;
	struct str description; /* by the newsroom; empty: none */
};

static enum err section_read(struct access_snapshot *s, void *arg)
{
	struct section_page *g = arg;
	enum err e = pages_cards_load(s, &g->filter, &g->cards.v, &g->cards.n);
	if (!e)
		e = content_section_description(s->c, g->filter.section, s->a, &g->description);
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
	const char *href = pages_section_href(s->a, sec->slug);
	struct template_data *v = template_object(s->a);
	bool more = s->cards.n > SECTION_PAGE;
	size_t n = more ? SECTION_PAGE : s->cards.n;
	template_text(v, "name", sec->name);
	template_z(v, "href", href);
	pages_template_str(v, "description", s->description);
	template_child(root, "section", v);
	pages_cards_data(template_list(root, "cards"), s->a, s->cards.v, n);
	template_z(root, "newer_href", s->filter.before_id.n ? href : NULL);
	template_z(root, "older_href",
		more ? arena_fmt(s->a, "%s?before=%s", href,
			       content_cursor_text(&s->cards.v[n - 1].article, s->a))
		     : NULL);
}

/* For search engines, which want a sentence for each page. */
static const char *section_summary(
	const struct pages *p, const struct section_page *s, const struct section *sec)
{
	if (s->description.n > 0)
		return pages_text_z(s->a, s->description);
	return arena_fmt(s->a, STR_FMT ": the latest articles from %s.", STR_ARG(sec->name),
		p->set.site_name);
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
		.description = section_summary(p, &s, sec),
		.canonical = s.filter.before_id.n ? NULL : pages_section_href(r->arena, sec->slug),
		.section = slug,
		.frame = s.frame };
	struct template_data *root = pages_frame_data(p, r, &pg);
	section_data(root, &s, sec);
	return pages_render(p, r, rsp, 200, "section.html", root);
}
