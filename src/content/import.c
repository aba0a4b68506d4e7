/* Import: walks folders, hands each file to its importer and stores what comes back, one
 * transaction an article. */
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FOLDER_DEPTH_MAX = 16,
	FOLDER_ENTRIES_MAX = 100000,
	ITEM_ARENA_MAX = 16 * ARTICLE_SOURCE_MAX + ARTICLE_IMAGES_MAX * IMAGE_BYTES_MAX,
	SHOWN_PATH_MAX = 4096,
};

struct run {
	struct db *db;
	const struct import_settings *settings;
	int64_t now_s;
	struct import_count *count;
};

static bool is_article_file(struct str name)
{
	return str_ends(name, STR(".md")) || str_ends(name, STR(".json"));
}

/* ---- one file ---- */

static void report(const struct run *r, const char *path, enum outcome outcome, const char *slug,
	const char *why)
{
	static const char *const names[] = { "", "new", "updated", "unchanged", "refused" };
	size_t *const counters[] = { NULL, &r->count->created, &r->count->updated,
		&r->count->unchanged, &r->count->refused };
	++*counters[outcome];
	r->count->files++;
	if (r->settings->report)
		r->settings->report(r->settings->ctx, path, names[outcome], slug, why);
}

static enum err read_item(struct import_item *it)
{
	enum err e = place_read(it->place, it->file, ARTICLE_SOURCE_MAX, it->arena, &it->text);
	switch (e) {
	case ERR_TOO_LARGE:
		return refuse(it, "the file is larger than 4 MiB");
	case ERR_INVALID:
		return refuse(it, "is no plain file, or a symbolic link");
	case ERR_NOT_FOUND:
	case ERR_UNAVAILABLE:
		return refuse(it, "the file cannot be read");
	default:
		return e;
	}
}

static enum err draft_item(struct import_item *it, struct draft *d)
{
	d->images = arena_alloc(it->arena, ARTICLE_IMAGES_MAX * sizeof *d->images);
	if (!d->images)
		return ERR_NOMEM;
	enum err e = read_item(it);
	if (e)
		return e;
	return str_ends(it->file, STR(".md")) ? markdown_draft(it, d) : ninjs_draft(it, d);
}

/* Trouble with one file is reported and is ERR_OK here; what is returned ends the import. */
static enum err import_item(
	const struct run *r, const struct place *place, const char *shown, struct str file)
{
	ARENA_AUTO *arena = arena_new(ITEM_ARENA_MAX);
	if (!arena)
		return ERR_NOMEM;
	struct import_item it = {
		.settings = r->settings, .place = place, .arena = arena, .file = file
	};
	struct draft d = { .access = (enum access)0 };
	enum err e = draft_item(&it, &d);
	if (e) {
		const char *why =
			e == ERR_INVALID ? it.why : "needs more memory than one article may";
		report(r, shown, OUTCOME_REFUSED, d.slug, why);
		return ERR_OK;
	}
	struct stored stored = { 0 };
	e = draft_store(r->db, &d, r->now_s, arena, &stored);
	if (e && !(e == ERR_CONFLICT && stored.outcome == OUTCOME_REFUSED))
		return ERR_UNAVAILABLE;
	report(r, shown, stored.outcome, stored.slug[0] ? stored.slug : d.slug,
		stored.why[0] ? stored.why : it.why);
	return ERR_OK;
}

/* ---- folders ---- */

struct names {
	char **v;
	size_t n, room;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int names_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err names_add(struct names *names, const char *name)
{
	if (names->n == FOLDER_ENTRIES_MAX)
		return ERR_TOO_LARGE;
	if (names->n == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		char **v = realloc(names->v, room * sizeof *v);
		if (!v)
			return ERR_NOMEM;
		names->v = v;
		names->room = room;
	}
	char *copy = strdup(name);
	if (!copy)
		return ERR_NOMEM;
	names->v[names->n++] = copy;
	return ERR_OK;
}

static enum err names_read(int folder, struct names *names)
{
	int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	if (!dir) {
		if (own >= 0)
			close(own);
		return ERR_UNAVAILABLE;
	}
	enum err e = ERR_OK;
	for (const struct dirent *entry; !e && (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "node_modules") != 0)
			e = names_add(names, entry->d_name);
	closedir(dir);
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, names_order);
	return e;
}

