/* hash: SipHash-2-4 (Aumasson and Bernstein, 2012), so that nobody who chooses keys can aim at a
 * bucket. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "postern/base.h"

struct hash_key {
	uint64_t a, b;
};
uint64_t hash_bytes(const struct hash_key *key, struct str s);

#endif
