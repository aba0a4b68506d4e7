/* Goal: a request is read as it was sent, to the last byte of its headers, or refused; and headers
 * of any size get an answer. */
#include "http_help.h"

enum { SERVED_MAX = 24 << 10 };

static enum err echo(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	rsp->body =
		str_of(arena_fmt(r->arena, "%zu|" STR_FMT "|%zu", request_header_count(r, "Cookie"),
			STR_ARG(request_cookie(r, "postern")), request_header(r, "X-Long").n));
	return ERR_OK;
}

static const struct route pages[] = {
	{ METHOD_GET, "/", "", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_POST, "/form", "", echo, WHO_ANYONE, RATE_WRITE, BODY_FORM, 4096, LANE_WORK },
};
static const struct route_group groups[] = {
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static struct site site;
static struct answer a;

static int setup(void **state)
{
	(void)state;
	site = (struct site){ 0 };
	site.settings = site_settings(&site);
	site.settings.groups = groups;
	site.settings.group_count = COUNT(groups);
	site_start(&site);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	site_stop(&site);
	return 0;
}

struct row {
	const char *request;
	size_t n;
};
#define ROW(text)                                                                                  \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

/* Each is followed by what would be another request, if that were where this one ends. */
static void hidden_bytes(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\0\0\0\0b\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\0\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\nX: a\0b\r\n" HOST "\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X\0y: a\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST ":\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST " : a\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n: a\r\n" HOST "\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "\0: a\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "\0\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "\0Content-Length: 5\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X:\r\n b\r\nY: c\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\nY: b\r\n\r\n"),
		ROW("GET / HTTP/1.1\n" HOST "\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\r\n\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a\n\r\n"),
		ROW("GET /\0x HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET /?\0x HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET /?a b HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET / x HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET  / HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET /  HTTP/1.1\r\n" HOST "\r\n"),
		ROW("G\0ET / HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET\0 / HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET / HTTP/1.1\0\r\n" HOST "\r\n"),
		ROW("\0GET / HTTP/1.1\r\n" HOST "\r\n"),
	};
	static const char next[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = dial(http_port(site.http, false));
		put(fd, rows[i].request, rows[i].n);
		put(fd, next, sizeof next - 1);
		const bool answered = read_answer(fd, false, &a);
		if (!answered || a.status != 400 || !is_closed(fd)) {
			fail_msg("row %zu: answered %d, status %d", i, answered, a.status);
		}
		close(fd);
	}
}

/* What only looks odd is taken. */
static void plain_lines(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("GET / HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET / HTTP/1.0\r\n" HOST "\r\n"),
		ROW("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X:\r\nY: \r\nZ:\t \r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X:a\r\nY:   b   \r\nX: \t c d \t\r\n\r\n"),
		ROW("GET / HTTP/1.1\r\n" HOST "X: a:b: c\xc3\xa9\r\n\r\n"),
		ROW("GET /?a=b?c=d HTTP/1.1\r\n" HOST "\r\n"),
		ROW("GET /?a=%00&b HTTP/1.1\r\n" HOST "\r\n"),
		ROW("POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 3\r\n\r\na=1"),
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(ask_n(http_port(site.http, false), rows[i].request, rows[i].n, &a));
		if (a.status != 200) {
			fail_msg("row %zu: %s", i, a.bytes);
		}
	}
	/* one after the other in one packet, and cut anywhere */
	static char all[4096];
	size_t n = 0;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 2; i < COUNT(rows); i++) {
			memcpy(all + n, rows[i].request, rows[i].n);
			n += rows[i].n;
		}
	}
	for (size_t step = 1; step <= n; step = step < 4 ? step + 1 : step * 3) {
		const int fd = dial(http_port(site.http, false));
		for (size_t at = 0; at < n; at += step) {
			put(fd, all + at, at + step < n ? step : n - at);
			if (step < 4 && at % 64 == 0) {
				sleep_ms(1);
			}
		}
		for (size_t i = 0; i < 2 * (COUNT(rows) - 2); i++) {
			assert_true(read_answer(fd, false, &a));
			assert_int_equal(a.status, 200);
		}
		close(fd);
	}
}

static void fill(struct buf *b, size_t until)
{
	while (b->n < until) {
		buf_byte(b, 'x');
	}
}

/* A request with so many bytes of headers, or a few more; most of them cookies, or none. */
static void large_request(struct buf *b, size_t bytes, size_t cookies)
{
	b->n = 0;
	buf_puts(b, "GET / HTTP/1.1\r\n" HOST "Cookie: postern=pst_good");
	for (size_t i = 0; i < cookies; i++) {
		buf_fmt(b, "; c%zu=", i);
		fill(b, (bytes - 4) * (i + 1) / cookies);
	}
	if (cookies == 0) {
		buf_puts(b, "\r\nX-Long: ");
		fill(b, bytes - 4);
	}
	buf_puts(b, "\r\n\r\n");
}

/* 24 KiB are served, whatever they consist of; above that there is a 431, and never nothing. */
static void large_headers(void **state)
{
	(void)state;
	static const size_t cookies[] = { 0, 1, 5, 180, 900 };
	BUF_AUTO b = BUF(300000);
	for (size_t bytes = 4000; bytes < 200000; bytes += bytes < 40000 ? 500 : 40000) {
		for (size_t i = 0; i < COUNT(cookies); i++) {
			large_request(&b, bytes, cookies[i]);
			const int fd = dial(http_port(site.http, false));
			put(fd, b.p, b.n);
			const bool answered = read_answer(fd, false, &a);
			const int want = b.n <= SERVED_MAX ? 200 : 431;
			if (!answered || a.status != want ||
				(want == 200 && !strstr(answer_body(&a), "1|pst_good|"))) {
				fail_msg("%zu bytes, %zu cookies: answered %d, status %d", b.n,
					cookies[i], answered, a.status);
			}
			assert_true(want == 200 || a.body_n > 50);
			close(fd);
		}
	}
	assert_true(site_logged(&site, "status=431 "));
	assert_true(site_logged(&site, "event=request_unread status=431"));
}

/* A large request leaves nothing behind on its connection. */
static void one_after_the_other(void **state)
{
	(void)state;
	static const size_t sizes[] = { 200, 24000, 300, 20000, 20000, 200 };
	BUF_AUTO b = BUF(300000);
	const int fd = dial(http_port(site.http, false));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		large_request(&b, sizes[i], i % 2 ? 100 : 1);
		put(fd, b.p, b.n);
		assert_true(read_answer(fd, false, &a));
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(answer_body(&a), "1|pst_good|0"));
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hidden_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(plain_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(large_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(one_after_the_other, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
