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

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LATE_US = 1000000,      /* then whoever waits looks for another way, plus: */
	LATE_US_A_KIB_PASS = 5, /* ten times what it takes on a free processor */
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

/* ---- an order and its reply ---- */

/* `*reply`: the socket that it comes through, to be closed; -1 unless THERE. The hash that the
 * password should have stays here. */
static enum answer order(struct crew *c, const struct hash_work *w, int *reply)
{
	int pair[2];
	*reply = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return ANSWER_LATE;
	struct order o = { .make = w->make, .phc = w->phc };
	memset(o.phc.hash, 0, sizeof o.phc.hash);
	if (w->password.n > 0)
		memcpy(o.password, w->password.p, w->password.n);
	const enum answer got =
		crypto_crew_send(c, &o, offsetof(struct order, password) + w->password.n, pair[1]);
	crypto_wipe(&o, sizeof o);
	close(pair[1]);
	if (got == ANSWER_THERE)
		*reply = pair[0];
	else
		close(pair[0]);
	return got;
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

/* Without a socket (-1) nothing comes, until then. */
static enum answer receive(int fd, struct reply *r, int64_t until_us)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	for (;;) {
		const int64_t left_us = until_us - clock_monotonic_us();
		if (left_us <= 0)
			return ANSWER_LATE;
		if (poll(&p, 1, (int)(left_us / 1000) + 1) > 0)
			return recv(fd, r, sizeof *r, 0) == (ssize_t)sizeof *r ? ANSWER_THERE
									       : ANSWER_NEVER;
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

static void give_up(int fd)
{
	if (fd >= 0)
		close(fd);
}

static enum answer by_normal(struct hashers *h, struct hash_work *w, enum err *e)
{
	struct reply r = { .err = ERR_OK };
	int fd = -1;
	enum answer got = order(&h->normal, w, &fd);
	if (got == ANSWER_THERE)
		got = receive(fd, &r, late_us(w));
	give_up(fd);
	return keep(w, got, &r, e);
}

/* Until the reply is there, or (LATE) the budget has given one hash to this work; `due_us` is when
 * to ask it. */
static enum answer by_background(
	struct hashers *h, struct hash_work *w, struct budget *b, int64_t due_us, enum err *e)
{
	struct reply r = { .err = ERR_OK };
	int fd = -1;
	enum answer got = order(&h->background, w, &fd);
	if (got == ANSWER_NEVER)
		return got;
	do
		got = receive(fd, &r, due_us);
	while (got == ANSWER_LATE && (due_us = budget_take(b)) != 0);
	give_up(fd);
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

static void crew_init(struct crew *c, const char *name, const struct hashers_settings *s)
{
	*c = (struct crew){ .name = name, .log = s->log, .threads = s->threads, .fd = -1 };
	pthread_mutex_init(&c->lock, NULL);
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
	crew_init(&h->normal, HASHER_NORMAL, s);
	crew_init(&h->background, HASHER_BACKGROUND, s);
	if (crypto_crew_keeper_start(h))
		return h;
	crypto_hashers_stop(h);
	return NULL;
}

void crypto_hashers_stop(struct hashers *h)
{
	if (!h)
		return;
	crypto_crew_keeper_stop(h);
	pthread_mutex_destroy(&h->normal.lock);
	pthread_mutex_destroy(&h->background.lock);
	pthread_mutex_destroy(&h->help);
	free(h);
}

static void crew_stats(struct crew *c, struct hashers_stats *out)
{
	pthread_mutex_lock(&c->lock);
	out->lost += c->fd < 0;
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
