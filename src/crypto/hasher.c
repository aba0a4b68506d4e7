/* Hashers: a process of our own for Argon2 and nothing else, whose threads run when nobody else
 * wants the processor: a storm of log-ins is not noticed by readers.
 *
 * A process and not threads of ours, because one in the background may be kept waiting for long in
 * the middle of its work, and with it whatever it holds: of a thread that is at least the kernel's
 * lock of the address space, which libsodium's mmap takes for each hash, and then everybody waits.
 * It is forked before there are threads, knows no database and no socket but those to us, and ends
 * with us.
 *
 * On a machine that never rests it would be kept waiting for ever. So whoever has waited long does
 * the work on its own thread after all, one at a time; and so they all do if the process is lost.
 */
#include "hasher.h"

#include "postern/thread.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	HASHERS_MAX = 256,
	/* What text_opaque makes of 1,024 characters at most: composing may triple them. */
	PASSWORD_MAX = 3 * (4 * 1024 + 64),
	LATE_US = 1000000,
	LATE_US_A_KIB_PASS = 5, /* ten times what it takes on a free processor */
	UNANSWERED_MAX = 2,     /* of one hasher: what nobody waits for is work for nothing */
	NICE_LEAST = 19,
};

/* What goes to a hasher, without the password's unused end, and what comes back. The number tells
 * an answer that nobody waits for any more. */
struct order {
	uint64_t number;
	bool make;
	struct phc phc;
	char password[PASSWORD_MAX];
};
struct reply {
	uint64_t number;
	enum err err;
	char text[PASSWORD_HASH_SIZE];
	uint8_t hash[PHC_HASH_BYTES];
};
/* One hasher: a thread of the process, at the other end of a socket. */
struct slot {
	struct slot *next; /* free */
	int fd;
	uint64_t number, answered; /* of the last order, and of the last reply */
};
struct hashers {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct slot *free, *free_last; /* in turn, so that one that is late is not the next */
	pthread_mutex_t help;          /* held by the one who works for itself */
	atomic_bool lost;
	pid_t process;
	unsigned count;
	struct slot slots[];
};

/* ---- in the process ---- */

/* SCHED_IDLE also makes other threads that wake up come to this core as to a free one. Where one of
 * these is not allowed, the other serves, or none: the work is done all the same. */
static void give_way(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LEAST);
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
}

/* It is the first to go when memory is short, and leaves no passwords in a core dump. */
static void go_first(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "we");
	if (f) {
		(void)fputs("500", f);
		fclose(f);
	}
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* The next order; false at the end. */
static bool take(int fd, struct order *o, size_t *password_n)
{
	const size_t head = offsetof(struct order, password);
	ssize_t n = 0;
	do
		n = recv(fd, o, sizeof *o, 0);
	while (n < 0 && errno == EINTR);
	*password_n = (size_t)n - head;
	return n >= (ssize_t)head;
}

static void *hasher_main(void *arg)
{
	const int fd = ((struct slot *)arg)->fd;
	struct order o;
	size_t n = 0;
	bool sent = true;
	give_way();
	while (sent && take(fd, &o, &n)) {
		struct hash_work w = {
			.password = { o.password, n }, .make = o.make, .phc = o.phc
		};
		struct reply r = { .number = o.number, .err = hash_work_do(&w) };
		memcpy(r.text, w.text, sizeof r.text);
		memcpy(r.hash, w.hash, sizeof r.hash);
		crypto_wipe(&o, sizeof o);
		sent = send(fd, &r, sizeof r, MSG_NOSIGNAL) == (ssize_t)sizeof r;
		crypto_wipe(&w, sizeof w);
		crypto_wipe(&r, sizeof r);
	}
	close(fd);
	return NULL;
}

/* All threads are there: a reply to no order. */
static void ready(int fd)
{
	const struct reply r = { .number = 0 };
	if (send(fd, &r, sizeof r, MSG_NOSIGNAL) != (ssize_t)sizeof r)
		_exit(EXIT_FAILURE);
}

/* Ends when all sockets have, which is when the program has, however it ended. */
static _Noreturn void process_run(struct hashers *h, const int theirs[])
{
	pthread_t threads[HASHERS_MAX];
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "postern-hash");
	go_first();
	for (unsigned i = 0; i < h->count; i++) {
		close(h->slots[i].fd);
		h->slots[i].fd = theirs[i];
	}
	for (unsigned i = 0; i < h->count; i++) {
		if (!thread_start(&threads[i], hasher_main, &h->slots[i]))
			_exit(EXIT_FAILURE);
	}
	for (unsigned i = 0; i < h->count; i++)
		ready(h->slots[i].fd);
	for (unsigned i = 0; i < h->count; i++)
		pthread_join(threads[i], NULL);
	_exit(EXIT_SUCCESS);
}

