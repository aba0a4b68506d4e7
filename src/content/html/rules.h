/* html_rules: what becomes of each element of HTML that comes from outside. */
#ifndef CONTENT_HTML_RULES_H
#define CONTENT_HTML_RULES_H

/* What the walk does at an element. A role and not a name, so that <b> and <strong> are one case.
 */
enum role {
	ROLE_UNWRAP, /* not known, or of no use: the content stays */
	ROLE_DROP,   /* with all that is in it */
	ROLE_FLOW,   /* a container that only separates */
	ROLE_TEXT,   /* paragraph, heading, preformatted */
	ROLE_INLINE,
	ROLE_LINK,
	ROLE_BREAK,
	ROLE_RULE,
	ROLE_QUOTE,
	ROLE_LIST,
	ROLE_ITEM,
	ROLE_TABLE,
	ROLE_PART,
	ROLE_ROW,
	ROLE_CELL,
	ROLE_CAPTION,
	ROLE_FIGURE,
	ROLE_IMAGE,
};

/* A row of a static table. */
struct rule {
	const char *name;
	enum role role;
	const char *tag, *close; /* element that is written: "p", or its tags */
};
/* Of an element by its name in lower case; never NULL. */
const struct rule *html_rule(const char *name);

#endif
