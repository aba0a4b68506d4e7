/* Verifies an address by reverse and forward DNS with c-ares. One thread owns the c-ares channel;
 * other threads hand it a job under the lock and wait on the condition. While a job runs, only
 * that thread touches it. */
#include "postern/dns.h"
#include "postern/thread.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "cache.h"

enum {
	JOBS_MAX = 32,       /* look-ups at once */
	NAMES_SEEN_MAX = 64, /* of one answer; further ones are not looked at */
	NAMES_TRIED_MAX = 4, /* names that fit are asked for their addresses */
	ADDRESSES_MAX = 64,  /* of one answer */
	TRIES = 2,
	FAILED_KEPT_S = 60,
	REVERSE_SIZE = 80,
};

/* FREE and QUEUED under the lock; a RUNNING job is the thread's alone. */
enum job_state { JOB_FREE, JOB_QUEUED, JOB_RUNNING };
/* One address: a reverse look-up, then a forward look-up for each name that ends with one of the
 * suffixes, until one leads back to the address. */
struct job {
	enum job_state state;
	struct ip ip;
	int64_t now_s;
	char suffixes[DNS_SUFFIXES_SIZE];
	char names[NAMES_TRIED_MAX][HOST_SIZE];
	size_t name_count, name_at;
	bool trouble; /* one of the questions had no answer */
	struct dns_verifier *p;
};
/* c-ares is not safe for threads: only `thread` uses the channel, the others wake it by the
 * eventfd. */
struct dns_verifier {
	struct dns_verifier_settings set;
	ares_channel channel;
	pthread_t thread;
	int wake; /* eventfd */
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool stopping;
	unsigned waiting;
	struct job jobs[JOBS_MAX];
	struct dns_cache cache;
};

const char *dns_verdict_name(enum dns_verdict p)
{
	static const char *const names[] = { [VERIFY_HOST] = "host",
		[VERIFY_NONE] = "none",
		[VERIFY_FAILED] = "failed",
		[VERIFY_PENDING] = "later" };
	return str_name_of(names, COUNT(names), p);
}

/* ---- on the thread: questions and answers ---- */

/* RFC 1035 section 3.5, RFC 3596 section 2.5. */
static void reverse_name(struct ip ip, char out[static REVERSE_SIZE])
{
	char *w = out;
	if (ip_is_v4(ip)) {
		snprintf(out, REVERSE_SIZE, "%d.%d.%d.%d.in-addr.arpa", ip.b[15], ip.b[14],
			ip.b[13], ip.b[12]);
		return;
	}
	for (size_t i = sizeof ip.b; i > 0; i--)
		w += snprintf(w, 5, "%x.%x.", ip.b[i - 1] & 15U, ip.b[i - 1] >> 4);
	snprintf(w, REVERSE_SIZE - (size_t)(w - out), "ip6.arpa");
}

/* Remembers the verdict, frees the job and wakes all that wait: several requests may wait for one
 * address. Trouble is kept for FAILED_KEPT_S at most. */
static void job_end(struct job *j, enum dns_verdict why, const char *host)
{
	struct dns_verifier *p = j->p;
	int64_t keep_s = why == VERIFY_HOST ? p->set.keep_s : p->set.keep_none_s;
	struct dns_verify_request q = { .ip = j->ip, .suffixes = j->suffixes, .now_s = j->now_s };
	char text[IP_TEXT_SIZE], name[HOST_SIZE];
	snprintf(name, sizeof name, "%s", host); /* it may stand in the job, which is free below */
	if (why == VERIFY_FAILED && keep_s > FAILED_KEPT_S)
		keep_s = FAILED_KEPT_S;
	pthread_mutex_lock(&p->lock);
	bool stopping = p->stopping;
	dns_cache_put(&p->cache, &q, why, host, j->now_s + keep_s);
	j->state = JOB_FREE;
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
	if (stopping)
		return;
	ip_text(q.ip, text);
	LOG(p->set.log, LOG_INFO, "crawler_proof", log_z("client", text),
		log_z("proof", dns_verdict_name(why)), log_z("host", name));
}

static void forward_next(struct job *j);

/* The forward look-up must lead back to the same address: anybody may write any name into the
 * reverse zone of their own network. */
static bool forward_same(const struct job *j, const unsigned char *answer, int length)
{
	if (ip_is_v4(j->ip)) {
		struct ares_addrttl list[ADDRESSES_MAX];
		int n = ADDRESSES_MAX;
		if (ares_parse_a_reply(answer, length, NULL, list, &n) != ARES_SUCCESS)
			return false;
		for (int i = 0; i < n; i++) {
			if (memcmp(&list[i].ipaddr, j->ip.b + 12, 4) == 0)
				return true;
		}
		return false;
	}
	struct ares_addr6ttl list[ADDRESSES_MAX];
	int n = ADDRESSES_MAX;
	if (ares_parse_aaaa_reply(answer, length, NULL, list, &n) != ARES_SUCCESS)
		return false;
	for (int i = 0; i < n; i++) {
		if (memcmp(&list[i].ip6addr, j->ip.b, sizeof j->ip.b) == 0)
			return true;
	}
	return false;
}

