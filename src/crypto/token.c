/* Tokens (256 random bits, "pst_" and base64url), their SHA-256 digests, and MACs. The program
 * stores digests only, so a stolen database opens no session. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "postern/crypto.h"

#include "base64.h"

#include <string.h>

static const char prefix[] = "pst_";
enum {
	PREFIX_BYTES = sizeof prefix - 1,
	SECRET_BYTES = 32, /* 256 random bits: no guessing, so a fast hash is enough to store */
	BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};
_Static_assert(PREFIX_BYTES + sodium_base64_ENCODED_LEN(SECRET_BYTES, BASE64) == TOKEN_SIZE,
	"TOKEN_SIZE must fit the prefix and 32 bytes in base64url");

bool crypto_hash_is_none(const uint8_t hash[static HASH_BYTES])
{
	return sodium_is_zero(hash, HASH_BYTES);
}

void crypto_digest(struct str s, uint8_t hash[static HASH_BYTES])
{
	/* Fails only for sizes out of range, and HASH_BYTES is a fixed size in range. */
	(void)crypto_generichash(hash, HASH_BYTES, (const uint8_t *)s.p, s.n, NULL, 0);
}

void crypto_digest_join(const struct str *pieces, size_t count, uint8_t hash[static HASH_BYTES])
{
	crypto_generichash_state state;
	/* These fail for sizes out of range alone, as above. */
	(void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	for (size_t i = 0; i < count; i++)
		(void)crypto_generichash_update(&state, (const uint8_t *)pieces[i].p, pieces[i].n);
	(void)crypto_generichash_final(&state, hash, HASH_BYTES);
}

void crypto_mac(const uint8_t key[static KEY_BYTES], struct str s, uint8_t *out, size_t n)
{
	/* Fails only for sizes out of range, as above. */
	(void)crypto_generichash(out, n, (const uint8_t *)s.p, s.n, key, KEY_BYTES);
}

void crypto_hash_tag(const uint8_t hash[static HASH_BYTES], char out[static HASH_TAG_SIZE])
{
	sodium_bin2hex(out, HASH_TAG_SIZE, hash, (HASH_TAG_SIZE - 1) / 2);
}

void crypto_token_make(struct token *out)
{
	uint8_t secret[SECRET_BYTES];
	crypto_random(secret, sizeof secret);
	memcpy(out->text, prefix, PREFIX_BYTES);
	sodium_bin2base64(out->text + PREFIX_BYTES, sizeof out->text - PREFIX_BYTES, secret,
		sizeof secret, BASE64);
	crypto_wipe(secret, sizeof secret);
	crypto_digest((struct str){ out->text, TOKEN_SIZE - 1 }, out->hash);
}

bool crypto_token_is_formed(struct str text)
{
	uint8_t secret[SECRET_BYTES];
	if (!str_starts(text, (struct str){ prefix, PREFIX_BYTES }))
		return false;
	struct str body = { text.p + PREFIX_BYTES, text.n - PREFIX_BYTES };
	bool formed = crypto_base64_decode(body, BASE64, secret, sizeof secret);
	crypto_wipe(secret, sizeof secret);
	return formed;
}

enum err crypto_token_hash(struct str text, uint8_t hash[static HASH_BYTES])
{
	if (!crypto_token_is_formed(text))
		return ERR_INVALID;
	crypto_digest(text, hash);
	return ERR_OK;
}
