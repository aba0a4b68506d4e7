/* Goal: nobody stalls anybody: lanes under load, full lanes, and a stop in the middle
 * of it all. */
#include "../../src/http/internal.h"
#include "http_help.h"

#include <pthread.h>

/* What the handlers share with the tests. */
static _Atomic int running, most_running;
static _Atomic bool gate_shut; /* handlers of /held wait for it to open */

static enum err quick(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "quick");
	return ERR_OK;
}

static enum err work(void *ctx, struct request *r, struct response *rsp)
{
	sleep_ms(2);
	return quick(ctx, r, rsp);
}

static enum err hash(void *ctx, struct request *r, struct response *rsp)
{
	const int now = atomic_fetch_add(&running, 1) + 1;
	if (now > atomic_load(&most_running)) {
		atomic_store(&most_running, now);
	}
	sleep_ms(10);
	atomic_fetch_sub(&running, 1);
	return quick(ctx, r, rsp);
}

static enum err held(void *ctx, struct request *r, struct response *rsp)
{
	atomic_fetch_add(&running, 1);
	while (atomic_load(&gate_shut)) {
		sleep_ms(2);
	}
	atomic_fetch_sub(&running, 1);
	return quick(ctx, r, rsp);
}

static enum err large(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	const size_t n = 150000;
	char *p = arena_alloc(r->arena, n);
	memset(p, 'x', n);
	rsp->body = (struct str){ p, n };
	return ERR_OK;
}

#define SIMPLE(pattern, handler, lane)                                                             \
	{                                                                                          \
		METHOD_GET, pattern, "", handler, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, lane        \
	}
static const struct route pages[] = {
	SIMPLE("/quick", quick, LANE_LOOP),
	SIMPLE("/work", work, LANE_WORK),
	SIMPLE("/hash", hash, LANE_HASH),
	SIMPLE("/held", held, LANE_HASH),
	SIMPLE("/large", large, LANE_WORK),
};
static const struct route_group groups[] = {
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static void prepare(struct site *site)
{
	*site = (struct site){ 0 };
	site->settings = site_settings(site);
	site->settings.groups = groups;
	site->settings.group_count = COUNT(groups);
	atomic_store(&gate_shut, false);
	atomic_store(&running, 0);
	atomic_store(&most_running, 0);
}

static void wait_running(int n)
{
	for (int i = 0; i < 2000 && atomic_load(&running) < n; i++) {
		sleep_ms(2);
	}
	assert_int_equal(atomic_load(&running), n);
}

static void send_get(int fd, const char *path)
{
	char request[100];
	(void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
	put(fd, request, strlen(request));
}

static int64_t fetch_us(unsigned port, const char *path, int status)
{
	static _Thread_local struct answer a;
	const int64_t before_us = clock_monotonic_us();
	const int fd = dial(port);
	send_get(fd, path);
	assert_true(read_answer(fd, false, &a));
	close(fd);
	assert_int_equal(a.status, status);
	return clock_monotonic_us() - before_us;
}

/* ---- 200 connections, all kinds of requests, several rounds on each ---- */
enum { CLIENTS = 200, ROUNDS = 5, DRIVERS = 4 };
struct driver {
	size_t first;
	int64_t slowest_us;
	unsigned port;
	_Atomic int answered;
};

static void *drive(void *arg)
{
	static const char *const paths[] = { "/quick", "/work", "/quick", "/large", "/hash" };
	static _Thread_local struct answer a;
	struct driver *d = arg;
	int fds[CLIENTS / DRIVERS];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial(d->port);
	}
	for (size_t round = 0; round < ROUNDS; round++) {
		const int64_t before_us = clock_monotonic_us();
		for (size_t i = 0; i < COUNT(fds); i++) {
			send_get(fds[i], paths[(d->first + i + round) % COUNT(paths)]);
		}
		for (size_t i = 0; i < COUNT(fds); i++) {
			d->answered += read_answer(fds[i], false, &a) && a.status == 200;
			const int64_t took_us = clock_monotonic_us() - before_us;
			d->slowest_us = took_us > d->slowest_us ? took_us : d->slowest_us;
		}
	}
	for (size_t i = 0; i < COUNT(fds); i++) {
		close(fds[i]);
	}
	return NULL;
}

static void load(unsigned loop_threads)
{
	struct site site;
	prepare(&site);
	site.settings.loop_threads = loop_threads;
	site_start(&site);
	pthread_t threads[DRIVERS];
	static struct driver drivers[DRIVERS];
	for (size_t i = 0; i < DRIVERS; i++) {
		drivers[i] = (struct driver){ .port = http_port(site.http, false), .first = i };
		assert_int_equal(pthread_create(&threads[i], NULL, drive, &drivers[i]), 0);
	}
	for (size_t i = 0; i < DRIVERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(drivers[i].answered, ROUNDS * CLIENTS / DRIVERS);
		assert_true(drivers[i].slowest_us < 60000000);
	}
	assert_int_equal(atomic_load(&most_running), 1); /* as many as there are hash threads */
	site_stop(&site);
}

static void mixed_load(void **state)
{
	(void)state;
	load(1);
	load(2);
}

/* While every hash thread is held up, the loop and the work lane answer. */
static void slow_hash_delays_nobody(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site.settings.loop_threads = 1;
	site_start(&site);
	const unsigned port = http_port(site.http, false);
	atomic_store(&gate_shut, true);
	int held_fds[20];
	for (size_t i = 0; i < COUNT(held_fds); i++) {
		held_fds[i] = dial(port);
		send_get(held_fds[i], "/held");
	}
	wait_running(1);
	for (int i = 0; i < 50; i++) {
		fetch_us(port, "/quick", 200);
		fetch_us(port, "/work", 200);
	}
	atomic_store(&gate_shut, false);
	static struct answer a;
	for (size_t i = 0; i < COUNT(held_fds); i++) {
		assert_true(read_answer(held_fds[i], false, &a));
		assert_int_equal(a.status, 200);
		close(held_fds[i]);
	}
	site_stop(&site);
}

/* A full lane says so at once, and the connection stays. */
static void full_lane(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site.settings.hash_queue = 2;
	site_start(&site);
	const unsigned port = http_port(site.http, false);
	atomic_store(&gate_shut, true);
	int fds[3];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial(port);
		send_get(fds[i], "/held");
		wait_running(1); /* the first is running, the others wait */
	}
	sleep_ms(50);
	static struct answer a;
	const int fd = dial(port);
	for (int i = 0; i < 3; i++) {
		send_get(fd, "/held");
		assert_true(read_answer(fd, false, &a)); /* while the others are held */
		assert_int_equal(a.status, 503);
		assert_string_equal(answer_header(&a, "Retry-After"), "1");
		assert_non_null(strstr(answer_body(&a), "pages|busy|"));
	}
	send_get(fd, "/quick");
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 200);
	close(fd);
	struct buf text = BUF(100000);
	http_metrics(site.http, &text);
	assert_non_null(strstr(text.p, "postern_lane_refused_total{lane=\"hash\"} 3\n"));
	buf_free(&text);
	atomic_store(&gate_shut, false);
	for (size_t i = 0; i < COUNT(fds); i++) {
		assert_true(read_answer(fds[i], false, &a));
		assert_int_equal(a.status, 200);
		close(fds[i]);
	}
	site_stop(&site);
}

