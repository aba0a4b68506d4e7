/* The main loop of a hashing process: this program started once more, without the server's
 * memory, database or sockets. Its threads take orders from one socket, and send each reply through
 * the socket that came with the order. */
#include "hasher_wire.h"

#include "postern/thread.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The lowest priority there is: setpriority(2), 19. */
enum { NICE_LEAST = 19 };

/* SCHED_IDLE also makes other threads that wake up come to this core as to a free one. Where one of
 * these is not allowed, the other serves, or none: the work is done all the same. */
static void give_way(void)
{
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_LEAST);
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
}

/* It is the first to go when memory is short, and leaves no passwords in a core dump. */
static void go_first(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "we");
	if (f) {
		(void)fputs("500", f);
		fclose(f);
	}
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/* One that the kernel hands over with a message; -1: there is none. */
static int fd_of(const struct msghdr *m)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(m);
	int fd = -1;
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
		head->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

/* The next order, and where its reply goes to; false at the end. */
static bool order_take(struct order *o, size_t *password_n, int *reply)
{
	const size_t head = offsetof(struct order, password);
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} with;
	struct iovec bytes = { o, sizeof *o };
	struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &with,
		.msg_controllen = sizeof with };
	ssize_t n = 0;
	do
		n = recvmsg(HASHER_FD, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*password_n = (size_t)n - head;
	*reply = n > 0 ? fd_of(&m) : -1;
	return n >= (ssize_t)head && *reply >= 0;
}

/* Who gave up has closed the other end. */
static bool is_awaited(int reply)
{
	struct pollfd p = { .fd = reply };
	return poll(&p, 1, 0) == 0;
}

static void answer(const struct order *o, size_t password_n, int reply)
{
	struct hash_work w = {
		.password = { o->password, password_n }, .make = o->make, .phc = o->phc
	};
	struct reply r = { .err = crypto_hash_work_do(&w) };
	memcpy(r.text, w.text, sizeof r.text);
	memcpy(r.hash, w.hash, sizeof r.hash);
	(void)send(reply, &r, sizeof r, MSG_NOSIGNAL);
	crypto_wipe(&w, sizeof w);
	crypto_wipe(&r, sizeof r);
}

/* `background`: not NULL where it is to give way. */
static void *hasher_main(void *background)
{
	struct order o;
	size_t n = 0;
	int reply = -1;
	if (background)
		give_way();
	(void)send(HASHER_FD, "", 1, MSG_NOSIGNAL); /* it is there */
	while (order_take(&o, &n, &reply)) {
		if (is_awaited(reply))
			answer(&o, n, reply);
		crypto_wipe(&o, sizeof o);
		close(reply);
	}
	return NULL;
}

/* This thread is one of them. */
static void work(int64_t threads, void *background)
{
	pthread_t thread;
	for (int64_t i = 1; i < threads; i++) {
		if (!thread_start(&thread, hasher_main, background))
			return;
	}
	(void)hasher_main(background);
}

/* Ends when the socket has, which is when the program has, however it ended. */
int crypto_hasher_main(int argc, char **argv)
{
	int64_t threads = 0;
	if (argc != 4 || str_int(str_of(argv[3]), 1, HASHERS_MAX, &threads) != ERR_OK ||
		crypto_start() != ERR_OK)
		return EXIT_FAILURE;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "postern-hash");
	go_first();
	/* A library may have opened something without saying that it shall end here. */
	(void)close_range(HASHER_FD + 1, ~0U, 0);
	work(threads, strcmp(argv[2], HASHER_BACKGROUND) == 0 ? argv[2] : NULL);
	_exit(EXIT_SUCCESS);
}
