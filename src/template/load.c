/* Loads a set of templates from the program and from a theme's folder, links partials to them,
 * and replaces the set while others render. */
#include "internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SET_ARENA_MAX: bytes of all templates of a theme, parsed. */
enum { SET_ARENA_MAX = 16 << 20, PARTIALS_MAX = 64 };

/* Who replaces a set comes before those who render and come later: on a busy server there is no
 * moment at which nobody renders. */
static void lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

static struct template_set *set_new(size_t capacity)
{
	struct template_set *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	lock_init(&s->lock);
	s->arena = arena_new(SET_ARENA_MAX);
	s->v = calloc(capacity ? capacity : 1, sizeof *s->v);
	s->capacity = capacity;
	if (s->arena && s->v)
		return s;
	template_free(s);
	return NULL;
}

void template_free(struct template_set *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->v && i < t->n; i++)
		free(t->v[i].nodes);
	free(t->v);
	arena_free(t->arena);
	pthread_rwlock_destroy(&t->lock);
	free(t);
}

void template_replace(struct template_set *t, struct template_set *fresh)
{
	struct arena *arena = fresh->arena;
	struct template *v = fresh->v;
	size_t n = fresh->n;
	pthread_rwlock_wrlock(&t->lock);
	fresh->arena = t->arena;
	fresh->v = t->v;
	fresh->n = t->n;
	t->arena = arena;
	t->v = v;
	t->n = n;
	pthread_rwlock_unlock(&t->lock);
	template_free(fresh);
}

static const struct template *find(const struct template_set *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

static enum err add(struct template_set *s, struct template t, char why[static WHY_SIZE])
{
	if (!t.name.p || !t.path)
		return ERR_NOMEM;
	struct template *to = &s->v[s->n++];
	*to = t;
	enum err e = template_parse(to, why);
	if (e) /* half of it must not be walked */
		to->n = 0;
	return e;
}

/* Of a file with a mistake, where somebody wants to hear of all. */
static enum err told(const struct template_set *s, const char *path, enum err e, char *why)
{
	if (e == ERR_OK || e == ERR_NOMEM || !s->told)
		return e;
	s->told->fault(s->told->ctx, path, why);
	why[0] = '\0';
	return ERR_OK;
}

/* "_NAME" with the ending of the file that asks for it, so that text parts have partials of their
 * own, or else "_NAME.html". */
static enum err find_partial(const struct template_set *s, const struct template *from,
	struct str name, const struct template **out)
{
	BUF_AUTO path = BUF(TEMPLATE_FILE_MAX);
	const char *dot = memrchr(from->name.p, '.', from->name.n);
	size_t before = dot ? (size_t)(dot - from->name.p) : from->name.n;
	buf_byte(&path, '_');
	buf_str(&path, name);
	size_t stem = path.n;
	buf_add(&path, from->name.p + before, from->name.n - before);
	if (path.err == ERR_OK)
		*out = find(s, buf_view(&path));
	if (*out)
		return ERR_OK;
	path.n = stem < path.n ? stem : path.n;
	buf_puts(&path, ".html");
	if (path.err == ERR_OK)
		*out = find(s, buf_view(&path));
	return path.err == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}

/* `why` NULL: a partial that is not there prints nothing, as the specification has it. */
static enum err link_partials(struct template_set *s, char *why)
{
	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < s->v[i].n; j++) {
			struct node *n = &s->v[i].nodes[j];
			if (n->op != OP_PARTIAL)
				continue;
			enum err e = find_partial(s, &s->v[i], n->text, &n->partial);
			if (e)
				return e;
			if (n->partial || !why)
				continue;
			template_fault(&s->v[i], n->line, why, "there is no partial", n->text);
			return ERR_INVALID;
		}
	}
	return ERR_OK;
}

/* ---- from the program and a folder ---- */

/* The file of the theme instead of the built-in one, when it exists. */
static enum err override(
	struct template_set *s, const char *dir, struct template *t, char why[static WHY_SIZE])
{
	BUF_AUTO b = BUF(TEMPLATE_FILE_MAX);
	const char *path = arena_fmt(s->arena, "%s/" STR_FMT, dir, STR_ARG(t->name));
	enum err e = *path ? file_read(path, &b) : ERR_NOMEM;
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_NOMEM)
		return e;
	if (e == ERR_OK && !utf8_ok(buf_view(&b)))
		e = ERR_INVALID;
	if (e != ERR_OK) {
		snprintf(why, WHY_SIZE, "%.180s: cannot be read as UTF-8 text (%s)", path,
			err_name(e));
		return e;
	}
	t->path = path;
	t->source = arena_buf(s->arena, &b);
	return t->source.p ? ERR_OK : ERR_NOMEM;
}

