/* Lanes: a bounded queue and a few threads that take from it. */
#include "internal.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct lane_pool {
	struct lane_settings s;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct exchange *head, *tail;
	size_t waiting, reserved;
	uint64_t refused;
	bool closed, abandon;
	unsigned running; /* threads that were started */
	pthread_t threads[];
};

/* The next request, or NULL when the lane is closed and nothing can come any more. */
static struct exchange *take(struct lane_pool *l, bool *abandon)
{
	pthread_mutex_lock(&l->lock);
	while (!l->head && !(l->closed && l->reserved == 0)) {
		pthread_cond_wait(&l->wake, &l->lock);
	}
	struct exchange *x = l->head;
	if (x) {
		l->head = x->next;
		l->tail = l->head ? l->tail : NULL;
		l->waiting--;
	}
	*abandon = l->abandon;
	pthread_mutex_unlock(&l->lock);
	return x;
}

static void *lane_main(void *arg)
{
	struct lane_pool *l = arg;
	if (l->s.nice != 0) {
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), l->s.nice);
	}
	bool abandon = false;
	struct exchange *x = NULL;
	while ((x = take(l, &abandon))) {
		l->s.run(x, abandon);
	}
	return NULL;
}

struct lane_pool *http_lane_start(const struct lane_settings *s)
{
	struct lane_pool *l = calloc(1, sizeof *l + s->threads * sizeof l->threads[0]);
	if (!l) {
		return NULL;
	}
	l->s = *s;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	for (unsigned i = 0; i < s->threads; i++) {
		if (pthread_create(&l->threads[i], NULL, lane_main, l) != 0) {
			http_lane_stop(l, true);
			http_lane_free(l);
			return NULL;
		}
		l->running++;
	}
	return l;
}

bool http_lane_reserve(struct lane_pool *l)
{
	pthread_mutex_lock(&l->lock);
	bool ok = !l->closed && l->waiting + l->reserved < l->s.room;
	if (ok) {
		l->reserved++;
	} else {
		l->refused++;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}

void http_lane_push(struct lane_pool *l, struct exchange *x)
{
	pthread_mutex_lock(&l->lock);
	x->next = NULL;
	if (l->tail) {
		l->tail->next = x;
	} else {
		l->head = x;
	}
	l->tail = x;
	l->waiting++;
	l->reserved--;
	if (l->closed) {
		pthread_cond_broadcast(&l->wake);
	} else {
		pthread_cond_signal(&l->wake);
	}
	pthread_mutex_unlock(&l->lock);
}

void http_lane_stop(struct lane_pool *l, bool abandon)
{
	if (!l) {
		return;
	}
	pthread_mutex_lock(&l->lock);
	l->closed = true;
	l->abandon = abandon;
	pthread_cond_broadcast(&l->wake);
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->running; i++) {
		pthread_join(l->threads[i], NULL);
	}
	l->running = 0;
}

void http_lane_free(struct lane_pool *l)
{
	if (!l) {
		return;
	}
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct lane_stats http_lane_stats(struct lane_pool *l)
{
	pthread_mutex_lock(&l->lock);
	struct lane_stats out = { l->waiting, l->s.room, l->refused };
	pthread_mutex_unlock(&l->lock);
	return out;
}
