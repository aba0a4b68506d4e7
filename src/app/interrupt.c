/* SIGINT, SIGTERM and SIGHUP while a command of the command line runs. A thread waits for the
 * signal and tells the command to stop; when that takes more than GRACE_S, the process ends
 * anyway, with 128 and the signal's number as a shell expects it. */
#include "postern/app.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "postern/thread.h"

/* GRACE_S in seconds. CODE_BASE + signal is how a shell reports a process that a signal ended. */
enum { GRACE_S = 2, CODE_BASE = 128 };

/* What nohup, or a script that starts a command in the background, has set to be ignored stays
 * ignored: a signal that is blocked and waited for would be heard all the same. */
static bool is_ignored(int signal)
{
	struct sigaction now;
	return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static sigset_t heard(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(ending); i++) {
		if (!is_ignored(ending[i]))
			sigaddset(&set, ending[i]);
	}
	sigaddset(&set, SIGUSR1); /* from app_interrupt_end */
	return set;
}

static const char *name_of(int signal)
{
	if (signal == SIGINT)
		return "SIGINT";
	return signal == SIGTERM ? "SIGTERM" : "SIGHUP";
}

static int say(const struct interrupt *i)
{
	const char *left = atomic_load(&i->left);
	int signal = atomic_load(&i->signal);
	fprintf(stderr, "%spostern: ended by %s: %s.\n", isatty(2) ? "\r\033[K" : "",
		name_of(signal), left ? left : "what was not committed is undone");
	return CODE_BASE + signal;
}

static void *listen_main(void *arg)
{
	const struct timespec grace = { .tv_sec = GRACE_S };
	struct interrupt *i = arg;
	sigset_t set = heard();
	int got = 0;
	while (got <= 0 || got == SIGUSR1) {
		got = sigwaitinfo(&set, NULL);
		if (atomic_load(&i->done))
			return NULL;
	}
	atomic_store(&i->signal, got);
	(void)sigtimedwait(&set, NULL, &grace);
	if (!atomic_load(&i->done))
		_exit(say(i));
	return NULL;
}

void app_interrupt_start(struct interrupt *i)
{
	sigset_t set = heard();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	i->running = thread_start(&i->thread, listen_main, i);
	if (!i->running)
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int app_interrupt_end(struct interrupt *i, int code)
{
	if (!i->running)
		return code;
	atomic_store(&i->done, true);
	pthread_kill(i->thread, SIGUSR1);
	pthread_join(i->thread, NULL);
	if (!i->signal || code == 0)
		return code;
	fflush(stdout);
	return say(i);
}
