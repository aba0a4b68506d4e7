/* Slices of bytes, {pointer, length}: comparing, cutting, trimming, decimal numbers, decoding one
 * character of UTF-8. Nothing here allocates, and nothing needs a NUL at the end. */
#include "postern/base.h"

#include <string.h>

struct str str_of(const char *z)
{
	return z ? (struct str){ z, strlen(z) } : (struct str){ NULL, 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_same_nocase(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	if (s.n < suffix.n)
		return false;
	return suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0;
}

bool str_has_byte(struct str s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n);
}

bool str_made_of(const bool table[static 256], struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!table[(unsigned char)s.p[i]])
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_cut(struct str *rest, char sep)
{
	struct str all = *rest;
	const char *at = all.n > 0 ? memchr(all.p, sep, all.n) : NULL;
	if (!at) {
		*rest = (struct str){ NULL, 0 };
		return all;
	}
	size_t n = (size_t)(at - all.p);
	*rest = (struct str){ at + 1, all.n - n - 1 };
	return (struct str){ all.p, n };
}

enum err str_copy(char *dst, size_t size, struct str s)
{
	if (size > 0)
		dst[0] = '\0';
	if (str_has_byte(s, '\0'))
		return ERR_INVALID;
	if (s.n >= size)
		return ERR_TOO_LARGE;
	if (s.n > 0)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return ERR_OK;
}

/* Counts downwards, because the negative numbers reach one further than the positive ones. */
enum err str_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = min < 0 && s.n > 0 && s.p[0] == '-';
	int64_t value = 0;
	size_t i = negative ? 1 : 0;
	if (i == s.n)
		return ERR_INVALID;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return ERR_INVALID;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, s.p[i] - '0', &value))
			return ERR_INVALID;
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
		return ERR_INVALID;
	if (value < min || value > max)
		return ERR_INVALID;
	*out = value;
	return ERR_OK;
}

struct str str_int_text(int64_t v, char space[static INT_TEXT_SIZE])
{
	size_t at = INT_TEXT_SIZE;
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		space[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		space[--at] = '-';
	return (struct str){ space + at, INT_TEXT_SIZE - at };
}

/* Of the sequence that begins with this byte, if one does. */
static size_t sequence_bytes(unsigned char lead)
{
	if (lead >= 0xf0)
		return 4;
	return lead >= 0xe0 ? 3 : 2;
}

size_t str_utf8(struct str s, uint32_t *cp)
{
	if (s.n == 0)
		return 0;
	const unsigned char *p = (const unsigned char *)s.p;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	size_t n = sequence_bytes(p[0]);
	if (p[0] < 0xc2 || p[0] > 0xf4 || s.n < n)
		return 0;
	uint32_t c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
	if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return n;
}
