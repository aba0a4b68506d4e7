/* A small site on a real server, and a client that sends the very bytes it is given. */
#ifndef POSTERN_TEST_HTTP_HELP_H
#define POSTERN_TEST_HTTP_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "postern/http.h"

#define HOST "Host: news.example\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"
#define SAME "Sec-Fetch-Site: same-origin\r\n"
#define UNUSED __attribute__((unused))

/* ---- the site ---- */
struct site {
	struct http *http;
	struct http_settings settings;
	struct clock clock;
	struct log log;
	FILE *log_file;
	_Atomic int handled;
	_Atomic bool in_tx;
	enum err identify_err;
};

static void UNUSED sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}

static void UNUSED say(const struct request *r, struct response *rsp, const char *text)
{
	rsp->status = 200;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = arena_str(r->arena, str_of(text));
}

/* A long text with a number that no other answer has; `made` counts them. */
enum { LONG = 3000 };
static enum err UNUSED say_made(const struct request *r, struct response *rsp, _Atomic int *made)
{
	char *body = arena_alloc(r->arena, LONG);
	if (!body)
		return ERR_NOMEM;
	memset(body, 'x', LONG);
	int n = snprintf(body, LONG, "made %d ", atomic_fetch_add(made, 1) + 1);
	body[n] = 'x';
	rsp->status = 200;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = (struct str){ body, LONG };
	return ERR_OK;
}

/* Names the group (by its context), the code and what the reader is told. */
UNUSED static void site_fail(void *ctx, struct request *r, struct response *rsp)
{
	const struct error_info *face = http_error_info(rsp->err);
	rsp->status = response_error_status(rsp);
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = str_of(arena_fmt(r->arena, "%s|%s|%s", (const char *)ctx, face->code,
		rsp->detail ? rsp->detail : face->sentence));
}

UNUSED static enum err site_identify(
	void *ctx, struct presented_token *presented, int64_t now_s, struct caller *out)
{
	const struct str token = presented->text;
	(void)now_s;
	struct site *site = ctx;
	if (site->identify_err != ERR_OK) {
		return site->identify_err;
	}
	*out = (struct caller){ .signed_in = str_eq(token, STR("pst_good")) };
	if (out->signed_in) {
		(void)snprintf(out->account_id, sizeof out->account_id, "acct");
		(void)snprintf(out->session_tag, sizeof out->session_tag, "tag");
	}
	return ERR_OK;
}

UNUSED static bool site_in_tx(void *ctx)
{
	struct site *site = ctx;
	return atomic_exchange(&site->in_tx, false);
}

static struct http_settings UNUSED site_settings(struct site *site)
{
	site->log_file = tmpfile();
	assert_non_null(site->log_file);
	site->log = (struct log){ .level = LOG_DEBUG, .fd = fileno(site->log_file) };
	return (struct http_settings){ .listen = "127.0.0.1:0",
		.ops_listen = "",
		.base_url = "http://news.example",
		.loop_threads = 2,
		.work_threads = 4,
		.hash_threads = 1,
		.work_queue = 300,
		.hash_queue = 300,
		.connections = 1000,
		.connections_per_address = 1000,
		.timeout_s = 10,
		.csp = "default-src 'self'",
		.clock = &site->clock,
		.log = &site->log,
		.identify = site_identify,
		.identify_ctx = site,
		.in_tx = site_in_tx,
		.in_tx_ctx = site };
}

static void UNUSED site_start(struct site *site)
{
	char why[256] = "";
	if (http_start(&site->settings, &site->http, why) != ERR_OK) {
		fail_msg("http_start: %s", why);
	}
}

static void UNUSED site_stop(struct site *site)
{
	http_stop(site->http);
	site->http = NULL;
	if (site->log_file) {
		fclose(site->log_file);
		site->log_file = NULL;
	}
}

/* The log so far, for strstr. Freed by the caller. */
UNUSED static char *site_log(const struct site *site)
{
	const off_t size = lseek(site->log.fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(pread(site->log.fd, text, (size_t)size, 0), size);
	return text;
}

/* Log lines are written when the answer is out: wait for them. */
static bool UNUSED site_logged(const struct site *site, const char *what)
{
	for (int i = 0; i < 200; i++) {
		char *text = site_log(site);
		const bool found = strstr(text, what) != NULL;
		free(text);
		if (found) {
			return true;
		}
		sleep_ms(10);
	}
	return false;
}

/* ---- the client ---- */
enum { ANSWER_MAX = 200000, WAIT_MS = 8000 };
struct answer {
	int status;
	size_t head_n, body_n;
	bool closed;            /* the server ended the connection right after */
	char bytes[ANSWER_MAX]; /* head, then body */
};

static int UNUSED dial(unsigned port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void UNUSED put(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		const ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);
		if (done <= 0) {
			return; /* the server may close early: the answer tells */
		}
		bytes += done;
		n -= (size_t)done;
	}
}

