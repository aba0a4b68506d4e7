/* http: the server around the handlers. The only user of libmicrohttpd.
 *
 * A request is checked for sanity, matched against the route tables, limited, given its caller,
 * checked for origin, and only then handed to its handler: in the event loop (LANE_LOOP: answers
 * from memory, never waits), on a work thread (LANE_WORK: database and disk) or on a hash thread
 * (LANE_HASH: password hashing). The connection is suspended meanwhile. A handler sees nothing of
 * libmicrohttpd. What it allocates for the reply comes from the request's arena.
 *
 * Policy is data: in a route, zero is invalid in every column, and http_start refuses a table with
 * a hole. */
#ifndef POSTERN_HTTP_H
#define POSTERN_HTTP_H

#include "postern/base.h"
#include "postern/cache.h"
#include "postern/caller.h"
#include "postern/log.h"
#include "postern/text.h"

/* METHOD_ANY stands in routes only: for those that answer for another server's requests. */
enum method {
	METHOD_GET = 1,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_ANY
};
enum who {
	WHO_ANYONE = 1, /* no credentials are looked at */
	WHO_READER,     /* a valid session makes a signed-in caller, otherwise anonymous */
	WHO_SIGNED_IN,  /* anonymous: ERR_UNAUTHENTICATED through the group's fail function */
};
/* LANE_OPS: operations, which must be told how we are also when all work threads are taken. */
enum lane { LANE_LOOP = 1, LANE_WORK, LANE_HASH, LANE_OPS };
enum body_kind { BODY_NONE = 1, BODY_FORM, BODY_JSON };
/* Requests per source address (IPv4 address, IPv6 /64), a bucket for each class; where it is empty
 * those of is_shared_address, and of the account that is signed in, count as well. */
enum rate_class {
	RATE_PAGE = 1,
	RATE_LOGIN,
	RATE_MAIL,
	RATE_WRITE,
	RATE_OPS,
	RATE_GATE,    /* a proxy's questions, by the address of the reader it asks for */
	RATE_SERVICE, /* servers with an API key */
	RATE_COUNT
};
enum {
	ROUTE_PARAMS_MAX = 3,
	ROUTE_BODY_MAX = 65536,
	RESPONSE_HEADERS_MAX = 24,
	REQUEST_ARENA_MAX = 24 << 20
};

struct request {
	enum method method;
	bool head;       /* HEAD: routed as GET, body not sent; never spends or charges anything */
	struct str path; /* decoded, canonical */
	/* As sent, path and query: for the gate, which passes it on. No page may hold any of it,
	 * since pages are shared by all who ask for the same path and the same `query`. */
	struct str target;
	struct str params[ROUTE_PARAMS_MAX]; /* {name} parts of the pattern, in order */
	struct fields query; /* what the route declares and the request has, in the route's order */
	struct fields form;
	struct str body; /* BODY_JSON: raw bytes */
	struct presented_token token;
	struct ip client; /* after trusted_proxies */
	/* The reader's address is unknown: a trusted proxy sent something that is not an address,
	 * and `client` is that proxy. Use it for limits, never to open anything. */
	bool client_vague;
	struct caller caller;
	int64_t now_s;
	char id[ID_SIZE];
	struct arena *arena;
	const struct route *route; /* NULL when no route matched */
	bool may_wait;      /* on a thread of a lane, not on the event loop, which never waits */
	struct exchange *x; /* http's own */
};
/* First value of a header, {NULL, 0} when absent. For cookies: every Cookie header is searched; a
 * name that occurs twice is taken as absent. */
