/* hasher_wire: what travels between the program and its hashers. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_HASHER_WIRE_H
#define POSTERN_CRYPTO_HASHER_WIRE_H

#include "hasher.h"

enum {
	HASHERS_MAX = 256,
	/* What text_opaque makes of 1,024 characters at most: composing may triple them. */
	HASHER_PASSWORD_MAX = 3 * (4 * 1024 + 64),
};

/* What goes to a hasher, without the password's unused end, and what comes back. The number tells
 * an answer that nobody waits for any more. */
struct order {
	uint64_t number;
	bool make;
	struct phc phc;
	char password[HASHER_PASSWORD_MAX];
};
struct reply {
	uint64_t number; /* 0: to no order; the hasher is there */
	enum err err;
	char text[PASSWORD_HASH_SIZE];
	uint8_t hash[PHC_HASH_BYTES];
};

/* The arguments of the process: this program again, CRYPTO_HASHER_ARGUMENT, one of these names, and
 * its descriptors in decimal, with commas: one that is kept open for as long as it lives, then one
 * for each thread. */
#define HASHER_NORMAL "normal"
#define HASHER_BACKGROUND "background"

#endif
