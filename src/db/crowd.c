/* Limits how many threads may wait to write at once. The server has one request thread more than
 * that, so when writers are held up (another program's lock, a slow disk), a thread stays free
 * for readers. Normally a slot is free within milliseconds; once all slots are taken and none
 * was released for DB_CROWD_MS, the next writer is refused and told to try again. */
#include "internal.h"

#include <stdlib.h>

struct db_crowd {
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	unsigned max, count;
	bool full;       /* the last one who came was refused */
	int64_t left_us; /* when a slot was given back last */
	uint64_t refused;
	int64_t since_us[]; /* of each slot; 0: free */
};

struct db_crowd *db_crowd_new(unsigned max)
{
	struct db_crowd *w = calloc(1, sizeof *w + max * sizeof w->since_us[0]);
	if (!w)
		return NULL;
	w->max = max;
	pthread_mutex_init(&w->lock, NULL);
	thread_cond_init(&w->wake);
	return w;
}

void db_crowd_free(struct db_crowd *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Since when nothing has moved, all slots being taken. */
static int64_t still_since_us(const struct db_crowd *w)
{
	int64_t since_us = INT64_MAX;
	for (unsigned i = 0; i < w->max; i++)
		if (w->since_us[i] && w->since_us[i] < since_us)
			since_us = w->since_us[i];
	return since_us > w->left_us ? since_us : w->left_us;
}

static unsigned slot_take(struct db_crowd *w)
{
	unsigned i = 0;
	while (w->since_us[i])
		i++;
	w->since_us[i] = clock_monotonic_us();
	w->count++;
	return i;
}

/* Under the lock. */
static enum err slot_wait(struct db_crowd *w)
{
	const int64_t patience_us = (int64_t)DB_CROWD_MS * 1000;
	while (w->count >= w->max) {
		int64_t end_us = still_since_us(w) + patience_us;
		if (clock_monotonic_us() >= end_us)
			return ERR_BUSY;
		thread_cond_wait_until(&w->wake, &w->lock, end_us);
	}
	return ERR_OK;
}

enum err db_crowd_enter(struct db *db, unsigned *slot)
{
	struct db_crowd *w = db->crowd;
	if (!w)
		return ERR_OK;
	pthread_mutex_lock(&w->lock);
	enum err e = slot_wait(w);
	bool first = e != ERR_OK && !w->full;
	int64_t still_ms = first ? (clock_monotonic_us() - still_since_us(w)) / 1000 : 0;
	w->full = e != ERR_OK;
	w->refused += e != ERR_OK;
	if (e == ERR_OK)
		*slot = slot_take(w);
	pthread_mutex_unlock(&w->lock);
	if (first)
		LOG(db->log, LOG_WARN, "db_writers_full", log_int("writers", w->max),
			log_int("still_ms", still_ms),
			log_z("why", "no write has ended for so long; more are refused until one "
				     "does, reading goes on"));
	return e;
}

void db_crowd_leave(struct db *db, unsigned slot)
{
	struct db_crowd *w = db->crowd;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->since_us[slot] = 0;
	w->count--;
	w->left_us = clock_monotonic_us();
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

unsigned db_crowd_count(const struct db *db)
{
	pthread_mutex_lock(&db->crowd->lock);
	unsigned n = db->crowd->count;
	pthread_mutex_unlock(&db->crowd->lock);
	return n;
}

uint64_t db_writes_refused(const struct db *db)
{
	struct db_crowd *w = db->crowd;
	if (!w)
		return 0;
	pthread_mutex_lock(&w->lock);
	uint64_t n = w->refused;
	pthread_mutex_unlock(&w->lock);
	return n;
}
