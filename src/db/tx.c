/* Transactions on an engine with many writers (PostgreSQL): runs them in the caller's thread,
 * repeats one that the engine refused for serialisation, and looks up the outcome when the
 * connection broke during COMMIT. */
#include "internal.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

enum verdict {
	DONE,     /* well or not, as the error says */
	AGAIN,    /* nothing of it stays */
	IN_DOUBT, /* the answer to COMMIT did not come */
};
/* One transaction, over all its tries. The changes are told to the subscriber only of the try that
 * committed. */
struct attempt {
	enum driver_begin kind;
	db_fn *fn;
	void *arg;
	bool conflicted; /* once: a second time it is the data's, not another transaction's */
	enum err err;
	struct driver_mark mark;
	struct db_changes changes;
	char message[DB_WHY_SIZE]; /* of the engine */
};

/* A unique key may say no where a serial order would have shown the row before: once more, and the
 * function sees it. */
static bool runs_again(struct db_conn *c, struct attempt *a, enum err e)
{
	if (e == ERR_CONFLICT && !a->conflicted) {
		a->conflicted = true;
		return true;
	}
	return e == ERR_BUSY || (e == ERR_UNAVAILABLE && !c->db->driver->alive(c->handle));
}

static enum verdict attempt_failed(struct db_conn *c, struct attempt *a, enum err e)
{
	const struct driver *d = c->db->driver;
	a->err = e;
	snprintf(a->message, sizeof a->message, "%s", d->message(c->handle));
	bool again = runs_again(c, a, e);
	d->rollback(c->handle);
	return again ? AGAIN : DONE;
}

static enum verdict attempt_commit(struct db_conn *c, struct attempt *a)
{
	const struct driver *d = c->db->driver;
	enum err e = d->commit(c->handle);
	a->err = e;
	if (e == ERR_OK)
		return DONE;
	if (d->in_doubt(c->handle, &a->mark))
		return IN_DOUBT;
	return attempt_failed(c, a, e);
}

/* One try from BEGIN to COMMIT. A statement that failed decides, even if the function went on and
 * returned ERR_OK. */
static enum verdict attempt_run(struct db_conn *c, struct attempt *a)
{
	const struct driver *d = c->db->driver;
	c->tx_aborted = ERR_OK;
	c->writer = true;
	enum err e = d->begin(c->handle, a->kind);
	if (e != ERR_OK)
		return attempt_failed(c, a, e);
	a->changes.count = 0;
	a->changes.many = false;
	c->changes = &a->changes;
	e = a->fn(c, a->arg);
	c->changes = NULL;
	if (c->tx_aborted != ERR_OK) { /* whatever the function made of it */
		enum verdict v = attempt_failed(c, a, c->tx_aborted);
		a->err = v == DONE && e != ERR_OK ? e : a->err;
		return v;
	}
	if (e == ERR_OK)
		return attempt_commit(c, a);
	d->rollback(c->handle);
	a->err = e;
	return DONE;
}

/* ---- looking whether it committed ---- */
static enum err look_once(struct db *db, const struct attempt *a, bool *committed)
{
	struct db_conn *c = NULL;
	enum err e = db_pool_acquire(db, &c);
	if (e != ERR_OK)
		return e;
	e = db->driver->look(c->handle, &a->mark, committed);
	db_pool_release(db, c);
	return e;
}

static enum verdict commit_look_up(struct db *db, struct attempt *a)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)DB_DOUBT_MS * 1000;
	bool committed = false;
	enum err e = look_once(db, a, &committed);
	while (e != ERR_OK && clock_monotonic_us() < end_us) {
		db_sleep_us(db_jitter_us(DB_DOUBT_PAUSE_MS));
		e = look_once(db, a, &committed);
	}
	const char *found = committed ? "committed" : "not_committed";
	LOG(db->log, e == ERR_OK ? LOG_WARN : LOG_ERROR, "db_commit_unknown",
		log_z("message", a->message), log_z("found", e == ERR_OK ? found : "nothing"));
	a->err = e == ERR_OK ? ERR_OK : ERR_UNAVAILABLE;
	return e == ERR_OK && !committed ? AGAIN : DONE;
}

