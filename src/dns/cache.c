#include "cache.h"

#include <string.h>

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 1099511628211u;
	return h;
}

uint64_t prover_cache_key(const char *suffixes)
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

bool prover_cache_get(const struct prover_cache *c, const struct proof_request *q, enum proof *why,
	char host[static HOST_SIZE])
{
	uint64_t key = prover_cache_key(q->suffixes);
	const struct proved_entry *p = c->proved[set_of(q->ip, key, PROVED_SETS)];
	const struct refused_entry *r = c->refused[set_of(q->ip, key, REFUSED_SETS)];

	*host = '\0';
	for (size_t i = 0; i < CACHE_WAYS; i++) {
		if (p[i].until_s > q->now_s && p[i].suffixes == key && same(p[i].ip, q->ip)) {
			memcpy(host, p[i].host, HOST_SIZE);
			*why = PROOF_HOST;
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

static void put_proved(struct proved_entry *set, const struct proved_entry *new)
{
	struct proved_entry *at = &set[0];

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

static void put_refused(struct refused_entry *set, const struct refused_entry *new)
{
	struct refused_entry *at = &set[0];

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

void prover_cache_put(struct prover_cache *c, const struct proof_request *q, enum proof why,
	const char *host, int64_t until_s)
{
	uint64_t key = prover_cache_key(q->suffixes);

	if (why == PROOF_HOST) {
		struct proved_entry e = { .ip = q->ip, .suffixes = key, .until_s = until_s };
		if (str_copy(e.host, sizeof e.host, str_of(host)) == ERR_OK)
			put_proved(c->proved[set_of(q->ip, key, PROVED_SETS)], &e);
		return;
	}
	struct refused_entry e = { .ip = q->ip, .suffixes = key, .until_s = until_s, .why = why };
	put_refused(c->refused[set_of(q->ip, key, REFUSED_SETS)], &e);
}
