/* The bare twin: libmicrohttpd with Postern's flags and threads, and nothing else. It answers GET
 * /N with the N-th of the files it is given, byte for byte what Postern answered: so what Postern
 * costs beyond the library is the difference.
 *
 *   twin PORT THREADS FILE...     a file is a status, header lines, a blank line and the body
 *
 * The answers are made once and shared by all requests; nothing is parsed, logged or looked up. */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWERS_MAX = 64, FILE_BYTES_MAX = 4 << 20, CONNECTIONS_MAX = 20000, TIMEOUT_S = 600 };

struct answer {
	unsigned status;
	struct MHD_Response *response;
};
struct answers {
	size_t n;
	struct answer v[ANSWERS_MAX];
};

static char seen; /* its address marks a request whose first call was made */

/* Answered at the second call: at the first, libmicrohttpd 0.9.75 would close the connection. */
static enum MHD_Result on_access(void *ctx, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **slot)
{
	(void)method;
	(void)version;
	(void)data;
	(void)n;
	const struct answers *all = ctx;
	if (!*slot) {
		*slot = &seen;
		return MHD_YES;
	}
	const size_t i = strtoul(url + 1, NULL, 10);
	if (i >= all->n)
		return MHD_NO;
	return MHD_queue_response(c, all->v[i].status, all->v[i].response);
}

static int fail(const char *what)
{
	(void)fprintf(stderr, "twin: %s\n", what);
	return 1;
}

static char *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *text = f ? malloc(FILE_BYTES_MAX + 1) : NULL;
	*n = text ? fread(text, 1, FILE_BYTES_MAX, f) : 0;
	if (text)
		text[*n] = 0;
	if (f)
		(void)fclose(f);
	return text;
}

/* "Name: value" lines up to a blank one; returns where the body begins. */
static char *add_headers(struct MHD_Response *r, char *line)
{
	while (line && *line != '\n') {
		char *end = strchr(line, '\n');
		char *colon = strstr(line, ": ");
		if (!end || !colon || colon > end)
			return NULL;
		*end = *colon = 0;
		if (MHD_add_response_header(r, line, colon + 2) != MHD_YES)
			return NULL;
		line = end + 1;
	}
	return line ? line + 1 : NULL;
}

static int load(const char *path, struct answer *out)
{
	size_t n = 0;
	char *text = read_all(path, &n);
	char *head = text ? strchr(text, '\n') : NULL;
	char *body = head ? strstr(text, "\n\n") : NULL;
	if (!body)
		return fail("a file has no head");
	out->status = (unsigned)strtoul(text, NULL, 10);
	out->response = MHD_create_response_from_buffer(
		n - (size_t)(body + 2 - text), body + 2, MHD_RESPMEM_PERSISTENT);
	return out->response && add_headers(out->response, head + 1) == body + 2
		       ? 0
		       : fail("a bad header");
}

int main(int argc, char **argv)
{
	static struct answers all;
	if (argc < 4 || argc - 3 > ANSWERS_MAX)
		return fail("usage: twin PORT THREADS FILE...");
	for (int i = 3; i < argc; i++) {
		if (load(argv[i], &all.v[all.n++]) != 0)
			return 1;
	}
	sigset_t stop;
	int got = 0;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	const unsigned threads = (unsigned)strtoul(argv[2], NULL, 10);
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
							MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
							MHD_USE_ERROR_LOG,
		(unsigned short)strtoul(argv[1], NULL, 10), NULL, NULL, on_access, &all,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads,
		MHD_OPTION_END);
	if (!d)
		return fail("could not start");
	(void)sigwait(&stop, &got);
	MHD_stop_daemon(d);
	return 0;
}
