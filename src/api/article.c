/* GET /api/v1/articles and /api/v1/articles/{slug} as JSON. An article that is not granted in
 * full answers 401 when logging in could help and 402 when this account needs a subscription,
 * with the teaser and the reason in the problem document. */
#include "internal.h"

/* Articles of a list that names no limit. */
enum { LIST_DEFAULT = 20 };

static json_t *tags_json(const struct article *a)
{
	json_t *list = json_array();
	struct str rest = a->tags, tag;
	while (content_tag_next(&rest, &tag))
		text_json_append(&list, text_json_str(tag));
	return list;
}

static json_t *article_json(const struct article *a, enum access level)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "slug",
		a->slug, "headline", text_json_str(a->headline), "dek", text_json_str(a->dek),
		"byline", text_json_str(a->byline), "dateline", text_json_str(a->dateline),
		"credit", text_json_str(a->credit), "section", text_json_str(a->section),
		"section_name", text_json_str(a->section_name), "tags", tags_json(a), "access",
		paywall_access_name(level), "published_at", text_json_time(a->published_at),
		"updated_at", text_json_time(a->updated_at));
}

static json_t *image_json(const struct image *img, struct arena *a)
{
	const char *href = arena_fmt(a, "/media/%s/" STR_FMT, img->id, STR_ARG(img->name));
	return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o}", "href", href, "width",
		(json_int_t)img->width, "height", (json_int_t)img->height, "alt",
		text_json_str(img->alt), "caption", text_json_str(img->caption), "credit",
		text_json_str(img->credit));
}

static json_t *images_json(const struct article_reading *rd, struct arena *a)
{
	json_t *list = json_array();
	for (size_t i = 0; i < rd->image_count; i++)
		text_json_append(&list, image_json(&rd->images[i], a));
	return list;
}

static json_t *decision_json(const struct decision *d)
{
	json_t *doc = json_pack("{s:s, s:s, s:s, s:o}", "grant", paywall_grant_name(d->grant),
		"reason", paywall_reason_name(d->reason), "detail", paywall_decision_text(d),
		"offer", api_offer_json(d->offer));
	if (d->institution)
		text_json_put(&doc, "institution", json_string(d->institution));
	if (paywall_metered(d))
		text_json_put(&doc, "meter", api_meter_json(d));
	return doc;
}

/* What a machine needs to know to go on: in the terms of RSL, payment for a crawl. */
static json_t *licence_json(const char *href)
{
	return json_pack("{s:s?, s:s, s:s}", "href", href && *href ? href : NULL, "payment",
		"required", "type", "crawl");
}

/* Not granted in whole: 401 when logging in could help, 402 when this account needs more; with what
 * is granted. */
static enum err article_refused(const struct api *api, struct request *r, struct response *rsp,
	const struct article_reading *rd, json_t *article)
{
	bool pay = rd->decision.reason == REASON_CRAWLER_PAYMENT;
	enum err err = r->caller.signed_in || pay ? ERR_PAYMENT : ERR_UNAUTHENTICATED;
	const struct error_info *face = http_error_info(err);
	json_t *decision = decision_json(&rd->decision);
	text_json_put(&decision, "plans", api_plans_json(&rd->offers));
	const char *code = rsp->code =
		err == ERR_UNAUTHENTICATED && request_token_is_dead(r) ? HTTP_INVALID_TOKEN : NULL;
	if (!code)
		code = face->code;
	rsp->content_type = "application/problem+json";
	json_t *doc = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:o}", "type",
		arena_fmt(r->arena, "urn:postern:error:%s", code), "title", face->title, "status",
		face->status, "detail", paywall_decision_text(&rd->decision), "code", code,
		"request_id", r->id, "decision", decision, "article", article);
	if (pay)
		text_json_put(&doc, "licence", licence_json(api->wall->licence_url));
	return api_json_answer(r, rsp, face->status, doc);
}

/* By an address that the article had before. */
static enum err article_moved(struct request *r, struct response *rsp, const struct article *art)
{
	const char *href = arena_fmt(r->arena, "/api/v1/articles/%s", art->slug);
	response_header(rsp, "Location", str_of(href));
	return api_json_answer(
		r, rsp, 301, json_pack("{s:s, s:s}", "slug", art->slug, "href", href));
}

