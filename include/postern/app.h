/* app: puts the rooms together from a configuration, serves, and does the work in the background.
 * Commands (cli) open as much of it as they need. */
#ifndef POSTERN_APP_H
#define POSTERN_APP_H

#include <pthread.h>
#include <stdatomic.h>

#include "postern/api.h"
#include "postern/config.h"
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
	struct cache *shared;       /* answers for every anonymous reader */
	struct paywall wall;
	struct pages *pages;
	struct api api;
	struct sites sites; /* behind the gate */
	struct gate *gate;
	struct readiness *readiness;
	struct http *http;
	struct http_settings http_set;
	struct route_group groups[4], ops;
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
enum err MUST_USE app_verifier_open(struct app *app, char why[static CONFIG_WHY_SIZE]);
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

/* ---- interrupt.c ----
 * SIGINT, SIGTERM and SIGHUP end a command promptly: what is under way in the database
 * is given up and rolled back, and it is said what that means. A command that does not come to its
 * end within two seconds, or is told a second time, ends where it stands: what it had not committed
 * is rolled back by the database. Serving programs have app_wait instead. */
struct interrupt {
	_Atomic int signal; /* that came, or 0 */
	_Atomic bool done;  /* the command is at its end */
	/* What was done and what was not, as far as the command can say: a sentence without its
	 * end. */
	_Atomic(const char *) left;
	pthread_t thread;
	bool running;
};

/* Before any other thread starts: it is the one that hears the signals. Without memory for it the
 * signals end the program at once. */
void app_interrupt_start(struct interrupt *i);
/* The command has ended with `code`. Returns it, or, where a signal kept it from its end,
 * 128 + signal after saying so. */
int app_interrupt_end(struct interrupt *i, int code);

#endif
