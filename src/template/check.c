/* Checks a theme's templates as a whole: files that nothing uses, mistakes in the syntax, partials
 * that are not there, and keys that no page has, each with its line and the nearest name. */
#include "keys.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CHECK_ARENA_MAX: the list of keys, suggestions. NAMES_MAX: names that a suggestion is looked for
 * among. STEPS_MAX: nodes that are visited, since partials may call each other. */
enum { CHECK_ARENA_MAX = 8 << 20, NAMES_MAX = 1024, STEPS_MAX = 1 << 20, FAULT_BYTES = 256 };

/* Of a node, once a page has visited it. */
struct finding {
	bool visited,
		known; /* known: on one page at least, for a partial may ask what page it is on */
	const char *near;
};

struct checking {
	const struct template_check *c;
	struct template_set *set;
	struct shapes *shapes;
	struct arena *a;
	struct finding **found; /* by template and node */
	const struct shape *stack[TEMPLATE_DEPTH_MAX + 2];
	size_t contexts, depth, steps, faults;
};

/* What is wrong with which name, and what may be meant. */
struct fault {
	const char *what, *near;
	struct str name;
};

static void fault_tell(struct checking *k, const char *path, unsigned line, struct fault f)
{
	char text[FAULT_BYTES];
	snprintf(text, sizeof text, "%s%s" STR_FMT "%s" NEAR_FMT, f.what, f.name.n ? " \"" : "",
		STR_ARG(f.name), f.name.n ? "\"" : "", NEAR_ARG(f.near));
	k->faults++;
	k->c->fault(k->c->ctx, path, line, text);
}

/* ---- names that are near ---- */

struct names {
	const char *v[NAMES_MAX + 1];
	size_t n;
};

static void names_add(struct checking *k, struct names *to, struct str before, struct str name)
{
	if (to->n < NAMES_MAX)
		to->v[to->n++] = arena_fmt(k->a, STR_FMT STR_FMT, STR_ARG(before), STR_ARG(name));
}

static const char *nearest(const struct names *names, struct str word)
{
	return word.n > 0 ? text_nearest(word, names->v) : NULL;
}

/* ---- files ---- */

/* "_card.html" is "card". */
static struct str partial_name(struct str file)
{
	size_t n = file.n;
	while (n > 0 && file.p[n - 1] != '.')
		n--;
	return n > 1 ? (struct str){ file.p + 1, n - 2 } : file;
}

static bool is_known(const struct checking *k, struct str name)
{
	for (size_t i = 0; i < k->set->n; i++) {
		if (str_eq(k->set->v[i].name, name))
			return true;
	}
	return false;
}

static void file_check(struct checking *k, struct str name)
{
	struct names names = { .n = 0 };
	if (name.p[0] == '.' || is_known(k, name))
		return;
	for (size_t i = 0; i < k->set->n; i++)
		names_add(k, &names, STR(""), k->set->v[i].name);
	const char *path = arena_fmt(k->a, "%s/" STR_FMT, k->c->dir, STR_ARG(name));
	fault_tell(k, path, 0,
		(struct fault){ "no page or mail uses a file of this name", nearest(&names, name),
			STR("") });
}

static void files_check(struct checking *k)
{
	DIR *d = opendir(k->c->dir);
	if (!d)
		return;
	for (const struct dirent *i = readdir(d); i; i = readdir(d))
		file_check(k, str_of(i->d_name));
	closedir(d);
}

/* ---- partials ---- */

static void partials_check(struct checking *k)
{
	for (size_t i = 0; i < k->set->n; i++) {
		const struct template *t = &k->set->v[i];
		for (size_t j = 0; j < t->n; j++) {
			const struct node *n = &t->nodes[j];
			struct names names = { .n = 0 };
			if (n->op != OP_PARTIAL || n->partial)
				continue;
			for (size_t m = 0; m < k->set->n; m++) {
				if (str_starts(k->set->v[m].name, STR("_")))
					names_add(k, &names, STR(""),
						partial_name(k->set->v[m].name));
			}
			fault_tell(k, t->path, n->line,
				(struct fault){
					"there is no partial", nearest(&names, n->text), n->text });
		}
	}
}

