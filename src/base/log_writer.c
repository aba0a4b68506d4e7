/* The thread that writes the log. Other threads copy whole lines into memory, so only this one
 * waits when whoever reads the log is stuck. When memory is full, lines are dropped and counted,
 * and the log says how many once it moves again. */
#include "log_writer.h"

#include "postern/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	GATHER_US = 10 * 1000,
	AWAIT_US = 20 * 1000, /* a write that takes longer is not waited for */
	STOP_US = 1000 * 1000,
	ENOUGH_BYTES = LOG_WRITER_BYTES / 2,   /* to be written without gathering more */
	RESERVE_BYTES = LOG_WRITER_BYTES / 16, /* that lines of requests leave to others */
};

/* Two halves: threads add to one while the other is being written. */
struct log_writer {
	int fd;
	enum log_format format;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows; never held while writing */
	pthread_cond_t wake, done;
	char *filling, *idle;
	size_t n;
	uint64_t added, written;  /* bytes, since the start */
	int64_t writing_since_us; /* 0: not writing */
	bool urgent, ends, ended, left;
	uint64_t dropped; /* lines */
	uint64_t told;    /* of them; the thread's alone */
	bool well;        /* the last write was; the thread's alone */
	bool torn;        /* a line was begun and could not be ended; the thread's alone */
	char halves[2][LOG_WRITER_BYTES];
};

/* Where the descriptor came to us in non-blocking mode we wait all the same. */
static bool may_go_on(int fd)
{
	if (errno == EINTR)
		return true;
	return errno == EAGAIN && poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1) >= 0;
}

struct str log_write_all(int fd, struct str lines)
{
	while (lines.n > 0) {
		ssize_t n = write(fd, lines.p, lines.n);
		if (n < 0 && may_go_on(fd))
			continue;
		if (n <= 0)
			break;
		lines.p += n;
		lines.n -= (size_t)n;
	}
	return lines;
}

/* ---- who logs ---- */

static bool is_stuck(const struct log_writer *w, int64_t now_us)
{
	return w->writing_since_us && now_us - w->writing_since_us > AWAIT_US;
}

/* All that is there now, but no longer than a healthy write may take. Under the lock. */
static void await_written(struct log_writer *w)
{
	const uint64_t until = w->added;
	int64_t now_us = clock_monotonic_us();
	const int64_t end_us = now_us + AWAIT_US;
	while (w->written < until && now_us < end_us && !is_stuck(w, now_us)) {
		(void)thread_cond_wait_until(&w->done, &w->lock, end_us);
		now_us = clock_monotonic_us();
	}
}

void log_writer_add(struct log_writer *w, struct str line, enum log_urgency urgency)
{
	const size_t reserve = urgency == LOG_GATHERED ? RESERVE_BYTES : 0;
	if (line.n == 0)
		return;
	pthread_mutex_lock(&w->lock);
	if (line.n + reserve > LOG_WRITER_BYTES - w->n) {
		w->dropped++;
		pthread_mutex_unlock(&w->lock);
		return;
	}
	const bool wakes = w->n == 0 || urgency != LOG_GATHERED || w->n + line.n > ENOUGH_BYTES;
	memcpy(w->filling + w->n, line.p, line.n);
	w->n += line.n;
	w->added += line.n;
	w->urgent = w->urgent || urgency != LOG_GATHERED;
	if (wakes)
		pthread_cond_signal(&w->wake);
	if (urgency == LOG_AWAITED)
		await_written(w);
	pthread_mutex_unlock(&w->lock);
}

uint64_t log_writer_dropped(struct log_writer *w)
{
	if (!w)
		return 0;
	pthread_mutex_lock(&w->lock);
	const uint64_t dropped = w->dropped;
	pthread_mutex_unlock(&w->lock);
	return dropped;
}

/* ---- the thread ---- */

/* Under the lock. False at the end. */
static bool wait_for_lines(struct log_writer *w)
{
	while (w->n == 0 && !w->ends)
		pthread_cond_wait(&w->wake, &w->lock);
	const int64_t end_us = clock_monotonic_us() + GATHER_US;
	bool in_time = true;
	while (in_time && !w->urgent && !w->ends && w->n < ENOUGH_BYTES)
		in_time = thread_cond_wait_until(&w->wake, &w->lock, end_us);
	return w->n > 0;
}

