/* The data that a template renders: objects, lists, texts, numbers and flags, all in the
 * request's arena. A value that gets no memory marks the arena, so that rendering fails and no
 * page is silently shorter. */
#include "internal.h"

static struct template_data *data_new(struct arena *a, enum data_kind kind)
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
	struct data_item *i = value ? arena_alloc(obj->arena, sizeof *i) : NULL;
	if (!i || obj->kind != DATA_OBJECT) {
		obj->broken = true;
		return;
	}
	*i = (struct data_item){ str_of(key), value, obj->first };
	obj->first = i;
}

static void list_put(struct template_data *list, const struct template_data *value)
{
	struct data_item *i = value ? arena_alloc(list->arena, sizeof *i) : NULL;
	if (!i || list->kind != DATA_LIST) {
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
	struct template_data *obj, const char *key, enum data_kind kind, struct str text)
{
	struct template_data *v = obj ? data_new(obj->arena, kind) : NULL;
	if (v)
		v->text = text;
	object_put(obj, key, v);
}

struct template_data *template_object(struct arena *a)
{
	return data_new(a, DATA_OBJECT);
}

void template_text(struct template_data *obj, const char *key, struct str value)
{
	put_text(obj, key, DATA_TEXT, value);
}

void template_z(struct template_data *obj, const char *key, const char *value)
{
	put_text(obj, key, value ? DATA_TEXT : DATA_FALSE, str_of(value));
}

void template_html(struct template_data *obj, const char *key, struct str value)
{
	put_text(obj, key, DATA_HTML, value);
}

void template_bool(struct template_data *obj, const char *key, bool value)
{
	put_text(obj, key, value ? DATA_TRUE : DATA_FALSE, (struct str){ NULL, 0 });
}

void template_int(struct template_data *obj, const char *key, int64_t value)
{
	const char *digits = obj ? arena_fmt(obj->arena, "%lld", (long long)value) : "";
	put_text(obj, key, DATA_TEXT, str_of(digits));
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
	struct template_data *list = obj ? data_new(obj->arena, DATA_LIST) : NULL;
	object_put(obj, key, list);
	return list;
}

static struct template_data *append(
	struct template_data *list, enum data_kind kind, struct str text)
{
	struct template_data *v = list ? data_new(list->arena, kind) : NULL;
	if (v)
		v->text = text;
	if (list)
		list_put(list, v);
	return v;
}

struct template_data *template_append(struct template_data *list)
{
	return append(list, DATA_OBJECT, (struct str){ NULL, 0 });
}

struct template_data *template_append_list(struct template_data *list)
{
	return append(list, DATA_LIST, (struct str){ NULL, 0 });
}

void template_append_text(struct template_data *list, struct str value)
{
	append(list, DATA_TEXT, value);
}

const struct template_data *template_member(const struct template_data *v, struct str key)
{
	for (const struct data_item *i = v->kind == DATA_OBJECT ? v->first : NULL; i; i = i->next) {
		if (str_eq(i->key, key))
			return i->value;
	}
	return NULL;
}

bool template_is_true(const struct template_data *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case DATA_FALSE:
		return false;
	case DATA_TEXT:
	case DATA_HTML:
		return v->text.n > 0;
	case DATA_LIST:
		return v->first != NULL || v->broken;
	case DATA_TRUE:
	case DATA_OBJECT:
		break;
	}
	return true;
}
