/* A crew is a process that hashes passwords, with the thread that starts it again when it ends
 * (killed for want of memory, for example). The wait before a restart grows each time, so that a
 * process that ends at once does not keep the machine busy. */
#include "hasher_wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACK_OFF_FIRST_US = 100 * 1000, /* doubled up to: */
	BACK_OFF_MOST_US = 30 * 1000 * 1000,
	LONG_LIFE_US = 60 * 1000 * 1000, /* and forgotten after such a life */
	READY_MS = 10000,                /* for a process to send the byte that says it is there */
	ENV_MAX = 512,                   /* variables that the process inherits */
};

/* ---- orders ---- */

static enum answer send_failed(int err)
{
	return err == EPIPE || err == ECONNRESET || err == ENOTCONN ? ANSWER_NEVER : ANSWER_LATE;
}

static enum answer send_with_fd(int to, struct iovec bytes, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof fd)];
	} with = { .head = { .cmsg_len = CMSG_LEN(sizeof fd),
			   .cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS } };
	const struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &with,
		.msg_controllen = sizeof with };
	memcpy(CMSG_DATA(&with.head), &fd, sizeof fd);
	return sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)bytes.iov_len
		       ? ANSWER_THERE
		       : send_failed(errno);
}

/* Under the lock, so that the keeper does not close the socket meanwhile. */
enum answer crypto_crew_send(struct crew *c, const void *order, size_t n, int reply)
{
	const struct iovec bytes = { (void *)(uintptr_t)order, n };
	pthread_mutex_lock(&c->lock);
	const enum answer got = c->fd < 0 ? ANSWER_NEVER : send_with_fd(c->fd, bytes, reply);
	pthread_mutex_unlock(&c->lock);
	return got;
}

pid_t crypto_crew_process(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	const pid_t process = c->process;
	pthread_mutex_unlock(&c->lock);
	return process;
}

/* ---- starting a process ---- */

/* Settings of ours may be secrets. What a sanitizer or the loader reads stays. */
static void environment(char *out[static ENV_MAX])
{
	size_t n = 0;
	for (char **at = environ; *at && n < ENV_MAX - 1; at++) {
		if (strncmp(*at, "POSTERN_", 8) != 0 && strncmp(*at, "PG", 2) != 0)
			out[n++] = *at;
	}
	out[n] = NULL;
}

/* A descriptor that is given to itself outlives exec as well. */
static pid_t spawn(const struct crew *c, int theirs)
{
	char threads[INT_TEXT_SIZE + 1] = "", *env[ENV_MAX];
	/* posix_spawn wants them so, and changes none */
	char *argv[] = { (char *)(uintptr_t) "postern", (char *)(uintptr_t)CRYPTO_HASHER_ARGUMENT,
		(char *)(uintptr_t)c->name, threads, NULL };
	posix_spawn_file_actions_t actions;
	pid_t process = 0;
	(void)snprintf(threads, sizeof threads, "%u", c->threads);
	environment(env);
	posix_spawn_file_actions_init(&actions);
	int err = posix_spawn_file_actions_adddup2(&actions, theirs, HASHER_FD);
	if (err == 0)
		err = posix_spawn(&process, "/proc/self/exe", &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		LOG(c->log, LOG_ERROR, "hashers_not_started", log_z("priority", c->name),
			log_z("why", strerrordesc_np(err)));
	return err ? 0 : process;
}

/* Each thread says so. */
static bool all_ready(const struct crew *c, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	for (unsigned i = 0; i < c->threads; i++) {
		if (poll(&p, 1, READY_MS) != 1 || recv(fd, &byte, sizeof byte, 0) != 1)
			return false;
	}
	return true;
}

static void reap(pid_t process)
{
	(void)kill(process, SIGKILL);
	while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
	}
}