static void *open_gate_soon(void *arg)
{
	(void)arg;
	sleep_ms(300);
	atomic_store(&gate_shut, false);
	return NULL;
}

/* A stop waits for what is under way: every request that was taken is answered. */
static void stop_while_busy(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site_start(&site);
	const unsigned port = http_port(site.http, false);
	atomic_store(&gate_shut, true);
	int fds[30];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial(port);
		send_get(fds[i], i % 3 ? "/held" : "/work");
	}
	const int idle = dial(port);
	wait_running(1);
	sleep_ms(100);
	pthread_t opener;
	assert_int_equal(pthread_create(&opener, NULL, open_gate_soon, NULL), 0);
	const int64_t before_us = clock_monotonic_us();
	site_stop(&site);
	assert_true(clock_monotonic_us() - before_us < 60000000);
	pthread_join(opener, NULL);
	static struct answer a;
	for (size_t i = 0; i < COUNT(fds); i++) {
		assert_true(read_answer(fds[i], false, &a));
		assert_int_equal(a.status, 200);
		close(fds[i]);
	}
	assert_true(is_closed(idle));
	close(idle);
}

/* Start and stop, with clients that come and go, many times over. */
static void stop_often(void **state)
{
	(void)state;
	for (int i = 0; i < 15; i++) {
		struct site site;
		prepare(&site);
		site_start(&site);
		int fds[10];
		for (size_t k = 0; k < COUNT(fds); k++) {
			fds[k] = dial(http_port(site.http, false));
			send_get(fds[k], k % 2 ? "/work" : "/hash");
			if (k % 5 == 0) {
				close(fds[k]);
				fds[k] = -1;
			}
		}
		sleep_ms(i % 4);
		site_stop(&site);
		for (size_t k = 0; k < COUNT(fds); k++) {
			if (fds[k] >= 0) {
				close(fds[k]);
			}
		}
	}
}

/* ---- a lane by itself ---- */
static _Atomic int ran, abandoned;

static void count_run(struct exchange *x, bool abandon)
{
	(void)x;
	while (!abandon && atomic_load(&gate_shut)) {
		sleep_ms(1);
	}
	atomic_fetch_add(abandon ? &abandoned : &ran, 1);
}

static void *stop_lane(void *lane)
{
	http_lane_stop(lane, true);
	return NULL;
}

/* Who waits when the lane is stopped is given back as abandoned; a place that was reserved before
 * is still honoured, and nothing new is taken. */
static void abandoned_lane(void **state)
{
	(void)state;
	static struct exchange jobs[4];
	atomic_store(&gate_shut, true);
	const struct lane_settings settings = { "x", 1, 4, count_run, false, NULL, 0 };
	struct lane_pool *lane = http_lane_start(&settings);
	assert_non_null(lane);
	assert_true(http_lane_reserve(lane, &jobs[0]));
	http_lane_push(lane, &jobs[0]);
	for (int i = 0; i < 1000 && http_lane_stats(lane).waiting > 0; i++) {
		sleep_ms(1);
	}
	for (size_t i = 1; i < 4; i++) {
		assert_true(http_lane_reserve(lane, &jobs[0]));
	}
	http_lane_push(lane, &jobs[1]);
	http_lane_push(lane, &jobs[2]);
	assert_int_equal(http_lane_stats(lane).waiting, 2);

	pthread_t stopper;
	assert_int_equal(pthread_create(&stopper, NULL, stop_lane, lane), 0);
	sleep_ms(100);
	assert_false(http_lane_reserve(lane, &jobs[0]));
	atomic_store(&gate_shut, false);
	http_lane_push(lane, &jobs[3]);
	pthread_join(stopper, NULL);
	assert_int_equal(ran, 1);
	assert_int_equal(abandoned, 3);
	assert_false(http_lane_reserve(lane, &jobs[0]));
	http_lane_free(lane);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixed_load),
		cmocka_unit_test(slow_hash_delays_nobody),
		cmocka_unit_test(full_lane),
		cmocka_unit_test(stop_while_busy),
		cmocka_unit_test(stop_often),
		cmocka_unit_test(abandoned_lane),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
