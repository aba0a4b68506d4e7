/* html_parse: HTML of any source as a tree of libxml2's. */
#ifndef CONTENT_HTML_PARSE_H
#define CONTENT_HTML_PARSE_H

#include "postern/base.h"

#include <libxml/tree.h>

/* ERR_TOO_LARGE with more different names of elements and attributes than a document can need. */
enum err MUST_USE html_parse(struct str html, xmlDoc **out);
void html_doc_free(xmlDoc **doc); /* for cleanup; NULL is no matter */

#endif
