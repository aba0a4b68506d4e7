/* Starts and stops libmicrohttpd and holds its callbacks. */
#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WHY_SIZE = 256,
	OPS_THREADS = 2, /* so that who asks for numbers need not wait for who asks for readiness */
	STOP_POLL_US = 5000, /* between two looks whether requests under way have ended */
	LAST_ANSWERS_US = 1000000,
	/* When the server stops: time for a client to send the request that it had on its way when
	 * the answer before did not yet say that the connection closes. */
	LAST_REQUEST_US = 300000,
	/* What libmicrohttpd may have above our own limit: connections that are on their way to
	 * their loop are not counted yet. */
	ACCEPT_SLACK = 256,
};

/* ---- callbacks, on the loop threads ---- */

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = ctx;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = http_conn_open(l, mhd);
		atomic_fetch_sub(&l->coming, 1);
	} else {
		http_conn_close(*socket_context);
	}
}

static struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* Called before the headers are read; the first call of on_access picks it up. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *mhd)
{
	(void)ctx;
	http_pool_hide_cookies(mhd);
	struct conn *c = conn_of(mhd);
	if (c) {
		atomic_store(&c->idle_since_us, 0);
		http_conn_target(c, target);
	}
	return NULL;
}

/* We decode the raw target ourselves, once. */
static size_t on_unescape(void *ctx, struct MHD_Connection *mhd, char *text)
{
	(void)ctx;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result answer(struct exchange *x)
{
	if (!x->answer)
		return MHD_NO; /* no memory for an answer: the connection is closed */
	x->answered = true;
	http_conn_await_reader(x->h, x->conn, clock_monotonic_coarse_us(), x->bytes);
	return MHD_queue_response(x->mhd, (unsigned)x->rsp.status, x->answer);
}

static enum MHD_Result answer_refusal(struct exchange *x)
{
	http_exchange_fail(x, x->refused);
	return answer(x);
}

/* Of a request that is read to its end. */
static enum MHD_Result answer_refusal_delayed(struct exchange *x)
{
	http_exchange_fail(x, x->refused);
	return http_tarpit_hold(x) ? MHD_YES : answer(x);
}

/* A refused request whose body is small is read to its end, so that the connection can stay. An
 * answer at the first call always closes it. */
static bool must_close(const struct exchange *x)
{
	return x->close || x->expects || x->announced > DRAIN_MAX ||
	       (x->refused == ERR_TOO_LARGE && (x->announced > 0 || x->chunked));
}

/* The first of libmicrohttpd's calls for a request: headers are there, the body is not. Refuses
 * before the body is read where it can. */
static enum MHD_Result begin(struct listener *l, struct MHD_Connection *mhd,
	const struct request_line *line, void **slot)
{
	struct conn *c = conn_of(mhd);
	struct exchange *x = c && c->target ? http_exchange_new(l, c, mhd) : NULL;
	if (!x)
		return MHD_NO;
	*slot = x;
	atomic_fetch_add(&l->h->metrics.in_flight, 1);
	http_conn_await_request(l->h, c, x->started_us);
	x->refused = http_request_read(x, line);
	x->close = x->refused != ERR_OK;
	if (x->refused == ERR_OK)
		x->refused = http_request_admit(x);
	if (x->refused != ERR_OK && http_pool_full(x))
		return http_pool_refuse(x);
	if (x->refused != ERR_OK && must_close(x)) {
		x->close = true;
		return answer_refusal(x);
	}
	return MHD_YES;
}

/* Also of a request above its rate limit: the answer gives back what was typed. */
static bool keep_body(struct exchange *x, const char *data, size_t n)
{
	const bool is_wanted = x->refused == ERR_OK || x->refused == ERR_LIMITED;
	if (!is_wanted || n > x->body_capacity - x->body_n)
		return false;
	memcpy(x->body + x->body_n, data, n);
	x->body_n += n;
	return true;
}

/* More bytes of the body. An answer cannot be sent before its end; who goes on beyond DRAIN_MAX is
 * cut off. */
static enum MHD_Result receive(struct exchange *x, const char *data, size_t n)
{
	if (keep_body(x, data, n))
		return MHD_YES;
	if (x->refused == ERR_OK)
		x->refused = http_request_refuse(x, ERR_TOO_LARGE, "body_too_large", NULL);
	x->drained += n;
	return x->drained > DRAIN_MAX ? MHD_NO : MHD_YES;
}

static void lane_full(struct exchange *x)
{
	x->rsp.retry_after_s = 1;
	x->refused = http_request_refuse(x, ERR_BUSY, "lane_full", NULL);
}

/* A request that waits only to pack a hot page well has an answer already: the page as it is. */
static bool answer_unpacked(struct exchange *x)
{
	if (!x->packs || !http_response_cache_answer(x))
		return false;
	http_exchange_finish(x, ERR_OK);
	return true;
}

/* The request is complete: to its lane. After the push the exchange is the lane thread's. */
static enum MHD_Result complete(struct exchange *x)
{
	http_conn_await_nothing(x->conn);
	if (x->refused != ERR_OK)
		return answer_refusal_delayed(x);
	http_response_cache_begin(x);
	if (http_response_cache_answer(x) || http_cached_answer(x)) {
		http_exchange_finish(x, ERR_OK);
		return answer(x);
	}
	struct lane_pool *lane = x->h->lanes[x->req.route->lane];
	if (!lane) {
		http_exchange_serve(x);
		return answer(x);
	}
	if (!http_lane_reserve(lane, x)) {
		if (answer_unpacked(x))
			return answer(x);
		lane_full(x);
		return answer_refusal_delayed(x);
	}
	atomic_store(&x->state, EXCHANGE_QUEUED);
	MHD_suspend_connection(x->mhd);
	http_lane_push(lane, x);
	return MHD_YES;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **slot)
{
	(void)url;
	struct exchange *x = *slot;
	if (!x)
		return begin(ctx, mhd, &(struct request_line){ method, version }, slot);
	if (*n > 0) {
		const size_t got = *n;
		*n = 0;
		return receive(x, data, got);
	}
	return atomic_load(&x->state) == EXCHANGE_READY ? answer(x) : complete(x);
}

static const char *end_name(enum MHD_RequestTerminationCode code)
{
	switch (code) {
	case MHD_REQUEST_TERMINATED_COMPLETED_OK:
		return "sent";
	case MHD_REQUEST_TERMINATED_TIMEOUT_REACHED:
		return "timeout";
	case MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN:
		return "shutdown";
	default:
		return "broken";
	}
}

static void on_completed(
	void *ctx, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code)
{
	(void)mhd;
	struct listener *l = ctx;
	struct exchange *x = *slot;
	if (!x)
		return;
	*slot = NULL;
	const int64_t now_us = clock_monotonic_us();
	http_exchange_log(x, now_us, end_name(code));
	http_conn_await_request(l->h, x->conn, now_us);
	atomic_store(&x->conn->idle_since_us, now_us);
	http_exchange_free(x);
	atomic_fetch_sub(&l->h->metrics.in_flight, 1);
}

static void PRINTF(2, 0) on_message(void *ctx, const char *format, va_list args)
{
	const struct http *h = ctx;
	char text[256];
	const int n = vsnprintf(text, sizeof text, format, args);
	if (n <= 0)
		return;
	LOG(h->s.log, LOG_DEBUG, "libmicrohttpd", log_str("text", str_trim(str_of(text))));
	/* a request that no callback hears of: too long a line, too many headers, no colon */
	static const char refusal[] = "Error processing request (HTTP response code is ";
	if (str_starts(str_of(text), str_of(refusal))) {
		const long status = strtol(text + sizeof refusal - 1, NULL, 10);
		LOG_SOON(h->s.log, LOG_INFO, "request_unread", log_int("status", status));
	}
}

/* ---- lanes ---- */

static void run(struct exchange *x, bool abandon)
{
	x->req.may_wait = !abandon;
	if (abandon)
		http_exchange_fail(x, http_request_refuse(x, ERR_UNAVAILABLE, "stopping", NULL));
	else
		http_exchange_serve(x);
	struct MHD_Connection *mhd = x->mhd;
	atomic_store(&x->state, EXCHANGE_READY);
	MHD_resume_connection(mhd);
}

/* A request that lost its place in the queue. This runs on the loop of the one that got it, maybe
 * another loop than its own, and so is not QUEUED any more: nothing is compressed here. */
static void displaced(struct exchange *x)
{
	struct MHD_Connection *mhd = x->mhd;
	atomic_store(&x->state, EXCHANGE_READING);
	if (!answer_unpacked(x)) {
		lane_full(x);
		http_exchange_fail(x, x->refused);
	}
	atomic_store(&x->state, EXCHANGE_READY);
	MHD_resume_connection(mhd);
}

static bool start_lanes(struct http *h)
{
	const struct http_settings *s = &h->s;
	const struct lane_settings work = { "work", s->work_threads, s->work_queue, run, true,
		displaced, s->work_threads > 1 ? s->work_threads - 1 : 1 };
	const struct lane_settings hash = { "hash", s->hash_threads, s->hash_queue, run, true,
		displaced, 0 };
	const struct lane_settings ops = { "ops", OPS_THREADS, HTTP_OPS_CONNECTIONS, run, false,
		NULL, 0 };
	h->lanes[LANE_WORK] = http_lane_start(&work);
	h->lanes[LANE_HASH] = http_lane_start(&hash);
	h->lanes[LANE_OPS] = http_lane_start(&ops);
	return h->lanes[LANE_WORK] && h->lanes[LANE_HASH] && h->lanes[LANE_OPS];
}

/* ---- start and stop ---- */

/* Behind a proxy of ours all readers share its address, so the limit would be one for all of them.
 */
static unsigned per_address(const struct http_settings *s)
{
	return s->trusted_proxy_count > 0 ? 0 : s->connections_per_address;
}

/* Those who watch are few. */
static unsigned connections(const struct listener *l)
{
	const unsigned all = l->h->s.connections;
	return l->is_ops && all > HTTP_OPS_CONNECTIONS ? HTTP_OPS_CONNECTIONS : all;
}

/* Without a listening socket: accept.c takes the connections and hands them over. */
static bool start_daemon(struct listener *l)
{
	const struct http_settings *s = &l->h->s;
	const unsigned threads = l->is_ops ? 1 : s->loop_threads;
	l->limit = connections(l);
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)s->timeout_s, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)l->limit + ACCEPT_SLACK, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, (intptr_t)per_address(s), NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, NULL },
		/* what it would refuse besides, it refuses without a word or in two answers */
		{ MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, l },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, l },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)on_unescape, l },
		{ threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads,
			NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	l->daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
					 MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
			0, NULL, NULL, on_access, l, MHD_OPTION_EXTERNAL_LOGGER, on_message, l->h,
			MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	return l->daemon != NULL;
}

