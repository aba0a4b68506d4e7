/* JSON that is whole or is not there: reading with libjansson's lexer held in check, and writing
 * where what is missing spreads to the end. */
#include "postern/json.h"

#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ----
 * When the lexer's buffer cannot grow, Jansson 2.14 drops the byte that did not fit and reads on
 * (lex_save in its load.c): values get shorter, a text without its closing quote is read beyond its
 * end, and a number without its last byte ends the program by an assertion. So the first allocation
 * that is refused during a parse is served from a spare block instead, and ends the parse: the text
 * ends there, and nothing more is allocated. */
enum { SPARE_BYTES = 4096 };

static _Thread_local struct {
	bool parsing, refused;
	_Alignas(max_align_t) char spare[SPARE_BYTES];
} memory;

static void *memory_take(size_t n)
{
	if (memory.parsing && memory.refused)
		return NULL;
	void *p = malloc(n);
	if (p || !memory.parsing)
		return p;
	memory.refused = true;
	return n <= sizeof memory.spare ? memory.spare : NULL;
}

static void memory_give(void *p)
{
	if (p != memory.spare)
		free(p);
}

/* Before main, and so before a thread could allocate by other functions. */
__attribute__((constructor)) static void memory_start(void)
{
	json_set_alloc_funcs(memory_take, memory_give);
}

/* Byte by byte, so that none is read after a refusal. */
static size_t next_byte(void *out, size_t size, void *ctx)
{
	struct str *rest = ctx;
	if (memory.refused || rest->n == 0 || size == 0)
		return 0;
	*(char *)out = *rest->p;
	*rest = (struct str){ rest->p + 1, rest->n - 1 };
	return 1;
}

enum err text_json_parse(struct str text, size_t flags, json_t **out, json_error_t *where)
{
	struct str rest = text;
	memory.refused = false;
	memory.parsing = true;
	*out = json_load_callback(next_byte, &rest, flags, where);
	if (memory.refused) {
		json_decref(*out);
		*out = NULL;
	}
	memory.parsing = false;
	if (memory.refused)
		return ERR_NOMEM;
	return *out ? ERR_OK : ERR_INVALID;
}

/* ---- writing ---- */

void text_json_put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) == 0)
		return;
	json_decref(*object);
	*object = NULL;
}

void text_json_append(json_t **list, json_t *value)
{
	if (json_array_append_new(*list, value) == 0)
		return;
	json_decref(*list);
	*list = NULL;
}

json_t *text_json_str(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

json_t *text_json_time(int64_t t_s)
{
	char text[TIME_TEXT_SIZE];
	if (t_s == 0)
		return json_null();
	time_text(t_s, text);
	return json_string(text);
}

static int take_bytes(const char *p, size_t n, void *ctx)
{
	buf_add(ctx, p, n);
	return 0;
}

/* Not json_dumps: it goes on where its own buffer could not take a key. */
enum err text_json_dump(json_t *doc, size_t flags, struct buf *out)
{
	int failed = json_dump_callback(doc, take_bytes, out, flags);
	json_decref(doc);
	return failed ? ERR_NOMEM : out->err;
}

enum err text_json_write(json_t *doc, size_t flags, struct arena *a, struct str *out)
{
	BUF_AUTO b = BUF(SIZE_MAX / 4); /* the arena has a bound */
	enum err e = text_json_dump(doc, flags, &b);
	if (e)
		return e;
	*out = arena_buf(a, &b);
	return out->p ? ERR_OK : ERR_NOMEM;
}
