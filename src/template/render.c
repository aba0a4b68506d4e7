/* Renders parsed Mustache. Text is escaped for HTML unless the data says it is HTML. Depth and
 * output are bounded; a rendering that fails leaves nothing of itself in the buffer. */
#include "internal.h"

/* The indentation of the partials that are being printed, a list from the inside out. On the stack
 * of the renderer. */
struct indent {
	const struct indent *outer;
	struct str text;
};

/* One rendering. `steps` counts nodes, so that nested lists cannot take the processor for long. */
struct render {
	enum template_mode mode;
	struct buf *out;
	size_t out_start;
	const struct template_data
		*stack[TEMPLATE_DEPTH_MAX + 1]; /* contexts, the innermost last */
	size_t contexts, depth, steps;
	const struct indent *indent;
	enum err err;
};

/* Value under `key` in an object; NULL when there is none or `v` is no object. */
static const struct template_data *member(
	struct render *r, const struct template_data *v, struct str key)
{
	if (v->broken)
		r->err = ERR_NOMEM;
	return template_member(v, key);
}

/* The first part of a dotted name is looked for from the inside out, the rest in what it names. */
static const struct template_data *lookup(struct render *r, struct str name)
{
	const struct template_data *v = NULL;
	if (str_eq(name, STR(".")))
		return r->stack[r->contexts - 1];
	struct str first = str_cut(&name, '.');
	for (size_t i = r->contexts; i > 0 && !v; i--)
		v = member(r, r->stack[i - 1], first);
	while (v && name.n > 0)
		v = member(r, v, str_cut(&name, '.'));
	return v;
}

static void print_value(struct render *r, const struct node *n)
{
	const struct template_data *v = lookup(r, n->text);
	if (!v || (v->kind != DATA_TEXT && v->kind != DATA_HTML))
		return;
	bool raw = r->mode == TEMPLATE_TEXT || (n->op == OP_RAW && v->kind == DATA_HTML);
	if (raw)
		buf_str(r->out, v->text);
	else
		escape_html(r->out, v->text);
}

static void print_indent(struct render *r, const struct indent *indent)
{
	if (!indent)
		return;
	print_indent(r, indent->outer);
	buf_str(r->out, indent->text);
}

static void run(struct render *r, const struct template *t, size_t from, size_t to);

/* Nodes [from, to) with `context` on top of the stack (NULL: none). */
static void run_inside(struct render *r, const struct template *t, size_t from, size_t to,
	const struct template_data *context)
{
	if (r->depth == TEMPLATE_DEPTH_MAX) {
		r->err = ERR_TOO_LARGE;
		return;
	}
	r->depth++;
	if (context)
		r->stack[r->contexts++] = context;
	run(r, t, from, to);
	if (context)
		r->contexts--;
	r->depth--;
}

static void run_section(struct render *r, const struct template *t, size_t at)
{
	const struct node *n = &t->nodes[at];
	const struct template_data *v = lookup(r, n->text);
	if (!template_is_true(v))
		return;
	if (v->kind != DATA_LIST) {
		run_inside(r, t, at + 1, n->end, v);
		return;
	}
	if (v->broken)
		r->err = ERR_NOMEM;
	for (const struct data_item *i = v->first; i && r->err == ERR_OK; i = i->next)
		run_inside(r, t, at + 1, n->end, i->value);
}

static void run_partial(struct render *r, const struct node *n)
{
	const struct indent own = { r->indent, n->indent };
	if (!n->partial)
		return;
	if (n->indent.n > 0)
		r->indent = &own;
	run_inside(r, n->partial, 0, n->partial->n, NULL);
	r->indent = own.outer;
}

static void check_limits(struct render *r)
{
	if (r->err != ERR_OK)
		return;
	r->err = r->out->err;
	if (++r->steps > TEMPLATE_STEPS_MAX || r->out->n - r->out_start > TEMPLATE_OUTPUT_MAX)
		r->err = ERR_TOO_LARGE;
}

static void run(struct render *r, const struct template *t, size_t from, size_t to)
{
	for (size_t i = from; i < to && r->err == ERR_OK;) {
		const struct node *n = &t->nodes[i];
		switch (n->op) {
		case OP_TEXT:
			buf_str(r->out, n->text);
			break;
		case OP_INDENT:
			print_indent(r, r->indent);
			break;
		case OP_ESCAPED:
		case OP_RAW:
			print_value(r, n);
			break;
		case OP_SECTION:
			run_section(r, t, i);
			break;
		case OP_INVERTED:
			if (!template_is_true(lookup(r, n->text)))
				run_inside(r, t, i + 1, n->end, NULL);
			break;
		case OP_PARTIAL:
			run_partial(r, n);
			break;
		}
		i = n->op == OP_SECTION || n->op == OP_INVERTED ? n->end : i + 1;
		check_limits(r);
	}
}

/* What a failed rendering wrote is taken back, so that half a page is never sent. */
enum err template_run(const struct template *t, enum template_mode mode,
	const struct template_data *root, struct buf *out)
{
	struct render r = { .mode = mode, .out = out, .out_start = out->n };
	if (!root || arena_failed(root->arena))
		return ERR_NOMEM;
	r.stack[r.contexts++] = root;
	run(&r, t, 0, t->n);
	if (r.err != ERR_OK && out->p) {
		out->n = r.out_start;
		out->p[out->n] = '\0';
	}
	return r.err;
}
