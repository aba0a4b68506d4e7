/* What the files of this room share. */
#ifndef POSTERN_ACCOUNT_INTERNAL_H
#define POSTERN_ACCOUNT_INTERNAL_H

#include "postern/account.h"
#include "postern/text.h"

#define PURPOSE_VERIFY "verify"
#define PURPOSE_RESET "reset"

/* ---- store.c: inside a read or transaction of the caller's ---- */
struct access_kept {
	const char *account_id;
	const char *session_id;          /* "": none */
	uint8_t device_hash[HASH_BYTES]; /* zero: none */
};
/* After a new password: ends every other session, forgets the other known browsers and voids the
 * tokens under way. */
enum err MUST_USE account_store_end_access(
	struct db_conn *c, const struct access_kept *k, int64_t now_s);
/* ERR_CONFLICT when the stored hash is not `old_hash` any more. */
enum err MUST_USE account_store_set_password(struct db_conn *c, const struct account *acc,
	const char *new_hash, bool proves_mailbox, int64_t now_s);

/* ---- session_cache.c: sessions kept in memory, by the hash of their token ---- */
enum { SESSION_TOUCH_LEAST_S = 60, SESSION_TOUCH_MOST_S = 900 };
/* How stale last_seen_at may get before a request writes it anew: a hundredth of the time after
 * which an unused session ends, so that the limit stays sharp and a million readers write little.
 */
static inline int64_t session_touch_s(int64_t idle_s)
{
	int64_t touch_s = idle_s / 100;
	if (touch_s < SESSION_TOUCH_LEAST_S)
		return SESSION_TOUCH_LEAST_S;
	return touch_s < SESSION_TOUCH_MOST_S ? touch_s : SESSION_TOUCH_MOST_S;
}
/* Seconds since 1970, but for idle_s, which is a duration. The times that decide whether a session
 * is in force. */
struct session_times {
	int64_t created_at, last_seen_at, idle_s, expires_at;
};
/* Also when it was seen in the future: a clock was set back since. */
static inline bool session_touch_due(const struct session_times *t, int64_t now_s)
{
	return now_s - t->last_seen_at >= session_touch_s(t->idle_s) ||
	       t->last_seen_at > now_s + CLOCK_SKEW_S;
}
/* The WHERE of session_by_token. */
static inline bool session_in_force(const struct session_times *t, int64_t now_s)
{
	return t->expires_at > now_s && t->last_seen_at + t->idle_s > now_s &&
	       t->created_at <= now_s + CLOCK_SKEW_S;
}
/* What a session's row and its account's say, as session_cache.c packs it. */
struct cached_session {
	char id[ID_SIZE], account_id[ID_SIZE];
	char email[EMAIL_SIZE], name[NAME_SIZE];
	struct session_times times;
	int64_t used_at; /* now, which last_seen_at may not say yet */
};
/* False: ask the database. That is also the answer for one that seems to have ended (somebody else
 * may have used it meanwhile) and for one whose last_seen_at is due. `out` is all zero then. */
bool account_session_cache_get(
	struct cache *c, const uint8_t hash[static HASH_BYTES], int64_t now_s, struct caller *out);
void account_session_cache_put(struct cache *c, const struct cache_load *l,
	const uint8_t hash[static HASH_BYTES], const struct cached_session *k);
/* When this process last saw it in use, to the second; 0 when it is not kept. */
int64_t account_session_cache_used_at(struct cache *c, const uint8_t hash[static HASH_BYTES]);

/* ---- cap.c: inside db_tx ---- */
struct session_use {
	char id[ID_SIZE];
	uint8_t hash[HASH_BYTES];
	struct session_times times;
	int64_t known_at;  /* used then, for certain */
	int64_t counts_at; /* and may have been used until then */
};
/* For a new session: of the account's sessions, sessions_max of the settings stay, the new one
 * among them. */
struct account_session_cap {
	const struct accounts *s;
	const char *account_id;
	const char *new_id; /* just made: it stays, whatever the clock says */
	int64_t now_s;
};
/* Ends what is one too many, the least recently used first. */
enum err MUST_USE account_session_cap(struct db_conn *c, const struct account_session_cap *cap);

/* ---- session.c: inside db_tx ---- */
/* The session that a proved reader gets. account_session_make fills token and session of `out`, so
 * that a transaction that runs again stores the same. */
struct session_order {
	const struct accounts *s;
	const char *account_id;
	struct str name; /* "Firefox on Linux" */
	bool remember;
	int64_t now_s;
};
void account_session_make(const struct session_order *o, struct login_result *out);
/* Stores it, makes room for it, and notes the log-in. */
enum err MUST_USE account_session_put(
	struct db_conn *c, const struct session_order *o, const struct login_result *out);

