/* Static files: addresses with a hash, so that browsers keep them for a year, names for templates
 * ({{asset.logo.svg}}), and a Content-Security-Policy that allows what is there. One hash stands
 * for all files, so that a style sheet finds fonts and pictures by relative addresses. */
#include "asset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names, addresses and template keys. */
enum { ASSETS_ARENA_MAX = 1 << 20 };

struct assets *pages_assets_new(void)
{
	struct assets *all = calloc(1, sizeof *all);
	if (!all)
		return NULL;
	all->arena = arena_new(ASSETS_ARENA_MAX);
	all->v = calloc(ASSETS_MAX, sizeof *all->v);
	if (all->arena && all->v)
		return all;
	pages_assets_free(all);
	return NULL;
}

void pages_assets_free(struct assets *all)
{
	if (!all)
		return;
	for (size_t i = 0; all->v && i < all->n; i++) {
		buf_free(&all->v[i].file);
		buf_free(&all->v[i].gzip);
		buf_free(&all->v[i].brotli);
	}
	free(all->v);
	arena_free(all->arena);
	free(all);
}

bool pages_assets_equal(const struct assets *a, const struct assets *b)
{
	return a && strcmp(a->prefix, b->prefix) == 0;
}

/* ---- addresses ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct asset *)a)->name, ((const struct asset *)b)->name);
}

static bool tag_make(struct assets *all, struct asset *as, uint8_t out[static HASH_BYTES])
{
	char tag[HASH_TAG_SIZE];
	crypto_digest(as->bytes, out);
	crypto_hash_tag(out, tag);
	as->etag = arena_fmt(all->arena, "\"%s\"", tag);
	return *as->etag != '\0';
}

/* Of all names and bytes, in the order of the names. */
static enum err prefix_make(struct assets *all)
{
	uint8_t digests[ASSETS_MAX][HASH_BYTES], whole[HASH_BYTES];
	struct str pieces[2 * ASSETS_MAX];
	char tag[HASH_TAG_SIZE];
	for (size_t i = 0; i < all->n; i++) {
		struct asset *as = &all->v[i];
		if (!tag_make(all, as, digests[i]))
			return ERR_NOMEM;
		pieces[2 * i] = (struct str){ as->name, strlen(as->name) + 1 }; /* with its NUL */
		pieces[2 * i + 1] = (struct str){ (const char *)digests[i], HASH_BYTES };
	}
	crypto_digest_join(pieces, 2 * all->n, whole);
	crypto_hash_tag(whole, tag);
	snprintf(all->prefix, sizeof all->prefix, "/static/%s/", tag);
	return ERR_OK;
}

static enum err asset_open(struct assets *all, struct asset *as)
{
	as->href = arena_fmt(all->arena, "%s%s", all->prefix, as->name);
	as->gzip = as->brotli = BUF(ASSET_BYTES_MAX);
	if (!*as->href)
		return ERR_NOMEM;
	if (!(as->type->flags & ASSET_TEXT))
		return ERR_OK; /* compressed already */
	enum err e = http_gzip(as->bytes, &as->gzip);
	return e ? e : http_brotli(as->bytes, &as->brotli);
}

static const struct asset *asset_find(const struct assets *all, const char *name)
{
	const struct asset key = { .name = name };
	return bsearch(&key, all->v, all->n, sizeof key, by_name);
}

/* ---- names in templates ---- */

/* A file and its key: its name with '.' for each '/'. */
struct keyed {
	const char *key;
	const struct asset *asset;
};

/* '.' before all other characters, so that what one key begins with stands together. */
static int by_key(const void *a, const void *b)
{
	const char *x = ((const struct keyed *)a)->key, *y = ((const struct keyed *)b)->key;
	for (; *x && *x == *y; x++, y++)
		;
	if (*x == *y || !*x || !*y)
		return (*x != '\0') - (*y != '\0');
	if (*x == '.' || *y == '.')
		return *x == '.' ? -1 : 1;
	return *x < *y ? -1 : 1;
}

/* Offset behind the part of the key that begins at `from`. */
static size_t part_end(const struct keyed *k, size_t from)
{
	return from + strcspn(k->key + from, ".");
}

static bool shares_part(const struct keyed *a, const struct keyed *b, size_t from)
{
	const size_t end = part_end(a, from);
	return end == part_end(b, from) && strncmp(a->key, b->key, end) == 0;
}