struct str request_header(const struct request *r, const char *name);
/* Takes the bare name, as struct cookie does. */
struct str request_cookie(const struct request *r, const char *name);
/* It came with a token that is not in force. Of WHO_ANYONE's routes nobody looks: false. */
static inline bool request_token_is_dead(const struct request *r)
{
	return r->token.text.n > 0 && !r->caller.signed_in;
}
/* The code of the refusal of such a one, also in WWW-Authenticate (RFC 6750 section 3.1). */
#define HTTP_INVALID_TOKEN "invalid_token"
/* More than 1: sent twice. */
size_t request_header_count(const struct request *r, const char *name);
/* True when the peer itself is in trusted_proxies. X-Original-… and X-Forwarded-… of any other peer
 * are the client's own claims. */
bool request_from_proxy(const struct request *r);

/* Whether a GET of this path, of the same face, has a route. */
bool request_has_page(const struct request *r, struct str path);

/* An answer that is the same for a whole variant: for every reader whom http_settings.variant
 * says to belong to it and who asks for the same: path and r->query. "" are the anonymous readers:
 * no credential, and nothing that sets them apart. It may depend on nothing else of the request (no
 * cookie, no address, no name, no header but Accept-Encoding) and hold nothing that is not granted
 * to all of them. Zero: not shared. Answers with a status other than 200 are never kept, nor those
 * with a Set-Cookie of which per_reader_cookie does not speak. */
enum { VARIANT_SIZE = 80 };
/* The variant of one request. */
struct variant {
	char name[VARIANT_SIZE];
	void *own; /* in the request's arena: what http_settings.own takes, or NULL */
};
struct response_sharing {
	bool on;
	/* The answer's Set-Cookie is its reader's own: not kept, and made anew by http_settings.own
	 * for each who is given the rest. It goes out with the answer that it was made for, and not
	 * with an error in its place. */
	bool per_reader_cookie;
	char variant[VARIANT_SIZE];
	int64_t fresh_until_s;  /* it changes by itself then; 0: not known, a minute at most */
	int64_t usable_until_s; /* not to be shown from then on, database or not; 0: no end */
	uint64_t tags[CACHE_TAGS_MAX]; /* what it was made from (cache_tag) */
	size_t tag_count;
};
struct field_problem {
	const char *field, *code, *detail; /* static or arena */
};
struct response {
	int status;
	struct str body; /* arena, static or embedded; lives until the request ends */
	bool lasting;    /* body, gzip and brotli live as long as the server */
	const char *content_type;
	/* `body` in gzip and brotli, when the handler has it at hand; otherwise http compresses
	 * text that did not come from the loop, in gzip. A compressed answer's entity tag is weak.
	 */
	struct str gzip, brotli;
	bool cacheable; /* false: Cache-Control no-store. true: the handler set Cache-Control itself
			 */
	bool ranges;    /* honour Range (200 responses only) */
	const char *etag; /* with quotes, or NULL; http answers If-None-Match with 304 */
	const char *csp;  /* instead of the server's Content-Security-Policy, or NULL */
	struct {
		const char *name;
		struct str value;
	} headers[RESPONSE_HEADERS_MAX];
	size_t header_count;
	const char *decision, *reason; /* for the log line */
	struct response_sharing shared;
	/* what the group's fail function tells the client */
	enum err err;
	const char *code;      /* narrower than that of the error table, or NULL */
	const char *detail;    /* or NULL: the sentence of the error table */
	int64_t until_s;       /* > 0: from then on it may be otherwise */
	int64_t retry_after_s; /* > 0: Retry-After */
	struct field_problem problems[8];
	size_t problem_count;
};
/* A bad name or value (CR, LF, NUL) turns the answer into a 500, so that headers cannot be split.
 */
void response_header(struct response *rsp, const char *name, struct str value);
void response_redirect(struct response *rsp, struct str location); /* 303 */
void response_problem(
	struct response *rsp, const char *field, const char *code, const char *detail);
/* Status that a fail function shall give: of the error table, 422 for ERR_INVALID with problems, or
 * what was set before as rsp->status (501 for an unknown method, 411 for a missing length). */
