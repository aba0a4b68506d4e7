/* Raises the limit of open files and divides it. Operations, database, mail and log keep a share
 * of their own; connections of readers get the rest. Without that, at a limit of 1,024 some 1,200
 * idle connections would leave no descriptor for a health check or for opening the database
 * again. */
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

enum {
	OTHERS = 64,  /* log, mail, look-ups, event loops, files that are read */
	PER_CONN = 2, /* SQLite: the file and its log */
	LEAST = 10,   /* connections of readers, however few descriptors there are */
	ENDLESS = 1 << 20,
};

/* Raised for as long as we run: soft limits of 1,024 are there for programs that use select(). */
static int64_t limit_raise(const struct log *log)
{
	struct rlimit limit = { 0 };
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return ENDLESS;
	const rlim_t soft = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	if (soft < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &limit) != 0) {
		LOG(log, LOG_WARN, "descriptors_not_raised", log_z("why", strerrordesc_np(errno)),
			log_int("soft", (int64_t)soft), log_int("hard", (int64_t)limit.rlim_max));
		limit.rlim_cur = soft;
	}
	return limit.rlim_cur > ENDLESS ? ENDLESS : (int64_t)limit.rlim_cur;
}

int64_t app_descriptors_fit(int64_t limit, int64_t connections, int64_t database)
{
	const int64_t left = limit - HTTP_OPS_CONNECTIONS - PER_CONN * database - OTHERS;
	if (connections <= left)
		return connections;
	return left > LEAST ? left : LEAST;
}

void app_descriptors_start(struct app *app, unsigned database, unsigned hashers)
{
	const struct config *c = &app->cfg;
	const int64_t limit = limit_raise(&app->log);
	const int64_t fit = app_descriptors_fit(limit - hashers, c->connections, database);
	if (fit < c->connections)
		LOG(&app->log, LOG_WARN, "connections_lowered", log_int("descriptors", limit),
			log_int("configured", c->connections), log_int("connections", fit),
			log_z("why", "raise the limit of open files (LimitNOFILE=, ulimit -n) or "
				     "lower server.connections"));
	app->connections = fit;
}