static enum err start_listener(struct listener *l, char why[static 256])
{
	enum err e = http_listen(l->address, &l->fd, &l->port, why);
	if (e != ERR_OK)
		return e;
	if (!start_daemon(l) || !http_accept_start(l)) {
		(void)snprintf(why, WHY_SIZE, "libmicrohttpd did not start on %.100s", l->address);
		return ERR_UNAVAILABLE;
	}
	return ERR_OK;
}

static enum err start_all(struct http *h, char why[static 256])
{
	if (!h->public.indexes || !h->ops.indexes || !h->limits || !h->decisions ||
		!start_lanes(h) || !h->tarpit || !http_reaper_start(h)) {
		(void)snprintf(why, WHY_SIZE, "no memory or no threads for the server");
		return ERR_NOMEM;
	}
	enum err e = start_listener(&h->public, why);
	if (e == ERR_OK && h->s.ops_listen && h->s.ops_listen[0])
		e = start_listener(&h->ops, why);
	return e;
}

static struct http *http_new(const struct http_settings *s)
{
	struct http *h = http_arena_pool_start() ? calloc(1, sizeof *h) : NULL;
	if (!h)
		return NULL;
	h->s = *s;
	h->public = (struct listener){ .h = h,
		.address = s->listen,
		.fd = -1,
		.stop_fd = -1,
		.groups = s->groups,
		.group_count = s->group_count };
	h->ops = (struct listener){ .h = h,
		.address = s->ops_listen,
		.fd = -1,
		.stop_fd = -1,
		.is_ops = true,
		.groups = s->ops,
		.group_count = 1 };
	h->public.indexes = http_route_indexes(s->groups, s->group_count);
	h->ops.indexes = http_route_indexes(s->ops, s->ops ? 1 : 0);
	h->limits = http_limits_new(s->limits, s->shared_factor > 0 ? s->shared_factor : 1);
	h->decisions = http_decisions_new();
	h->tarpit = http_tarpit_start(s->connections);
	pthread_mutex_init(&h->conns.lock, NULL);
	return h;
}