enum err api_article_get(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	const struct access_article_query q = { .wall = api->wall,
		.accounts = api->accounts,
		.bound = &api->teaser,
		.with_teaser = true,
		.token_must_live = true };
	struct article_reading rd;
	enum err e = access_article_open(&q, r, rsp, &rd);
	if (e)
		return e;
	if (rd.moved)
		return article_moved(r, rsp, &rd.article);
	json_t *article = article_json(&rd.article, rd.decision.level);
	text_json_put(&article, "images", images_json(&rd, r->arena));
	text_json_put(&article, "teaser_html", text_json_str(rd.teaser.html));
	if (rd.decision.grant != GRANT_FULL)
		return article_refused(api, r, rsp, &rd, article);
	text_json_put(&article, "body_html", text_json_str(rd.text.html));
	return api_json_answer(r, rsp, 200,
		json_pack(
			"{s:o, s:o}", "article", article, "decision", decision_json(&rd.decision)));
}

/* ---- list ---- */

/* One page of a list: `list` and `leads` have `count` members, in the request's arena. */
struct article_listing {
	const struct request *r;
	struct response *rsp;
	struct article_filter f;
	struct article *list;
	struct content_lead *leads;
	size_t count;
};

static enum err articles_read(struct access_snapshot *s, void *arg)
{
	struct article_listing *l = arg;
	const struct access_request req = access_request_from_http(l->r);
	enum err e = content_list(s->c, &l->f, s->a, &l->list, &l->count);
	if (!e)
		e = access_leads(s, l->list, l->count, &l->leads);
	return e ? e : access_share_list(s, &req, l->rsp);
}

static enum err list_parse(struct request *r, struct response *rsp, struct article_filter *f)
{
	struct str limit = fields_get(&r->query, "limit"), cursor = fields_get(&r->query, "cursor");
	int64_t n = LIST_DEFAULT;
	if (limit.n > 0 && str_int(limit, 1, LIST_MAX, &n) != ERR_OK)
		response_problem(
			rsp, "limit", "bad_number", "This must be a number from 1 to 100.");
	if (cursor.n > 0 && content_cursor_parse(cursor, f) != ERR_OK)
		response_problem(rsp, "cursor", "bad_cursor",
			"This must be the next_cursor of the previous page, unchanged.");
	struct str featured = fields_get(&r->query, "featured");
	f->featured = str_eq(featured, STR("true"));
	f->section = fields_get(&r->query, "section");
	f->tag = fields_get(&r->query, "tag");
	f->words = fields_get(&r->query, "q");
	f->limit = (size_t)n + 1; /* one more tells whether there is another page */
	if (featured.n > 0 && (!f->featured || cursor.n + f->section.n + f->tag.n + f->words.n > 0))
		response_problem(rsp, "featured", "bad_featured",
			"This must be \"true\", without section, tag, q or cursor.");
	return rsp->problem_count ? ERR_INVALID : ERR_OK;
}

static json_t *item_json(const struct article_listing *l, size_t i, struct arena *a)
{
	const struct content_lead *lead = &l->leads[i];
	json_t *item = article_json(&l->list[i], lead->decision.level);
	text_json_put(&item, "image", lead->found ? image_json(&lead->image, a) : json_null());
	return item;
}

enum err api_article_list(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct article_listing l = {
		.r = r, .rsp = rsp, .f = { .now_s = r->now_s, .search_ms = api->search_ms }
	};
	enum err e = list_parse(r, rsp, &l.f);
	if (!e)
		e = access_read(api->wall, r, articles_read, &l);
	if (e == ERR_BUSY && l.f.words.n + l.f.tag.n > 0)
		rsp->detail =
			"The search took too long. Try again later, or search within one section.";
	if (e)
		return e;
	json_t *items = json_array(), *next = json_null();
	const bool more = l.count == l.f.limit;
	const size_t shown = more ? l.count - 1 : l.count;
	for (size_t i = 0; i < shown; i++)
		text_json_append(&items, item_json(&l, i, r->arena));
	if (more && !l.f.featured)
		next = json_string(content_cursor_text(&l.list[shown - 1], r->arena));
	return api_json_answer(
		r, rsp, 200, json_pack("{s:o, s:o}", "articles", items, "next_cursor", next));
}
