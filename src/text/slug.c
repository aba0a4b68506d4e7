/* Slugs: the last part of an article's address, made from a headline in any language ("Café
 * Müller" becomes cafe-muller), and the check that a text is one. */
#include "internal.h"

#include <string.h>
#include <utf8proc.h>

/* Letters that Unicode does not take apart, as their readers write them without the key. */
static const struct {
	uint32_t cp;
	const char *ascii;
} letters[] = {
	{ 0x00e6, "ae" },
	{ 0x00f0, "d" },
	{ 0x00f8, "o" },
	{ 0x00fe, "th" },
	{ 0x0111, "d" },
	{ 0x0127, "h" },
	{ 0x0131, "i" },
	{ 0x0142, "l" },
	{ 0x0153, "oe" },
};

enum { SLUG_MAX = SLUG_SIZE - 1, PARTS_MAX = 32 };

/* A slug while it is written; `p` is the caller's, with SLUG_SIZE bytes. */
struct slug {
	char *p;
	size_t n;
	bool gap;  /* a '-' is due before the next letter */
	bool full; /* the next letter did not fit: nothing comes behind it */
};

static bool is_slug_letter(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static void add_letter(struct slug *to, char c)
{
	bool dash = to->gap && to->n > 0;
	to->gap = false;
	if (to->n + (dash ? 2 : 1) > SLUG_MAX) {
		to->full = true;
		return;
	}
	if (dash)
		to->p[to->n++] = '-';
	to->p[to->n++] = c;
}

static const char *spelled(uint32_t cp)
{
	for (size_t i = 0; i < COUNT(letters); i++)
		if (letters[i].cp == cp)
			return letters[i].ascii;
	return NULL;
}

static void add_part(struct slug *to, uint32_t cp)
{
	const char *ascii = spelled(cp);
	if (is_slug_letter(cp))
		add_letter(to, (char)cp);
	else if (ascii)
		for (; *ascii && !to->full; ascii++)
			add_letter(to, *ascii);
	else if (cp != '\'' && cp != 0x2019)
		to->gap = true;
}

static void add_point(struct slug *to, uint32_t cp)
{
	utf8proc_int32_t parts[PARTS_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, PARTS_MAX,
		UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK,
		&boundary);
	if (n < 0 || n > PARTS_MAX)
		to->gap = true;
	for (utf8proc_ssize_t i = 0; i < n && n <= PARTS_MAX && !to->full; i++)
		add_part(to, (uint32_t)parts[i]);
}

void text_slug(struct str s, char out[static SLUG_SIZE])
{
	struct slug to = { .p = out };
	uint32_t cp = 0;
	for (size_t i = 0, n = 0; i < s.n && !to.full; i += n) {
		n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n > 0) {
			add_point(&to, cp);
		} else {
			to.gap = true;
			n = 1;
		}
	}
	out[to.n] = '\0';
}

bool text_slug_ok(struct str s)
{
	bool after_dash = true;
	if (s.n > SLUG_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = s.p[i] == '-';
		if (dash ? after_dash : !is_slug_letter((unsigned char)s.p[i]))
			return false;
		after_dash = dash;
	}
	return !after_dash;
}
