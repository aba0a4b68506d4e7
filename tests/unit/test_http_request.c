/* Goal: every row of the table in docs/security.md (what libmicrohttpd lets through) is refused or
 * defined, seen from a socket, on a running server. */
#include "http_help.h"

static enum err echo(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	struct buf b = BUF(100000);
	buf_fmt(&b, "path=" STR_FMT " n=%zu", STR_ARG(r->path), r->query.n);
	for (size_t i = 0; i < r->query.n; i++) {
		buf_fmt(&b, " " STR_FMT ":%zu", STR_ARG(r->query.v[i].name), r->query.v[i].value.n);
	}
	for (size_t i = 0; i < r->form.n; i++) {
		buf_fmt(&b, " " STR_FMT "=" STR_FMT, STR_ARG(r->form.v[i].name),
			STR_ARG(r->form.v[i].value));
	}
	buf_fmt(&b, " body=" STR_FMT, STR_ARG(r->body));
	buf_fmt(&b, " user=" STR_FMT, STR_ARG(request_header(r, "Remote-User")));
	rsp->body = arena_str(r->arena, buf_view(&b));
	buf_free(&b);
	return ERR_OK;
}

static const struct route pages[] = {
	{ METHOD_GET, "/", "p q", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/items/{id}", "", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_POST, "/form", "", echo, WHO_ANYONE, RATE_WRITE, BODY_FORM, 4096, LANE_WORK },
	{ METHOD_POST, "/empty", "", echo, WHO_ANYONE, RATE_WRITE, BODY_NONE, 1, LANE_WORK },
};
static const struct route api[] = {
	{ METHOD_POST, "/api/json", "", echo, WHO_ANYONE, RATE_WRITE, BODY_JSON, 65536, LANE_WORK },
	{ METHOD_PUT, "/api/json", "", echo, WHO_ANYONE, RATE_WRITE, BODY_JSON, 100, LANE_WORK },
	{ METHOD_DELETE, "/api/json", "", echo, WHO_ANYONE, RATE_WRITE, BODY_NONE, 1, LANE_WORK },
};
static const struct route_group groups[] = {
	{ "/api/", api, COUNT(api), "api", site_fail, CREDENTIAL_BEARER, NULL },
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static int setup(void **state)
{
	struct site *site = calloc(1, sizeof *site);
	assert_non_null(site);
	site->settings = site_settings(site);
	site->settings.groups = groups;
	site->settings.group_count = COUNT(groups);
	site_start(site);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;
	site_stop(site);
	free(site);
	return 0;
}

static unsigned port_of(void **state)
{
	const struct site *site = *state;
	return http_port(site->http, false);
}

struct row {
	const char *name, *request;
	size_t n;
	int status;
	bool closed;
	const char *body; /* is in the body */
};
#define ROW(name, request, ...)                                                                    \
	{                                                                                          \
		name, request, sizeof(request) - 1, __VA_ARGS__                                    \
	}

static void check_rows(unsigned port, const struct row *rows, size_t count)
{
	static struct answer a;
	for (size_t i = 0; i < count; i++) {
		const bool answered = ask_n(port, rows[i].request, rows[i].n, &a);
		if (!answered || a.status != rows[i].status || a.closed != rows[i].closed ||
			(rows[i].body && !strstr(answer_body(&a), rows[i].body))) {
			fail_msg("%s: answered %d, status %d, closed %d: %s", rows[i].name,
				answered, a.status, a.closed, a.bytes);
		}
	}
}

/* Two readers of the same bytes must agree on where a request ends and whom it is for. */
static void framing(void **state)
{
	static const struct row rows[] = {
		ROW("well formed", "GET / HTTP/1.1\r\n" HOST "\r\n", 200, false, "path=/ n=0"),
		ROW("two lengths",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length: 3\r\nContent-Length: 5\r\n\r\na=1&b",
			400, true, "malformed"),
		ROW("two equal lengths",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length: 3\r\nContent-Length: 3\r\n\r\na=1",
			400, true, NULL),
		ROW("length list",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 3, 3\r\n\r\na=1",
			400, true, NULL),
		ROW("negative length",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: -1\r\n\r\na=1",
			400, true, NULL),
		ROW("signed length",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: +3\r\n\r\na=1",
			400, true, NULL),
		ROW("length and chunked",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length: 3\r\nTransfer-Encoding: "
			"chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n",
			400, true, "malformed"),
		ROW("unknown coding",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Transfer-Encoding: xchunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n",
			501, true, NULL),
		ROW("two codings",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n",
			501, true, NULL),
		ROW("chunked twice",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			400, true, NULL),
		ROW("chunked",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Transfer-Encoding: chunked\r\n\r\n2\r\na=\r\n1\r\n1\r\n0\r\n\r\n",
			200, false, "a=1"),
		ROW("space before colon", "GET / HTTP/1.1\r\n" HOST "X-Real-IP : v\r\n\r\n", 400,
			true, NULL),
		ROW("name with a slash", "GET / HTTP/1.1\r\n" HOST "X/Y: v\r\n\r\n", 400, true,
			NULL),
		ROW("control in value", "GET / HTTP/1.1\r\n" HOST "X: a\001b\r\n\r\n", 400, true,
			NULL),
		ROW("folded length",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length:\r\n 41\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
			400, true, "one line"),
		ROW("folded length, any route",
			"POST /empty HTTP/1.1\r\n" HOST SAME "content-length: 4\r\n\t1\r\n\r\n",
			400, true, NULL),
		ROW("folded length, any method",
			"GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n \r\n 41\r\n\r\n", 400, true,
			NULL),
		ROW("folded coding",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
			400, true, NULL),
		ROW("no length",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "\r\nGET / HTTP/1.1\r\n" HOST
			"\r\n",
			411, true, "pages|malformed|Content-Length is required"),
		ROW("no length, json", "PUT /api/json HTTP/1.1\r\n" HOST JSON "\r\n", 411, true,
			"api|malformed"),
		ROW("no length where no body is taken", "POST /empty HTTP/1.1\r\n" HOST SAME "\r\n",
			200, false, NULL),
		ROW("two hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400, true, "Host"),
		ROW("no host", "GET / HTTP/1.1\r\n\r\n", 400, true, NULL),
		ROW("no host in 1.0", "GET / HTTP/1.0\r\n\r\n", 400, true, "Host"),
		ROW("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, true, NULL),
		ROW("unknown expectation",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Expect: the-unexpected\r\nContent-Length: 3\r\n\r\na=1",
			400, true, NULL),
		ROW("two authorizations",
			"GET / HTTP/1.1\r\n" HOST
			"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
			400, true, NULL),
		ROW("newer version", "GET / HTTP/1.7\r\n" HOST "\r\n", 400, true, NULL),
	};
	check_rows(port_of(state), rows, COUNT(rows));
}

/* A path has one spelling, or none. */
static void targets(void **state)
{
	static const struct row rows[] = {
		ROW("absolute form", "GET http://evil/a HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("authority form", "GET evil:80 HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("encoded slash", "GET /items/a%2fb HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("encoded slash, upper", "GET /items/a%2Fb HTTP/1.1\r\n" HOST "\r\n", 400, true,
			NULL),
		ROW("encoded dots", "GET /items/%2e%2e/x HTTP/1.1\r\n" HOST "\r\n", 400, true,
			NULL),
		ROW("dots", "GET /items/../x HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("one dot", "GET /items/./x HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("NUL", "GET /items/%00x HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("two slashes", "GET //items/x HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("semicolon", "GET /items/x;y HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("backslash", "GET /items\\x HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("fragment", "GET /items/a#b?c=1 HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("fragment in query", "GET /items/a?c=1#b HTTP/1.1\r\n" HOST "\r\n", 400, true,
			NULL),
		ROW("broken percent", "GET /items/%zz HTTP/1.1\r\n" HOST "\r\n", 400, true, NULL),
		ROW("decoded once", "GET /items/a%2525 HTTP/1.1\r\n" HOST "\r\n", 200, false,
			"path=/items/a%25"),
		ROW("api renders its own", "GET /api/%00 HTTP/1.1\r\n" HOST "\r\n", 400, true,
			"api|malformed"),
		ROW("unknown path", "GET /nowhere HTTP/1.1\r\n" HOST "\r\n", 404, false,
			"pages|not_found"),
		ROW("unknown api path", "GET /api/x HTTP/1.1\r\n" HOST "\r\n", 404, false,
			"api|not_found"),
		ROW("trailing slash", "GET /items/a/ HTTP/1.1\r\n" HOST "\r\n", 404, false, NULL),
	};
	check_rows(port_of(state), rows, COUNT(rows));
}

/* A body is what its route takes, or it is not looked at. */
static void bodies(void **state)
{
	static const struct row rows[] = {
		ROW("form",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 7\r\n\r\na=1&b=2",
			200, false, "a=1 b=2"),
		ROW("form, charset",
			"POST /form HTTP/1.1\r\n" HOST SAME
			"Content-Type: application/x-www-form-urlencoded; "
			"charset=UTF-8\r\nContent-Length: 3\r\n\r\na=1",
			200, false, "a=1"),
		ROW("form, other charset",
			"POST /form HTTP/1.1\r\n" HOST SAME
			"Content-Type: application/x-www-form-urlencoded; "
			"charset=utf-7\r\nContent-Length: 3\r\n\r\na=1",
			415, false, NULL),
		ROW("multipart",
			"POST /form HTTP/1.1\r\n" HOST SAME
			"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: "
			"3\r\n\r\na=1",
			415, false, "unsupported_type"),
		ROW("no type", "POST /form HTTP/1.1\r\n" HOST SAME "Content-Length: 3\r\n\r\na=1",
			415, false, NULL),
		ROW("two types",
			"POST /form HTTP/1.1\r\n" HOST FORM FORM SAME
			"Content-Length: 3\r\n\r\na=1",
			415, false, NULL),
		ROW("compressed",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\na=1",
			415, false, NULL),
		ROW("form for json",
			"POST /api/json HTTP/1.1\r\n" HOST FORM "Content-Length: 3\r\n\r\na=1", 415,
			false, "api|unsupported_type"),
		ROW("json", "POST /api/json HTTP/1.1\r\n" HOST JSON "Content-Length: 2\r\n\r\n{}",
			200, false, "body={}"),
		ROW("broken percent at the end",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length: 11\r\n\r\npw=100%zz%2",
			400, false, NULL),
		ROW("doubled field",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 7\r\n\r\na=1&a=2",
			400, false, NULL),
		ROW("too large, announced",
			"PUT /api/json HTTP/1.1\r\n" HOST JSON "Content-Length: 101\r\n\r\n", 413,
			true, "too_large"),
		ROW("too large, chunked",
			"PUT /api/json HTTP/1.1\r\n" HOST JSON
			"Transfer-Encoding: chunked\r\n\r\n65\r\n"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n0\r\n\r\n",
			413, false, "too_large"),
		ROW("absurd length",
			"POST /form HTTP/1.1\r\n" HOST FORM SAME
			"Content-Length: 9223372036854775807\r\n\r\n",
			413, true, NULL),
		ROW("body where none is taken",
			"POST /empty HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 3\r\n\r\na=1",
			413, true, NULL),
		ROW("body on GET", "GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=1", 413,
			true, NULL),
		ROW("no body where none is taken",
			"POST /empty HTTP/1.1\r\n" HOST SAME "Content-Length: 0\r\n\r\n", 200,
			false, NULL),
		ROW("DELETE without body",
			"DELETE /api/json HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200,
			false, NULL),
		ROW("refused body is read",
			"POST /nowhere HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na=1", 404,
			false, NULL),
	};
	check_rows(port_of(state), rows, COUNT(rows));
}

static void methods(void **state)
{
	static const struct row rows[] = {
		ROW("lower case", "get / HTTP/1.1\r\n" HOST "\r\n", 501, true, NULL),
		ROW("TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 501, true, NULL),
		ROW("CONNECT", "CONNECT / HTTP/1.1\r\n" HOST "\r\n", 501, true, NULL),
		ROW("unknown", "BREW / HTTP/1.1\r\n" HOST "\r\n", 501, true, "method_not_allowed"),
		ROW("OPTIONS", "OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 405, false, NULL),
		ROW("PUT", "PUT / HTTP/1.1\r\n" HOST "\r\n", 405, false, NULL),
	};
	check_rows(port_of(state), rows, COUNT(rows));

	static struct answer a;
	assert_true(ask(port_of(state), "POST / HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_string_equal(answer_header(&a, "Allow"), "GET, HEAD");
	assert_true(ask(port_of(state), "HEAD /api/json HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_int_equal(a.status, 405);
	assert_string_equal(answer_header(&a, "Allow"), "POST, PUT, DELETE");
}

static void too_many_headers(void **state)
{
	static struct answer a;
	char request[4096] = "GET / HTTP/1.1\r\n" HOST;
	for (int i = 0; i < 99; i++) {
		memcpy(request + strlen(request), "X: y\r\n", 7);
	}
	const size_t n = strlen(request);
	memcpy(request + n, "\r\n", 3);
	assert_true(ask(port_of(state), request, &a));
	assert_int_equal(a.status, 200);
	memcpy(request + n, "X: y\r\n\r\n", 9);
	assert_true(ask(port_of(state), request, &a));
	assert_int_equal(a.status, 431);
}

static void long_target(void **state)
{
	static struct answer a;
	static char request[9000];
	(void)snprintf(
		request, sizeof request, "GET /items/%0*d HTTP/1.1\r\n" HOST "\r\n", 8190, 0);
	assert_true(ask(port_of(state), request, &a));
	assert_int_equal(a.status, 400);
	assert_true(a.closed);
}

/* A client that asks first gets its "100 Continue", or its refusal before it sends anything. */
static void expect_continue(void **state)
{
	static struct answer a;
	int fd = dial(port_of(state));
	const char *head = "POST /form HTTP/1.1\r\n" HOST FORM SAME
			   "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
	put(fd, head, strlen(head));
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 100);
	put(fd, "a=1", 3);
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 200);
	close(fd);

	assert_true(ask(port_of(state),
		"POST /nowhere HTTP/1.1\r\n" HOST FORM
		"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
		&a));
	assert_int_equal(a.status, 404);
	assert_true(a.closed);
}

/* A field may be as long as the cap, and arrives whole however it is cut. */
static void body_in_pieces(void **state)
{
	static struct answer a;
	const int fd = dial(port_of(state));
	const char *head =
		"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 3002\r\n\r\np=";
	put(fd, head, strlen(head));
	char piece[100];
	memset(piece, 'x', sizeof piece);
	for (int i = 0; i < 30; i++) {
		put(fd, piece, sizeof piece);
		sleep_ms(1);
	}
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_n, strlen("path=/form n=0 p=") + 3000 + strlen(" body= user="));
	close(fd);
}

/* A chunked body far above the cap is cut off. */
static void endless_body(void **state)
{
	static struct answer a;
	const int fd = dial(port_of(state));
	const char *head =
		"POST /form HTTP/1.1\r\n" HOST FORM SAME "Transfer-Encoding: chunked\r\n\r\n";
	put(fd, head, strlen(head));
	static char chunk[4096 + 8];
	(void)snprintf(chunk, sizeof chunk, "1000\r\n");
	memset(chunk + 6, 'x', 4096);
	chunk[6 + 4096] = '\r';
	chunk[6 + 4096 + 1] = '\n';
	for (int i = 0; i < 200; i++) {
		put(fd, chunk, 6 + 4096 + 2);
	}
	assert_false(read_answer(fd, false, &a));
	assert_true(a.closed);
	close(fd);
}

/* Ordinary answers, errors among them, leave the connection open. */
static void keep_alive(void **state)
{
	static struct answer a;
	const int fd = dial(port_of(state));
	static const char *const requests[] = { "GET / HTTP/1.1\r\n" HOST "\r\n",
		"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 3\r\n\r\na=1",
		"GET /nowhere HTTP/1.1\r\n" HOST "\r\n",
		"POST /form HTTP/1.1\r\n" HOST FORM "Content-Length: 3\r\n\r\na=1",
		"POST /form HTTP/1.1\r\n" HOST SAME "Content-Length: 3\r\n\r\na=1" };
	static const int statuses[] = { 200, 200, 404, 403, 415 };
	for (size_t i = 0; i < 3 * COUNT(requests); i++) {
		put(fd, requests[i % COUNT(requests)], strlen(requests[i % COUNT(requests)]));
		assert_true(read_answer(fd, false, &a));
		assert_int_equal(a.status, statuses[i % COUNT(requests)]);
		assert_null(answer_header(&a, "Connection"));
	}
	/* and requests that come in one packet are answered in order */
	const char *two = "GET /?q=1 HTTP/1.1\r\n" HOST "\r\nGET /items/2 HTTP/1.1\r\n" HOST "\r\n";
	put(fd, two, strlen(two));
	assert_true(read_answer(fd, false, &a));
	assert_non_null(strstr(answer_body(&a), "q:1"));
	assert_true(read_answer(fd, false, &a));
	assert_non_null(strstr(answer_body(&a), "/items/2"));
	close(fd);
}

/* Every request leaves one line, and no line holds what came from a query, a body or a token. */
static void log_lines(void **state)
{
	struct site *site = *state;
	static struct answer a;
	assert_true(
		ask(port_of(state), "GET /items/7?secret=hunter2 HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_true(site_logged(site, answer_header(&a, "X-Request-Id")));
	assert_true(ask(port_of(state), "GET / HTTP/1.1\r\n" HOST HOST "\r\n", &a));
	assert_true(site_logged(site, answer_header(&a, "X-Request-Id")));
	assert_true(site_logged(site, "reason=bad_host"));
	assert_true(site_logged(site, "/items/{id}"));
	char *log = site_log(site);
	assert_null(strstr(log, "hunter2"));
	assert_null(strstr(log, "items/7"));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(framing, setup, teardown),
		cmocka_unit_test_setup_teardown(targets, setup, teardown),
		cmocka_unit_test_setup_teardown(bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(methods, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(long_target, setup, teardown),
		cmocka_unit_test_setup_teardown(expect_continue, setup, teardown),
		cmocka_unit_test_setup_teardown(body_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(endless_body, setup, teardown),
		cmocka_unit_test_setup_teardown(keep_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(log_lines, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
