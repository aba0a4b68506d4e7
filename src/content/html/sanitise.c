/* Sanitises imported HTML: libxml2 parses it, and the writer writes new markup from the table of
 * allowed elements. No byte of the source's own markup is copied, so no parser difference can
 * carry a script through. */
#include "link.h"
#include "mark.h"
#include "parse.h"
#include "rules.h"
#include "writer.h"

#include <string.h>

/* DEPTH_MAX: elements inside each other; the walk is recursive, so this bounds the stack. SPAN_MAX,
 * OL_START_MAX: what a colspan, rowspan or start may say. */
enum { DEPTH_MAX = 64, SPAN_MAX = 100, OL_START_MAX = 1000000 };

/* The walk through libxml2's tree, from the root down. */
struct walk {
	struct writer w;
	const struct sanitiser *s;
	int depth;
	int tables; /* around this node */
	bool in_link;
};

static void visit(struct walk *k, const xmlNode *n, enum role parent);
static void visit_children(struct walk *k, const xmlNode *n, enum role role);
static void visit_marks_below(struct walk *k, const xmlNode *n);

static const struct rule *rule_of(const xmlNode *n)
{
	return html_rule((const char *)n->name);
}

static struct str node_text(const xmlNode *n)
{
	return str_of((const char *)n->content);
}

/* ---- attributes ---- */

/* Decoded value in the arena; {NULL, 0} when it is not there. */
static struct str attribute_of(struct walk *k, const xmlNode *n, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(n, (const xmlChar *)name);
	if (!value)
		return (struct str){ NULL, 0 };
	struct str copy = arena_str(k->w.arena, str_of((const char *)value));
	xmlFree(value);
	if (!copy.p)
		k->w.err = ERR_NOMEM;
	return copy;
}

static int64_t number_of(struct walk *k, const xmlNode *n, const char *name, int64_t max)
{
	int64_t v = 0;
	return str_int(attribute_of(k, n, name), 1, max, &v) == ERR_OK ? v : 0;
}

static struct str tag_of(struct walk *k, const char *text)
{
	if (!*text) /* arena_fmt without memory */
		k->w.err = ERR_NOMEM;
	return str_of(text);
}

/* ---- links ---- */

/* The opening tag of a link that is allowed, or {NULL, 0}. */
static struct str link_tag(struct walk *k, const xmlNode *n)
{
	struct str none = { NULL, 0 };
	char clean[HREF_MAX];
	struct str href = { clean, 0 };
	bool external = false;
	if (!html_link_clean(attribute_of(k, n, "href"), clean, &href.n, &external))
		return none;
	BUF_AUTO b = BUF((size_t)8 * HREF_MAX);
	buf_puts(&b, "<a href=\"");
	escape_html(&b, href);
	buf_puts(&b, external ? "\" rel=\"nofollow noopener\">" : "\">");
	return arena_buf(k->w.arena, &b);
}

static void visit_link(struct walk *k, const xmlNode *n)
{
	struct str open = k->in_link ? (struct str){ NULL, 0 } : link_tag(k, n);
	if (!open.p) {
		visit_children(k, n, ROLE_UNWRAP);
		return;
	}
	k->in_link = true;
	html_writer_push_inline(&k->w, open, "</a>");
	visit_children(k, n, ROLE_INLINE);
	html_writer_pop_inline(&k->w);
	k->in_link = false;
}

/* ---- pictures ---- */

static void visit_image(struct walk *k, const xmlNode *n, struct str caption)
{
	struct figure f = {
		.src = str_trim(attribute_of(k, n, "src")),
		.alt = content_field_clean(attribute_of(k, n, "alt"), k->w.arena),
		.caption = caption,
		.width = number_of(k, n, "width", IMAGE_SIDE_MAX),
		.height = number_of(k, n, "height", IMAGE_SIDE_MAX),
	};
	if (!k->w.err && k->s->figure && f.src.n > 0 && k->s->figure(k->s->ctx, &f))
		html_writer_figure(&k->w, &f);
}

/* The next node of the tree below `top`, in the order of the text; iterative, so that depth is no
 * matter. */
static const xmlNode *next_below(const xmlNode *top, const xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children)
		return n->children;
	while (n != top && !n->next)
		n = n->parent;
	return n == top ? NULL : n->next;
}

static const xmlNode *find_below(const xmlNode *top, const char *name)
{
	for (const xmlNode *n = next_below(top, top); n; n = next_below(top, n))
		if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
			return n;
	return NULL;
}

