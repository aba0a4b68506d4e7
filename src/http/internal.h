/* http, from the inside: what its files share. Not for other rooms.
 *
 * Threads: an exchange belongs to the loop thread of its connection, except between http_lane_push
 * and the resume, when it belongs to one lane thread. `struct http` is written before the threads
 * start; later only atomics and what a lock of its own guards. */
#ifndef POSTERN_HTTP_INTERNAL_H
#define POSTERN_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "postern/http.h"
#include "postern/thread.h"

enum {
	HEADERS_MAX = 100, /* header lines of a request */
	/* Of a request line and its headers. More than browsers send with 16 KiB of cookies, and
	 * less than what fits into libmicrohttpd's pool beside our answer. */
	HEADER_BYTES_MAX = 24 << 10,
	POOL_BYTES = 32 << 10,  /* libmicrohttpd's, for each connection */
	TARGET_MAX = 8192,      /* bytes of a request target */
	DRAIN_MAX = 256 << 10,  /* bytes of a refused body read so that the connection can stay */
	TOKEN_MAX = 256,        /* bytes of a presented token; longer ones are nobody's */
	ALLOW_SIZE = 48,        /* all methods in one Allow header */
	LANE_THREADS_MAX = 257, /* of one lane: 256 as set, and one that reads while all write */
	STOP_GRACE_US = 9 * 1000000, /* for requests under way when the server stops */
	READ_RATE_MIN = 16 << 10, /* bytes a second that the reader of an answer takes at least */
	CONNECTION_BYTES =
		34 << 10, /* of one that is idle: mostly libmicrohttpd's pool of 32 KiB */
	HELD_SMALL_BYTES = 64 << 10, /* what an answer may hold without being counted */
	HELD_BYTES_MAX = 256 << 20,  /* by all others together; more are refused with 503 */
	/* A refusal holds what its handler made, too: above this it gets no answer, but its end. */
	HELD_REFUSED_MAX = 2 * HELD_BYTES_MAX - 1,
	DURATION_BUCKETS = 8,
	LANE_COUNT = LANE_OPS + 1,
};

#define HTTP_HEADERS_TOO_LARGE                                                                     \
	"Your browser sent more than 24 KB of headers, mostly cookies. Delete the cookies of "     \
	"this "                                                                                    \
	"site and try again."

/* ---- rate limits (limit.c) ---- */
/* Refusals of one source that are answered at once: a class of http's own. */
enum {
	RATE_REFUSAL = RATE_COUNT,
	/* + class: further buckets, for where the source's own one is empty: of an address that
	 * many share by right, and of one account. */
	RATE_SHARED,
	RATE_ACCOUNT = RATE_SHARED + RATE_COUNT,
	RATE_ALL = RATE_ACCOUNT + RATE_COUNT,
};
struct http_limits;
/* Those of RATE_SHARED are `factor` times as large. */
struct http_limits *http_limits_new(
	const struct rate_limit limits[static RATE_COUNT], unsigned factor);
void http_limits_free(struct http_limits *l);
/* Other limits from now on, while requests ask; what a source has used stays used. */
void http_limits_set(struct http_limits *l, const struct rate_limit limits[static RATE_COUNT]);
unsigned http_limits_per_minute(const struct http_limits *l, unsigned class);
/* True when the request may pass; otherwise the whole seconds until the next one may. Any thread.
 */
bool http_limits_take(
	struct http_limits *l, unsigned class, struct ip client, int64_t now_us, int64_t *wait_s);
/* The same for an account. */
bool http_limits_take_account(
	struct http_limits *l, unsigned class, const char id[static ID_SIZE], int64_t now_us);
const char *http_rate_name(enum rate_class class);

/* ---- numbers for http_metrics (metrics.c); all relaxed, read one by one ---- */
/* duration: requests of each lane by the buckets of metrics.c; duration_us: their sum. */
struct http_metrics {
	_Atomic uint64_t
		requests[2][6]; /* [operations listener][status / 100]; [0]: never answered */
	_Atomic uint64_t duration[LANE_COUNT][DURATION_BUCKETS];
	_Atomic uint64_t duration_us[LANE_COUNT];
	_Atomic uint64_t limited[RATE_COUNT];
	_Atomic int64_t connections, in_flight, held_bytes;
	_Atomic uint64_t stale; /* answers given while the database was lost */
	_Atomic uint64_t delayed;
};
struct exchange;
void http_metrics_count(struct http_metrics *m, const struct exchange *x, int status, int64_t us);

/* ---- decisions by surface, grant and reason (decisions.c): a table of fixed size ---- */
struct http_decisions;
struct http_decisions *http_decisions_new(void);
void http_decisions_free(struct http_decisions *d);
/* `pattern` is the route's: its first part names the surface. Any thread. */
void http_decisions_count(
	struct http_decisions *d, const char *pattern, const char *grant, const char *reason);
