/* Registrations and resets: what anybody may ask for by an address.
 *
 * Whoever asks must not learn whether the address has an account, and a stopwatch is an answer too.
 * So the request stores one row, the same for every address, and is answered. A thread looks the
 * address up afterwards and does what is to be done, in one transaction for each row. It runs the
 * same statements whatever it finds, and begins on ticks of a clock instead of when a row comes in:
 * requests of the same attacker meet it at no time that would tell him anything. */
#include "internal.h"

#include "postern/queries/account.h"
#include "postern/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_US = 100 * 1000,            /* rows of one tick are worked on together, see above */
	LOOK_EVERY_US = 5 * 1000 * 1000, /* for rows of a process that was killed */
	LIST_MAX = 100,                  /* rows read at a time; all that wait are worked on */
	ROW_BYTES_MAX = 64 << 10,        /* the arena of one list, or of one row */
};

/* ---- in ---- */
static const char *const kind_names[] = {
	[ACCOUNT_REQUEST_REGISTER] = "register",
	[ACCOUNT_REQUEST_RESET] = "reset",
};

static const uint8_t *proof_of(const struct account_request *r)
{
	return crypto_hash_is_none(r->proof_hash) ? NULL : r->proof_hash;
}

enum err account_request_put(
	const struct accounts *s, enum account_request_kind kind, struct account_request *r)
{
	snprintf(r->kind, sizeof r->kind, "%s", kind_names[kind]);
	enum err e = q_account_request_insert(s->db, r->id, r->kind, r->email, r->email_key,
		r->name, r->password_hash, proof_of(r), r->return_to, r->created_at);
	if (!e)
		account_requests_wake(s->requests);
	return e;
}

/* ---- out: one request ---- */
/* One row on its way. The same statements run whatever `known` is. */
struct work {
	const struct accounts *s;
	const char *id;
	struct arena *a;
	int64_t now_s;
	struct account_request row;
	struct account known; /* id "": the address has no account */
	enum mail_kind mail;
};

/* Changes nothing for an account that is verified. Of two that registered one address before it was
 * confirmed the later one counts, whose link the newest mail has: who of them owns the mailbox is
 * asked when that link is opened (verify.c). */
static enum err account_begin(struct db_conn *c, const struct work *w)
{
	const struct account_request *r = &w->row;
	return q_account_register(
		c, r->id, r->email, r->email_key, r->name, r->password_hash, w->now_s, proof_of(r));
}

static enum mail_kind mail_for(const struct work *w, bool registering)
{
	if (w->known.disabled_at)
		return MAIL_DISABLED;
	if (!registering)
		return *w->known.id ? MAIL_RESET : MAIL_NO_ACCOUNT;
	return w->known.verified_at ? MAIL_EXISTS : MAIL_VERIFY;
}

static enum err notify(struct db_conn *c, struct work *w, bool registering)
{
	struct account owner = w->known;
	if (!*owner.id) {
		if (registering)
			memcpy(owner.id, w->row.id, sizeof owner.id);
		memcpy(owner.email, w->row.email, sizeof owner.email);
		memcpy(owner.email_key, w->row.email_key, sizeof owner.email_key);
	}
	w->mail = mail_for(w, registering);
	struct token_order o = { .s = w->s,
		.owner = &owner,
		.purpose = registering ? PURPOSE_VERIFY : PURPOSE_RESET,
		.return_to = w->row.return_to,
		.kind = w->mail,
		.now_s = w->now_s };
	enum err e = account_token_send(c, &o);
	crypto_wipe(owner.password_hash, sizeof owner.password_hash);
	return e;
}

static enum err work_tx(struct db_conn *c, void *arg)
{
	struct work *w = arg;
	enum err e = q_account_request_take(c, w->id, w->a, &w->row);
	if (e)
		return e;
	bool registering =
		str_eq(str_of(w->row.kind), str_of(kind_names[ACCOUNT_REQUEST_REGISTER]));
	w->known = (struct account){ 0 };
	e = q_account_by_key(c, w->row.email_key, &w->known);
	if (e && e != ERR_NOT_FOUND)
		return e;
	e = registering ? account_begin(c, w) : ERR_OK;
	return e ? e : notify(c, w, registering);
}

