/* What the tests of passwords share: libsodium started, the cheapest cost there is, and the time
 * that work takes on a processor. */
#ifndef TESTS_CRYPTO_HELP_H
#define TESTS_CRYPTO_HELP_H

#include "postern/crypto.h"
#include "unit.h"

#include <time.h>

static const struct password_cost cheapest = { .memory_kib = 19456, .passes = 2 };

static inline int crypto_make(void **state)
{
	(void)state;
	return crypto_start() == ERR_OK ? 0 : -1;
}

/* Of a processor's clock: one thread's, or one process's. */
static inline double clock_ms(clockid_t clock)
{
	struct timespec t;
	assert_int_equal(clock_gettime(clock, &t), 0);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What this thread has worked. */
static inline double cpu_ms(void)
{
	return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

#endif
