/* Hashers: threads for Argon2 and nothing else, which run when nobody else wants the processor: a
 * storm of log-ins is not noticed by readers. One may be kept waiting for long in the middle of its
 * work, so they share as little as can be: of our locks the one below, which only log-ins take.
 * What is left is the kernel's lock of the address space, which libsodium's mmap takes for each
 * hash (docs/design.md has figures).
 *
 * On a machine that never rests they would be kept waiting for ever. So whoever has waited for a
 * second does the work on its own thread after all, one at a time. What a hasher was doing for it
 * comes to nothing. */
#include "hasher.h"

#include "postern/thread.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LATE_US = 1000000, NICE_LEAST = 19, HASHERS_MAX = 256, STOP_GRACE_S = 10 };

struct job {
	struct job *next;
	struct hash_work work;
	enum { QUEUED, AT_WORK, DONE } state;
	enum err result;
	bool left; /* nobody waits any more: its hasher frees it */
	char password[];
};
struct hashers {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct job *first, *last; /* not taken yet */
	bool helping;             /* one who waited works for itself */
	bool ends;
	unsigned running;
	pthread_t threads[];
};

/* ---- jobs ---- */

/* With a password of its own, for the caller's may be gone before a hasher is done with it. */
static struct job *job_new(const struct hash_work *w)
{
	struct job *j = calloc(1, sizeof *j + w->password.n + 1);
	if (!j)
		return NULL;
	j->work = *w;
	if (w->password.n > 0)
		memcpy(j->password, w->password.p, w->password.n);
	j->work.password.p = j->password;
	return j;
}

static void job_free(struct job *j)
{
	if (!j)
		return;
	crypto_wipe(j, sizeof *j + j->work.password.n);
	free(j);
}

static void queue(struct hashers *h, struct job *j)
{
	if (h->last)
		h->last->next = j;
	else
		h->first = j;
	h->last = j;
	pthread_cond_signal(&h->wake);
}

static struct job *take_first(struct hashers *h)
{
	struct job *j = h->first;
	if (j) {
		h->first = j->next;
		h->last = h->first ? h->last : NULL;
		j->state = AT_WORK;
	}
	return j;
}

static void take_out(struct hashers *h, const struct job *j)
{
	struct job **at = &h->first, *before = NULL;
	while (*at != j) {
		before = *at;
		at = &before->next;
	}
	*at = j->next;
	if (h->last == j)
		h->last = before;
}

/* ---- hashers ---- */

/* SCHED_IDLE also makes other threads that wake up come to this core as to a free one. Where one of
 * these is not allowed, the other serves, or none: the work is done all the same. */
static void give_way(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LEAST);
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
}

static void *hasher_main(void *arg)
{
	struct hashers *h = arg;
	give_way();
	pthread_mutex_lock(&h->lock);
	while (!h->ends) {
		struct job *j = take_first(h);
		if (!j) {
			pthread_cond_wait(&h->wake, &h->lock);
			continue;
		}
		pthread_mutex_unlock(&h->lock);
		enum err e = hash_work_do(&j->work);
		pthread_mutex_lock(&h->lock);
		j->result = e;
		j->state = DONE;
		if (j->left)
			job_free(j);
		else
			pthread_cond_broadcast(&h->done);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

struct hashers *crypto_hashers_start(unsigned threads)
{
	if (threads > HASHERS_MAX)
		return NULL;
	struct hashers *h = calloc(1, sizeof *h + threads * sizeof h->threads[0]);
	if (!h)
		return NULL;
	pthread_mutex_init(&h->lock, NULL);
	cond_init(&h->wake);
	cond_init(&h->done);
	while (h->running < threads && thread_start(&h->threads[h->running], hasher_main, h))
		h->running++;
	if (h->running < threads) {
		crypto_hashers_stop(h);
		return NULL;
	}
	return h;
}

static bool all_ended(struct hashers *h)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until); /* the one that pthread_timedjoin_np goes by */
	until.tv_sec += STOP_GRACE_S;
	while (h->running > 0 &&
		pthread_timedjoin_np(h->threads[h->running - 1], NULL, &until) == 0)
		h->running--;
	return h->running == 0;
}

void crypto_hashers_stop(struct hashers *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->ends = true;
	pthread_cond_broadcast(&h->wake);
	pthread_mutex_unlock(&h->lock);
	if (!all_ended(h))
		return; /* what they use is left to them; the process is about to end */
	pthread_cond_destroy(&h->wake);
	pthread_cond_destroy(&h->done);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- who asks ---- */

/* Under the lock, which is given up for the work. */
static enum err help(struct hashers *h, struct job *j, struct hash_work *w)
{
	if (j->state == QUEUED) {
		take_out(h, j);
		j->state = DONE; /* as far as hashers go */
	}
	h->helping = true;
	pthread_mutex_unlock(&h->lock);
	enum err e = hash_work_do(w);
	pthread_mutex_lock(&h->lock);
	h->helping = false;
	pthread_cond_broadcast(&h->done); /* the next one may */
	return e;
}

static enum err await(struct hashers *h, struct job *j, struct hash_work *w)
{
	const int64_t late_us = clock_monotonic_us() + LATE_US;
	while (j->state != DONE) {
		bool late = clock_monotonic_us() >= late_us;
		if (late && !h->helping)
			return help(h, j, w);
		if (late)
			pthread_cond_wait(&h->done, &h->lock);
		else
			(void)cond_wait_until(&h->done, &h->lock, late_us);
	}
	memcpy(w->text, j->work.text, sizeof w->text);
	memcpy(w->hash, j->work.hash, sizeof w->hash);
	return j->result;
}

enum err hashers_do(struct hashers *h, struct hash_work *w)
{
	if (!h)
		return hash_work_do(w);
	struct job *j = job_new(w);
	if (!j)
		return ERR_NOMEM;
	pthread_mutex_lock(&h->lock);
	queue(h, j);
	enum err e = await(h, j, w);
	j->left = j->state == AT_WORK;
	if (!j->left)
		job_free(j);
	pthread_mutex_unlock(&h->lock);
	return e;
}