/* NXDOMAIN and "no such record" are answers; all else is trouble, which is not remembered long. */
static bool is_answer(int status)
{
	return status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
}

static void forward_done(void *arg, int status, int timeouts, unsigned char *answer, int length)
{
	struct job *j = arg;
	const char *host = j->names[j->name_at];
	(void)timeouts;
	if (status == ARES_SUCCESS && forward_same(j, answer, length)) {
		job_end(j, VERIFY_HOST, host);
		return;
	}
	j->trouble = j->trouble || !is_answer(status);
	j->name_at++;
	forward_next(j);
}

static void forward_next(struct job *j)
{
	if (j->name_at == j->name_count) {
		job_end(j, j->trouble ? VERIFY_FAILED : VERIFY_NONE, "");
		return;
	}
	ares_query(j->p->channel, j->names[j->name_at], ns_c_in,
		ip_is_v4(j->ip) ? ns_t_a : ns_t_aaaa, forward_done, j);
}

static void name_take(struct job *j, const char *name)
{
	struct str host = str_of(name);
	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (j->name_count == NAMES_TRIED_MAX || !dns_host_below(host, j->suffixes))
		return;
	if (str_copy(j->names[j->name_count], HOST_SIZE, host) == ERR_OK)
		j->name_count++;
}

static void reverse_done(void *arg, int status, int timeouts, unsigned char *answer, int length)
{
	struct job *j = arg;
	struct hostent *host = NULL;
	struct in6_addr any = { 0 };
	(void)timeouts;
	if (status == ARES_SUCCESS)
		status = ares_parse_ptr_reply(answer, length, &any, sizeof any, AF_INET6, &host);
	if (status == ARES_SUCCESS && host) {
		name_take(j, host->h_name);
		for (size_t i = 0; i < NAMES_SEEN_MAX && host->h_aliases && host->h_aliases[i]; i++)
			name_take(j, host->h_aliases[i]);
	}
	if (host)
		ares_free_hostent(host);
	/* A name that is none (ARES_EBADNAME) and a malformed answer prove nothing either. */
	j->trouble = !is_answer(status) && status != ARES_EBADNAME;
	forward_next(j);
}

static void jobs_start(struct dns_verifier *p)
{
	char name[REVERSE_SIZE];
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *j = &p->jobs[i];
		pthread_mutex_lock(&p->lock);
		bool mine = j->state == JOB_QUEUED;
		if (mine)
			j->state = JOB_RUNNING;
		pthread_mutex_unlock(&p->lock);
		if (!mine)
			continue;
		reverse_name(j->ip, name);
		ares_query(p->channel, name, ns_c_in, ns_t_ptr, reverse_done, j);
	}
}

/* ---- the loop ---- */

static int sockets_poll(struct dns_verifier *p, ares_socket_t socks[static ARES_GETSOCK_MAXNUM],
	struct pollfd fds[static ARES_GETSOCK_MAXNUM + 1], nfds_t *count)
{
	struct timeval limit = { .tv_sec = 60 }, left;
	unsigned bits = (unsigned)ares_getsock(p->channel, socks, ARES_GETSOCK_MAXNUM);
	const struct timeval *tv = ares_timeout(p->channel, &limit, &left);
	nfds_t n = 0;
	fds[n++] = (struct pollfd){ .fd = p->wake, .events = POLLIN };
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = 0;
		/* c-ares' own macros shift a signed 1 into the sign */
		if (bits >> i & 1)
			events |= POLLIN;
		if (bits >> (i + ARES_GETSOCK_MAXNUM) & 1)
			events |= POLLOUT;
		if (events)
			fds[n++] = (struct pollfd){ .fd = socks[i], .events = events };
	}
	*count = n;
	return poll(fds, n, (int)(tv->tv_sec * 1000 + tv->tv_usec / 1000 + 1));
}

