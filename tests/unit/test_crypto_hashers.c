/* Goal: the processes that hash passwords give the answers that the asking thread would find by
 * itself, and neither one that is late nor one that ends keeps anybody waiting. */
#include "../../src/crypto/hasher_wire.h"
#include "crypto_help.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct asking {
	struct password_cost cost;
	enum err made, right, wrong;
	pthread_t thread;
};

static void *ask_hashers(void *arg)
{
	struct asking *k = arg;
	char hash[PASSWORD_HASH_SIZE];
	k->made = crypto_password_hash(STR("a lantern adrift"), k->cost, hash);
	k->right = crypto_password_verify(hash, STR("a lantern adrift"), k->cost);
	k->wrong = crypto_password_verify(hash, STR("a lantern ashore"), k->cost);
	return NULL;
}

/* Returns how long all of it took. */
static int64_t ask_all(struct asking *v, size_t n, struct password_cost cost)
{
	const int64_t start_us = clock_monotonic_us();
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct asking){ .cost = cost };
		assert_int_equal(pthread_create(&v[i].thread, NULL, ask_hashers, &v[i]), 0);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_join(v[i].thread, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(v[i].made, ERR_OK);
		assert_int_equal(v[i].right, ERR_OK);
		assert_int_equal(v[i].wrong, ERR_DENIED);
	}
	return clock_monotonic_us() - start_us;
}

static int threads_in_background(pid_t process)
{
	char path[64];
	int n = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/task", (int)process);
	DIR *tasks = opendir(path);
	assert_non_null(tasks);
	for (const struct dirent *d = readdir(tasks); d; d = readdir(tasks)) {
		if (d->d_name[0] != '.')
			n += sched_getscheduler((pid_t)strtol(d->d_name, NULL, 10)) == SCHED_IDLE;
	}
	closedir(tasks);
	return n;
}

static struct hashers *begin(unsigned threads, unsigned per_second)
{
	return crypto_hashers_start(
		&(struct hashers_settings){ .threads = threads, .per_second = per_second });
}

/* Goal: hashers give the answers that the asking thread would find by itself, to each its own,
 * above the budget and below; those of one process are in the background and those of the other
 * not. */
static void hashers_do_the_work(void **state)
{
	(void)state;
	struct asking v[5];
	struct password_cost cost = cheapest;
	cost.by = begin(2, 3);
	assert_non_null(cost.by);
	(void)ask_all(v, COUNT(v), cost);
	const struct hashers_stats s = crypto_hashers_stats(cost.by);
	assert_int_equal(s.normal + s.background + s.own, 3 * COUNT(v));
	assert_true(s.normal >= 3);
	assert_int_equal(s.lost + s.restarts, 0);
	const pid_t normal = crypto_crew_process(&cost.by->normal);
	const pid_t background = crypto_crew_process(&cost.by->background);
	assert_int_equal(threads_in_background(normal), 0);
	assert_int_equal(threads_in_background(background), 2);
	crypto_hashers_stop(cost.by);
	assert_int_equal(kill(normal, 0), -1);
	assert_int_equal(kill(background, 0), -1);
	assert_null(begin(1000, 1));
	assert_null(begin(0, 1));
	assert_null(begin(1, 0));
}

/* Goal: what the background does not come to is done within the budget of the next second; and what
 * it finds when it does at last is taken for nobody else's. */
static void the_background_starves_nobody(void **state)
{
	(void)state;
	struct asking v[2];
	struct password_cost cost = cheapest;
	cost.by = begin(1, 20);
	assert_non_null(cost.by);
	const pid_t background = crypto_crew_process(&cost.by->background);
	assert_int_equal(kill(background, SIGSTOP), 0);
	for (int i = 0; i < 8; i++)
		(void)ask_all(v, COUNT(v), cost);
	const struct hashers_stats s = crypto_hashers_stats(cost.by);
	assert_int_equal(s.background, 0);
	assert_int_equal(s.normal + s.own, 8 * 3 * COUNT(v));
	assert_int_equal(kill(background, SIGCONT), 0);
	for (int i = 0; i < 5; i++)
		(void)ask_all(v, COUNT(v), cost);
	crypto_hashers_stop(cost.by);
}

/* Goal: hashers that never come to it keep nobody waiting for ever. */
static void who_waits_long_helps_himself(void **state)
{
	(void)state;
	struct asking v[2];
	struct password_cost cost = cheapest;
	cost.by = begin(1, 1000);
	assert_non_null(cost.by);
	(void)ask_all(v, 1, cost);
	assert_int_equal(kill(crypto_crew_process(&cost.by->normal), SIGSTOP), 0);
	assert_true(ask_all(v, COUNT(v), cost) >= 1000000);
	assert_true(crypto_hashers_stats(cost.by).own > 0);
	assert_int_equal(kill(crypto_crew_process(&cost.by->normal), SIGCONT), 0);
	for (int i = 0; i < 5; i++)
		(void)ask_all(v, COUNT(v), cost);
	assert_int_equal(crypto_hashers_stats(cost.by).lost, 0);
	crypto_hashers_stop(cost.by);
}

