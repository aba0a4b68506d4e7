/* The change log: rows that say what changed, written in the same transaction as the change.
 * Subscribers in this process are told at once; other processes learn it by watching the table. */
#include "internal.h"

#include "postern/queries/change.h"

#include <stdlib.h>
#include <string.h>

enum {
	WAIT_MS = 250,   /* without a word we look all the same: that is the proof */
	ROWS_MAX = 4096, /* of one look; more is told as "anything may have changed" */
	KEEP_S = 86400,  /* changes are kept for so long, clocks being what they are … */
	ASLEEP_US = 600 * 1000000, /* … and who has not looked for so long flushes */
};

/* ---- watching ---- */

/* One look at the table, in one snapshot. The rows lie in the arena, which ends with the look. */
struct look {
	struct str mark;  /* what this look has seen, in the engine's words */
	const char *from; /* the mark of the last look; NULL: there was none */
	struct arena *arena;
	struct change_since_row *rows;
	size_t count;
};

/* Both statements see the same snapshot: what becomes visible behind it is met by the next look. */
static enum err look_read(struct db_conn *c, void *arg)
{
	struct look *l = arg;
	enum err e = q_change_mark(c, l->arena, &l->mark);
	if (e != ERR_OK || !l->from)
		return e;
	return q_change_since(c, l->from, ROWS_MAX + 1, l->arena, &l->rows, &l->count);
}

static void mark_set(struct db_change_log *f, char *mark)
{
	free(f->mark);
	f->mark = mark;
}

/* One look at the table. The first after connecting (no mark) only finds out where to go on from:
 * what happened before is met by the flush. */
static enum err feed_look(struct db_change_log *f)
{
	ARENA_AUTO *arena = arena_new((size_t)4 << 20);
	int64_t at_us = clock_boot_us();
	struct look l = { .from = f->mark, .arena = arena };
	if (!arena)
		return ERR_NOMEM;
	enum err e = db_snapshot_run(f->conn, look_read, &l);
	char *mark = e == ERR_OK ? strndup(l.mark.p, l.mark.n) : NULL;
	if (!mark)
		return e == ERR_OK ? ERR_NOMEM : e;
	bool asleep = at_us - atomic_load(&f->validated_at_us) > ASLEEP_US;
	bool many = l.count > ROWS_MAX;
	if (!l.from || many || asleep)
		db_changes_flush(f);
	for (size_t i = 0; i < l.count && !many; i++)
		db_change_tell(f, l.rows[i].id, l.rows[i].kind, l.rows[i].key);
	mark_set(f, mark);
	atomic_store(&f->validated_at_us, at_us);
	f->to.validated(f->to.ctx, at_us);
	return ERR_OK;
}

static bool feed_closing(struct db_change_log *f)
{
	pthread_mutex_lock(&f->worker.lock);
	bool closing = f->worker.ends;
	pthread_mutex_unlock(&f->worker.lock);
	return closing;
}

static void feed_pause(struct db_change_log *f, int64_t us)
{
	pthread_mutex_lock(&f->worker.lock);
	(void)thread_worker_sleep(&f->worker, clock_monotonic_us() + us);
	pthread_mutex_unlock(&f->worker.lock);
}

static void feed_disconnect(struct db_change_log *f)
{
	atomic_store(&f->live, false);
	db_conn_close(f->conn);
	f->conn = NULL;
}

static enum err feed_connect(struct db *db, struct db_change_log *f)
{
	char why[DB_WHY_SIZE] = "";
	enum err e = db_conn_open(db, false, &f->conn, why);
	atomic_store(&f->lost, e != ERR_OK);
	mark_set(f, NULL);
	if (e == ERR_OK)
		e = db_error(f->conn, "listen", db->driver->listen(f->conn->handle));
	if (e == ERR_OK)
		e = feed_look(f);
	atomic_store(&f->live, e == ERR_OK);
	if (e != ERR_OK) {
		LOG(db->log, LOG_WARN, "feed_broken", log_z("err", err_name(e)), log_z("why", why));
		feed_disconnect(f);
	}
	return e;
}

static enum err feed_wait(struct db *db, struct db_change_log *f)
{
	bool changed = false;
	enum err e = db->driver->wait(f->conn->handle, WAIT_MS, &changed);
	if (e == ERR_OK)
		e = feed_look(f);
	if (e != ERR_OK) {
		LOG(db->log, LOG_WARN, "feed_broken", log_z("err", err_name(e)),
			log_z("why", db->driver->message(f->conn->handle)));
		atomic_fetch_add(&f->breaks, 1);
		feed_disconnect(f);
	}
	return e;
}

static void feed_run(struct db *db, struct db_change_log *f)
{
	unsigned failures = 0;
	while (!feed_closing(f)) {
		if (f->conn)
			(void)!feed_wait(db, f); /* broken: we connect anew */
		else if (feed_connect(db, f) == ERR_OK)
			failures = 0;
		else
			feed_pause(f, db_backoff_us(++failures));
	}
	feed_disconnect(f);
	mark_set(f, NULL);
}

static void *feed_main(void *arg)
{
	struct db *db = arg;
	struct db_scope scope;
	if (db_scope_enter(&scope, db) != ERR_OK)
		return NULL;
	feed_run(db, &db->feed);
	db_scope_leave(&scope);
	return NULL;
}

/* ---- starting and stopping ---- */

enum err db_change_log_start(struct db *db, const struct db_subscriber *s)
{
	struct db_change_log *f = &db->feed;
	if (f->running)
		return ERR_CONFLICT;
	f->to = *s;
	atomic_store(&f->validated_at_us, clock_boot_us());
	f->running = thread_worker_start(&f->worker, feed_main, db);
	if (f->running)
		return ERR_OK;
	f->to = (struct db_subscriber){ 0 };
	return ERR_UNAVAILABLE;
}

void db_change_log_stop(struct db *db)
{
	struct db_change_log *f = &db->feed;
	if (!f->running)
		return;
	thread_worker_stop(&f->worker);
	f->running = false;
	f->to = (struct db_subscriber){ 0 };
}

struct db_change_log_stats db_change_log_stats_get(struct db *db)
{
	struct db_change_log *f = &db->feed;
	return (struct db_change_log_stats){ .running = f->running,
		.live = atomic_load(&f->live),
		.lost = atomic_load(&f->lost),
		.age_us = clock_boot_us() - atomic_load(&f->validated_at_us),
		.changes = atomic_load(&f->changes),
		.flushes = atomic_load(&f->flushes),
		.breaks = atomic_load(&f->breaks) };
}

bool db_lost(struct db *db)
{
	return atomic_load_explicit(&db->feed.lost, memory_order_relaxed);
}

/* ---- purging ---- */

static enum err marks_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	(void)arg;
	(void)b; /* one for each connection there was */
	return db_marks_purge(s->db);
}

enum err db_changes_purge(struct db_sweeper *s)
{
	const struct db_sweep steps[] = {
		{ .name = "changes", .purge = q_change_purge, .before_s = s->now_s - KEEP_S },
		{ .name = "transaction_marks", .batch = marks_batch },
	};
	return db_sweep_all(s, steps, COUNT(steps));
}
