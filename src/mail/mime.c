/* Encodings of mail: quoted-printable (RFC 2045 section 6.7), encoded words (RFC 2047), folding
 * (RFC 5322 section 2.2.3). */
#include "internal.h"

#include "postern/text.h"

#include <string.h>

enum {
	LINE_MAX_COLUMNS = 78,
	QUOTED_MAX_COLUMNS = 75, /* 76 with the "=" of a soft break */
	WORD_MAX = 60,           /* a longer one cannot be folded and is encoded */
	ENCODED_MAX = 57,        /* with "=?UTF-8?Q?" and "?=" 69: fits behind "Subject: " */
};

/* RFC 2045 section 6.7: at most 76 columns, a blank at the end of a line encoded. */
static void quoted_line(struct buf *out, struct str line)
{
	size_t column = 0;
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		bool blank = c == ' ' || c == '\t';
		bool plain = (c > 32 && c < 127 && c != '=') || (blank && i + 1 < line.n);
		size_t width = plain ? 1 : 3;
		if (column + width > QUOTED_MAX_COLUMNS) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_byte(out, (char)c);
		else
			buf_fmt(out, "=%02X", c);
		column += width;
	}
	buf_puts(out, "\r\n");
}

void mail_mime_quoted(struct buf *out, struct str text)
{
	while (text.n) {
		struct str line = str_cut(&text, '\n');
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		quoted_line(out, line);
	}
}

bool mail_mime_line_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 32 || c == 127)
			return false;
	}
	return utf8_ok(s);
}

/* Printable ASCII that no reader of mail would decode, in words short enough to fold between. */
static bool is_plain(struct str s)
{
	size_t word = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 32 || c > 126 || (c == '=' && i + 1 < s.n && s.p[i + 1] == '?'))
			return false;
		word = c == ' ' ? 0 : word + 1;
		if (word > WORD_MAX)
			return false;
	}
	return true;
}

static size_t column_of(const struct buf *out)
{
	size_t n = 0;
	while (n < out->n && out->p[out->n - n - 1] != '\n')
		n++;
	return n;
}

static void put_plain(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t start = i;
		while (i < s.n && s.p[i] == ' ')
			i++;
		while (i < s.n && s.p[i] != ' ')
			i++;
		if (start && column_of(out) + (i - start) > LINE_MAX_COLUMNS)
			buf_puts(out, "\r\n");
		buf_add(out, s.p + start, i - start);
	}
}

/* What may stand unencoded in an encoded word wherever that stands, RFC 2047 section 5 (3). */
static bool is_word_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!*+-/ ", c));
}

static size_t code_point_bytes(unsigned char lead)
{
	if (lead < 0xc0)
		return 1;
	if (lead < 0xe0)
		return 2;
	return lead < 0xf0 ? 3 : 4;
}

/* Words of at most 75 characters; a code point is never cut in two (section 5). */
static void put_encoded(struct buf *out, struct str s)
{
	size_t left = 0;
	for (size_t i = 0; i < s.n;) {
		size_t n = code_point_bytes((unsigned char)s.p[i]);
		size_t width = is_word_char((unsigned char)s.p[i]) ? 1 : 3 * n;
		if (width > left) {
			buf_puts(out, i ? "?=\r\n =?UTF-8?Q?" : "=?UTF-8?Q?");
			left = ENCODED_MAX;
		}
		left -= width;
		for (; n && i < s.n; n--, i++) {
			if (width > 1)
				buf_fmt(out, "=%02X", (unsigned char)s.p[i]);
			else
				buf_byte(out, (char)(s.p[i] == ' ' ? '_' : s.p[i]));
		}
	}
	buf_puts(out, "?=");
}

void mail_mime_text(struct buf *out, struct str text)
{
	if (is_plain(text))
		put_plain(out, text);
	else
		put_encoded(out, text);
}

void mail_mime_phrase(struct buf *out, struct str name)
{
	if (!is_plain(name) || name.n > WORD_MAX) {
		put_encoded(out, name);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_byte(out, '\\');
		buf_byte(out, name.p[i]);
	}
	buf_byte(out, '"');
}
