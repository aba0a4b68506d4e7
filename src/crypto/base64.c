/* Base64 and base64url without padding (RFC 4648), by libsodium. Refuses any text that does not
 * encode back to itself, so that a value has exactly one spelling. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "base64.h"

#include "postern/crypto.h"

/* In the same time whatever the text is. */
static bool is_ascii(struct str text)
{
	unsigned char all = 0;
	for (size_t i = 0; i < text.n; i++)
		all |= (unsigned char)text.p[i];
	return all < 0x80;
}

/* libsodium 1.0.18 refuses bits behind the last byte, so that each value has one text; but it takes
 * bytes above 0x7f for letters. */
bool crypto_base64_decode(struct str text, int variant, uint8_t *out, size_t bytes)
{
	size_t n = 0;
	bool ok = bytes <= BASE64_BYTES_MAX && is_ascii(text) &&
		  text.n == sodium_base64_encoded_len(bytes, variant) - 1 &&
		  sodium_base642bin(out, bytes, text.p, text.n, NULL, &n, NULL, variant) == 0 &&
		  n == bytes;
	if (!ok)
		crypto_wipe(out, bytes);
	return ok;
}

void crypto_base64url(const void *p, size_t n, char *out, size_t size)
{
	sodium_bin2base64(out, size, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum err crypto_base64url_decode(
	struct str text, uint8_t out[static BASE64URL_BYTES_MAX], size_t *out_n)
{
	size_t n = text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0);

	if (n > BASE64URL_BYTES_MAX)
		return ERR_TOO_LARGE;
	if (!crypto_base64_decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out, n))
		return ERR_INVALID;
	*out_n = n;
	return ERR_OK;
}