/* ---- reading.c ---- */
/* Tells in `out` why the session of this token was ended, where that is known. */
enum err MUST_USE account_session_ended(
	struct db_conn *c, const uint8_t hash[static HASH_BYTES], struct caller *out);

/* ---- request.c ---- */
enum account_request_kind { ACCOUNT_REQUEST_REGISTER = 1, ACCOUNT_REQUEST_RESET };
/* A registration or reset that waits for the thread. The row holds no password, but its hash. */
struct account_request {
	char id[ID_SIZE];
	char kind[16]; /* set by account_request_put */
	char email[EMAIL_SIZE], email_key[EMAIL_SIZE];
	char name[NAME_SIZE];                   /* "" for a reset */
	char password_hash[PASSWORD_HASH_SIZE]; /* of a registration */
	uint8_t proof_hash[HASH_BYTES];         /* zero: none */
	struct str return_to;
	int64_t created_at;
};
/* Stores it for the thread of account_requests_start: one statement, the same for every address. */
enum err MUST_USE account_request_put(
	const struct accounts *s, enum account_request_kind kind, struct account_request *r);

/* ---- token.c ---- */
struct token_order {
	const struct accounts *s;
	const struct account *owner; /* id "": nobody's */
	const char *purpose;
	struct str return_to; /* local path, or empty */
	enum mail_kind kind;
	int64_t now_s;
};
/* Makes a token, voids older ones of its purpose and queues the mail. A kind without a link makes
 * a token all the same, with the same statements, but it is nobody's: nothing is stored. When the
 * mailbox has had its share of mails nothing changes, so that nobody can void a reader's link by
 * asking again and again. */
enum err MUST_USE account_token_send(struct db_conn *c, const struct token_order *o);
/* ERR_CONFLICT: the form was made for another address than the token's; empty: it says nothing. */
enum err MUST_USE account_named_check(struct str named, const struct account *owner);
/* Conditional update: of many at once exactly one gets ERR_OK, the others ERR_SPENT. */
enum err MUST_USE account_token_spend(struct db_conn *c, const uint8_t hash[static HASH_BYTES],
	const char *purpose, int64_t now_s, char account_id[static ID_SIZE]);
/* A notice without a token. */
enum err MUST_USE account_notice_send(struct db_conn *c, const struct accounts *s,
	enum mail_kind kind, const struct account *to, int64_t now_s);

/* ---- passwords ---- */
/* [hash] ERR_DENIED when `typed` is not the password of this hash. */
enum err MUST_USE account_password_check(
	const struct accounts *s, const char *stored_hash, struct str typed, struct arena *a);
/* Four bytes a code point at most, and 64 to spare: longer text cannot be short enough, and is not
 * worth normalising. */
static inline bool account_password_may_fit(const struct account_settings *set, struct str password)
{
	return password.n <= (size_t)set->max_length * 4 + 64;
}

/* ---- failure.c: guesses counted before they are judged, so that parallel ones cannot share a
 * count ---- */
/* The row of a counter: a digest of the kind and of what is counted, so the table holds no address
 * in clear. */
struct failure_key {
	uint8_t hash[HASH_BYTES];
};
struct failure_key account_failure_key_of(const char *kind, struct str what);
/* Counts one try. ERR_LIMITED with the seconds to wait when none is due. */
enum err MUST_USE account_failure_take(struct db_conn *c, const struct account_settings *set,
	const struct failure_key *k, int64_t now_s, int64_t *retry_after_s);

/* ---- device.c: browsers and apps that are known to an account ---- */
struct device {
	uint8_t hash[HASH_BYTES]; /* of the token it presented */
	bool presented;
	bool known;                /* to the account of account_device_find */
	const struct token *fresh; /* NULL: it gets no new one */
};
void account_device_init(struct device *d, struct str presented);
enum err MUST_USE account_device_find(
	struct db_conn *c, struct device *d, const char *account_id, int64_t now_s);
/* Of one that is known. */
struct failure_key account_device_failure_key(const struct device *d, const char *account_id);
/* It gets a new token, in place of the one it presented. */
void account_device_renew(struct device *d, struct token *fresh);
/* Both, for one that showed a mailed token; NULL: none did. */
void account_device_proved(struct device *d, struct proved_device *p);
/* Binds it to the account: the new token if there is one. Of a device that is not known and has no
 * new token nothing is stored. */
enum err MUST_USE account_device_mark(
	struct db_conn *c, const struct device *d, const char *account_id, int64_t now_s);

#endif
