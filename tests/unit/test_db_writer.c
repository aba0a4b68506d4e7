/* The writer and the readers under many threads: shared commits, savepoints, snapshots, full disks.
 */
#include "db_help.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>

/* ---- a gate: a transaction that holds the writer until as many others wait as the test wants ----
 */
struct gate {
	struct db *db;
	sem_t inside, open;
	pthread_t thread;
};

static enum err gate_fn(struct db_conn *c, void *arg)
{
	struct gate *g = arg;
	(void)c;
	sem_post(&g->inside);
	sem_wait(&g->open);
	return ERR_SPENT; /* nothing to commit */
}

static void *gate_main(void *arg)
{
	struct gate *g = arg;
	return db_tx(g->db, gate_fn, g) == ERR_SPENT ? NULL : g;
}

static void gate_close(struct gate *g, struct db *db)
{
	g->db = db;
	sem_init(&g->inside, 0, 0);
	sem_init(&g->open, 0, 0);
	assert_int_equal(pthread_create(&g->thread, NULL, gate_main, g), 0);
	sem_wait(&g->inside);
}

static size_t waiting(struct db *db)
{
	size_t n = 0;
	pthread_mutex_lock(&db->writer.lock);
	for (const struct db_job *j = db->writer.first; j; j = j->next)
		n++;
	pthread_mutex_unlock(&db->writer.lock);
	return n;
}

static void gate_open(struct gate *g, size_t wanted)
{
	while (waiting(g->db) < wanted)
		usleep(1000);
	sem_post(&g->open);
	void *failed = NULL;
	pthread_join(g->thread, &failed);
	assert_null(failed);
	sem_destroy(&g->inside);
	sem_destroy(&g->open);
}

/* ---- many threads, one transaction each ---- */
enum { THREADS_MAX = 128 };
struct one {
	struct db *db;
	db_fn *fn;
	char id[24];
	int number;
	enum err err;
	int64_t changed;
	pthread_t thread;
};

static void *one_main(void *arg)
{
	struct one *o = arg;
	o->err = db_tx(o->db, o->fn, o);
	return NULL;
}

static void many_start(struct one *all, int count, struct db *db, db_fn *fn)
{
	for (int i = 0; i < count; i++) {
		all[i] = (struct one){ .db = db, .fn = fn, .number = i };
		snprintf(all[i].id, sizeof all[i].id, "k%d", i);
		assert_int_equal(pthread_create(&all[i].thread, NULL, one_main, &all[i]), 0);
	}
}

static void many_join(struct one *all, int count)
{
	for (int i = 0; i < count; i++)
		pthread_join(all[i].thread, NULL);
}

static enum err kind_in(struct db_conn *c, const char *id)
{
	return db_run(c,
		&(struct db_call){ .query = (enum query)Q_KIND_PUT,
			DB_PARAMS(db_z(id), db_int(1), db_z_or_null(NULL), db_z_or_null(NULL)) },
		NULL);
}

static enum err one_put(struct db_conn *c, void *arg)
{
	const struct one *o = arg;
	return kind_in(c, o->id);
}

/* Goal: transactions that wait together share one commit, up to the maximum of a group. */
static void test_group_commit(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int threads;
		uint64_t commits;
	} cases[] = { { 1, 1 }, { 40, 1 }, { 100, 2 } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct one all[THREADS_MAX];
		struct gate gate;
		struct put wipe = { Q_KIND_WIPE, { { 0 } }, 0, 0 };
		assert_int_equal(db_tx(f->db, put_fn, &wipe), ERR_OK);
		struct db_stats before = db_stats_get(f->db);
		gate_close(&gate, f->db);
		many_start(all, cases[i].threads, f->db, one_put);
		gate_open(&gate, (size_t)cases[i].threads);
		many_join(all, cases[i].threads);
		struct db_stats after = db_stats_get(f->db);
		assert_int_equal(after.transactions - before.transactions, cases[i].threads);
		assert_int_equal(after.commits - before.commits, cases[i].commits);
		assert_int_equal(count_of(f->db, Q_KIND_COUNT), cases[i].threads);
	}
}

