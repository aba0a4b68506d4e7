/* mail: notices to readers. Composes messages from web/mail templates, keeps them in the outbox
 * table, and delivers them from a thread of its own over SMTP (the only user of libcurl) or into a
 * maildir.
 *
 * A message is queued in the same transaction as its cause. Delivery is at least once with a stable
 * Message-ID; a row is claimed before it is sent, so that two processes do not send it twice, and a
 * claim lapses. Each message backs off on its own; a 5xx answer is final. The text is wiped from
 * the row once sent (it may hold a token), kept in development. A message whose link has expired,
 * was used or was voided meanwhile is dropped. Trouble with SMTP never reaches a request. */
#ifndef POSTERN_MAIL_H
#define POSTERN_MAIL_H

#include "postern/base.h"
#include "postern/db.h"
#include "postern/template.h"

/* One template each in web/mail. Registering with an address that has a confirmed account sends
 * MAIL_EXISTS to it, and a reset for an address without one sends MAIL_NO_ACCOUNT: the answer on
 * the page is the same, so nobody but the mailbox's owner learns which it was. */
enum mail_kind {
	MAIL_VERIFY = 1,
	MAIL_EXISTS,
	MAIL_RESET,
	MAIL_NO_ACCOUNT,
	MAIL_DISABLED,
	MAIL_PASSWORD_CHANGED,
	MAIL_SEAT,
	MAIL_KIND_COUNT
};
const char *mail_kind_name(enum mail_kind k); /* "verify", …: also the template's name */

struct mail_settings {
	const char *transport; /* "smtp://host:587", "smtps://host:465", "maildir:PATH" */
	const char *from;      /* address */
	const char *from_name;
	const char *username, *password; /* "" for none */
	const char *ca_file;             /* "" for the system's */
	unsigned timeout_s;              /* for one delivery, 30 */
	unsigned per_mailbox_hour;       /* notices of one kind to one address in an hour */
	unsigned attempts_max; /* then failed for good; 25 are about 3 days with the back-off */
	/* smtp://: STARTTLS required. False is refused unless the host is loopback. */
	bool starttls;
	bool keep_text; /* development */
	const char *site_name, *base_url;
	const char *contact, *contact_href;    /* who to write to; NULL or "": nobody */
	const char *imprint_url, *privacy_url; /* https://…, a local path; NULL or "": none */
	const char *site_language;             /* BCP 47; NULL or "": "en" */
	const char *theme;                     /* override directory or NULL */
	const struct clock *clock;
	const struct log *log;
};
struct mail;
/* Loads templates and checks settings; `why` says what is wrong (ERR_INVALID). Makes the folders of
 * a maildir (not its parents), connects to nothing. The strings in `s` must outlive the result;
 * crypto_start must have run. */
enum err MUST_USE mail_open(
	const struct mail_settings *s, struct db *db, struct mail **out, char why[static 256]);
/* The templates of a theme (NULL: the built-in ones), all of them there; then, in two steps so that
 * nothing changes when another part of the theme is wrong, instead of those in use. `fresh` is
 * taken over. Any thread. */
enum err MUST_USE mail_theme_load(
	const char *theme, struct template_set **out, char why[static 256]);
void mail_theme_take(struct mail *m, struct template_set *fresh);
void mail_close(struct mail *m); /* stops the thread; NULL is fine */

struct notice {
	enum mail_kind kind;
	const char *to;     /* address as the account has it */
	const char *to_key; /* struct email .key: what the mailbox limit counts by */
	const char *name;   /* reader's name or "" */
	const char *by;     /* proved address of the reader who caused it; NULL or "": nobody did */
	const char *link;   /* absolute, with the token; "" where the kind has none */
	struct str return_to;     /* local path for login_link and reset_link, or empty */
	const uint8_t *link_hash; /* of that token, HASH_BYTES; NULL: there is none */
	unsigned
		minutes; /* the link's life; without a link, of the one that an account would get */
	int64_t now_s;
};
/* Inside a transaction of the caller's. ERR_LIMITED when the mailbox has had its share of this kind
 * within the hour, or within the link's life if that is shorter: nothing is queued then, and the
 * caller answers as if it were. The share is the same for every kind, or the work behind an answer
 * would tell whether an address has an account. Only MAIL_PASSWORD_CHANGED is never left out: it is
 * a security notice. ERR_INVALID: an address that email_parse refuses, or
 * text that makes no subject line. */
enum err MUST_USE mail_queue(struct mail *m, struct db_conn *tx, const struct notice *n);
void mail_wake(struct mail *m); /* after the commit: look at once */

/* Delivery threads: a few, so that a slow recipient does not hold up the others; they look when
 * woken and once a second. mail_close gives what is under way five seconds. */
enum err MUST_USE mail_deliver_start(struct mail *m);
/* One round, for `postern mail send` and tests: tries what is due now, each message once, and
 * returns when all have an outcome. Stops early when the server cannot be reached: what was not
 * tried is not counted and stays due. */
struct mail_round {
	size_t sent, deferred, failed; /* failed: given up */
	size_t dropped;                /* the link works no more */
};
enum err MUST_USE mail_deliver_once(struct mail *m, struct mail_round *out);

/* What came of all deliveries of this process. Threads: any. */
struct mail_round mail_counts(struct mail *m);

struct mail_row {
	char id[ID_SIZE];
	char kind[32];
	char to[EMAIL_SIZE];
	struct str subject, text; /* text: the plain part, empty once wiped */
	int64_t created_at, sent_at, failed_at, next_at, attempts;
	struct str error; /* last failure */
};
/* Newest first. */
enum err MUST_USE mail_list(
	struct db *db, struct arena *a, size_t max, struct mail_row **rows, size_t *count);
/* Puts a failed or deferred message back to due now. ERR_NOT_FOUND; ERR_CONFLICT when it was sent,
 * is being sent, or its text is wiped. */
enum err MUST_USE mail_retry(struct db *db, struct str id, int64_t now_s);
/* Removes what was sent or given up and is older than 30 days. */
enum err MUST_USE mail_purge(struct db_sweeper *s);

#endif
