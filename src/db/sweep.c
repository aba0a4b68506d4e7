/* Deletes old rows in batches, each in a transaction of its own. After a batch it rests for as
 * long as the batch took, so that writers come first, and the next batch is sized by the time of
 * the last one, so that nobody waits long for it. */
#include "internal.h"

enum {
	/* Rows. What a commit costs by itself, on a slow disk most of it, no smaller batch would
	 * save. */
	SWEEP_LEAST = 64,
	SWEEP_MOST = 1024,
	SWEEP_SHORT_MS = 15, /* below: twice as many the next time */
	SWEEP_LONG_MS = 40,  /* above: half as many */
	SWEEP_REST_LEAST_MS = 2,
	SWEEP_REST_MOST_MS = 1000,
};

/* One batch of a sweep, inside its transaction. */
struct query_batch {
	const struct db_sweep *step;
	struct db_batch *b;
};

static enum err query_tx(struct db_conn *c, void *arg)
{
	const struct query_batch *q = arg;
	enum err e = q->step->purge(c, q->step->before_s, q->b->max, &q->b->deleted);
	q->b->seen = q->b->deleted;
	return e;
}

static enum err batch_run(struct db_sweeper *s, const struct db_sweep *step, struct db_batch *b)
{
	if (step->batch)
		return step->batch(s, step->arg, b);
	return db_tx_each(s->db, query_tx, &(struct query_batch){ step, b });
}

static int64_t size_least(const struct db_sweep *step)
{
	return step->least ? step->least : SWEEP_LEAST;
}

static int64_t size_next(int64_t max, int64_t ms, int64_t least)
{
	if (ms > SWEEP_LONG_MS)
		return max / 2 > least ? max / 2 : least;
	if (ms < SWEEP_SHORT_MS)
		return max * 2 < SWEEP_MOST ? max * 2 : SWEEP_MOST;
	return max;
}

/* False: the program ends. */
static bool rest(const struct db_sweeper *s, int64_t ms)
{
	int64_t least = ms > SWEEP_REST_LEAST_MS ? ms : SWEEP_REST_LEAST_MS;
	return !s->pause ||
	       s->pause(s->ctx, least < SWEEP_REST_MOST_MS ? (unsigned)least : SWEEP_REST_MOST_MS);
}

static void step_tell(const struct db_sweeper *s, const char *name, const struct db_swept *all)
{
	if (all->deleted > 0)
		LOG(s->db->log, LOG_INFO, "housekeeping", log_z("step", name),
			log_int("deleted", all->deleted), log_int("batches", all->batches),
			log_int("longest_ms", all->longest_ms));
}

/* Batch after batch, each in a transaction of its own, with a rest as long as the batch took:
 * readers' writes come between. */
static enum err step_run(
	struct db_sweeper *s, const struct db_sweep *step, struct db_swept *all, int64_t *ms)
{
	struct db_batch b = { .max = size_least(step) };
	enum err e = ERR_OK;
	for (bool more = true; more && e == ERR_OK;) {
		int64_t start_us = clock_monotonic_us();
		b.seen = b.deleted = 0;
		e = batch_run(s, step, &b);
		*ms = (clock_monotonic_us() - start_us) / 1000;
		all->batches++;
		all->deleted += e == ERR_OK ? b.deleted : 0;
		all->longest_ms = *ms > all->longest_ms ? *ms : all->longest_ms;
		more = e == ERR_OK && b.seen >= b.max;
		b.max = size_next(b.max, *ms, size_least(step));
		if (more)
			s->stopped = !rest(s, *ms);
		more = more && !s->stopped;
	}
	return e;
}

enum err db_sweep(struct db_sweeper *s, const struct db_sweep *step)
{
	struct db_swept all = { 0 };
	int64_t ms = 0;
	if (s->stopped)
		return ERR_OK;
	enum err e = step_run(s, step, &all, &ms);
	step_tell(s, step->name, &all);
	if (e != ERR_OK) {
		s->failed++;
		LOG(s->db->log, LOG_WARN, "housekeeping_failed", log_z("step", step->name),
			log_z("err", err_name(e)));
	}
	/* the next step begins after a rest, too */
	s->stopped = s->stopped || !rest(s, ms);
	return e;
}

enum err db_sweep_all(struct db_sweeper *s, const struct db_sweep *steps, size_t count)
{
	enum err first = ERR_OK;
	for (size_t i = 0; i < count; i++) {
		enum err e = db_sweep(s, &steps[i]);
		first = first != ERR_OK ? first : e;
	}
	return first;
}