enum { STRESS_THREADS = 12, STRESS_EACH = 40 };
static void *stress_main(void *arg)
{
	struct one *o = arg;
	char prefix[24];
	memcpy(prefix, o->id, sizeof prefix);
	for (int i = 0; i < STRESS_EACH && o->err == ERR_OK; i++) {
		snprintf(o->id, sizeof o->id, "%.8s-%d", prefix, i);
		o->err = db_tx(o->db, one_put, o);
		if (o->err == ERR_OK && count_of(o->db, Q_KIND_COUNT) < i + 1)
			o->err = ERR_INTERNAL;
	}
	return NULL;
}

/* Goal: whatever was acknowledged is there, for the next reader and after closing. */
static void test_all_durable(void **state)
{
	struct fixture *f = *state;
	struct one all[STRESS_THREADS];
	for (int i = 0; i < STRESS_THREADS; i++) {
		all[i] = (struct one){ .db = f->db };
		snprintf(all[i].id, sizeof all[i].id, "t%d", i);
		assert_int_equal(pthread_create(&all[i].thread, NULL, stress_main, &all[i]), 0);
	}
	many_join(all, STRESS_THREADS);
	for (int i = 0; i < STRESS_THREADS; i++)
		assert_int_equal(all[i].err, ERR_OK);
	db_close(f->db);
	f->db = fixture_open(f, DB_TOOL);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), STRESS_THREADS * STRESS_EACH);
}

static enum err sometimes_fails(struct db_conn *c, void *arg)
{
	const struct one *o = arg;
	enum err e = kind_in(c, o->id);
	if (e != ERR_OK || o->number % 5 > 1)
		return e;
	return o->number % 5 == 0 ? ERR_DENIED : kind_in(c, o->id);
}

/* Goal: of many in one commit, those that fail leave nothing, and the others notice nothing. */
static void test_failures_in_a_group(void **state)
{
	struct fixture *f = *state;
	struct one all[30];
	struct gate gate;
	gate_close(&gate, f->db);
	many_start(all, 30, f->db, sometimes_fails);
	gate_open(&gate, 30);
	many_join(all, 30);
	static const enum err want[] = { ERR_DENIED, ERR_CONFLICT, ERR_OK, ERR_OK, ERR_OK };
	for (int i = 0; i < 30; i++)
		assert_int_equal(all[i].err, want[i % 5]);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 18);
	struct db_stats s = db_stats_get(f->db);
	assert_int_equal(s.commits, 2); /* the migration, and this */
}

static enum err spend_fn(struct db_conn *c, void *arg)
{
	struct one *o = arg;
	enum err e = db_run(c,
		&(struct db_call){ .query = (enum query)Q_TOKEN_SPEND,
			DB_PARAMS(db_z("token"), db_int(o->number + 1)) },
		&o->changed);
	if (e == ERR_OK && o->changed != 1)
		return ERR_SPENT;
	return e;
}

/* Goal: a single-use token is spent once, however many come at once. */
static void test_spent_once(void **state)
{
	struct fixture *f = *state;
	struct put token = { Q_TOKEN_PUT, { db_z("token") }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &token), ERR_OK);
	struct one all[50];
	many_start(all, 50, f->db, spend_fn);
	many_join(all, 50);
	int spent = 0;
	for (int i = 0; i < 50; i++) {
		spent += all[i].err == ERR_OK;
		assert_true(all[i].err == ERR_OK || all[i].err == ERR_SPENT);
	}
	assert_int_equal(spent, 1);
}

/* ---- full disk ---- */
static enum err limit_fn(struct db_conn *c, void *arg)
{
	return c->db->driver->script(c->handle, arg);
}

