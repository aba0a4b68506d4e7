/* Goal: clients that are slow, rude or many harm nobody, on every kind of socket. */
#include "http_help.h"

#include <sys/un.h>

static enum err quick(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "quick");
	return ERR_OK;
}

static enum err work(void *ctx, struct request *r, struct response *rsp)
{
	sleep_ms(2);
	return quick(ctx, r, rsp);
}

static enum err large(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	const size_t n = 150000;
	char *p = arena_alloc(r->arena, n);
	memset(p, 'x', n);
	rsp->body = (struct str){ p, n };
	return ERR_OK;
}

#define SIMPLE(pattern, handler, lane)                                                             \
	{                                                                                          \
		METHOD_GET, pattern, "", handler, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, lane        \
	}
static const struct route pages[] = {
	SIMPLE("/quick", quick, LANE_LOOP),
	SIMPLE("/work", work, LANE_WORK),
	SIMPLE("/large", large, LANE_WORK),
	{ METHOD_POST, "/form", "", work, WHO_ANYONE, RATE_PAGE, BODY_FORM, 1000, LANE_WORK },
};
static const struct route_group groups[] = {
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static void prepare(struct site *site)
{
	*site = (struct site){ 0 };
	site->settings = site_settings(site);
	site->settings.groups = groups;
	site->settings.group_count = COUNT(groups);
}

static void send_get(int fd, const char *path)
{
	char request[100];
	(void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HOST "\r\n", path);
	put(fd, request, strlen(request));
}

static void check_quick(unsigned port)
{
	static struct answer a;
	assert_true(ask(port, "GET /quick HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_int_equal(a.status, 200);
}

/* Nobody keeps a connection by sending nothing, half a head, half a body, or a byte now and then.
 */
static void slow_clients(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site.settings.timeout_s = 1;
	site_start(&site);
	const unsigned port = http_port(site.http, false);
	static const char *const starts[] = { "", "GET /quick HTTP/1.1\r\nHost: x\r\n",
		"POST /form HTTP/1.1\r\n" HOST FORM SAME "Content-Length: 900\r\n\r\n", "GET /",
		"POST /form HTTP/1.1\r\n" HOST FORM SAME
		"Transfer-Encoding: chunked\r\n\r\n5\r\n" };
	enum { KINDS = COUNT(starts), SILENT = 0, TRICKLING = 1 };
	struct pollfd fds[2 * KINDS];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = (struct pollfd){ .fd = dial(port), .events = POLLIN };
		put(fds[i].fd, starts[i % KINDS], strlen(starts[i % KINDS]));
	}
	const int64_t before_us = clock_monotonic_us();
	size_t closed = 0;
	while (closed < COUNT(fds) && clock_monotonic_us() - before_us < 7000000) {
		for (size_t i = KINDS; i < COUNT(fds); i++) {
			if (fds[i].fd >= 0) {
				put(fds[i].fd, "a", 1);
			}
		}
		(void)poll(fds, COUNT(fds), 100);
		for (size_t i = 0; i < COUNT(fds); i++) {
			char rest[2000];
			if (fds[i].fd >= 0 && fds[i].revents &&
				recv(fds[i].fd, rest, sizeof rest, 0) <= 0) {
				close(fds[i].fd);
				fds[i].fd = -1;
				closed++;
			}
		}
		check_quick(port);
	}
	assert_int_equal(closed, COUNT(fds));
	site_stop(&site);
}

/* Clients that leave before their answer, and connections above the limit, harm nobody. */
static void rude_clients(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site.settings.connections_per_address = 20;
	site_start(&site);
	const unsigned port = http_port(site.http, false);
	for (int i = 0; i < 100; i++) {
		const int fd = dial(port);
		send_get(fd, i % 2 ? "/work" : "/large");
		const struct linger at_once = { 1, 0 };
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(fd);
	}
	sleep_ms(300);
	int fds[40];
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial(port);
		send_get(fds[i], "/quick");
	}
	static struct answer a;
	size_t answered = 0;
	for (size_t i = 0; i < COUNT(fds); i++) {
		answered += read_answer(fds[i], false, &a);
	}
	assert_int_equal(answered, 20);
	for (size_t i = 0; i < COUNT(fds); i++) {
		close(fds[i]);
	}
	sleep_ms(100);
	check_quick(port);
	site_stop(&site);
}

/* ---- other sockets ---- */
static void ipv6(void **state)
{
	(void)state;
	struct site site;
	prepare(&site);
	site.settings.listen = "[::1]:0";
	char why[256] = "";
	if (http_start(&site.settings, &site.http, why) != ERR_OK) {
		site_stop(&site);
		skip(); /* a machine without IPv6 */
	}
	const int fd = socket(AF_INET6, SOCK_STREAM, 0);
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)http_port(site.http, false)),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	static struct answer a;
	send_get(fd, "/work");
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 200);
	close(fd);
	assert_true(site_logged(&site, "client=::1"));
	site_stop(&site);
}

static int dial_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A unix socket: what a dead process left is replaced, a living one is not, and the file goes with
 * the server. */
static void unix_socket(void **state)
{
	(void)state;
	char folder[] = "/tmp/postern-http-XXXXXX";
	assert_non_null(mkdtemp(folder));
	char path[64];
	char listen_text[80];
	(void)snprintf(path, sizeof path, "%s/s", folder);
	(void)snprintf(listen_text, sizeof listen_text, "unix:%s", path);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof at), 0);
	close(dead);

	struct site site;
	prepare(&site);
	site.settings.listen = listen_text;
	site_start(&site);
	struct http *second = NULL;
	char why[256] = "";
	assert_int_equal(http_start(&site.settings, &second, why), ERR_UNAVAILABLE);
	const int fd = dial_unix(path);
	assert_true(fd >= 0);
	static struct answer a;
	send_get(fd, "/work");
	assert_true(read_answer(fd, false, &a));
	assert_int_equal(a.status, 200);
	close(fd);
	assert_true(site_logged(&site, "client=127.0.0.1"));
	site_stop(&site);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_clients),
		cmocka_unit_test(rude_clients),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(unix_socket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
