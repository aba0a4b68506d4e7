/* Gift links: the button's answer with the link, the page that a friend opens, and the list of
 * one's own gifts. */
#include "internal.h"

#include "postern/gift.h"

#include <string.h>

/* What the page of an article needs to know of it, found in one read. */
struct about {
	const struct pages *p;
	const struct access_request *req;
	struct str slug;
	struct arena *a;
	bool asks_leave; /* may this reader give it? */
	struct article article;
	struct decision decision;
	struct image image;
	bool has_image;
	bool lost; /* the redemption: somebody else's was the last */
};

/* The article of a gift as its page shows it. Charges nothing; ERR_NOT_FOUND and ERR_GONE as for
 * the article. */
static enum err about_read(struct db_conn *c, void *arg)
{
	struct about *b = arg;
	enum err e = content_find(c, b->slug, b->a, &b->article);
	struct paywall_article subject = content_paywall_article(&b->article);
	if (e)
		return e;
	if (b->asks_leave) {
		e = gift_allowed(b->p->wall, c, b->req, &subject, b->a);
		if (e)
			return e;
	}
	e = decision_make(b->p->wall, c, b->req, &subject, b->a, &b->decision);
	if (!e && b->decision.grant == GRANT_NONE)
		e = paywall_gone(&b->decision) ? ERR_GONE : ERR_NOT_FOUND;
	if (e)
		return e;
	/* the lead is part of the teaser; nothing more is asked for, and nothing is charged */
	struct decision teaser = { .grant = GRANT_TEASER, .reason = REASON_SUBSCRIBER_ONLY };
	e = content_lead_image(c, &b->article, &teaser, b->a, &b->image);
	b->has_image = !e;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static const char *article_path(struct arena *a, const char *slug)
{
	return arena_fmt(a, "/articles/%s", slug);
}

/* ---- giving ---- */

static const char *url_query(struct arena *a, const char *before, struct str value)
{
	BUF_AUTO b = BUF(8192);
	buf_puts(&b, before);
	url_encode(&b, value);
	return b.err ? "" : pages_text_z(a, arena_buf(a, &b));
}

/* The link, and addresses that hand it on: a letter, a message. Nothing is sent by us. */
static void share_data(
	struct template_data *v, const struct request *r, const struct about *b, const char *link)
{
	struct arena *a = r->arena;
	const char *headline = pages_text_z(a, b->article.headline);
	const char *words = arena_fmt(a, "%s\n\n%s", headline, link);
	const char *mail = url_query(a, "mailto:?subject=", b->article.headline);
	template_z(v, "link", link);
	template_z(v, "share_mail", url_query(a, arena_fmt(a, "%s&body=", mail), str_of(words)));
	template_z(v, "share_sms", url_query(a, "sms:?&body=", str_of(words)));
	template_z(v, "share_whatsapp", url_query(a, "https://wa.me/?text=", str_of(words)));
}

static enum err made_page(struct request *r, struct response *rsp, const struct about *b,
	const struct gift_made *made)
{
	const struct pages *p = b->p;
	struct arena *a = r->arena;
	struct page pg = { .title = "Your gift link",
		.return_to = str_of(article_path(a, b->article.slug)) };
	struct template_data *root = pages_frame_data(p, r, &pg), *v = template_object(a);
	share_data(v, r, b, arena_fmt(a, "%s/gifts/%s", p->set.base_url, made->token.text));
	template_bool(v, "named", made->gift.named && r->caller.name[0]);
	pages_template_str(v, "own_name", str_of(r->caller.name));
	template_text(v, "headline", b->article.headline);
	template_html(v, "headline_html", pages_headline_html(a, b->article.headline));
	template_z(v, "href", article_path(a, b->article.slug));
	pages_template_time(
		v, "until", (struct shown_time){ a, made->gift.expires_at, r->now_s }, time_until);
	template_int(v, "redemptions", made->gift.redemptions_max);
	template_bool(v, "once", made->gift.redemptions_max == 1);
	template_bool(v, "again", made->again);
	template_int(v, "left", made->left);
	template_bool(v, "one_left", made->left == 1);
	template_child(root, "gift", v);
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "gift_made.html", root);
}