static enum err big_put(struct db_conn *c, void *arg)
{
	const struct one *o = arg;
	static const char bytes[400 * 1024];
	enum err e = kind_in(c, o->id);
	if (e != ERR_OK || o->number != 3)
		return e;
	char id[32];
	snprintf(id, sizeof id, "%s-big", o->id);
	return db_run(c,
		&(struct db_call){ .query = (enum query)Q_KIND_PUT,
			DB_PARAMS(db_z(id), db_int(1), db_z_or_null(NULL),
				db_blob(bytes, sizeof bytes)) },
		NULL);
}

/* Goal: when the disk is full the one that needs room fails whole; its neighbours in the group are
 * written. */
static void test_disk_full(void **state)
{
	struct fixture *f = *state;
	struct one all[10];
	struct gate gate;
	assert_int_equal(db_tx(f->db, limit_fn, "PRAGMA max_page_count = 40"), ERR_OK);
	gate_close(&gate, f->db);
	many_start(all, 10, f->db, big_put);
	gate_open(&gate, 10);
	many_join(all, 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(all[i].err, i == 3 ? ERR_UNAVAILABLE : ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 9);
	char why[DB_WHY_SIZE];
	assert_int_equal(db_check(f->db, why), ERR_OK);
	/* Goal: room again, work again. */
	assert_int_equal(db_tx(f->db, limit_fn, "PRAGMA max_page_count = 4000"), ERR_OK);
	all[3].number = 3;
	assert_int_equal(db_tx(f->db, big_put, &all[3]), ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 11);
}

static enum err blob_put(struct db_conn *c, void *arg)
{
	const struct one *o = arg;
	static const char bytes[30 * 1024];
	return db_run(c,
		&(struct db_call){ .query = (enum query)Q_KIND_PUT,
			DB_PARAMS(db_z(o->id), db_int(1), db_z_or_null(NULL),
				db_blob(bytes, sizeof bytes)) },
		NULL);
}

/* Goal: when the commit itself finds no room, all who shared it are told so, and nothing of theirs
 * is there. */
static void test_commit_finds_no_room(void **state)
{
	struct fixture *f = *state;
	struct one all[8];
	struct gate gate;
	struct rlimit before, small;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 131072;
	gate_close(&gate, f->db);
	many_start(all, 8, f->db, blob_put);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	gate_open(&gate, 8);
	many_join(all, 8);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(all[i].err, ERR_UNAVAILABLE);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 0);
	many_start(all, 8, f->db, blob_put);
	many_join(all, 8);
	for (int i = 0; i < 8; i++)
		assert_int_equal(all[i].err, ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 8);
	char why[DB_WHY_SIZE];
	assert_int_equal(db_check(f->db, why), ERR_OK);
}

static enum err late_orphan(struct db_conn *c, void *arg)
{
	const struct one *o = arg;
	if (o->number != 2)
		return kind_in(c, o->id);
	enum err e = c->db->driver->script(c->handle, "PRAGMA defer_foreign_keys = ON");
	struct put p = { Q_CHILD_PUT, { db_z("c"), db_z("nobody") }, 2, 0 };
	return e == ERR_OK ? put_fn(c, &p) : e;
}