static uint64_t count_lines(struct str s)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < s.n; i++)
		lines += s.p[i] == '\n';
	return lines;
}

/* A line that the full disk tore is ended first, or the next one would continue it. */
static struct str write_on(struct log_writer *w, struct str lines)
{
	if (w->torn && log_write_all(w->fd, STR("\n")).n > 0)
		return lines;
	const struct str left = log_write_all(w->fd, lines);
	w->torn = left.n > 0 && left.n < lines.n && left.p[-1] != '\n';
	return left;
}

/* Under the lock, which is given up while writing. */
static void write_lines(struct log_writer *w)
{
	char *const half = w->filling;
	const struct str lines = { half, w->n };
	const uint64_t mark = w->added;
	w->filling = w->idle;
	w->idle = half;
	w->n = 0;
	w->urgent = false;
	w->writing_since_us = clock_monotonic_us();
	pthread_mutex_unlock(&w->lock);
	const struct str left = write_on(w, lines);
	pthread_mutex_lock(&w->lock);
	w->dropped += count_lines(left);
	w->well = left.n == 0;
	w->written = mark;
	w->writing_since_us = 0;
	pthread_cond_broadcast(&w->done);
}

/* The line goes the way of all others, once that is open again: where it is closed for good (the
 * reader of a pipe has ended), a line about lost lines would be the next one to be lost. */
static void tell_dropped(struct log_writer *w, uint64_t dropped)
{
	if (dropped == w->told || !w->well)
		return;
	const struct log_field fields[] = { log_int("lines", (int64_t)(dropped - w->told)),
		log_z("why", "the log was not read as fast as lines were written") };
	const struct log_event e = { LOG_WARN, "log_dropped", fields, COUNT(fields), LOG_PROMPT };
	BUF_AUTO line = BUF(LOG_LINE_MAX_BYTES);
	log_line_any(&e, w->format, &line);
	if (line.err == ERR_OK)
		log_writer_add(w, buf_view(&line), e.urgency);
	w->told = dropped;
}

static void writer_free(struct log_writer *w)
{
	pthread_cond_destroy(&w->done);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Whoever stops the log waits only a while: if it has left by then, the thread frees the writer. */
static void *writer_main(void *arg)
{
	struct log_writer *w = arg;
	pthread_mutex_lock(&w->lock);
	while (wait_for_lines(w)) {
		write_lines(w);
		const uint64_t dropped = w->dropped;
		pthread_mutex_unlock(&w->lock);
		tell_dropped(w, dropped);
		pthread_mutex_lock(&w->lock);
	}
	w->ended = true;
	const bool left = w->left;
	pthread_cond_broadcast(&w->done);
	pthread_mutex_unlock(&w->lock);
	if (left)
		writer_free(w);
	return NULL;
}

/* ---- start and stop ---- */

struct log_writer *log_writer_start(int fd, enum log_format format)
{
	struct log_writer *w = malloc(sizeof *w); /* what is never filled takes no memory */
	if (!w)
		return NULL;
	memset(w, 0, offsetof(struct log_writer, halves));
	w->fd = fd;
	w->format = format;
	w->filling = w->halves[0];
	w->idle = w->halves[1];
	pthread_mutex_init(&w->lock, NULL);
	thread_cond_init(&w->wake);
	thread_cond_init(&w->done);
	if (thread_start(&w->thread, writer_main, w))
		return w;
	writer_free(w);
	return NULL;
}

/* Whoever reads the log may never come back: then the thread is left with what it works on, and
 * frees it should it end before the program. */
void log_writer_stop(struct log_writer *w)
{
	if (!w)
		return;
	const int64_t end_us = clock_monotonic_us() + STOP_US;
	bool in_time = true;
	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	while (!w->ended && in_time)
		in_time = thread_cond_wait_until(&w->done, &w->lock, end_us);
	w->left = !w->ended;
	const bool left = w->left;
	if (left)
		pthread_detach(w->thread);
	pthread_mutex_unlock(&w->lock);
	if (left)
		return;
	pthread_join(w->thread, NULL);
	writer_free(w);
}
