/* Rate limits: a bucket for each (class, source prefix), in a table of fixed size.
 *
 * A bucket is one number, the time at which it would be full again (GCRA, the "virtual scheduling"
 * of ITU-T I.371), so an empty slot is a full bucket and the one to evict is the smallest. A flood
 * of addresses can push others out, but only those that are nearest to full: it frees nobody who is
 * being held back unless a whole set of 8 is worse. */
#include "internal.h"

#include "postern/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* 65,536 buckets. LIMIT_MOST: at a request a microsecond, an interval is still not 0, which means
 * unlimited. */
enum { SHARDS = 16, SETS = 512, WAYS = 8, LIMIT_MOST = 60 * 1000000 };

/* 16 shards of 512 sets of 8. full_at_us is on the monotonic clock. */
struct bucket {
	uint8_t prefix[16];
	int64_t full_at_us;
	unsigned class;
};
/* A lock for 4,096 buckets: loops that limit different sources rarely meet. */
struct shard {
	pthread_mutex_t lock;
	struct bucket sets[SETS][WAYS];
};
/* Made once; only the limits change while requests ask (a reload), each atomic by itself. */
struct http_limits {
	unsigned factor;
	struct hash_key key;                   /* so that nobody can aim at a set */
	_Atomic int64_t interval_us[RATE_ALL]; /* 0: unlimited */
	_Atomic int64_t slack_us[RATE_ALL];
	_Atomic unsigned per_minute[RATE_ALL];
	struct shard shards[SHARDS];
};

const char *http_rate_name(enum rate_class class)
{
	static const char *const names[RATE_COUNT] = { "", "page", "login", "mail", "write", "ops",
		"gate", "service" };
	return names[class];
}

/* Each number by itself: a request that comes between two of them is judged by the old and the new
 * limit mixed, once. */
static void limit_set(struct http_limits *l, size_t class, struct rate_limit limit)
{
	int64_t interval_us = limit.per_minute > 0 ? 60 * 1000000LL / limit.per_minute : 0;
	l->slack_us[class] = interval_us * (limit.burst - 1LL);
	l->per_minute[class] = limit.per_minute;
	l->interval_us[class] = interval_us;
}

static unsigned times(unsigned n, unsigned factor)
{
	return n > LIMIT_MOST / factor ? LIMIT_MOST : n * factor;
}

void http_limits_set(struct http_limits *l, const struct rate_limit limits[static RATE_COUNT])
{
	for (size_t i = 1; i < RATE_COUNT; i++) {
		const struct rate_limit many = { times(limits[i].burst, l->factor),
			times(limits[i].per_minute, l->factor) };
		limit_set(l, i, limits[i]);
		limit_set(l, RATE_SHARED + i, many);
		limit_set(l, RATE_ACCOUNT + i, limits[i]);
	}
}

unsigned http_limits_per_minute(const struct http_limits *l, unsigned class)
{
	return l->per_minute[class];
}

struct http_limits *http_limits_new(
	const struct rate_limit limits[static RATE_COUNT], unsigned factor)
{
	struct http_limits *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	if (getrandom(&l->key, sizeof l->key, 0) != (ssize_t)sizeof l->key) {
		free(l);
		return NULL;
	}
	l->factor = factor;
	http_limits_set(l, limits);
	limit_set(l, RATE_REFUSAL, (struct rate_limit){ .burst = 20, .per_minute = 300 });
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&l->shards[i].lock, NULL);
	return l;
}

void http_limits_free(struct http_limits *l)
{
	for (size_t i = 0; l && i < SHARDS; i++)
		pthread_mutex_destroy(&l->shards[i].lock);
	free(l);
}

/* The bucket of this source, or the fullest of its set made over to it. */
static struct bucket *bucket_of(
	struct bucket set[static WAYS], unsigned class, const uint8_t prefix[static 16])
{
	struct bucket *fullest = &set[0];
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].class == class && !memcmp(set[i].prefix, prefix, 16))
			return &set[i];
		if (set[i].full_at_us < fullest->full_at_us)
			fullest = &set[i];
	}
	*fullest = (struct bucket){ .class = class };
	memcpy(fullest->prefix, prefix, 16);
	return fullest;
}

/* GCRA: a request may come slack_us early at most, and moves the time at which the bucket is full
 * on by one interval. A refused one moves nothing, so asking again costs no extra wait. */
static bool bucket_take(struct http_limits *l, unsigned class, const uint8_t key[static 16],
	int64_t now_us, int64_t *wait_s)
{
	const int64_t interval_us =
		atomic_load_explicit(&l->interval_us[class], memory_order_relaxed);
	if (interval_us == 0)
		return true;
	char source[17] = { [16] = (char)class };
	memcpy(source, key, 16);
	const uint64_t hash = hash_bytes(&l->key, (struct str){ source, sizeof source });
	struct shard *shard = &l->shards[hash % SHARDS];

	pthread_mutex_lock(&shard->lock);
	struct bucket *b = bucket_of(shard->sets[(hash >> 32) % SETS], class, key);
	int64_t full_at_us = b->full_at_us > now_us ? b->full_at_us : now_us;
	const int64_t early_us = full_at_us - now_us -
				 atomic_load_explicit(&l->slack_us[class], memory_order_relaxed);
	if (early_us <= 0)
		b->full_at_us = full_at_us + interval_us;
	pthread_mutex_unlock(&shard->lock);
	*wait_s = early_us <= 0 ? 0 : (early_us + 999999) / 1000000;
	return early_us <= 0;
}

bool http_limits_take(
	struct http_limits *l, unsigned class, struct ip client, int64_t now_us, int64_t *wait_s)
{
	const struct ip prefix = ip_prefix(client, 32, 64);
	return bucket_take(l, class, prefix.b, now_us, wait_s);
}

/* Its first 80 bits: enough for nobody to meet another's by chance. */
bool http_limits_take_account(
	struct http_limits *l, unsigned class, const char id[static ID_SIZE], int64_t now_us)
{
	uint8_t key[16];
	int64_t wait_s = 0;
	_Static_assert(ID_SIZE > sizeof key, "an id is longer than what is taken of it");
	memcpy(key, id, sizeof key);
	return bucket_take(l, RATE_ACCOUNT + class, key, now_us, &wait_s);
}
