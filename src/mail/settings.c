/* Checks the mail settings at start-up, with messages that say what would be right. */
#include "internal.h"

#include "postern/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds. A longer delivery would keep its claim, and a sender thread, for as long. */
enum { TIMEOUT_MAX_S = 600 };

static enum err check_from(const struct mail_settings *s, char *why)
{
	struct email from;
	if (email_parse(str_of(s->from), &from) || strcmp(from.text, s->from) != 0) {
		snprintf(why, 256,
			"the sender address \"%.80s\" is not a mail address such as "
			"news@example.org",
			s->from ? s->from : "");
		return ERR_INVALID;
	}
	if (!mail_mime_line_ok(str_of(s->from_name)) || str_of(s->from_name).n >= NAME_SIZE) {
		snprintf(why, 256, "the sender's name must be one line of UTF-8, at most %d bytes",
			NAME_SIZE - 1);
		return ERR_INVALID;
	}
	return ERR_OK;
}

static enum err check_numbers(const struct mail_settings *s, char *why)
{
	const char *fault = NULL;
	if (s->timeout_s < 1 || s->timeout_s > TIMEOUT_MAX_S)
		fault = "the time-out of a delivery must be between 1 and 600 seconds";
	else if (!s->per_mailbox_hour)
		fault = "the number of notices to one mailbox in an hour must be at least 1";
	else if (!s->attempts_max)
		fault = "the number of attempts must be at least 1";
	if (!fault)
		return ERR_OK;
	snprintf(why, 256, "%s", fault);
	return ERR_INVALID;
}

/* A control character in them would end curl's command and begin another one. */
static enum err check_credentials(const struct mail_settings *s, char *why)
{
	struct str user = str_of(s->username), password = str_of(s->password);
	if (!user.n != !password.n) {
		snprintf(why, 256,
			"the mail server needs both a user name and a password, or neither");
		return ERR_INVALID;
	}
	if (!mail_mime_line_ok(user) || !mail_mime_line_ok(password)) {
		snprintf(why, 256,
			"user name and password of the mail server must not hold control "
			"characters");
		return ERR_INVALID;
	}
	if (str_of(s->ca_file).n && access(s->ca_file, R_OK) != 0) {
		snprintf(why, 256, "the file of certificate authorities %.150s cannot be read",
			s->ca_file);
		return ERR_INVALID;
	}
	return ERR_OK;
}

/* Also chooses the domain of Message-IDs and EHLO. */
static enum err apply_base_url(struct mail *m, char *why)
{
	struct str url = str_of(m->s.base_url);
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	char host[DOMAIN_SIZE];
	if (str_copy(m->base_url, sizeof m->base_url, url) || mail_url_host(m->base_url, host)) {
		snprintf(why, 256,
			"the base address \"%.100s\" is not an address such as https://example.org",
			m->s.base_url ? m->s.base_url : "");
		return ERR_INVALID;
	}
	/* A name of the site's own, else the sender's domain: addresses and "localhost" name
	 * nobody. */
	struct ip ip;
	struct str from = str_of(m->s.from);
	bool named = str_has_byte(str_of(host), '.') && ip_parse(str_of(host), &ip) != ERR_OK;
	str_cut(&from, '@');
	return str_copy(m->domain, sizeof m->domain, named ? str_of(host) : from);
}

static enum err apply_transport(struct mail *m, char *why)
{
	struct str transport = str_of(m->s.transport);
	if (!str_starts(transport, STR("maildir:")))
		return mail_smtp_url(m, m->smtp_url, why);
	m->maildir = m->s.transport + STR("maildir:").n;
	return mail_maildir_open(m->maildir, why);
}

enum err mail_settings_apply(struct mail *m, char why[static 256])
{
	enum err e = check_from(&m->s, why);
	if (!e)
		e = check_numbers(&m->s, why);
	if (!e)
		e = check_credentials(&m->s, why);
	if (!e)
		e = apply_base_url(m, why);
	return e ? e : apply_transport(m, why);
}
