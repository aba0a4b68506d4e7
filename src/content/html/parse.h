/* html_parse: HTML of any source as a tree of libxml2's. */
#ifndef CONTENT_HTML_PARSE_H
#define CONTENT_HTML_PARSE_H

#include "postern/base.h"

#include <libxml/tree.h>

/* Hands the tree to `use`, which keeps nothing of it, and returns its error. ERR_TOO_LARGE with
 * more different names of elements and attributes than a document can need. ERR_NOMEM, whatever
 * `use` said, when memory was refused: what it was handed was not the whole. */
typedef enum err html_parsed(void *ctx, const xmlDoc *doc);
enum err MUST_USE html_parse(struct str html, html_parsed *use, void *ctx);

#endif
