/* app, inside: what the files of this room share. */
#ifndef POSTERN_APP_INTERNAL_H
#define POSTERN_APP_INTERNAL_H

#include "postern/app.h"

/* ---- settings.c ---- */
/* These translate struct config into the settings of each room, from its units (minutes, hours,
 * days, MiB) into theirs. The strings stay the configuration's. */
struct account_settings app_account_settings(const struct config *c);
struct mail_settings app_mail_settings(const struct config *c, const struct app *app);
enum log_level app_log_level(const struct config *c);
void app_limits(const struct config *c, struct rate_limit out[static RATE_COUNT]);
struct gate_assets app_gate_assets(const struct app *app);

/* ---- reload.c ---- */
/* Reads and checks all, takes what can change now, and logs what was taken and what needs a
 * restart. On the thread that waits. */
void app_reload(struct app *app);

/* ---- caches.c ---- */
/* Of a serving program: makes the caches and starts the feed of changes, before other threads are
 * there. */
enum err MUST_USE app_caches_open(struct app *app);
void app_caches_close(struct app *app);                        /* once nobody asks any more */
struct cache *app_caches_all(const struct app *app, size_t i); /* NULL behind the last */
void app_caches_metrics(struct app *app, struct buf *out);

/* ---- descriptors.c ---- */
/* Raises the limit of open files. Sets app->connections, to less than server.connections where that
 * does not fit. `database`:
 * connections to it; `hashers`: descriptors to them. */
void app_descriptors_start(struct app *app, unsigned database, unsigned hashers);
int64_t app_descriptors_fit(int64_t limit, int64_t connections, int64_t database);

/* ---- housekeeping.c ---- */
struct housekeeping;
struct housekeeping *app_housekeeping_start(struct app *app); /* NULL: no memory, or no thread */
void app_housekeeping_stop(struct housekeeping *h); /* after the batch that is under way */

/* ---- readiness.c ---- */
enum err MUST_USE app_readiness_start(
	struct db *db, const struct clock *clock, struct readiness **out);
void app_readiness_stop(struct readiness *r); /* once nobody asks any more; NULL is fine */
/* NULL when the database does what serving needs, else a line that says what it does not. Waits a
 * second at most. */
const char *app_readiness_fault(struct readiness *r, struct arena *a);
/* Rows of processes that are gone. */
enum err MUST_USE app_readiness_purge(struct db_sweeper *s);

/* ---- hashers.c ---- */
unsigned app_hashers_cores(long online); /* of those the system counts, how many are made use of */
unsigned app_hashers_threads(const struct config *c);
bool app_hashers_start(struct app *app, char why[static CONFIG_WHY_SIZE]);
void app_hashers_metrics(struct app *app, struct buf *b);

/* ---- memory.c ---- */
/* How soon malloc gives back what it has: all that start-up has needed; then what no request needs
 * again at once. */
void app_memory_tune_start(void);
void app_memory_tune_serve(void);
void app_memory_log(const struct app *app); /* the most that everything takes, as a line */

/* ---- routes.c: the one route table ---- */
void app_routes_fill(struct app *app);

/* ---- health.c ---- */
http_handler app_health_live, app_health_ready, app_health_metrics;
http_fail app_health_fail;

#endif
