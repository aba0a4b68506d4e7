/* Goal: when writers are held up, a bounded number of threads waits for that; who comes then is
 * told so within a moment, and who reads is not concerned at all. */
#include "db_help.h"

#include <pthread.h>

enum { WRITERS = 2, PATIENCE_MS = 5000 };

struct gate {
	struct db *db;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	int inside;
	bool open;
};

/* A statement first, so that the transaction has begun. */
static enum err held_tx(struct db_conn *c, void *arg)
{
	struct gate *g = arg;
	struct put p = { .query = Q_TOKEN_WIPE };
	enum err e = put_fn(c, &p);

	pthread_mutex_lock(&g->lock);
	g->inside++;
	pthread_cond_broadcast(&g->wake);
	while (!g->open)
		pthread_cond_wait(&g->wake, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return e;
}

static void *held_main(void *arg)
{
	struct gate *g = arg;

	assert_int_equal(db_tx_each(g->db, held_tx, g), ERR_OK);
	return NULL;
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

/* SQLite's one writer lets the first in and the second wait for it; both have a place. */
static void all_places_taken(struct gate *g)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int wanted = on_postgres() ? WRITERS : 1;

	pthread_mutex_lock(&g->lock);
	while (g->inside < wanted)
		pthread_cond_wait(&g->wake, &g->lock);
	pthread_mutex_unlock(&g->lock);
	for (int ms = 0; db_crowd_count(g->db) < WRITERS; ms++) {
		assert_true(ms < PATIENCE_MS);
		nanosleep(&pause, NULL);
	}
}

static void crowd_refuses_and_reads_go_on(void **state)
{
	struct fixture *f = *state;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };
	char why[DB_WHY_SIZE];
	pthread_t threads[WRITERS];

	s.writers = WRITERS;
	s.readers = WRITERS + 2;
	s.busy_timeout_ms = 60000; /* as long as nobody waits in these tests */
	assert_int_equal(db_open_schema(&s, &test_schema, &g.db, why), ERR_OK);
	for (int i = 0; i < WRITERS; i++)
		assert_true(thread_start(&threads[i], held_main, &g));
	all_places_taken(&g);
	assert_int_equal(kind_put(g.db, "a", 1), ERR_BUSY);
	assert_int_equal(kind_put(g.db, "a", 1), ERR_BUSY);
	assert_int_equal(count_of(g.db, Q_KIND_COUNT), 0);
	assert_int_equal(db_writes_refused(g.db), 2);
	gate_open(&g);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(kind_put(g.db, "a", 1), ERR_OK);
	assert_int_equal(count_of(g.db, Q_KIND_COUNT), 1);
	assert_int_equal(db_writes_refused(g.db), 2);
	db_close(g.db);
}

static void *put_many(void *arg)
{
	struct gate *g = arg;

	for (int i = 0; i < 50; i++) {
		char id[32];
		pthread_mutex_lock(&g->lock);
		snprintf(id, sizeof id, "k%d", g->inside++);
		pthread_mutex_unlock(&g->lock);
		enum err e = ERR_BUSY; /* on a machine that stands still for so long */
		for (int tries = 0; e == ERR_BUSY && tries < 100; tries++)
			e = kind_put(g->db, id, 1);
		assert_int_equal(e, ERR_OK);
	}
	return NULL;
}

/* Many more threads than places: each write is short, so all are done. */
static void crowd_lets_all_through_in_ordinary_times(void **state)
{
	struct fixture *f = *state;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct gate g = { .lock = PTHREAD_MUTEX_INITIALIZER };
	char why[DB_WHY_SIZE];
	pthread_t threads[8];

	s.writers = WRITERS;
	s.busy_timeout_ms = 60000;
	assert_int_equal(db_open_schema(&s, &test_schema, &g.db, why), ERR_OK);
	for (int i = 0; i < 8; i++)
		assert_true(thread_start(&threads[i], put_many, &g));
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(count_of(g.db, Q_KIND_COUNT), 400);
	db_close(g.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			crowd_refuses_and_reads_go_on, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(
			crowd_lets_all_through_in_ordinary_times, fixture_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
