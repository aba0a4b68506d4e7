/* interrupt: SIGINT, SIGTERM and SIGHUP end a command promptly: what is under way in the database
 * is given up and rolled back, and it is said what that means. A command that does not come to its
 * end within two seconds, or is told a second time, ends where it stands: what it had not committed
 * is rolled back by the database. Serving programs have app_wait instead. */
#ifndef POSTERN_APP_INTERRUPT_H
#define POSTERN_APP_INTERRUPT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct interrupt {
	_Atomic int signal; /* that came, or 0 */
	_Atomic bool done;  /* the command is at its end */
	/* What was done and what was not, as far as the command can say: a sentence without its
	 * end. */
	_Atomic(const char *) left;
	pthread_t thread;
	bool running;
};

/* Before any other thread starts: it is the one that hears the signals. Without memory for it the
 * signals end the program at once. */
void interrupt_start(struct interrupt *i);
/* The command has ended with `code`. Returns it, or, where a signal kept it from its end,
 * 128 + signal after saying so. */
int interrupt_end(struct interrupt *i, int code);

#endif
