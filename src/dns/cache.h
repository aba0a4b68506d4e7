/* prover_cache: what was proved of addresses, and what was not, each with a limit in number and in
 * time. Apart, so that a flood of forgeries cannot push the proofs out. Not locked. */
#ifndef POSTERN_PAYWALL_PROVER_CACHE_H
#define POSTERN_PAYWALL_PROVER_CACHE_H

#include "postern/dns.h"

enum { PROVED_SETS = 256, REFUSED_SETS = 1024, CACHE_WAYS = 4 };
struct proved_entry {
	struct ip ip;
	uint64_t suffixes; /* prover_cache_key */
	int64_t until_s;
	char host[HOST_SIZE];
};
struct refused_entry {
	struct ip ip;
	uint64_t suffixes;
	int64_t until_s;
	enum proof why;
};
struct prover_cache {
	struct proved_entry proved[PROVED_SETS][CACHE_WAYS];
	struct refused_entry refused[REFUSED_SETS][CACHE_WAYS];
};

uint64_t prover_cache_key(const char *suffixes);
/* False: nothing is known at `now_s`. `host` is "" unless PROOF_HOST. */
bool prover_cache_get(const struct prover_cache *c, const struct proof_request *q, enum proof *why,
	char host[static HOST_SIZE]);
/* Takes the place of an entry for the same, else of the one that ends first. */
void prover_cache_put(struct prover_cache *c, const struct proof_request *q, enum proof why,
	const char *host, int64_t until_s);

#endif
