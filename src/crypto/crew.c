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
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACK_OFF_FIRST_US = 100 * 1000, /* doubled up to: */
	BACK_OFF_MOST_US = 30 * 1000 * 1000,
	LONG_LIFE_US = 60 * 1000 * 1000, /* and forgotten after such a life */
	READY_MS = 10000,
	FDS_TEXT = 12 * (HASHERS_MAX + 1),
	ENV_MAX = 512,
};

/* ---- slots ---- */

static void slot_put(struct crew *c, struct slot *s)
{
	s->next = NULL;
	if (c->free)
		c->free_last->next = s;
	else
		c->free = s;
	c->free_last = s;
	c->free_count++;
}

struct slot *crypto_crew_slot_acquire(struct crew *c, int64_t until_us, bool *up)
{
	pthread_mutex_lock(&c->lock);
	bool in_time = true;
	while (c->up && !c->free && in_time)
		in_time = thread_cond_wait_until(&c->freed, &c->lock, until_us);
	struct slot *s = c->up ? c->free : NULL;
	if (s) {
		c->free = s->next;
		c->free_count--;
	}
	*up = c->up;
	pthread_mutex_unlock(&c->lock);
	return s;
}

void crypto_crew_slot_release(struct crew *c, struct slot *s)
{
	pthread_mutex_lock(&c->lock);
	slot_put(c, s);
	pthread_cond_broadcast(&c->freed);
	pthread_mutex_unlock(&c->lock);
}

pid_t crypto_crew_process(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	const pid_t process = c->process;
	pthread_mutex_unlock(&c->lock);
	return process;
}

/* ---- starting a process ---- */

/* Its sockets: [0] tells the end of its life, the others are the threads'. */
struct ends {
	int ours[HASHERS_MAX + 1], theirs[HASHERS_MAX + 1];
	unsigned count;
};

static void close_all(const int fds[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

static bool ends_open(struct ends *e, unsigned count)
{
	for (e->count = 0; e->count < count; e->count++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
			return false;
		e->ours[e->count] = pair[0];
		e->theirs[e->count] = pair[1];
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	const int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

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

/* `theirs` in rising order. A descriptor that is given to itself outlives exec. */
static pid_t spawn(const struct crew *c, const int theirs[], unsigned count)
{
	char list[FDS_TEXT] = "", *env[ENV_MAX];
	char *argv[] = { (char *)(uintptr_t) "postern", (char *)(uintptr_t)CRYPTO_HASHER_ARGUMENT,
		(char *)(uintptr_t)c->name, list, NULL };
	posix_spawn_file_actions_t actions;
	pid_t process = 0;
	size_t n = 0;
	posix_spawn_file_actions_init(&actions);
	int err = 0;
	for (unsigned i = 0; i < count && err == 0; i++) {
		n += (size_t)snprintf(
			list + n, sizeof list - n, "%s%d", i > 0 ? "," : "", theirs[i]);
		err = posix_spawn_file_actions_adddup2(&actions, theirs[i], theirs[i]);
	}
	environment(env);
	if (err == 0)
		err = posix_spawn(&process, "/proc/self/exe", &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		LOG(c->log, LOG_ERROR, "hashers_not_started", log_z("priority", c->name),
			log_z("why", strerrordesc_np(err)));
	return err ? 0 : process;
}

/* Each thread says so. */
static bool all_ready(const struct ends *e)
{
	struct reply r;
	for (unsigned i = 1; i < e->count; i++) {
		struct pollfd p = { .fd = e->ours[i], .events = POLLIN };
		if (poll(&p, 1, READY_MS) != 1 ||
			recv(e->ours[i], &r, sizeof r, 0) != (ssize_t)sizeof r)
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

static void take_over(struct crew *c, const struct ends *e, pid_t process)
{
	c->life = e->ours[0];
	c->started_us = clock_monotonic_us();
	pthread_mutex_lock(&c->lock);
	for (unsigned i = 0; i < c->threads; i++) {
		c->slots[i] = (struct slot){ .fd = e->ours[i + 1] };
		slot_put(c, &c->slots[i]);
	}
	c->process = process;
	c->starts++;
	c->up = true;
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
	struct ends e;
	const bool opened = ends_open(&e, c->threads + 1);
	qsort(e.theirs, e.count, sizeof e.theirs[0], by_number);
	pid_t process = opened ? spawn(c, e.theirs, e.count) : 0;
	close_all(e.theirs, e.count);
	if (process > 0 && all_ready(&e)) {
		take_over(c, &e, process);
		return;
	}
	close_all(e.ours, e.count);
	if (process > 0)
		reap(process);
	put_off(c);
}

/* ---- its end ---- */

/* Who waits for it has found out by its own socket, and gives its slot back. */
static void crew_stop(struct crew *c)
{
	if (c->life < 0)
		return;
	pthread_mutex_lock(&c->lock);
	c->up = false;
	pthread_cond_broadcast(&c->freed);
	const pid_t process = c->process;
	pthread_mutex_unlock(&c->lock);
	reap(process);
	pthread_mutex_lock(&c->lock);
	while (c->free_count < c->threads)
		pthread_cond_wait(&c->freed, &c->lock);
	c->free = c->free_last = NULL;
	c->free_count = 0;
	c->process = 0;
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->threads; i++)
		close(c->slots[i].fd);
	close(c->life);
	c->life = -1;
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
	if (c->life < 0 && clock_monotonic_us() >= c->due_us)
		crew_start(c);
}

static int wait_ms(const struct hashers *h)
{
	const struct crew *const crews[] = { &h->normal, &h->background };
	int64_t least_us = -1;
	for (size_t i = 0; i < COUNT(crews); i++) {
		int64_t us = crews[i]->due_us - clock_monotonic_us();
		if (crews[i]->life < 0 && (least_us < 0 || us < least_us))
			least_us = us > 0 ? us : 0;
	}
	return least_us < 0 ? -1 : (int)(least_us / 1000) + 1;
}

static void *keeper_main(void *arg)
{
	struct hashers *h = arg;
	for (;;) {
		struct pollfd p[] = { { .fd = h->stop_fd, .events = POLLIN },
			{ .fd = h->normal.life, .events = POLLIN },
			{ .fd = h->background.life, .events = POLLIN } };
		(void)poll(p, COUNT(p), wait_ms(h));
		if (p[0].revents)
			break;
		if (h->normal.life >= 0 && p[1].revents)
			crew_ended(&h->normal);
		if (h->background.life >= 0 && p[2].revents)
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