enum err http_start(const struct http_settings *s, struct http **out, char why[static 256])
{
	if (!http_table_check(s, why))
		return ERR_INVALID;
	struct http *h = http_new(s);
	if (!h) {
		(void)snprintf(why, WHY_SIZE, "no memory");
		return ERR_NOMEM;
	}
	/* signals are the main thread's business: none of ours takes one */
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*out = h; /* before there are threads: a handler may look at it */
	enum err e = start_all(h, why);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e != ERR_OK) {
		*out = NULL;
		http_stop(h);
	}
	return e;
}

unsigned http_port(const struct http *h, bool ops)
{
	return ops ? h->ops.port : h->public.port;
}

struct http_memory http_memory_most(void)
{
	return (struct http_memory){ .connection = CONNECTION_BYTES + HELD_SMALL_BYTES,
		.handler = REQUEST_ARENA_MAX,
		.answers = HELD_REFUSED_MAX };
}

static void wait_for_requests(struct http *h, int64_t at_most_us)
{
	const int64_t end_us = clock_monotonic_us() + at_most_us;
	while (atomic_load(&h->metrics.in_flight) > 0 && clock_monotonic_us() < end_us)
		(void)nanosleep(&(struct timespec){ .tv_nsec = STOP_POLL_US * 1000L }, NULL);
}

