/* Starts the processes that hash passwords, with the number of threads and the hashes a second
 * that the settings name, and reports their counters as metrics. */
#include "internal.h"

#include <stdio.h>
#include <unistd.h>

enum {
	HASHES_A_CORE = 2, /* some 4 % of each, where a hash takes 20 ms */
	CORES_MAX = 64,    /* as server.hash_threads: more are not made use of */
};

unsigned app_hashers_cores(long online)
{
	if (online < 1) /* nobody could say */
		return 1;
	return online < CORES_MAX ? (unsigned)online : CORES_MAX;
}

static unsigned cores(void)
{
	return app_hashers_cores(sysconf(_SC_NPROCESSORS_ONLN));
}

unsigned app_hashers_threads(const struct config *c)
{
	return c->hash_threads ? (unsigned)c->hash_threads : cores();
}

static unsigned hashes_per_second(const struct config *c)
{
	return c->hash_per_second ? (unsigned)c->hash_per_second : HASHES_A_CORE * cores();
}

bool app_hashers_start(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct hashers_settings s = { .threads = app_hashers_threads(&app->cfg),
		.per_second = hashes_per_second(&app->cfg),
		.log = &app->log };
	app->hashers = crypto_hashers_start(&s);
	if (!app->hashers)
		snprintf(why, CONFIG_WHY_SIZE, "no memory or no process to hash passwords");
	return app->hashers;
}

void app_hashers_metrics(struct app *app, struct buf *b)
{
	const struct hashers_stats s = crypto_hashers_stats(app->hashers);
	buf_fmt(b,
		"# HELP postern_hashers_lost Of the two processes that hash passwords, how many "
		"are not there now.\n# TYPE postern_hashers_lost gauge\npostern_hashers_lost %u\n"
		"# HELP postern_hashers_restarts_total Times one of them was started again.\n"
		"# TYPE postern_hashers_restarts_total counter\n"
		"postern_hashers_restarts_total %llu\n",
		s.lost, (unsigned long long)s.restarts);
	buf_fmt(b,
		"# HELP postern_hashes_total Passwords hashed: at normal priority, in the "
		"background, or by the server itself.\n# TYPE postern_hashes_total counter\n"
		"postern_hashes_total{by=\"normal\"} %llu\n"
		"postern_hashes_total{by=\"background\"} %llu\n"
		"postern_hashes_total{by=\"server\"} %llu\n",
		(unsigned long long)s.normal, (unsigned long long)s.background,
		(unsigned long long)s.own);
}
