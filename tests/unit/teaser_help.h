/* A second opinion on HTML, which shares nothing with what it checks: its text, and whether it is
 * well-formed. */
#ifndef TESTS_TEASER_HELP_H
#define TESTS_TEASER_HELP_H

#include "content_help.h"

enum { CHECK_DEPTH = 300 };

static inline bool check_void(struct str name)
{
	return str_eq(name, STR("br")) || str_eq(name, STR("hr")) || str_eq(name, STR("img"));
}

/* Every element is closed in its order, none stands empty but a table's cell, no tag is cut. */
static inline bool well_formed(struct str html)
{
	struct str open[CHECK_DEPTH];
	size_t depth = 0;
	for (size_t i = 0; i < html.n; i++) {
		if (html.p[i] == '>')
			return false;
		if (html.p[i] != '<')
			continue;
		const char *end = memchr(html.p + i, '>', html.n - i);
		if (!end)
			return false;
		struct str rest = { html.p + i + 1, (size_t)(end - html.p) - i - 1 };
		struct str tag = rest, name = str_cut(&rest, ' ');
		bool closing = name.n > 0 && name.p[0] == '/';
		if (closing)
			name = (struct str){ name.p + 1, name.n - 1 };
		bool empty = closing && i > 0 && html.p[i - 1] == '>' && depth > 0 &&
			     str_ends((struct str){ html.p, i }, STR(">")) &&
			     html.p[i - 2] != '/' &&
			     open[depth - 1].p + open[depth - 1].n + 1 == html.p + i;
		if (empty && !str_eq(name, STR("td")) && !str_eq(name, STR("th")))
			return false;
		if (closing && (depth == 0 || !str_eq(open[--depth], name)))
			return false;
		if (!closing && !check_void(name) && depth == CHECK_DEPTH)
			return false;
		if (!closing && !check_void(name))
			open[depth++] = name;
		i += tag.n + 1;
	}
	return depth == 0 && utf8_ok(html);
}

struct plain {
	struct buf visible; /* without any blank */
	int64_t points;     /* code points, blanks included */
	int64_t visible_points;
};

static inline bool plain_blank(uint32_t cp)
{
	return cp <= 32 || cp == 0xa0 || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200b) ||
	       cp == 0x202f || cp == 0x1680 || cp == 0x205f || cp == 0xfeff;
}

/* Tags away, the five entities read; figures left out with what is in them. */
static inline struct plain plain_of(struct str html)
{
	static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	static const char chars[] = "&<>\"'";
	struct plain out = { .visible = BUF(64 << 20) };
	int figure = 0, depth = 0;
	for (size_t i = 0; i < html.n;) {
		struct str rest = { html.p + i, html.n - i };
		uint32_t cp = 0;
		if (rest.p[0] == '<') {
			figure += str_starts(rest, STR("<figure>"));
			figure -= str_starts(rest, STR("</figure>"));
			bool closing = rest.p[1] == '/';
			const char *end = memchr(rest.p, '>', rest.n);
			depth += closing ? -1 : 1;
			if (str_starts(rest, STR("<br>")) || str_starts(rest, STR("<hr>")) ||
				str_starts(rest, STR("<img")) || str_starts(rest, STR("<!--")))
				depth--;
			i += (size_t)(end - rest.p) + 1;
			continue;
		}
		size_t n = str_utf8(rest, &cp);
		for (size_t k = 0; k < COUNT(names); k++) {
			if (!str_starts(rest, str_of(names[k])))
				continue;
			cp = (uint32_t)chars[k];
			n = strlen(names[k]);
		}
		assert_true(n > 0);
		if (figure == 0 && depth > 0) {
			out.points++;
			if (!plain_blank(cp)) {
				out.visible_points++;
				buf_add(&out.visible, rest.p, n);
			}
		}
		i += n;
	}
	return out;
}

#endif
