/* Recognises the comments and elements by which other systems mark the end of a teaser
 * (WordPress, Ghost, Jekyll, Hugo, Docusaurus, Drupal, Joomla and others). */
#include "mark.h"

#include <string.h>

/* Only these words, and with anything behind a blank. */
static const char *const alone[] = { "members-only", "members only", "paywall", "excerpt",
	"end-excerpt", "end_excerpt", "truncate", "break", "readmore", "read-more", "read more",
	"teaser_end", "teaser-end", "pelican_end_summary" };
static const char *const with_words[] = { "more", "wp:more", "wp:jetpack/paywall" };
/* What a mark is likely to say. */
static const char *const hints[] = { "more", "member", "paywall", "premium", "excerpt", "teaser",
	"truncate", "subscriber", "nextpage", "preview" };
enum { HINT_BYTES_MAX = 60 }; /* a longer comment is a remark of somebody's */

static bool is_gap(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has_word(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (str_eq_nocase((struct str){ text.p + i, word.n }, word))
			return true;
	return false;
}

enum html_mark html_mark_of(struct str comment)
{
	struct str s = str_trim(comment);
	for (size_t i = 0; i < COUNT(alone); i++)
		if (str_eq_nocase(s, str_of(alone[i])))
			return HTML_MARK_CUT;
	for (size_t i = 0; i < COUNT(with_words); i++) {
		struct str word = str_of(with_words[i]);
		bool starts = s.n >= word.n && str_eq_nocase((struct str){ s.p, word.n }, word);
		if (starts && (s.n == word.n || is_gap(s.p[word.n])))
			return HTML_MARK_CUT;
	}
	/* "/wp:more" closes what Gutenberg's "wp:more" opens. */
	if (s.n > HINT_BYTES_MAX || (s.n > 0 && s.p[0] == '/'))
		return HTML_MARK_NONE;
	for (size_t i = 0; i < COUNT(hints); i++)
		if (has_word(s, str_of(hints[i])))
			return HTML_MARK_STRANGE;
	return HTML_MARK_NONE;
}
