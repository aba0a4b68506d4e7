/* main(): makes sure that standard input, output and error are open, then runs the command line. */
#include "cli.h"
#include "postern/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whoever started us may have closed the standard descriptors. What is opened next would stand in
 * their place: the log would be written to the database, or to a reader. They stay open for the
 * processes that hash, so without O_CLOEXEC. */
static bool standard_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		bool closed = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
		if (closed && open("/dev/null", O_RDWR) != fd)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (!standard_open())
		return EXIT_FAILURE;
	if (argc > 1 && strcmp(argv[1], CRYPTO_HASHER_ARGUMENT) == 0)
		return crypto_hasher_main(argc, argv);
	return cli_main(argc, argv, environ);
}