static void take_over(struct crew *c, int fd, pid_t process)
{
	c->started_us = clock_monotonic_us();
	pthread_mutex_lock(&c->lock);
	c->fd = fd;
	c->process = process;
	c->starts++;
	pthread_mutex_unlock(&c->lock);
	LOG(c->log, LOG_INFO, "hashers_started", log_z("priority", c->name),
		log_int("process", process), log_int("threads", c->threads));
}

static void put_off(struct crew *c)
{
	int64_t pause_us = BACK_OFF_FIRST_US;
	for (unsigned i = 0; i < c->failures && pause_us < BACK_OFF_MOST_US; i++)
		pause_us *= 2;
	c->failures++;
	c->due_us =
		clock_monotonic_us() + (pause_us < BACK_OFF_MOST_US ? pause_us : BACK_OFF_MOST_US);
}

static void crew_start(struct crew *c)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		put_off(c);
		return;
	}
	const pid_t process = spawn(c, pair[1]);
	close(pair[1]);
	if (process > 0 && all_ready(c, pair[0])) {
		take_over(c, pair[0], process);
		return;
	}
	close(pair[0]);
	if (process > 0)
		reap(process);
	put_off(c);
}

/* ---- its end ---- */

/* Who waits for a reply finds out by its own socket. */
static void crew_stop(struct crew *c)
{
	if (c->fd < 0)
		return;
	reap(c->process);
	pthread_mutex_lock(&c->lock);
	close(c->fd);
	c->fd = -1;
	c->process = 0;
	pthread_mutex_unlock(&c->lock);
}

static void crew_ended(struct crew *c)
{
	const int64_t lived_us = clock_monotonic_us() - c->started_us;
	LOG(c->log, LOG_WARN, "hashers_ended", log_z("priority", c->name),
		log_int("process", c->process), log_int("lived_s", lived_us / 1000000),
		log_z("why", "killed for want of memory?"));
	crew_stop(c);
	if (lived_us > LONG_LIFE_US)
		c->failures = 0;
	put_off(c);
}

/* ---- the keeper ---- */

static void keep(struct crew *c)
{
	if (c->fd < 0 && clock_monotonic_us() >= c->due_us)
		crew_start(c);
}

static int wait_ms(const struct hashers *h)
{
	const struct crew *const crews[] = { &h->normal, &h->background };
	int64_t least_us = -1;
	for (size_t i = 0; i < COUNT(crews); i++) {
		int64_t us = crews[i]->due_us - clock_monotonic_us();
		if (crews[i]->fd < 0 && (least_us < 0 || us < least_us))
			least_us = us > 0 ? us : 0;
	}
	return least_us < 0 ? -1 : (int)(least_us / 1000) + 1;
}

/* Sleeps until a process ends, one is due to be started again, or the program stops. */
static void *keeper_main(void *arg)
{
	struct hashers *h = arg;
	for (;;) {
		struct pollfd p[] = { { .fd = h->stop_fd, .events = POLLIN },
			{ .fd = h->normal.fd, .events = POLLIN },
			{ .fd = h->background.fd, .events = POLLIN } };
		(void)poll(p, COUNT(p), wait_ms(h));
		if (p[0].revents)
			break;
		if (h->normal.fd >= 0 && p[1].revents)
			crew_ended(&h->normal);
		if (h->background.fd >= 0 && p[2].revents)
			crew_ended(&h->background);
		keep(&h->normal);
		keep(&h->background);
	}
	crew_stop(&h->normal);
	crew_stop(&h->background);
	return NULL;
}

bool crypto_crew_keeper_start(struct hashers *h)
{
	h->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (h->stop_fd < 0)
		return false;
	crew_start(&h->normal);
	crew_start(&h->background);
	h->keeping = thread_start(&h->keeper, keeper_main, h);
	return h->keeping;
}

void crypto_crew_keeper_stop(struct hashers *h)
{
	if (h->keeping) {
		(void)!eventfd_write(h->stop_fd, 1);
		pthread_join(h->keeper, NULL);
	} else {
		crew_stop(&h->normal);
		crew_stop(&h->background);
	}
	if (h->stop_fd >= 0)
		close(h->stop_fd);
}
