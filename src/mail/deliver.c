/* The threads that send mail. Each claims one message, sends it and records the outcome. A
 * recipient whose server hangs holds up one thread; half of the threads take only messages that
 * were never tried, so that many such recipients do not delay new mail. When our own SMTP server
 * is out of reach, all pause. */
#include "internal.h"

#include "postern/crypto.h"
#include "postern/thread.h"

#include <stdio.h>
#include <time.h>

enum {
	CLAIM_SPARE_S = 60,      /* beyond the time-out of the delivery itself */
	LOOK_EVERY_S = 1,        /* for rows of other processes, and of retries that are due */
	TROUBLES_MAX = 3,        /* in a row, then a pause */
	PAUSE_FIRST_S = 5,       /* doubled with each further trouble … */
	PAUSE_DOUBLINGS_MAX = 4, /* … so often at most: 80 s */
	STOP_GRACE_S = 5,        /* for deliveries under way, then they are broken off */
	ANY_ATTEMPTS = INT32_MAX,
	MICROS = 1000000,
};

int64_t mail_backoff_s(int64_t attempts, uint32_t random)
{
	static const int64_t steps_s[] = { 10, 30, 120, 600, 1800, 3600, 7200, 14400 };
	size_t last = COUNT(steps_s) - 1;
	size_t i = attempts < 1 ? 0 : (size_t)attempts - 1;
	if (i > last)
		i = last;
	return steps_s[i] * (800 + random % 401) / 1000;
}

/* ---- the pause when the server is out of reach; under r->lock ---- */
static void note_outcome(struct run *r, const struct verdict *v)
{
	if (v->outcome == MAIL_DROPPED) /* the server was not asked */
		return;
	if (v->outcome != MAIL_TROUBLE) {
		r->troubles = 0;
		r->pause_until_us = 0;
		return;
	}
	/* What was under way when the pause began is no further sign. */
	int64_t now_us = clock_monotonic_us();
	if (now_us < r->pause_until_us || ++r->troubles < TROUBLES_MAX)
		return;
	unsigned doublings = r->troubles - TROUBLES_MAX;
	if (doublings > PAUSE_DOUBLINGS_MAX)
		doublings = PAUSE_DOUBLINGS_MAX;
	r->pause_until_us = now_us + ((int64_t)PAUSE_FIRST_S << doublings) * MICROS;
}

static bool is_paused(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	bool paused = clock_monotonic_us() < r->pause_until_us;
	pthread_mutex_unlock(&r->lock);
	return paused;
}

/* ---- one message ---- */
static void log_outcome(const struct mail *m, const struct letter *l, const struct verdict *v)
{
	static const char *const events[] = {
		[MAIL_SENT] = "mail_sent",
		[MAIL_REFUSED] = "mail_failed",
		[MAIL_DEFERRED] = "mail_deferred",
		[MAIL_TROUBLE] = "mail_trouble",
		[MAIL_DROPPED] = "mail_dropped",
	};
	enum log_level level = v->operator_fault ? LOG_ERROR : LOG_WARN;
	if (v->outcome == MAIL_SENT)
		level = LOG_INFO;
	/* A recipient's refusal often repeats the address: it stays in the row. */
	bool ours = v->outcome == MAIL_TROUBLE || v->outcome == MAIL_DROPPED;
	const char *words = ours ? v->words : "";
	LOG(m->s.log, level, events[v->outcome], log_str("id", l->id),
		log_int("attempt", l->attempts + 1), log_int("code", v->code),
		log_z("words", words));
}

static void transmit(struct run *r, void *smtp, const struct letter *l, struct verdict *v)
{
	const struct mail *m = r->m;
	BUF_AUTO message = BUF(MESSAGE_MAX);
	struct sender_name from = { m->s.from, m->s.from_name };
	enum err e = mail_compose(l, from, &message);
	if (e) {
		*v = (struct verdict){ .outcome = e == ERR_NOMEM ? MAIL_DEFERRED : MAIL_REFUSED };
		snprintf(v->words, sizeof v->words, "the message cannot be composed: %s",
			err_name(e));
	} else if (m->maildir) {
		mail_maildir_put(m->maildir, l, buf_view(&message), v);
	} else {
		const struct smtp_job job = { m, l->to, buf_view(&message), &r->abandon };
		mail_smtp_send(smtp, &job, v);
	}
}

/* The server may have been away for longer than a link lives, or the reader has asked for a newer
 * one meanwhile: nobody is sent to a page that refuses him. When the database cannot tell, the mail
 * goes out. */
static void try_to_send(struct run *r, void *smtp, const struct letter *l, struct verdict *v)
{
	if (mail_outbox_link_check(r->m->db, l, clock_now_s(r->m->s.clock)) != ERR_NOT_FOUND) {
		transmit(r, smtp, l, v);
		return;
	}
	*v = (struct verdict){ .outcome = MAIL_DROPPED };
	snprintf(v->words, sizeof v->words, "its link had expired, was used or was replaced");
}

/* What is not sent and not refused waits, unless it has waited long enough. */
static enum err record(const struct mail *m, const struct letter *l, struct verdict *v)
{
	int64_t now_s = clock_now_s(m->s.clock), attempts = l->attempts + 1;
	if (v->outcome == MAIL_SENT)
		return mail_outbox_sent(m->db, l, now_s, m->s.keep_text);
	if (v->outcome == MAIL_DROPPED)
		return mail_outbox_dropped(m->db, l, now_s, m->s.keep_text);
	if (v->outcome == MAIL_REFUSED || attempts >= m->s.attempts_max)
		return mail_outbox_failed(m->db, l, now_s, v->words);
	uint32_t random;
	crypto_random(&random, sizeof random);
	return mail_outbox_deferred(m->db, l, now_s + mail_backoff_s(attempts, random), v->words);
}

