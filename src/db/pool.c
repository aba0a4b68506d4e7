/* The pool of connections: opens them, lends them, replaces those that failed. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* ---- time ---- */
int64_t db_jitter_us(unsigned ms)
{
	uint32_t random = 0;
	int64_t us = (int64_t)ms * 1000;
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return us;
	return us / 2 + us / 2 * random / UINT32_MAX;
}

void db_sleep_us(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		continue;
}

int64_t db_backoff_us(unsigned failures)
{
	unsigned ms = DB_BACKOFF_FIRST_MS;
	for (unsigned i = 1; i < failures && ms < DB_BACKOFF_MAX_MS; i++)
		ms *= 2;
	return db_jitter_us(ms < DB_BACKOFF_MAX_MS ? ms : DB_BACKOFF_MAX_MS);
}

/* ---- one connection ---- */
static size_t stmt_count(const struct db *db)
{
	return db->schema.query_count + DB_OWN_COUNT + db->schema.table_count * DB_TABLE_TEXTS;
}

void db_conn_close(struct db_conn *c)
{
	if (!c)
		return;
	for (size_t i = 0; c->stmts && i < stmt_count(c->db); i++)
		if (c->stmts[i])
			c->db->driver->finish(c->stmts[i]);
	if (c->handle)
		c->db->driver->close(c->handle);
	free(c->stmts);
	free(c);
}

struct driver_target db_target(const struct db *db, bool writer)
{
	return (struct driver_target){ .location = db->location,
		.writer = writer,
		.serving = db->use == DB_SERVE,
		.looking = db->use == DB_LOOK,
		.busy_timeout_ms = db->busy_timeout_ms,
		.stop = db->stop };
}

