#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "postern/crypto.h"

#include "phc.h"

#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "a column holds libsodium's string");

enum {
	/* OWASP Password Storage Cheat Sheet: 19 MiB with two passes, or 46 MiB with one. */
	MEMORY_KIB_MIN = 19456,
	MEMORY_KIB_ONE_PASS = 47104,
	BYTES_A_KIB = 1024,
};

enum err crypto_password_cost_check(struct password_cost c)
{
	if (c.memory_kib > PHC_MEMORY_KIB_MAX || c.passes > PHC_PASSES_MAX)
		return ERR_TOO_LARGE;
	if (c.memory_kib < MEMORY_KIB_MIN || c.passes < 1)
		return ERR_INVALID;
	return c.passes == 1 && c.memory_kib < MEMORY_KIB_ONE_PASS ? ERR_INVALID : ERR_OK;
}

/* libsodium must not be given NULL, not even with a length of 0. */
static const char *bytes_of(struct str s)
{
	return s.n > 0 ? s.p : "";
}

enum err crypto_password_hash(
	struct str prepared, struct password_cost c, char out[static PASSWORD_HASH_SIZE])
{
	char hash[PASSWORD_HASH_SIZE];
	enum err e = crypto_password_cost_check(c);
	if (e != ERR_OK)
		return e;
	/* With the cost in range and the password in memory, all that can fail is the allocation.
	 */
	if (crypto_pwhash_str_alg(hash, bytes_of(prepared), prepared.n, c.passes,
		    (size_t)c.memory_kib * BYTES_A_KIB, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return ERR_NOMEM;
	memcpy(out, hash, sizeof hash);
	return ERR_OK;
}

static enum err stored_parse(const char *stored, struct phc *out)
{
	size_t n = stored == NULL ? 0 : strnlen(stored, PASSWORD_HASH_SIZE);
	return n == PASSWORD_HASH_SIZE ? ERR_TOO_LARGE
				       : crypto_phc_parse((struct str){ stored, n }, out);
}

/* Computed here and not by crypto_pwhash_str_verify, which calls it a wrong password when there is
 * no memory. */
static enum err work(const struct phc *phc, struct str prepared)
{
	uint8_t hash[PHC_HASH_BYTES];
	int algorithm = phc->algorithm == PHC_ARGON2ID ? crypto_pwhash_ALG_ARGON2ID13
						       : crypto_pwhash_ALG_ARGON2I13;
	if (crypto_pwhash(hash, sizeof hash, bytes_of(prepared), prepared.n, phc->salt, phc->passes,
		    (size_t)phc->memory_kib * BYTES_A_KIB, algorithm) != 0)
		return ERR_NOMEM;
	bool equal = crypto_equal(hash, phc->hash, sizeof hash);
	crypto_wipe(hash, sizeof hash);
	return equal ? ERR_OK : ERR_DENIED;
}

/* A hash that nobody has the password of: the work is that of a real one, the answer always no. */
static enum err work_in_vain(struct password_cost c, struct str prepared)
{
	struct phc dummy = { PHC_ARGON2ID, c.memory_kib, c.passes, { 0 }, { 0 } };
	enum err e = crypto_password_cost_check(c);
	if (e == ERR_OK)
		e = work(&dummy, prepared);
	return e == ERR_OK ? ERR_DENIED : e;
}

enum err crypto_password_verify(const char *stored, struct str prepared, struct password_cost c)
{
	struct phc phc;
	if (stored == NULL || stored[0] == '\0')
		return work_in_vain(c, prepared);
	if (stored_parse(stored, &phc) != ERR_OK)
		return ERR_CORRUPT;
	return work(&phc, prepared);
}

bool crypto_password_stale(const char *stored, struct password_cost c)
{
	struct phc phc;
	if (stored_parse(stored, &phc) != ERR_OK)
		return true;
	return phc.algorithm != PHC_ARGON2ID || phc.memory_kib != c.memory_kib ||
	       phc.passes != c.passes;
}