static struct str caption_of(struct walk *k, const xmlNode *figure)
{
	const xmlNode *top = find_below(figure, "figcaption");
	BUF_AUTO b = BUF(ARTICLE_SOURCE_MAX);
	for (const xmlNode *n = top ? next_below(top, top) : NULL; n; n = next_below(top, n))
		if (n->type == XML_TEXT_NODE)
			buf_str(&b, node_text(n));
	if (b.err)
		k->w.err = b.err;
	return content_field_clean(buf_view(&b), k->w.arena);
}

/* A figure around pictures is rebuilt from them; around anything else it is only a container. */
static void visit_figure(struct walk *k, const xmlNode *n)
{
	html_writer_boundary(&k->w);
	if (!find_below(n, "img")) {
		visit_children(k, n, ROLE_FLOW);
		html_writer_boundary(&k->w);
		return;
	}
	struct str caption = caption_of(k, n);
	visit_marks_below(k, n);
	for (const xmlNode *m = next_below(n, n); m && !k->w.err; m = next_below(n, m))
		if (m->type == XML_ELEMENT_NODE && strcmp((const char *)m->name, "img") == 0)
			visit_image(k, m, caption);
}

/* ---- the author's mark ---- */

static void visit_comment(struct walk *k, const xmlNode *n)
{
	enum html_mark mark = html_mark_of(node_text(n));
	if (mark == HTML_MARK_CUT)
		html_writer_cut(&k->w);
	else if (mark == HTML_MARK_STRANGE && k->w.out.strange.n == 0)
		k->w.out.strange = content_field_clean(node_text(n), k->w.arena);
}

/* Marks that are elements: of Joomla, of Substack. */
static bool is_mark_element(struct walk *k, const xmlNode *n)
{
	return (strcmp((const char *)n->name, "hr") == 0 &&
		       str_eq(attribute_of(k, n, "id"), STR("system-readmore"))) ||
	       (strcmp((const char *)n->name, "div") == 0 &&
		       str_starts(attribute_of(k, n, "class"), STR("paywall-jump")));
}

/* What is dropped, or made anew from its pictures, may hold the mark too. */
static void visit_marks_below(struct walk *k, const xmlNode *n)
{
	for (const xmlNode *m = next_below(n, n); m; m = next_below(n, m))
		if (m->type == XML_COMMENT_NODE)
			visit_comment(k, m);
}

/* ---- structure ---- */

static void visit_framed(struct walk *k, const xmlNode *n, enum role role, const char *want,
	struct str open, const char *close)
{
	const char *before = k->w.want;
	html_writer_push(&k->w, open, close);
	k->w.want = want;
	if (role == ROLE_CELL)
		html_writer_open(&k->w);
	visit_children(k, n, role);
	html_writer_pop(&k->w);
	k->w.want = before;
}

static void visit_list(struct walk *k, const xmlNode *n, const struct rule *r)
{
	bool ordered = strcmp(r->name, "ol") == 0;
	int64_t start = 1;
	struct str open = ordered ? STR("<ol>") : STR("<ul>");
	/* A list may count from 0, or from below. */
	bool says = ordered && str_int(attribute_of(k, n, "start"), -OL_START_MAX, OL_START_MAX,
				       &start) == ERR_OK;
	if (says && start != 1)
		open = tag_of(k, arena_fmt(k->w.arena, "<ol start=\"%lld\">", (long long)start));
	visit_framed(k, n, ROLE_LIST, NULL, open, r->close);
}

/* A table scrolls sideways on a small screen, by keyboard too. */
static void visit_table(struct walk *k, const xmlNode *n)
{
	bool outer = k->tables++ == 0;
	struct str open = outer ? STR("<div class=\"table\" tabindex=\"0\" role=\"region\" "
				      "aria-label=\"Table\"><table>")
				: STR("<table>");
	visit_framed(k, n, ROLE_TABLE, NULL, open, outer ? "</table></div>" : "</table>");
	k->tables--;
}

/* A colspan or rowspan outside 1 to SPAN_MAX is left out. */
static void visit_cell(struct walk *k, const xmlNode *n, const struct rule *r)
{
	int64_t columns = number_of(k, n, "colspan", SPAN_MAX),
		rows = number_of(k, n, "rowspan", SPAN_MAX);
	struct str scope = attribute_of(k, n, "scope");
	BUF_AUTO b = BUF(256);
	buf_fmt(&b, "<%s", r->tag);
	if (columns > 1)
		buf_fmt(&b, " colspan=\"%lld\"", (long long)columns);
	if (rows > 1)
		buf_fmt(&b, " rowspan=\"%lld\"", (long long)rows);
	if (str_eq_nocase(scope, STR("row")))
		buf_puts(&b, " scope=\"row\"");
	else if (str_eq_nocase(scope, STR("col")))
		buf_puts(&b, " scope=\"col\"");
	buf_byte(&b, '>');
	struct str open = arena_buf(k->w.arena, &b);
	if (open.p)
		visit_framed(k, n, ROLE_CELL, NULL, open, r->close);
	else
		k->w.err = ERR_NOMEM;
}

