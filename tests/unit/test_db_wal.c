/* Goal: while a program serves a file of SQLite, what is committed gets into the file without a
 * commit that waits for it, the log stays bounded whoever reads and writes, and two programs that
 * write take turns. */
#include "db_help.h"

#include <stdatomic.h>
#include <sys/stat.h>

enum { MIB = 1 << 20, WAIT_TRIES = 3000, WAIT_US = 10000 };

static char blob[MIB];

static off_t size_of(const struct fixture *f, const char *end)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s%s", f->path, end);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static int serving_make(void **state)
{
	char why[DB_WHY_SIZE];

	if (folder_make(state) != 0)
		return -1;
	struct fixture *f = *state;
	f->db = fixture_open(f, DB_SERVE);
	return db_migrate(f->db, why) == ERR_OK ? 0 : -1;
}

/* ---- a row of a mebibyte, written anew each time ---- */
static enum err row_fn(struct db_conn *c, void *arg)
{
	const struct db_param *id = arg;
	struct put old = { Q_KIND_DELETE, { *id }, 1, 0 };
	struct put new = { Q_KIND_PUT, { *id, db_int(1), db_z_or_null(NULL), db_blob(blob, MIB) },
		4, 0 };
	enum err e = put_fn(c, &old);

	return e == ERR_OK ? put_fn(c, &new) : e;
}

/* How long the log was meanwhile, at most. */
static off_t rows_write(const struct fixture *f, int count)
{
	struct db_param id = db_z("row");
	off_t longest = 0;

	for (int i = 0; i < count; i++) {
		memset(blob, i, MIB);
		assert_int_equal(db_tx(f->db, row_fn, &id), ERR_OK);
		off_t size = size_of(f, "-wal");
		longest = size > longest ? size : longest;
	}
	return longest;
}

/* Goal: the file has what was committed while the program goes on, and nobody waits for that. */
static void test_copied(void **state)
{
	struct fixture *f = *state;

	(void)rows_write(f, 12);
	for (int i = 0; i < WAIT_TRIES && size_of(f, "") < MIB; i++)
		usleep(WAIT_US);
	assert_true(size_of(f, "") >= MIB);
}

/* Goal: with the end of the program all is in the file, and the log is gone. */
static void test_ends(void **state)
{
	struct fixture *f = *state;

	(void)rows_write(f, 12);
	db_close(f->db);
	assert_int_equal(size_of(f, "-wal"), -1);
	f->db = fixture_open(f, DB_TOOL);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
}

/* ---- readers ---- */
struct readers {
	struct db *db;
	atomic_bool over, inside;
	pthread_t threads[2];
};

static void *read_main(void *arg)
{
	struct readers *r = arg;

	while (!atomic_load(&r->over))
		if (count_of(r->db, Q_KIND_COUNT) > 1)
			return r;
	return NULL;
}

static enum err hold_fn(struct db_conn *c, void *arg)
{
	struct readers *r = arg;
	struct count to = { Q_KIND_COUNT, -1 };
	enum err e = count_fn(c, &to);

	atomic_store(&r->inside, true);
	while (!atomic_load(&r->over))
		usleep(1000);
	return e;
}

static void *hold_main(void *arg)
{
	struct readers *r = arg;

	return db_read(r->db, hold_fn, r) == ERR_OK ? NULL : r;
}

static void readers_start(struct readers *r, struct db *db, void *(*run)(void *), size_t count)
{
	*r = (struct readers){ .db = db };
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_create(&r->threads[i], NULL, run, r), 0);
}

static void readers_end(struct readers *r, size_t count)
{
	void *failed = NULL;

	atomic_store(&r->over, true);
	for (size_t i = 0; i < count; i++) {
		pthread_join(r->threads[i], &failed);
		assert_null(failed);
	}
}

/* Goal: there is always somebody who reads and somebody who writes, and yet the log begins anew. */
static void test_bounded(void **state)
{
	struct fixture *f = *state;
	struct readers r;

	readers_start(&r, f->db, read_main, 2);
	off_t longest = rows_write(f, 110);
	readers_end(&r, 2);
	assert_in_range(longest, MIB, 90 * MIB);
}

/* Goal: one who reads the same state for long keeps the log, but nobody from writing; and when he
 * has gone, it begins anew. */
static void test_old_reader(void **state)
{
	struct fixture *f = *state;
	struct readers r;

	(void)rows_write(f, 1);
	readers_start(&r, f->db, hold_main, 1);
	while (!atomic_load(&r.inside))
		usleep(1000);
	assert_in_range(rows_write(f, 60), 60 * MIB, 70 * MIB);
	readers_end(&r, 1);
	assert_in_range(rows_write(f, 60), 60 * MIB, 100 * MIB);
}

/* ---- turns ---- */
enum { ROUNDS = 21, UNLUCKY = 2, IMPORTERS = 4 };

struct importer {
	struct db *db;
	atomic_bool over;
	atomic_int count;
	pthread_t threads[IMPORTERS];
};

static enum err import_fn(struct db_conn *c, void *arg)
{
	struct importer *m = arg;
	char id[24];

	snprintf(id, sizeof id, "import%d", atomic_fetch_add(&m->count, 1));
	struct put p = { Q_KIND_PUT_QUIET, { db_z(id) }, 1, 0 };
	usleep(500);
	return put_fn(c, &p);
}

static void *import_main(void *arg)
{
	struct importer *m = arg;

	while (!atomic_load(&m->over))
		if (db_tx(m->db, import_fn, m) != ERR_OK)
			return m;
	return NULL;
}

struct turn {
	struct importer *importer;
	int count;
};

static enum err turn_fn(struct db_conn *c, void *arg)
{
	struct turn *t = arg;
	struct put p = { Q_KIND_PUT_QUIET, { db_z("server") }, 1, 0 };

	t->count = atomic_load(&t->importer->count);
	return put_fn(c, &p);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Goal: beside a program that writes one transaction after the other the server waits for two
 * commits at most, and not for dozens. */
static void test_turns(void **state)
{
	struct fixture *f = *state;
	struct importer m = { .db = fixture_open(f, DB_TOOL) };
	int waited[ROUNDS];
	void *failed = NULL;

	for (size_t i = 0; i < IMPORTERS; i++) /* the lock is free for moments only */
		assert_int_equal(pthread_create(&m.threads[i], NULL, import_main, &m), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct turn t = { &m, 0 };
		usleep(10000);
		int before = atomic_load(&m.count);
		assert_int_equal(db_tx(f->db, turn_fn, &t), ERR_OK);
		waited[i] = t.count - before;
	}
	atomic_store(&m.over, true);
	for (size_t i = 0; i < IMPORTERS; i++) {
		pthread_join(m.threads[i], &failed);
		assert_null(failed);
	}
	db_close(m.db);
	qsort(waited, ROUNDS, sizeof waited[0], by_number);
	assert_in_range(waited[ROUNDS - 1 - UNLUCKY], 0, 2 * IMPORTERS);
}

#define SERVING(test) cmocka_unit_test_setup_teardown(test, serving_make, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVING(test_copied),
		SERVING(test_ends),
		SERVING(test_bounded),
		SERVING(test_old_reader),
		SERVING(test_turns),
	};

	if (on_postgres())
		return 0; /* which has a log of its own, and no turns */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