/* Keys [0, n), which are the same before `from`, as members of `obj`. */
static enum err names_fill(const struct asset_reading *g, struct template_data *obj,
	const struct keyed *keys, size_t n, size_t from)
{
	struct arena *a = g->all->arena;
	enum err e = ERR_OK;
	for (size_t i = 0, end; !e && i < n; i = end) {
		const size_t stop = part_end(&keys[i], from);
		const char *part = arena_fmt(a, "%.*s", (int)(stop - from), keys[i].key + from);
		for (end = i + 1; end < n && shares_part(&keys[i], &keys[end], from);)
			end++;
		if (!*part)
			return ERR_NOMEM;
		if (keys[i].key[stop] == '\0') {
			template_z(obj, part, keys[i].asset->href);
			if (end > i + 1)
				e = pages_asset_fault(g, keys[i + 1].asset->name,
					"another file has the same name in templates");
			continue;
		}
		struct template_data *below = template_object(a);
		template_child(obj, part, below);
		e = below ? names_fill(g, below, keys + i, end - i, stop + 1) : ERR_NOMEM;
	}
	return e;
}

static enum err names_make(const struct asset_reading *g)
{
	struct assets *all = g->all;
	struct keyed keys[ASSETS_MAX];
	for (size_t i = 0; i < all->n; i++) {
		char *key = arena_alloc(all->arena, strlen(all->v[i].name) + 1);
		if (!key)
			return ERR_NOMEM;
		memcpy(key, all->v[i].name, strlen(all->v[i].name) + 1);
		for (char *p = key; (p = strchr(p, '/')) != NULL;)
			*p = '.';
		keys[i] = (struct keyed){ key, &all->v[i] };
	}
	qsort(keys, all->n, sizeof keys[0], by_key);
	all->names = template_object(all->arena);
	return all->names ? names_fill(g, all->names, keys, all->n, 0) : ERR_NOMEM;
}

/* ---- what the pages may load ---- */

static bool any_of(const struct assets *all, unsigned flag)
{
	for (size_t i = 0; i < all->n; i++) {
		if ((all->v[i].type->flags & flag) && all->v[i].file.p)
			return true;
	}
	return false;
}

/* A theme's own script may ask this site; its fonts and manifest come from here. */
static enum err policy_make(struct assets *all, const char *base)
{
	const bool fonts = any_of(all, ASSET_FONT), manifest = any_of(all, ASSET_MANIFEST),
		   scripts = any_of(all, ASSET_SCRIPT);
	if (!fonts && !manifest && !scripts)
		return ERR_OK;
	all->csp = arena_fmt(all->arena, "%s%s%s%s", base, fonts ? "; font-src 'self'" : "",
		manifest ? "; manifest-src 'self'" : "", scripts ? "; connect-src 'self'" : "");
	return *all->csp ? ERR_OK : ERR_NOMEM;
}

/* ---- all of it ---- */

enum err pages_assets_load(struct asset_reading *g, const char *csp)
{
	struct assets *all = g->all;
	enum err e = pages_assets_read(g);
	if (e)
		return e;
	qsort(all->v, all->n, sizeof all->v[0], by_name);
	e = prefix_make(all);
	for (size_t i = 0; !e && i < all->n; i++)
		e = asset_open(all, &all->v[i]);
	if (!e)
		e = names_make(g);
	if (!e)
		e = policy_make(all, csp);
	all->css = asset_find(all, "postern.css");
	all->js = asset_find(all, "postern.js");
	all->icon = asset_find(all, "icon.svg");
	if (!e && (!all->css || !all->js || !all->icon))
		return ERR_INTERNAL;
	return e;
}

/* ---- serving ---- */

const struct assets *pages_assets(const struct pages *p)
{
	return atomic_load(&p->assets);
}

static void asset_answer(struct response *rsp, const struct asset *as, const char *cache)
{
	rsp->status = 200;
	rsp->body = as->bytes;
	rsp->lasting = true;
	rsp->gzip = buf_view(&as->gzip);
	rsp->brotli = buf_view(&as->brotli);
	rsp->content_type = as->type->content_type;
	rsp->etag = as->etag;
	rsp->cacheable = true;
	response_header(rsp, "Cache-Control", str_of(cache));
}

static const struct asset *asset_at(const struct assets *all, struct str path)
{
	const struct str prefix = str_of(all->prefix);
	char name[ASSET_NAME_MAX + 1];
	if (!str_starts(path, prefix))
		return NULL;
	path = (struct str){ path.p + prefix.n, path.n - prefix.n };
	if (str_has_byte(path, 0) || str_copy(name, sizeof name, path) != ERR_OK)
		return NULL;
	return asset_find(all, name);
}

/* The hash in the address makes the file immutable; an old hash has the old bytes, as long as the
 * server runs, else it is not found rather than answered with new ones. */
enum err pages_static(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	for (const struct assets *all = pages_assets(p); all; all = all->older) {
		const struct asset *as = asset_at(all, r->path);
		if (!as)
			continue;
		asset_answer(rsp, as, "public, max-age=31536000, immutable");
		return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

enum err pages_icon(void *ctx, struct request *r, struct response *rsp)
{
	const struct pages *p = ctx;
	(void)r;
	asset_answer(rsp, pages_assets(p)->icon, "public, max-age=86400");
	return ERR_OK;
}
