/* Goal: whatever stands in the column of password hashes, what is read from it is within the limits
 * and names one string only: written out again, it is the input. */
#include "../../src/crypto/phc.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { ROOM = 256 };

static void write_out(const struct phc *phc, char out[static ROOM])
{
	const int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
	char salt[64], hash[64];
	sodium_bin2base64(salt, sizeof salt, phc->salt, sizeof phc->salt, variant);
	sodium_bin2base64(hash, sizeof hash, phc->hash, sizeof phc->hash, variant);
	(void)snprintf(out, ROOM, "$argon2%s$v=19$m=%u,t=%u,p=1$%s$%s",
		phc->algorithm == PHC_ARGON2ID ? "id" : "i", phc->memory_kib, phc->passes, salt,
		hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct phc phc;
	char again[ROOM];
	if (crypto_phc_parse((struct str){ (const char *)p, n }, &phc) != ERR_OK)
		return 0;
	if (phc.memory_kib < PHC_MEMORY_KIB_MIN || phc.memory_kib > PHC_MEMORY_KIB_MAX ||
		phc.passes < 1 || phc.passes > PHC_PASSES_MAX)
		abort();
	write_out(&phc, again);
	if (strlen(again) != n || memcmp(again, p, n) != 0)
		abort();
	return 0;
}
