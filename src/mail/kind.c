/* The kinds of mail by name: in the outbox table, in the names of templates and in the log. */
#include "internal.h"

static const char *const kind_names[MAIL_KIND_COUNT] = {
	[MAIL_VERIFY] = "verify",
	[MAIL_EXISTS] = "exists",
	[MAIL_RESET] = "reset",
	[MAIL_NO_ACCOUNT] = "no_account",
	[MAIL_DISABLED] = "disabled",
	[MAIL_PASSWORD_CHANGED] = "password_changed",
	[MAIL_SEAT] = "seat",
};

const char *mail_kind_name(enum mail_kind k)
{
	return str_name_of(kind_names, COUNT(kind_names), k);
}