/* ---- keys ---- */

/* What is there of a name, from the inside out, as the renderer looks it up. */
struct lookup {
	bool known;
	const struct shape *below; /* NULL: a value */
	const char *near;
};

static void near_first(struct checking *k, struct str first, struct str rest, struct lookup *l)
{
	struct names names = { .n = 0 };
	for (size_t i = k->contexts; i > 0; i--) {
		const struct shape *s = k->stack[i - 1];
		for (size_t j = 0; s && j < s->n; j++)
			names_add(k, &names, STR(""), s->v[j].name);
	}
	const char *near = nearest(&names, first);
	if (near)
		l->near = arena_fmt(k->a, "%s%s" STR_FMT, near, rest.n ? "." : "", STR_ARG(rest));
}

static void near_below(struct checking *k, const struct shape *s, struct str before,
	struct str part, struct lookup *l)
{
	struct names names = { .n = 0 };
	for (size_t j = 0; s && j < s->n; j++)
		names_add(k, &names, STR(""), s->v[j].name);
	const char *near = nearest(&names, part);
	if (near)
		l->near = arena_fmt(k->a, STR_FMT "%s", STR_ARG(before), near);
}

/* A file of the theme: its address is there, or is not. */
static bool asset_is_known(const struct checking *k, struct str rest)
{
	const struct template_data *v = k->c->assets;
	while (v && rest.n > 0)
		v = template_member(v, str_cut(&rest, '.'));
	return v != NULL;
}

static struct lookup look_up(struct checking *k, struct str name)
{
	const struct shape_key *key = NULL;
	struct lookup l = { .known = true };
	struct str rest = name, first = str_cut(&rest, '.');
	if (str_eq(name, STR(".")))
		return (struct lookup){ true, k->stack[k->contexts - 1], NULL };
	for (size_t i = k->contexts; i > 0 && !key; i--)
		key = template_shape_key(k->stack[i - 1], first);
	if (!key) {
		l.known = false;
		near_first(k, first, rest, &l);
		return l;
	}
	while (rest.n > 0 && key && !(key->below && key->below->any)) {
		const struct shape *s = key->below;
		struct str before = { name.p, (size_t)(rest.p - name.p) };
		struct str part = str_cut(&rest, '.');
		key = template_shape_key(s, part);
		if (!key)
			near_below(k, s, before, part, &l);
	}
	l.known = key && (rest.n == 0 || asset_is_known(k, rest));
	l.below = key ? key->below : NULL;
	return l;
}

static void walk(struct checking *k, const struct template *t, size_t from, size_t to);

static void walk_inside(struct checking *k, const struct template *t, size_t from, size_t to,
	const struct lookup *l)
{
	if (k->depth == TEMPLATE_DEPTH_MAX)
		return;
	k->depth++;
	k->stack[k->contexts++] = l ? l->below : NULL;
	walk(k, t, from, to);
	k->contexts--;
	k->depth--;
}

static struct lookup node_visit(struct checking *k, const struct template *t, size_t at)
{
	struct finding *f = &k->found[t - k->set->v][at];
	const struct lookup l = look_up(k, t->nodes[at].text);
	f->visited = true;
	f->known = f->known || l.known;
	if (l.near && !f->near)
		f->near = l.near;
	return l;
}

