/* template: Mustache (the specification's core: interpolation, sections, inverted, comments,
 * partials, set delimiter; no lambdas) over a small tree of values that the caller builds in an
 * arena.
 *
 * Escaping is by type: only a value made with template_html prints raw under {{{x}}} or {{&x}}; a
 * text value is escaped there too, unless the set is TEMPLATE_TEXT (mail text parts, and the
 * specification's own cases), where nothing is escaped. So a theme author cannot open a hole by
 * writing three braces. Threads: any number may render from a set; template_replace alone changes
 * one. */
#ifndef POSTERN_TEMPLATE_H
#define POSTERN_TEMPLATE_H

#include "postern/base.h"

struct template_data; /* a value: object, list, text, html, true, false */
enum {
	TEMPLATE_DEPTH_MAX = 32, /* sections and partials inside each other */
	TEMPLATE_OUTPUT_MAX = 4 << 20,
	TEMPLATE_STEPS_MAX = 1 << 20, /* tags and lines of one rendering: lists in lists multiply */
	TEMPLATE_FILE_MAX = 256 << 10,
};

/* All of these return NULL only when the arena is full; setting on or with NULL is ignored and
 * makes the render fail with ERR_NOMEM, so callers need not check each. Strings are not copied:
 * they must live as long as the arena. A key that is set twice has its last value. An empty text
 * is false; objects, lists, true and false print nothing. */
struct template_data *template_object(struct arena *a);
void template_text(struct template_data *obj, const char *key, struct str value);
void template_z(struct template_data *obj, const char *key, const char *value); /* NULL: false */
void template_html(struct template_data *obj, const char *key, struct str value);
void template_bool(struct template_data *obj, const char *key, bool value);
void template_int(struct template_data *obj, const char *key, int64_t value);
void template_child(struct template_data *obj, const char *key,
	struct template_data *child); /* NULL child: false */
struct template_data *template_list(
	struct template_data *obj, const char *key);               /* new empty list under key */
struct template_data *template_append(struct template_data *list); /* new object at its end */
void template_append_text(struct template_data *list, struct str value); /* for {{.}} */
struct template_data *template_append_list(
	struct template_data *list); /* new empty list at its end */

enum template_mode { TEMPLATE_HTML = 1, TEMPLATE_TEXT };
struct template_set;
/* Parses all embedded files below `prefix` ("web/templates/"), each replaced by the file of the
 * same name in `override_dir` when that exists (NULL: none). On a syntax error `*why` (arena of the
 * set, or static) says file, line and fault: ERR_INVALID. A name is the path below prefix; partial
 * "card" is looked for as "_card.html". Partials that only the folder has are taken too. */
enum err MUST_USE template_load(const char *prefix, const char *override_dir,
	struct template_set **out, char why[static 256]);
/* Tells every mistake of the files in `dir`, which replace those of the program below `prefix`:
 * syntax, partials, files that nothing uses, keys that no page has (web/keys.txt). */
struct template_check {
	const char *prefix, *dir;
	const char *shape;                  /* what each file has; NULL: by its name */
	const struct template_data *assets; /* what {{asset.…}} may name */
	void (*fault)(void *ctx, const char *path, unsigned line, const char *fault);
	void *ctx;
};
/* ERR_INVALID: there was a mistake. */
enum err MUST_USE template_check(const struct template_check *c);
void template_free(struct template_set *t);
/* What is in `fresh` takes the place of what is in `t`, while others render from `t`: each
 * rendering is of the old or of the new alone. Frees `fresh`. */
void template_replace(struct template_set *t, struct template_set *fresh);
bool template_has(const struct template_set *t, const char *name);
/* ERR_NOT_FOUND: no such template; ERR_TOO_LARGE: above TEMPLATE_OUTPUT_MAX or too deep. */
enum err MUST_USE template_render(const struct template_set *t, const char *name,
	enum template_mode mode, const struct template_data *root, struct buf *out);
/* One template from memory with its partials (name, text pairs ending with NULL), for tests and
 * fuzzing. */
enum err MUST_USE template_render_text(struct str source, const char *const *partials,
	enum template_mode mode, const struct template_data *root, struct buf *out);

#endif
