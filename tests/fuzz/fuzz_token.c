/* Goal: whatever is presented as a token, at most one spelling is taken and its hash is that of the
 * text. */
#include "postern/crypto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	uint8_t hash[HASH_BYTES] = { 0 }, digest[HASH_BYTES];
	const uint8_t zero[HASH_BYTES] = { 0 };
	enum err e = crypto_token_hash(text, hash);
	if (e != ERR_OK) {
		if (e != ERR_INVALID || memcmp(hash, zero, sizeof hash) != 0)
			abort();
		return 0;
	}
	crypto_digest(text, digest);
	if (n != TOKEN_SIZE - 1 || memcmp(p, "pst_", 4) != 0 ||
		memcmp(hash, digest, sizeof hash) != 0)
		abort();
	for (size_t i = 4; i < n; i++)
		if (!is_letter(text.p[i]))
			abort();
	return 0;
}