int response_error_status(const struct response *rsp);
/* For bodies that are compressed once and kept. Appends to `out`. */
enum err MUST_USE http_gzip(struct str in, struct buf *out);
enum err MUST_USE http_brotli(struct str in, struct buf *out); /* RFC 7932 */
/* For what may be sent once: less than half the work of http_gzip and a quarter of that of
 * http_brotli, for about a tenth and a third more bytes. */
enum err MUST_USE http_gzip_quick(struct str in, struct buf *out);
enum err MUST_USE http_brotli_quick(struct str in, struct buf *out);
/* Path=/ always, since only so a cookie may be called __Host-, and only a cookie called so cannot
 * be planted by a neighbour under the same domain (RFC 6265bis section 4.1.3.2). */
struct cookie {
	const char *name; /* without prefix: http adds __Host- when base_url is https */
	struct str value;
	int64_t max_age_s; /* 0: browser session; < 0: delete */
};
void response_cookie(const struct request *r, struct response *rsp, const struct cookie *c);

/* Returns ERR_OK with a filled response, or the error that the group's fail function shall render
 * (rsp->detail, problems and retry_after_s may be set). ctx is the group's. */
typedef enum err http_handler(void *ctx, struct request *r, struct response *rsp);
typedef void http_fail(void *ctx, struct request *r, struct response *rsp);

struct route {
	enum method method;
	const char *pattern; /* "/articles/{slug}"; a part in braces matches one non-empty segment,
				"{path...}" at the end all that follows, be it nothing */
	/* The names it reads of the query, separated by one space; "": none. All other names are
	 * passed over, but see enum credential. */
	const char *query;
	http_handler *handler;
	enum who who;
	enum rate_class rate;
	enum body_kind body;
	size_t body_cap; /* bytes; 1 for BODY_NONE */
	enum lane lane;
};
/* CREDENTIAL_BEARER: programs, which are told when they send a query parameter that the route does
 * not declare (422). CREDENTIAL_PROXIED: questions of a proxy about its client's request, whose
 * session token stands in Authorization or else in the cookie. Whose page sent that request is for
 * the server behind to judge, and what its query means as well: neither is looked at.
 * CREDENTIAL_EITHER: files, which pages load with the cookie and apps with Authorization. */
enum credential {
	CREDENTIAL_COOKIE = 1,
	CREDENTIAL_BEARER,
	CREDENTIAL_NONE,
	CREDENTIAL_EITHER,
	CREDENTIAL_PROXIED
};
/* One face (pages, api, gate): its routes, its context, how it takes credentials and renders
 * errors. The prefix decides which face renders a 404. */
struct route_group {
	const char *prefix; /* "/api/"; the last group must be "/" */
	const struct route *routes;
	size_t count;
	void *ctx;
	http_fail *fail; /* sets status, body, content type from rsp->err */
	enum credential credential;
	/* Answers in the event loop what memory alone can decide, or returns false and leaves it to
	 * the handler; r->caller is filled in. NULL: nothing. Such a group has no shared answers.
	 */
	bool (*known)(void *ctx, struct request *r, struct response *rsp);
};

/* What the outside sees of an error: the second table. */
struct error_info {
	int status;
	const char *code; /* stable slug */
	const char *title;
	const char *sentence;
};
const struct error_info *http_error_info(enum err e);

