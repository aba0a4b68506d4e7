/* Addresses in imported HTML: keeps http, https, mailto and local links, drops everything else. A
 * link is read as a browser reads it (WHATWG URL: controls at the ends and tabs inside are
 * ignored), because "java\nscript:" is the classic way past a filter. */
#include "link.h"

#include <string.h>

/* As a browser reads it: ends trimmed, tabs and line breaks gone from inside. False: other
 * controls, too long. */
static bool href_trim(struct str raw, char out[static HREF_MAX], size_t *n)
{
	struct str s = raw;
	while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
		s = (struct str){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c < ' ' || c == 0x7f || c == '\\' || *n + 1 >= HREF_MAX)
			return false;
		out[(*n)++] = (char)c;
	}
	out[*n] = 0;
	return *n > 0;
}

static bool starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq_nocase((struct str){ s.p, prefix.n }, prefix);
}

static bool is_external(struct str href)
{
	struct str rest = { NULL, 0 };
	if (starts_nocase(href, STR("https://")))
		rest = (struct str){ href.p + 8, href.n - 8 };
	else if (starts_nocase(href, STR("http://")))
		rest = (struct str){ href.p + 7, href.n - 7 };
	return rest.n > 0 && rest.p[0] != '/';
}

static bool is_local(struct str href)
{
	if (href.p[0] == '#')
		return true;
	return href.p[0] == '/' && (href.n == 1 || href.p[1] != '/');
}

bool html_link_clean(struct str raw, char out[static HREF_MAX], size_t *n, bool *external)
{
	if (!href_trim(raw, out, n))
		return false;
	struct str href = { out, *n };
	bool mail = starts_nocase(href, STR("mailto:")) && href.n > strlen("mailto:");
	*external = is_external(href);
	return *external || mail || is_local(href);
}
