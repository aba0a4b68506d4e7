/* Address ranges and mail domains as people write them in files and on the command line. */
#include "postern/institution.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

/* Anybody can have an address there: listing one by mistake would open the paper. */
static const char *const open_domains[] = { "aol.com", "fastmail.com", "free.fr", "gmail.com",
	"gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com",
	"hotmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mail.com", "mail.ru",
	"mailbox.org", "me.com", "msn.com", "orange.fr", "outlook.com", "posteo.de", "proton.me",
	"protonmail.com", "qq.com", "t-online.de", "tutanota.com", "web.de", "yahoo.com",
	"yandex.com", "yandex.ru", "zoho.com", "163.com" };

bool institution_domain_open(const char *domain)
{
	for (size_t i = 0; i < COUNT(open_domains); i++) {
		if (strcmp(open_domains[i], domain) == 0)
			return true;
	}
	return false;
}

enum err institution_domain_parse(
	struct str s, char out[static DOMAIN_SIZE], char why[static IP_RANGE_WHY_SIZE])
{
	char address[EMAIL_SIZE];
	struct email mail;
	/* no mark may hide in it, so what is trimmed off an address is no part of a domain */
	if (s.n == 0 || s.n >= EMAIL_SIZE - 2 || !str_has_byte(s, '.') || str_has_byte(s, '@') ||
		str_trim(s).n != s.n ||
		snprintf(address, sizeof address, "x@" STR_FMT, STR_ARG(s)) != (int)s.n + 2 ||
		email_parse(str_of(address), &mail) != ERR_OK) {
		snprintf(why, IP_RANGE_WHY_SIZE,
			"\"%.*s\" is not a complete domain name, such as harbour.example",
			(int)(s.n < 80 ? s.n : 80), s.n ? s.p : "");
		return ERR_INVALID;
	}
	return str_copy(out, DOMAIN_SIZE, str_of(mail.key + 2));
}

const char *institution_item_text(
	const struct institution_item *it, char out[static INSTITUTION_ITEM_SIZE])
{
	char range[IP_RANGE_TEXT_SIZE];
	if (it->kind == INSTITUTION_DOMAIN) {
		snprintf(out, INSTITUTION_ITEM_SIZE, "@%s", it->domain);
		return out;
	}
	ip_range_text(&it->range, range);
	snprintf(out, INSTITUTION_ITEM_SIZE, "%s", range);
	return out;
}

static bool name_ok(struct str s)
{
	return s.n > 0 && s.n < INSTITUTION_SIZE && text_slug_ok(s);
}

/* The last word when it is a name: no address has neither dot nor colon. */
static struct str name_cut(struct str *s)
{
	size_t at = s->n;
	while (at > 0 && s->p[at - 1] != ' ' && s->p[at - 1] != '\t')
		at--;
	struct str word = { s->p + at, s->n - at };
	if (at == 0 || str_has_byte(word, '.') || str_has_byte(word, ':') ||
		str_has_byte(word, '/'))
		return (struct str){ NULL, 0 };
	*s = str_trim((struct str){ s->p, at });
	return word;
}

enum err institution_line_parse(
	struct str line, struct institution_item *item, char why[static IP_RANGE_WHY_SIZE])
{
	struct str s = str_trim(str_cut(&line, '#'));
	item->kind = (enum institution_kind)0;
	if (s.n == 0)
		return ERR_OK;
	if (s.n > LINE_MAX_BYTES) {
		snprintf(
			why, IP_RANGE_WHY_SIZE, "the line is longer than %d bytes", LINE_MAX_BYTES);
		return ERR_INVALID;
	}
	struct str name = name_cut(&s);
	if (name.p && !name_ok(name)) {
		snprintf(why, IP_RANGE_WHY_SIZE,
			"\"%.*s\" is not a valid institution name: use a-z, 0-9 and single '-'",
			(int)(name.n < 80 ? name.n : 80), name.p);
		return ERR_INVALID;
	}
	if (name.p && str_copy(item->institution, sizeof item->institution, name) != ERR_OK)
		return ERR_INVALID;
	if (!*item->institution) {
		snprintf(why, IP_RANGE_WHY_SIZE, "the name of the institution is missing");
		return ERR_INVALID;
	}
	bool mail = s.p[0] == '@';
	item->kind = mail ? INSTITUTION_DOMAIN : INSTITUTION_RANGE;
	return mail ? institution_domain_parse((struct str){ s.p + 1, s.n - 1 }, item->domain, why)
		    : ip_range_parse(s, &item->range, why);
}