static void walk(struct checking *k, const struct template *t, size_t from, size_t to)
{
	for (size_t i = from; i < to && k->steps++ < STEPS_MAX;) {
		const struct node *n = &t->nodes[i];
		struct lookup l = { .known = true };
		if (n->op == OP_ESCAPED || n->op == OP_RAW || n->op == OP_SECTION ||
			n->op == OP_INVERTED)
			l = node_visit(k, t, i);
		if (n->op == OP_SECTION)
			walk_inside(k, t, i + 1, n->end, &l);
		else if (n->op == OP_INVERTED)
			walk_inside(k, t, i + 1, n->end, NULL);
		else if (n->op == OP_PARTIAL && n->partial)
			walk_inside(k, n->partial, 0, n->partial->n, NULL);
		i = n->op == OP_SECTION || n->op == OP_INVERTED ? n->end : i + 1;
	}
}

static void keys_tell(struct checking *k)
{
	for (size_t i = 0; i < k->set->n; i++) {
		const struct template *t = &k->set->v[i];
		for (size_t j = 0; j < t->n; j++) {
			const struct finding *f = &k->found[i][j];
			if (f->visited && !f->known)
				fault_tell(k, t->path, t->nodes[j].line,
					(struct fault){
						"there is no key", f->near, t->nodes[j].text });
		}
	}
}

/* Each page with what it has; partials with what the page around them has. */
static enum err keys_check(struct checking *k)
{
	k->found = arena_alloc(k->a, k->set->n * sizeof(struct finding *));
	for (size_t i = 0; k->found && i < k->set->n; i++) {
		k->found[i] = arena_alloc(k->a, (k->set->v[i].n + 1) * sizeof **k->found);
		if (!k->found[i])
			return ERR_NOMEM;
	}
	if (!k->found)
		return ERR_NOMEM;
	for (size_t i = 0; i < k->set->n; i++) {
		const struct template *t = &k->set->v[i];
		const struct shape *s =
			template_shape_find(k->shapes, k->c->shape ? str_of(k->c->shape) : t->name);
		if (str_starts(t->name, STR("_")))
			continue;
		k->stack[0] = s;
		k->contexts = 1;
		walk(k, t, 0, t->n);
	}
	keys_tell(k);
	return ERR_OK;
}

/* A partial that no page reaches is a file that nobody reads. */
static void unused_tell(struct checking *k)
{
	for (size_t i = 0; i < k->set->n; i++) {
		bool used = !str_starts(k->set->v[i].name, STR("_"));
		for (size_t j = 0; !used && j < k->set->n; j++) {
			for (size_t m = 0; !used && m < k->set->v[j].n; m++)
				used = k->set->v[j].nodes[m].partial == &k->set->v[i];
		}
		if (!used && str_starts(str_of(k->set->v[i].path), str_of(k->c->dir)))
			fault_tell(k, k->set->v[i].path, 0,
				(struct fault){ "no template uses this partial", NULL, STR("") });
	}
}

/* ---- all of it ---- */

/* `why` is "PATH:LINE: what", or what of a file as a whole. */
static void parse_fault(void *ctx, const char *path, const char *why)
{
	struct checking *k = ctx;
	const size_t n = strlen(path);
	char *end = NULL;
	unsigned long line = 0;
	if (strncmp(why, path, n) == 0 && why[n] == ':')
		line = strtoul(why + n + 1, &end, 10);
	k->faults++;
	k->c->fault(k->c->ctx, path, (unsigned)line, line && *end == ':' ? end + 2 : why);
}

enum err template_check(const struct template_check *c)
{
	struct checking k = { .c = c, .a = arena_new(CHECK_ARENA_MAX) };
	const struct embedded_file *list = embed_find("web/keys.txt");
	enum err e = k.a && list ? ERR_OK : ERR_NOMEM;
	if (!e)
		e = template_shapes_parse((struct str){ list->p, list->n }, k.a, &k.shapes);
	if (!e)
		e = template_load_whole(
			c->prefix, c->dir, &(struct template_told){ parse_fault, &k }, &k.set);
	if (!e) {
		files_check(&k);
		partials_check(&k);
		e = keys_check(&k);
		unused_tell(&k);
	}
	template_free(k.set);
	arena_free(k.a);
	return e || k.faults == 0 ? e : ERR_INVALID;
}
