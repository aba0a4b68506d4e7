/* Password hashes: making one (Argon2id), verifying one, and telling whether it should be made
 * again at today's cost. Verifying takes the same work for an unknown account and for a hash of a
 * lower cost, so that the time of a log-in does not tell which accounts exist. */
#include "hasher.h"

#include <string.h>

enum {
	/* OWASP Password Storage Cheat Sheet: 19 MiB with two passes, or 46 MiB with one. */
	MEMORY_KIB_MIN = 19456,
	MEMORY_KIB_ONE_PASS = 47104,
};

enum err crypto_password_cost_check(struct password_cost c)
{
	if (c.memory_kib > PHC_MEMORY_KIB_MAX || c.passes > PHC_PASSES_MAX)
		return ERR_TOO_LARGE;
	if (c.memory_kib < MEMORY_KIB_MIN || c.passes < 1)
		return ERR_INVALID;
	return c.passes == 1 && c.memory_kib < MEMORY_KIB_ONE_PASS ? ERR_INVALID : ERR_OK;
}

enum err crypto_password_hash(
	struct str prepared, struct password_cost c, char out[static PASSWORD_HASH_SIZE])
{
	struct hash_work w = { .password = prepared,
		.make = true,
		.phc = { PHC_ARGON2ID, c.memory_kib, c.passes, { 0 }, { 0 } } };
	enum err e = crypto_password_cost_check(c);
	if (e == ERR_OK)
		e = crypto_hashers_do(c.by, &w);
	if (e == ERR_OK)
		memcpy(out, w.text, sizeof w.text);
	crypto_wipe(&w, sizeof w);
	return e;
}

static enum err stored_parse(const char *stored, struct phc *out)
{
	size_t n = stored == NULL ? 0 : strnlen(stored, PASSWORD_HASH_SIZE);
	return n == PASSWORD_HASH_SIZE ? ERR_TOO_LARGE
				       : crypto_phc_parse((struct str){ stored, n }, out);
}

/* Computed here and not by crypto_pwhash_str_verify, which calls it a wrong password when there is
 * no memory. */
static enum err work(const struct phc *phc, struct str prepared, struct hashers *by)
{
	struct hash_work w = { .password = prepared, .phc = *phc };
	enum err e = crypto_hashers_do(by, &w);
	if (e != ERR_OK)
		return e;
	bool equal = crypto_equal(w.hash, phc->hash, sizeof w.hash);
	crypto_wipe(&w, sizeof w);
	return equal ? ERR_OK : ERR_DENIED;
}

/* A hash that nobody has the password of: the work is that of a real one, the answer always no. */
static enum err work_in_vain(struct password_cost c, struct str prepared)
{
	struct phc dummy = { PHC_ARGON2ID, c.memory_kib, c.passes, { 0 }, { 0 } };
	enum err e = crypto_password_cost_check(c);
	if (e == ERR_OK)
		e = work(&dummy, prepared, c.by);
	return e == ERR_OK ? ERR_DENIED : e;
}

/* A hash of a lower cost than today's, made before the setting was raised, would tell by its time
 * that the address has an account: the rest is worked off in vain. Memory times passes is what
 * takes the time. */
static enum err work_off_rest(const struct phc *phc, struct str prepared, struct password_cost c)
{
	const uint64_t done = (uint64_t)phc->memory_kib * phc->passes,
		       due = (uint64_t)c.memory_kib * c.passes;
	if (done >= due)
		return ERR_OK;
	const uint64_t rest = due - done, memory = rest < c.memory_kib ? rest : c.memory_kib;
	const struct phc dummy = { PHC_ARGON2ID, (uint32_t)memory,
		(uint32_t)((rest + memory / 2) / memory), { 0 }, { 0 } };
	if (memory < PHC_MEMORY_KIB_MIN)
		return ERR_OK;
	enum err e = work(&dummy, prepared, c.by);
	return e == ERR_DENIED ? ERR_OK : e;
}

enum err crypto_password_verify(const char *stored, struct str prepared, struct password_cost c)
{
	struct phc phc;
	if (stored == NULL || stored[0] == '\0')
		return work_in_vain(c, prepared);
	if (stored_parse(stored, &phc) != ERR_OK)
		return ERR_CORRUPT;
	enum err e = work(&phc, prepared, c.by);
	if (e != ERR_OK && e != ERR_DENIED)
		return e;
	enum err rest = work_off_rest(&phc, prepared, c);
	return rest ? rest : e;
}

bool crypto_password_stale(const char *stored, struct password_cost c)
{
	struct phc phc;
	if (stored_parse(stored, &phc) != ERR_OK)
		return true;
	return phc.algorithm != PHC_ARGON2ID || phc.memory_kib != c.memory_kib ||
	       phc.passes != c.passes;
}
