/* What every page has: frame, navigation, the reader's name, canonical address, links to log-in
 * that lead back here; and the headers of pages that no cache may keep. */
#include "internal.h"

#include <string.h>

const char *pages_text_z(struct arena *a, struct str s)
{
	return arena_fmt(a, STR_FMT, STR_ARG(s));
}

void pages_template_str(struct template_data *v, const char *key, struct str s)
{
	if (s.n > 0)
		template_text(v, key, s);
	else
		template_bool(v, key, false);
}

void pages_template_time(
	struct template_data *v, const char *key, struct shown_time t, time_words *words)
{
	const char *iso_key = arena_fmt(t.a, "%s_iso", key);
	char text[TIME_TEXT_SIZE], iso[TIME_TEXT_SIZE];
	words(t.t_s, t.now_s, text);
	time_text(t.t_s, iso);
	template_z(v, key, t.t_s ? arena_fmt(t.a, "%s", text) : NULL);
	template_z(v, iso_key, t.t_s ? arena_fmt(t.a, "%s", iso) : NULL);
}

struct str pages_safe_return_to(struct str s)
{
	return s.n > 0 && url_is_local(s) ? s : STR("/");
}

struct str pages_return_to(const struct request *r)
{
	const struct fields *from = r->method == METHOD_POST ? &r->form : &r->query;
	return pages_safe_return_to(fields_get(from, "return_to"));
}

const char *pages_local_href(struct arena *a, const char *path, struct str return_to)
{
	BUF_AUTO b = BUF(8192);
	buf_puts(&b, path);
	if (!str_eq(return_to, STR("/"))) {
		buf_puts(&b, "?return_to=");
		url_encode(&b, return_to);
	}
	return pages_text_z(a, arena_buf(a, &b));
}

const char *pages_section_href(struct arena *a, struct str slug)
{
	return arena_fmt(a, "/sections/" STR_FMT, STR_ARG(slug));
}

static void site_data(struct template_data *root, const struct pages *p, struct arena *a)
{
	struct template_data *site = template_object(a);
	template_z(site, "name", p->set.site_name);
	pages_template_str(site, "tagline", str_of(p->set.tagline));
	template_z(site, "language", p->set.language);
	pages_template_str(site, "contact", str_of(p->set.contact));
	pages_template_str(site, "contact_href", str_of(p->set.contact_href));
	pages_template_str(site, "imprint_url", str_of(p->set.imprint_url));
	pages_template_str(site, "privacy_url", str_of(p->set.privacy_url));
	pages_template_str(site, "terms_url", str_of(p->set.terms_url));
	template_child(root, "site", site);
}

static void meta_data(struct template_data *root, const struct pages *p, const struct request *r,
	const struct page *pg)
{
	struct template_data *v = template_object(r->arena);
	size_t whole = (pg->title ? strlen(pg->title) : 0) + 3 + strlen(p->set.site_name);
	template_z(v, "title", pg->title);
	template_bool(v, "title_bare", whole > 70);
	template_z(v, "description", pg->description && *pg->description ? pg->description : NULL);
	template_text(v, "path", r->path);
	template_z(v, "canonical",
		pg->canonical ? arena_fmt(r->arena, "%s%s", p->set.base_url, pg->canonical) : NULL);
	template_z(v, "image", pg->image);
	template_bool(v, "robots_noindex", !pg->canonical || pg->noindex);
	template_child(root, "page", v);
}

static void sections_data(
	struct template_data *root, const struct request *r, const struct page *pg)
{
	struct template_data *list = template_list(root, "sections");
	for (size_t i = 0; i < pg->frame.section_count; i++) {
		const struct section *s = &pg->frame.sections[i];
		struct template_data *v = template_append(list);
		template_text(v, "name", s->name);
		template_z(v, "href", pages_section_href(r->arena, s->slug));
		template_bool(v, "current", pg->section && str_eq(s->slug, str_of(pg->section)));
	}
}

static void reader_data(struct template_data *root, const struct request *r)
{
	struct template_data *v = NULL;
	if (r->caller.signed_in) {
		v = template_object(r->arena);
		pages_template_str(v, "name", str_of(r->caller.name));
		template_z(v, "email", r->caller.email);
	}
	template_child(root, "reader", v);
}

/* What is said once and what is secret leads back to no page. */
static bool stays(struct str name)
{
	static const char *const passing[] = { "token", "done", "return_to" };
	for (size_t i = 0; i < COUNT(passing); i++) {
		if (str_eq(name, str_of(passing[i])))
			return false;
	}
	return true;
}

struct str pages_own_address(const struct request *r)
{
	BUF_AUTO b = BUF((size_t)4 * URL_PATH_MAX);
	char before = '?';
	url_encode_path(&b, r->path);
	for (size_t i = 0; i < r->query.n; i++) {
		const struct field *f = &r->query.v[i];
		if (!stays(f->name))
			continue;
		buf_byte(&b, before);
		buf_str(&b, f->name);
		buf_byte(&b, '=');
		url_encode_path(&b, f->value);
		before = '&';
	}
	return b.err == ERR_TOO_LARGE ? STR("/") : arena_buf(r->arena, &b);
}