enum err db_conn_open(
	struct db *db, bool writer, struct db_conn **out, char why[static DB_WHY_SIZE])
{
	struct db_conn *c = calloc(1, sizeof *c);
	if (c)
		*c = (struct db_conn){ .db = db, .writer = writer };
	if (c)
		c->stmts = calloc(stmt_count(db), sizeof(struct driver_stmt *));
	if (!c || !c->stmts) {
		free(c);
		snprintf(why, DB_WHY_SIZE, "no memory for a database connection");
		return ERR_NOMEM;
	}
	const struct driver_target t = db_target(db, writer);
	enum err e = db->driver->open(&t, &c->handle, why);
	if (e != ERR_OK) {
		db_conn_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

/* ---- lending; all under the lock ---- */
static void drop(struct db_pool *p, struct db_conn *c)
{
	db_conn_close(c);
	p->count--;
	if (p->count == 0)
		p->down = false; /* nobody knows yet: the keeper tries at once */
	pthread_cond_signal(&p->keeper_wake);
}

static struct db_conn *idle_take(struct db *db)
{
	struct db_pool *p = &db->pool;
	while (p->idle_count > 0) {
		struct db_conn *c = p->idle[--p->idle_count];
		if (db->driver->alive(c->handle))
			return c;
		drop(p, c);
	}
	return NULL;
}

/* How long a caller waits: for one that others use as long as for a lock, for a first one less. */
static int64_t wait_end_us(const struct db *db, int64_t start_us)
{
	unsigned ms = db->busy_timeout_ms;
	if (db->pool.count == 0 && ms > DB_CONNECT_WAIT_MS)
		ms = DB_CONNECT_WAIT_MS;
	return start_us + (int64_t)ms * 1000;
}

static enum err conn_take(struct db *db, struct db_conn **out)
{
	struct db_pool *p = &db->pool;
	int64_t start_us = clock_monotonic_us();
	while (!(*out = idle_take(db))) {
		int64_t end_us = wait_end_us(db, start_us);
		if (p->closing || (p->down && p->count == 0))
			return ERR_UNAVAILABLE;
		if (clock_monotonic_us() >= end_us)
			return p->count == 0 ? ERR_UNAVAILABLE : ERR_BUSY;
		p->waiting++;
		pthread_cond_signal(&p->keeper_wake);
		thread_cond_wait_until(&p->wake, &p->lock, end_us);
		p->waiting--;
	}
	return ERR_OK;
}

enum err db_pool_acquire(struct db *db, struct db_conn **out)
{
	pthread_mutex_lock(&db->pool.lock);
	enum err e = conn_take(db, out);
	pthread_mutex_unlock(&db->pool.lock);
	return e;
}

void db_pool_release(struct db *db, struct db_conn *c)
{
	struct db_pool *p = &db->pool;
	bool alive = db->driver->alive(c->handle);
	pthread_mutex_lock(&p->lock);
	if (alive)
		p->idle[p->idle_count++] = c;
	else
		drop(p, c);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

/* ---- the keeper ---- */
static bool one_is_wanted(const struct db_pool *p)
{
	return p->count == 0 || (p->waiting > p->idle_count && p->count < p->size);
}

static void say(struct db *db, bool down, const char *why)
{
	if (down)
		LOG(db->log, LOG_WARN, "db_unreachable", log_z("why", why));
	else
		LOG(db->log, LOG_INFO, "db_reachable", log_z("database", db->shown));
}

/* Not woken by callers: the pause is there so that they do not storm the server. */
static void keeper_pause(struct db_pool *p, unsigned failures)
{
	int64_t end_us = clock_monotonic_us() + db_backoff_us(failures);
	while (!p->closing && clock_monotonic_us() < end_us)
		thread_cond_wait_until(&p->keeper_wake, &p->lock, end_us);
}

/* Under the lock, which is given up while it connects. */
static bool keeper_open(struct db *db)
{
	struct db_pool *p = &db->pool;
	struct db_conn *c = NULL;
	char why[DB_WHY_SIZE] = "";
	pthread_mutex_unlock(&p->lock);
	enum err e = db_conn_open(db, true, &c, why);
	pthread_mutex_lock(&p->lock);
	if (e == ERR_OK) {
		p->count++;
		p->idle[p->idle_count++] = c;
	}
	if (p->down != (e != ERR_OK))
		say(db, e != ERR_OK, why);
	p->down = e != ERR_OK;
	pthread_cond_broadcast(&p->wake);
	return e == ERR_OK;
}

static void *keeper_main(void *arg)
{
	struct db *db = arg;
	struct db_pool *p = &db->pool;
	unsigned failures = 0;
	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		if (!one_is_wanted(p))
			pthread_cond_wait(&p->keeper_wake, &p->lock);
		else if (keeper_open(db))
			failures = 0;
		else
			keeper_pause(p, ++failures);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static bool keeper_start(struct db *db)
{
	db->pool.keeping = thread_start(&db->pool.keeper, keeper_main, db);
	return db->pool.keeping;
}

/* ---- opening and closing ---- */
static bool pool_make(struct db_pool *p, size_t size)
{
	pthread_mutex_init(&p->lock, NULL);
	thread_cond_init(&p->wake);
	thread_cond_init(&p->keeper_wake);
	p->size = size < DB_CONNECTIONS_MAX ? size : DB_CONNECTIONS_MAX;
	if (size == 0)
		p->size = 1;
	p->idle = calloc(p->size, sizeof(struct db_conn *));
	return p->idle;
}

enum err db_pool_open(struct db *db, size_t size, char why[static DB_WHY_SIZE])
{
	struct db_pool *p = &db->pool;
	if (!pool_make(p, size)) {
		snprintf(why, DB_WHY_SIZE, "no memory for %zu database connections", size);
		return ERR_NOMEM;
	}
	size_t first = db->driver->concurrent ? 1 : p->size;
	while (p->count < first) {
		struct db_conn *c = NULL;
		enum err e = db_conn_open(db, db->driver->concurrent, &c, why);
		if (e != ERR_OK)
			return e;
		p->idle[p->idle_count++] = c;
		p->count++;
	}
	if (!db->driver->concurrent || keeper_start(db))
		return ERR_OK;
	snprintf(why, DB_WHY_SIZE, "cannot start the thread that connects to the database");
	return ERR_UNAVAILABLE;
}

void db_pool_close(struct db *db)
{
	struct db_pool *p = &db->pool;
	if (p->size == 0)
		return; /* was never made */
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->keeper_wake);
	pthread_mutex_unlock(&p->lock);
	if (p->keeping)
		pthread_join(p->keeper, NULL);
	for (size_t i = 0; i < p->idle_count; i++)
		db_conn_close(p->idle[i]);
	free(p->idle);
	pthread_cond_destroy(&p->wake);
	pthread_cond_destroy(&p->keeper_wake);
	pthread_mutex_destroy(&p->lock);
}