void http_decisions_put(struct http_decisions *d, struct buf *out);

/* ---- what a thread is done with and uses again (arena_pool.c) ---- */
bool http_arena_pool_start(void);         /* before any other of these; false without memory */
struct arena *http_arena_acquire(void);   /* NULL without memory */
void http_arena_release(struct arena *a); /* wiped; NULL is fine */

/* ---- lanes (lane.c) ---- */
struct lane_pool;
struct lane_settings {
	const char *name;
	unsigned threads, capacity; /* room: requests that may wait */
	/* Runs on a lane thread and must not touch the exchange after giving it back. `abandon`:
	 * the server stops and the request is to be refused. */
	void (*run)(struct exchange *x, bool abandon);
	/* Sources (IPv4 address, IPv6 /64) take turns. When the queue is full, one that has fewer
	 * waiting gets the place of the last request of the one with most, which goes to `refuse`,
	 * on the thread that reserves, and is given back there as by run. */
	bool fair;
	void (*refuse)(struct exchange *x);
	unsigned each; /* threads that one source may have at once; 0: all */
};
/* For /metrics. refused: since the start. */
struct lane_stats {
	size_t waiting, capacity;
	uint64_t refused;
};
struct lane_pool *http_lane_start(const struct lane_settings *s);
/* A place in the queue for x, to be followed by its push, which cannot fail; false when the queue
 * is full or closed. Two steps, because the connection must be suspended in between. */
bool http_lane_reserve(struct lane_pool *l, const struct exchange *x);
void http_lane_push(struct lane_pool *l, struct exchange *x);
/* No more reservations; waiting requests are abandoned when `abandon`; returns when all threads
 * have ended. NULL is fine. */
void http_lane_stop(struct lane_pool *l, bool abandon);
void http_lane_free(struct lane_pool *l);
struct lane_stats http_lane_stats(struct lane_pool *l);

/* ---- refusals that wait for their answer (tarpit.c) ---- */
struct tarpit;
struct tarpit *http_tarpit_start(unsigned connections); /* NULL: no memory or no thread */
/* All that wait are answered now, and none will wait any more. NULL is fine. */
void http_tarpit_stop(struct tarpit *p);
void http_tarpit_free(struct tarpit *p);
/* The answer is made and tells to come back later. True: it waits, its connection suspended, and
 * will be resumed as READY. False: it is to go out now. */
bool http_tarpit_hold(struct exchange *x);

/* ---- connections (conn.c): their list, and the reaper of those that trickle, either way ---- */
/* One TCP connection or one of a unix socket. Its loop's thread owns it; the list and the two
 * atomics are shared with the reaper. */
struct conn {
	struct conn *prev, *next;
	struct listener *listener;
	int fd;
	struct ip peer;
	bool peer_trusted;
	char peer_text[IP_TEXT_SIZE]; /* for the log line of each request */
	/* As sent, from the URI callback, for libmicrohttpd decodes its own copy in place; good
	 * until the next request. NULL: none, or no memory. */
	char *target;
	size_t target_size;
	const char *target_sent; /* where it lies in libmicrohttpd's buffer: only compared */
	/* When the client must have finished its request, or taken its answer; 0 while we are at
	 * work. */
	_Atomic int64_t deadline_us;
	/* Since when it has no request under way; 0 while it has. */
	_Atomic int64_t idle_since_us;
};
struct conn_list {
	pthread_mutex_t lock;
	struct conn *head;
};
struct conn *http_conn_open(struct listener *l, struct MHD_Connection *mhd);
void http_conn_close(struct conn *c);
/* The server stops: no more is read from the connections of this listener that have been idle for
 * so long. A request that is there already is still answered. */
void http_conn_close_idle(struct listener *l, int64_t idle_us);
/* Cut where it is longer than any that is taken. */
void http_conn_target(struct conn *c, const char *target);
/* The client has its turn from now_us (clock_monotonic_us, or the coarse one) on: to send a
 * request, to read an answer of so many bytes, or not at all. */
void http_conn_await_request(const struct http *h, struct conn *c, int64_t now_us);
void http_conn_await_reader(const struct http *h, struct conn *c, int64_t now_us, uint64_t bytes);
void http_conn_await_nothing(struct conn *c);
bool http_reaper_start(struct http *h);
void http_reaper_stop(struct http *h);

/* ---- the server ---- */
struct route_index;
/* One address that is listened on: the readers' or the operations'. Written before its threads
 * start, but for the atomics. */
