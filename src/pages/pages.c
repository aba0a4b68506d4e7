/* Opens the pages: loads templates, styles and a theme's replacements, gives static files an
 * address with their hash (so that browsers keep them for a year), and swaps the theme when
 * SIGHUP says so. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *content_type;
} asset_files[ASSET_COUNT] = {
	[ASSET_CSS] = { "postern.css", "text/css; charset=utf-8" },
	[ASSET_JS] = { "postern.js", "text/javascript; charset=utf-8" },
	[ASSET_ICON] = { "icon.svg", "image/svg+xml" },
};
static const char *const needed_templates[] = { "front.html", "section.html", "article.html",
	"login.html", "register.html", "check_mail.html", "verify.html", "verify_password.html",
	"reset.html", "reset_confirm.html", "account.html", "password.html", "sessions.html",
	"error.html", "mailbox.html", "wait.html" };
/* Bytes of one static file of a theme. */
enum { ASSET_BYTES_MAX = 1 << 20 };

/* ---- static files ---- */

/* A theme's file if it has one, else the built-in one. */
static enum err asset_bytes(struct assets *all, unsigned i, const char *theme, char why[static 256])
{
	char path[1024];
	struct asset *as = &all->v[i];
	const struct embedded_file *f;
	all->files[i] = BUF(ASSET_BYTES_MAX);
	if (theme) {
		snprintf(path, sizeof path, "%s/static/%s", theme, as->name);
		enum err e = file_read(path, &all->files[i]);
		if (!e) {
			as->bytes = buf_view(&all->files[i]);
			return ERR_OK;
		}
		if (e != ERR_NOT_FOUND) {
			snprintf(why, 256, "%.180s: %s", path, err_name(e));
			return e;
		}
	}
	snprintf(path, sizeof path, "web/static/%s", as->name);
	f = embed_find(path);
	if (!f) {
		snprintf(why, 256, "web/static/%s is not built in", as->name);
		return ERR_INTERNAL;
	}
	as->bytes = (struct str){ f->p, f->n };
	return ERR_OK;
}

static enum err asset_open(struct assets *all, unsigned i, const char *theme, char why[static 256])
{
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	struct asset *as = &all->v[i];
	as->name = asset_files[i].name;
	as->content_type = asset_files[i].content_type;
	enum err e = asset_bytes(all, i, theme, why);
	if (e)
		return e;
	crypto_digest(as->bytes, hash);
	crypto_hash_tag(hash, tag);
	snprintf(as->href, sizeof as->href, "/static/%s/%s", tag, as->name);
	snprintf(as->etag, sizeof as->etag, "\"%s\"", tag);
	as->gzip = as->brotli = BUF(ASSET_BYTES_MAX);
	e = http_gzip(as->bytes, &as->gzip);
	if (!e)
		e = http_brotli(as->bytes, &as->brotli);
	if (e)
		snprintf(why, 256, "web/static/%s: %s", as->name, err_name(e));
	return e;
}

static void assets_free(struct assets *all)
{
	for (unsigned i = 0; all && i < ASSET_COUNT; i++) {
		buf_free(&all->files[i]);
		buf_free(&all->v[i].gzip);
		buf_free(&all->v[i].brotli);
	}
	free(all);
}

static bool assets_equal(const struct assets *a, const struct assets *b)
{
	for (unsigned i = 0; i < ASSET_COUNT; i++) {
		if (!a || strcmp(a->v[i].href, b->v[i].href) != 0)
			return false;
	}
	return true;
}

const struct asset *pages_asset(const struct pages *p, unsigned i)
{
	return &atomic_load(&p->assets)->v[i];
}

/* ---- themes ---- */

/* Loaded and checked, and not in use yet: pages_theme_take or pages_theme_free ends it. */
struct pages_theme {
	struct template_set *templates;
	struct assets *assets;
};

static enum err templates_load(const char *theme, struct template_set **out, char why[static 256])
{
	char dir[1024];
	snprintf(dir, sizeof dir, "%s/templates", theme ? theme : "");
	enum err e = template_load("web/templates/", theme ? dir : NULL, out, why);
	for (size_t i = 0; !e && i < COUNT(needed_templates); i++) {
		if (!template_has(*out, needed_templates[i])) {
			snprintf(why, 256, "the template %s is missing", needed_templates[i]);
			e = ERR_INTERNAL;
		}
	}
	return e;
}

