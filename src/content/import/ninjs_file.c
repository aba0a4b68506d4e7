/* The items of a JSON file: a single item, an array, an object with `items`, or one item a line.
 * Each is handed on separately, so that a bad item does not stop the others. */
#include "ninjs.h"

#include <stdio.h>
#include <string.h>

static struct str without_mark(struct str text)
{
	struct str mark = STR("\xef\xbb\xbf");
	return str_starts(text, mark) ? (struct str){ text.p + mark.n, text.n - mark.n } : text;
}

static bool is_kill(const json_t *item)
{
	static const char *const keys[] = { "pubStatus", "pubstatus" };
	bool known, kill = false;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *word = json_string_value(json_object_get(item, keys[i]));
		kill = kill || (word && import_notice_of(str_of(word), &known) == NOTICE_KILL);
	}
	return kill;
}

/* Which of two values is meant when a name stands there twice nobody knows; but a kill that has
 * such a fault is obeyed. */
static enum err parse_item(struct str text, json_t **item, json_error_t *where)
{
	json_error_t ignored;
	enum err e = text_json_parse(text, JSON_REJECT_DUPLICATES, item, where);
	if (e != ERR_INVALID)
		return e;
	if (text_json_parse(text, 0, item, &ignored) == ERR_NOMEM)
		return ERR_NOMEM;
	if (is_kill(*item))
		return ERR_OK;
	json_decref(*item);
	*item = NULL;
	return ERR_INVALID;
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

/* ---- an array that is not sound: what is sound of it goes in ---- */

/* What is left of the text. It moves by brackets and quotes alone, so it works on JSON that does
 * not parse. */
struct scan {
	const char *p, *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
		s->p++;
}

/* Behind a text; `p` stands on its first quote. */
static void skip_text(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
	if (s->p < s->end)
		s->p++;
}

/* Behind a value, by its brackets alone: at the comma or bracket of what holds it, or at the end.
 */
static struct str skip_value(struct scan *s)
{
	const char *from = s->p;
	size_t depth = 0;
	while (s->p < s->end) {
		char c = *s->p;
		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			break;
		if (c == '"') {
			skip_text(s);
			continue;
		}
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth--;
		s->p++;
	}
	return str_trim((struct str){ from, (size_t)(s->p - from) });
}

static bool is_list_key(struct str key)
{
	return str_eq(key, STR("\"items\"")) || str_eq(key, STR("\"_items\""));
}

/* Inside the array, or inside that of the object's list. False: there is none. */
static bool enter_list(struct scan *s)
{
	skip_space(s);
	bool object = s->p < s->end && *s->p == '{';
	if (s->p < s->end && *s->p == '[') {
		s->p++;
		return true;
	}
	while (object && s->p < s->end) {
		s->p++;
		skip_space(s);
		const char *from = s->p;
		if (s->p == s->end || *s->p != '"')
			return false;
		skip_text(s);
		struct str key = { from, (size_t)(s->p - from) };
		skip_space(s);
		if (s->p == s->end || *s->p++ != ':')
			return false;
		skip_space(s);
		if (is_list_key(key) && s->p < s->end && *s->p == '[') {
			s->p++;
			return true;
		}
		skip_value(s);
		object = s->p < s->end && *s->p == ',';
	}
	return false;
}

static enum err pieces(struct ninjs_file *f, struct scan *s)
{
	char where[32];
	enum err e = ERR_OK;
	for (size_t i = 0; !e && s->p < s->end; i++) {
		struct str piece = skip_value(s);
		bool last = s->p == s->end || *s->p != ',';
		json_error_t at;
		(void)snprintf(where, sizeof where, "[%zu]", i);
		json_t *item = NULL;
		e = parse_item(piece, &item, &at);
		if (!e)
			e = f->item(f->ctx, item, where, NULL);
		else if (e == ERR_INVALID)
			e = piece.n > 0 || !last
				    ? fault(f, where, "line %d of the item: %s", at.line, at.text)
				    : ERR_OK;
		json_decref(item);
		if (last)
			break;
		s->p++;
	}
	if (!e && (s->p == s->end || *s->p != ']'))
		e = fault(f, "", "the list does not end; is the file whole?");
	return e;
}

/* ---- one item a line ---- */

static enum err begins_with_an_item(struct str text, bool *yes)
{
	json_error_t ignored;
	struct str rest = text;
	struct str line = str_trim(str_cut(&rest, '\n'));
	json_t *first = NULL;
	enum err e = text_json_parse(line, JSON_REJECT_DUPLICATES, &first, &ignored);
	*yes = json_is_object(first) && str_trim(rest).n > 0;
	json_decref(first);
	return e == ERR_NOMEM ? e : ERR_OK;
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
		json_t *item = NULL;
		e = parse_item(line, &item, &at);
		if (!e)
			e = f->item(f->ctx, item, where, NULL);
		else if (e == ERR_INVALID)
			e = fault(f, where, "column %d: %s", at.column, at.text);
		json_decref(item);
	}
	return e;
}

enum err import_ninjs_items(struct ninjs_file *f, struct str file_text)
{
	json_error_t at;
	struct str text = without_mark(file_text);
	if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff")))
		return fault(f, "", "is UTF-16; UTF-8 expected");
	if (f->by_line)
		return lines(f, text);
	json_t *doc = NULL;
	bool by_line = false;
	enum err e = parse_item(text, &doc, &at);
	if (!e) {
		e = document(f, doc);
		json_decref(doc);
		return e;
	}
	if (e == ERR_INVALID && begins_with_an_item(text, &by_line) != ERR_OK)
		e = ERR_NOMEM;
	if (e != ERR_INVALID)
		return e;
	if (by_line)
		return lines(f, text);
	struct scan s = { text.p, text.p + text.n };
	if (text.n > 0 && enter_list(&s))
		return pieces(f, &s);
	return fault(f, "", "line %d: %s", at.line, at.text);
}
