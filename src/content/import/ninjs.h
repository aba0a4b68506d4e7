/* ninjs, inside: reading an item with a path for every complaint. Sources: IPTC ninjs 1.x, 2.x
 * and 3.x.
 *
 * 2.x spells in lower case what 3.x spells in camelCase; 1.x has `body_text` and `byline` where the
 * others have lists. Every spelling is read in every item: an embargo must not be missed because a
 * sender mixed them. */
#ifndef CONTENT_NINJS_H
#define CONTENT_NINJS_H

#include "../internal.h"

#include "postern/json.h"

/* PASSAGES_MAX: texts of one kind in an item. ENTRIES_MAX: members of a list that are read.
 * JSON_PATH_SIZE: bytes with the NUL of "bodies[0].value". */
enum { PASSAGES_MAX = 64, ENTRIES_MAX = 1000, JSON_PATH_SIZE = 128 };

/* One of bodies[], descriptions[], headlines[], or of body_xhtml and its like. */
struct passage {
	struct str role, content_type, value;
};
struct passages {
	struct passage v[PASSAGES_MAX];
	size_t n;
};

/* One item while it is read. `item` belongs to the file's document. */
struct ninjs_reading {
	struct import_item *it;
	json_t *item;
	struct draft *d;
	size_t left_out; /* pictures that are not beside the file */
	bool hidden;     /* something that closes was not understood */
};

/* ---- whose it is, and whether it may be shown ---- */
enum err MUST_USE import_ninjs_identity(
	struct ninjs_reading *r);                  /* "uri", else Superdesk's "guid" */
void import_ninjs_status(struct ninjs_reading *r); /* pubStatus and version */
/* An embargo or an end that cannot be read hides; any other time that cannot be read refuses. */
enum err MUST_USE import_ninjs_times(struct ninjs_reading *r);
/* What could not be read closes by its embargo or its end all the same. */
void import_ninjs_close(struct ninjs_reading *r);
/* Leaves the state alone of what was read: a notice needs no more. */
void import_ninjs_hollow(struct ninjs_reading *r);

/* ---- reading ---- */
/* Text of `key`, in camelCase or lower case; empty when absent or null. ERR_INVALID with "path.key:
 * expected a string". */
enum err MUST_USE import_ninjs_string(
	struct import_item *it, json_t *o, const char *path, const char *key, struct str *out);
/* The value in either spelling, NULL when absent. ERR_INVALID when both are there. */
enum err MUST_USE import_ninjs_value(
	struct import_item *it, json_t *o, const char *path, const char *key, json_t **out);
/* `one` ("body") as a text, `one`_* as texts, `many` ("bodies") as a list. */
enum err MUST_USE import_ninjs_passages(struct import_item *it, json_t *o, const char *path,
	const char *one, const char *many, struct passages *out);
bool import_ninjs_is_html(const struct passage *p);
/* One line of plain text: agencies escape their fields as if they were HTML. */
struct str import_ninjs_line(struct import_item *it, struct str s);
/* The same of a passage that may be HTML. */
enum err MUST_USE import_ninjs_plain(
	struct import_item *it, const struct passage *p, struct str *out);
/* Names of a list of objects with `name`, or of texts. */
typedef void ninjs_name_fn(void *ctx, struct str name);
enum err MUST_USE import_ninjs_names(
	struct import_item *it, json_t *o, const char *key, ninjs_name_fn *fn, void *ctx);
/* Members of a list or of an object, each an object, with its path. */
typedef enum err ninjs_object_fn(void *ctx, json_t *member, const char *path);
enum err MUST_USE import_ninjs_objects(struct import_item *it, json_t *o, const char *path,
	const char *key, ninjs_object_fn *fn, void *ctx);

/* Pictures of the item and of its associations that lie beside the file; the others are counted in
 * `left_out`. */
enum err MUST_USE import_ninjs_pictures(
	struct import_item *it, json_t *item, struct draft *d, size_t *left_out);

#endif
