/* Connections, and the reaper that ends slow ones. libmicrohttpd restarts its time-out with every
 * byte, so a client that sends or takes one byte a second (Slowloris) would hold a connection for
 * ever; the reaper shuts down those that do not finish in time. */
#include "internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The deadlines are met a second late at most. */
enum { REAP_EVERY_US = 1000000 };

static struct ip ip_of(const struct sockaddr *sa)
{
	struct ip ip = { .set = true };
	if (sa && sa->sa_family == AF_INET6) {
		memcpy(ip.b, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
		return ip;
	}
	if (sa && sa->sa_family == AF_INET)
		return ip_from_v4(
			(const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	/* a unix socket: whoever may open its file is on this machine */
	return ip_from_v4((const uint8_t[]){ 127, 0, 0, 1 });
}

struct conn *http_conn_open(struct listener *l, struct MHD_Connection *mhd)
{
	struct http *h = l->h;
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *peer =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	c->listener = l;
	c->fd = fd ? fd->connect_fd : -1;
	c->peer = ip_of(peer ? peer->client_addr : NULL);
	ip_text(c->peer, c->peer_text);
	c->peer_trusted = ip_in(h->s.trusted_proxies, h->s.trusted_proxy_count, c->peer);
	const int64_t now_us = clock_monotonic_us();
	atomic_store(&c->idle_since_us, now_us);
	http_conn_await_request(h, c, now_us);
	pthread_mutex_lock(&h->conns.lock);
	c->next = h->conns.head;
	if (c->next)
		c->next->prev = c;
	h->conns.head = c;
	pthread_mutex_unlock(&h->conns.lock);
	atomic_fetch_add(&h->metrics.connections, 1);
	atomic_fetch_add(&l->open, 1);
	return c;
}

/* What was asked may hold a token of a mailed link. */
static void forget_target(struct conn *c)
{
	if (c->target)
		explicit_bzero(c->target, c->target_size);
}

/* libmicrohttpd calls this before it closes the descriptor, so the reaper never shuts down a number
 * that was reused. */
void http_conn_close(struct conn *c)
{
	if (!c)
		return;
	struct http *h = c->listener->h;
	pthread_mutex_lock(&h->conns.lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		h->conns.head = c->next;
	if (c->next)
		c->next->prev = c->prev;
	pthread_mutex_unlock(&h->conns.lock);
	atomic_fetch_sub(&h->metrics.connections, 1);
	atomic_fetch_sub(&c->listener->open, 1);
	forget_target(c);
	free(c->target);
	free(c);
}

void http_conn_target(struct conn *c, const char *target)
{
	const size_t n = strnlen(target, TARGET_MAX + 1);
	c->target_sent = target;
	forget_target(c);
	if (n >= c->target_size) {
		free(c->target);
		c->target = malloc(n + 1);
		c->target_size = c->target ? n + 1 : 0;
	}
	if (c->target) {
		memcpy(c->target, target, n);
		c->target[n] = 0;
	}
}

static void await(struct conn *c, int64_t now_us, uint64_t at_most_us)
{
	atomic_store_explicit(&c->deadline_us, now_us + (int64_t)at_most_us, memory_order_relaxed);
}

/* Between two requests a client may be idle for timeout_s and then take as long to send one. */
void http_conn_await_request(const struct http *h, struct conn *c, int64_t now_us)
{
	await(c, now_us, 2 * 1000000ULL * h->s.timeout_s);
}

void http_conn_await_reader(const struct http *h, struct conn *c, int64_t now_us, uint64_t bytes)
{
	await(c, now_us, 1000000ULL * (h->s.timeout_s + bytes / READ_RATE_MIN));
}

void http_conn_await_nothing(struct conn *c)
{
	atomic_store_explicit(&c->deadline_us, 0, memory_order_relaxed);
}

void http_conn_close_idle(struct listener *l, int64_t idle_us)
{
	const int64_t before_us = clock_monotonic_us() - idle_us;
	pthread_mutex_lock(&l->h->conns.lock);
	for (struct conn *c = l->h->conns.head; c; c = c->next) {
		const int64_t since_us = atomic_load(&c->idle_since_us);
		if (c->listener == l && since_us != 0 && since_us <= before_us)
			(void)shutdown(c->fd, SHUT_RD);
	}
	pthread_mutex_unlock(&l->h->conns.lock);
}

static void reap(struct http *h)
{
	const int64_t now_us = clock_monotonic_us();
	for (struct conn *c = h->conns.head; c; c = c->next) {
		const int64_t deadline_us = atomic_load(&c->deadline_us);
		if (deadline_us != 0 && deadline_us < now_us) {
			(void)shutdown(c->fd, SHUT_RDWR);
			atomic_store(&c->deadline_us, 0);
		}
	}
}

static void *reaper_main(void *arg)
{
	struct http *h = arg;
	pthread_mutex_lock(&h->conns.lock);
	while (!h->reaper_ends) {
		(void)thread_cond_wait_until(
			&h->reaper_wake, &h->conns.lock, clock_monotonic_us() + REAP_EVERY_US);
		reap(h);
	}
	pthread_mutex_unlock(&h->conns.lock);
	return NULL;
}

bool http_reaper_start(struct http *h)
{
	thread_cond_init(&h->reaper_wake);
	h->reaper_runs = thread_start(&h->reaper, reaper_main, h);
	return h->reaper_runs;
}

void http_reaper_stop(struct http *h)
{
	if (!h->reaper_runs)
		return;
	pthread_mutex_lock(&h->conns.lock);
	h->reaper_ends = true;
	pthread_cond_signal(&h->reaper_wake);
	pthread_mutex_unlock(&h->conns.lock);
	pthread_join(h->reaper, NULL);
	pthread_cond_destroy(&h->reaper_wake);
	h->reaper_runs = false;
}
