/* Reads members of a ninjs item: either spelling of a name (versions 1 to 3), null as absent, and
 * the member's path in every error message. */
#include "ninjs.h"

#include <stdio.h>
#include <string.h>

static void path_join(char out[static JSON_PATH_SIZE], const char *path, const char *key)
{
	int n = snprintf(out, JSON_PATH_SIZE, "%s%s%.60s", path, *path ? "." : "", key);
	if (n < 0) /* a path for people: where it is too long, its beginning serves */
		out[0] = '\0';
}

static enum err expected(
	struct import_item *it, const char *path, const char *key, const char *what)
{
	char full[JSON_PATH_SIZE];
	path_join(full, path, key);
	return import_refuse(it, "%s: expected %s", full, what);
}

enum err import_ninjs_value(
	struct import_item *it, json_t *o, const char *path, const char *key, json_t **out)
{
	char lower[64];
	size_t n = 0;
	for (; key[n] && n + 1 < sizeof lower; n++)
		lower[n] = (char)(key[n] >= 'A' && key[n] <= 'Z' ? key[n] - 'A' + 'a' : key[n]);
	lower[n] = 0;
	json_t *v = json_object_get(o, key);
	json_t *w = strcmp(key, lower) != 0 ? json_object_get(o, lower) : NULL;
	if (v && w && (json_is_null(v) || json_is_null(w) || json_equal(v, w))) {
		*out = json_is_null(v) ? w : v;
		return ERR_OK;
	}
	if (v && w)
		return import_refuse(it, "%s%s%s: stands there as \"%s\" too", path,
			*path ? "." : "", key, lower);
	*out = v ? v : w;
	return ERR_OK;
}

static struct str text_of(const json_t *v)
{
	return (struct str){ json_string_value(v), json_string_length(v) };
}

enum err import_ninjs_string(
	struct import_item *it, json_t *o, const char *path, const char *key, struct str *out)
{
	json_t *v;
	enum err e = import_ninjs_value(it, o, path, key, &v);
	if (e)
		return e;
	if (v && !json_is_null(v) && !json_is_string(v))
		return expected(it, path, key, "a string");
	*out = json_is_string(v) ? text_of(v) : STR("");
	return ERR_OK;
}

/* ---- passages ---- */

static enum err passage_add(struct import_item *it, struct passages *out, const struct passage *p)
{
	if (out->n == PASSAGES_MAX)
		return import_refuse(
			it, "more than %d bodies, descriptions or headlines", PASSAGES_MAX);
	out->v[out->n++] = *p;
	return ERR_OK;
}

/* "body_xhtml" gives the passage of role "xhtml", "headline" that of role "main". */
static enum err pattern_passages(
	struct import_item *it, json_t *o, const char *path, const char *one, struct passages *out)
{
	size_t n = strlen(one);
	const char *key;
	json_t *v;
	json_object_foreach(o, key, v)
	{
		if (strncmp(key, one, n) != 0 || (key[n] != 0 && key[n] != '_'))
			continue;
		if (json_is_null(v))
			continue;
		if (!json_is_string(v))
			return expected(it, path, key, "a string");
		const struct passage p = { .role = str_of(key[n] ? key + n + 1 : "main"),
			.value = text_of(v) };
		enum err e = passage_add(it, out, &p);
		if (e)
			return e;
	}
	return ERR_OK;
}

/* For the function that is called with each member of `bodies` and its like. */
struct passage_list {
	struct import_item *it;
	struct passages *out;
};

static enum err listed_passage(void *ctx, json_t *member, const char *path)
{
	struct passage_list *l = ctx;
	struct passage p;
	json_t *value = json_object_get(member, "value");
	if (json_is_null(value))
		return ERR_OK;
	if (!json_is_string(value))
		return expected(l->it, path, "value", "a string");
	p.value = text_of(value);
	enum err e = import_ninjs_string(l->it, member, path, "role", &p.role);
	if (!e)
		e = import_ninjs_string(l->it, member, path, "contentType", &p.content_type);
	return e ? e : passage_add(l->it, l->out, &p);
}

