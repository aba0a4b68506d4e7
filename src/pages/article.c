/* The article's page and its pictures. What the reader gets was decided in room access; this file
 * puts it into the template, with the gift button and links to more articles. The wall is in
 * wall.c. */
#include "internal.h"

#include <string.h>

/* Articles of the same section that stand below the text. */
enum { MORE_CARDS = 4 };
/* The id in article.html where a teaser ends and the wall stands, or the text goes on. */
#define CONTINUE "continue"

/* What stands beside the article. */
struct around {
	const struct article_reading *rd;
	struct card *more;
	size_t more_count;
	struct frame frame;
};

static enum err around_read(struct access_snapshot *s, void *arg)
{
	struct around *ar = arg;
	const struct article_filter f = {
		.section = ar->rd->article.section, .limit = MORE_CARDS + 1, .now_s = s->now_s
	};
	enum err e = pages_cards_load(s, &f, &ar->more, &ar->more_count);
	if (!e)
		e = pages_frame_load(s, &ar->rd->req, &ar->frame);
	/* Who reads this by a subscription has one. All who share this page do. */
	if (ar->rd->decision.reason == REASON_ENTITLED)
		ar->frame.sold = false;
	return e;
}

static void tags_data(struct template_data *v, const struct article *art)
{
	struct template_data *list = template_list(v, "tags");
	struct str rest = art->tags, tag;
	template_bool(v, "has_tags", art->tags.n > 0);
	while (content_tag_next(&rest, &tag))
		template_text(template_append(list), "name", tag);
}

static void article_data(
	struct template_data *root, const struct request *r, const struct article_reading *rd)
{
	const struct article *art = &rd->article;
	struct arena *a = r->arena;
	struct template_data *v = template_object(a);
	int64_t changed_at = art->updated_at > art->published_at ? art->updated_at : 0;
	pages_headline_data(v, a, art);
	pages_template_str(v, "dateline", art->dateline);
	pages_template_str(v, "credit", art->credit);
	pages_template_time(
		v, "published", (struct shown_time){ a, art->published_at, r->now_s }, time_human);
	pages_template_time(
		v, "updated", (struct shown_time){ a, changed_at, r->now_s }, time_human);
	tags_data(v, art);
	pages_access_data(v, rd->decision.level);
	pages_image_data(v, "image", a,
		rd->image_count && rd->images[0].position == 0 ? &rd->images[0] : NULL);
	template_child(root, "article", v);
}

/* Who subscribes may give it away. */
static void give_data(struct template_data *root, const struct pages *p, struct arena *a,
	const struct article_reading *rd)
{
	const struct decision *d = &rd->decision;
	bool may = p->wall->gifts.per_month && d->reason == REASON_ENTITLED && d->by &&
		   !*d->by->article_id;
	template_z(root, "give_action",
		may ? arena_fmt(a, "/articles/%s/gift", rd->article.slug) : NULL);
}

static void more_data(
	struct template_data *root, struct arena *a, const struct around *ar, const char *own_id)
{
	struct template_data *list = template_list(root, "more");
	size_t n = 0;
	for (size_t i = 0; i < ar->more_count && n < MORE_CARDS; i++) {
		if (strcmp(ar->more[i].article.id, own_id) == 0)
			continue;
		pages_card_data(template_append(list), a, &ar->more[i]);
		n++;
	}
	template_bool(root, "has_more", n > 0);
}

