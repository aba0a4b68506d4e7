/* A disk that takes its time: every fsync and fdatasync of the program it is preloaded into waits
 * SLOW_DISK_US microseconds more. For tests/bench/alike, which makes differences in the number of
 * waits for the disk large enough to see. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void be_slow(void)
{
	const char *text = getenv("SLOW_DISK_US");
	long us = text ? atol(text) : 0;
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	nanosleep(&t, NULL);
}

int fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	be_slow();
	return real(fd);
}

int fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	be_slow();
	return real(fd);
}
