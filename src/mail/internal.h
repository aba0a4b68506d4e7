/* mail, inside: what the files of this room share.
 *
 *   settings.c  checks what mail_open is given       queue.c     notice -> templates -> row
 *   mime.c      encodings of RFC 2045 and 2047       outbox.c    the table: claim, outcome, list,
 * retry, purge compose.c   row -> message (RFC 5322)            deliver.c   the senders smtp.c
 * message -> server, by libcurl        maildir.c   message -> folder */
#ifndef POSTERN_MAIL_ROOM_H
#define POSTERN_MAIL_ROOM_H

#include "postern/mail.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	SUBJECT_MAX = 500,                /* bytes, before encoding */
	PART_MAX = 256 << 10,             /* bytes of one body */
	MESSAGE_MAX = 4 * 2 * PART_MAX,   /* quoted-printable triples at worst */
	LETTER_MAX = 2 * PART_MAX + 8192, /* a row in memory */
	DOMAIN_SIZE = 256,    /* bytes with the NUL: RFC 1035 section 2.3.4 allows 255 */
	SMTP_URL_SIZE = 1024, /* bytes with the NUL */
	WORDS_SIZE = 400,     /* of an answer that is kept in the row */
	SENDERS = 4,          /* threads; two of them take only what was never tried */
};

/* A message on its way out: the columns a sender needs. The slices are the arena's. */
struct letter {
	struct str id, to, message_id, subject, text, html;
	uint8_t link_hash[HASH_BYTES];         /* zero: no link */
	int64_t created_at, next_at, attempts; /* attempts: before this one */
};

enum outcome {
	MAIL_SENT = 1,
	MAIL_REFUSED,  /* for good */
	MAIL_DEFERRED, /* this message; others may go */
	MAIL_TROUBLE,  /* the server or its settings: others would fare no better */
	MAIL_DROPPED,  /* not tried: its link works no more */
};
/* What became of one attempt, for the row and the log. */
struct verdict {
	enum outcome outcome;
	bool operator_fault;    /* credentials, TLS, sender address: waiting will not help */
	int code;               /* SMTP reply, 0 without one */
	char words[WORDS_SIZE]; /* the server's, or our own; printable ASCII; "" when sent */
};

/* Senders and what they share. One is the program's; mail_deliver_once makes another for its round.
 */
struct run {
	struct mail *m;
	bool once;
	int64_t due_s; /* once: what was due then */
	pthread_t threads[SENDERS];
	size_t started;
	pthread_mutex_t claim; /* held while a row is looked for and claimed, so that senders do not
				  race each other */
	pthread_mutex_t lock;  /* for what follows */
	pthread_cond_t wake;
	uint64_t wakes;
	bool stopping;
	atomic_bool abandon; /* breaks off what is under way */
	unsigned troubles;   /* in a row */
	int64_t pause_until_us;
	struct mail_round round;
	enum err err;
};

struct mail {
	struct mail_settings s;
	struct db *db;
	struct template_set *templates; /* ours; has a lock of its own */
	char domain[DOMAIN_SIZE];       /* right side of the Message-ID, and our name in EHLO */
	char base_url[SMTP_URL_SIZE];   /* without a closing '/' */
	char smtp_url[SMTP_URL_SIZE];   /* "" when there is a maildir */
	const char *maildir;            /* path, or NULL */
	struct run run;                 /* whose round counts all that this process delivers */
};

/* settings.c: fills domain, base_url, smtp_url, maildir. */
enum err MUST_USE mail_settings_apply(struct mail *m, char why[static 256]);

/* mime.c */
void mail_mime_quoted(struct buf *out, struct str text); /* quoted-printable, lines end with CRLF */
void mail_mime_text(struct buf *out, struct str text);   /* unstructured field body, folded */
void mail_mime_phrase(struct buf *out, struct str name); /* display name, folded */
bool mail_mime_line_ok(struct str s); /* UTF-8 without controls: may stand in a header */

/* compose.c: the same row gives the same bytes each time. ERR_INVALID when a part could break out
 * of its header. */
struct sender_name {
	const char *address, *name;
};
enum err MUST_USE mail_compose(const struct letter *l, struct sender_name from, struct buf *out);

/* outbox.c */
enum err MUST_USE mail_outbox_insert(
	struct db_conn *tx, const struct letter *l, const struct notice *n);
enum err MUST_USE mail_outbox_count(struct db_conn *tx, const struct notice *n, int64_t *count);
/* A claim hides a row from other senders until lapses_s. A process that dies while it sends leaves
 * the row to the others from then on, so the message may arrive twice, with the same Message-ID. */
struct claim {
	int64_t now_s, lapses_s;
	int64_t attempts_max; /* 0: only what was never tried */
};
/* ERR_NOT_FOUND: nothing is due. ERR_CONFLICT: another process took it; look again. */
enum err MUST_USE mail_outbox_claim(
	struct db *db, const struct claim *c, struct arena *a, struct letter *out);
enum err MUST_USE mail_outbox_sent(
	struct db *db, const struct letter *l, int64_t now_s, bool keep_text);
enum err MUST_USE mail_outbox_deferred(
	struct db *db, const struct letter *l, int64_t next_at, const char *words);
/* Failed, and its text is wiped unless `keep_text`. */
enum err MUST_USE mail_outbox_dropped(
	struct db *db, const struct letter *l, int64_t now_s, bool keep_text);
/* ERR_NOT_FOUND: the link of `l` works no more. */
enum err MUST_USE mail_outbox_link_check(struct db *db, const struct letter *l, int64_t now_s);
enum err MUST_USE mail_outbox_failed(
	struct db *db, const struct letter *l, int64_t now_s, const char *words);

/* deliver.c */
enum { BACKOFF_MAX_S = 14400 * 6 / 5 };
int64_t mail_backoff_s(int64_t attempts,
	uint32_t random); /* after so many attempts; `random` shifts it by up to a fifth */
void mail_run_init(struct run *r, struct mail *m);
void mail_run_stop(struct run *r);
void mail_run_free(struct run *r);

/* smtp.c */
enum err MUST_USE mail_smtp_url(
	const struct mail *m, char out[static SMTP_URL_SIZE], char why[static 256]);
enum err MUST_USE mail_url_host(const char *url, char out[static DOMAIN_SIZE]);
/* Once, before threads, and only where there is a server to talk to: libcurl brings its TLS library
 * into memory with it. */
void mail_smtp_start(void);
void *mail_smtp_new(void); /* one for each thread; NULL without memory */
void mail_smtp_free(void *smtp);
/* One delivery. `abandon` is looked at while it waits for the network; true ends it as MAIL_TROUBLE
 * or MAIL_DEFERRED. */
struct smtp_job {
	const struct mail *m;
	struct str to, message;
	const atomic_bool *abandon;
};
/* Always fills `out`: an error of curl's is a verdict, too. Blocks for the settings' timeout_s at
 * most. */
void mail_smtp_send(void *smtp, const struct smtp_job *job, struct verdict *out);

/* maildir.c */
enum err MUST_USE mail_maildir_open(const char *path, char why[static 256]);
/* Writes and syncs a file in tmp, then renames it into new, so a reader of the maildir never sees a
 * part of a message. Always fills `out`. */
void mail_maildir_put(
	const char *path, const struct letter *l, struct str message, struct verdict *out);

#endif