/* Nobody is accepted any more. Who is connected may send the request that is on its way, and is
 * told "Connection: close" with its answer. */
static void finish_requests(struct listener *l)
{
	const int64_t end_us = clock_monotonic_us() + STOP_GRACE_US;
	while (atomic_load(&l->coming) + atomic_load(&l->open) > 0 &&
		clock_monotonic_us() < end_us) {
		http_conn_close_idle(l, LAST_REQUEST_US);
		(void)nanosleep(&(struct timespec){ .tv_nsec = STOP_POLL_US * 1000L }, NULL);
	}
}

static void stop_listener(struct listener *l)
{
	http_accept_stop(l);
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
}

enum err http_limits_change(struct http *h, const struct rate_limit limits[static RATE_COUNT])
{
	for (size_t i = 1; i < RATE_COUNT; i++) {
		if (!limits[i].burst != !limits[i].per_minute)
			return ERR_INVALID;
	}
	http_limits_set(h->limits, limits);
	return ERR_OK;
}

/* The order matters: libmicrohttpd must not be stopped while a connection is suspended, so the
 * lanes end before it, and they end when no connection is left that could want one. Only what is
 * not done after STOP_GRACE_US is refused with 503. Operations see the server stop till the end. */
void http_stop(struct http *h)
{
	if (!h)
		return;
	atomic_store(&h->stopping, true);
	http_accept_stop(&h->public);
	finish_requests(&h->public);
	for (size_t i = LANE_WORK; i < LANE_COUNT; i++)
		http_lane_stop(h->lanes[i], true);
	http_tarpit_stop(h->tarpit);
	wait_for_requests(h, LAST_ANSWERS_US);
	stop_listener(&h->public);
	stop_listener(&h->ops);
	http_reaper_stop(h);
	for (size_t i = LANE_WORK; i < LANE_COUNT; i++)
		http_lane_free(h->lanes[i]);
	http_tarpit_free(h->tarpit);
	http_limits_free(h->limits);
	http_decisions_free(h->decisions);
	free(h->public.indexes);
	free(h->ops.indexes);
	pthread_mutex_destroy(&h->conns.lock);
	free(h);
}
