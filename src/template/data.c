/* The data that a template renders: objects, lists, texts, numbers and flags, all in the
 * request's arena. A value that gets no memory marks the arena, so that rendering fails and no
 * page is silently shorter. */
#include "internal.h"

static struct template_data *view_new(struct arena *a, enum view_kind kind)
{
	struct template_data *v = arena_alloc(a, sizeof *v);
	if (v) {
		v->kind = kind;
		v->arena = a;
	}
	return v;
}

/* Objects are filled from the front, so that the last value of a key is found first. */
static void object_put(
	struct template_data *obj, const char *key, const struct template_data *value)
{
	if (!obj)
		return;
	struct view_item *i = value ? arena_alloc(obj->arena, sizeof *i) : NULL;
	if (!i || obj->kind != VIEW_OBJECT) {
		obj->broken = true;
		return;
	}
	*i = (struct view_item){ str_of(key), value, obj->first };
	obj->first = i;
}

static void list_put(struct template_data *list, const struct template_data *value)
{
	struct view_item *i = value ? arena_alloc(list->arena, sizeof *i) : NULL;
	if (!i || list->kind != VIEW_LIST) {
		list->broken = true;
		return;
	}
	i->value = value;
	if (list->last)
		list->last->next = i;
	else
		list->first = i;
	list->last = i;
}

static void put_text(
	struct template_data *obj, const char *key, enum view_kind kind, struct str text)
{
	struct template_data *v = obj ? view_new(obj->arena, kind) : NULL;
	if (v)
		v->text = text;
	object_put(obj, key, v);
}

struct template_data *template_object(struct arena *a)
{
	return view_new(a, VIEW_OBJECT);
}

void template_text(struct template_data *obj, const char *key, struct str value)
{
	put_text(obj, key, VIEW_TEXT, value);
}

void template_z(struct template_data *obj, const char *key, const char *value)
{
	put_text(obj, key, value ? VIEW_TEXT : VIEW_FALSE, str_of(value));
}

void template_html(struct template_data *obj, const char *key, struct str value)
{
	put_text(obj, key, VIEW_HTML, value);
}

void template_bool(struct template_data *obj, const char *key, bool value)
{
	put_text(obj, key, value ? VIEW_TRUE : VIEW_FALSE, (struct str){ NULL, 0 });
}

void template_int(struct template_data *obj, const char *key, int64_t value)
{
	const char *digits = obj ? arena_fmt(obj->arena, "%lld", (long long)value) : "";
	put_text(obj, key, VIEW_TEXT, str_of(digits));
}

void template_child(struct template_data *obj, const char *key, struct template_data *child)
{
	if (child)
		object_put(obj, key, child);
	else
		template_bool(obj, key, false);
}

struct template_data *template_list(struct template_data *obj, const char *key)
{
	struct template_data *list = obj ? view_new(obj->arena, VIEW_LIST) : NULL;
	object_put(obj, key, list);
	return list;
}

static struct template_data *append(
	struct template_data *list, enum view_kind kind, struct str text)
{
	struct template_data *v = list ? view_new(list->arena, kind) : NULL;
	if (v)
		v->text = text;
	if (list)
		list_put(list, v);
	return v;
}

struct template_data *template_append(struct template_data *list)
{
	return append(list, VIEW_OBJECT, (struct str){ NULL, 0 });
}

struct template_data *template_append_list(struct template_data *list)
{
	return append(list, VIEW_LIST, (struct str){ NULL, 0 });
}

void template_append_text(struct template_data *list, struct str value)
{
	append(list, VIEW_TEXT, value);
}

bool template_is_true(const struct template_data *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case VIEW_FALSE:
		return false;
	case VIEW_TEXT:
	case VIEW_HTML:
		return v->text.n > 0;
	case VIEW_LIST:
		return v->first != NULL || v->broken;
	case VIEW_TRUE:
	case VIEW_OBJECT:
		break;
	}
	return true;
}
