/* Reads a whole file into a buffer. The buffer's cap bounds what is read, so a device or an
 * endless pipe is an error. */
#include "postern/base.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum err read_all(int fd, struct buf *b)
{
	char piece[16384];
	buf_add(b, "", 0); /* an empty file has its closing NUL as well */
	for (;;) {
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_UNAVAILABLE;
		if (n == 0 || b->err != ERR_OK)
			return b->err;
		buf_add(b, piece, (size_t)n);
	}
}

enum err file_read(const char *path, struct buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_UNAVAILABLE;
	enum err e = read_all(fd, b);
	close(fd);
	return e;
}