static enum err import_folder(const struct run *r, int folder, const char *shown, int depth);

static enum err import_entry(const struct run *r, const struct place *place,
	const char *folder_shown, const char *name, int depth)
{
	BUF_AUTO path = BUF(SHOWN_PATH_MAX);
	size_t n = strlen(folder_shown);
	buf_fmt(&path, "%s%s%s", folder_shown, n && folder_shown[n - 1] == '/' ? "" : "/", name);
	struct stat st;
	if (path.err || fstatat(place->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return path.err == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
	if (!S_ISDIR(st.st_mode))
		return is_article_file(str_of(name)) ? import_item(r, place, path.p, str_of(name))
						     : ERR_OK;
	int below = openat(place->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0) {
		report(r, path.p, OUTCOME_REFUSED, "", "the folder cannot be read");
		return ERR_OK;
	}
	enum err e = import_folder(r, below, path.p, depth + 1);
	close(below);
	return e;
}

static enum err import_folder(const struct run *r, int folder, const char *shown, int depth)
{
	struct names names = { 0 };
	if (depth > FOLDER_DEPTH_MAX) {
		report(r, shown, OUTCOME_REFUSED, "", "folders are nested too deep");
		return ERR_OK;
	}
	enum err e = names_read(folder, &names);
	if (e && e != ERR_NOMEM) {
		report(r, shown, OUTCOME_REFUSED, "",
			"the folder cannot be read, or has too many files");
		e = ERR_OK;
	}
	const struct place place = { .folder = folder };
	for (size_t i = 0; !e && i < names.n; i++)
		e = import_entry(r, &place, shown, names.v[i], depth);
	names_free(&names);
	return e;
}

static enum err import_file(const struct run *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str file = str_of(slash ? slash + 1 : path);
	struct str folder = slash ? (struct str){ path, (size_t)(slash - path) + 1 } : STR(".");
	char name[SHOWN_PATH_MAX];
	if (str_copy(name, sizeof name, folder) != ERR_OK)
		return ERR_NOT_FOUND;
	if (!is_article_file(file)) {
		report(r, path, OUTCOME_REFUSED, "", "neither .md nor .json");
		return ERR_OK;
	}
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_NOT_FOUND;
	const struct place place = { .folder = fd };
	enum err e = import_item(r, &place, path, file);
	close(fd);
	return e;
}

/* ---- the door ---- */

enum err content_import(struct db *db, const char *path, const struct import_settings *s,
	int64_t now_s, struct import_count *out)
{
	*out = (struct import_count){ 0 };
	const struct run r = { db, s, now_s, out };
	struct stat st;
	if (stat(path, &st) != 0)
		return ERR_NOT_FOUND;
	if (!S_ISDIR(st.st_mode))
		return import_file(&r, path);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return ERR_NOT_FOUND;
	enum err e = import_folder(&r, folder, path, 0);
	close(folder);
	return e;
}

static enum err import_one_embedded(const struct run *r, const struct embedded_file *f)
{
	const char *slash = strrchr(f->path, '/');
	const char *name = slash ? slash + 1 : f->path;
	BUF_AUTO prefix = BUF(SHOWN_PATH_MAX);
	buf_add(&prefix, f->path, (size_t)(name - f->path));
	buf_byte(&prefix, '\0');
	if (prefix.err)
		return prefix.err;
	const struct place place = { .folder = -1, .prefix = prefix.p };
	return import_item(r, &place, f->path, str_of(name));
}

enum err content_import_embedded(struct db *db, const char *prefix, const struct import_settings *s,
	int64_t now_s, struct import_count *out)
{
	*out = (struct import_count){ 0 };
	const struct run r = { db, s, now_s, out };
	enum err e = ERR_OK;
	for (const struct embedded_file *f = embedded_files; !e && f->path; f++)
		if (str_starts(str_of(f->path), str_of(prefix)) && is_article_file(str_of(f->path)))
			e = import_one_embedded(&r, f);
	return e;
}
