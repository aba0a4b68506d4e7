/* thread: how every room starts a thread, and waits for something no longer than so long. */
#ifndef POSTERN_THREAD_H
#define POSTERN_THREAD_H

#include <pthread.h>

#include "postern/base.h"

/* A thread that no signal is delivered to: signals are the main thread's business, and what a
 * library provokes (SIGPIPE) must not end the program. False: there is none. */
bool MUST_USE thread_start(pthread_t *thread, void *(*run)(void *), void *arg);
/* A condition whose waits go by clock_monotonic_us. */
void thread_cond_init(pthread_cond_t *cond);
/* Waits for the signal, until then at most; under the lock. False: the time is over. Like every
 * wait for a condition it may return early, too. */
bool thread_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

/* A thread that a room keeps, asleep most of the time, until it is told to end. Its owner adds what
 * it waits for. */
struct thread_worker {
	pthread_t thread;
	pthread_mutex_t lock; /* of `ends`, and of what the owner shares with the thread */
	pthread_cond_t wake;  /* there is something to do, or it is to end */
	bool ends;
};
/* False: there is no thread, and nothing to be stopped. */
bool MUST_USE thread_worker_start(struct thread_worker *w, void *(*run)(void *), void *arg);
/* Tells the thread to end and waits until it has. */
void thread_worker_stop(struct thread_worker *w);
/* Sleeps until then, or until it is to end: false. Under the lock, as the thread itself. */
bool thread_worker_sleep(struct thread_worker *w, int64_t until_us);

#endif
