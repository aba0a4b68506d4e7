#include "log_writer.h"

#include "postern/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GATHER_NS = 10 * 1000000 };

/* Two halves: threads add to one while the other is being written. */
struct log_writer {
	int fd;
	pthread_t thread;
	pthread_mutex_t out;  /* of who writes; taken before `lock` */
	pthread_mutex_t lock; /* of what follows; never held while writing */
	pthread_cond_t wake;
	char *filling, *spare;
	size_t n;
	bool ends;
	char halves[2][LOG_WRITER_BYTES];
};

void log_write_all(int fd, struct str line)
{
	while (line.n > 0) {
		ssize_t n = write(fd, line.p, line.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line.p += n;
		line.n -= (size_t)n;
	}
}

static void flush(struct log_writer *w)
{
	pthread_mutex_lock(&w->out);
	pthread_mutex_lock(&w->lock);
	struct str lines = { w->filling, w->n };
	w->filling = w->spare;
	w->spare = (char *)(uintptr_t)lines.p;
	w->n = 0;
	pthread_mutex_unlock(&w->lock);
	log_write_all(w->fd, lines);
	pthread_mutex_unlock(&w->out);
}

static bool add(struct log_writer *w, struct str line)
{
	pthread_mutex_lock(&w->lock);
	bool fits = line.n <= LOG_WRITER_BYTES - w->n;
	if (fits) {
		if (w->n == 0)
			pthread_cond_signal(&w->wake);
		memcpy(w->filling + w->n, line.p, line.n);
		w->n += line.n;
	}
	pthread_mutex_unlock(&w->lock);
	return fits;
}

void log_writer_add(struct log_writer *w, struct str line, bool now)
{
	if (line.n == 0 || line.n > LOG_WRITER_BYTES)
		return;
	while (!add(w, line))
		flush(w);
	if (now)
		flush(w);
}

static bool wait_for_lines(struct log_writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->n == 0 && !w->ends)
		pthread_cond_wait(&w->wake, &w->lock);
	bool more = w->n > 0 || !w->ends;
	bool ends = w->ends;
	pthread_mutex_unlock(&w->lock);
	if (!ends)
		(void)nanosleep(&(struct timespec){ .tv_nsec = GATHER_NS }, NULL);
	return more;
}

static void *writer_main(void *arg)
{
	struct log_writer *w = arg;
	while (wait_for_lines(w))
		flush(w);
	return NULL;
}

struct log_writer *log_writer_start(int fd)
{
	struct log_writer *w = malloc(sizeof *w);
	if (!w)
		return NULL;
	w->fd = fd;
	w->n = 0;
	w->ends = false;
	w->filling = w->halves[0];
	w->spare = w->halves[1];
	pthread_mutex_init(&w->out, NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	if (!thread_start(&w->thread, writer_main, w)) {
		free(w);
		return NULL;
	}
	return w;
}

void log_writer_stop(struct log_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->out);
	free(w);
}
