/* html_link: where a link from outside may lead: http, https, mailto, a path of this site, a place
 * on the page. */
#ifndef CONTENT_HTML_LINK_H
#define CONTENT_HTML_LINK_H

#include "postern/base.h"

enum { HREF_MAX = 2048 };

/* `raw` is decoded already. False: not allowed, or too long. `external`: another site may stand
 * behind it. */
bool html_link_clean(struct str raw, char out[static HREF_MAX], size_t *n, bool *external);

#endif