struct rate_limit {
	unsigned burst;      /* requests at once */
	unsigned per_minute; /* and then; 0 with burst 0: unlimited */
};
/* Connections of the operations listener at most, beside all others. */
enum { HTTP_OPS_CONNECTIONS = 256 };
struct http_settings {
	const char *listen;     /* "127.0.0.1:8080", "[::1]:8080", "unix:/path" */
	const char *ops_listen; /* the same; "" for none */
	const char *base_url;   /* "https://news.example", as url_origin writes it; the only source
				   of absolute links */
	bool secure;            /* base_url is https */
	bool hsts_subdomains;   /* HSTS speaks for the hosts below as well */
	unsigned loop_threads, work_threads, hash_threads, work_queue, hash_queue;
	unsigned connections;
	unsigned connections_per_address; /* not counted when there are trusted_proxies */
	/* Of silence. A whole request may take twice as long to arrive; an answer may take as long
	 * to be read, and a second more for each 16 KiB. */
	unsigned timeout_s;
	struct ip_net trusted_proxies[IP_NETS_MAX];
	size_t trusted_proxy_count;
	struct rate_limit limits[RATE_COUNT];
	const char *csp;
	const struct clock *clock;
	const struct log *log;
	/* Turns a presented token into a caller. ERR_OK with signed_in false for a token that is
	 * not valid (any more). Runs on a lane thread. Any error is answered as such: 503, never as
	 * anonymous. */
	enum err (*identify)(
		void *ctx, struct presented_token *token, int64_t now_s, struct caller *out);
	void *identify_ctx;
	/* Where shared answers are kept, or NULL. The caller's; drops what changes. */
	struct cache *shared;
	int64_t shared_stale_s; /* how old one may be while the database is lost */
	/* identify from memory alone, on the event loop: false when it cannot be told. NULL: never.
	 */
	bool (*identify_cached)(
		void *ctx, struct presented_token *token, int64_t now_s, struct caller *out);
	/* From memory, on any thread: the variant whose answer this reader may be given, decided
	 * on what holds now; r->caller is filled in. False: only an answer of its own. NULL:
	 * requests without a credential are anonymous, and all others have no variant. */
	bool (*variant)(void *ctx, const struct request *r, struct variant *out);
	/* Adds what is this reader's own, one cookie at most, to the answer kept for the variant;
	 * called once before it goes out, when variant said so. False: not that answer after all.
	 */
	bool (*own)(void *ctx, const struct request *r, void *own, struct response *rsp);
	/* From memory: the request comes from an address that many readers share by right, such as
	 * an institution's. Its limits are shared_factor times as large. NULL: none is. */
	bool (*is_shared_address)(void *ctx, const struct request *r);
	unsigned shared_factor;
	void *audience_ctx;         /* of all three */
	bool (*is_lost)(void *ctx); /* the database; NULL: never */
	void *is_lost_ctx;
	bool (*in_tx)(void *ctx); /* after every handler: must be false */
	void *in_tx_ctx;
	const struct route_group *groups;
	size_t group_count;
	const struct route_group *ops; /* routes of the operations listener */
};
struct http;
/* The form of a listen address, without binding. ERR_INVALID, ERR_TOO_LARGE. */
enum err MUST_USE http_address_check(const char *address);
/* Binds and serves on threads of its own. `*out` is set before the first of them starts, and NULL
 * after an error. `why` says what is wrong: a hole in a route table, an
 * address in use, … */
enum err MUST_USE http_start(
	const struct http_settings *s, struct http **out, char why[static 256]);
/* Other rate limits from now on. ERR_INVALID: a burst without a rate, or the other way about; then
 * all stay as they are. Any thread. */
enum err MUST_USE http_limits_change(
	struct http *h, const struct rate_limit limits[static RATE_COUNT]);
/* Stops accepting connections, finishes the requests in progress and frees everything. Waits 10 s
 * at most, but longer for a handler that is running, since it uses what the caller is about to
 * free. NULL is fine. */
void http_stop(struct http *h);
/* Port that was bound, for listen addresses ending in ":0". */
unsigned http_port(const struct http *h, bool ops);
/* The most memory, in bytes, of one connection with its request and answer, of one request that a
 * work thread is at, and of all large answers that are on their way out. */
struct http_memory {
	int64_t connection, handler, answers;
};
struct http_memory http_memory_most(void);
/* Prometheus text: requests by status class, durations, lanes, limits. */
void http_metrics(const struct http *h, struct buf *out);

#endif