enum err import_ninjs_passages(struct import_item *it, json_t *o, const char *path, const char *one,
	const char *many, struct passages *out)
{
	struct passage_list l = { it, out };
	out->n = 0;
	enum err e = import_ninjs_objects(it, o, path, many, listed_passage, &l);
	return e ? e : pattern_passages(it, o, path, one, out);
}

bool import_ninjs_is_html(const struct passage *p)
{
	static const char *const types[] = { "text/html", "application/xhtml+xml", "text/xhtml" };
	static const char *const roles[] = { "html", "xhtml", "html5" };
	struct str rest = p->content_type;
	struct str type = str_trim(str_cut(&rest, ';'));
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eq_nocase(type, str_of(types[i])))
			return true;
	for (size_t i = 0; type.n == 0 && i < COUNT(roles); i++)
		if (str_eq_nocase(p->role, str_of(roles[i])))
			return true;
	return false;
}

struct str import_ninjs_line(struct import_item *it, struct str s)
{
	return content_field_clean(import_entities_decode(s, it->arena), it->arena);
}

enum err import_ninjs_plain(struct import_item *it, const struct passage *p, struct str *out)
{
	if (import_ninjs_is_html(p))
		return html_plain(p->value, it->arena, out);
	*out = import_ninjs_line(it, p->value);
	return ERR_OK;
}

/* ---- lists ---- */

enum err import_ninjs_names(
	struct import_item *it, json_t *o, const char *key, ninjs_name_fn *fn, void *ctx)
{
	json_t *list = NULL;
	enum err e = import_ninjs_value(it, o, "", key, &list);
	if (e || !list || json_is_null(list))
		return e;
	if (!json_is_array(list))
		return expected(it, "", key, "an array");
	for (size_t i = 0; i < json_array_size(list) && i < ENTRIES_MAX; i++) {
		json_t *v = json_array_get(list, i);
		if (json_is_null(v))
			continue;
		char path[JSON_PATH_SIZE];
		(void)snprintf(path, sizeof path, "%s[%zu]", key, i);
		struct str name = text_of(v);
		if (json_is_object(v))
			e = import_ninjs_string(it, v, path, "name", &name);
		else if (!json_is_string(v))
			e = import_refuse(it, "%s: expected an object or a string", path);
		if (e)
			return e;
		name = import_ninjs_line(it, name);
		if (name.n > 0)
			fn(ctx, name);
	}
	return ERR_OK;
}

static enum err array_objects(
	struct import_item *it, json_t *list, const char *full, ninjs_object_fn *fn, void *ctx)
{
	enum err e = ERR_OK;
	if (json_array_size(list) > ENTRIES_MAX)
		return import_refuse(it, "%s: more than %d members", full, ENTRIES_MAX);
	for (size_t i = 0; !e && i < json_array_size(list); i++) {
		char path[JSON_PATH_SIZE];
		(void)snprintf(path, sizeof path, "%.100s[%zu]", full, i);
		json_t *member = json_array_get(list, i);
		if (json_is_null(member))
			continue;
		e = json_is_object(member) ? fn(ctx, member, path)
					   : import_refuse(it, "%s: expected an object", path);
	}
	return e;
}

enum err import_ninjs_objects(struct import_item *it, json_t *o, const char *path, const char *key,
	ninjs_object_fn *fn, void *ctx)
{
	char full[JSON_PATH_SIZE], inner[JSON_PATH_SIZE];
	path_join(full, path, key);
	json_t *list = NULL, *member;
	enum err e = import_ninjs_value(it, o, path, key, &list);
	if (e || !list || json_is_null(list))
		return e;
	if (json_is_array(list))
		return array_objects(it, list, full, fn, ctx);
	if (!json_is_object(list))
		return import_refuse(it, "%s: expected an array", full);
	if (json_object_size(list) > ENTRIES_MAX)
		return import_refuse(it, "%s: more than %d members", full, ENTRIES_MAX);
	const char *name;
	json_object_foreach(list, name, member)
	{ /* ninjs 1.x */
		if (json_is_null(member))
			continue;
		path_join(inner, full, name);
		e = json_is_object(member) ? fn(ctx, member, inner)
					   : import_refuse(it, "%s: expected an object", inner);
		if (e)
			return e;
	}
	return ERR_OK;
}
