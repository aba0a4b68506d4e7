/* Clocks: wall time (tests can set it), monotonic time, and time since boot, which goes on while
 * the machine sleeps. The coarse ones are read from the kernel's last tick and cost a few
 * nanoseconds. */
#include "postern/base.h"

#include <time.h>

int64_t clock_now_s(const struct clock *c)
{
	if (c && c->now_s)
		return c->now_s(c->ctx);
	return (int64_t)time(NULL);
}

static int64_t micros(clockid_t id)
{
	struct timespec t = { 0 };
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
	return micros(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_coarse_us(void)
{
	return micros(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_boot_us(void)
{
	return micros(CLOCK_BOOTTIME);
}

/* There is no such clock in the kernel: the fine one is read once in each of its ticks. */
int64_t clock_boot_coarse_us(void)
{
	static _Thread_local int64_t tick_us = -1;
	static _Thread_local int64_t boot_us;
	const int64_t now_us = clock_monotonic_coarse_us();
	if (now_us != tick_us) {
		boot_us = clock_boot_us();
		tick_us = now_us;
	}
	return boot_us;
}
