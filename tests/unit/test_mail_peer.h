/* A mail server of a few lines on a socket of its own, for the tests of SMTP delivery. What it does
 * depends on the local part of the recipient, or on a mode for all. */
#ifndef TESTS_MAIL_PEER_H
#define TESTS_MAIL_PEER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEER_TALKS = 256, PEER_MESSAGES = 256, PEER_LINE = 4096 };

/* What the whole server does wrong; NULL where it behaves. */
struct peer_mode {
	const char *greeting, *auth, *mail; /* answers instead of 220, 235, 250 */
	const char *extensions;             /* lines of EHLO's answer, "250-AUTH PLAIN\r\n" */
	bool hang_at_quit;
};

struct peer_message {
	char from[300], to[300], hello[300];
	char *data; /* as received, with its dots doubled, until the lone dot */
	int64_t at_us;
};

struct peer {
	struct peer_mode mode;
	int listener, port;
	pthread_t acceptor, talkers[PEER_TALKS];
	int sockets[PEER_TALKS];
	size_t talks, seen_deaths;
	pthread_mutex_t lock;
	bool stopping;
	struct peer_message messages[PEER_MESSAGES]; /* received whole, answered or not */
	size_t count;
};

struct talk {
	struct peer *peer;
	int fd;
	FILE *in;
	struct peer_message m;
};

static inline void say(struct talk *t, const char *line)
{
	char out[PEER_LINE];
	int n = snprintf(out, sizeof out, "%s\r\n", line);
	if (send(t->fd, out, (size_t)n, MSG_NOSIGNAL) < 0)
		return;
}

/* Until the client or peer_stop closes the connection. */
static inline void hang(struct talk *t)
{
	while (fgetc(t->in) != EOF)
		;
}

/* False: the connection ends here. */
static inline bool peer_rcpt(struct talk *t)
{
	const char *to = t->m.to;
	if (strncmp(to, "hang", 4) == 0) {
		hang(t);
		return false;
	}
	if (strncmp(to, "refuse", 6) == 0)
		say(t, "550-5.1.1 No such mailbox,\r\n550 5.1.1 see \x01 help page");
	else if (strncmp(to, "later", 5) == 0)
		say(t, "451 4.7.1 Greylisted, try again");
	else if (strncmp(to, "login", 5) == 0)
		say(t, "530 5.7.0 Authentication required");
	else if (strncmp(to, "shut", 4) == 0)
		say(t, "421 4.3.2 Shutting down");
	else
		say(t, "250 2.1.5 Ok");
	return true;
}

static inline void peer_keep(struct talk *t, char *data)
{
	struct peer *p = t->peer;
	pthread_mutex_lock(&p->lock);
	t->m.data = data;
	t->m.at_us = clock_monotonic_us();
	p->messages[p->count++] = t->m;
	pthread_mutex_unlock(&p->lock);
}

static inline bool peer_dies_once(struct talk *t)
{
	struct peer *p = t->peer;
	if (strncmp(t->m.to, "die", 3) != 0)
		return false;
	pthread_mutex_lock(&p->lock);
	bool first = p->seen_deaths++ == 0;
	pthread_mutex_unlock(&p->lock);
	return first;
}

static inline bool peer_data(struct talk *t)
{
	char line[PEER_LINE], *data = NULL;
	size_t size = 0;
	if (strncmp(t->m.to, "nodata", 6) == 0) {
		say(t, "554 5.5.1 No valid recipients");
		return true;
	}
	say(t, "354 Go ahead");
	FILE *keep = open_memstream(&data, &size);
	bool whole = false;
	while (!whole && fgets(line, sizeof line, t->in)) {
		whole = strcmp(line, ".\r\n") == 0;
		if (!whole)
			fputs(line, keep);
	}
	fclose(keep);
	if (!whole) {
		free(data);
		return false;
	}
	peer_keep(t, data);
	if (peer_dies_once(t))
		return false;
	if (strncmp(t->m.to, "spam", 4) == 0)
		say(t, "554 5.7.1 Looks like spam");
	else if (strncmp(t->m.to, "full", 4) == 0)
		say(t, "452 4.2.2 Mailbox full");
	else
		say(t, "250 2.0.0 Ok: queued");
	return true;
}