void pages_theme_free(struct pages_theme *t)
{
	if (!t)
		return;
	template_free(t->templates);
	assets_free(t->assets);
	free(t);
}

static enum err theme_fill(struct pages_theme *t, const char *theme, char why[static 256])
{
	t->assets = calloc(1, sizeof *t->assets);
	enum err e = t->assets ? templates_load(theme, &t->templates, why) : ERR_NOMEM;
	for (unsigned i = 0; !e && i < ASSET_COUNT; i++)
		e = asset_open(t->assets, i, theme, why);
	return e;
}

enum err pages_theme_load(
	const struct pages *p, const char *theme, struct pages_theme **out, char why[static 256])
{
	const struct assets *now = atomic_load(&p->assets);
	struct pages_theme *t = calloc(1, sizeof *t);
	enum err e = t ? theme_fill(t, theme, why) : ERR_NOMEM;
	if (!e && now && now->generation >= PAGES_THEMES_MAX && !assets_equal(now, t->assets)) {
		snprintf(why, 256, "the static files were replaced %d times; restart for more",
			PAGES_THEMES_MAX);
		e = ERR_TOO_LARGE;
	}
	if (e)
		pages_theme_free(t);
	else
		*out = t;
	return e;
}

void pages_theme_take(struct pages *p, struct pages_theme *fresh)
{
	struct assets *now = atomic_load(&p->assets);
	if (!assets_equal(now, fresh->assets)) {
		fresh->assets->older = now;
		fresh->assets->generation = now ? now->generation + 1 : 0;
		atomic_store(&p->assets, fresh->assets);
		fresh->assets = NULL;
	}
	if (p->templates)
		template_replace(p->templates, fresh->templates);
	else
		p->templates = fresh->templates;
	fresh->templates = NULL;
	pages_theme_free(fresh);
}

enum err pages_open(const struct pages_settings *s, const struct accounts *accounts,
	const struct paywall *wall, struct pages **out, char why[static 256])
{
	struct pages *p = calloc(1, sizeof *p);
	struct pages_theme *theme = NULL;
	if (!p)
		return ERR_NOMEM;
	p->set = *s;
	p->accounts = accounts;
	p->wall = wall;
	enum err e = pages_theme_load(p, s->theme, &theme, why);
	if (e) {
		pages_close(p);
		return e;
	}
	pages_theme_take(p, theme);
	*out = p;
	return ERR_OK;
}

void pages_close(struct pages *p)
{
	if (!p)
		return;
	for (struct assets *a = atomic_load(&p->assets), *older; a; a = older) {
		older = a->older;
		assets_free(a);
	}
	template_free(p->templates);
	free(p);
}

const char *pages_asset_href(const struct pages *p, const char *name)
{
	for (unsigned i = 0; i < ASSET_COUNT; i++) {
		if (strcmp(pages_asset(p, i)->name, name) == 0)
			return pages_asset(p, i)->href;
	}
	return NULL;
}

static void asset_answer(struct response *rsp, const struct asset *as, const char *cache)
{
	rsp->status = 200;
	rsp->body = as->bytes;
	rsp->lasting = true;
	rsp->gzip = buf_view(&as->gzip);
	rsp->brotli = buf_view(&as->brotli);
	rsp->content_type = as->content_type;
	rsp->etag = as->etag;
	rsp->cacheable = true;
	response_header(rsp, "Cache-Control", str_of(cache));
}

/* The hash in the address makes the file immutable; an old hash has the old bytes, as long as the
 * server runs, else it is not found rather than answered with new ones. */
enum err pages_static(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	for (const struct assets *a = atomic_load(&p->assets); a; a = a->older) {
		for (unsigned i = 0; i < ASSET_COUNT; i++) {
			if (!str_eq(r->path, str_of(a->v[i].href)))
				continue;
			asset_answer(rsp, &a->v[i], "public, max-age=31536000, immutable");
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

enum err pages_icon(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	(void)r;
	asset_answer(rsp, pages_asset(p, ASSET_ICON), "public, max-age=86400");
	return ERR_OK;
}
