/* The folder of the file that is imported. Pictures that the file names are opened inside it and
 * nowhere else: absolute paths, ".." and symbolic links are refused. */
#include "../internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes with the NUL of a path inside the folder. */
enum { PATH_BYTES_MAX = 512 };

/* Relative, without empty, "." and ".." parts. */
static bool path_ok(struct str path)
{
	if (path.n == 0 || path.n >= PATH_BYTES_MAX || str_has_byte(path, '\0') ||
		str_has_byte(path, '\\'))
		return false;
	if (path.p[path.n - 1] == '/')
		return false;
	struct str rest = path;
	while (rest.n > 0) {
		struct str part = str_cut(&rest, '/');
		if (part.n == 0 || str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return false;
	}
	return true;
}

static enum err read_embedded(
	const struct import_dir *p, const char *path, size_t max_bytes, struct str *out)
{
	char full[2 * PATH_BYTES_MAX];
	int n = snprintf(full, sizeof full, "%s%s", p->prefix, path);
	if (n < 0 || (size_t)n >= sizeof full)
		return ERR_NOT_FOUND;
	const struct embedded_file *f = embed_find(full);
	if (!f)
		return ERR_NOT_FOUND;
	if (f->n > max_bytes)
		return ERR_TOO_LARGE;
	*out = (struct str){ f->p, f->n };
	return ERR_OK;
}

static enum err err_of(int number)
{
	if (number == ENOENT || number == ENOTDIR)
		return ERR_NOT_FOUND;
	return number == ELOOP ? ERR_INVALID : ERR_UNAVAILABLE;
}

/* Opens `path` part by part without following a symbolic link. Returns a descriptor or -errno. */
static int open_below(int folder, char *path)
{
	int at = folder;
	for (char *part = path, *slash; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
		*slash = 0;
		int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int number = errno;
		if (at != folder)
			close(at);
		if (next < 0) /* a link to a folder is "not a folder" to the system */
			return -number;
		at = next;
		path = slash + 1;
	}
	/* NONBLOCK: a named pipe must not hold the import up. */
	int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int number = errno;
	if (at != folder)
		close(at);
	return fd < 0 ? -number : fd;
}

static enum err read_whole(int fd, size_t max_bytes, struct arena *a, struct str *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return ERR_UNAVAILABLE;
	if (!S_ISREG(st.st_mode))
		return ERR_INVALID;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max_bytes)
		return ERR_TOO_LARGE;
	size_t want = (size_t)st.st_size, n = 0;
	char *p = arena_alloc(a, want + 1);
	if (!p)
		return ERR_NOMEM;
	while (n < want) {
		ssize_t got = read(fd, p + n, want - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) /* shorter than a moment ago: somebody is writing it */
			return ERR_UNAVAILABLE;
		n += (size_t)got;
	}
	*out = (struct str){ p, n };
	return ERR_OK;
}

enum err import_dir_read(const struct import_dir *p, struct str path, size_t max_bytes,
	struct arena *a, struct str *out)
{
	char name[PATH_BYTES_MAX];
	if (!path_ok(path) || str_copy(name, sizeof name, path) != ERR_OK)
		return ERR_INVALID;
	if (p->folder < 0)
		return read_embedded(p, name, max_bytes, out);
	int fd = open_below(p->folder, name);
	if (fd < 0)
		return err_of(-fd);
	enum err e = read_whole(fd, max_bytes, a, out);
	close(fd);
	return e;
}
