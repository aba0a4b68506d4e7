/* Remembers which addresses were verified as a crawler's and which were not, in two small tables
 * of fixed size. Refusals have their own table and a shorter life, so that a flood of impostors
 * pushes out no verified crawler. */
#include "cache.h"

#include <string.h>

static uint64_t suffixes_hash(const struct dns_cache *c, const struct dns_verify_request *q)
{
	return hash_bytes(&c->key, str_of(q->suffixes));
}

static size_t set_of(const struct dns_cache *c, const struct dns_cache_entry *e, size_t sets)
{
	char bytes[sizeof e->ip.b + sizeof e->suffixes];
	memcpy(bytes, e->ip.b, sizeof e->ip.b);
	memcpy(bytes + sizeof e->ip.b, &e->suffixes, sizeof e->suffixes);
	return hash_bytes(&c->key, (struct str){ bytes, sizeof bytes }) % sets;
}

static bool same(const struct dns_cache_entry *a, const struct dns_cache_entry *b)
{
	return a->suffixes == b->suffixes && memcmp(a->ip.b, b->ip.b, sizeof a->ip.b) == 0;
}

/* The entry for the same that holds at `now_s`; NULL: none. */
static const struct dns_cache_entry *find(const struct dns_cache_entry set[static CACHE_WAYS],
	const struct dns_cache_entry *e, int64_t now_s)
{
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (set[i].until_s > now_s && same(&set[i], e))
			return &set[i];
	}
	return NULL;
}

/* Where `e` goes: over an entry for the same, else over the one that ends first. */
static size_t way_for(
	const struct dns_cache_entry set[static CACHE_WAYS], const struct dns_cache_entry *e)
{
	size_t first = 0;
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (same(&set[i], e))
			return i;
		if (set[i].until_s < set[first].until_s)
			first = i;
	}
	return first;
}

bool dns_cache_get(const struct dns_cache *c, const struct dns_verify_request *q,
	enum dns_verdict *why, char host[static HOST_SIZE])
{
	const struct dns_cache_entry e = { .ip = q->ip, .suffixes = suffixes_hash(c, q) };
	const size_t set = set_of(c, &e, PROVED_SETS);
	const struct dns_cache_entry *found = find(c->proved[set], &e, q->now_s);
	*host = '\0';
	if (found) {
		memcpy(host, c->hosts[set][found - c->proved[set]], HOST_SIZE);
		*why = VERIFY_HOST;
		return true;
	}
	found = find(c->refused[set_of(c, &e, REFUSED_SETS)], &e, q->now_s);
	if (found)
		*why = found->why;
	return found != NULL;
}

void dns_cache_put(struct dns_cache *c, const struct dns_verify_request *q, enum dns_verdict why,
	const char *host, int64_t until_s)
{
	const struct dns_cache_entry e = {
		.ip = q->ip, .suffixes = suffixes_hash(c, q), .until_s = until_s, .why = why
	};
	char name[HOST_SIZE];
	if (why != VERIFY_HOST) {
		struct dns_cache_entry *refused = c->refused[set_of(c, &e, REFUSED_SETS)];
		refused[way_for(refused, &e)] = e;
		return;
	}
	if (str_copy(name, sizeof name, str_of(host)) != ERR_OK)
		return;
	const size_t set = set_of(c, &e, PROVED_SETS), way = way_for(c->proved[set], &e);
	c->proved[set][way] = e;
	memcpy(c->hosts[set][way], name, sizeof name);
}