static const char *field_error(enum err e)
{
	switch (e) {
	case ERR_PAYMENT:
		return "Subscribers can give articles away. This account has no subscription that "
		       "covers this one.";
	case ERR_CONFLICT:
		return "This article is open to everyone. Send your friend its address.";
	case ERR_LIMITED:
		return "You have used all your gifts for this month.";
	default:
		return NULL;
	}
}

enum err pages_gift_make(void *ctx, struct request *r, struct response *rsp)
{
	struct access_request v = access_request_from_http(r);
	struct about b = {
		.p = ctx, .req = &v, .slug = r->params[0], .a = r->arena, .asks_leave = true
	};
	struct gift_made made;
	enum err e = db_read(b.p->accounts->db, about_read, &b);
	if (!e) {
		struct gift_order o = { .article_id = b.article.id,
			.account_id = r->caller.account_id,
			.named = fields_get(&r->form, "named").n > 0,
			.now_s = r->now_s };
		e = gift_make(b.p->wall, &o, &made);
	}
	rsp->detail = field_error(e);
	/* A used-up quota is no flood: 429 would count down a few seconds and lead back to the
	 * form.
	 */
	if (e == ERR_LIMITED)
		return ERR_CONFLICT;
	if (e)
		return e;
	e = made_page(r, rsp, &b, &made);
	crypto_wipe(&made.token, sizeof made.token);
	return e;
}

/* ---- one's own ---- */

/* The gifts of the reader who is signed in, in the request's arena. */
struct own {
	struct gift_filter f;
	struct arena *a;
	struct gift *list;
	size_t count;
};

static enum err own_read(struct db_conn *c, void *arg)
{
	struct own *o = arg;
	return gift_list(c, &o->f, o->a, &o->list, &o->count);
}

static void own_data(
	struct template_data *list, struct arena *a, const struct gift *g, int64_t now_s)
{
	struct template_data *v = template_append(list);
	const char *state = gift_state(g, now_s);
	bool live = strcmp(state, "live") == 0 || strcmp(state, "used_up") == 0;
	template_z(v, "id", g->id);
	template_z(v, "slug", g->slug);
	template_text(v, "headline", arena_str(a, str_of(g->headline)));
	template_bool(v, "named", g->named);
	template_z(v, "href", article_path(a, g->slug));
	pages_template_time(v, "given", (struct shown_time){ a, g->created_at, now_s }, time_date);
	pages_template_time(v, "until", (struct shown_time){ a, g->expires_at, now_s }, time_until);
	template_int(v, "redemptions", g->redemptions);
	template_int(v, "redemptions_max", g->redemptions_max);
	template_bool(v, "live", live);
	template_bool(v, "revoked", g->revoked_at != 0);
}

enum err pages_gifts(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	struct own o = { .f = { .account_id = r->caller.account_id, .limit = GIFTS_LIST_MAX },
		.a = r->arena };
	enum err e = db_read(p->accounts->db, own_read, &o);
	if (e)
		return e;
	struct page pg = { .title = "Articles you gave away", .notice = pages_done_notice(r, rsp) };
	struct template_data *root = pages_frame_data(p, r, &pg),
			     *list = template_list(root, "gifts");
	for (size_t i = 0; i < o.count; i++)
		own_data(list, r->arena, &o.list[i], r->now_s);
	pages_private(rsp);
	return pages_render(p, r, rsp, 200, "gifts.html", root);
}

enum err pages_gift_revoke(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	enum err e = gift_revoke(
		p->accounts->db, fields_get(&r->form, "gift_id"), r->caller.account_id, r->now_s);
	/* Revoked meanwhile by another hand: what was asked for is so. */
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (e)
		response_redirect(rsp, STR("/account/gifts"));
	else
		pages_done_redirect(r, rsp, "/account/gifts", "revoked");
	return ERR_OK;
}

/* ---- taking ---- */

static void gift_headers(struct response *rsp)
{
	response_header(rsp, "X-Robots-Tag", STR("noindex"));
}

