/* Reads the list of keys that templates may name: shapes of objects, and what each page has. */
#include "keys.h"

const struct shape *template_shape_find(const struct shapes *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->v[i].name, name))
			return &s->v[i];
	}
	return NULL;
}

const struct shape_key *template_shape_key(const struct shape *s, struct str name)
{
	for (size_t i = 0; s && i < s->n; i++) {
		if (str_eq(s->v[i].name, name))
			return &s->v[i];
	}
	return NULL;
}

static enum err key_put(struct shape *to, struct shape_key key)
{
	if (to->n == SHAPE_KEYS_MAX || key.name.n == 0 || template_shape_key(to, key.name))
		return ERR_INVALID;
	to->v[to->n++] = key;
	return ERR_OK;
}

/* "+page": all keys of a shape above. */
static enum err keys_of(const struct shapes *s, struct str name, struct shape *to)
{
	const struct shape *from = template_shape_find(s, name);
	enum err e = from ? ERR_OK : ERR_INVALID;
	for (size_t i = 0; !e && i < from->n; i++)
		e = key_put(to, from->v[i]);
	return e;
}

/* "headline", "image:image", "asset:*", "+page". */
static enum err word_parse(const struct shapes *s, struct str word, struct shape *to)
{
	if (word.p[0] == '+')
		return keys_of(s, (struct str){ word.p + 1, word.n - 1 }, to);
	struct shape_key key = { .name = str_cut(&word, ':') };
	if (word.n > 0)
		key.below = template_shape_find(s, word);
	return word.n > 0 && !key.below ? ERR_INVALID : key_put(to, key);
}

static enum err line_parse(struct shapes *s, struct str line)
{
	if (s->n == SHAPES_MAX)
		return ERR_INVALID;
	struct shape *to = &s->v[s->n];
	to->name = str_trim(str_cut(&line, ':'));
	enum err e = line.p && !template_shape_find(s, to->name) ? ERR_OK : ERR_INVALID;
	while (!e && line.n > 0) {
		struct str word = str_cut(&line, ' ');
		if (word.n > 0)
			e = word_parse(s, word, to);
	}
	s->n++;
	return e;
}

enum err template_shapes_parse(struct str text, struct arena *a, struct shapes **out)
{
	struct shapes *s = arena_alloc(a, sizeof *s);
	enum err e = s ? ERR_OK : ERR_NOMEM;
	if (s)
		s->v[s->n++] = (struct shape){ .name = STR("*"), .any = true };
	while (!e && text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		if (line.n > 0 && line.p[0] != '#')
			e = line_parse(s, line);
	}
	*out = s;
	return e;
}
