/* hasher_wire: what travels between the program and its hashers. Private to src/crypto.
 *
 * Each process has one socket for orders (SOCK_SEQPACKET), from which all its threads read. With an
 * order goes one end of a socket pair that is made for it (SCM_RIGHTS): exactly one reply comes
 * through it, or its end, when the process has ended. Who gives up waiting closes the other end,
 * and an order that nobody waits for any more is not worked on. */
#ifndef POSTERN_CRYPTO_HASHER_WIRE_H
#define POSTERN_CRYPTO_HASHER_WIRE_H

#include "hasher.h"

enum {
	HASHERS_MAX = 256,
	/* What text_opaque makes of 1,024 characters at most: composing may triple them. */
	HASHER_PASSWORD_MAX = 3 * (4 * 1024 + 64),
	HASHER_FD = 3, /* of the orders, in the process */
};

/* Sent without the password's unused end. */
struct order {
	bool make;
	struct phc phc;
	char password[HASHER_PASSWORD_MAX];
};
/* `text` for an order to make a hash, `hash` for one to verify. err: ERR_OK or ERR_NOMEM, all else
 * is taken for a lost process. */
struct reply {
	enum err err;
	char text[PASSWORD_HASH_SIZE];
	uint8_t hash[PHC_HASH_BYTES];
};

/* The arguments of the process: this program again, CRYPTO_HASHER_ARGUMENT, one of these names, and
 * the number of its threads. Each sends one byte through the socket of orders when it is there. */
#define HASHER_NORMAL "normal"
#define HASHER_BACKGROUND "background"

#endif
