#include "internal.h"

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

enum err email_parse(struct str s, struct email *out)
{
	struct email e;
	struct str domain = str_trim(s);
	enum err err = str_copy(e.text, sizeof e.text, domain);
	if (err != ERR_OK)
		return err;
	struct str local = str_cut(&domain, '@');
	if (!local_ok(local) || !domain_ok(domain))
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