/* Goal: a key that is wrong only at the commit fails its own transaction, not its neighbours'. */
static void test_key_checked_at_commit(void **state)
{
	struct fixture *f = *state;
	struct one all[5];
	struct gate gate;
	gate_close(&gate, f->db);
	many_start(all, 5, f->db, late_orphan);
	gate_open(&gate, 5);
	many_join(all, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(all[i].err, i == 2 ? ERR_CONFLICT : ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 4);
	assert_int_equal(count_of(f->db, Q_CHILD_COUNT), 0);
}

/* ---- scopes ---- */
struct nest {
	struct db *outer, *inner;
	bool inner_writes;
	bool outer_in, inner_in;
	enum err err;
};

static enum err nothing_fn(struct db_conn *c, void *arg)
{
	(void)c;
	(void)arg;
	return ERR_OK;
}

static enum err nest_fn(struct db_conn *c, void *arg)
{
	struct nest *n = arg;
	(void)c;
	n->outer_in = db_in_tx(n->outer);
	n->inner_in = db_in_tx(n->inner);
	n->err = n->inner_writes ? db_tx(n->inner, nothing_fn, NULL)
				 : db_read(n->inner, nothing_fn, NULL);
	return ERR_OK;
}

/* Goal: a transaction inside another of the same database is refused, in every order, and does no
 * lasting harm. */
static void test_nesting_refused(void **state)
{
	struct fixture *f = *state;
	struct db *second = fixture_open(f, DB_TOOL);
	for (int i = 0; i < 8; i++) {
		struct nest n = { f->db, i & 4 ? second : f->db, i & 1, false, false, ERR_OK };
		assert_int_equal(
			i & 2 ? db_tx(f->db, nest_fn, &n) : db_read(f->db, nest_fn, &n), ERR_OK);
		/* The second handle stands for another database; two writers of one file would
		 * wait. */
		bool waits = (i & 4) && (i & 2) && (i & 1);
		enum err want = i & 4 ? (waits ? ERR_BUSY : ERR_OK) : ERR_INTERNAL;
		assert_int_equal(n.err, want);
		assert_true(n.outer_in);
		assert_int_equal(n.inner_in, !(i & 4));
		assert_false(db_in_tx(f->db));
	}
	db_close(second);
}

/* ---- readers ---- */
static enum err snapshot_fn(struct db_conn *c, void *arg)
{
	struct fixture *f = arg;
	struct count a = { Q_KIND_COUNT, -1 }, b = a;
	enum err e = count_fn(c, &a);
	if (e != ERR_OK)
		return e;
	struct one other = { .db = f->db, .fn = one_put, .id = "meanwhile" };
	pthread_create(&other.thread, NULL, one_main, &other);
	pthread_join(other.thread, NULL);
	e = other.err == ERR_OK ? count_fn(c, &b) : other.err;
	return e == ERR_OK && a.n != b.n ? ERR_INTERNAL : e;
}

/* Goal: a reader sees one state from beginning to end, and keeps no writer waiting. */
static void test_snapshot(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(db_read(f->db, snapshot_fn, f), ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
}

struct crowd {
	struct db *db;
	pthread_mutex_t lock;
	int inside, most, done;
};
static enum err crowd_fn(struct db_conn *c, void *arg)
{
	struct crowd *w = arg;
	(void)c;
	pthread_mutex_lock(&w->lock);
	w->most = ++w->inside > w->most ? w->inside : w->most;
	pthread_mutex_unlock(&w->lock);
	usleep(2000);
	pthread_mutex_lock(&w->lock);
	w->inside--;
	w->done++;
	pthread_mutex_unlock(&w->lock);
	return ERR_OK;
}
static void *crowd_main(void *arg)
{
	struct crowd *w = arg;
	return db_read(w->db, crowd_fn, w) == ERR_OK ? NULL : w;
}

/* Goal: more threads than connections wait their turn; none is turned away, no connection is lent
 * twice. */
static void test_pool_waits(void **state)
{
	struct fixture *f = *state;
	struct crowd w = { .db = f->db, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[20];
	for (int i = 0; i < 20; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &w), 0);
	for (int i = 0; i < 20; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(w.done, 20);
	assert_int_equal(w.most, 3);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DB(test_group_commit),
		ON_DB(test_all_durable),
		ON_DB(test_failures_in_a_group),
		ON_DB(test_spent_once),
		ON_DB(test_disk_full),
		ON_DB(test_commit_finds_no_room),
		ON_DB(test_key_checked_at_commit),
		ON_DB(test_nesting_refused),
		ON_DB(test_snapshot),
		ON_DB(test_pool_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
