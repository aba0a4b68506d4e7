/* Walks canonical HTML tag by tag and word by word, for measuring and cutting it. */
#include "walk.h"

#include <string.h>

static struct str rest_of(const struct html_walk *w)
{
	return (struct str){ w->html.p + w->at, w->html.n - w->at };
}

static enum html_token broken(struct html_walk *w)
{
	w->broken = true;
	w->at = w->from;
	return HTML_END;
}

/* ---- text ---- */

static enum html_token entity_next(struct html_walk *w)
{
	static const struct {
		struct str text;
		char c;
	} known[] = { { { "&amp;", 5 }, '&' }, { { "&lt;", 4 }, '<' }, { { "&gt;", 4 }, '>' },
		{ { "&quot;", 6 }, '"' }, { { "&#39;", 5 }, '\'' } };
	for (size_t i = 0; i < COUNT(known); i++) {
		if (!str_starts(rest_of(w), known[i].text))
			continue;
		w->at += known[i].text.n;
		w->cp = (unsigned char)known[i].c;
		return HTML_TEXT;
	}
	return broken(w);
}

static enum html_token text_next(struct html_walk *w)
{
	if (w->html.p[w->at] == '&')
		return entity_next(w);
	size_t n = str_utf8(rest_of(w), &w->cp);
	if (n == 0)
		return broken(w);
	w->at += n;
	return HTML_TEXT;
}

/* ---- tags ---- */

bool html_is_void(struct str name)
{
	return str_eq(name, STR("br")) || str_eq(name, STR("hr")) || str_eq(name, STR("img"));
}

static enum html_token open_next(struct html_walk *w, struct str inside)
{
	struct str rest = inside;
	w->name = str_cut(&rest, ' ');
	if (html_is_void(w->name))
		return HTML_VOID;
	if (w->name.n == 0 || w->depth == HTML_WALK_DEPTH)
		return broken(w);
	w->open[w->depth++] = w->name;
	return HTML_OPEN;
}

static enum html_token close_next(struct html_walk *w, struct str name)
{
	if (w->depth == 0 || !str_eq(name, w->open[w->depth - 1]))
		return broken(w);
	w->depth--;
	w->name = name;
	return HTML_CLOSE;
}

static enum html_token tag_next(struct html_walk *w)
{
	struct str rest = rest_of(w);
	if (str_starts(rest, STR(HTML_MARK_TEXT))) {
		w->at += strlen(HTML_MARK_TEXT);
		return HTML_MARK;
	}
	const char *end = memchr(rest.p, '>', rest.n);
	if (!end)
		return broken(w);
	struct str inside = { rest.p + 1, (size_t)(end - rest.p) - 1 };
	w->at += inside.n + 2;
	if (inside.n > 0 && inside.p[0] == '/')
		return close_next(w, (struct str){ inside.p + 1, inside.n - 1 });
	return open_next(w, inside);
}

/* Of a plain character nothing need be looked at but itself. */
static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '<' && c != '&';
}

void html_walk_begin(struct html_walk *w, struct str html)
{
	w->html = html;
	w->from = w->at = w->depth = 0;
	w->name = (struct str){ NULL, 0 };
	w->cp = 0;
	w->broken = false;
}

struct str html_walk_plain(struct html_walk *w)
{
	const struct str rest = rest_of(w);
	size_t n = 0;
	while (w->depth > 0 && n < rest.n && is_plain((unsigned char)rest.p[n]))
		n++;
	w->at += n;
	return (struct str){ rest.p, n };
}

enum html_token html_walk_next(struct html_walk *w)
{
	if (w->depth > 0 && w->at < w->html.n && is_plain((unsigned char)w->html.p[w->at])) {
		w->from = w->at++;
		w->cp = (unsigned char)w->html.p[w->from];
		return HTML_TEXT;
	}
	/* Between blocks stands a line break, which is no text. */
	while (w->depth == 0 && w->at < w->html.n && w->html.p[w->at] == '\n')
		w->at++;
	w->from = w->at;
	if (w->at == w->html.n)
		return HTML_END;
	if (w->html.p[w->at] == '<')
		return tag_next(w);
	return w->depth > 0 ? text_next(w) : broken(w);
}

bool html_is_figure(struct str block)
{
	return str_starts(block, STR("<figure>"));
}

bool html_is_inline(struct str name)
{
	static const char *const names[] = { "em", "strong", "a", "code", "sub", "sup", "del",
		"span" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

void html_write_unmarked(struct buf *out, struct str s)
{
	struct str mark = STR(HTML_MARK_TEXT);
	const char *at = s.n ? memmem(s.p, s.n, mark.p, mark.n) : NULL;
	while (at) {
		buf_add(out, s.p, (size_t)(at - s.p));
		s = (struct str){ at + mark.n, s.n - (size_t)(at - s.p) - mark.n };
		at = memmem(s.p, s.n, mark.p, mark.n);
	}
	buf_str(out, s);
}
