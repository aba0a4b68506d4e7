/* Base64 (RFC 4648) without padding: by libsodium for hashes and tokens, by tables for cookies.
 * Refuses any text that does not encode back to itself, so that a value has exactly one spelling.
 */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "base64.h"

#include "postern/crypto.h"

#include <string.h>

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

/* ---- base64url, for cookies, of which the client knows every letter. libsodium hides them from
 * whoever measures the time, and takes ten times as many instructions (docs/design.md). ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void crypto_base64url(const void *p, size_t n, char *out, size_t size)
{
	const uint8_t *bytes = p;
	uint32_t bits = 0;
	unsigned count = 0;
	memset(out, 0, size);
	if (size < crypto_base64url_size(n))
		return;
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = alphabet[bits >> (count - 6) & 63];
	}
	if (count > 0)
		*out = alphabet[bits << (6 - count) & 63];
}

/* What a letter is above its value; 0: it is none. */
static const int8_t above[256] = { ['A' ... 'Z'] = 'A',
	['a' ... 'z'] = 'a' - 26,
	['0' ... '9'] = '0' - 52,
	['-'] = '-' - 62,
	['_'] = '_' - 63 };

/* False: there is something that is no letter, or a bit behind the last byte. */
static bool decode(struct str text, uint8_t *out)
{
	uint32_t bits = 0;
	unsigned count = 0;
	for (size_t i = 0; i < text.n; i++) {
		const uint8_t letter = (uint8_t)text.p[i];
		if (above[letter] == 0)
			return false;
		bits = (bits << 6 | (uint32_t)(letter - above[letter])) & 0xffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*out++ = (uint8_t)(bits >> count);
		}
	}
	return (bits & ((1U << count) - 1)) == 0;
}

enum err crypto_base64url_decode(
	struct str text, uint8_t out[static BASE64URL_BYTES_MAX], size_t *out_n)
{
	size_t n = text.n / 4 * 3 + (text.n % 4 ? text.n % 4 - 1 : 0);
	if (n > BASE64URL_BYTES_MAX)
		return ERR_TOO_LARGE;
	if (text.n % 4 == 1 || !decode(text, out)) {
		crypto_wipe(out, n);
		return ERR_INVALID;
	}
	*out_n = n;
	return ERR_OK;
}
