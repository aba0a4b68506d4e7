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
	"login.html", "register.html", "check_mail.html", "verify.html", "reset.html",
	"reset_confirm.html", "account.html", "password.html", "sessions.html", "error.html",
	"mailbox.html" };
enum { ASSET_BYTES_MAX = 1 << 20 };

/* A theme's file if it has one, else the built-in one. */
static enum err asset_bytes(struct pages *p, unsigned i, char why[static 256])
{
	char path[1024];
	struct asset *as = &p->assets[i];
	const struct embedded_file *f;

	p->asset_files[i] = BUF(ASSET_BYTES_MAX);
	if (p->set.theme) {
		snprintf(path, sizeof path, "%s/static/%s", p->set.theme, as->name);
		enum err e = file_read(path, &p->asset_files[i]);
		if (!e) {
			as->bytes = buf_view(&p->asset_files[i]);
			return ERR_OK;
		}
		if (e != ERR_NOT_FOUND) {
			snprintf(why, 256, "%.180s: %s", path, err_name(e));
			return e;
		}
	}
	snprintf(path, sizeof path, "web/static/%s", as->name);
	f = embedded_find(path);
	if (!f) {
		snprintf(why, 256, "web/static/%s is not built in", as->name);
		return ERR_INTERNAL;
	}
	as->bytes = (struct str){ f->p, f->n };
	return ERR_OK;
}

static enum err asset_open(struct pages *p, unsigned i, char why[static 256])
{
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	struct asset *as = &p->assets[i];

	as->name = asset_files[i].name;
	as->content_type = asset_files[i].content_type;
	enum err e = asset_bytes(p, i, why);
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

static enum err open_parts(struct pages *p, char why[static 256])
{
	char dir[1024];

	snprintf(dir, sizeof dir, "%s/templates", p->set.theme ? p->set.theme : "");
	enum err e = template_load("web/templates/", p->set.theme ? dir : NULL, &p->templates, why);
	for (size_t i = 0; !e && i < COUNT(needed_templates); i++) {
		if (!template_has(p->templates, needed_templates[i])) {
			snprintf(why, 256, "the template %s is missing", needed_templates[i]);
			e = ERR_INTERNAL;
		}
	}
	for (unsigned i = 0; !e && i < ASSET_COUNT; i++)
		e = asset_open(p, i, why);
	return e;
}

enum err pages_open(const struct pages_settings *s, const struct accounts *accounts,
	const struct paywall *wall, struct pages **out, char why[static 256])
{
	struct pages *p = calloc(1, sizeof *p);

	if (!p)
		return ERR_NOMEM;
	p->set = *s;
	p->accounts = accounts;
	p->wall = wall;
	enum err e = open_parts(p, why);
	if (e) {
		pages_close(p);
		return e;
	}
	*out = p;
	return ERR_OK;
}

void pages_close(struct pages *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < ASSET_COUNT; i++) {
		buf_free(&p->asset_files[i]);
		buf_free(&p->assets[i].gzip);
		buf_free(&p->assets[i].brotli);
	}
	template_free(p->templates);
	free(p);
}

const char *pages_asset_href(const struct pages *p, const char *name)
{
	for (unsigned i = 0; i < ASSET_COUNT; i++) {
		if (strcmp(p->assets[i].name, name) == 0)
			return p->assets[i].href;
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

/* The hash in the address makes the file immutable; an old hash is not found rather than answered
 * with new bytes. */
enum err pages_static(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;

	for (unsigned i = 0; i < ASSET_COUNT; i++) {
		if (str_eq(r->path, str_of(p->assets[i].href))) {
			asset_answer(rsp, &p->assets[i], "public, max-age=31536000, immutable");
			return ERR_OK;
		}
	}
	return ERR_NOT_FOUND;
}

enum err pages_icon(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;

	(void)r;
	asset_answer(rsp, &p->assets[ASSET_ICON], "public, max-age=86400");
	return ERR_OK;
}