/* ERR_OK also when another process took it. */
static enum err work_on(const struct accounts *s, const char *id, int64_t now_s)
{
	ARENA_AUTO *a = arena_new(ROW_BYTES_MAX);
	struct work w = { .s = s, .id = id, .a = a, .now_s = now_s };
	enum err e = a ? db_tx(s->db, work_tx, &w) : ERR_NOMEM;
	if (e != ERR_NOT_FOUND)
		LOG(s->log, e ? LOG_ERROR : LOG_INFO, "account_request", log_z("id", id),
			log_z("kind", w.row.kind), log_z("account", w.known.id),
			log_z("mail", mail_kind_name(w.mail)), log_z("result", err_name(e)));
	crypto_wipe(&w.row, sizeof w.row);
	crypto_wipe(&w.known, sizeof w.known);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- all that wait ---- */
/* The rows after `last`, which becomes the last of them. One that fails is left for the next round
 * and holds up nobody behind it. */
static enum err run_some(const struct accounts *s, int64_t now_s,
	struct account_request_list_row *last, size_t *count)
{
	ARENA_AUTO *a = arena_new(ROW_BYTES_MAX);
	struct account_request_list_row *rows = NULL;
	size_t n = 0;
	enum err failed = ERR_OK;
	if (!a)
		return ERR_NOMEM;
	enum err e =
		q_account_request_list(s->db, last->created_at, last->id, LIST_MAX, a, &rows, &n);
	if (e)
		return e;
	for (size_t i = 0; i < n; i++) {
		e = work_on(s, rows[i].id, now_s);
		if (e == ERR_UNAVAILABLE)
			return e;
		failed = e ? e : failed;
	}
	*count = n;
	if (n)
		*last = rows[n - 1];
	return failed;
}

enum err account_requests_run(const struct accounts *s, int64_t now_s)
{
	struct account_request_list_row last = { .created_at = INT64_MIN };
	enum err failed = ERR_OK;
	size_t count = LIST_MAX;
	bool any = false;
	while (count == LIST_MAX) {
		count = 0;
		enum err e = run_some(s, now_s, &last, &count);
		failed = e ? e : failed;
		any = any || count;
	}
	if (any)
		mail_wake(s->mail);
	return failed;
}

/* ---- the thread ---- */
struct account_requests {
	const struct accounts *s;
	const struct clock *clock;
	struct thread_worker worker; /* its lock is that of what follows */
	bool woken;
};

/* Until a row came in, and then until the next tick. False: the end. */
static bool wait_for_work(struct account_requests *r)
{
	struct thread_worker *w = &r->worker;
	const int64_t look_us = clock_monotonic_us() + LOOK_EVERY_US;
	pthread_mutex_lock(&w->lock);
	bool late = false;
	while (!w->ends && !r->woken && !late)
		late = !thread_cond_wait_until(&w->wake, &w->lock, look_us);
	bool more = thread_worker_sleep(w, (clock_monotonic_us() / TICK_US + 1) * TICK_US);
	r->woken = false;
	pthread_mutex_unlock(&w->lock);
	return more;
}

static void *requests_main(void *arg)
{
	struct account_requests *r = arg;
	while (wait_for_work(r))
		(void)!account_requests_run(r->s, clock_now_s(r->clock));
	return NULL;
}

enum err account_requests_start(struct accounts *s, const struct clock *clock)
{
	struct account_requests *r = calloc(1, sizeof *r);
	if (!r)
		return ERR_NOMEM;
	*r = (struct account_requests){ .s = s, .clock = clock };
	if (!thread_worker_start(&r->worker, requests_main, r)) {
		free(r);
		return ERR_UNAVAILABLE;
	}
	s->requests = r;
	return ERR_OK;
}

void account_requests_wake(struct account_requests *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->worker.lock);
	r->woken = true;
	pthread_cond_signal(&r->worker.wake);
	pthread_mutex_unlock(&r->worker.lock);
}

void account_requests_stop(struct accounts *s)
{
	struct account_requests *r = s->requests;
	if (!r)
		return;
	thread_worker_stop(&r->worker);
	free(r);
	s->requests = NULL;
}
