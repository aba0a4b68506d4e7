/* template, inside: which keys exist, as web/keys.txt lists them. */
#ifndef POSTERN_TEMPLATE_KEYS_H
#define POSTERN_TEMPLATE_KEYS_H

#include "internal.h"

enum { SHAPE_KEYS_MAX = 96, SHAPES_MAX = 96 };
struct shape;
/* `below` NULL: a text, number or flag. */
struct shape_key {
	struct str name;
	const struct shape *below;
};
/* What an object has, or each object of a list. `any`: whatever a theme's files are named. */
struct shape {
	struct str name;
	bool any;
	struct shape_key v[SHAPE_KEYS_MAX];
	size_t n;
};
struct shapes {
	struct shape v[SHAPES_MAX];
	size_t n;
};

/* ERR_INVALID: the list itself is wrong. In the arena; `text` must live as long. */
enum err MUST_USE template_shapes_parse(struct str text, struct arena *a, struct shapes **out);
const struct shape *template_shape_find(const struct shapes *s, struct str name);   /* or NULL */
const struct shape_key *template_shape_key(const struct shape *s, struct str name); /* or NULL */

#endif