static void await_restarts(struct hashers *h, unsigned restarts)
{
	struct hashers_stats s = crypto_hashers_stats(h);
	for (int i = 0; i < 3000 && (s.lost > 0 || s.restarts < restarts); i++) {
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		s = crypto_hashers_stats(h);
	}
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.restarts, restarts);
}

/* Goal: a process that ends stops nobody, and is started again. */
static void a_lost_process_is_started_again(void **state)
{
	(void)state;
	struct asking v[3];
	struct password_cost cost = cheapest;
	cost.by = begin(2, 1000);
	assert_non_null(cost.by);
	for (unsigned i = 1; i <= 2; i++) {
		assert_int_equal(kill(crypto_crew_process(&cost.by->normal), SIGKILL), 0);
		(void)ask_all(v, COUNT(v), cost);
		await_restarts(cost.by, i);
	}
	assert_int_equal(kill(crypto_crew_process(&cost.by->background), SIGKILL), 0);
	await_restarts(cost.by, 3);
	const uint64_t before = crypto_hashers_stats(cost.by).normal;
	(void)ask_all(v, COUNT(v), cost);
	assert_true(crypto_hashers_stats(cost.by).normal > before);
	crypto_hashers_stop(cost.by);
}

static double process_cpu_ms(pid_t process)
{
	clockid_t id;
	assert_int_equal(clock_getcpuclockid(process, &id), 0);
	return clock_ms(id);
}

/* The socket that the reply comes through. */
static int order_hash(struct crew *c)
{
	static const struct order o = {
		.phc = { .algorithm = PHC_ARGON2ID, .memory_kib = 19456, .passes = 2 }
	};
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(
		crypto_crew_send(c, &o, offsetof(struct order, password), pair[1]), ANSWER_THERE);
	close(pair[1]);
	return pair[0];
}

static double least_hash_ms(void)
{
	double least = 1e9;
	for (int i = 0; i < 3; i++) {
		struct hash_work w = {
			.phc = { .algorithm = PHC_ARGON2ID, .memory_kib = 19456, .passes = 2 }
		};
		const double before = cpu_ms();
		assert_int_equal(crypto_hash_work_do(&w), ERR_OK);
		least = cpu_ms() - before < least ? cpu_ms() - before : least;
	}
	return least;
}

/* Goal: a process that could not work for a while does not catch up on orders that were given up
 * meanwhile: it does the one that is awaited. */
static void what_nobody_waits_for_is_not_done(void **state)
{
	enum { GIVEN_UP = 30 };
	(void)state;
	struct hashers *h = begin(1, 1000);
	assert_non_null(h);
	const pid_t process = crypto_crew_process(&h->normal);
	assert_int_equal(kill(process, SIGSTOP), 0);
	const double before = process_cpu_ms(process);
	for (int i = 0; i < GIVEN_UP; i++)
		close(order_hash(&h->normal));
	struct pollfd reply = { .fd = order_hash(&h->normal), .events = POLLIN };
	assert_int_equal(kill(process, SIGCONT), 0);
	assert_int_equal(poll(&reply, 1, 60000), 1);
	struct reply r = { .err = ERR_INTERNAL };
	assert_int_equal(recv(reply.fd, &r, sizeof r, 0), sizeof r);
	assert_int_equal(r.err, ERR_OK);
	assert_true(process_cpu_ms(process) - before < GIVEN_UP / 2.0 * least_hash_ms());
	close(reply.fd);
	crypto_hashers_stop(h);
}

/* Goal: a password that does not fit an order is hashed all the same. */
static void what_cannot_be_ordered_is_done_here(void **state)
{
	(void)state;
	static char text[20000];
	char hash[PASSWORD_HASH_SIZE];
	struct password_cost cost = cheapest;
	memset(text, 'x', sizeof text);
	cost.by = begin(1, 1000);
	assert_non_null(cost.by);
	assert_int_equal(
		crypto_password_hash((struct str){ text, sizeof text }, cost, hash), ERR_OK);
	assert_int_equal(
		crypto_password_verify(hash, (struct str){ text, sizeof text }, cheapest), ERR_OK);
	crypto_hashers_stop(cost.by);
	crypto_hashers_stop(NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], CRYPTO_HASHER_ARGUMENT) == 0)
		return crypto_hasher_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashers_do_the_work),
		cmocka_unit_test(who_waits_long_helps_himself),
		cmocka_unit_test(the_background_starves_nobody),
		cmocka_unit_test(a_lost_process_is_started_again),
		cmocka_unit_test(what_nobody_waits_for_is_not_done),
		cmocka_unit_test(what_cannot_be_ordered_is_done_here),
	};
	return cmocka_run_group_tests(tests, crypto_make, NULL);
}
