/* Progress of long commands on standard error: one line that is rewritten on a terminal, lines at
 * intervals with --progress elsewhere. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SECOND_US = 1000 * 1000,
	TERMINAL_EVERY_US =
		SECOND_US / 5, /* five times a second: a slow terminal must not slow the work */
	LINES_EVERY_US = 10 * SECOND_US
};

struct progress cli_progress_make(const struct cli *c)
{
	return (struct progress){ .terminal = isatty(2) == 1 && !c->json,
		.lines = cli_option(c, "progress") != NULL };
}

static void begin(struct progress *p, const struct progress_state *s, int64_t now_us)
{
	snprintf(p->what, sizeof p->what, "%s", s->what);
	p->begun_us = now_us;
	p->first = s->done;
	if (!p->terminal)
		p->told_us = now_us; /* what is over at once needs no line */
}

static void rate_print(const struct progress *p, const struct progress_state *s, int64_t now_us)
{
	int64_t took_us = now_us - p->begun_us, fresh = s->done - p->first;
	int64_t rate = took_us >= SECOND_US ? fresh * SECOND_US / took_us : 0;
	int64_t left_s = rate > 0 ? (s->all - s->done) / rate + 1 : 0;
	if (rate > 0)
		fprintf(stderr, ", %lld %s/s", (long long)rate, s->unit);
	if (rate > 0 && s->all > s->done)
		fprintf(stderr, ", %lld s left", (long long)left_s);
}

void cli_progress_tell(struct progress *p, const struct progress_state *s)
{
	int64_t now_us = clock_monotonic_us();
	int64_t every_us = p->terminal ? TERMINAL_EVERY_US : LINES_EVERY_US;
	if (!p->terminal && !p->lines)
		return;
	if (strcmp(p->what, s->what) != 0)
		begin(p, s, now_us);
	if (now_us - p->told_us < every_us)
		return;
	p->told_us = now_us;
	fprintf(stderr, "%s%s: %lld", p->terminal ? "\r\033[K" : "", s->what, (long long)s->done);
	if (s->all > 0)
		fprintf(stderr, " of %lld %s (%lld %%)", (long long)s->all, s->unit,
			(long long)(s->done * 100 / s->all));
	else
		fprintf(stderr, " %s", s->unit);
	rate_print(p, s, now_us);
	fputs(p->terminal ? "" : "\n", stderr);
}

void cli_progress_clear(const struct progress *p)
{
	if (p->terminal)
		fputs("\r\033[K", stderr);
}
