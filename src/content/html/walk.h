/* html_walk: goes through HTML that our own writer wrote (writer.h), token by token.
 *
 * That HTML is canonical: every element is closed in its order, the only elements without an end
 * are br, hr and img, attribute values stand in double quotes and have no '<' or '>', text has the
 * five entities of escape_html, and the only comment is the author's mark. So a walk of its bytes
 * sees what a parser would see, without memory and in a few microseconds, and any prefix becomes
 * whole HTML by closing what is open. What is not canonical ends the walk: nothing behind it counts
 * or is shown. */
#ifndef CONTENT_HTML_WALK_H
#define CONTENT_HTML_WALK_H

#include "postern/text.h"

enum { HTML_WALK_DEPTH = 256 };
enum html_token {
	HTML_END = 1, /* of the text, or what is not canonical: see `broken` */
	HTML_TEXT,    /* one code point, in `cp` */
	HTML_OPEN,    /* an element begins, its name in `name` */
	HTML_CLOSE,   /* an element ends */
	HTML_VOID,    /* br, hr, img */
	HTML_MARK,    /* the author's mark, inside a block */
};
struct html_walk {
	struct str html;
	size_t from, at; /* of the token */
	struct str open[HTML_WALK_DEPTH];
	size_t depth; /* of open elements, behind the token */
	struct str name;
	uint32_t cp;
	bool broken;
};
/* `open` is not cleared: its 4 KiB cost more than the walk of a short block. */
void html_walk_begin(struct html_walk *w, struct str html);
enum html_token html_walk_next(struct html_walk *w);
/* Passes all plain characters (ASCII without entities) at once; none where text may not stand. */
struct str html_walk_plain(struct html_walk *w);
bool html_is_void(struct str name); /* br, hr, img */
/* Of a block: a picture of the text, which no teaser shows and no length counts. */
bool html_is_figure(struct str block);
/* em, a, sub …: what stands inside a word or sentence without ending it. */
bool html_is_inline(struct str name);
/* What the writer writes for a mark inside a block. No text can hold it: there '<' is an entity. */
#define HTML_MARK_TEXT "<!--more-->"
/* All but that. */
void html_write_unmarked(struct buf *out, struct str html);

#endif
