#include "internal.h"

struct str fields_get(const struct fields *f, const char *name)
{
	struct str want = str_of(name);
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].name, want))
			return f->v[i].value;
	return (struct str){ NULL, 0 };
}

static bool has_name(const struct fields *f, struct str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].name, name))
			return true;
	return false;
}

static enum err form_pair(struct str piece, struct arena *a, struct fields *f)
{
	struct str value = piece;
	struct str name = str_cut(&value, '=');
	struct field one;
	if (f->n == FIELDS_MAX)
		return ERR_TOO_LARGE;
	enum err e = percent_decode(name, true, a, &one.name);
	if (e == ERR_OK)
		e = percent_decode(value, true, a, &one.value);
	if (e != ERR_OK)
		return e;
	if (!utf8_ok(one.name) || !utf8_ok(one.value) || has_name(f, one.name))
		return ERR_INVALID;
	f->v[f->n++] = one;
	return ERR_OK;
}

static size_t pairs_at_most(struct str body)
{
	size_t n = 1;
	for (size_t i = 0; i < body.n && n < FIELDS_MAX; i++)
		n += body.p[i] == '&';
	return n;
}

enum err form_parse(struct str body, struct arena *a, struct fields *out)
{
	struct fields f = { .n = 0 };
	if (body.n == 0) {
		*out = f;
		return ERR_OK;
	}
	f.v = arena_alloc(a, pairs_at_most(body) * sizeof f.v[0]);
	if (!f.v)
		return ERR_NOMEM;
	while (body.n > 0) {
		struct str piece = str_cut(&body, '&');
		enum err e = piece.n > 0 ? form_pair(piece, a, &f) : ERR_OK;
		if (e != ERR_OK)
			return e;
	}
	*out = f;
	return ERR_OK;
}

size_t cookie_find(struct str header, struct str name, struct str *out)
{
	struct str first = { NULL, 0 };
	size_t n = 0;
	struct str rest = header;
	while (name.n > 0 && rest.n > 0) {
		struct str value = str_cut(&rest, ';');
		struct str have = str_trim(str_cut(&value, '='));
		if (!value.p || !str_eq(have, name))
			continue;
		if (n == 0)
			first = str_trim(value);
		n++;
	}
	if (n == 0 || !header_value_ok(header))
		return 0;
	*out = first;
	return n;
}
