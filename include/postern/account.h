/* account: accounts of readers. Registration, log-in, sessions, passwords, tokens by mail.
 *
 * Nobody outside may learn whether an address has an account (OWASP ASVS 5.0, 6.3.8). So
 * registration and reset are stored without looking the address up and are worked on after the
 * answer (account_requests_run). Log-in has one refusal for an unknown address, a wrong password,
 * an unconfirmed address and a disabled account, and does the same work in each case. Functions
 * that hash take tens of milliseconds and belong on the hash lane (marked [hash]); all may block on
 * the database. Threads: any; a `struct accounts` is read-only once filled. */
#ifndef POSTERN_ACCOUNT_H
#define POSTERN_ACCOUNT_H

#include "postern/base.h"
#include "postern/cache.h"
#include "postern/caller.h"
#include "postern/crypto.h"
#include "postern/db.h"
#include "postern/mail.h"

struct account_settings {
	struct password_cost cost;
	unsigned min_length, max_length;   /* code points */
	double min_bits;                   /* libzxcvbn's estimate */
	const struct common_words *common; /* lists of common passwords; NULL: none */
	int64_t session_s, session_idle_s; /* "keep me logged in": 30 days in all, 14 unused */
	int64_t short_session_s, short_session_idle_s; /* without: 12 hours */
	unsigned sessions_max;    /* an account's at once; the least recently used goes */
	unsigned reading_at_once; /* sessions of an account that read at once; 0: any number */
	int64_t reading_window_s; /* one reads for so long after its last whole article */
	unsigned reset_minutes, verify_minutes;
	unsigned failures_free;      /* wrong passwords in a row before the delay begins */
	int64_t failure_delay_max_s; /* the delay doubles from 1 s up to this */
	int64_t failure_forget_s;    /* after so long without one, the count starts anew */
	const char *site_name;
	const char *base_url;
};
struct accounts {
	struct account_settings set;
	struct db *db;
	struct mail *mail;
	const struct log *log;
	/* Sessions by the hash of their token, or NULL: then each request asks the database. Tagged
	 * by account as "session" and "account"; `app` connects it to the change log. */
	struct cache *sessions;
	struct account_requests *requests; /* of a serving program; NULL: nobody runs them here */
};

/* Which field was refused and why; for 422 answers. Static strings. */
struct field_error {
	const char *field, *code, *detail;
};

struct account {
	char id[ID_SIZE];
	char email[EMAIL_SIZE], email_key[EMAIL_SIZE];
	char name[NAME_SIZE];
	char password_hash[PASSWORD_HASH_SIZE];
	int64_t created_at, updated_at, verified_at, disabled_at, last_login_at;
	uint8_t proof_hash[HASH_BYTES]; /* zero: none */
};

struct login_result;

/* ---- registration ---- */
struct registration {
	struct str email, password, name;
	struct str return_to;   /* local path to carry through the mail, or empty */
	const char *request_id; /* for the log */
	struct token
		*proof; /* out, secret, may be NULL: shows later that this browser registered */
};
/* [hash] ERR_OK for new and known addresses alike; ERR_INVALID or ERR_WEAK_PASSWORD with `why`. The
 * account is there once account_requests_run has seen the request. */
enum err MUST_USE account_register(const struct accounts *s, const struct registration *r,
	int64_t now_s, struct arena *a, struct field_error *why);
/* A browser or app that shows a mailed token has proved the mailbox, and is known from then on. */
struct proved_device {
	struct str token;   /* as it presents it, or empty */
	struct token fresh; /* out, secret: in its place */
};
/* What a reader who opens the link has to show, so that nobody else's registration survives. */
enum verify_step {
	VERIFY_CONFIRM = 1, /* nothing: this browser registered */
	VERIFY_PASSWORD,    /* the password chosen at registration, or a new one */
	VERIFY_CHOOSE,      /* a new password: the account has none */
};
struct verification {
	struct str token;
	struct str named;    /* the address that the form was for; empty: it says nothing */
	struct str proof;    /* as given at registration, or empty */
	struct str password; /* that of the registration, to keep it; p NULL: not asked */
	struct str chosen;   /* a new one: password and name of the registration go; p NULL: none */
	bool trust; /* the client is an app in which its user registered and read the mail: no proof
		       is asked for, unless a browser registered, which has one */
	struct proved_device *device; /* NULL: none */
	/* The session that the reader gets; NULL: none. */
	struct login_result *login; /* out */
	bool remember;
	struct str session_name;
	int64_t retry_after_s; /* out, with ERR_LIMITED */
};
/* ERR_SPENT when the link does not work. Changes nothing. */
enum err MUST_USE account_verify_look(const struct accounts *s, const struct verification *v,
	int64_t now_s, struct account *owner, enum verify_step *step);