enum err pages_frame_load(
	struct access_snapshot *s, const struct access_request *req, struct frame *out)
{
	enum err e = access_sections(s, &out->sections, &out->section_count);
	if (e)
		return e;
	out->loaded = true;
	out->sold = paywall_anything_sold(s->policy);
	return institution_reader_title(s->c, req, s->policy, s->a, &out->institution);
}

/* Told once, to whoever was signed in: pages_render has the browser forget that session. */
static const char *ended_notice(const struct request *r)
{
	if (!r->caller.session_ended || r->method != METHOD_GET)
		return NULL;
	return r->caller.read_elsewhere
		       ? "Your account was in use in more places than allowed at the same time, so "
			 "you were logged out here. Log in to keep reading here."
		       : "You were logged out: your session expired or was ended on another "
			 "device. Log in to continue.";
}

/* A page that reads no frame takes the newest policy that this process has read. */
static bool is_sold(const struct pages *p, const struct page *pg)
{
	const struct paywall_policy *policy = NULL;
	if (pg->frame.loaded)
		return pg->frame.sold;
	policy = policy_cached(p->wall->policies);
	const bool sold = policy && paywall_anything_sold(policy);
	policy_release(p->wall->policies, policy);
	return sold;
}

struct template_data *pages_frame_data(
	const struct pages *p, const struct request *r, const struct page *pg)
{
	struct arena *a = r->arena;
	const struct assets *assets = pages_assets(p);
	struct template_data *root = template_object(a);
	struct str back =
		pages_safe_return_to(pg->return_to.n > 0 ? pg->return_to : pages_own_address(r));
	char today[TIME_TEXT_SIZE];
	time_day(r->now_s, today);
	site_data(root, p, a);
	meta_data(root, p, r, pg);
	sections_data(root, r, pg);
	reader_data(root, r);
	template_text(root, "today", arena_str(a, str_of(today)));
	template_z(root, "login_href", pages_local_href(a, "/login", back));
	template_z(root, "register_href", pages_local_href(a, "/register", back));
	template_z(root, "reset_href", pages_local_href(a, "/reset", back));
	template_z(root, "subscribe_href", is_sold(p, pg) ? "/subscribe" : NULL);
	template_text(root, "return_to", back);
	template_z(root, "asset_css", assets->css->href);
	template_z(root, "asset_js", assets->js->href);
	template_z(root, "asset_icon", assets->icon->href);
	template_child(root, "asset", assets->names);
	template_bool(root, "feed_href", false);
	template_z(root, "notice", pg->notice ? pg->notice : ended_notice(r));
	template_z(root, "institution", pg->frame.institution);
	template_bool(root, "development", p->set.development);
	template_z(root, "mailbox_href", p->set.development ? "/_dev/mailbox" : NULL);
	template_z(root, "request_id", r->id);
	return root;
}

enum err pages_render(const struct pages *p, const struct request *r, struct response *rsp,
	int status, const char *name, const struct template_data *v)
{
	BUF_AUTO out = BUF(TEMPLATE_OUTPUT_MAX);
	enum err e = template_render(p->templates, name, TEMPLATE_HTML, v, &out);
	if (e) {
		LOG(p->accounts->log, LOG_ERROR, "template_failed", log_z("request", r->id),
			log_z("template", name), log_z("err", err_name(e)));
		return e == ERR_NOMEM ? e : ERR_INTERNAL;
	}
	rsp->body = arena_buf(r->arena, &out);
	if (!rsp->body.p)
		return ERR_NOMEM;
	if (r->caller.session_ended) {
		pages_cookie_forget(r, rsp, "postern");
		rsp->shared.on = false;
	}
	rsp->status = status;
	rsp->content_type = "text/html; charset=utf-8";
	rsp->csp = pages_assets(p)->csp;
	return ERR_OK;
}

bool pages_names_reader(const struct request *r, struct str body)
{
	const char *const own[] = { r->caller.name, r->caller.email };
	for (size_t i = 0; r->caller.signed_in && i < COUNT(own); i++) {
		BUF_AUTO b = BUF((size_t)6 * EMAIL_SIZE);
		escape_html(&b, str_of(own[i]));
		struct str escaped = buf_view(&b);
		if (b.err || (escaped.n > 0 && memmem(body.p, body.n, escaped.p, escaped.n)))
			return true;
	}
	return false;
}

/* Not "no-referrer": with that, browsers without Fetch Metadata (Safari before 16.4) call the
 * origin of the page's forms "null", and no form of theirs could be told from another site's. */
void pages_private(struct response *rsp)
{
	response_header(rsp, "Referrer-Policy", STR("same-origin"));
}

void pages_secret(struct response *rsp)
{
	response_header(rsp, "Referrer-Policy", STR("no-referrer"));
}

void pages_cookie_forget(const struct request *r, struct response *rsp, const char *name)
{
	response_cookie(r, rsp, &(struct cookie){ .name = name, .max_age_s = -1 });
}
