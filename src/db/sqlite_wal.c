/* The checkpoints of a program that serves: what was committed is copied from the log (-wal) into
 * the file by a thread of its own. SQLite would do it inside the commit that makes the log long,
 * and all writers would wait for the disk. https://www.sqlite.org/wal.html#ckpt
 *
 * A passive checkpoint waits for nobody and nobody waits for it. But the log begins anew only with
 * a commit that finds all of it copied, so the longer the log, the less is left to copy each time.
 * While there is never a moment without a commit the log grows all the same; then the last pages
 * are copied under the lock of writers. */
#include "sqlite.h"
#include "sqlite_file.h"

#include "postern/thread.h"

#include <stdlib.h>

enum {
	DUE_PAGES = 1000,        /* committed since the last checkpoint, until the next … */
	LONG_PAGES = 4096,       /* … while the log is no longer than this, 16 MiB … */
	LONG_DUE_PAGES = 64,     /* … and when it is */
	RESTART_PAGES = 12288,   /* in the log, 48 MiB, until writers wait for it */
	RESTART_LEFT_PAGES = 64, /* that may be left to copy meanwhile … */
	RESTART_PASSES_MAX = 4,  /* … unless they write as fast as the disk copies */
	RESTART_WAIT_MS = 20,    /* for those who read from the log */
};

struct checkpointer {
	struct thread_worker worker; /* its lock is that of the two numbers */
	int pages;                   /* in the log, after the last commit of this program */
	int seen;                    /* in it when a checkpoint began last */
	struct driver_conn *conn;    /* the thread's alone */
};

static bool is_due(const struct checkpointer *k)
{
	return k->pages - k->seen >= (k->pages < LONG_PAGES ? DUE_PAGES : LONG_DUE_PAGES);
}

/* After each commit, on the thread that writes. */
static int committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct checkpointer *k = arg;
	(void)db, (void)name;

	pthread_mutex_lock(&k->worker.lock);
	k->pages = pages;
	if (pages < k->seen)
		k->seen = 0; /* the log has begun anew */
	if (is_due(k))
		pthread_cond_signal(&k->worker.wake);
	pthread_mutex_unlock(&k->worker.lock);
	return SQLITE_OK;
}

static int pages_left(struct checkpointer *k, int copied)
{
	pthread_mutex_lock(&k->worker.lock);
	int left = k->pages - copied;
	pthread_mutex_unlock(&k->worker.lock);
	return left;
}

static void restart(const struct driver_conn *c)
{
	bool turn = db_sqlite_turn_take(c);
	(void)sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	if (turn)
		db_sqlite_turn_give(c);
}

/* What fails here fails for who commits as well, and is told of there. */
static void checkpoint(struct checkpointer *k)
{
	sqlite3 *db = k->conn->db;
	int rc = SQLITE_OK, pages = 0, copied = 0, passes = 0;
	do
		rc = sqlite3_wal_checkpoint_v2(
			db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	while (rc == SQLITE_OK && pages >= RESTART_PAGES && copied == pages &&
		pages_left(k, copied) > RESTART_LEFT_PAGES && ++passes < RESTART_PASSES_MAX);
	/* copied < pages: somebody reads an old state and would be waited for in vain */
	if (rc == SQLITE_OK && pages >= RESTART_PAGES && copied == pages)
		restart(k->conn);
}

static void *checkpointer_main(void *arg)
{
	struct checkpointer *k = arg;
	pthread_mutex_lock(&k->worker.lock);
	while (!k->worker.ends) {
		if (!is_due(k)) {
			pthread_cond_wait(&k->worker.wake, &k->worker.lock);
			continue;
		}
		k->seen = k->pages;
		pthread_mutex_unlock(&k->worker.lock);
		checkpoint(k);
		pthread_mutex_lock(&k->worker.lock);
	}
	pthread_mutex_unlock(&k->worker.lock);
	return NULL;
}

enum err db_sqlite_checkpointer_start(
	struct driver_conn *c, const struct driver_target *t, char why[static DB_WHY_SIZE])
{
	struct driver_target own = *t;
	struct checkpointer *k = calloc(1, sizeof *k);
	own.writer = own.serving = false; /* a checkpoint is no statement that writes */
	enum err e = k ? db_sqlite_open(&own, &k->conn, why) : ERR_NOMEM;
	if (e == ERR_OK) {
		k->conn->busy_ms = RESTART_WAIT_MS;
		k->conn->turn = db_sqlite_turn_open(t->location);
	}
	if (e == ERR_OK && !thread_worker_start(&k->worker, checkpointer_main, k)) {
		db_sqlite_close(k->conn);
		e = ERR_NOMEM;
	}
	if (e != ERR_OK) {
		free(k);
		return e;
	}
	c->checkpointer = k;
	sqlite3_wal_hook(c->db, committed, k);
	return ERR_OK;
}

void db_sqlite_checkpointer_stop(struct driver_conn *c)
{
	struct checkpointer *k = c->checkpointer;
	if (!k)
		return;
	sqlite3_wal_hook(c->db, NULL, NULL);
	thread_worker_stop(&k->worker);
	db_sqlite_close(k->conn);
	free(k);
}