struct listener {
	struct http *h;
	struct MHD_Daemon *daemon;
	const char *address; /* as configured */
	int fd;
	unsigned port;
	/* accept.c */
	pthread_t acceptor;
	int stop_fd; /* readable when it shall end */
	bool accepts, is_short;
	unsigned limit;                /* of connections */
	_Atomic unsigned open, coming; /* coming: accepted, and not yet with their loop */
	bool is_ops;
	const struct route_group *groups;
	size_t group_count;
	struct route_index *indexes; /* of each group */
};
struct http {
	struct http_settings s;
	struct listener public, ops;
	struct lane_pool *lanes[LANE_COUNT]; /* [LANE_LOOP] is NULL */
	struct http_limits *limits;
	struct http_decisions *decisions;
	struct http_metrics metrics;
	struct tarpit *tarpit;
	struct conn_list conns;
	pthread_t reaper;
	pthread_cond_t reaper_wake;
	bool reaper_runs, reaper_ends; /* the latter under conns.lock */
	atomic_bool stopping;
	_Atomic int64_t forwarded_told_us; /* when the log was last told of what proxy.c cannot
					      read; 0: never */
};

/* Opens "127.0.0.1:8080", "[::1]:8080" or "unix:/path" (a dead socket in its place is removed). */
enum err MUST_USE http_listen(const char *address, int *fd, unsigned *port, char why[static 256]);
void http_listen_remove(const char *address); /* the file of a unix socket */
/* accept.c: takes connections for l->daemon, on a thread of its own. Stop takes those who wait, and
 * then closes the socket. */
bool http_accept_start(struct listener *l);
void http_accept_stop(struct listener *l);
bool http_table_check(const struct http_settings *s, char why[static 256]);

/* ---- routes (route.c) ---- */
const struct route_group *http_group_of(const struct listener *l, struct str path);
/* What a path matched. The params point into the path. */
struct route_match {
	const struct route *route; /* NULL: none */
	struct str params[ROUTE_PARAMS_MAX];
	bool other_method; /* none, but the path is known, see allow */
	char allow[ALLOW_SIZE];
};
/* The routes of a group by the first bytes behind its prefix, in the order of the table where
 * those are alike. Good while the table is. */
enum { ROUTES_MAX = 256, ROUTE_PLACE_ANY = 63, ROUTE_BUCKETS };
struct route_index {
	size_t prefix_n;
	uint16_t ends[ROUTE_BUCKETS]; /* where each place ends in `routes`, and the next one begins
				       */
	const struct route *routes[ROUTES_MAX];
};
/* An index for each, of tables that http_table_check has found good; to be freed. NULL: no memory.
 */
struct route_index *http_route_indexes(const struct route_group *groups, size_t count);
void http_route_match(const struct route_index *index, enum method method, struct str path,
	struct route_match *out);

/* ---- one request ---- */
/* READING: the loop's. QUEUED: a lane's, from before the push until the answer is made. */
enum exchange_state { EXCHANGE_READING, EXCHANGE_QUEUED, EXCHANGE_READY };
/* Both point into libmicrohttpd's pool: good until the answer is sent. */
struct header {
	struct str name, value;
};
/* Content-Encoding of an answer (RFC 9110 section 8.4). */
enum coding { CODING_NONE, CODING_GZIP, CODING_BROTLI };
/* One request and its answer, from the first line to the log line. */
struct exchange {
	struct request req;
	struct response rsp;
	struct http *h;
	struct listener *listener;
	struct conn *conn;
	struct MHD_Connection *mhd;
	const struct route_group *group;
	struct header *headers; /* in the arena */
	size_t header_count;
	uint64_t announced;   /* Content-Length */
	size_t header_bytes;  /* of the request line and the headers, as sent */
	size_t header_lines;  /* as libmicrohttpd counts them, with the one of ours */
	struct str raw_query; /* what stands behind the '?'; {NULL, 0}: no '?' */
	/* The path and what the route reads of the query, in one spelling: requests that are alike
	 * in it get the same answer. In the arena, without a space. */
	struct str key;
	char *body;
	size_t body_n, body_capacity;
	uint64_t drained; /* bytes of a refused body */
	struct MHD_Response *answer;
	uint64_t bytes; /* of the body in the answer */
	/* Share in metrics.held_bytes: the arena, which lives until a slow reader has it all. */
	int64_t held;
	int64_t started_us;
	int64_t due_us, paused_us;    /* while, and how long, it was delayed */
	struct exchange *prev, *next; /* in a lane, of the same source; or delayed */
	char allow[ALLOW_SIZE];
	struct cache_item *item; /* that the answer is made of; NULL: a handler's */
	struct cache_load load;  /* of what the handler makes, if it is to be shared */
	bool shareable;          /* by who asks and how: has a variant */
	bool token_read;         /* req.token is what was presented */
	bool from_memory;        /* no handler made the answer */
	bool packs;              /* is to compress the cached answer well, on a lane */
	/* The answer is the item's, word for word, but for the name of the request; so it can serve
	 * another one. */
	bool from_cache;
	/* Nor is there an item, and still nothing but that name would differ for another request
	 * with all of this alike: what the answer consists of, in the arena. Empty: that is not so.
	 */
	struct str alike;
	enum coding coding; /* of the body */
	struct variant variant;
	enum err refused;  /* before its handler */
	_Atomic int state; /* enum exchange_state */
	bool headers_bad;
	bool chunked, expects; /* Transfer-Encoding, Expect */
	bool close;            /* no further request on this connection */
	bool answered;
};

