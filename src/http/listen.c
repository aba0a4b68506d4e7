/* Listening sockets: IPv4, IPv6 and unix. */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WHY_SIZE = 256 };

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static bool is_unix(const char *address, struct str *path)
{
	struct str text = str_of(address);
	if (!str_starts(text, STR("unix:")))
		return false;
	*path = (struct str){ text.p + 5, text.n - 5 };
	return true;
}

static enum err parse_unix(struct str path, union address *a, socklen_t *size)
{
	a->un.sun_family = AF_UNIX;
	*size = sizeof a->un;
	if (path.n == 0 || path.p[0] != '/')
		return ERR_INVALID;
	return str_copy(a->un.sun_path, sizeof a->un.sun_path, path);
}

/* "127.0.0.1:8080" and "[::1]:8080": the last ':' stands before the port. */
static enum err parse_inet(const char *address, union address *a, socklen_t *size)
{
	const char *colon = strrchr(address, ':');
	int64_t port = 0;
	if (!colon || str_int(str_of(colon + 1), 0, 65535, &port) != ERR_OK)
		return ERR_INVALID;
	struct str host = { address, (size_t)(colon - address) };
	const bool six = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
	if (six)
		host = (struct str){ host.p + 1, host.n - 2 };
	char text[IP_TEXT_SIZE];
	enum err e = str_copy(text, sizeof text, host);
	if (e != ERR_OK)
		return e;
	*size = six ? sizeof a->in6 : sizeof a->in;
	if (six) {
		a->in6.sin6_family = AF_INET6;
		a->in6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1 ? ERR_OK : ERR_INVALID;
	}
	a->in.sin_family = AF_INET;
	a->in.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, text, &a->in.sin_addr) == 1 ? ERR_OK : ERR_INVALID;
}

/* A socket file that nobody answers on was left by a process that died. One that answers is
 * somebody's. */
static void remove_stale(const union address *a, socklen_t size)
{
	struct stat st;
	if (lstat(a->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (probe < 0)
		return;
	if (connect(probe, &a->sa, size) != 0 && errno == ECONNREFUSED)
		(void)unlink(a->un.sun_path);
	close(probe);
}

static unsigned bound_port(int fd)
{
	union address a = { 0 };
	socklen_t size = sizeof a;
	if (getsockname(fd, &a.sa, &size) != 0)
		return 0;
	switch (a.sa.sa_family) {
	case AF_INET:
		return ntohs(a.in.sin_port);
	case AF_INET6:
		return ntohs(a.in6.sin6_port);
	default:
		return 0;
	}
}

/* Bound and listening, or -1 with errno. */
static int open_socket(const union address *a, socklen_t size)
{
	const int on = 1;
	const bool local = a->sa.sa_family == AF_UNIX;
	const int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if ((!local && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
		bind(fd, &a->sa, size) != 0 || listen(fd, SOMAXCONN) != 0) {
		const int fault = errno;
		close(fd);
		errno = fault;
		return -1;
	}
	return fd;
}

enum err http_listen(const char *address, int *fd, unsigned *port, char why[static 256])
{
	union address a = { 0 };
	socklen_t size = 0;
	struct str path = { 0 };
	const bool local = is_unix(address, &path);
	if ((local ? parse_unix(path, &a, &size) : parse_inet(address, &a, &size)) != ERR_OK) {
		(void)snprintf(why, WHY_SIZE,
			"\"%.100s\" is no address to listen on (127.0.0.1:8080, [::1]:8080, "
			"unix:/path)",
			address);
		return ERR_INVALID;
	}
	if (local)
		remove_stale(&a, size);
	const int s = open_socket(&a, size);
	if (s < 0) {
		(void)snprintf(why, WHY_SIZE, "cannot listen on %.100s: %s%s", address,
			strerrordesc_np(errno),
			errno == EADDRINUSE ? ". Stop the program that uses it, or choose another "
					      "address (server.listen with server.base_url, "
					      "ops.listen)"
					    : "");
		return ERR_UNAVAILABLE;
	}
	*port = bound_port(s);
	*fd = s;
	return ERR_OK;
}

void http_listen_remove(const char *address)
{
	struct str path = { 0 };
	if (is_unix(address, &path))
		(void)unlink(path.p);
}

enum err http_address_check(const char *address)
{
	union address a = { 0 };
	socklen_t size = 0;
	struct str path;
	return is_unix(address, &path) ? parse_unix(path, &a, &size)
				       : parse_inet(address, &a, &size);
}
