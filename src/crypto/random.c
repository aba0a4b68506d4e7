/* Starting libsodium, random bytes, random ids, wiping, and comparing in constant time. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "postern/crypto.h"

enum err crypto_start(void)
{
	return sodium_init() < 0 ? ERR_INTERNAL : ERR_OK;
}

void crypto_random(void *p, size_t n)
{
	randombytes_buf(p, n);
}

void crypto_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	return sodium_memcmp(a, b, n) == 0;
}

void crypto_id_make(char out[static ID_SIZE])
{
	uint8_t random[16];
	crypto_random(random, sizeof random);
	str_base32(random, sizeof random, out, ID_SIZE);
}