static void sockets_process(struct dns_verifier *p, const struct pollfd *fds, nfds_t n)
{
	uint64_t woken;
	if (fds[0].revents && read(p->wake, &woken, sizeof woken) < 0 && errno != EAGAIN)
		LOG(p->set.log, LOG_WARN, "crawler_wake_failed", log_int("errno", errno));
	for (nfds_t i = 1; i < n; i++) {
		bool in = fds[i].revents & (POLLIN | POLLERR | POLLHUP);
		bool out = fds[i].revents & POLLOUT;
		if (in || out)
			ares_process_fd(p->channel, in ? fds[i].fd : ARES_SOCKET_BAD,
				out ? fds[i].fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(p->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* time-outs */
}

static bool stopping(struct dns_verifier *p)
{
	pthread_mutex_lock(&p->lock);
	bool yes = p->stopping;
	pthread_mutex_unlock(&p->lock);
	return yes;
}

static void *prover_run(void *arg)
{
	struct dns_verifier *p = arg;
	ares_socket_t socks[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM + 1];
	nfds_t n;
	while (!stopping(p)) {
		jobs_start(p);
		int got = sockets_poll(p, socks, fds, &n);
		if (got >= 0)
			sockets_process(p, fds, n);
	}
	ares_cancel(p->channel);
	return NULL;
}

/* ---- opening ---- */

/* No search domains and no HOSTALIASES: only the DNS may answer. */
static enum err channel_open(struct dns_verifier *p, char why[static 256])
{
	struct ares_options o = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)(p->set.timeout_ms / (TRIES + 1)),
		.tries = TRIES };
	int rc = ares_init_options(
		&p->channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (rc != ARES_SUCCESS) {
		snprintf(why, 256, "the resolver cannot be set up: %s", ares_strerror(rc));
		return ERR_UNAVAILABLE;
	}
	if (!*p->set.resolver)
		return ERR_OK;
	rc = ares_set_servers_ports_csv(p->channel, p->set.resolver);
	if (rc == ARES_SUCCESS)
		return ERR_OK;
	snprintf(why, 256,
		"crawlers.resolver \"%.100s\": addresses such as 127.0.0.1:53 or [::1]:53, "
		"separated by commas, are expected",
		p->set.resolver);
	ares_destroy(p->channel);
	return ERR_INVALID;
}

static enum err prover_start(struct dns_verifier *p, char why[static 256])
{
	pthread_mutex_init(&p->lock, NULL);
	thread_cond_init(&p->done);
	p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wake >= 0 && thread_start(&p->thread, prover_run, p))
		return ERR_OK;
	snprintf(why, 256, "no thread for look-ups of crawlers");
	if (p->wake >= 0)
		close(p->wake);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	ares_destroy(p->channel);
	return ERR_UNAVAILABLE;
}

enum err dns_verifier_open(
	const struct dns_verifier_settings *s, struct dns_verifier **out, char why[static 256])
{
	struct dns_verifier *p = calloc(1, sizeof *p);
	if (!p)
		return ERR_NOMEM;
	p->set = *s;
	struct hash_key *key = &p->cache.key;
	enum err e = getrandom(key, sizeof *key, 0) == (ssize_t)sizeof *key ? ERR_OK : ERR_INTERNAL;
	if (!e)
		e = channel_open(p, why);
	if (!e)
		e = prover_start(p, why);
	if (e)
		free(p);
	else
		*out = p;
	return e;
}

static void wake(struct dns_verifier *p)
{
	const uint64_t one = 1;
	if (write(p->wake, &one, sizeof one) < 0 && errno != EAGAIN)
		LOG(p->set.log, LOG_WARN, "crawler_wake_failed", log_int("errno", errno));
}

void dns_verifier_close(struct dns_verifier *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_mutex_unlock(&p->lock);
	wake(p);
	pthread_join(p->thread, NULL);
	ares_destroy(p->channel);
	close(p->wake);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- asking; all under the lock ---- */

static struct job *job_find(struct dns_verifier *p, const struct dns_verify_request *q)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *j = &p->jobs[i];
		if (j->state != JOB_FREE && memcmp(j->ip.b, q->ip.b, sizeof j->ip.b) == 0 &&
			strcmp(j->suffixes, q->suffixes) == 0)
			return j;
	}
	return NULL;
}

/* False: no room. */
static bool job_queue(struct dns_verifier *p, const struct dns_verify_request *q)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *j = &p->jobs[i];
		if (j->state != JOB_FREE)
			continue;
		*j = (struct job){ .ip = q->ip, .now_s = q->now_s, .p = p };
		if (str_copy(j->suffixes, sizeof j->suffixes, str_of(q->suffixes)) != ERR_OK)
			return false;
		j->state = JOB_QUEUED;
		wake(p);
		return true;
	}
	return false;
}

static void job_wait(struct dns_verifier *p, const struct dns_verify_request *q)
{
	const int64_t until_us = clock_monotonic_us() + (int64_t)p->set.timeout_ms * 1000;
	p->waiting++;
	while (job_find(p, q) && !p->stopping) {
		if (!thread_cond_wait_until(&p->done, &p->lock, until_us))
			break;
	}
	p->waiting--;
}

enum dns_verdict dns_verify(
	struct dns_verifier *p, const struct dns_verify_request *q, char host[static HOST_SIZE])
{
	enum dns_verdict why = VERIFY_PENDING;
	*host = '\0';
	if (!q->ip.set || !*q->suffixes)
		return VERIFY_NONE;
	pthread_mutex_lock(&p->lock);
	bool known = dns_cache_get(&p->cache, q, &why, host);
	if (!known && (job_find(p, q) || job_queue(p, q)) && p->waiting < p->set.waiting_max) {
		job_wait(p, q);
		known = dns_cache_get(&p->cache, q, &why, host);
	}
	pthread_mutex_unlock(&p->lock);
	return known ? why : VERIFY_PENDING;
}
