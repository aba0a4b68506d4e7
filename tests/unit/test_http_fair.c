/* Goal: in a fair lane nobody is delayed by another's flood: sources take turns, and a full queue
 * makes room for who has fewer in it; whatever happens, each request is given back exactly once. */
#include "../../src/http/internal.h"
#include "http_help.h"

#include <pthread.h>

enum { JOBS_MAX = 64 };

static _Atomic bool gate_shut;
static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static char order[JOBS_MAX + 1], refused[JOBS_MAX + 1], abandoned[JOBS_MAX + 1];

static void note(char *where, const struct exchange *x)
{
	pthread_mutex_lock(&order_lock);
	const size_t n = strlen(where);
	assert_true(n < JOBS_MAX);
	where[n] = x->req.id[0];
	pthread_mutex_unlock(&order_lock);
}

static void run(struct exchange *x, bool abandon)
{
	while (!abandon && atomic_load(&gate_shut)) {
		sleep_ms(1);
	}
	note(abandon ? abandoned : order, x);
}

static void refuse(struct exchange *x)
{
	note(refused, x);
}

/* A lane whose only thread is busy with '-' until the gate opens. */
struct scene {
	struct lane_pool *lane;
	struct exchange jobs[JOBS_MAX];
	size_t used;
};
static struct scene scene;

static bool queue(char name, const char *client)
{
	struct exchange *x = &scene.jobs[scene.used++];
	x->req.id[0] = name;
	assert_int_equal(ip_parse(str_of(client), &x->req.client), ERR_OK);
	if (!http_lane_reserve(scene.lane, x)) {
		return false;
	}
	http_lane_push(scene.lane, x);
	return true;
}

static void begin(unsigned capacity, bool fair)
{
	memset(&scene, 0, sizeof scene);
	memset(order, 0, sizeof order);
	memset(refused, 0, sizeof refused);
	memset(abandoned, 0, sizeof abandoned);
	atomic_store(&gate_shut, true);
	const struct lane_settings settings = { "x", 1, capacity, run, fair, refuse, 0 };
	scene.lane = http_lane_start(&settings);
	assert_non_null(scene.lane);
	assert_true(queue('-', "203.0.113.200"));
	for (int i = 0; i < 5000 && http_lane_stats(scene.lane).waiting > 0; i++) {
		sleep_ms(1);
	}
	assert_int_equal(http_lane_stats(scene.lane).waiting, 0);
}

static void end(const char *want)
{
	atomic_store(&gate_shut, false);
	http_lane_stop(scene.lane, false);
	http_lane_free(scene.lane);
	assert_string_equal(order, want);
	assert_string_equal(abandoned, "");
}

static void sources_take_turns(void **state)
{
	(void)state;
	begin(16, true);
	for (const char *p = "abcd"; *p; p++) {
		assert_true(queue(*p, "192.0.2.1"));
	}
	assert_true(queue('A', "192.0.2.2"));
	assert_true(queue('B', "192.0.2.2"));
	assert_true(queue('1', "198.51.100.1"));
	end("-aA1bBcd");
	assert_string_equal(refused, "");
}

static void a_64_is_one_source(void **state)
{
	(void)state;
	begin(16, true);
	assert_true(queue('a', "2001:db8:0:1::1"));
	assert_true(queue('b', "2001:db8:0:1:ffff::2"));
	assert_true(queue('c', "2001:db8:0:1:1:2:3:4"));
	assert_true(queue('A', "2001:db8:0:2::1"));
	assert_true(queue('1', "192.0.2.1"));
	assert_true(queue('2', "::ffff:192.0.2.1"));
	end("-aA1b2c");
}

static void a_plain_lane_is_first_in_first_out(void **state)
{
	(void)state;
	begin(4, false);
	assert_true(queue('a', "192.0.2.1"));
	assert_true(queue('b', "192.0.2.1"));
	assert_true(queue('A', "192.0.2.2"));
	assert_true(queue('c', "192.0.2.1"));
	assert_false(queue('B', "192.0.2.3"));
	assert_int_equal(http_lane_stats(scene.lane).refused, 1);
	end("-abAc");
	assert_string_equal(refused, "");
}

/* The newcomer has the place of the last of the greediest, until all have about the same. */
static void a_full_queue_makes_room(void **state)
{
	(void)state;
	begin(4, true);
	for (const char *p = "abcd"; *p; p++) {
		assert_true(queue(*p, "192.0.2.1"));
	}
	assert_false(queue('e', "192.0.2.1"));
	assert_string_equal(refused, "");
	assert_true(queue('A', "192.0.2.2"));
	assert_string_equal(refused, "d");
	assert_true(queue('1', "192.0.2.3"));
	assert_string_equal(refused, "dc");
	assert_false(queue('B', "192.0.2.2")); /* would only change places */
	assert_false(queue('e', "192.0.2.1"));
	assert_true(queue('x', "192.0.2.4"));
	assert_string_equal(refused, "dcb");
	assert_false(queue('y', "192.0.2.5")); /* who has one only keeps it */
	const struct lane_stats stats = http_lane_stats(scene.lane);
	assert_int_equal(stats.waiting, 4);
	assert_int_equal(stats.refused, 7);
	end("-aA1x");
}