/* [hash] Spends a verification token and confirms the address. Name and password of the
 * registration stay for the browser that registered and for whoever knows the password: otherwise
 * an anonymous reader could register somebody's address and wait for the owner to confirm it.
 * ERR_SPENT. ERR_CONFLICT: the link is for another address than the form. ERR_DENIED: neither was
 * shown; ERR_LIMITED: too many wrong passwords for this link; ERR_INVALID, ERR_WEAK_PASSWORD with
 * `why`: the new one is refused. Nothing is spent by these. */
enum err MUST_USE account_verify(const struct accounts *s, struct verification *v, int64_t now_s,
	struct arena *a, struct field_error *why);
/* ERR_SPENT when the token would not work now. Changes nothing. */
enum err MUST_USE account_token_find(const struct accounts *s, struct str token,
	const char *purpose, int64_t now_s, struct account *out);
/* What has become of a mailed link, for whoever holds its token: that proves the mailbox, so the
 * answer tells nobody else anything. */
enum link_state {
	LINK_NONE = 1, /* no token, or a part of one */
	LINK_UNKNOWN,  /* none of ours, or too old to be known */
	LINK_WORKS,
	LINK_USED,     /* or voided by a change of password */
	LINK_REPLACED, /* by a newer one that works */
	LINK_EXPIRED,
};
struct link_info {
	enum link_state state;
	char email[EMAIL_SIZE]; /* "" when none is known */
	bool verified;          /* the address is confirmed */
};
enum err MUST_USE account_link_look(const struct accounts *s, struct str token, const char *purpose,
	int64_t now_s, struct link_info *out);

/* ---- registrations and resets that wait ---- */
/* Looks up the address of each one that waits, makes the account of a registration, queues the
 * mail. Each in a transaction of its own; of several processes one does it. */
enum err MUST_USE account_requests_run(const struct accounts *s, int64_t now_s);
/* A thread that does so soon after each request, and for those that a killed process left behind.
 * `s` and `clock` must outlive it. */
enum err MUST_USE account_requests_start(struct accounts *s, const struct clock *clock);
void account_requests_wake(struct account_requests *r); /* NULL is fine */
void account_requests_stop(struct accounts *s);

/* ---- log-in ---- */
struct login {
	struct str email, password;
	bool remember;
	struct str session_name; /* "Firefox on Linux" */
	struct str device;       /* token of this browser or app, or empty */
	bool remember_device;    /* it wants one when it has none that is good */
	const char *request_id;  /* for the log */
};
struct session {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	int64_t remember, created_at, last_seen_at, idle_s, expires_at;
};
struct login_result {
	struct token token;  /* secret, for the client only */
	struct token device; /* secret; text "": the one presented stays good, or none is wanted */
	struct session session;
	struct account account; /* password_hash is wiped */
	int64_t retry_after_s;  /* with ERR_LIMITED */
};
/* [hash] ERR_UNAUTHENTICATED (one answer for all reasons), ERR_LIMITED. */
enum err MUST_USE account_login(const struct accounts *s, const struct login *l, int64_t now_s,
	struct arena *a, struct login_result *out);

/* ---- sessions ---- */
/* The identify function of http_settings; ctx is a struct accounts. */
enum err MUST_USE account_identify(
	void *ctx, struct presented_token *token, int64_t now_s, struct caller *out);
/* The same from memory alone, for the event loop: false when only the database can tell. */
bool account_identify_cached(
	const struct accounts *s, struct presented_token *token, int64_t now_s, struct caller *out);
/* This session was given a whole article that is for subscribers. Where more sessions of its
 * account read than may, those that read longest ago end a moment later, and their next request is
 * told why. Whoever reads is not refused when that cannot be written. */