static const char *image_address(
	const struct pages *p, struct arena *a, const struct article_reading *rd)
{
	if (rd->image_count == 0 || rd->images[0].position != 0)
		return NULL;
	return arena_fmt(a, "%s/media/%s/" STR_FMT, p->set.base_url, rd->images[0].id,
		STR_ARG(rd->images[0].name));
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

/* The present address, with the query of the old one: a campaign's parameters go along. This answer
 * is for one request alone, so it may hold what was sent. */
static struct str moved_to(const struct request *r, const char *slug)
{
	struct str query = r->target;
	(void)str_cut(&query, '?');
	if (!is_printable(query))
		return str_of(arena_fmt(r->arena, "/articles/%s", slug));
	return str_of(arena_fmt(r->arena, "/articles/%s?" STR_FMT, slug, STR_ARG(query)));
}

/* The whole text, with the id that a log-in at the wall leads to: of the block in which the teaser
 * ended. */
static struct str text_of(const struct pages *p, struct arena *a, const struct article_reading *rd)
{
	const struct decision *d = &rd->decision;
	const struct str html = rd->text.html;
	if (d->grant != GRANT_FULL || d->level == ACCESS_PUBLIC)
		return html;
	size_t at = content_teaser_block_at(html, &rd->article, d, &p->set.teaser);
	if (at == html.n)
		return html;
	do
		at++;
	while (at < html.n && html.p[at] != ' ' && html.p[at] != '>');
	const struct str pieces[] = { { html.p, at }, STR(" id=\"" CONTINUE "\""),
		{ html.p + at, html.n - at } };
	return arena_join(a, pieces, COUNT(pieces));
}

/* Who logs in at the wall goes on reading there. */
static struct str way_back(const struct request *r, const struct article_reading *rd)
{
	const struct str own[] = { pages_own_address(r), STR("#" CONTINUE) };
	return rd->decision.grant == GRANT_FULL ? own[0] : arena_join(r->arena, own, COUNT(own));
}

/* All that an article's page holds beside the frame. */
static struct template_data *page_data(const struct pages *p, const struct request *r,
	const struct article_reading *rd, const struct around *ar)
{
	struct arena *a = r->arena;
	struct page pg = { .title = pages_text_z(a, rd->article.headline),
		.description = pages_text_z(a, rd->article.dek),
		.canonical = arena_fmt(a, "/articles/%s", rd->article.slug),
		.return_to = way_back(r, rd),
		.section = pages_text_z(a, rd->article.section),
		.image = image_address(p, a, rd),
		.frame = ar->frame };
	struct template_data *root = pages_frame_data(p, r, &pg);
	article_data(root, r, rd);
	template_html(root, "body_html", pages_body_html(a, text_of(p, a, rd)));
	template_bool(root, "full", rd->decision.grant == GRANT_FULL);
	pages_meter_data(root, a, &rd->decision);
	pages_wall_data(root, r, p, rd);
	pages_given_data(root, r->arena, p, rd);
	give_data(root, p, a, rd);
	more_data(root, a, ar, rd->article.id);
	pages_form_data(root, a, p, &(struct form_state){ 0 });
	return root;
}

static enum err moved(const struct request *r, struct response *rsp, const char *slug)
{
	response_redirect(rsp, moved_to(r, slug));
	rsp->status = 301;
	return ERR_OK;
}

/* The page to log in says why the session was ended. */
static enum err read_elsewhere(const struct request *r, struct response *rsp)
{
	response_redirect(rsp, str_of(pages_local_href(r->arena, "/login", pages_own_address(r))));
	return ERR_OK;
}

enum err pages_article(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct article_reading rd;
	struct around ar = { .rd = &rd };
	const struct access_article_query q = { .wall = p->wall,
		.accounts = p->accounts,
		.bound = &p->set.teaser,
		.beside = around_read,
		.arg = &ar };
	enum err e = access_article_open(&q, r, rsp, &rd);
	if (e == ERR_UNAUTHENTICATED)
		return read_elsewhere(r, rsp);
	if (e)
		return e;
	if (rd.moved)
		return moved(r, rsp, rd.article.slug);
	int status = rd.decision.reason == REASON_CRAWLER_PAYMENT ? 402 : 200;
	e = pages_render(p, r, rsp, status, "article.html", page_data(p, r, &rd, &ar));
	if (!e && pages_names_reader(r, rsp->body))
		rsp->shared.on = false;
	return e;
}

/* A lead picture is part of the teaser and may be kept a while by anybody; the others only by the
 * reader, who asks again each time. */
enum err pages_media(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct access_media m;
	enum err e = access_media_open(p->wall, r, rsp, &m);
	if (!e && !str_eq(m.image.name, r->params[1]))
		e = ERR_NOT_FOUND;
	if (e)
		return e;
	rsp->status = 200;
	rsp->body = m.bytes;
	rsp->content_type = pages_text_z(r->arena, m.image.content_type);
	/* What an earlier version stored goes out without its notes, so with another tag. */
	rsp->etag = arena_fmt(r->arena, "\"" STR_FMT "%s\"", STR_ARG(m.image.digest),
		m.image.stripped ? "" : "-s");
	rsp->ranges = true;
	rsp->cacheable = true;
	rsp->csp = "default-src 'none'; sandbox";
	response_header(rsp, "Cache-Control",
		m.image.position == 0 ? STR("public, max-age=300") : STR("private, no-cache"));
	return ERR_OK;
}
