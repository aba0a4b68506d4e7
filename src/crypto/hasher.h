/* hasher: one computation of Argon2, and who does it. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_HASHER_H
#define POSTERN_CRYPTO_HASHER_H

#include <sys/types.h>

#include "postern/crypto.h"

#include "phc.h"

struct hash_work {
	struct str password;
	bool make;      /* text is made, with the cost of phc; else hash, with its salt as well */
	struct phc phc; /* cost in range */
	char text[PASSWORD_HASH_SIZE];
	uint8_t hash[PHC_HASH_BYTES];
};
/* On this thread. ERR_NOMEM. */
enum err MUST_USE hash_work_do(struct hash_work *w);
/* By one of them, or on this thread when they are late or lost; NULL: on this thread. ERR_NOMEM. */
enum err MUST_USE hashers_do(struct hashers *h, struct hash_work *w);
pid_t hashers_process(const struct hashers *h); /* 0: there is none */

#endif
