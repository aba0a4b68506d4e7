/* hasher: one computation of Argon2, and who does it. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_HASHER_H
#define POSTERN_CRYPTO_HASHER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "postern/crypto.h"
#include "postern/thread.h"

#include "phc.h"

/* One computation. The password is the caller's and is only read; `text` or `hash` is the result.
 */
struct hash_work {
	struct str password;
	bool make;      /* text is made, with the cost of phc; else hash, with its salt as well */
	struct phc phc; /* cost in range */
	char text[PASSWORD_HASH_SIZE];
	uint8_t hash[PHC_HASH_BYTES];
};
/* ---- hash_work.c: on this thread. ERR_NOMEM. ---- */
enum err MUST_USE crypto_hash_work_do(struct hash_work *w);
/* ---- hasher.c ---- */
/* By one of them, or on this thread when they are late or lost; NULL: on this thread. ERR_NOMEM. */
enum err MUST_USE crypto_hashers_do(struct hashers *h, struct hash_work *w);

/* ---- crew.c: a process and its threads, started again when it ends ---- */
struct crew {
	const char *name; /* HASHER_NORMAL, HASHER_BACKGROUND */
	const struct log *log;
	unsigned threads;
	pthread_mutex_t lock; /* of what follows */
	int fd;        /* for orders; readable when the process has ended; -1: there is none */
	pid_t process; /* 0: none */
	unsigned starts;
	/* ---- the keeper's alone ---- */
	int64_t started_us, due_us; /* the next try to start it */
	unsigned failures;          /* tries, or short lives, in a row */
};
/* NEVER: the process is lost. */
enum answer { ANSWER_THERE, ANSWER_LATE, ANSWER_NEVER };
/* Sends an order of n bytes and the socket that its reply is to go to. LATE: too many wait already,
 * or the kernel has no memory. */
enum answer crypto_crew_send(struct crew *c, const void *order, size_t n, int reply);

/* Hashes that may be done at ordinary priority: the time at which all of them would be free again
 * (GCRA, as in limits). */
struct budget {
	int64_t interval_us, slack_us;
	_Atomic int64_t full_at_us;
};
/* Both processes and who decides between them. Any thread may ask; what is not atomic has a lock
 * beside it. */
struct hashers {
	struct crew normal, background;
	struct budget storm, calm; /* calm: of one who is alone */
	_Atomic unsigned under_way;
	pthread_mutex_t help; /* held by the one who works for itself */
	_Atomic uint64_t by_normal, by_background, by_own;
	/* ---- crew.c: the keeper, a thread that waits for the end of a process ---- */
	pthread_t keeper;
	bool keeping;
	int stop_fd;
};
/* Starts both crews and their keeper; false without memory, threads or sockets. Returns once both
 * have been tried. */
bool crypto_crew_keeper_start(struct hashers *h);
void crypto_crew_keeper_stop(struct hashers *h);
/* 0: none. */
pid_t crypto_crew_process(struct crew *c);

#endif
