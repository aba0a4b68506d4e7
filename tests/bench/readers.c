/* Readers who ask again as soon as they have their answer:
 *
 *   readers PORT CONNECTIONS SECONDS PATH [HEADER...]
 *
 * prints {"perSecond", "p50Us", "p99Us", "longestUs"}. wrk tells latencies "corrected for
 * coordinated omission": it adds samples for the requests that it would have sent during a stall,
 * so one pause of the machine of 20 ms in two seconds is its p99. Here each request counts once,
 * and the longest is told. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, LATENCY_MAX_US = 1000000, REQUEST_MAX = 4096, EVENTS = 64 };

struct reader {
	int fd;
	int64_t sent_us;
	size_t left; /* bytes of the answer that are to come; 0: its head */
};

static struct reader readers[CONNECTIONS_MAX];
static uint32_t counts[LATENCY_MAX_US];
static char request[REQUEST_MAX], answer[1 << 20];
static size_t request_n;

static int64_t now_us(void)
{
	struct timespec t = { 0 };
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
	(void)fprintf(stderr, "readers: %s\n", what);
	exit(1);
}

static void add(const char *text)
{
	const size_t n = strlen(text);
	if (request_n + n >= sizeof request)
		fail("the request is too long");
	memcpy(request + request_n, text, n);
	request_n += n;
}

static void ask(struct reader *r)
{
	r->left = 0;
	r->sent_us = now_us();
	if (write(r->fd, request, request_n) != (ssize_t)request_n)
		fail("could not send");
}

static void open_reader(struct reader *r, unsigned short port, int epoll)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = r };
	const int on = 1;
	r->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (r->fd < 0 || connect(r->fd, (const struct sockaddr *)&to, sizeof to) != 0 ||
		setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, r->fd, &event) != 0)
		fail("could not connect");
	ask(r);
}

/* How long the answer is whose head stands at the beginning; a whole head comes in one piece here.
 */
static size_t answer_length(size_t got)
{
	answer[got] = 0;
	const char *end = strstr(answer, "\r\n\r\n"),
		   *length = strcasestr(answer, "\r\nContent-Length:");
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || !end || !length)
		fail("an answer is not as it should be");
	return (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
}

static void count(const struct reader *r)
{
	const int64_t took_us = now_us() - r->sent_us;
	counts[took_us < LATENCY_MAX_US ? took_us : LATENCY_MAX_US - 1]++;
}

static void take(struct reader *r)
{
	const ssize_t n = read(r->fd, answer, sizeof answer - 1);
	if (n <= 0)
		fail("a connection was closed");
	if (r->left == 0)
		r->left = answer_length((size_t)n);
	r->left -= (size_t)n < r->left ? (size_t)n : r->left;
	if (r->left > 0)
		return;
	count(r);
	ask(r);
}

static unsigned quantile_us(uint64_t total, double q)
{
	uint64_t seen = 0;
	for (unsigned us = 0; us < LATENCY_MAX_US; us++) {
		seen += counts[us];
		if (seen > 0 && (double)seen >= q * (double)total)
			return us;
	}
	return LATENCY_MAX_US;
}

static void report(double seconds)
{
	uint64_t total = 0;
	for (size_t i = 0; i < LATENCY_MAX_US; i++)
		total += counts[i];
	printf("{\"perSecond\":%.0f,\"p50Us\":%u,\"p99Us\":%u,\"longestUs\":%u}\n",
		(double)total / seconds, quantile_us(total, 0.5), quantile_us(total, 0.99),
		quantile_us(total, 1));
}

int main(int argc, char **argv)
{
	if (argc < 5)
		fail("usage: readers PORT CONNECTIONS SECONDS PATH [HEADER...]");
	const unsigned short port = (unsigned short)strtoul(argv[1], NULL, 10);
	const unsigned long readers_n = strtoul(argv[2], NULL, 10);
	const double seconds = strtod(argv[3], NULL);
	const int epoll = epoll_create1(0);
	if (readers_n == 0 || readers_n > CONNECTIONS_MAX || epoll < 0)
		fail("1 to 1024 connections");
	add("GET ");
	add(argv[4]);
	add(" HTTP/1.1\r\nHost: bench\r\n");
	for (int i = 5; i < argc; i++) {
		add(argv[i]);
		add("\r\n");
	}
	add("\r\n");
	for (size_t i = 0; i < readers_n; i++)
		open_reader(&readers[i], port, epoll);
	const int64_t began_us = now_us();
	while (now_us() < began_us + (int64_t)(seconds * 1e6)) {
		struct epoll_event events[EVENTS];
		const int n = epoll_wait(epoll, events, EVENTS, 1000);
		for (int i = 0; i < n; i++)
			take(events[i].data.ptr);
	}
	const double took_s = (double)(now_us() - began_us) / 1e6;
	for (size_t i = 0; i < readers_n; i++)
		count(&readers[i]); /* who still waits has waited so long */
	report(took_s);
	return 0;
}
