/* hasher: one computation of Argon2, and who does it. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_HASHER_H
#define POSTERN_CRYPTO_HASHER_H

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
/* On one of theirs, or on this thread when they are late; NULL: on this thread. ERR_NOMEM. */
enum err MUST_USE hashers_do(struct hashers *h, struct hash_work *w);

#endif
