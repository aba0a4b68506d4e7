/* dns_cache: what was proved of addresses, and what was not, each with a limit in number and in
 * time. Apart, so that a flood of forgeries cannot push the proofs out. Not locked. */
#ifndef POSTERN_PAYWALL_PROVER_CACHE_H
#define POSTERN_PAYWALL_PROVER_CACHE_H

#include "postern/dns.h"

enum { PROVED_SETS = 256, REFUSED_SETS = 1024, CACHE_WAYS = 4 };
struct dns_cache_hit {
	struct ip ip;
	uint64_t suffixes; /* dns_cache_key */
	int64_t until_s;
	char host[HOST_SIZE];
};
struct dns_cache_miss {
	struct ip ip;
	uint64_t suffixes;
	int64_t until_s;
	enum dns_verdict why;
};
struct dns_cache {
	struct dns_cache_hit proved[PROVED_SETS][CACHE_WAYS];
	struct dns_cache_miss refused[REFUSED_SETS][CACHE_WAYS];
};

uint64_t dns_cache_key(const char *suffixes);
/* False: nothing is known at `now_s`. `host` is "" unless VERIFY_HOST. */
bool dns_cache_get(const struct dns_cache *c, const struct dns_verify_request *q,
	enum dns_verdict *why, char host[static HOST_SIZE]);
/* Takes the place of an entry for the same, else of the one that ends first. */
void dns_cache_put(struct dns_cache *c, const struct dns_verify_request *q, enum dns_verdict why,
	const char *host, int64_t until_s);

#endif
