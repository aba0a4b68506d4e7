/* wire: puts the rooms together from a configuration. */
#ifndef POSTERN_APP_WIRE_H
#define POSTERN_APP_WIRE_H

#include <stdatomic.h>

#include "config.h"
#include "postern/api.h"
#include "postern/crawler.h"
#include "postern/gate.h"
#include "postern/pages.h"

struct readiness;
/* Where the configuration came from, to be read again. */
struct config_source {
	const char *path; /* NULL: no file */
	char **env;       /* NULL: it is not read again */
};
struct app {
	struct config cfg;
	struct config_source source;
	const _Atomic int *stop; /* of a command: see db_settings */
	struct arena *arena;
	struct log log;
	struct clock clock;
	struct db *db;
	struct mail *mail;
	struct accounts accounts;
	struct common_words *words; /* of a serving program */
	struct hashers *hashers;    /* of a serving program */
	struct cache *shared;       /* answers for every stranger */
	struct paywall wall;
	struct pages *pages;
	struct api api;
	struct sites sites; /* behind the gate */
	struct gate *gate;
	struct readiness *readiness;
	struct http *http;
	struct http_settings http_set;
	struct route_group groups[3], ops;
	int64_t started_s;
	int64_t connections;  /* of readers: server.connections, or fewer (descriptors.c) */
	atomic_bool draining; /* told to stop: not ready any more, and still serving */
};

/* Opens database, mail and accounts; for DB_LOOK without mail, and without making or migrating the
 * database. `why` says what is wrong. app->cfg and arena must be set. */
enum err MUST_USE app_open(struct app *app, enum db_use use, char why[static CONFIG_WHY_SIZE]);
/* Templates and settings of mail alone, without a database. */
enum err MUST_USE app_check_mail(
	const struct config *c, const struct app *app, char why[static CONFIG_WHY_SIZE]);
/* The lists of common passwords: those built in and the operator's. `why` names file and line. */
enum err MUST_USE app_words_open(
	const struct config *c, struct common_words **out, char why[static CONFIG_WHY_SIZE]);
/* Look-ups of crawlers, which serving and `crawler check` need; app_close ends them. */
enum err MUST_USE app_prover_open(struct app *app, char why[static CONFIG_WHY_SIZE]);
/* Then: pages and the server. */
enum err MUST_USE app_start(struct app *app, char why[static CONFIG_WHY_SIZE]);
/* Serves until SIGINT or SIGTERM, reading the configuration again at SIGHUP (which ends it where
 * the configuration has no source), doing the housekeeping meanwhile; then is not ready for
 * server.drain_s, so that a balancer sends its requests elsewhere, and returns. A second signal
 * cuts that short. The signals must be blocked in all threads. */
void app_wait(struct app *app);
void app_close(struct app *app);
struct teaser_bound app_teaser_bound(const struct config *c);
/* Blocks the signals app_wait waits for: before any thread starts. */
void app_block_signals(void);
/* Those that a failed write tells by itself. */
void app_ignore_signals(void);

/* ---- of the configuration, for the start and for reload.c ---- */
enum log_level app_log_level(const struct config *c);
void app_limits(const struct config *c, struct rate_limit out[static RATE_COUNT]);
struct gate_look gate_look(const struct app *app);

/* ---- reload.c ---- */
/* Reads and checks all, takes what can change now, and logs what was taken and what needs a
 * restart. On the thread that waits. */
void app_reload(struct app *app);

/* ---- caches.c ---- */
/* Of a serving program: makes the caches and starts the feed of changes, before other threads are
 * there. */
enum err MUST_USE caches_open(struct app *app);
void caches_close(struct app *app);                        /* once nobody asks any more */
struct cache *caches_all(const struct app *app, size_t i); /* NULL behind the last */
void caches_metrics(struct app *app, struct buf *out);

/* ---- descriptors.c ---- */
/* Raises the limit of open files. Sets app->connections, to less than server.connections where that
 * does not fit. `database`:
 * connections to it; `hashers`: descriptors to them. */
void descriptors_start(struct app *app, unsigned database, unsigned hashers);
int64_t descriptors_fit(int64_t limit, int64_t connections, int64_t database);

/* ---- housekeeping.c ---- */
struct housekeeping;
struct housekeeping *housekeeping_start(struct app *app); /* NULL: no memory, or no thread */
void housekeeping_stop(struct housekeeping *h);           /* after the batch that is under way */

/* ---- readiness.c ---- */
enum err MUST_USE readiness_start(struct db *db, const struct clock *clock, struct readiness **out);
void readiness_stop(struct readiness *r); /* once nobody asks any more; NULL is fine */
/* NULL when the database does what serving needs, else a line that says what it does not. Waits a
 * second at most. */
const char *readiness_fault(struct readiness *r, struct arena *a);
/* Rows of processes that are gone. */
enum err MUST_USE readiness_purge(struct db_sweeper *s);

/* ---- hashers.c ---- */
unsigned hashers_cores(long online); /* of those the system counts, how many are made use of */
unsigned hashers_threads(const struct config *c);
bool hashers_start(struct app *app, char why[static CONFIG_WHY_SIZE]);
void hashers_metrics(struct app *app, struct buf *b);

/* ---- memory.c ---- */
/* How soon malloc gives back what it has: all that start-up has needed; then what no request needs
 * again at once. */
void memory_tune_start(void);
void memory_tune_serve(void);
void memory_log(const struct app *app); /* the most that everything takes, as a line */

/* ---- routes.c: the one route table ---- */
void routes_fill(struct app *app);

/* ---- health.c ---- */
http_handler health_live, health_ready, health_metrics;
http_fail health_fail;

#endif
