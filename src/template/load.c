/* Loads a set of templates from the program and from a theme's folder, links partials to them,
 * and replaces the set while others render. */
#include "internal.h"

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
	return template_parse(to, why);
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
			e = override(s, dir, &t, why);
		if (e == ERR_OK)
			e = add(s, t, why);
	}
	return e;
}

enum err template_load(const char *prefix, const char *override_dir, struct template_set **out,
	char why[static 256])
{
	size_t count = 0;
	why[0] = '\0';
	for (const struct embedded_file *f = embedded_files; f->path; f++)
		count += str_starts(str_of(f->path), str_of(prefix));
	struct template_set *s = set_new(count);
	if (!s)
		return ERR_NOMEM;
	enum err e = add_all(s, str_of(prefix), override_dir, why);
	if (e == ERR_OK)
		e = link_partials(s, why);
	if (e == ERR_OK)
		*out = s;
	else
		template_free(s);
	return e;
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
