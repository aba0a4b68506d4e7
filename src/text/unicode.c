/* Unicode by utf8proc: normal forms, case folding, passwords as RFC 8265 prepares them
 * (OpaqueString), and names of people without characters that reverse or break the line they are
 * shown in. */
#include "internal.h"

#include <string.h>
#include <utf8proc.h>

bool utf8_ok(struct str s)
{
	uint32_t cp = 0;
	for (size_t i = 0, n = 0; i < s.n; i += n) {
		n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n == 0)
			return false;
	}
	return true;
}

struct str utf8_mended(struct str s, struct arena *a)
{
	if (utf8_ok(s))
		return s;
	BUF_AUTO b = BUF(3 * s.n);
	uint32_t cp = 0;
	for (size_t i = 0; i < s.n;) {
		size_t n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n > 0)
			buf_add(&b, s.p + i, n);
		else
			buf_puts(&b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	return arena_buf(a, &b);
}

static utf8proc_category_t category(uint32_t cp)
{
	return utf8proc_category((utf8proc_int32_t)cp);
}

/* Copies `s` with every space outside ASCII made U+0020, RFC 8265 section 4.2.2 step 2. */
static enum err map_spaces(struct str s, struct arena *a, struct str *out)
{
	char *to = arena_alloc(a, s.n + 1);
	size_t used = 0;
	uint32_t cp = 0;
	if (!to)
		return ERR_NOMEM;
	for (size_t i = 0, n = 0; i < s.n; i += n) {
		n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n == 0 || category(cp) == UTF8PROC_CATEGORY_CC)
			return ERR_INVALID;
		bool space = category(cp) == UTF8PROC_CATEGORY_ZS;
		memcpy(to + used, space ? " " : s.p + i, space ? 1 : n);
		used += space ? 1 : n;
	}
	*out = (struct str){ to, used };
	return ERR_OK;
}

static const utf8proc_option_t NFC = UTF8PROC_STABLE | UTF8PROC_COMPOSE;

/* The text takes the place of its code points, of which there are at most `room`, and one more. */
static enum err transform_in(utf8proc_int32_t *points, utf8proc_ssize_t capacity, struct str s,
	utf8proc_option_t how, struct str *out)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s.p;
	utf8proc_ssize_t n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, points, capacity, how);
	if (n < 0 || n > capacity)
		return ERR_INVALID;
	n = utf8proc_reencode(points, n, how);
	if (n < 0)
		return ERR_INVALID;
	*out = (struct str){ (const char *)points, (size_t)n };
	return ERR_OK;
}

/* Normalises with the code points in between held by the arena, so that they are wiped with it. `s`
 * is UTF-8. */
static enum err transform(struct str s, utf8proc_option_t how, struct arena *a, struct str *out)
{
	utf8proc_ssize_t capacity = utf8proc_decompose(
		(const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, NULL, 0, how);
	if (capacity < 0)
		return ERR_INVALID;
	utf8proc_int32_t *points = arena_alloc(a, ((size_t)capacity + 1) * sizeof *points);
	return points ? transform_in(points, capacity, s, how, out) : ERR_NOMEM;
}

static struct str form_of(struct str s, utf8proc_option_t how, struct arena *a)
{
	struct str out = { NULL, 0 };
	if (!utf8_ok(s) || transform(s, how, a, &out) != ERR_OK)
		return (struct str){ NULL, 0 };
	return out;
}

struct str utf8_composed(struct str s, struct arena *a)
{
	return form_of(s, NFC, a);
}

struct str utf8_decomposed(struct str s, struct arena *a)
{
	return form_of(s, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, a);
}

/* What the general way makes of such a text, which most paths are. False: there are other
 * characters in it. */
static bool fold_ascii(struct str s, struct arena *a, struct str *out)
{
	char *low = arena_alloc(a, s.n + 1);
	for (size_t i = 0; low && i < s.n; i++) {
		const char c = s.p[i];
		if ((unsigned char)c >= 0x80)
			return false;
		low[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	*out = (struct str){ low, s.n };
	return low;
}

static enum err fold(struct str s, utf8proc_option_t more, struct arena *a, struct str *out)
{
	if (s.n > OPAQUE_MAX)
		return ERR_INVALID;
	if (fold_ascii(s, a, out))
		return ERR_OK;
	if (!utf8_ok(s))
		return ERR_INVALID;
	return transform(s,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
			UTF8PROC_IGNORE | more,
		a, out);
}

enum err text_fold(struct str s, struct arena *a, struct str *out)
{
	return fold(s, 0, a, out);
}

enum err text_fold_marks(struct str s, struct arena *a, struct str *out)
{
	return fold(s, UTF8PROC_STRIPMARK, a, out);
}

static size_t count_points(struct str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.n; i++)
		count += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return count;
}

enum err text_opaque(struct str s, struct arena *a, struct str *out, size_t *code_points)
{
	struct str mapped, normal;
	if (s.n == 0)
		return ERR_INVALID;
	if (s.n > OPAQUE_MAX)
		return ERR_TOO_LARGE;
	enum err e = map_spaces(s, a, &mapped);
	if (e == ERR_OK)
		e = transform(mapped, NFC, a, &normal);
	if (e != ERR_OK)
		return e;
	*out = normal;
	*code_points = count_points(normal);
	return ERR_OK;
}

/* Besides the controls: what breaks a line, and what writes the letters around it backwards, so
 * that a name in a mail reads as another. */
static bool name_point_ok(uint32_t cp)
{
	switch (category(cp)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		return !(cp >= 0x202a && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069);
	}
}

bool text_line_ok(struct str s)
{
	uint32_t cp = 0;
	for (size_t i = 0, n = 0; i < s.n; i += n) {
		n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n == 0 || !name_point_ok(cp))
			return false;
	}
	return true;
}

enum { NAME_POINTS_MAX = 4 * NAME_INPUT_MAX };

enum err text_name(struct str s, char out[static NAME_SIZE])
{
	uint32_t cp = 0;
	struct str normal;
	s = str_trim(s);
	if (s.n > NAME_INPUT_MAX)
		return ERR_TOO_LARGE;
	for (size_t i = 0, n = 0; i < s.n; i += n) {
		n = str_utf8((struct str){ s.p + i, s.n - i }, &cp);
		if (n == 0 || !name_point_ok(cp))
			return ERR_INVALID;
	}
	/* On the stack: a name must not be called malformed because memory ran out. Of a byte
	 * there are at most four code points. */
	utf8proc_int32_t points[NAME_POINTS_MAX + 1];
	enum err e = transform_in(points, NAME_POINTS_MAX, s, NFC, &normal);
	if (e != ERR_OK)
		return e;
	if (normal.n >= NAME_SIZE)
		return ERR_TOO_LARGE;
	return str_copy(out, NAME_SIZE, normal);
}