/* ---- start and stop ---- */

static void slot_put(struct hashers *h, struct slot *s)
{
	s->next = NULL;
	if (h->free)
		h->free_last->next = s;
	else
		h->free = s;
	h->free_last = s;
}

static bool all_ready(const struct hashers *h)
{
	struct reply r;
	for (unsigned i = 0; i < h->count; i++) {
		ssize_t n = 0;
		do
			n = recv(h->slots[i].fd, &r, sizeof r, 0);
		while (n < 0 && errno == EINTR);
		if (n != (ssize_t)sizeof r)
			return false;
	}
	return true;
}

static bool connect_slots(struct hashers *h, unsigned threads, int theirs[])
{
	for (; h->count < threads; h->count++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
			return false;
		h->slots[h->count] = (struct slot){ .fd = pair[0] };
		slot_put(h, &h->slots[h->count]);
		theirs[h->count] = pair[1];
	}
	return true;
}

struct hashers *crypto_hashers_start(unsigned threads)
{
	int theirs[HASHERS_MAX] = { 0 };
	if (threads > HASHERS_MAX)
		return NULL;
	struct hashers *h = calloc(1, sizeof *h + threads * sizeof h->slots[0]);
	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->help, NULL);
	cond_init(&h->freed);
	h->process = connect_slots(h, threads, theirs) ? fork() : -1;
	if (h->process == 0)
		process_run(h, theirs);
	for (unsigned i = 0; i < h->count; i++)
		close(theirs[i]);
	if (h->process < 0 || !all_ready(h)) {
		crypto_hashers_stop(h);
		return NULL;
	}
	return h;
}

void crypto_hashers_stop(struct hashers *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->count; i++)
		close(h->slots[i].fd);
	if (h->process > 0) {
		kill(h->process, SIGKILL);
		while (waitpid(h->process, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	pthread_cond_destroy(&h->freed);
	pthread_mutex_destroy(&h->help);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

bool crypto_hashers_lost(const struct hashers *h)
{
	return h && atomic_load(&h->lost);
}

pid_t hashers_process(const struct hashers *h)
{
	return h->process;
}

/* ---- who asks ---- */

enum answer { ANSWER_THERE, ANSWER_LATE, ANSWER_NEVER }; /* never: the process has ended */

static struct slot *slot_take(struct hashers *h, int64_t late_us)
{
	pthread_mutex_lock(&h->lock);
	bool in_time = true;
	while (!h->free && in_time)
		in_time = cond_wait_until(&h->freed, &h->lock, late_us);
	struct slot *s = h->free;
	if (s)
		h->free = s->next;
	pthread_mutex_unlock(&h->lock);
	return s;
}

static void slot_give_back(struct hashers *h, struct slot *s)
{
	pthread_mutex_lock(&h->lock);
	slot_put(h, s);
	pthread_cond_signal(&h->freed);
	pthread_mutex_unlock(&h->lock);
}

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

static enum answer receive(struct slot *s, struct reply *r, int64_t late_us)
{
	for (;;) {
		const int64_t left_us = late_us - clock_monotonic_us();
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

/* False: it is to be done here. */
static bool done_there(struct hashers *h, struct hash_work *w, enum err *e)
{
	const int64_t late_us = clock_monotonic_us() + LATE_US +
				LATE_US_A_KIB_PASS * (int64_t)w->phc.memory_kib * w->phc.passes;
	struct slot *s = w->password.n <= PASSWORD_MAX ? slot_take(h, late_us) : NULL;
	struct reply r = { .number = 0 };
	if (!s)
		return false;
	enum answer got = order(s, w);
	if (got == ANSWER_THERE)
		got = receive(s, &r, late_us);
	slot_give_back(h, s);
	if (got == ANSWER_THERE && !is_right(&r, w))
		got = ANSWER_NEVER;
	if (got == ANSWER_NEVER)
		atomic_store(&h->lost, true);
	if (got == ANSWER_THERE) {
		*e = r.err;
		memcpy(w->text, r.text, sizeof w->text);
		memcpy(w->hash, r.hash, sizeof w->hash);
	}
	crypto_wipe(&r, sizeof r);
	return got == ANSWER_THERE;
}

enum err hashers_do(struct hashers *h, struct hash_work *w)
{
	enum err e = ERR_OK;
	if (!h)
		return hash_work_do(w);
	if (!atomic_load(&h->lost) && done_there(h, w, &e))
		return e;
	pthread_mutex_lock(&h->help);
	e = hash_work_do(w);
	pthread_mutex_unlock(&h->help);
	return e;
}
