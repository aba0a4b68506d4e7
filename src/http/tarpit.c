/* The tarpit: answers a source that is refused again and again (429, or 503 of a full hash lane)
 * a quarter of a second late. Without it, a few hundred clients that ask in a loop keep the event
 * loop busy with refusals, and readers wait.
 *
 * The first refusals of a source (RATE_REFUSAL) go out at once, so one reader who obeys
 * Retry-After is never delayed. A source is an address and not a connection, since such a client
 * may open a new connection each time. Servers with an API key are never delayed. Refusals before
 * the body was read, which close the connection, and refusals by a handler, whose work is done,
 * go out at once too.
 *
 * A delayed answer holds a connection and its request, so only a part of all connections may be
 * delayed; a flood through a trusted proxy then does not use them up. */
#include "internal.h"

#include <stdlib.h>

/* WAITING_MAX: answers that wait at once, or an eighth (PART) of all connections if that is less.
 */
enum { HOLD_US = 250000, WAITING_MAX = 1024, PART = 8 };

/* All wait equally long, so the queue is in order of due_us and its thread looks at the first
 * alone. */
struct tarpit {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct exchange *first, *last; /* the first is the next to be due */
	size_t waiting, capacity;
	bool ends;
	pthread_t thread;
};

static bool is_delayed(const struct exchange *x)
{
	const struct route *r = x->req.route;
	if (!r || r->rate == RATE_SERVICE)
		return false;
	return x->refused == ERR_LIMITED || (x->refused == ERR_BUSY && r->lane == LANE_HASH);
}

/* Suspended under the lock: it must be so before the thread can take it. */
static bool put(struct tarpit *p, struct exchange *x, int64_t now_us)
{
	pthread_mutex_lock(&p->lock);
	const bool fits = !p->ends && p->waiting < p->capacity;
	if (fits) {
		MHD_suspend_connection(x->mhd);
		x->due_us = now_us + HOLD_US;
		x->next = NULL;
		if (p->last) {
			p->last->next = x;
		} else {
			p->first = x;
			pthread_cond_signal(&p->wake);
		}
		p->last = x;
		p->waiting++;
	}
	pthread_mutex_unlock(&p->lock);
	return fits;
}

bool http_tarpit_hold(struct exchange *x)
{
	struct http *h = x->h;
	const int64_t now_us = clock_monotonic_us();
	int64_t wait_s = 0;
	if (!is_delayed(x) || !x->answer ||
		http_limits_take(h->limits, RATE_REFUSAL, x->req.client, now_us, &wait_s) ||
		!put(h->tarpit, x, now_us)) {
		return false;
	}
	atomic_fetch_add(&h->metrics.delayed, 1);
	return true;
}

/* Under the lock: the next one that is due, NULL at the end. */
static struct exchange *await_due(struct tarpit *p)
{
	for (;;) {
		if (p->ends)
			return p->first;
		if (!p->first)
			pthread_cond_wait(&p->wake, &p->lock);
		else if (p->first->due_us <= clock_monotonic_us())
			return p->first;
		else
			(void)thread_cond_wait_until(&p->wake, &p->lock, p->first->due_us);
	}
}

static struct exchange *due_take(struct tarpit *p)
{
	pthread_mutex_lock(&p->lock);
	struct exchange *x = await_due(p);
	if (x) {
		p->first = x->next;
		p->last = p->first ? p->last : NULL;
		p->waiting--;
	}
	pthread_mutex_unlock(&p->lock);
	return x;
}

static void *tarpit_main(void *arg)
{
	struct tarpit *p = arg;
	struct exchange *x = NULL;
	while ((x = due_take(p))) {
		struct MHD_Connection *mhd = x->mhd;
		x->paused_us = clock_monotonic_us() - (x->due_us - HOLD_US);
		atomic_store(&x->state, EXCHANGE_READY);
		MHD_resume_connection(mhd);
	}
	return NULL;
}

struct tarpit *http_tarpit_start(unsigned connections)
{
	struct tarpit *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->capacity = connections / PART < WAITING_MAX ? connections / PART : WAITING_MAX;
	pthread_mutex_init(&p->lock, NULL);
	thread_cond_init(&p->wake);
	if (!thread_start(&p->thread, tarpit_main, p)) {
		http_tarpit_free(p);
		return NULL;
	}
	return p;
}

void http_tarpit_stop(struct tarpit *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
}

void http_tarpit_free(struct tarpit *p)
{
	if (!p)
		return;
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