static bool is_heading(const char *want)
{
	return want && want[0] == 'h';
}

static void visit_text_element(struct walk *k, const xmlNode *n, const struct rule *r)
{
	const char *before = k->w.want;
	html_writer_boundary(&k->w);
	if (!is_heading(before))
		k->w.want = r->tag;
	visit_children(k, n, ROLE_TEXT);
	html_writer_boundary(&k->w);
	k->w.want = before;
}

static void visit_flow(struct walk *k, const xmlNode *n)
{
	html_writer_boundary(&k->w);
	visit_children(k, n, ROLE_FLOW);
	html_writer_boundary(&k->w);
}

/* What `r` is at this place: an item outside a list, a cell outside a row are mere containers. */
static enum role role_in(const struct rule *r, enum role parent)
{
	bool fits = true;
	if (r->role == ROLE_ITEM)
		fits = parent == ROLE_LIST;
	else if (r->role == ROLE_PART || r->role == ROLE_CAPTION)
		fits = parent == ROLE_TABLE;
	else if (r->role == ROLE_ROW)
		fits = parent == ROLE_TABLE || parent == ROLE_PART;
	else if (r->role == ROLE_CELL)
		fits = parent == ROLE_ROW;
	return fits ? r->role : ROLE_FLOW;
}

/* One case for each role. Elements that stand where HTML does not have them (a cell outside a row)
 * count as containers that only separate, see role_in. */
static void visit_element(struct walk *k, const xmlNode *n, enum role parent)
{
	const struct rule *r = rule_of(n);
	if (is_mark_element(k, n)) {
		html_writer_cut(&k->w);
		return;
	}
	switch (role_in(r, parent)) {
	case ROLE_DROP:
		visit_marks_below(k, n);
		return;
	case ROLE_UNWRAP:
		visit_children(k, n, ROLE_UNWRAP);
		return;
	case ROLE_FLOW:
		visit_flow(k, n);
		return;
	case ROLE_TEXT:
		visit_text_element(k, n, r);
		return;
	case ROLE_INLINE:
		html_writer_push_inline(&k->w, str_of(r->tag), r->close);
		visit_children(k, n, ROLE_INLINE);
		html_writer_pop_inline(&k->w);
		return;
	case ROLE_LINK:
		visit_link(k, n);
		return;
	case ROLE_BREAK:
		html_writer_break(&k->w);
		return;
	case ROLE_RULE:
		html_writer_rule(&k->w);
		return;
	case ROLE_QUOTE:
		visit_framed(k, n, ROLE_QUOTE, "p", STR("<blockquote>"), "</blockquote>");
		return;
	case ROLE_LIST:
		visit_list(k, n, r);
		return;
	case ROLE_ITEM:
		visit_framed(k, n, ROLE_ITEM, NULL, STR("<li>"), "</li>");
		return;
	case ROLE_TABLE:
		visit_table(k, n);
		return;
	case ROLE_PART:
		visit_framed(k, n, ROLE_PART, NULL, str_of(r->tag), r->close);
		return;
	case ROLE_ROW:
		visit_framed(k, n, ROLE_ROW, NULL, STR("<tr>"), "</tr>");
		return;
	case ROLE_CELL:
		visit_cell(k, n, r);
		return;
	case ROLE_CAPTION:
		visit_framed(k, n, ROLE_CAPTION, NULL, STR("<caption>"), "</caption>");
		return;
	case ROLE_FIGURE:
		visit_figure(k, n);
		return;
	case ROLE_IMAGE:
		visit_image(k, n, (struct str){ NULL, 0 });
		return;
	}
}

static void visit(struct walk *k, const xmlNode *n, enum role parent)
{
	if (k->w.err)
		return;
	if (n->type == XML_TEXT_NODE)
		html_writer_text(&k->w, node_text(n));
	else if (n->type == XML_COMMENT_NODE)
		visit_comment(k, n);
	else if (n->type == XML_ELEMENT_NODE && k->depth == DEPTH_MAX)
		k->w.err = ERR_TOO_LARGE;
	else if (n->type == XML_ELEMENT_NODE) {
		k->depth++;
		visit_element(k, n, parent);
		k->depth--;
	}
}

