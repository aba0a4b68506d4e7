/* A JSON file's items: one, an array of them, an object that holds the array, or one a line. Each
 * is handed on by itself, so that a bad one stops no other. */
#include "ninjs.h"

#include <stdio.h>

static struct str without_mark(struct str text)
{
	struct str mark = STR("\xef\xbb\xbf");
	return str_starts(text, mark) ? (struct str){ text.p + mark.n, text.n - mark.n } : text;
}

static json_t *parse(struct str text, json_error_t *where)
{
	return json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, where);
}

static enum err fault(struct ninjs_file *f, const char *where, const char *fmt, ...) PRINTF(3, 4);
static enum err fault(struct ninjs_file *f, const char *where, const char *fmt, ...)
{
	char why[WHY_SIZE];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	return f->item(f->ctx, NULL, where, why);
}

/* ---- many items in one document ---- */

/* "items" of content APIs, "_items" of Superdesk's; NULL: the document is an item itself. */
static json_t *list_of(json_t *doc)
{
	static const char *const keys[] = { "items", "_items" };
	if (json_is_array(doc))
		return doc;
	if (json_object_get(doc, "uri") || json_object_get(doc, "guid"))
		return NULL;
	for (size_t i = 0; i < COUNT(keys); i++) {
		json_t *v = json_object_get(doc, keys[i]);
		if (json_is_array(v))
			return v;
	}
	return NULL;
}

static enum err document(struct ninjs_file *f, json_t *doc)
{
	char where[32];
	json_t *list = list_of(doc), *item;
	size_t i;
	enum err e = ERR_OK;
	if (!list)
		return f->item(f->ctx, doc, "", NULL);
	json_array_foreach(list, i, item)
	{
		(void)snprintf(where, sizeof where, "[%zu]", i);
		e = f->item(f->ctx, item, where, NULL);
		if (e)
			break;
	}
	return e;
}

/* ---- one item a line ---- */

static bool begins_with_an_item(struct str text)
{
	json_error_t ignored;
	struct str rest = text;
	struct str line = str_trim(str_cut(&rest, '\n'));
	json_t *first = parse(line, &ignored);
	bool is_item = json_is_object(first);
	json_decref(first);
	return is_item && str_trim(rest).n > 0;
}

static enum err lines(struct ninjs_file *f, struct str rest)
{
	char where[32];
	enum err e = ERR_OK;
	for (size_t number = 1; !e && rest.n > 0; number++) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		json_error_t at;
		if (line.n == 0)
			continue;
		(void)snprintf(where, sizeof where, ":%zu", number);
		json_t *item = parse(line, &at);
		e = item ? f->item(f->ctx, item, where, NULL)
			 : fault(f, where, "column %d: %s", at.column, at.text);
		json_decref(item);
	}
	return e;
}

enum err ninjs_items(struct ninjs_file *f, struct str file_text)
{
	json_error_t at;
	struct str text = without_mark(file_text);
	if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff")))
		return fault(f, "", "is UTF-16; UTF-8 expected");
	json_t *doc = f->by_line ? NULL : parse(text, &at);
	if (!doc && (f->by_line || begins_with_an_item(text)))
		return lines(f, text);
	if (!doc)
		return fault(f, "", "line %d: %s", at.line, at.text);
	enum err e = document(f, doc);
	json_decref(doc);
	return e;
}
