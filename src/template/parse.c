/* Parses Mustache (the specification without lambdas, https://github.com/mustache/spec) into
 * nodes. Errors name the template and the line. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes, but for NODES_FIRST, the room that a template begins with. What is longer than PATH_SHOWN
 * or NAME_SHOWN is cut in messages. */
enum { DELIMITER_MAX = 16, NODES_FIRST = 32, PATH_SHOWN = 120, NAME_SHOWN = 60 };

struct tag {
	char kind; /* '#', '^', '/', '!', '>', '=', '&' ('{' as well) or 'v' */
	struct str name;
	size_t start, end; /* offsets in the source, delimiters included */
	unsigned line;
};

/* One pass over the source. `open` and `close` are the delimiters in force ({{=<% %>=}} changes
 * them). */
struct parser {
	struct template *t;
	struct str src, open, close;
	size_t at;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* nodes of those that are open */
	size_t depth;
	char *why;
	unsigned line; /* of `counted`: lines are counted once, going forward */
	size_t counted;
};

void template_fault(const struct template *t, unsigned line, char why[static WHY_SIZE],
	const char *fault, struct str name)
{
	struct str path = str_of(t->path);
	if (path.n > PATH_SHOWN) /* the end of it says more */
		path = (struct str){ path.p + (path.n - PATH_SHOWN), PATH_SHOWN };
	if (name.n > NAME_SHOWN)
		name.n = NAME_SHOWN;
	snprintf(why, WHY_SIZE, STR_FMT ":%u: %s%s" STR_FMT, STR_ARG(path), line, fault,
		name.n ? " " : "", (int)name.n, name.n ? name.p : "");
}

static enum err fault(const struct parser *p, unsigned line, const char *what, struct str name)
{
	template_fault(p->t, line, p->why, what, name);
	return ERR_INVALID;
}

static unsigned line_at(struct parser *p, size_t offset)
{
	for (; p->counted < offset; p->counted++)
		p->line += p->src.p[p->counted] == '\n';
	return p->line;
}

static enum err add_node(struct parser *p, struct node node)
{
	struct template *t = p->t;
	if (t->n == t->capacity) {
		size_t capacity = t->capacity ? t->capacity * 2 : NODES_FIRST;
		struct node *nodes = reallocarray(t->nodes, capacity, sizeof *nodes);
		if (!nodes)
			return ERR_NOMEM;
		t->nodes = nodes;
		t->capacity = capacity;
	}
	t->nodes[t->n++] = node;
	return ERR_OK;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool begins_line(struct str src, size_t at)
{
	return at == 0 || src.p[at - 1] == '\n';
}

/* Literal text, a node for each line, so that a partial can be indented line by line. */
static enum err add_literal(struct parser *p, size_t from, size_t to)
{
	struct str rest = { p->src.p + from, to - from };
	enum err e = ERR_OK;
	while (rest.n > 0 && e == ERR_OK) {
		size_t at = (size_t)(rest.p - p->src.p);
		const char *newline = memchr(rest.p, '\n', rest.n);
		size_t n = newline ? (size_t)(newline - rest.p) + 1 : rest.n;
		if (begins_line(p->src, at))
			e = add_node(p, (struct node){ .op = OP_INDENT });
		if (e == ERR_OK)
			e = add_node(p, (struct node){ .op = OP_TEXT, .text = { rest.p, n } });
		rest = (struct str){ rest.p + n, rest.n - n };
	}
	return e;
}

/* True when nothing but the tag and blanks stands on its line (or lines): the specification has
 * them vanish together. `*from` and `*to` bound what vanishes. */
static bool stands_alone(struct str src, const struct tag *tag, size_t *from, size_t *to)
{
	size_t a = tag->start, b = tag->end;
	if (tag->kind == 'v' || tag->kind == '&')
		return false;
	while (a > 0 && is_blank(src.p[a - 1]))
		a--;
	while (b < src.n && is_blank(src.p[b]))
		b++;
	if (!begins_line(src, a))
		return false;
	if (b + 1 < src.n && src.p[b] == '\r' && src.p[b + 1] == '\n')
		b++;
	if (b < src.n && src.p[b] != '\n')
		return false;
	*from = a;
	*to = b < src.n ? b + 1 : b;
	return true;
}

static bool find(struct str src, size_t from, struct str what, size_t *at)
{
	const char *p = memmem(src.p + from, src.n - from, what.p, what.n);
	if (p)
		*at = (size_t)(p - src.p);
	return p != NULL;
}

/* Reads the tag whose opening delimiter stands at `start`. */
static enum err read_tag(struct parser *p, size_t start, struct tag *tag)
{
	char closer[DELIMITER_MAX + 1];
	size_t from = start + p->open.n, n = 0, to = 0;
	unsigned line = line_at(p, start);
	char kind = from < p->src.n ? p->src.p[from] : '\0';
	if (kind == '{' || kind == '=')
		closer[n++] = kind == '{' ? '}' : '=';
	memcpy(closer + n, p->close.p, p->close.n);
	bool marked = kind && strchr("#^/!>=&{", kind);
	from += marked ? 1 : 0;
	n += p->close.n;
	if (from > p->src.n || !find(p->src, from, (struct str){ closer, n }, &to))
		return fault(p, line, "this tag is not closed", (struct str){ NULL, 0 });
	const char of_mark = kind == '{' ? '&' : kind;
	*tag = (struct tag){ .kind = marked ? of_mark : 'v',
		.name = str_trim((struct str){ p->src.p + from, to - from }),
		.start = start,
		.end = to + n,
		.line = line };
	return ERR_OK;
}

/* "." or parts between dots, none empty, without blanks and marks of other dialects. */
static bool name_ok(struct str name)
{
	bool after_dot = true;
	if (str_eq(name, STR(".")))
		return true;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (c <= ' ' || c == 0x7f || strchr("<>$#^/!&=~{}", c))
			return false;
		if (c == '.' && after_dot)
			return false;
		after_dot = c == '.';
	}
	return !after_dot;
}

