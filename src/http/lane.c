/* Lanes: a bounded queue and a few threads that take from it.
 *
 * In a fair lane the requests of one source wait in a queue of their own, and the sources take
 * turns, so that one that asks without pause delays another by its own turn and no more. Where one
 * request may take long, a source may not have all threads either: then there is one for the
 * others at once. A lane that is not fair has one source for all, and is first in, first out.
 *
 * A source is looked for one by one: there are no more than requests that wait, and what they wait
 * for costs a thousand times as much as the look. A table by hash would be one more to aim at. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* The requests of one address that wait here, and how many of its requests have a thread. */
struct source {
	struct source *next; /* in turn, or free */
	struct exchange *first, *last;
	size_t waiting, running; /* never both 0 while in turn */
	uint8_t prefix[16];
};
/* `sources` has one for each request that can wait or run, so that none has to be allocated while
 * serving. waiting + reserved <= capacity. */
struct lane_pool {
	struct lane_settings s;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct source *head, *tail; /* in turn */
	struct source *free;        /* each has a request that waits, or a thread */
	struct source *sources;
	size_t waiting, reserved;
	uint64_t refused;
	bool closed, abandon;
	unsigned running; /* threads that were started */
	pthread_t threads[];
};

/* ---- sources; all under the lock ---- */

static struct ip prefix_of(const struct lane_pool *l, const struct exchange *x)
{
	return l->s.fair ? ip_prefix(x->req.client, 32, 64) : (struct ip){ 0 };
}

static struct source *source_find(const struct lane_pool *l, const struct ip *prefix)
{
	struct source *s = l->head;
	while (s && memcmp(s->prefix, prefix->b, sizeof s->prefix) != 0)
		s = s->next;
	return s;
}

static void source_to_end(struct lane_pool *l, struct source *s)
{
	s->next = NULL;
	if (l->tail)
		l->tail->next = s;
	else
		l->head = s;
	l->tail = s;
}

/* A source that comes, or comes back, waits for one turn of each that is there. */
static struct source *source_add(struct lane_pool *l, const struct ip *prefix)
{
	struct source *s = l->free;
	l->free = s->next;
	*s = (struct source){ 0 };
	memcpy(s->prefix, prefix->b, sizeof s->prefix);
	source_to_end(l, s);
	return s;
}

static bool may_run(const struct lane_pool *l, const struct source *s)
{
	return s->waiting > 0 && (s->running < l->s.each || l->closed);
}

static void source_remove(struct lane_pool *l, struct source *before, struct source *s)
{
	if (before)
		before->next = s->next;
	else
		l->head = s->next;
	if (l->tail == s)
		l->tail = before;
}

/* The first request of the source whose turn it is, `*from`; NULL when none may run. */
static struct exchange *next_in_turn(struct lane_pool *l, struct source **from)
{
	struct source *before = NULL, *s = l->head;
	while (s && !may_run(l, s)) {
		before = s;
		s = s->next;
	}
	if (!s)
		return NULL;
	source_remove(l, before, s);
	source_to_end(l, s);
	struct exchange *x = s->first;
	s->first = x->next;
	if (s->first)
		s->first->prev = NULL;
	s->waiting--;
	s->running++;
	l->waiting--;
	*from = s;
	return x;
}

/* A request of this source is done. */
static void source_done(struct lane_pool *l, struct source *s)
{
	s->running--;
	if (s->waiting > 0 || s->running > 0)
		return;
	struct source *before = NULL;
	for (struct source *at = l->head; at != s; at = at->next)
		before = at;
	source_remove(l, before, s);
	s->next = l->free;
	l->free = s;
}

/* Takes out the last request of the source with most, for one that will still have fewer with the
 * newcomer; NULL when there is none. The difference of two keeps equals from pushing each other
 * out in turn, and leaves every source that is there at least one. */
