/* Named values from outside: forms (application/x-www-form-urlencoded), query strings and cookies
 * (RFC 6265). A name that is given twice is refused where it is read, because two servers may
 * pick different ones. */
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
	enum err e = url_percent_decode(name, true, a, &one.name);
	if (e == ERR_OK)
		e = url_percent_decode(value, true, a, &one.value);
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

/* ---- query strings: some names are read, the others belong to somebody else ---- */

/* Whether `raw` is `want` once it is decoded, without decoding it anywhere. */
static bool decodes_to(struct str raw, struct str want)
{
	size_t n = 0;
	for (size_t i = 0; i < raw.n; i++, n++) {
		char c = raw.p[i] == '+' ? ' ' : raw.p[i];
		if (c == '%') {
			int byte = url_percent_byte((struct str){ raw.p + i, raw.n - i });
			if (byte < 0)
				return false;
			c = (char)byte;
			i += 2;
		}
		if (n == want.n || c != want.p[n])
			return false;
	}
	return n == want.n;
}

/* Which of `names` it is, counted from 0; `*name` is set then. Their number: none. */
static size_t name_index(struct str raw, struct str names, struct str *name)
{
	size_t i = 0;
	while (names.n > 0) {
		struct str one = str_cut(&names, ' ');
		if (decodes_to(raw, one)) {
			*name = one;
			return i;
		}
		i++;
	}
	return i;
}

static size_t name_count(struct str names)
{
	struct str none;
	return name_index(STR(""), names, &none);
}

static enum err query_value(struct str raw, struct arena *a, struct str *out)
{
	struct str value;
	enum err e = url_percent_decode(raw, true, a, &value);
	if (e != ERR_OK)
		return e;
	if (value.n > QUERY_VALUE_MAX)
		return ERR_TOO_LARGE;
	if (!utf8_ok(value))
		return ERR_INVALID;
	*out = value;
	return ERR_OK;
}

/* One pair of the query, into the slot of its name. */
static enum err query_pair(
	struct str piece, struct str names, struct arena *a, struct field *slots, struct str *fault)
{
	struct str value = piece, name = { NULL, 0 };
	struct str raw = str_cut(&value, '=');
	const size_t i = name_index(raw, names, &name);
	if (!name.p)
		return ERR_OK;
	*fault = name;
	if (slots[i].name.p)
		return ERR_INVALID;
	slots[i].name = name;
	return query_value(value, a, &slots[i].value);
}

enum err query_parse(
	struct str raw, struct str names, struct arena *a, struct fields *out, struct str *fault)
{
	struct field slots[FIELDS_MAX] = { 0 };
	struct fields f = { .n = 0 };
	const size_t count = name_count(names);
	*fault = (struct str){ NULL, 0 };
	f.v = count <= FIELDS_MAX ? arena_alloc(a, (count + 1) * sizeof f.v[0]) : NULL;
	if (!f.v)
		return ERR_NOMEM;
	while (raw.n > 0 && count > 0) {
		enum err e = query_pair(str_cut(&raw, '&'), names, a, slots, fault);
		if (e != ERR_OK)
			return e;
	}
	for (size_t i = 0; i < count; i++) {
		if (slots[i].name.p)
			f.v[f.n++] = slots[i];
	}
	*out = f;
	return ERR_OK;
}

struct str query_undeclared(struct str raw, struct str names)
{
	while (raw.n > 0) {
		struct str value = str_cut(&raw, '&'), known = { NULL, 0 };
		struct str name = str_cut(&value, '=');
		(void)name_index(name, names, &known);
		if (!known.p && (name.n > 0 || value.p))
			return name;
	}
	return (struct str){ NULL, 0 };
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