/* Places that are reserved and not yet taken are nobody's to give away. */
static void reserved_places_stay(void **state)
{
	(void)state;
	begin(2, true);
	struct exchange *a = &scene.jobs[10], *b = &scene.jobs[11];
	a->req.id[0] = 'a';
	b->req.id[0] = 'b';
	assert_true(http_lane_reserve(scene.lane, a));
	assert_true(http_lane_reserve(scene.lane, b));
	assert_false(queue('A', "192.0.2.2"));
	http_lane_push(scene.lane, a);
	http_lane_push(scene.lane, b);
	assert_true(queue('B', "192.0.2.2"));
	assert_string_equal(refused, "b");
	end("-aB");
}

static void *stop(void *lane)
{
	http_lane_stop(lane, true);
	return NULL;
}

static void a_stop_gives_all_back(void **state)
{
	(void)state;
	begin(5, true);
	for (const char *p = "abcde"; *p; p++) {
		assert_true(queue(*p, "192.0.2.1"));
	}
	assert_true(queue('A', "192.0.2.2"));
	pthread_t stopper;
	assert_int_equal(pthread_create(&stopper, NULL, stop, scene.lane), 0);
	sleep_ms(50);
	assert_false(queue('B', "192.0.2.3")); /* closed: nobody is pushed out any more */
	atomic_store(&gate_shut, false);
	pthread_join(stopper, NULL);
	http_lane_free(scene.lane);
	assert_string_equal(order, "-");
	assert_string_equal(abandoned, "aAbcd");
	assert_string_equal(refused, "e");
}

/* ---- many threads ---- */
enum { ASKERS = 6, EACH = 3000, ROOM = 8 };
static struct exchange crowd[ASKERS][EACH];
static _Atomic uint64_t given_back, turned_away, pushed_out;

/* `drained` is this exchange's own: counts how often it was given back. Not atomic, so that tsan
 * sees when two threads have the same one. */
static void crowd_run(struct exchange *x, bool abandon)
{
	(void)abandon;
	x->drained++;
	atomic_fetch_add(&given_back, 1);
}

static void crowd_refuse(struct exchange *x)
{
	x->drained++;
	atomic_fetch_add(&pushed_out, 1);
}

struct asker {
	struct lane_pool *lane;
	uint8_t number;
};

static void *ask_often(void *arg)
{
	const struct asker *me = arg;
	for (size_t i = 0; i < EACH; i++) {
		struct exchange *x = &crowd[me->number][i];
		/* The first three are one source, the others several each. */
		x->req.client.set = true;
		x->req.client.b[0] = 0x20;
		x->req.client.b[7] = me->number < 3 ? 0 : (uint8_t)(me->number + i % 5 * 10);
		if (http_lane_reserve(me->lane, x)) {
			http_lane_push(me->lane, x);
		} else {
			x->drained++;
			atomic_fetch_add(&turned_away, 1);
		}
	}
	return NULL;
}

static void many_at_once(void **state)
{
	(void)state;
	const struct lane_settings settings = { "x", 3, ROOM, crowd_run, true, crowd_refuse, 2 };
	struct lane_pool *lane = http_lane_start(&settings);
	assert_non_null(lane);
	pthread_t threads[ASKERS];
	struct asker askers[ASKERS];
	for (uint8_t i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){ lane, i };
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
	}
	sleep_ms(2);
	http_lane_stop(lane, true); /* in the middle of it, or behind */
	for (size_t i = 0; i < ASKERS; i++) {
		pthread_join(threads[i], NULL);
	}
	const struct lane_stats stats = http_lane_stats(lane);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(stats.refused, turned_away + pushed_out);
	assert_int_equal(given_back + turned_away + pushed_out, ASKERS * EACH);
	for (size_t i = 0; i < ASKERS; i++) {
		for (size_t k = 0; k < EACH; k++) {
			assert_int_equal(crowd[i][k].drained, 1);
		}
	}
	http_lane_free(lane);
}

static void await_waiting(size_t want)
{
	for (int i = 0; i < 5000 && http_lane_stats(scene.lane).waiting != want; i++) {
		sleep_ms(1);
	}
	assert_int_equal(http_lane_stats(scene.lane).waiting, want);
}

/* Of three threads a source gets two, however many of its requests wait: the third is there for
 * whoever else comes, and is not taken by another's second. */
static void none_has_all_threads(void **state)
{
	(void)state;
	memset(&scene, 0, sizeof scene);
	memset(order, 0, sizeof order);
	atomic_store(&gate_shut, true);
	const struct lane_settings settings = { "x", 3, 16, run, true, refuse, 2 };
	scene.lane = http_lane_start(&settings);
	assert_non_null(scene.lane);
	for (const char *p = "abcd"; *p; p++) {
		assert_true(queue(*p, "192.0.2.1"));
	}
	await_waiting(2);
	sleep_ms(20);
	assert_int_equal(http_lane_stats(scene.lane).waiting, 2);
	assert_true(queue('A', "192.0.2.2"));
	await_waiting(2); /* A runs at once */
	assert_true(queue('B', "192.0.2.2"));
	atomic_store(&gate_shut, false);
	await_waiting(0);
	http_lane_stop(scene.lane, false);
	http_lane_free(scene.lane);
	assert_int_equal(strlen(order), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_take_turns),
		cmocka_unit_test(a_64_is_one_source),
		cmocka_unit_test(a_plain_lane_is_first_in_first_out),
		cmocka_unit_test(a_full_queue_makes_room),
		cmocka_unit_test(reserved_places_stay),
		cmocka_unit_test(a_stop_gives_all_back),
		cmocka_unit_test(none_has_all_threads),
		cmocka_unit_test(many_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
