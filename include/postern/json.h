/* JSON, read and written so that a lack of memory is an error: a document is whole or is not there.
 * Belongs to text. Jansson's own functions let what does not fit fall out of a list silently.
 *
 * Writing: what cannot be made is NULL, and NULL spreads. json_pack refuses a NULL that is not
 * marked "?" or "*", text_json_put and text_json_append free what a NULL belonged into, and
 * text_json_write says ERR_NOMEM at the end, where alone it is checked. Text that is not UTF-8 is
 * treated alike. Threads: any; a document belongs to one at a time. */
#ifndef POSTERN_JSON_H
#define POSTERN_JSON_H

#include "postern/base.h"

#include <jansson.h>

/* ERR_INVALID with line, column and words in `where`; ERR_NOMEM. `flags` are those of json_loads.
 * The document is the caller's, to be freed with json_decref; `*out` is NULL after an error. */
enum err MUST_USE text_json_parse(struct str text, size_t flags, json_t **out, json_error_t *where);

/* Both steal `value`. A document that lacks it is freed and becomes NULL. */
void text_json_put(json_t **object, const char *key, json_t *value);
void text_json_append(json_t **list, json_t *value);
json_t *text_json_str(struct str s); /* a string; {NULL, 0} is "" */
json_t *text_json_time(int64_t t_s); /* RFC 3339 in UTC; 0: null */
/* Both steal `doc`, which may be NULL. `flags` are those of json_dumps. */
enum err MUST_USE text_json_dump(json_t *doc, size_t flags, struct buf *out);
enum err MUST_USE text_json_write(json_t *doc, size_t flags, struct arena *a, struct str *out);

#endif
