/* Percent-encoding, the paths of our own server, and whether an address leads to a page of ours.
 * A path is decoded once; encoded slashes, dot segments and NUL are refused, because proxies in
 * front may read them differently. */
#include "internal.h"

int url_percent_byte(struct str s)
{
	if (s.n < 3 || str_hex_digit(s.p[1]) < 0 || str_hex_digit(s.p[2]) < 0)
		return -1;
	return str_hex_digit(s.p[1]) << 4 | str_hex_digit(s.p[2]);
}

enum err url_percent_decode(struct str s, bool plus, struct arena *a, struct str *out)
{
	char *to = arena_alloc(a, s.n + 1);
	if (!to)
		return ERR_NOMEM;
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '%') {
			int byte = url_percent_byte((struct str){ s.p + i, s.n - i });
			if (byte < 0)
				return ERR_INVALID;
			c = (char)byte;
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		to[n++] = c;
	}
	*out = (struct str){ to, n };
	return ERR_OK;
}

enum err url_decode(struct str s, struct arena *a, struct str *out)
{
	return url_percent_decode(s, false, a, out);
}

/* Before decoding: '%' must not hide what splits a path, and a '?', a space or a '#' in a raw path
 * means that it was cut out wrongly. */
static bool raw_path_ok(struct str raw)
{
	if (raw.n == 0 || raw.p[0] != '/')
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '?' || c == ' ')
			return false;
		if (c == '%' && url_percent_byte((struct str){ raw.p + i, raw.n - i }) == '/')
			return false;
	}
	return true;
}

static bool segments_ok(struct str path)
{
	struct str rest = { path.p + 1, path.n - 1 };
	while (rest.n > 0) { /* one trailing slash ends it, too */
		struct str segment = str_cut(&rest, '/');
		if (segment.n == 0 || str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
			return false;
	}
	return true;
}

static bool code_points_ok(struct str path)
{
	uint32_t cp = 0;
	for (size_t i = 0, n = 0; i < path.n; i += n) {
		n = str_utf8((struct str){ path.p + i, path.n - i }, &cp);
		if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return false;
		if (cp == '\\' || cp == '#' || cp == ';')
			return false;
	}
	return true;
}

bool url_path_is_plain(struct str path)
{
	return code_points_ok(path) && segments_ok(path);
}

/* Unreserved (RFC 3986, section 2.3), and '/': nothing to decode, encode or refuse. */
static const bool bare[256] = { ['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['/'] = true,
	['-'] = true,
	['_'] = true,
	['.'] = true,
	['~'] = true };

bool url_path_bare(struct str s)
{
	return str_made_of(bare, s);
}

enum err url_path(struct str raw, struct arena *a, struct str *out)
{
	if (raw.n > URL_PATH_MAX)
		return ERR_TOO_LARGE;
	if (str_starts(raw, STR("/")) && url_path_bare(raw)) {
		if (!segments_ok(raw))
			return ERR_INVALID;
		*out = arena_str(a, raw);
		return out->p ? ERR_OK : ERR_NOMEM;
	}
	if (!raw_path_ok(raw))
		return ERR_INVALID;
	struct str path;
	enum err e = url_percent_decode(raw, false, a, &path);
	if (e != ERR_OK)
		return e;
	if (!url_path_is_plain(path))
		return ERR_INVALID;
	*out = path;
	return ERR_OK;
}

static void put_encoded(struct buf *b, char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char c = (unsigned char)byte;
	const char triple[3] = { '%', digits[c >> 4], digits[c & 15] };
	buf_add(b, triple, sizeof triple);
}

void url_encode(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (bare[(unsigned char)s.p[i]] && s.p[i] != '/')
			buf_byte(b, s.p[i]);
		else
			put_encoded(b, s.p[i]);
	}
}

void url_encode_path(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (bare[(unsigned char)s.p[i]])
			buf_byte(b, s.p[i]);
		else
			put_encoded(b, s.p[i]);
	}
}

/* What a browser or a proxy may drop or turn into a '/' once it has decoded it. */
static bool percent_ok(struct str s)
{
	switch (url_percent_byte(s)) {
	case -1:
	case '\0':
	case '\t':
	case '\n':
	case '\r':
	case '/':
	case '\\':
		return false;
	default:
		return true;
	}
}

bool url_is_local(struct str s)
{
	if (s.n == 0 || s.n > URL_LOCAL_MAX || s.p[0] != '/')
		return false;
	bool in_path = true;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c <= ' ' || c >= 0x7f || c == '\\')
			return false;
		if (c == '%' && !percent_ok((struct str){ s.p + i, s.n - i }))
			return false;
		if (c == '?' || c == '#')
			in_path = false;
		if (in_path && c == '/' && i + 1 < s.n && s.p[i + 1] == '/')
			return false;
	}
	return true;
}
