/* Hashers: two processes for Argon2 and nothing else. One works at ordinary priority, for so many
 * hashes a second, twice as many while they come one at a time, so that a log-in takes no second on
 * a machine that is busy with other things; the other one works when nobody else wants the
 * processor, for all above that: a storm of log-ins is not noticed by readers.
 *
 * Processes and not threads of ours, because one in the background may be kept waiting for long in
 * the middle of its work, and with it whatever it holds: of a thread that is at least the kernel's
 * lock of the address space, which libsodium's mmap takes for each hash, and then everybody waits.
 * For the same reason they are two.
 *
 * What the background does not come to is done by the other process as soon as the budget has room
 * again. Whoever waits too long even for that does the work on its own thread, one at a time; and
 * so they all do while a process is lost. */
#include "hasher_wire.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LATE_US = 1000000,
	LATE_US_A_KIB_PASS = 5, /* ten times what it takes on a free processor */
	UNANSWERED_MAX = 2,     /* of one hasher: what nobody waits for is work for nothing */
	SECOND_US = 1000000,
};

/* ---- the budget ---- */

static void budget_make(struct budget *b, unsigned per_second, unsigned burst)
{
	b->interval_us = SECOND_US / per_second;
	b->slack_us = b->interval_us * (burst - 1);
}

/* One who is alone is no storm: log-ins that come one after the other get twice as much. */
static struct budget *budget_of(struct hashers *h)
{
	return atomic_load(&h->under_way) > 1 ? &h->storm : &h->calm;
}

/* 0: one is taken. Else the time at which one may be free. */
static int64_t budget_take(struct budget *b)
{
	const int64_t now_us = clock_monotonic_us();
	int64_t full_at_us = atomic_load(&b->full_at_us), next_us = 0;
	do {
		const int64_t from_us = full_at_us > now_us ? full_at_us : now_us;
		if (from_us - now_us > b->slack_us)
			return from_us - b->slack_us;
		next_us = from_us + b->interval_us;
	} while (!atomic_compare_exchange_weak(&b->full_at_us, &full_at_us, next_us));
	return 0;
}

/* ---- an order and its answer ---- */

enum answer { ANSWER_THERE, ANSWER_LATE, ANSWER_NEVER }; /* never: the process has ended */

/* Replies that came too late for who had ordered. */
static void drain(struct slot *s)
{
	struct reply r;
	while (recv(s->fd, &r, sizeof r, MSG_DONTWAIT) == (ssize_t)sizeof r)
		s->answered = r.number;
	crypto_wipe(&r, sizeof r);
}

static bool is_gone(int err)
{
	return err == EPIPE || err == ECONNRESET || err == ENOTCONN;
}

/* LATE when the hasher has been kept waiting for long already, or the kernel has no memory for the
 * order. The hash that the password should have stays here. */
