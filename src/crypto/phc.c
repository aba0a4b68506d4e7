/* Reads a stored hash in PHC string format ($argon2id$v=19$m=…,t=…,p=…$salt$hash). Costs above
 * the limits are refused here, so that a planted row cannot make a log-in take minutes or
 * gigabytes. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "phc.h"

#include "base64.h"

static bool literal_take(struct str *rest, struct str literal)
{
	if (!str_starts(*rest, literal))
		return false;
	rest->p += literal.n;
	rest->n -= literal.n;
	return true;
}

/* Saturates: what is above 32 bits is above every maximum too. */
static bool take_number(struct str *rest, uint32_t *out)
{
	uint64_t value = 0;
	size_t n = 0;
	for (; n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9'; n++) {
		value = value * 10 + (uint64_t)(rest->p[n] - '0');
		if (value > UINT32_MAX)
			value = UINT32_MAX;
	}
	if (n == 0 || (n > 1 && rest->p[0] == '0'))
		return false;
	rest->p += n;
	rest->n -= n;
	*out = (uint32_t)value;
	return true;
}

static bool take_algorithm(struct str *rest, enum phc_algorithm *out)
{
	if (literal_take(rest, STR("$argon2id$v=19$"))) {
		*out = PHC_ARGON2ID;
		return true;
	}
	*out = PHC_ARGON2I;
	return literal_take(rest, STR("$argon2i$v=19$"));
}

/* Salt and hash, the last two parts. */
static bool take_values(struct str rest, struct phc *out)
{
	const int variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
	struct str salt = str_cut(&rest, '$');
	return crypto_base64_decode(salt, variant, out->salt, sizeof out->salt) &&
	       crypto_base64_decode(rest, variant, out->hash, sizeof out->hash);
}

static enum err cost_check(const struct phc *phc, uint32_t lanes)
{
	uint32_t passes_min = phc->algorithm == PHC_ARGON2I ? PHC_PASSES_MIN_I : 1;
	if (phc->memory_kib < PHC_MEMORY_KIB_MIN || phc->passes < passes_min || lanes < 1)
		return ERR_INVALID;
	if (phc->memory_kib > PHC_MEMORY_KIB_MAX || phc->passes > PHC_PASSES_MAX)
		return ERR_TOO_LARGE;
	return lanes > 1 ? ERR_UNSUPPORTED : ERR_OK;
}

enum err crypto_phc_parse(struct str s, struct phc *out)
{
	struct phc phc;
	uint32_t lanes = 0;
	bool formed = take_algorithm(&s, &phc.algorithm) && literal_take(&s, STR("m=")) &&
		      take_number(&s, &phc.memory_kib) && literal_take(&s, STR(",t=")) &&
		      take_number(&s, &phc.passes) && literal_take(&s, STR(",p=")) &&
		      take_number(&s, &lanes) && literal_take(&s, STR("$")) && take_values(s, &phc);
	if (!formed)
		return ERR_INVALID;
	enum err e = cost_check(&phc, lanes);
	if (e == ERR_OK)
		*out = phc;
	return e;
}
