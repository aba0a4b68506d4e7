/* The lock of those who write a file of SQLite, and whose turn it is among programs. Who finds it
 * taken looks again after a pause, and a program that commits one transaction after the other (an
 * import) has it again by then: the server waited 230 ms for a lock that was free 40 times
 * meanwhile. So who wants the lock takes the turn first, and lets it go when it has the lock: there
 * is one who looks, and the others come after it. */
#include "sqlite.h"
#include "sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	PAUSE_US = 1000, /* between two looks for the lock */
	TURN_MS = 250,   /* then without it: one who has it may have been stopped */
};

/* For the lock, unless the program is told to stop. */
int db_sqlite_busy(void *arg, int tries)
{
	struct driver_conn *c = arg;
	int64_t now_us = clock_monotonic_us();
	if (tries == 0)
		c->busy_since_us = now_us;
	if ((c->stop && *c->stop) || now_us - c->busy_since_us >= (int64_t)c->busy_ms * 1000)
		return 0;
	usleep(PAUSE_US);
	return 1;
}

/* Of the open file and not of the process: two databases of one process are two, and a process that
 * dies leaves none behind. */
static bool turn_set(int fd, short type)
{
	struct flock turn = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = SQLITE_TURN_BYTE, .l_len = 1
	};
	return fcntl(fd, F_OFD_SETLK, &turn) == 0;
}

static bool is_others(int why)
{
	return why == EAGAIN || why == EACCES;
}

bool db_sqlite_turn_take(const struct driver_conn *c)
{
	int64_t end_us = clock_monotonic_us() + (int64_t)TURN_MS * 1000;
	bool taken = turn_set(c->turn, F_WRLCK);
	while (!taken && is_others(errno) && !(c->stop && *c->stop) &&
		clock_monotonic_us() < end_us) {
		usleep(PAUSE_US);
		taken = turn_set(c->turn, F_WRLCK);
	}
	return taken;
}

void db_sqlite_turn_give(const struct driver_conn *c)
{
	(void)turn_set(c->turn, F_UNLCK);
}
