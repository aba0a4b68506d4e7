/* What a reader gets whom the gate refuses: an HTML page, a problem document for programs, or a
 * redirect to log-in. */
#include "internal.h"

#include "postern/json.h"
#include "postern/plan.h"

/* What log-in may lead back to: the address as written, without its query where that holds what a
 * way back must not ("%2f"), or "". */
static struct str way_back(const struct original *o)
{
	struct str rest = o->url.target, path = str_cut(&rest, '?');
	if (o->url.path.n == 1 && !rest.p)
		return STR("");
	if (url_is_local(o->url.target))
		return o->url.target;
	return url_is_local(path) ? path : STR("");
}

static void put_way_back(struct buf *b, const struct original *o)
{
	struct str back = way_back(o);
	if (back.n > 0) {
		buf_puts(b, "?return_to=");
		url_encode(b, back);
	}
}

struct str gate_login_address(
	struct arena *a, const struct path_answer *p, const struct original *o)
{
	BUF_AUTO b = BUF((size_t)4 * URL_LOCAL_MAX);
	buf_str(&b, p->origin);
	buf_puts(&b, "/login");
	put_way_back(&b, o);
	return arena_buf(a, &b);
}

/* ---- problem document ---- */

static json_t *offers(unsigned flags)
{
	json_t *list = json_array();
	const char *name = NULL;
	for (size_t i = 0; (name = paywall_offer_name(i)); i++) {
		if (flags >> i & 1)
			text_json_append(&list, json_string(name));
	}
	return list;
}

static enum err status_error(int status)
{
	if (status == 401)
		return ERR_UNAUTHENTICATED;
	return status == 402 ? ERR_PAYMENT : ERR_DENIED;
}

enum err gate_wall_problem(struct request *r, struct response *rsp, const struct wall *w)
{
	const struct path_answer *p = w->answer;
	const struct error_info *face = http_error_info(status_error(w->status));
	json_t *doc = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:o}}", "type",
		arena_fmt(r->arena, "urn:postern:error:%s", face->code), "title", face->title,
		"status", w->status, "detail", path_reason_text(p), "code", face->code,
		"request_id", r->id, "decision", "grant", paywall_grant_name(p->decision.grant),
		"reason", path_reason_name(p), "detail", path_reason_text(p), "offer",
		offers(p->decision.offer));
	enum err e = text_json_write(doc, JSON_COMPACT, r->arena, &rsp->body);
	if (e)
		return e;
	rsp->status = w->status;
	rsp->content_type = "application/problem+json";
	return ERR_OK;
}

/* ---- page ---- */

struct offering {
	const struct path_answer *answer;
	struct policy_plan_offers offers;
};

static enum err offers_read(struct access_snapshot *s, void *arg)
{
	struct offering *o = arg;
	const struct path_answer *p = o->answer;
	return policy_plan_offers(s->policy, &p->article, p->decision.offer, s->a, &o->offers);
}

/* What is sold and would open this path. */
static enum err plans_data(struct template_data *root, const struct gate *g,
	const struct request *r, const struct path_answer *p)
{
	struct offering o = { .answer = p };
	enum err e = p->decision.offer ? access_read(g->wall, r, offers_read, &o) : ERR_OK;
	if (!e)
		access_offers_data(root, &o.offers, true, NULL);
	return e;
}

static void reader_data(struct template_data *root, const struct request *r)
{
	struct template_data *v = r->caller.signed_in ? template_object(r->arena) : NULL;
	if (v) {
		template_z(v, "name", r->caller.name[0] ? r->caller.name : NULL);
		template_z(v, "email", r->caller.email);
	}
	template_child(root, "reader", v);
}

static const char *text_or_null(const char *z)
{
	return z && *z ? z : NULL;
}

static void site_data(
	struct template_data *root, const struct gate *g, struct arena *a, const char *title)
{
	struct template_data *site = template_object(a), *page = template_object(a);
	template_z(site, "name", g->set.site_name);
	template_z(site, "tagline", text_or_null(g->set.tagline));
	template_z(site, "language", g->set.language);
	const bool contact = g->set.contact && *g->set.contact;
	template_z(site, "contact", contact ? g->set.contact : NULL);
	template_z(site, "contact_href", contact ? g->set.contact_href : NULL);
	template_z(site, "imprint_url", text_or_null(g->set.imprint_url));
	template_z(site, "privacy_url", text_or_null(g->set.privacy_url));
	template_z(site, "terms_url", text_or_null(g->set.terms_url));
	template_child(root, "site", site);
	template_z(page, "title", title);
	template_bool(page, "robots_noindex", true);
	template_child(root, "page", page);
	template_z(root, "asset_css", g->css);
	template_z(root, "asset_js", g->js);
	template_z(root, "asset_icon", g->icon);
	template_child(root, "asset", g->names);
	template_list(root, "sections");
}

static void links_data(struct template_data *root, struct arena *a, const struct original *o)
{
	static const char *const names[][2] = { { "login_href", "/login" },
		{ "register_href", "/register" }, { "reset_href", "/reset" } };
	for (size_t i = 0; i < COUNT(names); i++) {
		BUF_AUTO b = BUF((size_t)4 * URL_LOCAL_MAX);
		buf_puts(&b, names[i][1]);
		put_way_back(&b, o);
		template_text(root, names[i][0], arena_buf(a, &b));
	}
}

enum err gate_wall_page(
	const struct gate *g, struct request *r, struct response *rsp, const struct wall *w)
{
	const struct path_answer *p = w->answer;
	struct template_data *root = template_object(r->arena);
	char today[TIME_TEXT_SIZE];
	BUF_AUTO out = BUF(TEMPLATE_OUTPUT_MAX);
	site_data(root, g, r->arena, http_error_info(status_error(w->status))->title);
	reader_data(root, r);
	links_data(root, r->arena, w->original);
	time_day(r->now_s, today);
	template_text(root, "today", arena_str(r->arena, str_of(today)));
	template_z(root, "reason", path_reason_name(p));
	template_z(root, "detail", path_reason_text(p));
	template_int(root, "status", w->status);
	template_bool(root, "pays", w->status == 402);
	template_bool(root, "can_login", p->decision.offer & OFFER_LOGIN);
	template_bool(root, "can_register", p->decision.offer & OFFER_REGISTER);
	template_z(root, "request_id", r->id);
	enum err e = plans_data(root, g, r, p);
	if (!e)
		e = template_render(g->templates, "gate.html", TEMPLATE_HTML, root, &out);
	if (e)
		return e == ERR_NOMEM ? e : ERR_INTERNAL;
	rsp->body = arena_buf(r->arena, &out);
	rsp->status = w->status;
	rsp->csp = g->csp;
	rsp->content_type = "text/html; charset=utf-8";
	return rsp->body.p ? ERR_OK : ERR_NOMEM;
}
