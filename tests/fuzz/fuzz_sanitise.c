/* Whatever comes in: what goes out has only our tags, balanced, and cleaning it again changes
 * nothing. */
#include "../../src/content/internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { NESTED_MAX = 200 };

static struct str keep(void *ctx, struct str src)
{
	(void)ctx;
	return src;
}

/* The tag at `s.p[0] == '<'`: its name, and the length up to and with '>'. */
static size_t tag_length(struct str s, struct str *name)
{
	size_t n = 1;
	while (n < s.n && s.p[n] != '>')
		n++;
	size_t end = 1;
	while (end < n && s.p[end] != ' ')
		end++;
	*name = (struct str){ s.p + 1, end - 1 };
	if (n == s.n)
		abort();
	return n + 1;
}

static bool known(struct str name)
{
	static const char *const names[] = { "p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote",
		"em", "strong", "a", "br", "hr", "code", "pre", "figure", "figcaption", "img",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "sub", "sup",
		"del", "div", "span" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

static void check_block(struct str html)
{
	struct str open[NESTED_MAX], name;
	size_t depth = 0, tops = 0;
	for (size_t i = 0; i < html.n;) {
		if (html.p[i] != '<') {
			if (depth == 0)
				abort();
			i++;
			continue;
		}
		i += tag_length((struct str){ html.p + i, html.n - i }, &name);
		if (str_eq(name, STR("!--more--"))) {
			if (depth == 0)
				abort();
			continue;
		}
		bool closing = name.p[0] == '/';
		if (closing)
			name = (struct str){ name.p + 1, name.n - 1 };
		if (!known(name) || depth == NESTED_MAX)
			abort();
		tops += depth == 0;
		if (closing && (depth == 0 || !str_eq(open[--depth], name)))
			abort();
		bool empty = str_eq(name, STR("br")) || str_eq(name, STR("hr")) ||
			     str_eq(name, STR("img"));
		if (!closing && !empty)
			open[depth++] = name;
	}
	if (depth != 0 || tops != 1 || !utf8_ok(html))
		abort();
}

static struct str joined(const struct blocks *b, struct arena *a)
{
	BUF_AUTO all = BUF(SIZE_MAX);
	for (size_t i = 0; i < b->n; i++)
		buf_str(&all, b->v[i].html);
	return arena_str(a, buf_view(&all));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(256 << 20);
	struct blocks once = { 0 }, twice = { 0 };
	struct str plain, html = { (const char *)p, n };
	if (!a || content_sanitise(html, keep, NULL, a, &once) != ERR_OK)
		return 0;
	for (size_t i = 0; i < once.n; i++)
		check_block(once.v[i].html);
	struct str first = joined(&once, a);
	if (content_sanitise(first, keep, NULL, a, &twice) == ERR_OK &&
		!str_eq(first, joined(&twice, a)))
		abort();
	if (html_plain(html, a, &plain) == ERR_OK && !utf8_ok(plain))
		abort();
	return 0;
}
