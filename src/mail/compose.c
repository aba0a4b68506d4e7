/* Turns a row of the outbox into a message: header (RFC 5322), multipart/alternative (RFC 2046),
 * Auto-Submitted (RFC 3834). */
#include "internal.h"

#include "postern/text.h"

#include <string.h>

/* RFC 5322 section 2.1.1: lines should have at most 78 characters, and must have at most 998. */
enum { LINE_MAX_COLUMNS = 78 };

static bool address_ok(struct str s)
{
	struct email parsed;
	return email_parse(s, &parsed) == ERR_OK && strlen(parsed.text) == s.n;
}

static bool message_id_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	}
	return s.n > 2 && s.p[0] == '<' && s.p[s.n - 1] == '>';
}

/* A CR, LF or NUL in any of these would end its header line and let a sender add headers of their
 * own. mail_queue refuses them already; they are checked again because the row comes from the
 * database. */
static bool letter_ok(const struct letter *l, struct sender_name from)
{
	return header_token_ok(l->id) && message_id_ok(l->message_id) && address_ok(l->to) &&
	       address_ok(str_of(from.address)) && mail_mime_line_ok(str_of(from.name)) &&
	       l->subject.n && mail_mime_line_ok(l->subject) && utf8_ok(l->text) &&
	       utf8_ok(l->html) && !str_has_byte(l->text, 0) && !str_has_byte(l->html, 0);
}

static void put_date(struct buf *out, int64_t at_s)
{
	char text[TIME_TEXT_SIZE];
	time_mail(at_s, text);
	buf_fmt(out, "Date: %s\r\n", text);
}

static void put_from(struct buf *out, struct sender_name from)
{
	struct str name = str_trim(str_of(from.name));
	if (!name.n) {
		buf_fmt(out, "From: %s\r\n", from.address);
		return;
	}
	size_t start = out->n;
	buf_puts(out, "From: ");
	mail_mime_phrase(out, name);
	bool fits = out->n - start + strlen(from.address) + 3 <= LINE_MAX_COLUMNS;
	buf_fmt(out, "%s <%s>\r\n", fits ? "" : "\r\n", from.address);
}

static void put_part(struct buf *out, struct str boundary, const char *type, struct str body)
{
	buf_fmt(out, "--=_" STR_FMT "\r\n", STR_ARG(boundary));
	buf_fmt(out, "Content-Type: text/%s; charset=utf-8\r\n", type);
	buf_puts(out, "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	mail_mime_quoted(out, body);
}

/* The boundary begins with "=_", which quoted-printable cannot contain (RFC 2045 section 6.7). */
enum err mail_compose(const struct letter *l, struct sender_name from, struct buf *out)
{
	if (!letter_ok(l, from))
		return ERR_INVALID;
	put_date(out, l->created_at);
	put_from(out, from);
	buf_fmt(out, "To: " STR_FMT "\r\n", STR_ARG(l->to));
	buf_puts(out, "Subject: ");
	mail_mime_text(out, l->subject);
	buf_fmt(out, "\r\nMessage-ID: " STR_FMT "\r\n", STR_ARG(l->message_id));
	buf_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	buf_fmt(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_" STR_FMT "\"\r\n\r\n",
		STR_ARG(l->id));
	put_part(out, l->id, "plain", l->text);
	put_part(out, l->id, "html", l->html);
	buf_fmt(out, "--=_" STR_FMT "--\r\n", STR_ARG(l->id));
	return out->err;
}
