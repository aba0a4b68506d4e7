/* The file of a SQLite database: creating it with private permissions (0600), judging whether
 * this user may read or write it, and the claim of a running server, a lock (flock) on
 * PATH-serve.lock, so that a second server on the same file is refused with the process id of the
 * first. */
#include "sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err file_refuse(
	char why[static DB_WHY_SIZE], enum err e, const char *path, const char *text)
{
	snprintf(why, DB_WHY_SIZE, "the database %.100s %s", path, text);
	return e;
}

/* ---- the URL ---- */
static const char scheme[] = "sqlite:";

static const char *path_of(const char *url)
{
	size_t n = sizeof scheme - 1;
	return strncmp(url, scheme, n) == 0 ? url + n : url;
}

enum err db_sqlite_url_check(const char *url, char why[static DB_WHY_SIZE])
{
	if (*path_of(url))
		return ERR_OK;
	snprintf(why, DB_WHY_SIZE,
		"it names no file; sqlite:PATH is expected, such as sqlite:var/postern.db");
	return ERR_INVALID;
}

void db_sqlite_url_show(const char *url, char out[static DB_SHOWN_SIZE])
{
	snprintf(out, DB_SHOWN_SIZE, "%s", url);
}

/* ---- the file ---- */
/* A file that is there is not opened: closing it would drop the locks that SQLite may hold on it in
 * this process. */
static enum err file_create(const char *path, char why[static DB_WHY_SIZE])
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return ERR_OK;
	}
	switch (errno) {
	case EEXIST:
		return ERR_OK;
	case ENOENT:
	case ENOTDIR:
		return file_refuse(why, ERR_UNAVAILABLE, path,
			"stands in a folder that does not exist; create the folder, or name "
			"another file");
	case EACCES:
	case EPERM:
	case EROFS:
		return file_refuse(why, ERR_UNAVAILABLE, path,
			"cannot be created: this user may not write in its folder");
	default:
		return file_refuse(why, ERR_UNAVAILABLE, path, strerror(errno));
	}
}

static enum err file_there(const char *path, char why[static DB_WHY_SIZE])
{
	if (access(path, F_OK) == 0)
		return ERR_OK;
	if (errno != ENOENT)
		return file_refuse(why, ERR_UNAVAILABLE, path, strerror(errno));
	snprintf(why, DB_WHY_SIZE,
		"there is no database at %.100s; run postern db migrate or postern serve to make "
		"it, or name the right one%s",
		path, path[0] == '/' ? "" : " (a relative path begins at the working directory)");
	return ERR_UNAVAILABLE;
}

/* Who may not write can read beside a server, which has the log of changes open. Without one he
 * would make it, and the server's user could not write it then. */
static enum err file_judge_look(const char *path, char why[static DB_WHY_SIZE])
{
	char log[PATH_MAX];
	bool fits = snprintf(log, sizeof log, "%s-wal", path) < (int)sizeof log;
	if (access(path, R_OK) != 0)
		return file_refuse(why, ERR_UNAVAILABLE, path, "cannot be read by this user");
	if (access(path, W_OK) == 0 || (fits && access(log, R_OK) == 0))
		return ERR_OK;
	return file_refuse(why, ERR_UNAVAILABLE, path,
		"is read by a user who may not write it only while a server runs; run as the one "
		"it "
		"belongs to");
}

/* SQLite makes -wal and -shm beside the file, so the folder must be writable, too. Said here,
 * because SQLite's own message is "unable to open database file". */
static enum err file_judge(const char *path, bool looking, char why[static DB_WHY_SIZE])
{
	struct stat st;
	if (stat(path, &st) != 0)
		return file_refuse(why, ERR_UNAVAILABLE, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return file_refuse(why, ERR_INVALID, path, "is not a file; name a file");
	if (looking)
		return file_judge_look(path, why);
	if (access(path, R_OK | W_OK) != 0)
		return file_refuse(why, ERR_UNAVAILABLE, path,
			"cannot be written by this user; change its owner, or run as the one it "
			"belongs to");
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/'); /* there is one: realpath made it */
	snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (access(folder, W_OK | X_OK) != 0)
		return file_refuse(why, ERR_UNAVAILABLE, path,
			"needs a folder that this user may write: its log of changes stands beside "
			"it");
	return ERR_OK;
}

/* ---- the claim of a server ---- */
static void claim_owner(int fd, char *pid, size_t size)
{
	ssize_t n = pread(fd, pid, size - 1, 0);
	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	if (!pid[0])
		snprintf(pid, size, "unknown");
}

static enum err claim_lock(int fd, const char *path, char why[static DB_WHY_SIZE])
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (errno != EWOULDBLOCK)
		return file_refuse(why, ERR_UNAVAILABLE, path, "cannot be locked in its folder");
	char pid[16];
	claim_owner(fd, pid, sizeof pid);
	snprintf(why, DB_WHY_SIZE,
		"another postern (process %s) serves this database %.100s; stop it first, or give "
		"this one "
		"a database of its own",
		pid, path);
	return ERR_CONFLICT;
}

static int lock_open(const char *path, int more)
{
	char lock[PATH_MAX];
	int length = snprintf(lock, sizeof lock, "%s-serve.lock", path);
	return length < (int)sizeof lock ? open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW | more, 0600)
					 : -1;
}

/* A tool does not make the file: it would be another user's, and keep the server off. */
int db_sqlite_turn_open(const char *location)
{
	return lock_open(location, 0);
}

/* The lock ends with the process, however it dies. The file stays: to remove it would race with the
 * next server. */
static enum err claim_take(const char *path, int *claim, char why[static DB_WHY_SIZE])
{
	int fd = lock_open(path, O_CREAT);
	if (fd < 0)
		return file_refuse(why, ERR_UNAVAILABLE, path, "cannot be locked in its folder");
	enum err e = claim_lock(fd, path, why);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	char pid[24];
	int length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)length, 0) != length) {
		close(fd);
		return file_refuse(
			why, ERR_UNAVAILABLE, path, "cannot be locked: is the disk full?");
	}
	*claim = fd;
	return ERR_OK;
}

enum err db_sqlite_file_claim(
	struct driver_conn *c, const char *location, int *claim, char why[static DB_WHY_SIZE])
{
	(void)c;
	return claim_take(location, claim, why);
}

void db_sqlite_file_release(int claim)
{
	if (claim >= 0)
		close(claim);
}

/* The real path, so that two names of one file are one claim. */
enum err db_sqlite_file_prepare(
	const char *url, enum db_use use, char **location, int *claim, char why[static DB_WHY_SIZE])
{
	const char *given = path_of(url);
	bool there = use == DB_COPY_FROM || use == DB_LOOK;
	enum err e = there ? file_there(given, why) : file_create(given, why);
	if (e != ERR_OK)
		return e;
	char *path = realpath(given, NULL);
	if (!path)
		return file_refuse(why, ERR_UNAVAILABLE, given, strerror(errno));
	e = file_judge(path, use == DB_LOOK, why);
	if (e == ERR_OK && use == DB_SERVE)
		e = claim_take(path, claim, why);
	if (e != ERR_OK) {
		free(path);
		return e;
	}
	*location = path;
	return ERR_OK;
}