/* {{=<% %>=}}: two texts without blanks or '=', separated by blanks. */
static enum err set_delimiters(struct parser *p, const struct tag *tag)
{
	struct str rest = tag->name;
	struct str open = rest;
	open.n = 0;
	while (open.n < rest.n && !strchr(" \t\r\n", open.p[open.n]))
		open.n++;
	struct str close = str_trim((struct str){ rest.p + open.n, rest.n - open.n });
	bool bad = open.n == 0 || close.n == 0 || open.n > DELIMITER_MAX || close.n > DELIMITER_MAX;
	for (size_t i = 0; i < rest.n && !bad; i++)
		bad = rest.p[i] == '=' || rest.p[i] == '\0';
	for (size_t i = 0; i < close.n && !bad; i++)
		bad = strchr(" \t\r\n", close.p[i]) != NULL;
	if (bad)
		return fault(p, tag->line, "these are no two delimiters:", rest);
	p->open = open;
	p->close = close;
	return ERR_OK;
}

static enum err open_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == TEMPLATE_DEPTH_MAX)
		return fault(p, tag->line, "sections are too deep inside each other at", tag->name);
	p->sections[p->depth++] = p->t->n;
	return add_node(p, (struct node){ .op = tag->kind == '#' ? OP_SECTION : OP_INVERTED,
				   .text = tag->name,
				   .line = tag->line });
}

static enum err close_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == 0)
		return fault(p, tag->line, "no section is open here to close:", tag->name);
	struct node *section = &p->t->nodes[p->sections[--p->depth]];
	if (!str_eq(section->text, tag->name))
		return fault(p, tag->line, "another section is open here than", tag->name);
	section->end = p->t->n;
	return ERR_OK;
}

/* Comments make no node. A closing tag must name the section that was opened last. */
static enum err add_tag(struct parser *p, const struct tag *tag, struct str indent)
{
	struct node node = { .text = tag->name, .line = tag->line };
	if (tag->kind == '!')
		return ERR_OK;
	if (tag->kind == '=')
		return set_delimiters(p, tag);
	if (!name_ok(tag->name))
		return fault(p, tag->line, "this is no name:", tag->name);
	switch (tag->kind) {
	case '#':
	case '^':
		return open_section(p, tag);
	case '/':
		return close_section(p, tag);
	case '>':
		node.op = OP_PARTIAL;
		node.indent = indent;
		return add_node(p, node);
	default:
		node.op = tag->kind == '&' ? OP_RAW : OP_ESCAPED;
		return add_node(p, node);
	}
}

/* One tag with the text before it. */
static enum err parse_tag(struct parser *p, size_t start)
{
	struct tag tag;
	enum err e = read_tag(p, start, &tag);
	if (e != ERR_OK)
		return e;
	size_t from = tag.start, to = tag.end;
	bool alone = stands_alone(p->src, &tag, &from, &to);
	e = add_literal(p, p->at, from);
	if (e == ERR_OK && !alone && begins_line(p->src, tag.start))
		e = add_node(p, (struct node){ .op = OP_INDENT });
	if (e != ERR_OK)
		return e;
	p->at = to;
	return add_tag(p, &tag, (struct str){ p->src.p + from, tag.start - from });
}

enum err template_parse(struct template *t, char why[static WHY_SIZE])
{
	struct parser p = { .t = t,
		.src = t->source,
		.open = STR("{{"),
		.close = STR("}}"),
		.why = why,
		.line = 1 };
	enum err e = ERR_OK;
	size_t start = 0;
	while (e == ERR_OK && p.at < p.src.n && find(p.src, p.at, p.open, &start))
		e = parse_tag(&p, start);
	if (e == ERR_OK)
		e = add_literal(&p, p.at, p.src.n);
	if (e == ERR_OK && p.depth > 0) {
		const struct node *section = &t->nodes[p.sections[p.depth - 1]];
		e = fault(&p, section->line, "this section is not closed:", section->text);
	}
	return e;
}
