/* One computation of Argon2 by libsodium, on the thread that asks. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "hasher.h"

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "a column holds libsodium's string");

enum { BYTES_A_KIB = 1024 };

/* libsodium must not be given NULL, not even with a length of 0. */
static const char *bytes_of(struct str s)
{
	return s.n > 0 ? s.p : "";
}

/* With the cost in range and the password in memory, all that can fail is the allocation. */
enum err crypto_hash_work_do(struct hash_work *w)
{
	const struct phc *phc = &w->phc;
	const char *password = bytes_of(w->password);
	const size_t memory = (size_t)phc->memory_kib * BYTES_A_KIB;
	int algorithm = phc->algorithm == PHC_ARGON2ID ? crypto_pwhash_ALG_ARGON2ID13
						       : crypto_pwhash_ALG_ARGON2I13;
	int failed = w->make ? crypto_pwhash_str_alg(w->text, password, w->password.n, phc->passes,
				       memory, algorithm)
			     : crypto_pwhash(w->hash, sizeof w->hash, password, w->password.n,
				       phc->salt, phc->passes, memory, algorithm);
	return failed ? ERR_NOMEM : ERR_OK;
}
