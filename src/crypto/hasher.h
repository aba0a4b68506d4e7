/* hasher: one computation of Argon2, and who does it. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_HASHER_H
#define POSTERN_CRYPTO_HASHER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "postern/crypto.h"
#include "postern/thread.h"

#include "phc.h"

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
/* One hasher: a thread of the process, at the other end of a socket. */
struct slot {
	struct slot *next; /* free */
	int fd;
	uint64_t number, answered; /* of the last order, and of the last reply */
};
struct crew {
	const char *name; /* HASHER_NORMAL, HASHER_BACKGROUND */
	const struct log *log;
	unsigned threads;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t freed;
	struct slot *free, *free_last; /* in turn, so that one that is late is not the next */
	unsigned free_count;
	bool up;
	pid_t process; /* 0: none */
	unsigned starts;
	/* ---- the keeper's alone ---- */
	int life;                   /* readable when the process has ended; -1 */
	int64_t started_us, due_us; /* the next try to start it */
	unsigned failures;          /* tries, or short lives, in a row */
	struct slot *slots;
};
/* A free slot, waited for until then; NULL: none was free, or there is no process now (`*up`). */
struct slot *crypto_crew_slot_acquire(struct crew *c, int64_t until_us, bool *up);
void crypto_crew_slot_release(struct crew *c, struct slot *s);

/* Hashes that may be done at ordinary priority: the time at which all of them would be free again
 * (GCRA, as in limits). */
struct budget {
	int64_t interval_us, slack_us;
	_Atomic int64_t full_at_us;
};
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
