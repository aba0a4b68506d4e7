/* Reads the static files of the program and of a theme: every file below THEME/static, in folders
 * too. What a browser would not know to use, is too large or lies elsewhere is a fault with the
 * name of the file. */
#include "asset.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders inside each other; bytes of a path on the disk. */
enum { FOLDERS_MAX = 8, PATH_BYTES_MAX = 1024 };
#define BUILT_IN STR("web/static/")

static const struct asset_type types[] = {
	{ ".css", "text/css; charset=utf-8", ASSET_TEXT },
	{ ".js", "text/javascript; charset=utf-8", ASSET_TEXT | ASSET_SCRIPT },
	{ ".mjs", "text/javascript; charset=utf-8", ASSET_TEXT | ASSET_SCRIPT },
	{ ".json", "application/json", ASSET_TEXT },
	{ ".webmanifest", "application/manifest+json", ASSET_TEXT | ASSET_MANIFEST },
	{ ".txt", "text/plain; charset=utf-8", ASSET_TEXT },
	{ ".svg", "image/svg+xml", ASSET_TEXT },
	{ ".png", "image/png", 0 },
	{ ".jpg", "image/jpeg", 0 },
	{ ".jpeg", "image/jpeg", 0 },
	{ ".webp", "image/webp", 0 },
	{ ".avif", "image/avif", 0 },
	{ ".gif", "image/gif", 0 },
	{ ".ico", "image/vnd.microsoft.icon", 0 },
	{ ".woff2", "font/woff2", ASSET_FONT },
	{ ".woff", "font/woff", ASSET_FONT },
};

static const struct asset_type *type_of(struct str name)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (str_ends(name, str_of(types[i].ending)))
			return &types[i];
	}
	return NULL;
}

/* Told to whoever wants all faults, else the first ends it. */
enum err pages_asset_fault(const struct asset_reading *g, const char *name, const char *fault)
{
	const char *path =
		arena_fmt(g->all->arena, "%s/static/%s", g->theme ? g->theme : "web", name);
	if (g->fault) {
		g->fault(g->ctx, path, 0, fault);
		return ERR_OK;
	}
	snprintf(g->why, 256, "%.100s: %.150s", path, fault);
	return ERR_INVALID;
}

static struct asset *asset_named(const struct assets *all, struct str name)
{
	for (size_t i = 0; i < all->n; i++) {
		if (str_eq(str_of(all->v[i].name), name))
			return &all->v[i];
	}
	return NULL;
}

static enum err asset_add(struct assets *all, struct asset *as)
{
	struct asset *place = asset_named(all, str_of(as->name));
	if (!place && all->n == ASSETS_MAX) {
		buf_free(&as->file);
		return ERR_TOO_LARGE;
	}
	if (!place)
		place = &all->v[all->n++];
	buf_free(&place->file);
	*place = *as;
	return ERR_OK;
}

/* ---- built in ---- */

static enum err built_in_read(const struct asset_reading *g)
{
	enum err e = ERR_OK;
	for (const struct embedded_file *f = embedded_files; !e && f->path; f++) {
		if (!str_starts(str_of(f->path), BUILT_IN))
			continue;
		struct asset as = { .name = f->path + BUILT_IN.n,
			.type = type_of(str_of(f->path)),
			.bytes = { f->p, f->n } };
		e = as.type ? asset_add(g->all, &as) : ERR_INTERNAL;
	}
	return e;
}

/* ---- of a theme ---- */

/* What can stand in an address and, part by part between '.' and '/', in a template's key. */
static bool name_ok(struct str name)
{
	bool begins = true;
	for (size_t i = 0; i < name.n; i++) {
		const char c = name.p[i];
		const bool parts = c == '.' || c == '/';
		const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				    (c >= '0' && c <= '9') || c == '-' || c == '_';
		if ((!parts && !letter) || (parts && begins))
			return false;
		begins = parts;
	}
	return !begins && name.n <= ASSET_NAME_MAX;
}

/* What the bytes themselves say against it, or NULL. */
static const char *bytes_fault(const struct asset_reading *g, const struct asset *as)
{
	if (as->file.err == ERR_TOO_LARGE)
		return "the file is larger than 4 MiB";
	if (g->all->bytes + as->file.n > ASSETS_BYTES_MAX)
		return "the static files of the theme have more than 32 MiB";
	if ((as->type->flags & ASSET_TEXT) && !utf8_ok(as->bytes))
		return "the file is not UTF-8 text";
	return NULL;
}

