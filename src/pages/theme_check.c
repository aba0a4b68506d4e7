/* `postern theme check`: what is wrong with a theme as a whole: templates, mails, static files, and
 * what lies beside them and is read by nobody. */
#include "asset.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES_MAX = 1024 };

struct theme_checking {
	const char *theme;
	pages_theme_fault *fault;
	void *ctx;
	size_t faults;
};

static void fault_count(void *ctx, const char *path, unsigned line, const char *fault)
{
	struct theme_checking *k = ctx;
	k->faults++;
	k->fault(k->ctx, path, line, fault);
}

/* ---- beside the three folders ---- */

static bool is_note(struct str name)
{
	return str_starts(name, STR("README")) || str_starts(name, STR("LICENSE")) ||
	       str_ends(name, STR(".md")) || str_ends(name, STR(".txt"));
}

static void entry_check(struct theme_checking *k, const char *name)
{
	static const char *const folders[] = { "templates", "mail", "static", NULL };
	char path[PATH_BYTES_MAX], fault[256];
	for (size_t i = 0; folders[i]; i++) {
		if (strcmp(name, folders[i]) == 0)
			return;
	}
	if (name[0] == '.' || is_note(str_of(name)))
		return;
	snprintf(path, sizeof path, "%s/%s", k->theme, name);
	snprintf(fault, sizeof fault,
		"unknown folder or file; a theme has templates/, mail/ and static/" NEAR_FMT,
		NEAR_ARG(text_nearest(str_of(name), folders)));
	fault_count(k, path, 0, fault);
}

static enum err folder_check(struct theme_checking *k)
{
	DIR *d = opendir(k->theme);
	if (!d)
		return ERR_NOT_FOUND;
	for (const struct dirent *i = readdir(d); i; i = readdir(d))
		entry_check(k, i->d_name);
	closedir(d);
	return ERR_OK;
}

/* ---- what is read ---- */

static enum err templates_check(struct theme_checking *k, const char *folder, const char *shape,
	const struct assets *assets)
{
	char prefix[64], dir[PATH_BYTES_MAX];
	snprintf(prefix, sizeof prefix, "web/%s/", folder);
	snprintf(dir, sizeof dir, "%s/%s", k->theme, folder);
	const struct template_check c = { .prefix = prefix,
		.dir = dir,
		.shape = shape,
		.assets = assets->names,
		.fault = fault_count,
		.ctx = k };
	enum err e = template_check(&c);
	return e == ERR_INVALID ? ERR_OK : e;
}

enum err pages_theme_check(const char *theme, pages_theme_fault *fault, void *ctx)
{
	char why[256] = "";
	struct theme_checking k = { .theme = theme, .fault = fault, .ctx = ctx };
	struct assets *assets = pages_assets_new();
	struct asset_reading g = {
		.all = assets, .theme = theme, .fault = fault_count, .ctx = &k, .why = why
	};
	enum err e = assets ? folder_check(&k) : ERR_NOMEM;
	if (!e)
		e = pages_assets_load(&g, "");
	if (!e)
		e = templates_check(&k, "templates", NULL, assets);
	if (!e)
		e = templates_check(&k, "mail", "mail", assets);
	pages_assets_free(assets);
	return e || k.faults == 0 ? e : ERR_INVALID;
}

enum err pages_theme_static_check(const char *theme, char why[static 256])
{
	struct assets *assets = pages_assets_new();
	struct asset_reading g = { .all = assets, .theme = theme, .why = why };
	enum err e = assets ? pages_assets_load(&g, "") : ERR_NOMEM;
	pages_assets_free(assets);
	return e;
}
