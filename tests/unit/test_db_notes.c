/* Goal: a note is written without anybody waiting for it; a lock or a failed write holds nobody up,
 * and what was lost is counted. */
#include "db_help.h"

#include <semaphore.h>

struct mark {
	char id[24];
	bool fails;
};

static enum err mark_fn(struct db_conn *c, void *arg)
{
	const struct mark *m = arg;
	struct put p = { Q_KIND_PUT_QUIET, { db_z(m->id) }, 1, 0 };
	return m->fails ? ERR_UNAVAILABLE : put_fn(c, &p);
}

static void note(struct db *db, const char *id, bool each, unsigned wait_ms)
{
	struct mark m = { .fails = id[0] == '!' };
	snprintf(m.id, sizeof m.id, "%s", id);
	db_note(db, &(struct db_note){ mark_fn, each, &m, sizeof m, wait_ms });
}

/* ---- a lock: a transaction that does not end before it is told ---- */
struct lock {
	struct db *db;
	sem_t inside, open;
	pthread_t thread;
};

static enum err lock_fn(struct db_conn *c, void *arg)
{
	struct lock *l = arg;
	struct put p = { Q_TOKEN_PUT, { db_z("held") }, 1, 0 };
	enum err e = put_fn(c, &p);
	sem_post(&l->inside);
	sem_wait(&l->open);
	return e;
}

static void *lock_main(void *arg)
{
	struct lock *l = arg;
	return db_tx(l->db, lock_fn, l) == ERR_OK ? NULL : l;
}

static void lock_hold(struct lock *l, struct db *db)
{
	l->db = db;
	sem_init(&l->inside, 0, 0);
	sem_init(&l->open, 0, 0);
	assert_int_equal(pthread_create(&l->thread, NULL, lock_main, l), 0);
	sem_wait(&l->inside);
}

static void lock_let_go(struct lock *l)
{
	void *failed = NULL;
	sem_post(&l->open);
	pthread_join(l->thread, &failed);
	assert_null(failed);
}

static void await_kinds(struct db *db, int64_t count)
{
	for (int i = 0; i < 1000 && count_of(db, Q_KIND_COUNT) != count; i++)
		usleep(10000);
	assert_int_equal(count_of(db, Q_KIND_COUNT), count);
}

/* Goal: with nobody to write them, as on the command line, notes are written at once. */
static void at_once(void **state)
{
	struct fixture *f = *state;
	note(f->db, "a", true, 0);
	note(f->db, "b", false, 0);
	note(f->db, "!", false, 0);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 2);
}

/* Goal: all of many notes are written, alone or with others, also those that wait at the end. */
static void many(void **state)
{
	enum { MANY = 1000 };
	struct fixture *f = *state;
	assert_int_equal(db_notes_start(f->db), ERR_OK);
	for (int i = 0; i < MANY; i++) {
		char id[24];
		snprintf(id, sizeof id, "%d", i);
		note(f->db, id, i % 3 != 0, 0);
	}
	db_notes_stop(f->db);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), MANY);
}

/* Goal: who waits finds it written; who waits behind a lock goes on when the time is over, and the
 * note is written later all the same. */
static void behind_a_lock(void **state)
{
	struct fixture *f = *state;
	struct lock l;
	if (on_postgres())
		skip(); /* many write at once there */
	assert_int_equal(db_notes_start(f->db), ERR_OK);
	note(f->db, "first", false, 10000);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
	lock_hold(&l, f->db);
	note(f->db, "second", false, 1);
	note(f->db, "third", true, 0);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
	lock_let_go(&l);
	await_kinds(f->db, 3);
	assert_int_equal(db_notes_lost(f->db), 0);
}

/* Goal: after a write that failed nobody waits, what is lost is counted, no crowd of notes takes
 * memory, and stopping does not try them all. */
static void failing(void **state)
{
	enum { CROWD = 5000, TAKEN = 4096 };
	struct fixture *f = *state;
	assert_int_equal(db_notes_start(f->db), ERR_OK);
	note(f->db, "!", false, 10000);
	for (int i = 0; i < 1000 && db_notes_lost(f->db) == 0; i++)
		usleep(10000);
	assert_int_equal(db_notes_lost(f->db), 1);
	const int64_t start_us = clock_monotonic_us();
	for (int i = 0; i < CROWD; i++)
		note(f->db, "!", true, 3600 * 1000);
	assert_true(clock_monotonic_us() - start_us < 600 * 1000000LL);
	assert_true(db_notes_lost(f->db) >= CROWD - TAKEN);
	db_notes_stop(f->db);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 0);
}

/* Goal: after a failure it goes on. */
static void well_again(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(db_notes_start(f->db), ERR_OK);
	note(f->db, "!", true, 10000);
	note(f->db, "a", true, 0);
	await_kinds(f->db, 1);
	assert_int_equal(db_notes_lost(f->db), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_once, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(many, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(behind_a_lock, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(failing, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(well_again, fixture_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
