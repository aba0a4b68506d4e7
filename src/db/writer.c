/* Transactions on an engine with one writer (SQLite): a thread takes those that wait, runs each
 * in a savepoint and commits them together, so that many share one wait for the disk. A caller
 * hears of success only after that commit. */
#include "internal.h"

/* A savepoint for each job: what fails takes back its own writes, and the group goes on. */
static enum err job_run(struct db_conn *c, struct db_job *job)
{
	const struct driver *d = c->db->driver;
	c->tx_aborted = ERR_OK;
	enum err e = d->savepoint(c->handle);
	if (e != ERR_OK)
		return db_error(c, "savepoint", e);
	job->changes.count = 0;
	job->changes.many = false;
	c->changes = &job->changes;
	e = job->fn(c, job->arg);
	c->changes = NULL;
	if (e == ERR_OK)
		e = c->tx_aborted;
	if (e == ERR_OK)
		return db_error(c, "release", d->release(c->handle));
	/* When this fails the transaction is lost, which group_run asks about. */
	if (d->in_tx(c->handle) && d->rollback_to(c->handle) != ERR_OK)
		d->rollback(c->handle);
	return e;
}

/* The jobs that share one commit, and so one wait for the disk. */
struct group {
	struct db_job *jobs[DB_GROUP_MAX];
	size_t count;
};

/* Runs and commits; `*lost` when one job cost all the transaction. */
static enum err group_run(struct db_conn *c, const struct group *g, bool *lost)
{
	const struct driver *d = c->db->driver;
	bool any = false;
	*lost = false;
	enum err e = d->begin(c->handle, DRIVER_WRITE);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < g->count; i++) {
		struct db_job *job = g->jobs[i];
		job->err = job_run(c, job);
		any = any || job->err == ERR_OK;
		if (!d->in_tx(c->handle)) {
			*lost = true;
			return job->err != ERR_OK ? job->err : ERR_UNAVAILABLE;
		}
	}
	e = any ? d->commit(c->handle) : ERR_OK;
	*lost = e == ERR_CONFLICT; /* a key that one of them left to be checked at the end */
	if (e != ERR_OK)
		db_error(c, "commit", e);
	if (d->in_tx(c->handle))
		d->rollback(c->handle);
	return e;
}

/* Again while the database is busy, but no longer than one waits for a lock. */
static enum err group_try(struct db_conn *c, const struct group *g, bool *lost)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)c->db->busy_timeout_ms * 1000;
	enum err e = ERR_BUSY;
	for (int tries = 0; e == ERR_BUSY && tries < DB_TRIES_MAX; tries++) {
		if (tries > 0 && clock_monotonic_us() >= end_us)
			break;
		e = group_run(c, g, lost);
	}
	return e == ERR_BUSY ? db_error(c, "begin", e) : e;
}

static void group_count(struct db *db, const struct group *g)
{
	uint64_t good = 0;
	for (size_t i = 0; i < g->count; i++)
		good += g->jobs[i]->err == ERR_OK;
	db_stats_add(db, (struct db_stats){ .transactions = good, .commits = good > 0 });
}

static void group_write(struct db_writer *w, const struct group *g)
{
	bool lost = false;
	enum err e = group_try(w->conn, g, &lost);
	if (lost && g->count > 1) {
		/* One of them cost the others their transaction: now each stands for itself. */
		for (size_t i = 0; i < g->count; i++)
			group_write(w, &(struct group){ { g->jobs[i] }, 1 });
		return;
	}
	for (size_t i = 0; e != ERR_OK && i < g->count; i++)
		g->jobs[i]->err = e;
	group_count(w->conn->db, g);
}

/* Waits; an empty group is the end. */
static struct group group_take(struct db_writer *w)
{
	struct group g = { .count = 0 };
	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->closing)
		pthread_cond_wait(&w->wake, &w->lock);
	while (w->first && g.count < DB_GROUP_MAX) {
		g.jobs[g.count++] = w->first;
		w->first = w->first->next;
	}
	if (!w->first)
		w->last = &w->first;
	pthread_mutex_unlock(&w->lock);
	return g;
}

/* A job lives on its caller's stack: it is not touched once its lock is given up. */
static void group_wake(struct db_writer *w, const struct group *g)
{
	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < g->count; i++) {
		g->jobs[i]->done = true;
		pthread_cond_signal(&g->jobs[i]->wake);
	}
	pthread_mutex_unlock(&w->lock);
}

static void *writer_main(void *arg)
{
	struct db *db = arg;
	struct db_scope scope;
	if (db_scope_enter(&scope, db) != ERR_OK)
		return NULL;
	for (struct group g = group_take(&db->writer); g.count; g = group_take(&db->writer)) {
		group_write(&db->writer, &g);
		group_wake(&db->writer, &g);
	}
	db_scope_leave(&scope);
	return NULL;
}

enum err db_writer_start(struct db *db, struct db_conn *conn)
{
	struct db_writer *w = &db->writer;
	w->conn = conn;
	w->running = thread_start(&w->thread, writer_main, db);
	return w->running ? ERR_OK : ERR_UNAVAILABLE;
}

void db_writer_stop(struct db *db)
{
	struct db_writer *w = &db->writer;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->running)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}

static enum err job_queue(struct db_writer *w, struct db_job *job)
{
	pthread_mutex_lock(&w->lock);
	if (w->closing) {
		pthread_mutex_unlock(&w->lock);
		return ERR_UNAVAILABLE;
	}
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->wake);
	while (!job->done)
		pthread_cond_wait(&job->wake, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return job->err;
}

static enum err tx_run(struct db *db, db_fn *fn, void *arg)
{
	struct db_job job = { .fn = fn, .arg = arg, .err = ERR_INTERNAL };
	pthread_cond_init(&job.wake, NULL);
	enum err e = job_queue(&db->writer, &job);
	pthread_cond_destroy(&job.wake);
	db_changes_tell(db, &job.changes, e == ERR_OK);
	return e;
}

enum err db_may_write(const struct db *db)
{
	if (db->use != DB_LOOK)
		return ERR_OK;
	LOG(db->log, LOG_ERROR, "db_looks",
		log_z("why", "a write in a program that opened the database for a look"));
	return ERR_INTERNAL;
}

static enum err tx_begin(struct db *db, enum driver_begin kind, db_fn *fn, void *arg)
{
	struct db_scope scope;
	enum err e = db_stopped(db) ? ERR_STOPPED : db_may_write(db);
	if (e == ERR_OK)
		e = db_scope_enter(&scope, db);
	if (e != ERR_OK)
		return e;
	unsigned slot = 0;
	e = db_crowd_enter(db, &slot);
	if (e == ERR_OK) {
		e = db->driver->concurrent ? db_tx_concurrent(db, kind, fn, arg)
					   : tx_run(db, fn, arg);
		db_crowd_leave(db, slot);
	}
	db_scope_leave(&scope);
	return e != ERR_OK && db_stopped(db) ? ERR_STOPPED : e;
}

enum err db_tx(struct db *db, db_fn *fn, void *arg)
{
	return tx_begin(db, DRIVER_WRITE, fn, arg);
}

enum err db_tx_each(struct db *db, db_fn *fn, void *arg)
{
	return tx_begin(db, DRIVER_WRITE_EACH, fn, arg);
}