/* Under the lock: the outcome in the numbers of this process and in the pause. */
static void count(struct run *r, const struct letter *l, const struct verdict *v, enum err e)
{
	pthread_mutex_lock(&r->lock);
	note_outcome(r, v);
	if (v->outcome == MAIL_SENT)
		r->round.sent++;
	else if (v->outcome == MAIL_DROPPED)
		r->round.dropped++;
	else if (v->outcome == MAIL_REFUSED || l->attempts + 1 >= r->m->s.attempts_max)
		r->round.failed++;
	else
		r->round.deferred++;
	if (e && !r->err)
		r->err = e;
	pthread_mutex_unlock(&r->lock);
}

/* The claim must outlive the delivery: the time-out of curl plus CLAIM_SPARE_S for the database. */
static enum err claim(struct run *r, bool fresh_only, struct arena *a, struct letter *l)
{
	const struct mail *m = r->m;
	int64_t now_s = clock_now_s(m->s.clock);
	const struct claim c = {
		.now_s = r->once ? r->due_s : now_s,
		.lapses_s = now_s + m->s.timeout_s + CLAIM_SPARE_S,
		.attempts_max = fresh_only ? 0 : ANY_ATTEMPTS,
	};
	pthread_mutex_lock(&r->claim);
	enum err e = mail_outbox_claim(m->db, &c, a, l);
	pthread_mutex_unlock(&r->claim);
	return e;
}

/* True when there may be more. */
static bool send_one(struct run *r, void *smtp, bool fresh_only)
{
	ARENA_AUTO *a = arena_new(LETTER_MAX);
	struct letter l;
	enum err e = a ? claim(r, fresh_only, a, &l) : ERR_NOMEM;
	if (e == ERR_CONFLICT)
		return true;
	if (e) {
		pthread_mutex_lock(&r->lock);
		r->err = e == ERR_NOT_FOUND ? r->err : e;
		pthread_mutex_unlock(&r->lock);
		return false;
	}
	struct verdict v;
	try_to_send(r, smtp, &l, &v);
	e = record(r->m, &l, &v);
	log_outcome(r->m, &l, &v);
	count(r, &l, &v, e);
	return e == ERR_OK;
}

/* ---- threads ---- */
static bool is_stopping(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	bool stopping = r->stopping;
	pthread_mutex_unlock(&r->lock);
	return stopping;
}

static void wait_a_while(struct run *r, uint64_t *seen)
{
	const int64_t until_us = clock_monotonic_us() + LOOK_EVERY_S * 1000000LL;
	pthread_mutex_lock(&r->lock);
	bool late = false;
	while (!r->stopping && r->wakes == *seen && !late)
		late = !thread_cond_wait_until(&r->wake, &r->lock, until_us);
	*seen = r->wakes;
	pthread_mutex_unlock(&r->lock);
}

static void send_all(struct run *r, bool fresh_only)
{
	const bool by_smtp = *r->m->smtp_url;
	void *smtp = by_smtp ? mail_smtp_new() : NULL;
	uint64_t seen = 0;
	if (by_smtp && !smtp) {
		LOG(r->m->s.log, LOG_ERROR, "mail_sender_missing",
			log_z("why", "libcurl could not be started: no memory"));
		return;
	}
	while (!is_stopping(r)) {
		if (!is_paused(r) && send_one(r, smtp, fresh_only))
			continue;
		if (r->once)
			break;
		wait_a_while(r, &seen);
	}
	mail_smtp_free(smtp);
}

static void *any_main(void *run)
{
	send_all(run, false);
	return NULL;
}

static void *fresh_main(void *run)
{
	send_all(run, true);
	return NULL;
}

static enum err start(struct run *r)
{
	while (r->started < SENDERS) {
		void *(*sender)(void *) = r->started % 2 ? fresh_main : any_main;
		if (!thread_start(&r->threads[r->started], sender, r))
			break;
		r->started++;
	}
	return r->started ? ERR_OK : ERR_UNAVAILABLE;
}

void mail_run_init(struct run *r, struct mail *m)
{
	*r = (struct run){ .m = m };
	thread_cond_init(&r->wake);
	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->claim, NULL);
}

static void join(struct run *r)
{
	while (r->started)
		pthread_join(r->threads[--r->started], NULL);
}

void mail_run_stop(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until); /* the one that pthread_timedjoin_np goes by */
	until.tv_sec += STOP_GRACE_S;
	while (r->started && pthread_timedjoin_np(r->threads[r->started - 1], NULL, &until) == 0)
		r->started--;
	atomic_store(&r->abandon, true);
	join(r);
}

void mail_run_free(struct run *r)
{
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	pthread_mutex_destroy(&r->claim);
}

void mail_wake(struct mail *m)
{
	pthread_mutex_lock(&m->run.lock);
	m->run.wakes++;
	pthread_cond_broadcast(&m->run.wake);
	pthread_mutex_unlock(&m->run.lock);
}

enum err mail_deliver_start(struct mail *m)
{
	return m->run.started ? ERR_CONFLICT : start(&m->run);
}

enum err mail_deliver_once(struct mail *m, struct mail_round *out)
{
	struct run r;
	mail_run_init(&r, m);
	r.once = true;
	r.due_s = clock_now_s(m->s.clock);
	enum err e = start(&r);
	join(&r);
	if (!e)
		e = r.err;
	if (!e)
		*out = r.round;
	mail_run_free(&r);
	return e;
}

struct mail_round mail_counts(struct mail *m)
{
	pthread_mutex_lock(&m->run.lock);
	struct mail_round round = m->run.round;
	pthread_mutex_unlock(&m->run.lock);
	return round;
}
