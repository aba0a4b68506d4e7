/* template: the parsed form that the parser makes and the renderer runs, and the tree of values. */
#ifndef POSTERN_TEXT_TEMPLATE_H
#define POSTERN_TEXT_TEMPLATE_H

#include <pthread.h>

#include "postern/template.h"
#include "postern/text.h"

/* What the renderer does at a node. */
enum op {
	OP_TEXT,
	OP_INDENT, /* a line of the template begins: print the indentation of the partial */
	OP_ESCAPED,
	OP_RAW,
	OP_SECTION,
	OP_INVERTED,
	OP_PARTIAL,
};

/* One step of a template. Nodes stand in a flat array in the order of the source; a section holds
 * the index at which it ends. */
struct node {
	enum op op;
	struct str text;                /* literal, or name */
	struct str indent;              /* partial that stands alone on its line */
	size_t end;                     /* section: index of the first node behind it */
	const struct template *partial; /* NULL: prints nothing */
	unsigned line;
};

/* Lives in the arena of its set, read-only after template_load. */
struct template
{
	struct str name;
	const char *path;  /* for messages */
	struct str source; /* the nodes point into it */
	struct node *nodes;
	size_t n, capacity;
};

/* All templates of a theme. template_replace puts another set's contents in, under the lock for
 * writing; rendering holds it for reading. */
struct template_set {
	pthread_rwlock_t lock; /* of what follows, once it is shared */
	struct arena *arena;
	struct template *v;
	size_t n, capacity;
	const struct template_told *told; /* while it is loaded; NULL: the first mistake ends it */
};

/* Who is told of each file with a mistake: `why` is "PATH:LINE: what". */
struct template_told {
	void (*fault)(void *ctx, const char *path, const char *why);
	void *ctx;
};
/* As template_load, but a file with a mistake is told and left empty. */
enum err MUST_USE template_load_whole(const char *prefix, const char *dir,
	const struct template_told *told, struct template_set **out);

/* Bytes of a message for people, with its NUL. */
enum { WHY_SIZE = 256 };

/* Fills `t->nodes` from `t->source`. ERR_INVALID with a message, ERR_NOMEM. */
enum err MUST_USE template_parse(struct template *t, char why[static WHY_SIZE]);
void template_fault(const struct template *t, unsigned line, char why[static WHY_SIZE],
	const char *fault, struct str name);
enum err MUST_USE template_run(const struct template *t, enum template_mode mode,
	const struct template_data *root, struct buf *out);

enum data_kind { DATA_FALSE, DATA_TRUE, DATA_TEXT, DATA_HTML, DATA_OBJECT, DATA_LIST };

/* A member of an object or of a list, in the order in which it was added. */
struct data_item {
	struct str key; /* in an object */
	const struct template_data *value;
	struct data_item *next;
};

/* A value that a template prints. All of a tree lives in the arena of its root, so nothing is freed
 * by itself. One thread. */
struct template_data {
	enum data_kind kind;
	bool broken; /* something that belongs in here is missing for want of memory */
	struct arena *arena;
	struct str text;
	struct data_item *first, *last;
};

/* What stands under `key` in an object, or NULL. */
const struct template_data *template_member(const struct template_data *v, struct str key);
bool template_is_true(const struct template_data *v); /* NULL is false */

#endif
