/* Delivery into a maildir (cr.yp.to/proto/maildir.html): written and synced in tmp, then renamed
 * into new. */
#include "internal.h"

#include "postern/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define FD_AUTO __attribute__((cleanup(close_fd))) int

static bool make_folder(const char *path, char *why)
{
	struct stat st;
	if (mkdir(path, 0700) == 0 ||
		(errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return true;
	snprintf(
		why, 256, "the maildir folder %.150s cannot be made: %.60s", path, strerror(errno));
	return false;
}

enum err mail_maildir_open(const char *path, char why[static 256])
{
	static const char *const folders[] = { "", "/tmp", "/new", "/cur" };
	char folder[PATH_MAX];
	if (!*path || strlen(path) > PATH_MAX - 100) {
		snprintf(why, 256, "a maildir needs a path: maildir:/var/mail/postern");
		return ERR_INVALID;
	}
	for (size_t i = 0; i < COUNT(folders); i++) {
		snprintf(folder, sizeof folder, "%s%s", path, folders[i]);
		if (!make_folder(folder, why))
			return ERR_INVALID;
	}
	return ERR_OK;
}

/* A maildir keeps the line ends of its system; a composed message has no CR but before LF. */
static enum err native_lines(struct str message, struct buf *out)
{
	while (message.n) {
		struct str line = str_cut(&message, '\n');
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		buf_str(out, line);
		buf_byte(out, '\n');
	}
	return out->err;
}

static bool write_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

static bool write_synced(const char *path, struct str s)
{
	FD_AUTO fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 && write_all(fd, s) && fsync(fd) == 0;
}

static bool sync_folder(const char *path)
{
	FD_AUTO fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0;
}

/* The name in new is the row's: a message delivered twice, because its outcome was lost, replaces
 * itself. */
static bool deliver(const char *maildir, const struct letter *l, struct str text)
{
	char tmp[PATH_MAX], folder[PATH_MAX], name[PATH_MAX + 64], unique[ID_SIZE];
	crypto_id_make(unique);
	snprintf(tmp, sizeof tmp, "%s/tmp/%s", maildir, unique);
	snprintf(folder, sizeof folder, "%s/new", maildir);
	snprintf(name, sizeof name, "%s/%" PRId64 "." STR_FMT ".postern", folder, l->created_at,
		STR_ARG(l->id));
	if (write_synced(tmp, text) && rename(tmp, name) == 0)
		return sync_folder(folder);
	int fault = errno;
	unlink(tmp);
	errno = fault;
	return false;
}

void mail_maildir_put(
	const char *path, const struct letter *l, struct str message, struct verdict *out)
{
	BUF_AUTO text = BUF(MESSAGE_MAX);
	errno = ENOMEM;
	*out = (struct verdict){ .outcome = MAIL_SENT };
	if (native_lines(message, &text) == ERR_OK && deliver(path, l, buf_view(&text)))
		return;
	out->outcome = MAIL_TROUBLE;
	snprintf(out->words, sizeof out->words, "maildir: %s", strerror(errno));
}