void account_reading(const struct accounts *s, const struct caller *who, int64_t now_s);
enum { SESSIONS_LIST_MAX = 200 };
enum err MUST_USE account_sessions(const struct accounts *s, const char *account_id, int64_t now_s,
	struct arena *a, struct session **out, size_t *count);
/* ERR_NOT_FOUND when it is not this account's. */
enum err MUST_USE account_session_end(
	const struct accounts *s, const char *account_id, struct str session_id);
/* All but `keep_id` ("" ends all). */
enum err MUST_USE account_sessions_end_others(
	const struct accounts *s, const char *account_id, const char *keep_id, int64_t *ended);

/* ---- passwords ---- */
/* ERR_OK for any address of the right form, known or not; ERR_INVALID otherwise. The mail is queued
 * by account_requests_run. */
struct reset_request {
	struct str email;
	struct str return_to;   /* local path to carry through the mail, or empty */
	const char *request_id; /* for the log */
};
enum err MUST_USE account_reset_request(
	const struct accounts *s, const struct reset_request *rq, int64_t now_s);
/* For the operator: queues the mail for this account at once. */
enum err MUST_USE account_reset_send(
	const struct accounts *s, const struct account *acc, int64_t now_s);
struct reset_confirmation {
	struct str named; /* the address that the form was for; empty: it says nothing */
	struct str token, password;
	struct proved_device *device; /* NULL: none */
};
/* [hash] Spends a reset token and sets the password. ERR_SPENT; ERR_CONFLICT:
 * the link is for another address than the form; ERR_INVALID or ERR_WEAK_PASSWORD
 * with `why`: not spent then. Sessions, other known devices and other tokens end. The owner is told
 * by mail, unless it is the first password of the account. */
enum err MUST_USE account_reset_confirm(const struct accounts *s,
	const struct reset_confirmation *r, int64_t now_s, struct arena *a,
	struct field_error *why);
struct password_change {
	const char *account_id, *session_id;
	struct str current, chosen;
	struct str device;     /* token of this browser or app, or empty: it stays known */
	int64_t retry_after_s; /* out, with ERR_LIMITED */
};
/* [hash] ERR_DENIED: current password is wrong; ERR_LIMITED; ERR_INVALID, ERR_WEAK_PASSWORD with
 * `why`. Other sessions end. */
enum err MUST_USE account_password_change(const struct accounts *s, struct password_change *c,
	int64_t now_s, struct arena *a, struct field_error *why);
/* [hash] The same proof before an account is deleted by its owner. */
enum err MUST_USE account_delete_own(
	const struct accounts *s, struct password_change *c, int64_t now_s, struct arena *a);
/* The rules alone, without hashing: prepares `password` (RFC 8265) and judges it. */
enum err MUST_USE account_password_judge(const struct accounts *s, struct str password,
	const struct account *owner, struct arena *a, struct str *prepared,
	struct field_error *why);

/* ---- one account ---- */
enum err MUST_USE account_find(
	const struct accounts *s, struct str email_or_id, struct account *out);
enum err MUST_USE account_set_name(
	const struct accounts *s, const char *id, struct str name, int64_t now_s);
/* Ends its sessions as well. */
enum err MUST_USE account_set_disabled(
	const struct accounts *s, const char *id, bool disabled, int64_t now_s);
enum err MUST_USE account_delete(const struct accounts *s, const char *id);
/* Those after the address `after`, in any spelling, in order of address; empty: from the first. At
 * most 500. ERR_INVALID: no address. */
enum err MUST_USE account_list(const struct accounts *s, struct str after, size_t max,
	struct arena *a, struct account **out, size_t *count);
/* [hash with a password] For the operator: a verified account; without a password its owner is
 * mailed a link to choose one. ERR_CONFLICT when the address is taken. */
enum err MUST_USE account_create(const struct accounts *s, struct str email, struct str name,
	struct str password, int64_t now_s, struct arena *a, struct account *out,
	struct field_error *why);

/* Drops what has lapsed: sessions, tokens, failures, devices, accounts never verified. */
enum err MUST_USE account_purge(const struct accounts *s, struct db_sweeper *sweeper);

#endif
