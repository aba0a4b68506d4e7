/* Writes the canonical HTML of an article: well-formed, one block a line, only elements from the
 * rules table. Counts words as it writes and notes where the author put the mark that ends the
 * teaser. */
#include "writer.h"

#include <string.h>

static bool fail(struct writer *w, enum err e)
{
	if (!w->err)
		w->err = e;
	return false;
}

static void tag(struct writer *w, struct str s)
{
	if (!w->plain)
		buf_str(&w->b, s);
}

/* ---- blocks ---- */

/* Hands the block over to the arena. ERR_TOO_LARGE above ARTICLE_BLOCKS_MAX blocks or
 * SANITISED_BYTES_MAX bytes. */
static void emit_block(struct writer *w, int64_t words)
{
	if (w->b.err || w->out.n == ARTICLE_BLOCKS_MAX) {
		fail(w, w->b.err ? w->b.err : ERR_TOO_LARGE);
		return;
	}
	w->total_bytes += w->b.n;
	if (w->total_bytes > SANITISED_BYTES_MAX) {
		fail(w, ERR_TOO_LARGE);
		return;
	}
	struct str html = arena_str(w->arena, buf_view(&w->b));
	if (!html.p) {
		fail(w, ERR_NOMEM);
		return;
	}
	w->out.v[w->out.n++] = (struct block){ html, words };
	w->out.words += words;
	w->length = (struct text_length){ 0 };
	w->b.n = 0;
}

static void attribute(struct buf *b, const char *name, struct str value)
{
	buf_fmt(b, " %s=\"", name);
	escape_html(b, value);
	buf_byte(b, '"');
}

static void figure_html(struct buf *b, const struct figure *f)
{
	buf_puts(b, "<figure><img");
	attribute(b, "src", f->src);
	attribute(b, "alt", f->alt);
	if (f->width > 0 && f->height > 0)
		buf_fmt(b, " width=\"%lld\" height=\"%lld\"", (long long)f->width,
			(long long)f->height);
	buf_puts(b, " loading=\"lazy\">");
	if (f->caption.n || f->credit.n) {
		buf_puts(b, "<figcaption>");
		escape_html(b, f->caption);
		if (f->credit.n) {
			buf_puts(b, f->caption.n ? " <span class=\"credit\">"
						 : "<span class=\"credit\">");
			escape_html(b, f->credit);
			buf_puts(b, "</span>");
		}
		buf_puts(b, "</figcaption>");
	}
	buf_puts(b, "</figure>");
}

/* A picture is a block without words: a teaser is measured in text. */
static void emit_figures(struct writer *w)
{
	for (size_t i = 0; i < w->figures_n && !w->err; i++) {
		figure_html(&w->b, &w->figures[i]);
		emit_block(w, 0);
	}
	w->figures_n = 0;
}

static void block_done(struct writer *w)
{
	if (w->plain || w->err || w->frames_open > 0 || w->in)
		return;
	if (w->b.n > 0)
		emit_block(w, text_length_words(&w->length));
	if (!w->err)
		emit_figures(w);
}

/* ---- opening ---- */

void html_writer_open(struct writer *w)
{
	while (w->frames_open < w->frames_n)
		tag(w, w->frames[w->frames_open++].open);
}

/* Writes everything that was only noted so far, in its order: frames, the paragraph, line breaks, a
 * blank, inline elements. */
static void open_text(struct writer *w)
{
	html_writer_open(w);
	if (w->want && !w->in) {
		w->in = w->want;
		if (!w->plain)
			buf_fmt(&w->b, "<%s>", w->in);
	}
	for (; w->breaks > 0; w->breaks--) {
		tag(w, STR("<br>"));
		w->space = w->plain;
	}
	if (w->space && w->b.n > 0)
		buf_byte(&w->b, ' ');
	w->space = false;
	while (w->inlines_open < w->inlines_n)
		tag(w, w->inlines[w->inlines_open++].open);
	w->has_text = true;
}

