/* hash: SipHash-1-3 (Aumasson and Bernstein, 2012, with c = 1 and d = 3), so that nobody who
 * chooses keys can aim at a bucket. Where a table is all that hangs on it, the fewer rounds are
 * enough. */
#ifndef POSTERN_HASH_H
#define POSTERN_HASH_H

#include "postern/base.h"

struct hash_key {
	uint64_t a, b;
};
uint64_t hash_bytes(const struct hash_key *key, struct str s);

#endif
