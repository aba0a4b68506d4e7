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
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 section 6 */
	uint8_t random[16];
	unsigned bits = 0, pending = 0;
	size_t n = 0;
	crypto_random(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		pending =
			(pending << 8 | random[i]) & 0xfff; /* at most 4 bits wait for this byte */
		for (bits += 8; bits >= 5; bits -= 5)
			out[n++] = base32[pending >> (bits - 5) & 31];
	}
	out[n++] = base32[pending << (5 - bits) & 31]; /* 128 = 25 * 5 + 3 */
	out[n] = '\0';
}
