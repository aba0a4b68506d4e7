/* Goal: who takes an answer slowly, or not at all, keeps neither its connection nor our memory. */
#include "../../src/http/internal.h"
#include "http_help.h"

enum { LONG_N = 96 << 10, HUGE_N = 20 << 20, PIPELINED = 24 };

/* Small buffers in the kernel, so that the answer waits with us and not there. */
static void shrink(const struct request *r)
{
	const int small = 2048;
	(void)setsockopt(r->x->conn->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
}

static enum err filled(struct request *r, struct response *rsp, size_t n)
{
	say(r, rsp, "");
	shrink(r);
	rsp->content_type = "image/png";
	rsp->body = (struct str){ arena_alloc(r->arena, n), n };
	return rsp->body.p ? ERR_OK : ERR_NOMEM;
}

static enum err lengthy(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	return filled(r, rsp, LONG_N);
}

static enum err huge(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	return filled(r, rsp, HUGE_N);
}

static enum err quick(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "quick");
	return ERR_OK;
}

#define SIMPLE(pattern, handler)                                                                   \
	{                                                                                          \
		METHOD_GET, pattern, "", handler, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_WORK   \
	}
static const struct route pages[] = {
	SIMPLE("/long", lengthy),
	SIMPLE("/huge", huge),
	SIMPLE("/quick", quick),
};
static const struct route_group groups[] = {
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static struct site site;
static struct answer answer;

static void start(unsigned timeout_s)
{
	site = (struct site){ 0 };
	site.settings = site_settings(&site);
	site.settings.groups = groups;
	site.settings.group_count = COUNT(groups);
	site.settings.timeout_s = timeout_s;
	site_start(&site);
}

static int dial_narrow(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int small = 2048;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)http_port(site.http, false)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void send_get(int fd, const char *path)
{
	char request[100];
	(void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
	put(fd, request, strlen(request));
}

struct reader {
	int fd;
	size_t step; /* bytes that are read every 50 ms */
	size_t got;
	bool ended;
};

static void read_some(struct reader *r)
{
	static char to[8192];
	const ssize_t got = r->ended ? 0 : recv(r->fd, to, r->step, MSG_DONTWAIT);
	if (got > 0) {
		r->got += (size_t)got;
	} else if (got == 0 || errno != EAGAIN) {
		r->ended = true;
	}
}

/* An answer of 96 KiB has timeout_s + 6 s: the trickle would want 48 s and is cut off, with never a
 * pause that libmicrohttpd would mind; who keeps to the lowest rate gets it all, in more time than
 * timeout_s. */
static void trickling_reader(void **state)
{
	(void)state;
	start(2);
	struct reader trickle = { .fd = dial_narrow(), .step = 100 };
	struct reader steady = { .fd = dial_narrow(), .step = 1300 };
	send_get(trickle.fd, "/long");
	send_get(steady.fd, "/long");
	const int64_t before_us = clock_monotonic_us();
	while (clock_monotonic_us() - before_us < 10500000 && steady.got < LONG_N + 1) {
		read_some(&trickle);
		read_some(&steady);
		sleep_ms(50);
	}
	while (clock_monotonic_us() - before_us < 10500000) {
		read_some(&trickle);
		sleep_ms(50);
	}
	assert_true(steady.got > LONG_N);
	assert_true(site_logged(&site, "end=broken"));
	trickle.step = 8192;
	for (int i = 0; i < 20; i++) {
		read_some(&trickle);
		sleep_ms(10);
	}
	assert_true(trickle.ended);
	assert_true(trickle.got > 0 && trickle.got < LONG_N);
	close(trickle.fd);
	close(steady.fd);
	site_stop(&site);
}

static int64_t held_bytes(void)
{
	BUF_AUTO text = BUF(100000);
	http_metrics(site.http, &text);
	const char *line = strstr(text.p, "\npostern_http_held_bytes ");
	assert_non_null(line);
	return strtoll(strchr(line, ' '), NULL, 10);
}

/* Waits until as much is held, and no more than that. */
static bool held_within(int64_t least, int64_t most)
{
	int calm = 0;
	for (int i = 0; i < 400 && calm < 10; i++) {
		const int64_t held = held_bytes();
		calm = held >= least && held <= most ? calm + 1 : 0;
		sleep_ms(50);
	}
	return calm == 10;
}

static void wait_for_calm(void)
{
	int64_t before = -1;
	int calm = 0;
	for (int i = 0; i < 1000 && calm < 10; i++) {
		const int64_t held = held_bytes();
		calm = held == before ? calm + 1 : 0;
		before = held;
		sleep_ms(10);
	}
}

static void check(const char *path, int status)
{
	const int fd = dial(http_port(site.http, false));
	send_get(fd, path);
	(void)read_answer(fd, false, &answer);
	assert_int_equal(answer.status, status);
	close(fd);
}

/* Large answers that nobody takes fill a share of memory and no more, while small ones pass. */
static void many_large_answers(void **state)
{
	(void)state;
	start(60);
	int fds[HELD_BYTES_MAX / HUGE_N + 1];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial_narrow();
		send_get(fds[i], "/huge");
	}
	assert_true(held_within(HELD_BYTES_MAX - HUGE_N, HELD_REFUSED_MAX));
	check("/huge", 503);
	assert_string_equal(answer_header(&answer, "Retry-After"), "1");
	assert_true(site_logged(&site, "reason=answers_full"));
	check("/quick", 200);
	for (size_t i = 0; i < COUNT(fds); i++) {
		close(fds[i]);
	}
	assert_true(held_within(0, 0));
	check("/huge", 200);
	site_stop(&site);
}

/* A refusal that is not taken holds memory as well: there is an end to that, too. */
static void many_refusals(void **state)
{
	(void)state;
	start(60);
	int fds[2 * HELD_BYTES_MAX / HUGE_N + 4];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial_narrow();
		for (int n = 0; n < PIPELINED; n++) {
			send_get(fds[i], "/huge");
		}
		wait_for_calm();
	}
	assert_true(held_within(HELD_BYTES_MAX + HUGE_N, HELD_REFUSED_MAX));
	check("/quick", 200);
	for (size_t i = 0; i < COUNT(fds); i++) {
		close(fds[i]);
	}
	assert_true(held_within(0, 0));
	site_stop(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trickling_reader),
		cmocka_unit_test(many_large_answers),
		cmocka_unit_test(many_refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