static bool in_pre(const struct writer *w)
{
	return w->want && strcmp(w->want, "pre") == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

/* Behind the run of bytes at `i` that can be written as they are. */
static size_t run_end(struct str s, size_t i, bool pre)
{
	while (i < s.n && !is_control(s.p[i]) && (pre || !is_space(s.p[i])))
		i++;
	return i;
}

static void count_words(struct writer *w, struct str run)
{
	uint32_t cp = 0;
	for (size_t i = 0, n; i < run.n; i += n) {
		n = str_utf8((struct str){ run.p + i, run.n - i }, &cp);
		if (n == 0)
			return;
		text_length_add(&w->length, cp);
	}
}

static void write_run(struct writer *w, struct str run)
{
	/* Two line breaks in a paragraph are how some systems spell its end. */
	if (w->breaks > 1 && w->in && strcmp(w->in, "p") == 0)
		html_writer_boundary(w);
	open_text(w);
	w->runs++;
	count_words(w, run);
	if (w->plain)
		buf_str(&w->b, run);
	else
		escape_html(&w->b, run);
}

void html_writer_text(struct writer *w, struct str s)
{
	bool pre = in_pre(w);
	for (size_t i = 0; i < s.n && !w->err;) {
		size_t end = run_end(s, i, pre);
		if (end > i) {
			write_run(w, (struct str){ s.p + i, end - i });
			i = end;
			continue;
		}
		if (is_space(s.p[i])) { /* only outside <pre>, where it is part of the run */
			w->space = w->has_text || w->plain;
			w->length.in_word = false;
		}
		i++;
	}
	if (w->b.err)
		fail(w, w->b.err);
}

void html_writer_break(struct writer *w)
{
	if (in_pre(w) && w->in)
		buf_byte(&w->b, '\n');
	else if (w->has_text && !in_pre(w))
		w->breaks++;
	w->length.in_word = false;
}

/* ---- closing ---- */

static void close_inlines(struct writer *w, size_t down_to)
{
	while (w->inlines_open > down_to)
		tag(w, str_of(w->inlines[--w->inlines_open].close));
}

void html_writer_boundary(struct writer *w)
{
	close_inlines(w, 0);
	if (w->in && !w->plain)
		buf_fmt(&w->b, "</%s>", w->in);
	w->in = NULL;
	w->length.in_word = false;
	w->has_text = false;
	w->breaks = 0;
	w->space = w->plain;
	block_done(w);
}

void html_writer_push(struct writer *w, struct str open, const char *close)
{
	html_writer_boundary(w);
	if (w->frames_n == WRITER_DEPTH)
		fail(w, ERR_TOO_LARGE);
	else
		w->frames[w->frames_n++] = (struct writer_frame){ close, open };
}

void html_writer_pop(struct writer *w)
{
	html_writer_boundary(w);
	if (w->frames_n == 0)
		return;
	if (w->frames_open == w->frames_n)
		tag(w, str_of(w->frames[--w->frames_open].close));
	w->frames_n--;
	block_done(w);
}

void html_writer_push_inline(struct writer *w, struct str open, const char *close)
{
	if (w->inlines_n == WRITER_DEPTH)
		fail(w, ERR_TOO_LARGE);
	else
		w->inlines[w->inlines_n++] = (struct writer_frame){ close, open };
}

void html_writer_pop_inline(struct writer *w)
{
	if (w->inlines_n == 0)
		return;
	close_inlines(w, w->inlines_n - 1);
	w->inlines_n--;
}

void html_writer_rule(struct writer *w)
{
	html_writer_boundary(w);
	if (w->plain)
		return;
	html_writer_open(w);
	tag(w, STR("<hr>"));
	block_done(w);
}

void html_writer_figure(struct writer *w, const struct figure *f)
{
	if (w->plain)
		return;
	if (w->figures_n == ARTICLE_IMAGES_MAX) {
		fail(w, ERR_TOO_LARGE);
		return;
	}
	w->figures[w->figures_n++] = *f;
	block_done(w);
}

void html_writer_cut(struct writer *w)
{
	if (w->plain)
		return;
	if (w->out.cut) {
		w->out.mark_again |= w->runs != w->mark_runs;
		return;
	}
	w->mark_runs = w->runs;
	if (w->frames_open == 0)
		html_writer_boundary(w);
	if (w->runs == 0) {
		w->out.cut = CUT_NOTHING;
	} else if (w->frames_open > 0) {
		buf_puts(&w->b, HTML_MARK_TEXT);
		w->out.cut = (int64_t)w->out.n + 1;
	} else {
		w->out.cut = (int64_t)w->out.n;
	}
}

void html_writer_end(struct writer *w)
{
	html_writer_boundary(w);
	if (w->b.err)
		fail(w, w->b.err);
	w->out.mark_last = w->out.cut && w->runs == w->mark_runs;
	if (w->out.n == 0 || w->out.mark_last)
		w->out.cut = 0;
}
