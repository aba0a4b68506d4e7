/* E-mail addresses: checks one as people write it and brings it into the one form (lower case,
 * ASCII domain by IDNA) in which addresses are compared. */
#include "internal.h"

#include <idn2.h>
#include <stdio.h>
#include <utf8proc.h>

/* Bytes: RFC 5321 section 4.5.3.1.1 and RFC 1035 section 2.3.4. */
enum { LOCAL_MAX = 64, LABEL_MAX = 63 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* dot-atom, RFC 5321 section 4.1.2 */
static bool local_ok(struct str s)
{
	const struct str marks = STR("!#$%&'*+-/=?^_`{|}~");
	bool after_dot = true;
	if (s.n > LOCAL_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.';
		if (dot ? after_dot : !is_alnum(s.p[i]) && !str_has_byte(marks, s.p[i]))
			return false;
		after_dot = dot;
	}
	return !after_dot;
}

static bool label_ok(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

/* A last label of digits alone would make the domain an address, RFC 1123 section 2.1. */
static bool domain_ok(struct str s)
{
	size_t labels = 0;
	bool digits = false;
	if (str_eq_nocase(s, STR("localhost")))
		return true;
	if (str_ends(s, STR(".")))
		return false;
	while (s.n > 0) {
		struct str label = str_cut(&s, '.');
		if (!label_ok(label))
			return false;
		digits = true;
		for (size_t i = 0; i < label.n; i++)
			digits = digits && is_digit(label.p[i]);
		labels++;
	}
	return labels >= 2 && !digits;
}

/* ---- what comes along when an address is copied from a page or a letter ---- */

/* Spaces of all kinds, and marks that take no room: zero width, direction of writing, byte order.
 */
static bool is_invisible(uint32_t cp)
{
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CF:
		return true;
	default:
		return cp == '\t' || cp == '\r' || cp == '\n';
	}
}

/* Bytes of an invisible character at the head of `s`, or 0. */
static size_t invisible_head(struct str s)
{
	uint32_t cp = 0;
	const size_t n = str_utf8(s, &cp);
	return n > 0 && is_invisible(cp) ? n : 0;
}

static size_t invisible_tail(struct str s)
{
	size_t n = 1;
	while (n < 4 && n < s.n && ((unsigned char)s.p[s.n - n] & 0xc0) == 0x80)
		n++;
	return n <= s.n ? invisible_head((struct str){ s.p + s.n - n, n }) : 0;
}

static struct str trim_invisible(struct str s)
{
	size_t n;
	while (s.n > 0 && (n = invisible_head(s)) > 0)
		s = (struct str){ s.p + n, s.n - n };
	while (s.n > 0 && (n = invisible_tail(s)) > 0)
		s.n -= n;
	return s;
}

/* ---- internationalised domains ---- */

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* "ada@bücher.example" as "ada@xn--bcher-kva.example" (RFC 5891, mapped by UTS 46), since that is
 * what mail is sent to and what another spelling of the same domain becomes. */
static enum err to_ascii(struct str local, const char *domain, char out[static EMAIL_SIZE])
{
	char *ascii = NULL;
	const int rc = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return rc == IDN2_MALLOC ? ERR_NOMEM : ERR_INVALID;
	const int n = snprintf(out, EMAIL_SIZE, STR_FMT "@%s", STR_ARG(local), ascii);
	idn2_free(ascii);
	return n > 0 && n < EMAIL_SIZE ? ERR_OK : ERR_TOO_LARGE;
}

enum err email_parse(struct str s, struct email *out)
{
	struct email e;
	enum err err = str_copy(e.text, sizeof e.text, trim_invisible(s));
	if (err != ERR_OK)
		return err;
	struct str domain = str_of(e.text);
	struct str local = str_cut(&domain, '@');
	if (!local_ok(local))
		return ERR_INVALID;
	if (!is_ascii(domain)) {
		char whole[EMAIL_SIZE];
		err = to_ascii(local, domain.p, whole);
		return err == ERR_OK ? email_parse(str_of(whole), out) : err;
	}
	if (!domain_ok(domain))
		return ERR_INVALID;
	size_t i = 0;
	for (; e.text[i]; i++) {
		bool upper = e.text[i] >= 'A' && e.text[i] <= 'Z';
		e.key[i] = upper ? (char)(e.text[i] - 'A' + 'a') : e.text[i];
	}
	e.key[i] = '\0';
	*out = e;
	return ERR_OK;
}
