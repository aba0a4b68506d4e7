/* Notes: small writes that nobody waits for, such as when a session was last used. A thread
 * writes those that came together in one transaction. A full disk or a held lock therefore takes
 * nothing from the reader who caused the note; notes that cannot be written are dropped and
 * counted, and the log says when that begins and ends. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOTES_MAX = 4096,      /* that wait; 0.6 MiB */
	BATCH_MAX = 256,       /* that share a transaction */
	PAUSE_FIRST_MS = 1000, /* after a failed write, doubled up to: */
	PAUSE_MOST_MS = 30000,
};

/* A copy of what db_note was given: the caller does not wait, so nothing may point to its stack.
 * each: written by db_tx_each, and may share a transaction with others of its kind; else alone, by
 * db_tx. */
struct note {
	db_fn *fn;
	bool each;
	size_t n;
	_Alignas(max_align_t) char arg[DB_NOTE_BYTES];
};
struct db_notes {
	struct thread_worker worker; /* its lock is that of what follows */
	pthread_cond_t done;
	bool failing;        /* the last write was not well: nobody waits for the next */
	size_t first, count; /* in the ring */
	uint64_t put, past;  /* notes so far; of them written, or lost by a write */
	uint64_t lost;
	struct note ring[NOTES_MAX];
	/* ---- the thread's alone ---- */
	unsigned pause_ms;    /* 0: the last write was well */
	uint64_t lost_before; /* when the failures began */
	struct note batch[BATCH_MAX];
	size_t batch_count;
};

static struct note note_of(const struct db_note *what)
{
	struct note note = { .fn = what->fn, .each = what->each, .n = what->n };
	memcpy(note.arg, what->arg, what->n);
	return note;
}

/* ---- writing ---- */

/* Two processes that note the same sessions lock their rows in one order. */
static int by_arg(const void *a, const void *b)
{
	return memcmp(((const struct note *)a)->arg, ((const struct note *)b)->arg, DB_NOTE_BYTES);
}

static enum err batch_tx(struct db_conn *c, void *arg)
{
	struct db_notes *q = arg;
	enum err e = ERR_OK;
	for (size_t i = 0; i < q->batch_count && e == ERR_OK; i++)
		e = q->batch[i].fn(c, q->batch[i].arg);
	return e;
}

static enum err batch_write(struct db *db, struct db_notes *q)
{
	if (!q->batch[0].each)
		return db_tx(db, q->batch[0].fn, q->batch[0].arg);
	qsort(q->batch, q->batch_count, sizeof q->batch[0], by_arg);
	return db_tx_each(db, batch_tx, q);
}

/* The first note, and those behind it that may share its transaction; under the lock. */
static void batch_take(struct db_notes *q)
{
	q->batch_count = 0;
	while (q->count > 0 && q->batch_count < BATCH_MAX) {
		const struct note *next = &q->ring[q->first];
		if (q->batch_count > 0 && !(q->batch[0].each && next->each))
			break;
		q->batch[q->batch_count++] = *next;
		q->first = (q->first + 1) % NOTES_MAX;
		q->count--;
	}
}

/* ---- the thread ---- */

static uint64_t lose(struct db_notes *q, size_t count)
{
	pthread_mutex_lock(&q->worker.lock);
	q->lost += count;
	const uint64_t lost = q->lost;
	pthread_mutex_unlock(&q->worker.lock);
	return lost;
}

static unsigned pause_after(unsigned pause_ms)
{
	if (pause_ms == 0)
		return PAUSE_FIRST_MS;
	return pause_ms < PAUSE_MOST_MS / 2 ? 2 * pause_ms : PAUSE_MOST_MS;
}

static void failed(struct db *db, struct db_notes *q, enum err e)
{
	const uint64_t lost = lose(q, q->batch_count);
	if (q->pause_ms == 0) {
		q->lost_before = lost - q->batch_count;
		LOG(db->log, LOG_WARN, "notes_failed", log_z("error", err_name(e)),
			log_z("why", "when sessions and keys were last used cannot be written; "
				     "readers are served"));
	}
	q->pause_ms = pause_after(q->pause_ms);
}

static void written(struct db *db, struct db_notes *q)
{
	if (q->pause_ms == 0)
		return;
	LOG(db->log, LOG_INFO, "notes_written",
		log_int("lost", (int64_t)(lose(q, 0) - q->lost_before)));
	q->pause_ms = 0;
}

static void batch_done(struct db_notes *q, bool well)
{
	pthread_mutex_lock(&q->worker.lock);
	q->failing = !well;
	q->past += q->batch_count;
	pthread_cond_broadcast(&q->done);
	pthread_mutex_unlock(&q->worker.lock);
}

/* False at the end. What still waits then is written, unless writing has just failed. */
static bool batch_wait(struct db_notes *q)
{
	const int64_t from_us = clock_monotonic_us() + (int64_t)q->pause_ms * 1000;
	pthread_mutex_lock(&q->worker.lock);
	(void)thread_worker_sleep(&q->worker, from_us);
	while (!q->worker.ends && q->count == 0)
		pthread_cond_wait(&q->worker.wake, &q->worker.lock);
	batch_take(q);
	const bool ends = q->worker.ends && (q->batch_count == 0 || q->pause_ms > 0);
	pthread_mutex_unlock(&q->worker.lock);
	return !ends;
}

static void *notes_main(void *arg)
{
	struct db *db = arg;
	struct db_notes *q = db->notes;
	while (batch_wait(q)) {
		const enum err e = batch_write(db, q);
		if (e == ERR_OK)
			written(db, q);
		else
			failed(db, q, e);
		batch_done(q, e == ERR_OK);
	}
	return NULL;
}

/* ---- from outside ---- */

static void put(struct db_notes *q, const struct note *note, unsigned wait_ms)
{
	const int64_t end_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
	pthread_mutex_lock(&q->worker.lock);
	if (q->count == NOTES_MAX) {
		q->lost++;
		pthread_mutex_unlock(&q->worker.lock);
		return;
	}
	q->ring[(q->first + q->count++) % NOTES_MAX] = *note;
	const uint64_t number = ++q->put;
	pthread_cond_signal(&q->worker.wake);
	bool in_time = wait_ms > 0;
	while (in_time && q->past < number && !q->failing)
		in_time = thread_cond_wait_until(&q->done, &q->worker.lock, end_us);
	pthread_mutex_unlock(&q->worker.lock);
}

void db_note(struct db *db, const struct db_note *what)
{
	if (what->n > DB_NOTE_BYTES)
		return;
	struct note note = note_of(what);
	if (db->notes)
		put(db->notes, &note, what->wait_ms);
	else /* a failure is in the log already */
		(void)!(note.each ? db_tx_each(db, note.fn, note.arg)
				  : db_tx(db, note.fn, note.arg));
}

enum err db_notes_start(struct db *db)
{
	struct db_notes *q = calloc(1, sizeof *q);
	if (!q)
		return ERR_NOMEM;
	thread_cond_init(&q->done);
	db->notes = q;
	if (thread_worker_start(&q->worker, notes_main, db))
		return ERR_OK;
	pthread_cond_destroy(&q->done);
	db->notes = NULL;
	free(q);
	return ERR_UNAVAILABLE;
}

void db_notes_stop(struct db *db)
{
	struct db_notes *q = db->notes;
	if (!q)
		return;
	thread_worker_stop(&q->worker);
	pthread_cond_destroy(&q->done);
	db->notes = NULL;
	free(q);
}

uint64_t db_notes_lost(struct db *db)
{
	return db->notes ? lose(db->notes, 0) : 0;
}