/* mhd_pool.c. Hide: before the headers of a request are read, puts one before them that has this
 * name and value. Full: not enough is left for an answer, so http_pool_refuse gives it. */
extern const char http_no_cookies[];
void http_pool_hide_cookies(struct MHD_Connection *mhd);
bool http_pool_full(const struct exchange *x);
enum MHD_Result http_pool_refuse(struct exchange *x);
/* request.c: fills x->req from what libmicrohttpd gives at the first call. An error is a refusal
 * that closes the connection, since the two sides may not agree on where the request ends. */
struct request_line {
	const char *method, *version;
};
enum err MUST_USE http_request_read(struct exchange *x, const struct request_line *line);
/* query.c: r->query and x->key, of a request that has its route. */
enum err MUST_USE http_query_read(struct exchange *x);
/* admit.c: route, body cap and type, rate class, query. An error is a refusal that keeps the
 * connection, unless it sets x->close. */
enum err MUST_USE http_request_admit(struct exchange *x);
/* lines.c: no line of the request was read by libmicrohttpd in another way than it was sent. */
bool http_lines_whole(const struct exchange *x, const struct request_line *line);
/* Sets what log (reason, a slug) and client (detail, a sentence) are told. Returns e. */
enum err http_request_refuse(
	struct exchange *x, enum err e, const char *reason, const char *detail);
/* proxy.c */
void http_client_address(struct exchange *x);
/* origin.c: same-origin check for requests that change state. */
enum err MUST_USE http_origin_check(struct exchange *x);
/* token.c: the session token as this group takes it, or empty. */
enum err MUST_USE http_token_read(struct exchange *x);

/* response_cache.c. Begin before the first look at the database; put behind the handler. */
void http_response_cache_begin(struct exchange *x);
void http_response_cache_put(struct exchange *x);
/* True when the response is filled from memory. */
bool http_response_cache_answer(struct exchange *x);
/* The same behind a wait, in which a right may have ended. */
bool http_response_cache_answer_late(struct exchange *x);
/* The same by the group's own function. */
bool http_cached_answer(struct exchange *x);
/* As http_response_cache_answer, for what failed with e. */
bool http_response_cache_rescue(struct exchange *x, enum err e);

/* exchange.c */
struct exchange *http_exchange_new(struct listener *l, struct conn *c, struct MHD_Connection *mhd);
void http_exchange_free(struct exchange *x);
/* Identity, origin, handler, answer: in the loop or on a lane. */
void http_exchange_serve(struct exchange *x);
/* Counts what the answer holds, and makes it; none when too much is held already. */
void http_exchange_finish(struct exchange *x, enum err e);
void http_exchange_fail(struct exchange *x, enum err e); /* renders e and makes the answer */
void http_exchange_log(struct exchange *x, int64_t now_us, const char *end);

/* response_cache.c: how many Set-Cookie it has. */
size_t http_response_cookies(const struct response *rsp);

/* arena_pool.c: for an exchange that is from_cache or alike to others. Take: x->answer, made before
 * on this thread of the same; false: there is none. Give back, on its loop thread: the answer and
 * the item, behind the last use of both. */
bool http_response_pool_may_keep(const struct exchange *x);
bool http_response_pool_acquire(struct exchange *x);
void http_response_pool_release(struct exchange *x);

/* answer.c: response to struct MHD_Response, with conditions, ranges and default headers. */
void http_answer_make(struct exchange *x);
bool http_response_poisoned(const struct response *rsp);          /* a bad header was set */
bool http_header_is_cookie(const struct response *rsp, size_t i); /* Set-Cookie */
void http_response_cookies_drop(struct response *rsp);

/* compress.c */
bool http_compressible(const struct response *rsp);
/* The coding that the answer is to go out in: brotli before gzip, of those that the client takes
 * and that are there or may be made now. */
enum coding http_coding_asked(const struct exchange *x);
/* The body in this coding: as it is there, or quickly made on a lane; empty when there is none. */
struct str http_coded(struct exchange *x, enum coding coding);
/* The body, compressed into the request's arena; empty when that fails or saves nothing. */
struct str http_packed(struct exchange *x, enum err (*pack)(struct str in, struct buf *out));

#endif