static struct exchange *displace(struct lane_pool *l, const struct ip *newcomer)
{
	struct source *most = l->head;
	for (struct source *s = l->head; s; s = s->next)
		most = s->waiting > most->waiting ? s : most;
	const struct source *own = source_find(l, newcomer);
	if (!most || (own ? own->waiting : 0) + 1 >= most->waiting)
		return NULL;
	struct exchange *x = most->last;
	most->last = x->prev;
	most->last->next = NULL;
	most->waiting--;
	l->waiting--;
	return x;
}

/* ---- the lane ---- */

/* The next request, or NULL when the lane is closed and nothing can come any more. `*of`: whose
 * request this thread is done with, or NULL; then whose it has now. */
static struct exchange *exchange_take(struct lane_pool *l, struct source **of, bool *abandon)
{
	struct exchange *x = NULL;
	pthread_mutex_lock(&l->lock);
	if (*of)
		source_done(l, *of);
	while (!(x = next_in_turn(l, of)) && !(l->closed && l->waiting == 0 && l->reserved == 0))
		pthread_cond_wait(&l->wake, &l->lock);
	*abandon = l->abandon;
	pthread_mutex_unlock(&l->lock);
	return x;
}

static void *lane_main(void *arg)
{
	struct lane_pool *l = arg;
	bool abandon = false;
	struct source *of = NULL;
	struct exchange *x = NULL;
	while ((x = exchange_take(l, &of, &abandon)))
		l->s.run(x, abandon);
	return NULL;
}

struct lane_pool *http_lane_start(const struct lane_settings *s)
{
	struct lane_pool *l = calloc(1, sizeof *l + s->threads * sizeof l->threads[0]);
	if (!l)
		return NULL;
	const size_t sources = (size_t)s->capacity + s->threads;
	l->sources = calloc(sources, sizeof *l->sources);
	if (!l->sources) {
		free(l);
		return NULL;
	}
	for (size_t i = 0; i < sources; i++) {
		l->sources[i].next = l->free;
		l->free = &l->sources[i];
	}
	l->s = *s;
	l->s.each = s->fair && s->each > 0 ? s->each : s->threads;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	for (unsigned i = 0; i < s->threads; i++) {
		if (!thread_start(&l->threads[i], lane_main, l)) {
			http_lane_stop(l, true);
			http_lane_free(l);
			return NULL;
		}
		l->running++;
	}
	return l;
}

bool http_lane_reserve(struct lane_pool *l, const struct exchange *x)
{
	const struct ip prefix = prefix_of(l, x);
	struct exchange *displaced = NULL;
	pthread_mutex_lock(&l->lock);
	bool ok = !l->closed;
	if (ok && l->waiting + l->reserved >= l->s.capacity) {
		displaced = displace(l, &prefix);
		ok = displaced != NULL;
	}
	if (ok)
		l->reserved++;
	if (!ok || displaced)
		l->refused++;
	pthread_mutex_unlock(&l->lock);
	/* The place that is now reserved keeps http_lane_stop from returning before this is done.
	 */
	if (displaced)
		l->s.refuse(displaced);
	return ok;
}

void http_lane_push(struct lane_pool *l, struct exchange *x)
{
	const struct ip prefix = prefix_of(l, x);
	pthread_mutex_lock(&l->lock);
	struct source *s = source_find(l, &prefix);
	if (!s)
		s = source_add(l, &prefix);
	x->next = NULL;
	x->prev = s->waiting > 0 ? s->last : NULL;
	if (x->prev)
		x->prev->next = x;
	else
		s->first = x;
	s->last = x;
	s->waiting++;
	l->waiting++;
	l->reserved--;
	if (l->closed)
		pthread_cond_broadcast(&l->wake);
	else
		pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

void http_lane_stop(struct lane_pool *l, bool abandon)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->closed = true;
	l->abandon = abandon;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->running; i++)
		pthread_join(l->threads[i], NULL);
	l->running = 0;
}

void http_lane_free(struct lane_pool *l)
{
	if (!l)
		return;
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l->sources);
	free(l);
}

struct lane_stats http_lane_stats(struct lane_pool *l)
{
	pthread_mutex_lock(&l->lock);
	struct lane_stats out = { l->waiting, l->s.capacity, l->refused };
	pthread_mutex_unlock(&l->lock);
	return out;
}
