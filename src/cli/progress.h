/* progress: how far a long command is and how fast it goes, on standard error: one line that is
 * written over on a terminal; elsewhere, and only with --progress, a line now and then. */
#ifndef POSTERN_APP_PROGRESS_H
#define POSTERN_APP_PROGRESS_H

#include "cli.h"

enum { PROGRESS_WHAT_SIZE = 96 };
/* Times are on the monotonic clock. Zero but for terminal and lines at first. */
struct progress {
	bool terminal, lines;
	int64_t begun_us, told_us; /* of what is at hand */
	int64_t first;             /* how much was done before: taken up again */
	char what[PROGRESS_WHAT_SIZE];
};
struct progress cli_progress_make(const struct cli *c);
/* `done` of `all` (0: nobody knows) in `unit`, such as "rows"; another `what` begins anew. */
struct progress_state {
	const char *what, *unit;
	int64_t done, all;
};
void cli_progress_tell(struct progress *p, const struct progress_state *s);
/* Before anything else is printed, and at the end. */
void cli_progress_clear(const struct progress *p);

#endif