static inline void peer_hello(struct talk *t, const char *line)
{
	char out[PEER_LINE];
	const char *extensions = t->peer->mode.extensions;
	sscanf(line, "EHLO %290[^\r]", t->m.hello);
	snprintf(out, sizeof out, "250-peer\r\n%s250 HELP", extensions ? extensions : "");
	say(t, out);
}

static inline bool peer_quit(struct talk *t)
{
	if (t->peer->mode.hang_at_quit)
		hang(t);
	else
		say(t, "221 Bye");
	return false;
}

/* RFC 4954 section 4, without an initial response; the words are user and password. */
static inline void peer_auth(struct talk *t)
{
	char line[PEER_LINE];
	say(t, "334 ");
	bool right = fgets(line, sizeof line, t->in) && strcmp(line, "AHVzZXIAc2VjcmV0\r\n") == 0;
	if (t->peer->mode.auth)
		say(t, t->peer->mode.auth);
	else
		say(t, right ? "235 2.7.0 Ok" : "535 5.7.8 Wrong");
}

static inline bool peer_command(struct talk *t, const char *line)
{
	const struct peer_mode *mode = &t->peer->mode;
	if (strncmp(line, "EHLO", 4) == 0) {
		peer_hello(t, line);
	} else if (strncmp(line, "AUTH", 4) == 0) {
		peer_auth(t);
	} else if (strncmp(line, "MAIL", 4) == 0) {
		sscanf(line, "MAIL FROM:<%290[^>]>", t->m.from);
		say(t, mode->mail ? mode->mail : "250 2.1.0 Ok");
	} else if (strncmp(line, "RCPT", 4) == 0) {
		sscanf(line, "RCPT TO:<%290[^>]>", t->m.to);
		return peer_rcpt(t);
	} else if (strncmp(line, "DATA", 4) == 0) {
		return peer_data(t);
	} else if (strncmp(line, "QUIT", 4) == 0) {
		return peer_quit(t);
	} else {
		say(t, "502 5.5.2 What?");
	}
	return true;
}

static inline void *peer_talk(void *arg)
{
	struct talk *t = arg;
	char line[PEER_LINE];
	t->in = fdopen(dup(t->fd), "r");
	say(t, t->peer->mode.greeting ? t->peer->mode.greeting : "220 peer ESMTP");
	while (fgets(line, sizeof line, t->in) && peer_command(t, line))
		;
	fclose(t->in);
	shutdown(t->fd, SHUT_RDWR);
	free(t);
	return NULL;
}

static inline void *peer_accept(void *arg)
{
	struct peer *p = arg;
	for (int fd; (fd = accept(p->listener, NULL, NULL)) >= 0;) {
		struct talk *t = calloc(1, sizeof *t);
		pthread_mutex_lock(&p->lock);
		if (!t || p->stopping || p->talks == PEER_TALKS) {
			close(fd);
			free(t);
		} else {
			*t = (struct talk){ .peer = p, .fd = fd };
			p->sockets[p->talks] = fd;
			pthread_create(&p->talkers[p->talks++], NULL, peer_talk, t);
		}
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

/* Port 0: any that is free. */
static inline void peer_start_at(struct peer *p, struct peer_mode mode, int port)
{
	const int on = 1;
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	*p = (struct peer){ .mode = mode };
	pthread_mutex_init(&p->lock, NULL);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(p->listener, 64), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &size), 0);
	p->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&p->acceptor, NULL, peer_accept, p), 0);
}

static inline void peer_start(struct peer *p, struct peer_mode mode)
{
	peer_start_at(p, mode, 0);
}

static inline void peer_stop(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	for (size_t i = 0; i < p->talks; i++)
		shutdown(p->sockets[i], SHUT_RDWR);
	pthread_mutex_unlock(&p->lock);
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->acceptor, NULL);
	close(p->listener);
	for (size_t i = 0; i < p->talks; i++) {
		pthread_join(p->talkers[i], NULL);
		close(p->sockets[i]);
	}
	for (size_t i = 0; i < p->count; i++)
		free(p->messages[i].data);
	pthread_mutex_destroy(&p->lock);
}

static inline size_t peer_talks(struct peer *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->talks;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* How many messages to addresses with this beginning have arrived. */
static inline size_t peer_received(struct peer *p, const char *prefix)
{
	size_t n = 0;
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->count; i++)
		n += strncmp(p->messages[i].to, prefix, strlen(prefix)) == 0;
	pthread_mutex_unlock(&p->lock);
	return n;
}

#endif
