/* Threads and timed waits on the monotonic clock, so that setting the machine's clock ends no
 * wait early or late; and the worker: a thread that sleeps until a time or until it is told to
 * stop. */
#include "postern/thread.h"

#include <signal.h>
#include <time.h>

enum { MICROS = 1000000 };

bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool ok = pthread_create(thread, NULL, run, arg) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

/* On Linux neither the attributes nor the condition take memory: nothing here can fail. */
void thread_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

bool thread_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us)
{
	const struct timespec until = { until_us / MICROS, until_us % MICROS * 1000 };
	return pthread_cond_timedwait(cond, lock, &until) == 0;
}

bool thread_worker_start(struct thread_worker *w, void *(*run)(void *), void *arg)
{
	w->ends = false;
	pthread_mutex_init(&w->lock, NULL);
	thread_cond_init(&w->wake);
	if (thread_start(&w->thread, run, arg))
		return true;
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	return false;
}

void thread_worker_stop(struct thread_worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}

bool thread_worker_sleep(struct thread_worker *w, int64_t until_us)
{
	while (!w->ends && clock_monotonic_us() < until_us)
		(void)thread_cond_wait_until(&w->wake, &w->lock, until_us);
	return !w->ends;
}