static enum err add_all(
	struct template_set *s, struct str prefix, const char *dir, char why[static WHY_SIZE])
{
	enum err e = ERR_OK;
	for (const struct embedded_file *f = embedded_files; f->path && e == ERR_OK; f++) {
		struct str path = str_of(f->path);
		if (!str_starts(path, prefix))
			continue;
		struct template t = { .name = { path.p + prefix.n, path.n - prefix.n },
			.path = f->path,
			.source = { f->p, f->n } };
		if (dir)
			e = told(s, arena_fmt(s->arena, "%s/" STR_FMT, dir, STR_ARG(t.name)),
				override(s, dir, &t, why), why);
		if (e == ERR_OK)
			e = told(s, t.path, add(s, t, why), why);
	}
	return e;
}

/* ---- partials that only the theme has ---- */

static bool is_own_partial(const struct template_set *s, struct str name)
{
	return str_starts(name, STR("_")) &&
	       (str_ends(name, STR(".html")) || str_ends(name, STR(".txt"))) && !find(s, name);
}

static enum err add_own(struct template_set *s, const char *dir, struct str name, char *why)
{
	struct template t = { .name = arena_str(s->arena, name) };
	if (s->n == s->capacity) {
		snprintf(why, WHY_SIZE, "%.180s: more than %d partials of its own", dir,
			PARTIALS_MAX);
		return ERR_TOO_LARGE;
	}
	enum err e = t.name.p ? override(s, dir, &t, why) : ERR_NOMEM;
	if (e == ERR_OK)
		e = add(s, t, why);
	return told(s, t.path ? t.path : dir, e, why);
}

static enum err add_all_own(struct template_set *s, const char *dir, char why[static WHY_SIZE])
{
	enum err e = ERR_OK;
	DIR *d = opendir(dir);
	if (!d)
		return ERR_OK; /* a theme without this folder */
	for (const struct dirent *i = readdir(d); !e && i; i = readdir(d)) {
		if (is_own_partial(s, str_of(i->d_name)))
			e = add_own(s, dir, str_of(i->d_name), why);
	}
	closedir(d);
	return e;
}

static enum err load(const char *prefix, const char *dir, const struct template_told *to,
	struct template_set **out, char why[static WHY_SIZE])
{
	size_t count = 0;
	why[0] = '\0';
	for (const struct embedded_file *f = embedded_files; f->path; f++)
		count += str_starts(str_of(f->path), str_of(prefix));
	struct template_set *s = set_new(count + (dir ? PARTIALS_MAX : 0));
	if (!s)
		return ERR_NOMEM;
	s->told = to;
	enum err e = add_all(s, str_of(prefix), dir, why);
	if (e == ERR_OK && dir)
		e = add_all_own(s, dir, why);
	if (e == ERR_OK)
		e = link_partials(s, to ? NULL : why);
	s->told = NULL;
	if (e == ERR_OK)
		*out = s;
	else
		template_free(s);
	return e;
}

enum err template_load(const char *prefix, const char *override_dir, struct template_set **out,
	char why[static 256])
{
	return load(prefix, override_dir, NULL, out, why);
}

enum err template_load_whole(const char *prefix, const char *dir, const struct template_told *to,
	struct template_set **out)
{
	char why[WHY_SIZE];
	return load(prefix, dir, to, out, why);
}

bool template_has(const struct template_set *t, const char *name)
{
	return find(t, str_of(name)) != NULL;
}

enum err template_render(const struct template_set *t, const char *name, enum template_mode mode,
	const struct template_data *root, struct buf *out)
{
	/* the set is const to whoever renders, its lock is not */
	pthread_rwlock_t *lock = &((struct template_set *)(uintptr_t)t)->lock;

	pthread_rwlock_rdlock(lock);
	const struct template *found = find(t, str_of(name));
	enum err e = found ? template_run(found, mode, root, out) : ERR_NOT_FOUND;
	pthread_rwlock_unlock(lock);
	return e;
}

/* ---- from memory ---- */

static enum err add_pairs(
	struct template_set *s, const char *const *pairs, char why[static WHY_SIZE])
{
	enum err e = ERR_OK;
	for (size_t i = 0; pairs && pairs[i] && e == ERR_OK; i += 2) {
		if (i == (size_t)2 * PARTIALS_MAX)
			return ERR_TOO_LARGE;
		const char *name = arena_fmt(s->arena, "_%s.html", pairs[i]);
		if (!*name)
			return ERR_NOMEM;
		struct template t = {
			.name = str_of(name), .path = name, .source = str_of(pairs[i + 1])
		};
		e = add(s, t, why);
	}
	return e;
}

enum err template_render_text(struct str source, const char *const *partials,
	enum template_mode mode, const struct template_data *root, struct buf *out)
{
	char why[WHY_SIZE];
	struct template_set *s = set_new(PARTIALS_MAX + 1);
	if (!s)
		return ERR_NOMEM;
	struct template main = { .name = STR("main.html"), .path = "main.html", .source = source };
	enum err e = add(s, main, why);
	if (e == ERR_OK)
		e = add_pairs(s, partials, why);
	if (e == ERR_OK)
		e = link_partials(s, NULL);
	if (e == ERR_OK)
		e = template_run(&s->v[0], mode, root, out);
	template_free(s);
	return e;
}
