/* The main loop of a hashing process: this program started once more, without the server's
 * memory, database or sockets. Each of its threads takes orders from a socket of its own. */
#include "hasher_wire.h"

#include "postern/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NICE_LEAST = 19, FIRST_FD = 3 };

struct hasher {
	int fd;
	bool background;
	pthread_t thread;
};

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

/* The next order; false at the end. */
static bool take(int fd, struct order *o, size_t *password_n)
{
	const size_t head = offsetof(struct order, password);
	ssize_t n = 0;
	do
		n = recv(fd, o, sizeof *o, 0);
	while (n < 0 && errno == EINTR);
	*password_n = (size_t)n - head;
	return n >= (ssize_t)head;
}

static bool answer(int fd, const struct reply *r)
{
	return send(fd, r, sizeof *r, MSG_NOSIGNAL) == (ssize_t)sizeof *r;
}

static void *hasher_main(void *arg)
{
	const struct hasher *me = arg;
	struct order o;
	size_t n = 0;
	if (me->background)
		give_way();
	bool sent = answer(me->fd, &(struct reply){ .number = 0 });
	while (sent && take(me->fd, &o, &n)) {
		struct hash_work w = {
			.password = { o.password, n }, .make = o.make, .phc = o.phc
		};
		struct reply r = { .number = o.number, .err = crypto_hash_work_do(&w) };
		memcpy(r.text, w.text, sizeof r.text);
		memcpy(r.hash, w.hash, sizeof r.hash);
		crypto_wipe(&o, sizeof o);
		sent = answer(me->fd, &r);
		crypto_wipe(&w, sizeof w);
		crypto_wipe(&r, sizeof r);
	}
	close(me->fd);
	return NULL;
}

/* In rising order. */
static size_t parse_fds(struct str list, int fds[static HASHERS_MAX + 1])
{
	size_t n = 0;
	while (list.n > 0) {
		int64_t fd = 0;
		if (n > HASHERS_MAX || str_int(str_cut(&list, ','), FIRST_FD, INT32_MAX, &fd))
			return 0;
		if (n > 0 && fd <= fds[n - 1])
			return 0;
		fds[n++] = (int)fd;
	}
	return n;
}

/* A library may have opened something without saying that it shall end here. */
static void close_others(const int fds[], size_t n)
{
	unsigned from = FIRST_FD;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)fds[i] > from)
			(void)close_range(from, (unsigned)fds[i] - 1, 0);
		from = (unsigned)fds[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

static bool start(struct hasher *h, int fd, bool background)
{
	*h = (struct hasher){ .fd = fd, .background = background };
	return thread_start(&h->thread, hasher_main, h);
}

/* Ends when the sockets have, which is when the program has, however it ended. */
int crypto_hasher_main(int argc, char **argv)
{
	static struct hasher hashers[HASHERS_MAX];
	int fds[HASHERS_MAX + 1];
	const size_t n = argc == 4 ? parse_fds(str_of(argv[3]), fds) : 0;
	if (n < 2 || crypto_start() != ERR_OK)
		return EXIT_FAILURE;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "postern-hash");
	go_first();
	close_others(fds, n);
	for (size_t i = 1; i < n; i++) {
		if (!start(&hashers[i - 1], fds[i], strcmp(argv[2], HASHER_BACKGROUND) == 0))
			_exit(EXIT_FAILURE);
	}
	for (size_t i = 1; i < n; i++)
		pthread_join(hashers[i - 1].thread, NULL);
	_exit(EXIT_SUCCESS);
}
