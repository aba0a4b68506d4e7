/* The daily ceiling of metered readings for a network (meter.prefix_ceiling): sets of a few
 * counters, found by a keyed hash of the prefix. In a full set the least used counter is
 * replaced, so that a flood of prefixes cannot reset the counter of a busy one. */
#include "postern/hash.h"
#include "postern/meter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* 65,536 networks at once. An IPv6 /48 is the most that is usual for one site (RFC 6177). */
enum { SETS = 8192, WAYS = 8, V4_BITS = 24, V6_BITS = 48 };

/* One network's readings today. The hash stands for the prefix: two networks that share one (1 in
 * 2^64) would share the count. */
struct slot {
	uint64_t hash; /* 0: free */
	uint32_t count;
};
struct meter_ceiling {
	unsigned limit;
	pthread_mutex_t lock; /* over all below */
	struct meter_span day;
	struct hash_key key; /* another each day */
	struct slot slots[SETS][WAYS];
};

enum err meter_ceiling_open(unsigned limit, struct meter_ceiling **out)
{
	struct meter_ceiling *c = calloc(1, sizeof *c);
	if (!c)
		return ERR_NOMEM;
	c->limit = limit;
	pthread_mutex_init(&c->lock, NULL);
	*out = c;
	return ERR_OK;
}

void meter_ceiling_close(struct meter_ceiling *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	crypto_wipe(c, sizeof *c);
	free(c);
}

static void day_begin(struct meter_ceiling *c, int64_t now_s)
{
	if (c->day.starts_at <= now_s && now_s < c->day.ends_at)
		return;
	c->day = meter_day(now_s);
	crypto_random(&c->key, sizeof c->key);
	memset(c->slots, 0, sizeof c->slots);
}

static uint64_t prefix_hash(const struct meter_ceiling *c, struct ip client)
{
	struct ip prefix = ip_prefix(client, V4_BITS, V6_BITS);
	const struct str bytes = { (const char *)prefix.b, sizeof prefix.b };
	const uint64_t hash = hash_bytes(&c->key, bytes);
	return hash ? hash : 1;
}

/* The prefix's own slot, else with `make` one that it may have, else NULL. */
static struct slot *slot_find(struct meter_ceiling *c, uint64_t hash, bool make)
{
	struct slot *set = c->slots[hash % SETS], *least = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].count < least->count)
			least = &set[i];
	}
	if (!make)
		return NULL;
	*least = (struct slot){ .hash = hash };
	return least;
}

bool meter_ceiling_reached(struct meter_ceiling *c, struct ip client, int64_t now_s)
{
	if (!c || !client.set)
		return false;
	pthread_mutex_lock(&c->lock);
	day_begin(c, now_s);
	const struct slot *s = slot_find(c, prefix_hash(c, client), false);
	bool reached = s && s->count >= c->limit;
	pthread_mutex_unlock(&c->lock);
	return reached;
}

bool meter_ceiling_take(struct meter_ceiling *c, struct ip client, int64_t now_s)
{
	if (!c || !client.set)
		return true;
	pthread_mutex_lock(&c->lock);
	day_begin(c, now_s);
	struct slot *s = slot_find(c, prefix_hash(c, client), true);
	bool taken = s->count < c->limit;
	if (taken)
		s->count++;
	pthread_mutex_unlock(&c->lock);
	return taken;
}

void meter_ceiling_return(struct meter_ceiling *c, struct ip client, int64_t now_s)
{
	if (!c || !client.set)
		return;
	pthread_mutex_lock(&c->lock);
	day_begin(c, now_s);
	struct slot *s = slot_find(c, prefix_hash(c, client), false);
	if (s && s->count > 0)
		s->count--;
	pthread_mutex_unlock(&c->lock);
}
