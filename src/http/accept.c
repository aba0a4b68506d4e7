/* Accepts connections: one thread for each listener takes them from its socket and hands them to
 * libmicrohttpd. libmicrohttpd 0.9.75 cannot stop accepting without a race that ends the process,
 * and without a free descriptor it spins or never accepts again.
 *
 * At the limit of connections, new ones wait in the socket's own queue. When the server stops,
 * those in that queue are still accepted: their handshake is done, and they may have sent a
 * request. */
#include "internal.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	AT_ONCE = 64,        /* accepted before the limit is looked at again */
	FULL_PAUSE_MS = 5,   /* until a connection may have closed */
	LAST_PAUSE_MS = 20,  /* for handshakes that had begun when the server was told to stop */
	SHORT_PAUSE_MS = 50, /* until a descriptor, or memory, may have been given back */
};

/* Waits for what comes first: told to stop (false), somebody who connects, the end of the pause. */
static bool wait_for_client(struct listener *l, int pause_ms)
{
	struct pollfd p[] = { { .fd = l->stop_fd, .events = POLLIN },
		{ .fd = l->fd, .events = POLLIN } };
	(void)poll(p, pause_ms > 0 ? 1 : 2, pause_ms > 0 ? pause_ms : -1);
	return p[0].revents == 0;
}

static bool is_short(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM || err == ENOBUFS;
}

/* Told once until it goes on. */
static void tell_short(struct listener *l, int err)
{
	if ((err != 0) == l->is_short)
		return;
	l->is_short = err != 0;
	if (err)
		LOG(l->h->s.log, LOG_WARN, "accept_failed", log_z("listen", l->address),
			log_z("why", strerrordesc_np(err)));
	else
		LOG(l->h->s.log, LOG_INFO, "accepting_again", log_z("listen", l->address));
}

static bool is_full(const struct listener *l)
{
	return atomic_load(&l->open) + atomic_load(&l->coming) >= l->limit;
}

/* 0, or what was wrong. */
static int accept_one(struct listener *l)
{
	struct sockaddr_storage peer = { 0 };
	struct sockaddr *sa = (struct sockaddr *)(void *)&peer;
	socklen_t size = sizeof peer;
	const int fd = accept4(l->fd, sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return errno;
	tell_short(l, 0);
	atomic_fetch_add(&l->coming, 1);
	if (MHD_add_connection(l->daemon, fd, sa, size) != MHD_YES) { /* and has closed it */
		atomic_fetch_sub(&l->coming, 1);
	}
	return 0;
}

/* All who wait, while there is room for them. Returns how long to pause, in milliseconds. */
static int accept_some(struct listener *l)
{
	for (int i = 0; i < AT_ONCE; i++) {
		if (is_full(l))
			return FULL_PAUSE_MS;
		const int err = accept_one(l);
		if (is_short(err)) {
			tell_short(l, err);
			return SHORT_PAUSE_MS;
		}
		if (err == EAGAIN)
			return 0;
	}
	return 0; /* others: one of them went away meanwhile */
}

/* The kernel answers handshakes until the socket is closed, and resets who is then in its queue.
 * From here on it drops each first packet: who sent it tries again a second later, and finds the
 * port closed, or the next server. The filter sees the TCP header, whose byte 13 has the flags (RFC
 * 9293, section 3.1). On a socket of another family it changes nothing that we need. */
static void refuse_handshakes(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { COUNT(code), code };
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof own;
	if (getsockname(fd, (struct sockaddr *)(void *)&own, &size) == 0 &&
		(own.ss_family == AF_INET || own.ss_family == AF_INET6))
		(void)!setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void accept_queue(struct listener *l)
{
	int err = 0;
	for (int i = 0; i < SOMAXCONN && (err == 0 || err == ECONNABORTED); i++)
		err = is_full(l) ? EAGAIN : accept_one(l);
}

/* Also those whose handshake is half done. */
static void accept_last(struct listener *l)
{
	refuse_handshakes(l->fd);
	accept_queue(l);
	(void)poll(&(struct pollfd){ .fd = l->fd, .events = POLLIN }, 1, LAST_PAUSE_MS);
	accept_queue(l);
}

static void *accept_main(void *arg)
{
	struct listener *l = arg;
	int pause_ms = 0;
	while (wait_for_client(l, pause_ms))
		pause_ms = accept_some(l);
	accept_last(l);
	return NULL;
}

bool http_accept_start(struct listener *l)
{
	l->stop_fd = eventfd(0, EFD_CLOEXEC);
	l->accepts = l->stop_fd >= 0 && thread_start(&l->acceptor, accept_main, l);
	return l->accepts;
}

void http_accept_stop(struct listener *l)
{
	if (l->accepts) {
		(void)!eventfd_write(l->stop_fd, 1);
		pthread_join(l->acceptor, NULL);
		l->accepts = false;
	}
	if (l->stop_fd >= 0)
		close(l->stop_fd);
	if (l->fd >= 0) {
		http_listen_remove(l->address);
		close(l->fd);
	}
	l->stop_fd = l->fd = -1;
}