static enum verdict attempt(struct db *db, struct attempt *a)
{
	struct db_conn *c = NULL;
	a->err = db_pool_acquire(db, &c);
	if (a->err != ERR_OK)
		return DONE;
	enum verdict v = attempt_run(c, a);
	db_pool_release(db, c);
	return v == IN_DOUBT ? commit_look_up(db, a) : v;
}

/* Beside all others of this process, or, for one that met them again and again, alone. Waits no
 * longer than one waits for a lock: then it runs all the same. */
static enum verdict attempt_lined_up(struct db *db, struct attempt *a, bool alone)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += db->busy_timeout_ms / 1000 + 1;
	int fault = -1;
	if (a->kind == DRIVER_WRITE)
		fault = alone ? pthread_rwlock_timedwrlock(&db->turn, &until)
			      : pthread_rwlock_timedrdlock(&db->turn, &until);
	enum verdict v = attempt(db, a);
	if (fault == 0)
		pthread_rwlock_unlock(&db->turn);
	return v;
}

/* A transaction of a request gives up after a few tries, for somebody waits for its answer; a
 * migration goes on, for it lets go of what it cannot have at once. */
struct patience {
	int64_t end_us;
	unsigned tries, pause_ms;
};
static struct patience patience_of(const struct db *db, enum driver_begin kind)
{
	const bool migrates = kind == DRIVER_MIGRATE;
	const int64_t ms = migrates ? DB_MIGRATE_MS : db->busy_timeout_ms;
	return (struct patience){ .end_us = clock_monotonic_us() + ms * 1000,
		.tries = migrates ? UINT_MAX : DB_TRIES_MAX,
		.pause_ms = DB_RETRY_FIRST_MS };
}

static void pause_longer(struct patience *p)
{
	db_sleep_us(db_jitter_us(p->pause_ms));
	p->pause_ms = 2 * p->pause_ms < DB_RETRY_MAX_MS ? 2 * p->pause_ms : DB_RETRY_MAX_MS;
}

enum err db_tx_concurrent(struct db *db, enum driver_begin kind, db_fn *fn, void *arg)
{
	struct attempt a = { .kind = kind, .fn = fn, .arg = arg };
	struct patience p = patience_of(db, kind);
	unsigned tries = 1;
	enum verdict v = attempt_lined_up(db, &a, false);
	for (; v == AGAIN && !db_stopped(db) && tries < p.tries && clock_monotonic_us() < p.end_us;
		tries++) {
		pause_longer(&p);
		v = attempt_lined_up(db, &a, tries >= DB_TRIES_FREE);
	}
	if (v == AGAIN && a.err == ERR_BUSY)
		LOG(db->log, LOG_WARN, "db_busy", log_int("tries", tries),
			log_z("message", a.message));
	db_stats_add(db, (struct db_stats){ .transactions = a.err == ERR_OK,
				 .commits = a.err == ERR_OK,
				 .again = tries - 1 });
	db_changes_tell(db, &a.changes, v == DONE && a.err == ERR_OK);
	/* Looked up, not committed, and no try left: it did not happen, and one may ask again. */
	return v == AGAIN && a.err == ERR_OK ? ERR_UNAVAILABLE : a.err;
}

enum err db_marks_purge(struct db *db)
{
	struct db_conn *c = NULL;
	if (!db->driver->concurrent)
		return ERR_OK;
	enum err e = db_pool_acquire(db, &c);
	if (e != ERR_OK)
		return e;
	e = db_error(c, "tx_mark", db->driver->forget(c->handle));
	db_pool_release(db, c);
	return e;
}
