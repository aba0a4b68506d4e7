/* html_writer: writes HTML that cannot be malformed, whatever it is told.
 *
 * Structure (lists, tables, quotations), paragraph and inline elements are three stacks that are
 * opened only when text arrives and closed by whatever ends them: empty elements never appear, and
 * a paragraph inside an <em> closes and reopens the <em>. Each element at the top becomes a block
 * of its own. */
#ifndef CONTENT_HTML_WRITER_H
#define CONTENT_HTML_WRITER_H

#include "../internal.h"
#include "walk.h"

enum { WRITER_DEPTH = 64, SANITISED_BYTES_MAX = 2 * ARTICLE_SOURCE_MAX };

/* An element that is open or about to be. The texts outlive the writer. */
struct writer_frame {
	const char *close;
	struct str open;
};
/* Lives on the stack of html_sanitise; what it writes lives in the arena. */
struct writer {
	struct arena *arena;
	bool plain;   /* text only, no tags, no blocks */
	struct buf b; /* the block being written */
	struct blocks out;
	size_t total_bytes;
	struct writer_frame frames[WRITER_DEPTH], inlines[WRITER_DEPTH];
	size_t frames_n, frames_open, inlines_n,
		inlines_open; /* open: written; always a lower part of the stack */
	const char *want; /* element that text needs here: "p", "h2", "pre" …; NULL: none (list
			     item, cell) */
	const char *in;   /* that element, once written */
	bool has_text;    /* in this run of text */
	bool space;       /* white space was seen and not yet written */
	unsigned breaks;  /* the same for <br> */
	struct text_length length;                 /* of the block */
	size_t runs, mark_runs;                    /* of text so far, and at the author's mark */
	struct figure figures[ARTICLE_IMAGES_MAX]; /* wait for the end of the block they stand in */
	size_t figures_n;
	enum err err; /* the first; nothing is written after it */
};

void html_writer_text(struct writer *w, struct str s);
void html_writer_break(struct writer *w);
/* Ends paragraph, heading or run of text; what is above them in the tree stays. */
void html_writer_boundary(struct writer *w);
void html_writer_rule(struct writer *w);
void html_writer_figure(struct writer *w, const struct figure *f);
/* The author's mark. Between blocks it is a number; inside a list, quotation or table it is written
 * where it stands (HTML_MARK_TEXT). The first counts. */
void html_writer_cut(struct writer *w);
/* `open` is a whole tag and must live as long as the writer. */
void html_writer_push(struct writer *w, struct str open, const char *close);
void html_writer_pop(struct writer *w);
void html_writer_open(
	struct writer *w); /* writes what is pushed though it may stay empty: a table's cell */
void html_writer_push_inline(struct writer *w, struct str open, const char *close);
void html_writer_pop_inline(struct writer *w);
void html_writer_end(struct writer *w);

#endif