/* Elements that a list or a table needs around a child which came without them. */
static size_t missing_frames(const xmlNode *child, enum role parent)
{
	if (child->type == XML_COMMENT_NODE)
		return 0;
	enum role role = child->type == XML_ELEMENT_NODE ? rule_of(child)->role : ROLE_UNWRAP;
	if (role == ROLE_DROP)
		return 0;
	if (parent == ROLE_LIST)
		return role == ROLE_ITEM ? 0 : 1;
	if (parent == ROLE_ROW)
		return role == ROLE_CELL ? 0 : 1;
	if (parent == ROLE_TABLE && (role == ROLE_PART || role == ROLE_CAPTION))
		return 0;
	if (parent == ROLE_TABLE || parent == ROLE_PART)
		return role == ROLE_ROW ? 0 : 2;
	return 0;
}

static void visit_children(struct walk *k, const xmlNode *n, enum role role)
{
	static const struct writer_frame item = { "</li>", { "<li>", 4 } },
					 row = { "</tr>", { "<tr>", 4 } },
					 cell = { "</td>", { "<td>", 4 } };
	for (const xmlNode *c = n->children; c && !k->w.err; c = c->next) {
		size_t missing = missing_frames(c, role);
		if (missing > 0 && c->type == XML_TEXT_NODE && str_trim(node_text(c)).n == 0)
			continue;
		const struct writer_frame *inner = role == ROLE_LIST ? &item : &cell;
		if (missing > 1)
			html_writer_push(&k->w, row.open, row.close);
		if (missing > 0)
			html_writer_push(&k->w, inner->open, inner->close);
		visit(k, c, missing > 0 ? ROLE_FLOW : role);
		for (size_t i = 0; i < missing; i++)
			html_writer_pop(&k->w);
	}
}

/* ---- the door ---- */

static enum err write_all(void *ctx, const xmlDoc *doc)
{
	struct walk *k = ctx;
	for (const xmlNode *n = doc->children; n; n = n->next)
		visit(k, n, ROLE_FLOW);
	html_writer_end(&k->w);
	if (!k->w.err && arena_failed(k->w.arena))
		return ERR_NOMEM;
	return k->w.err;
}

static enum err run(struct str html, struct walk *k)
{
	if (html.n > ARTICLE_SOURCE_MAX)
		return ERR_TOO_LARGE;
	if (!utf8_ok(html) || str_has_byte(html, '\0'))
		return ERR_INVALID;
	return str_trim(html).n == 0 ? ERR_OK : html_parse(html, write_all, k);
}

enum err html_sanitise(
	struct str html, const struct sanitiser *s, struct arena *a, struct blocks *out)
{
	struct walk *k = arena_alloc(a, sizeof *k);
	struct block *v = arena_alloc(a, ARTICLE_BLOCKS_MAX * sizeof *v);
	if (!k || !v)
		return ERR_NOMEM;
	k->s = s;
	k->w = (struct writer){
		.arena = a, .b = BUF(SANITISED_BYTES_MAX), .out.v = v, .want = "p"
	};
	enum err e = run(html, k);
	buf_free(&k->w.b);
	if (!e)
		*out = k->w.out;
	return e;
}

enum err html_plain(struct str html, struct arena *a, struct str *out)
{
	struct walk *k = arena_alloc(a, sizeof *k);
	if (!k)
		return ERR_NOMEM;
	k->s = &(struct sanitiser){ NULL, NULL };
	k->w = (struct writer){ .arena = a, .plain = true, .b = BUF(SANITISED_BYTES_MAX) };
	enum err e = run(html, k);
	if (!e)
		*out = content_field_clean(buf_view(&k->w.b), a);
	buf_free(&k->w.b);
	return e;
}

/* Lets a caller that knows only addresses of pictures take part as a figure_fn. */
struct src_only {
	content_image_fn *fn;
	void *ctx;
};

static bool map_src(void *ctx, struct figure *f)
{
	const struct src_only *m = ctx;
	f->src = m->fn(m->ctx, f->src);
	return f->src.p != NULL;
}

enum err content_sanitise(
	struct str html, content_image_fn *image, void *ctx, struct arena *a, struct blocks *out)
{
	struct src_only map = { image, ctx };
	return html_sanitise(html, &(struct sanitiser){ image ? map_src : NULL, &map }, a, out);
}
