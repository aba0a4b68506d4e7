/* /health/ready: whether the database does what serving needs, including a write. A frozen
 * database can hold a call for a long time, so a thread tries and the health check answers within
 * a second with the last result. Nothing is tried while nobody asks. */
#include "internal.h"

#include "postern/queries/probe.h"
#include "postern/thread.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	WAIT_US = 900000,  /* for an answer; the rest of the second is the way of the request */
	FRESH_US = 200000, /* many who ask at once are told the same */
	PROBE_KEEP_S = 86400,
};

enum step { STEP_NONE, STEP_WRITE, STEP_READ };

struct readiness {
	struct db *db;
	const struct clock *clock;
	char id[ID_SIZE];            /* of this process's row */
	struct thread_worker worker; /* its lock is that of what follows */
	pthread_cond_t done;
	bool asked;
	enum step under_way; /* STEP_NONE: nothing is tried now */
	int64_t begun_us;    /* the last probe */
	uint64_t ended;      /* probes */
	enum step failed;    /* in the last one that ended, or STEP_NONE, with err */
	enum err err;
};

/* ---- what is tried ---- */

/* By keys that nobody has, so that each probe goes another way through the indexes. */
static enum err look(const struct readiness *r)
{
	uint8_t hash[HASH_BYTES];
	char id[ID_SIZE];
	crypto_random(hash, sizeof hash);
	crypto_id_make(id);
	return q_probe_look(r->db, hash, id);
}

static void under_way(struct readiness *r, enum step step)
{
	pthread_mutex_lock(&r->worker.lock);
	r->under_way = step;
	pthread_mutex_unlock(&r->worker.lock);
}

/* The write first: after it SQLite's other connections read the file and not what they keep. */
static void probe(struct readiness *r)
{
	enum step failed = STEP_WRITE;
	enum err e = q_probe_put(r->db, r->id, clock_now_s(r->clock));
	if (!e) {
		failed = STEP_READ;
		under_way(r, STEP_READ);
		e = look(r);
	}
	pthread_mutex_lock(&r->worker.lock);
	r->under_way = STEP_NONE;
	r->failed = e ? failed : STEP_NONE;
	r->err = e;
	r->ended++;
	pthread_cond_broadcast(&r->done);
	pthread_mutex_unlock(&r->worker.lock);
}

static bool wait_for_question(struct readiness *r)
{
	pthread_mutex_lock(&r->worker.lock);
	while (!r->asked && !r->worker.ends)
		pthread_cond_wait(&r->worker.wake, &r->worker.lock);
	const bool ends = r->worker.ends;
	r->asked = false;
	if (!ends) {
		r->begun_us = clock_monotonic_us();
		r->under_way = STEP_WRITE;
	}
	pthread_mutex_unlock(&r->worker.lock);
	return !ends;
}

static void *readiness_main(void *arg)
{
	struct readiness *r = arg;
	while (wait_for_question(r))
		probe(r);
	return NULL;
}

/* ---- who asks ---- */

/* Under the lock. Waits for a probe that began now, or lately; for one that has been under way for
 * long already there is nothing to wait for. */
static void await_probe(struct readiness *r, int64_t now_us)
{
	const uint64_t ended = r->ended;
	bool in_time = true;
	if (r->under_way == STEP_NONE && r->ended > 0 && now_us - r->begun_us < FRESH_US)
		return;
	if (r->under_way == STEP_NONE) {
		r->asked = true;
		r->begun_us = now_us;
		r->under_way = STEP_WRITE;
		pthread_cond_signal(&r->worker.wake);
	}
	const int64_t end_us = r->begun_us + WAIT_US;
	while (r->ended == ended && in_time && clock_monotonic_us() < end_us)
		in_time = thread_cond_wait_until(&r->done, &r->worker.lock, end_us);
}

static const char *failed_text(const struct readiness *r, struct arena *a)
{
	const char *verb = r->failed == STEP_WRITE ? "written" : "read";
	if (r->failed == STEP_NONE)
		return NULL;
	return arena_fmt(a, "the database cannot be %s: %s\n", verb, err_name(r->err));
}

/* Under the lock. */
static const char *probe_fault(const struct readiness *r, struct arena *a)
{
	if (r->under_way == STEP_WRITE)
		return "the database does not answer to a write\n";
	if (r->under_way == STEP_READ)
		return "the database does not answer to a read\n";
	return failed_text(r, a);
}

const char *app_readiness_fault(struct readiness *r, struct arena *a)
{
	pthread_mutex_lock(&r->worker.lock);
	await_probe(r, clock_monotonic_us());
	const char *fault = probe_fault(r, a);
	pthread_mutex_unlock(&r->worker.lock);
	if (!fault && db_damaged(r->db))
		return "the database is damaged: see event=db_failed in the log, and run postern "
		       "db check\n";
	return fault;
}

/* ---- start and stop ---- */

enum err app_readiness_start(struct db *db, const struct clock *clock, struct readiness **out)
{
	struct readiness *r = calloc(1, sizeof *r);
	if (!r)
		return ERR_NOMEM;
	r->db = db;
	r->clock = clock;
	crypto_id_make(r->id);
	thread_cond_init(&r->done);
	if (!thread_worker_start(&r->worker, readiness_main, r)) {
		pthread_cond_destroy(&r->done);
		free(r);
		return ERR_UNAVAILABLE;
	}
	*out = r;
	return ERR_OK;
}

void app_readiness_stop(struct readiness *r)
{
	if (!r)
		return;
	thread_worker_stop(&r->worker);
	pthread_cond_destroy(&r->done);
	free(r);
}

enum err app_readiness_purge(struct db_sweeper *s)
{
	return db_sweep(s, &(struct db_sweep){ .name = "probes",
				   .purge = q_probe_purge,
				   .before_s = s->now_s - PROBE_KEEP_S });
}
