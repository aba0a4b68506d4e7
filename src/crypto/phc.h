/* Parser of the password hashes that libsodium writes, so that their cost is known before it is
 * paid.
 *
 * Shape (PHC string format, argon2 section): $argon2id$v=19$m=65536,t=2,p=1$SALT$HASH with 16 and
 * 32 bytes in base64 without padding. Private to src/crypto. */
#ifndef POSTERN_CRYPTO_PHC_H
#define POSTERN_CRYPTO_PHC_H

#include "postern/base.h"

enum {
	PHC_MEMORY_KIB_MIN = 8,       /* RFC 9106 section 3.1: eight blocks a lane */
	PHC_MEMORY_KIB_MAX = 1 << 20, /* 1 GiB: a stored hash must not make a log-in cost more */
	PHC_PASSES_MAX = 20,          /* for the same reason */
	PHC_PASSES_MIN_I = 3,         /* libsodium writes no argon2i with less */
	PHC_SALT_BYTES = 16,
	PHC_HASH_BYTES = 32,
};
enum phc_algorithm { PHC_ARGON2I = 1, PHC_ARGON2ID };
struct phc {
	enum phc_algorithm algorithm;
	uint32_t memory_kib, passes; /* one lane, as libsodium has it */
	uint8_t salt[PHC_SALT_BYTES], hash[PHC_HASH_BYTES];
};

/* ERR_INVALID: not in exactly this shape (a number with a leading zero is none); ERR_TOO_LARGE:
 * above a maximum; ERR_UNSUPPORTED: more than one lane, which libsodium neither writes nor
 * computes. */
enum err MUST_USE crypto_phc_parse(struct str s, struct phc *out);

#endif
