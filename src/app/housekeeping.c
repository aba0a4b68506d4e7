/* Deletes what has lapsed (sessions, tokens, failed attempts, counters of past windows), at
 * start-up and then every hour, on a thread of its own. The steps are independent: one that fails
 * is logged by name, the others go on, and the next run comes after a few minutes. */
#include "internal.h"

#include "postern/api_key.h"
#include "postern/gift.h"
#include "postern/mail.h"
#include "postern/meter.h"
#include "postern/thread.h"

#include <stdlib.h>

/* Seconds from the end of one run to the next, and to the next after a run in which a step failed.
 */
enum { EVERY_S = 3600, AFTER_FAILURE_S = 300 };

struct housekeeping {
	struct app *app;
	struct thread_worker worker;
};

/* False: the program ends. */
static bool pause_ms(void *ctx, unsigned ms)
{
	struct housekeeping *h = ctx;
	int64_t end_us = clock_monotonic_us() + (int64_t)ms * 1000;
	pthread_mutex_lock(&h->worker.lock);
	bool go_on = thread_worker_sleep(&h->worker, end_us);
	pthread_mutex_unlock(&h->worker.lock);
	return go_on;
}

static void run(struct housekeeping *h, struct db_sweeper *s)
{
	const struct app *app = h->app;
	const struct teaser_bound bound = app_teaser_bound(&app->cfg);
	/* Each has logged what failed, and counted it. */
	(void)!account_purge(&app->accounts, s);
	(void)!mail_purge(s);
	(void)!gift_purge(s);
	(void)!db_changes_purge(s);
	(void)!account_api_key_purge(s);
	(void)!meter_purge(s);
	(void)!app_readiness_purge(s);
	(void)!content_deks_refresh(s, &bound);
}

static void *housekeeping_main(void *arg)
{
	struct housekeeping *h = arg;
	bool go_on = true;
	while (go_on) {
		struct db_sweeper s = { .db = h->app->db,
			.now_s = clock_now_s(&h->app->clock),
			.pause = pause_ms,
			.ctx = h };
		run(h, &s);
		go_on = pause_ms(h, (s.failed ? AFTER_FAILURE_S : EVERY_S) * 1000U);
	}
	return NULL;
}

struct housekeeping *app_housekeeping_start(struct app *app)
{
	struct housekeeping *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->app = app;
	if (thread_worker_start(&h->worker, housekeeping_main, h))
		return h;
	free(h);
	return NULL;
}

void app_housekeeping_stop(struct housekeeping *h)
{
	if (!h)
		return;
	thread_worker_stop(&h->worker);
	free(h);
}
