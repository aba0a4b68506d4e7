/* html_mark: the comments by which authors mark where the free part of an article ends. */
#ifndef CONTENT_HTML_MARK_H
#define CONTENT_HTML_MARK_H

#include "postern/base.h"

enum html_mark {
	HTML_MARK_NONE,
	HTML_MARK_CUT,
	HTML_MARK_STRANGE, /* looks like one, and is none that is known: the author should be told
			    */
};
/* Of the text between "<!--" and "-->"; letters in any case. Known: more (WordPress, Hugo, Jekyll,
 * Blogger, also "more Some words" and "wp:more …"), members-only (Ghost), paywall and
 * wp:jetpack/paywall (Jetpack), excerpt (Eleventy), truncate (Docusaurus), break (Drupal),
 * readmore, teaser_end (Nikola), pelican_end_summary (Pelican). */
enum html_mark html_mark_of(struct str comment);

#endif
