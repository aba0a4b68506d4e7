/* postern article import: walks the given files and folders and hands each file to item.c. */
#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FOLDER_DEPTH_MAX = 16,       /* folders inside each other: the walk is recursive */
	FOLDER_ENTRIES_MAX = 100000, /* of one folder: their names are sorted in memory */
};

/* The name of the folder in a path that ends in a slash; empty for "./" and the like. */
static struct str folder_name(struct str path)
{
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	size_t n = path.n;
	while (n > 0 && path.p[n - 1] != '/')
		n--;
	struct str name = { path.p + n, path.n - n };
	bool real = !str_eq(name, STR(".")) && !str_eq(name, STR(".."));
	return real ? name : (struct str){ "", 0 };
}

/* ---- folders ---- */

/* Names of one folder, each from malloc. */
struct names {
	char **v;
	size_t n, capacity;
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
	if (names->n == names->capacity) {
		size_t capacity = names->capacity ? 2 * names->capacity : 64;
		char **v = realloc(names->v, capacity * sizeof *v);
		if (!v)
			return ERR_NOMEM;
		names->v = v;
		names->capacity = capacity;
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

struct folder {
	int fd;
	const char *shown; /* for people */
	struct str name;   /* without the folders above it */
	int depth;
};

static enum err import_folder(const struct import_run *r, const struct folder *folder);

static enum err import_below(
	const struct import_run *r, const struct folder *in, const char *name, const char *shown)
{
	const struct folder below = {
		.fd = openat(in->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		.shown = shown,
		.name = str_of(name),
		.depth = in->depth + 1,
	};
	if (below.fd < 0) {
		import_report(r, shown, OUTCOME_REFUSED, "", "the folder cannot be read");
		return ERR_OK;
	}
	enum err e = import_folder(r, &below);
	close(below.fd);
	return e;
}

/* Symbolic links are not followed: a delivery must not read files from outside its folder. */
static enum err import_entry(const struct import_run *r, const struct folder *in, const char *name)
{
	BUF_AUTO path = BUF(SHOWN_PATH_MAX);
	size_t n = strlen(in->shown);
	buf_fmt(&path, "%s%s%s", in->shown, n && in->shown[n - 1] == '/' ? "" : "/", name);
	struct stat st;
	if (path.err || fstatat(in->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return path.err == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
	if (S_ISDIR(st.st_mode))
		return import_below(r, in, name, path.p);
	if (!import_takes(str_of(name)))
		return ERR_OK;
	const struct import_dir import_dir = { .folder = in->fd };
	struct import_file f = { .run = r,
		.dir = &import_dir,
		.shown = path.p,
		.name = str_of(name),
		.folder = in->name };
	return import_one(&f);
}

static enum err import_folder(const struct import_run *r, const struct folder *folder)
{
	struct names names = { 0 };
	if (folder->depth > FOLDER_DEPTH_MAX) {
		import_report(r, folder->shown, OUTCOME_REFUSED, "", "folders are nested too deep");
		return ERR_OK;
	}
	enum err e = names_read(folder->fd, &names);
	if (e && e != ERR_NOMEM) {
		import_report(r, folder->shown, OUTCOME_REFUSED, "",
			"the folder cannot be read, or has too many files");
		e = ERR_OK;
	}
	for (size_t i = 0; !e && i < names.n; i++)
		e = import_entry(r, folder, names.v[i]);
	names_free(&names);
	return e;
}

/* A file that was named itself. Its folder is opened for its pictures. */
static enum err import_file(const struct import_run *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str file = str_of(slash ? slash + 1 : path);
	struct str folder = slash ? (struct str){ path, (size_t)(slash - path) + 1 } : STR(".");
	char name[SHOWN_PATH_MAX];
	if (str_copy(name, sizeof name, folder) != ERR_OK)
		return ERR_NOT_FOUND;
	if (!import_takes(file)) {
		r->count->files++;
		import_report(
			r, path, OUTCOME_REFUSED, "", "neither .md nor .json, .jsonl or .ndjson");
		return ERR_OK;
	}
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_NOT_FOUND;
	const struct import_dir import_dir = { .folder = fd };
	char *real = realpath(name, NULL);
	struct import_file f = { .run = r,
		.dir = &import_dir,
		.shown = path,
		.name = file,
		.folder = folder_name(str_of(real)) };
	enum err e = import_one(&f);
	free(real);
	close(fd);
	return e;
}

/* ---- the door ---- */

static enum err import_path(const struct import_run *r, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return ERR_NOT_FOUND;
	if (!S_ISDIR(st.st_mode))
		return import_file(r, path);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return ERR_NOT_FOUND;
	char *real = realpath(path, NULL); /* "." has a name too */
	const struct folder top = {
		.fd = folder, .shown = path, .name = folder_name(str_of(real ? real : path))
	};
	enum err e = import_folder(r, &top);
	free(real);
	close(folder);
	return e;
}

enum err content_import(struct db *db, const char *path, const struct import_settings *s,
	int64_t now_s, struct import_count *out)
{
	__attribute__((cleanup(import_seen_freep))) struct import_seen *own =
		s->seen ? NULL : import_seen_make();
	*out = (struct import_count){ 0 };
	const struct import_run r = { db, s, s->seen ? s->seen : own, now_s, out };
	return r.seen ? import_path(&r, path) : ERR_NOMEM;
}

static enum err import_one_embedded(const struct import_run *r, const struct embedded_file *f)
{
	const char *slash = strrchr(f->path, '/');
	const char *name = slash ? slash + 1 : f->path;
	BUF_AUTO prefix = BUF(SHOWN_PATH_MAX);
	buf_add(&prefix, f->path, (size_t)(name - f->path));
	buf_byte(&prefix, '\0');
	if (prefix.err)
		return prefix.err;
	const struct import_dir import_dir = { .folder = -1, .prefix = prefix.p };
	struct import_file file = { .run = r,
		.dir = &import_dir,
		.shown = f->path,
		.name = str_of(name),
		.folder = folder_name(str_of(prefix.p)) };
	return import_one(&file);
}

static enum err import_embedded(const struct import_run *r, const char *prefix)
{
	enum err e = ERR_OK;
	for (const struct embedded_file *f = embedded_files; !e && f->path; f++)
		if (str_starts(str_of(f->path), str_of(prefix)) && import_takes(str_of(f->path)))
			e = import_one_embedded(r, f);
	return e;
}

enum err content_import_embedded(struct db *db, const char *prefix, const struct import_settings *s,
	int64_t now_s, struct import_count *out)
{
	__attribute__((cleanup(import_seen_freep))) struct import_seen *own =
		s->seen ? NULL : import_seen_make();
	*out = (struct import_count){ 0 };
	const struct import_run r = { db, s, s->seen ? s->seen : own, now_s, out };
	return r.seen ? import_embedded(&r, prefix) : ERR_NOMEM;
}