static enum answer order(struct slot *s, const struct hash_work *w)
{
	drain(s);
	if (s->number - s->answered >= UNANSWERED_MAX)
		return ANSWER_LATE;
	struct order o = { .number = ++s->number, .make = w->make, .phc = w->phc };
	const size_t n = offsetof(struct order, password) + w->password.n;
	memset(o.phc.hash, 0, sizeof o.phc.hash);
	if (w->password.n > 0)
		memcpy(o.password, w->password.p, w->password.n);
	bool sent = send(s->fd, &o, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
	const int err = errno;
	crypto_wipe(&o, sizeof o);
	if (sent)
		return ANSWER_THERE;
	s->number--;
	return is_gone(err) ? ANSWER_NEVER : ANSWER_LATE;
}

/* What is believed of the process: an error that there is, and a text with the cost that was
 * ordered. */
static bool is_right(const struct reply *r, const struct hash_work *w)
{
	struct phc made;
	if (r->err == ERR_NOMEM || (r->err == ERR_OK && !w->make))
		return true;
	const size_t n = strnlen(r->text, sizeof r->text);
	return r->err == ERR_OK && n < sizeof r->text &&
	       crypto_phc_parse((struct str){ r->text, n }, &made) == ERR_OK &&
	       made.algorithm == w->phc.algorithm && made.memory_kib == w->phc.memory_kib &&
	       made.passes == w->phc.passes;
}

static enum answer receive(struct slot *s, struct reply *r, int64_t until_us)
{
	for (;;) {
		const int64_t left_us = until_us - clock_monotonic_us();
		struct pollfd p = { .fd = s->fd, .events = POLLIN };
		if (left_us <= 0)
			return ANSWER_LATE;
		if (poll(&p, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		if (recv(s->fd, r, sizeof *r, 0) != (ssize_t)sizeof *r)
			return ANSWER_NEVER;
		s->answered = r->number;
		if (r->number == s->number)
			return ANSWER_THERE;
	}
}

static enum answer keep(struct hash_work *w, enum answer got, struct reply *r, enum err *e)
{
	if (got == ANSWER_THERE && !is_right(r, w))
		got = ANSWER_NEVER;
	if (got == ANSWER_THERE) {
		*e = r->err;
		memcpy(w->text, r->text, sizeof w->text);
		memcpy(w->hash, r->hash, sizeof w->hash);
	}
	crypto_wipe(r, sizeof *r);
	return got;
}

/* ---- who does it ---- */

static int64_t late_us(const struct hash_work *w)
{
	return clock_monotonic_us() + LATE_US +
	       LATE_US_A_KIB_PASS * (int64_t)w->phc.memory_kib * w->phc.passes;
}

static enum answer by_normal(struct hashers *h, struct hash_work *w, enum err *e)
{
	const int64_t until_us = late_us(w);
	bool up = true;
	struct reply r = { .number = 0 };
	struct slot *s = crypto_crew_slot_acquire(&h->normal, until_us, &up);
	if (!s)
		return up ? ANSWER_LATE : ANSWER_NEVER;
	enum answer got = order(s, w);
	if (got == ANSWER_THERE)
		got = receive(s, &r, until_us);
	crypto_crew_slot_release(&h->normal, s);
	return keep(w, got, &r, e);
}

static void sleep_until(int64_t at_us)
{
	const int64_t us = at_us - clock_monotonic_us();
	const struct timespec t = { us / SECOND_US, us % SECOND_US * 1000 };
	if (us > 0)
		(void)nanosleep(&t, NULL);
}

/* Until the answer is there, or (LATE) the budget has given one hash to this work; `due_us` is when
 * to ask it. */
static enum answer by_background(
	struct hashers *h, struct hash_work *w, struct budget *b, int64_t due_us, enum err *e)
{
	bool up = true;
	struct reply r = { .number = 0 };
	struct slot *s = crypto_crew_slot_acquire(&h->background, due_us, &up);
	if (!up)
		return ANSWER_NEVER;
	const enum answer ordered = s ? order(s, w) : ANSWER_LATE;
	enum answer got = ordered;
	do {
		if (ordered == ANSWER_THERE)
			got = receive(s, &r, due_us);
		else if (ordered == ANSWER_LATE)
			sleep_until(due_us);
	} while (got == ANSWER_LATE && (due_us = budget_take(b)) != 0);
	if (s)
		crypto_crew_slot_release(&h->background, s);
	return keep(w, got, &r, e);
}

static enum answer by_a_process(struct hashers *h, struct hash_work *w, enum err *e)
{
	struct budget *b = budget_of(h);
	const int64_t due_us = budget_take(b);
	if (due_us != 0) {
		const enum answer got = by_background(h, w, b, due_us, e);
		if (got == ANSWER_THERE)
			atomic_fetch_add(&h->by_background, 1);
		if (got != ANSWER_LATE)
			return got;
	}
	const enum answer got = by_normal(h, w, e);
	if (got == ANSWER_THERE)
		atomic_fetch_add(&h->by_normal, 1);
	return got;
}

enum err crypto_hashers_do(struct hashers *h, struct hash_work *w)
{
	enum err e = ERR_OK;
	if (!h)
		return crypto_hash_work_do(w);
	atomic_fetch_add(&h->under_way, 1);
	const bool done =
		w->password.n <= HASHER_PASSWORD_MAX && by_a_process(h, w, &e) == ANSWER_THERE;
	atomic_fetch_sub(&h->under_way, 1);
	if (done)
		return e;
	pthread_mutex_lock(&h->help);
	e = crypto_hash_work_do(w);
	pthread_mutex_unlock(&h->help);
	atomic_fetch_add(&h->by_own, 1);
	return e;
}

/* ---- start and stop ---- */

static bool crew_make(struct crew *c, const char *name, const struct hashers_settings *s)
{
	*c = (struct crew){ .name = name, .log = s->log, .threads = s->threads, .life = -1 };
	pthread_mutex_init(&c->lock, NULL);
	thread_cond_init(&c->freed);
	c->slots = calloc(s->threads, sizeof c->slots[0]);
	return c->slots != NULL;
}

static void crew_end(struct crew *c)
{
	free(c->slots);
	pthread_cond_destroy(&c->freed);
	pthread_mutex_destroy(&c->lock);
}

struct hashers *crypto_hashers_start(const struct hashers_settings *s)
{
	if (s->threads == 0 || s->threads > HASHERS_MAX || s->per_second == 0 ||
		s->per_second > SECOND_US / 4)
		return NULL;
	struct hashers *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->stop_fd = -1;
	budget_make(&h->storm, s->per_second, s->per_second);
	budget_make(&h->calm, 2 * s->per_second, 4 * s->per_second);
	pthread_mutex_init(&h->help, NULL);
	const bool normal = crew_make(&h->normal, HASHER_NORMAL, s);
	const bool background = crew_make(&h->background, HASHER_BACKGROUND, s);
	if (normal && background && crypto_crew_keeper_start(h))
		return h;
	crypto_hashers_stop(h);
	return NULL;
}

void crypto_hashers_stop(struct hashers *h)
{
	if (!h)
		return;
	crypto_crew_keeper_stop(h);
	crew_end(&h->normal);
	crew_end(&h->background);
	pthread_mutex_destroy(&h->help);
	free(h);
}

static void crew_stats(struct crew *c, struct hashers_stats *out)
{
	pthread_mutex_lock(&c->lock);
	out->lost += !c->up;
	out->restarts += c->starts > 0 ? c->starts - 1 : 0;
	pthread_mutex_unlock(&c->lock);
}

struct hashers_stats crypto_hashers_stats(struct hashers *h)
{
	struct hashers_stats out = { .lost = 0 };
	if (!h)
		return out;
	crew_stats(&h->normal, &out);
	crew_stats(&h->background, &out);
	out.normal = atomic_load(&h->by_normal);
	out.background = atomic_load(&h->by_background);
	out.own = atomic_load(&h->by_own);
	return out;
}