static enum err bytes_read(const struct asset_reading *g, const char *path, const char *name)
{
	struct asset as = { .name = name, .type = type_of(str_of(name)) };
	as.file = BUF(ASSET_BYTES_MAX);
	enum err e = file_read(path, &as.file);
	as.bytes = buf_view(&as.file);
	const char *why = e && e != ERR_TOO_LARGE ? "the file cannot be read" : bytes_fault(g, &as);
	if (e == ERR_NOMEM || why) {
		buf_free(&as.file);
		return e == ERR_NOMEM ? e : pages_asset_fault(g, name, why);
	}
	g->all->bytes += as.file.n;
	e = asset_add(g->all, &as);
	return e == ERR_TOO_LARGE
		       ? pages_asset_fault(g, name, "the theme has more than 256 static files")
		       : e;
}

static enum err file_take(const struct asset_reading *g, const char *path, const char *name)
{
	if (!name_ok(str_of(name)))
		return pages_asset_fault(
			g, name, "use letters, digits, '-', '_' and single '.' in file names");
	if (!type_of(str_of(name)))
		return pages_asset_fault(g, name,
			"files of this type are not served; use css, js, mjs, json, webmanifest, "
			"txt, svg, png, jpg, webp, avif, gif, ico, woff2 or woff");
	return bytes_read(g, path, name);
}

/* A link may lead to another file of the same folder, as some tools make them, and nowhere else: a
 * theme must not publish /etc. */
static bool leads_out(const struct asset_reading *g, const char *path)
{
	char *real = realpath(path, NULL);
	const size_t n = strlen(g->root);
	const bool inside = real && strncmp(real, g->root, n) == 0 && real[n] == '/';
	free(real);
	return !inside;
}

static enum err dir_read(const struct asset_reading *g, const char *below, unsigned depth);

static enum err entry_read(const struct asset_reading *g, const char *name, unsigned depth)
{
	char path[PATH_BYTES_MAX];
	struct stat st;
	const bool fits =
		snprintf(path, sizeof path, "%s/static/%s", g->theme, name) < (int)sizeof path;
	if (!fits)
		return pages_asset_fault(g, name, "the path is too long");
	if (leads_out(g, path))
		return pages_asset_fault(g, name, "the link leads out of static/; copy the file");
	if (stat(path, &st) != 0)
		return pages_asset_fault(g, name, "the file cannot be read");
	if (S_ISDIR(st.st_mode))
		return dir_read(g, name, depth + 1);
	return S_ISREG(st.st_mode) ? file_take(g, path, name)
				   : pages_asset_fault(g, name, "this is not a file");
}

/* What begins with a '.' belongs to editors and systems, and is left alone. */
static enum err dir_read(const struct asset_reading *g, const char *below, unsigned depth)
{
	char path[PATH_BYTES_MAX];
	enum err e = ERR_OK;
	if (depth > FOLDERS_MAX)
		return pages_asset_fault(g, below, "folders are more than 8 deep");
	snprintf(path, sizeof path, "%s/static/%s", g->theme, below);
	DIR *d = opendir(path);
	if (!d)
		return pages_asset_fault(g, below, "the folder cannot be read");
	for (const struct dirent *i = readdir(d); !e && i; i = readdir(d)) {
		if (i->d_name[0] == '.')
			continue;
		const char *name =
			arena_fmt(g->all->arena, "%s%s%s", below, *below ? "/" : "", i->d_name);
		e = *name ? entry_read(g, name, depth) : ERR_NOMEM;
	}
	closedir(d);
	return e;
}

static enum err theme_read(struct asset_reading *g)
{
	char path[PATH_BYTES_MAX];
	if (snprintf(path, sizeof path, "%s/static", g->theme) >= (int)sizeof path)
		return ERR_TOO_LARGE;
	g->root = realpath(path, NULL);
	if (!g->root)
		return ERR_OK; /* a theme of templates alone */
	enum err e = dir_read(g, "", 0);
	free(g->root);
	return e;
}

enum err pages_assets_read(struct asset_reading *g)
{
	enum err e = built_in_read(g);
	return e || !g->theme ? e : theme_read(g);
}