/* It names the giver where that was agreed, and only while the link works. */
static enum err gift_page(
	struct request *r, struct response *rsp, const struct about *b, const struct gift *g)
{
	struct arena *a = r->arena;
	const char *state = gift_state(g, r->now_s);
	/* the last one was opened by somebody else between the form and its answer */
	if (b->lost)
		state = "used_up";
	bool live = strcmp(state, "live") == 0;
	const char *path = article_path(a, b->article.slug);
	struct page pg = { .title = pages_text_z(a, b->article.headline),
		.description = pages_text_z(a, b->article.dek),
		.canonical = path,
		.return_to = str_of(path),
		.noindex = true };
	if (b->has_image)
		pg.image = arena_fmt(a, "%s/media/%s/" STR_FMT, b->p->set.base_url, b->image.id,
			STR_ARG(b->image.name));
	struct template_data *root = pages_frame_data(b->p, r, &pg), *v = template_object(a);
	pages_giver_data(v, b->p, live ? g->giver : "", !*g->account_id);
	template_bool(v, "live", live);
	template_bool(v, "used_up", strcmp(state, "used_up") == 0);
	template_text(v, "headline", b->article.headline);
	template_html(v, "headline_html", pages_headline_html(a, b->article.headline));
	pages_template_str(v, "dek", b->article.dek);
	template_z(v, "href", path);
	pages_image_data(v, "image", a, b->has_image ? &b->image : NULL);
	template_child(root, "gift", v);
	pages_private(rsp); /* its form is sent from this address */
	gift_headers(rsp);
	return pages_render(b->p, r, rsp, live ? 200 : 410, "gift.html", root);
}

/* The gift and its article. ERR_SPENT with both filled where the link has ended. */
static enum err gift_by_link(struct about *b, struct request *r, struct gift *g)
{
	enum err e = gift_find(b->p->wall, r->params[0], r->now_s, g);
	if (e && e != ERR_SPENT)
		return e;
	b->slug = str_of(g->slug);
	enum err other = db_read(b->p->accounts->db, about_read, b);
	return other ? other : e;
}

static enum err to_article(struct response *rsp, const struct about *b)
{
	pages_secret(rsp);
	gift_headers(rsp);
	response_redirect(rsp, str_of(article_path(b->a, b->article.slug)));
	return ERR_OK;
}

/* Read by this reader without the gift, or with it already, and not to be counted. */
static bool open_already(const struct about *b)
{
	return b->decision.grant == GRANT_FULL && b->decision.reason != REASON_METERED;
}

/* Sets nothing and spends nothing, however often it is fetched, by previews and scanners too. */
enum err pages_gift(void *ctx, struct request *r, struct response *rsp)
{
	struct access_request v = access_request_from_http(r);
	struct about b = { .p = ctx, .req = &v, .a = r->arena };
	struct gift g;
	enum err e = gift_by_link(&b, r, &g);
	if (e && e != ERR_SPENT)
		return e;
	if (open_already(&b))
		return to_article(rsp, &b);
	return gift_page(r, rsp, &b, &g);
}

/* A program that reads for others takes no gift. */
static bool is_reader(const struct access_request *v)
{
	return v->user_agent.n > 0 && crawler_agent_is_reader(v->user_agent);
}

enum err pages_gift_redeem(void *ctx, struct request *r, struct response *rsp)
{
	struct access_request v = access_request_from_http(r);
	struct about b = { .p = ctx, .req = &v, .a = r->arena };
	struct gift_redemption red = {
		.token = r->params[0], .cookie = v.gifts, .now_s = r->now_s, .a = r->arena
	};
	enum err e = gift_by_link(&b, r, &red.gift);
	if (e && e != ERR_SPENT)
		return e;
	if (open_already(&b))
		return to_article(rsp, &b);
	if (!is_reader(&v)) {
		rsp->detail = "A gift can be opened only in a browser, not by a program.";
		return ERR_DENIED;
	}
	if (!e)
		e = gift_redeem(b.p->wall, &red);
	b.lost = e == ERR_SPENT && strcmp(gift_state(&red.gift, r->now_s), "live") == 0;
	if (e == ERR_SPENT)
		return gift_page(r, rsp, &b, &red.gift);
	if (e)
		return e;
	response_cookie(r, rsp,
		&(struct cookie){ .name = GIFT_COOKIE,
			.value = red.set_cookie,
			.max_age_s = GIFT_COOKIE_AGE_S });
	return to_article(rsp, &b);
}
