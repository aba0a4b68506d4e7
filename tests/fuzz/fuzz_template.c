/* Goal: no template crashes, runs for ever or prints more than it may, and none prints a text value
 * raw in HTML. Input: the template, then the partials "p" and "q", each behind a NUL. */
#include "postern/template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct template_data *tree(struct arena *a)
{
	struct template_data *root = template_object(a);
	struct template_data *list = template_list(root, "l");
	template_text(root, "t", STR("\x01<text>\n&'\""));
	template_html(root, "h", STR("<b>html</b>"));
	template_bool(root, "y", true);
	template_bool(root, "n", false);
	template_int(root, "i", -7);
	template_text(template_append(list), "t", STR("\x01<inner>"));
	template_append_text(list, STR("\x01<item>"));
	template_append_text(template_append_list(list), STR("nested"));
	struct template_data *child = template_object(a);
	template_text(child, "b", STR("deep"));
	template_child(root, "a", child);
	return root;
}

/* Cuts the next text that ends with a NUL off `*rest`, as a string of its own. */
static const char *next_text(struct arena *a, struct str *rest)
{
	struct str s = str_cut(rest, '\0');
	const char *z = s.n > 0 ? arena_str(a, s).p : "";
	return z ? z : "";
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = { (const char *)p, n };
	ARENA_AUTO *a = arena_new(1 << 20);
	BUF_AUTO html = BUF(16 << 20);
	BUF_AUTO text = BUF(16 << 20);
	if (!a || n > 1 << 16)
		return 0;
	struct str source = str_cut(&rest, '\0');
	const char *partials[] = { "p", next_text(a, &rest), "q", next_text(a, &rest), NULL };
	const struct template_data *root = tree(a);
	enum err e = template_render_text(source, partials, TEMPLATE_HTML, root, &html);
	if (html.n > TEMPLATE_OUTPUT_MAX || (e != ERR_OK && html.n > 0))
		abort();
	/* The mark before each '<' of a text value tells it from those of the template. */
	if (!memmem(p, n, "\x01", 1) && html.n > 0 && memmem(html.p, html.n, "\x01<", 2))
		abort();
	if (template_render_text(source, partials, TEMPLATE_TEXT, root, &text) == ERR_OK &&
		text.n > TEMPLATE_OUTPUT_MAX)
		abort();
	return 0;
}
