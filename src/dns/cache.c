/* Remembers which addresses were verified as a crawler's and which were not, in two small tables
 * of fixed size. Refusals have their own table and a shorter life, so that a flood of impostors
 * pushes out no verified crawler. */
#include "cache.h"

#include <string.h>

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211u;
	return h;
}

uint64_t dns_cache_key(const char *suffixes)
{
	return mix(14695981039346656037u, suffixes, strlen(suffixes));
}

static size_t set_of(struct ip ip, uint64_t suffixes, size_t sets)
{
	uint64_t h = mix(suffixes, ip.b, sizeof ip.b);
	return (size_t)(h >> 32) % sets;
}

static bool same(struct ip a, struct ip b)
{
	return memcmp(a.b, b.b, sizeof a.b) == 0;
}

bool dns_cache_get(const struct dns_cache *c, const struct dns_verify_request *q,
	enum dns_verdict *why, char host[static HOST_SIZE])
{
	uint64_t key = dns_cache_key(q->suffixes);
	const struct dns_cache_hit *p = c->proved[set_of(q->ip, key, PROVED_SETS)];
	const struct dns_cache_miss *r = c->refused[set_of(q->ip, key, REFUSED_SETS)];

	*host = '\0';
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (p[i].until_s > q->now_s && p[i].suffixes == key && same(p[i].ip, q->ip)) {
			memcpy(host, p[i].host, HOST_SIZE);
			*why = VERIFY_HOST;
			return true;
		}
	}
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (r[i].until_s > q->now_s && r[i].suffixes == key && same(r[i].ip, q->ip)) {
			*why = r[i].why;
			return true;
		}
	}
	return false;
}

static void put_proved(struct dns_cache_hit *set, const struct dns_cache_hit *new)
{
	struct dns_cache_hit *at = &set[0];

	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (set[i].suffixes == new->suffixes && same(set[i].ip, new->ip)) {
			at = &set[i];
			break;
		}
		if (set[i].until_s < at->until_s)
			at = &set[i];
	}
	*at = *new;
}

static void put_refused(struct dns_cache_miss *set, const struct dns_cache_miss *new)
{
	struct dns_cache_miss *at = &set[0];

	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (set[i].suffixes == new->suffixes && same(set[i].ip, new->ip)) {
			at = &set[i];
			break;
		}
		if (set[i].until_s < at->until_s)
			at = &set[i];
	}
	*at = *new;
}

void dns_cache_put(struct dns_cache *c, const struct dns_verify_request *q, enum dns_verdict why,
	const char *host, int64_t until_s)
{
	uint64_t key = dns_cache_key(q->suffixes);

	if (why == VERIFY_HOST) {
		struct dns_cache_hit e = { .ip = q->ip, .suffixes = key, .until_s = until_s };
		if (str_copy(e.host, sizeof e.host, str_of(host)) == ERR_OK)
			put_proved(c->proved[set_of(q->ip, key, PROVED_SETS)], &e);
		return;
	}
	struct dns_cache_miss e = { .ip = q->ip, .suffixes = key, .until_s = until_s, .why = why };
	put_refused(c->refused[set_of(q->ip, key, REFUSED_SETS)], &e);
}
