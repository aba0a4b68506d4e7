/* dns_cache: which addresses were verified and which were not, each with a limit in number and in
 * time. Apart, so that a flood of forgeries cannot push verified crawlers out. Not locked. */
#ifndef POSTERN_DNS_CACHE_H
#define POSTERN_DNS_CACHE_H

#include "postern/dns.h"
#include "postern/hash.h"

enum { PROVED_SETS = 256, REFUSED_SETS = 1024, CACHE_WAYS = 4 };
/* One verdict on one address for one list of suffixes. */
struct dns_cache_entry {
	struct ip ip;
	uint64_t suffixes; /* their hash */
	int64_t until_s;   /* 0: free */
	enum dns_verdict why;
};
struct dns_cache {
	struct hash_key key; /* random, so that nobody can aim at a set */
	struct dns_cache_entry proved[PROVED_SETS][CACHE_WAYS];
	char hosts[PROVED_SETS][CACHE_WAYS][HOST_SIZE];
	struct dns_cache_entry refused[REFUSED_SETS][CACHE_WAYS];
};

/* False: nothing is known at `now_s`. `host` is "" unless VERIFY_HOST. */
bool dns_cache_get(const struct dns_cache *c, const struct dns_verify_request *q,
	enum dns_verdict *why, char host[static HOST_SIZE]);
/* Takes the place of an entry for the same, else of the one that ends first. */
void dns_cache_put(struct dns_cache *c, const struct dns_verify_request *q, enum dns_verdict why,
	const char *host, int64_t until_s);

#endif