/* Bytes read, 0 at the end of the stream, -1 when nothing came in time. */
static ssize_t get(int fd, char *to, size_t n, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, wait_ms) <= 0) {
		return -1;
	}
	const ssize_t got = recv(fd, to, n, 0);
	return got < 0 ? 0 : got;
}

/* Value of a header in the answer, or NULL; valid until the next call. */
UNUSED static const char *answer_header(const struct answer *a, const char *name)
{
	static _Thread_local char value[1024];
	const size_t n = strlen(name);
	const char *end = a->bytes + a->head_n;
	for (const char *p = a->bytes; p && p < end; p = strstr(p, "\r\n")) {
		p += *p == '\r' ? 2 : 0;
		if (strncasecmp(p, name, n) == 0 && p[n] == ':') {
			const char *from = p + n + 1;
			from += strspn(from, " ");
			(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
			return value;
		}
	}
	return NULL;
}

static size_t UNUSED answer_header_count(const struct answer *a, const char *name)
{
	size_t count = 0;
	const size_t n = strlen(name);
	for (const char *p = strstr(a->bytes, "\r\n"); p && p < a->bytes + a->head_n;
		p = strstr(p + 2, "\r\n")) {
		count += strncasecmp(p + 2, name, n) == 0 && p[2 + n] == ':';
	}
	return count;
}

UNUSED static const char *answer_body(const struct answer *a)
{
	return a->bytes + a->head_n;
}

/* One answer. `head_only`: to HEAD. False when the server closed or said nothing. */
static bool UNUSED read_answer(int fd, bool head_only, struct answer *a)
{
	memset(a, 0, offsetof(struct answer, bytes));
	a->bytes[0] = 0;
	size_t n = 0;
	size_t want = SIZE_MAX;
	while (n < want && n + 1 < ANSWER_MAX) {
		/* the head byte by byte, so that the next answer stays in the socket */
		const size_t left = ANSWER_MAX - 1 - n;
		const size_t capacity = want == SIZE_MAX ? 1 : want - n < left ? want - n : left;
		const ssize_t got = get(fd, a->bytes + n, capacity, WAIT_MS);
		if (got <= 0) {
			a->closed = got == 0;
			break;
		}
		n += (size_t)got;
		a->bytes[n] = 0;
		if (want == SIZE_MAX && n >= 4 && memcmp(a->bytes + n - 4, "\r\n\r\n", 4) == 0) {
			a->head_n = n;
			a->status = (int)strtol(a->bytes + 9, NULL, 10);
			const char *length = answer_header(a, "Content-Length");
			const bool none = head_only || a->status == 304 || a->status == 204 ||
					  a->status == 100;
			want = n + (none || !length ? 0 : strtoul(length, NULL, 10));
		}
	}
	a->body_n = a->head_n > 0 ? n - a->head_n : 0;
	return a->head_n > 0 && n == want;
}

/* True when the server closes the connection within a moment. What it still sends is read over:
 * libmicrohttpd 0.9.75 puts the head of its own refusals (a Content-Length that is no number) on
 * the wire twice. */
static bool UNUSED is_closed(int fd)
{
	char rest[1024];
	ssize_t got = 0;
	do {
		got = get(fd, rest, sizeof rest, 300);
	} while (got > 0);
	return got == 0;
}

/* On a connection that stays. */
static void UNUSED ask_on(int fd, const char *line, const char *headers, struct answer *out)
{
	char request[512];
	(void)snprintf(request, sizeof request, "%s HTTP/1.1\r\n" HOST "%s\r\n", line, headers);
	put(fd, request, strlen(request));
	assert_true(read_answer(fd, str_starts(str_of(line), STR("HEAD")), out));
}

/* One request on a connection of its own. */
static bool UNUSED ask_n(unsigned port, const char *bytes, size_t n, struct answer *a)
{
	const int fd = dial(port);
	put(fd, bytes, n);
	const bool ok = read_answer(fd, strncmp(bytes, "HEAD ", 5) == 0, a);
	const char *connection = answer_header(a, "Connection");
	a->closed = ok && connection && strcasecmp(connection, "close") == 0 && is_closed(fd);
	close(fd);
	return ok;
}

static bool UNUSED ask(unsigned port, const char *request, struct answer *a)
{
	return ask_n(port, request, strlen(request), a);
}

#endif
