/* The cache that sessions, pages and decision inputs live in: bounded in bytes, sharded by key
 * hash, evicted by CLOCK (a second-chance queue: `hand` points at the item that is looked at
 * next). Items carry tags; dropping a tag removes every item that has it.
 *
 * A value is loaded outside the locks, so a change may be announced while it is being read.
 * cache_put therefore refuses a value whose tags were dropped since cache_begin: a slow reader
 * never stores what is already out of date. */
#include "postern/cache.h"

#include "postern/hash.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* DROPS_KEPT: a load that is overtaken by more drops than that is refused, whatever they were. */
enum { DROPS_KEPT = 512, BYTES_A_BUCKET = 1024, BUCKETS_MIN = 16, BUCKETS_MAX = 1 << 16 };

/* One tag of one item, in the list of a tag's bucket. */
struct link {
	struct link *next, **at;
	struct cache_item *item;
	uint64_t tag;
};
struct cache_item {
	_Atomic uint32_t users; /* the cache itself is one while it keeps the item */
	bool used;              /* since the hand last came by */
	uint64_t hash;
	int64_t read_at_us;
	struct cache_item *next;         /* in its bucket */
	struct cache_item *left, *right; /* in the ring that the hand goes round */
	uint32_t link_count, key_n;
	size_t value_n, bytes;
	_Alignas(max_align_t) struct link links[]; /* then the value, then the key */
};
_Static_assert(sizeof(struct link) % _Alignof(max_align_t) == 0, "the value is aligned");
/* A part of the cache with a lock of its own, on a cache line of its own (64 bytes), so that
 * threads on different shards do not slow each other down. */
struct shard {
	_Alignas(64) pthread_mutex_t lock;
	struct cache_item **buckets;
	struct link **tags;
	struct cache_item *hand;
	size_t bytes, entries;
	uint64_t hits, misses, stored, refused, evicted, dropped;
};
struct cache {
	struct cache_settings set;
	struct hash_key key; /* random: nobody can choose keys that share a bucket */
	size_t shard_bytes;  /* that one shard may hold; above it the hand goes round */
	uint64_t mask;       /* of the buckets of a shard */
	void **tables;       /* the buckets of all shards, then the tags */
	_Atomic int64_t validated_at_us;
	struct {
		pthread_mutex_t lock;
		_Atomic uint64_t count; /* written under the lock */
		uint64_t flushed_at;
		uint64_t tags[DROPS_KEPT]; /* [n % DROPS_KEPT]: the nth drop's */
	} drops;
	struct shard shards[];
};

/* Const or not as the item is, which C cannot say. */
static char *value_of(const struct cache_item *i)
{
	return (char *)(uintptr_t)(i->links + i->link_count);
}

/* ---- making and freeing ---- */

/* All tables in one piece, which in all but the smallest caches comes from the kernel: what is
 * never used of it takes no memory. */
static bool shards_init(struct cache *c, size_t buckets)
{
	const size_t n = c->set.shards * buckets;
	c->tables = calloc(2 * n, sizeof(void *));
	for (unsigned i = 0; i < c->set.shards; i++) {
		struct shard *s = &c->shards[i];
		pthread_mutex_init(&s->lock, NULL);
		if (c->tables) {
			s->buckets = (struct cache_item **)c->tables + i * buckets;
			s->tags = (struct link **)(c->tables + n) + i * buckets;
		}
	}
	return c->tables;
}

static size_t buckets_for(size_t shard_bytes)
{
	size_t n = BUCKETS_MIN;
	while (n < BUCKETS_MAX && n * BYTES_A_BUCKET < shard_bytes)
		n *= 2;
	return n;
}

struct cache *cache_new(const struct cache_settings *set)
{
	unsigned n = set->shards;
	if (n == 0 || n > CACHE_SHARDS_MAX || (n & (n - 1)) != 0 || set->max_bytes / n == 0)
		return NULL;
	size_t bytes = sizeof(struct cache) + n * sizeof(struct shard);
	struct cache *c = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!c)
		return NULL;
	memset(c, 0, bytes);
	c->set = *set;
	c->shard_bytes = set->max_bytes / n;
	size_t buckets = buckets_for(c->shard_bytes);
	c->mask = buckets - 1;
	pthread_mutex_init(&c->drops.lock, NULL);
	bool ok = shards_init(c, buckets);
	if (!ok || getrandom(&c->key, sizeof c->key, 0) != (ssize_t)sizeof c->key) {
		cache_free(c);
		return NULL;
	}
	return c;
}

/* What is let go may be a key, or text that was paid for. */
static void item_release(struct cache_item *i)
{
	if (atomic_fetch_sub_explicit(&i->users, 1, memory_order_acq_rel) != 1)
		return;
	explicit_bzero(value_of(i), i->value_n);
	free(i);
}

void cache_release(struct cache_item *i)
{
	if (i)
		item_release(i);
}

/* ---- inside a shard, under its lock ---- */

static struct shard *shard_of(struct cache *c, uint64_t hash)
{
	return &c->shards[hash >> 32 & (c->set.shards - 1)];
}

static bool is_key(const struct cache_item *i, uint64_t hash, struct str key)
{
	return i->hash == hash && i->key_n == key.n &&
	       memcmp(value_of(i) + i->value_n, key.p, key.n) == 0;
}

static struct cache_item *find(
	const struct cache *c, struct shard *s, uint64_t hash, struct str key)
{
	struct cache_item *i = s->buckets[hash & c->mask];
	while (i && !is_key(i, hash, key))
		i = i->next;
	return i;
}

static void link_in(struct link **head, struct link *l)
{
	l->next = *head;
	l->at = head;
	if (l->next)
		l->next->at = &l->next;
	*head = l;
}

static void link_out(struct link *l)
{
	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
}

static void bucket_out(const struct cache *c, struct shard *s, const struct cache_item *i)
{
	struct cache_item **at = &s->buckets[i->hash & c->mask];
	while (*at != i)
		at = &(*at)->next;
	*at = i->next;
}

/* Takes an item out; whoever uses it may go on. */
static void take_out(const struct cache *c, struct shard *s, struct cache_item *i)
{
	bucket_out(c, s, i);
	for (size_t k = 0; k < i->link_count; k++)
		link_out(&i->links[k]);
	if (s->hand == i)
		s->hand = i->right == i ? NULL : i->right;
	i->left->right = i->right;
	i->right->left = i->left;
	s->bytes -= i->bytes;
	s->entries--;
	item_release(i);
}

/* Behind the hand: it comes by last. */
static void put_in(const struct cache *c, struct shard *s, struct cache_item *i)
{
	struct cache_item **bucket = &s->buckets[i->hash & c->mask];
	i->next = *bucket;
	*bucket = i;
	for (size_t k = 0; k < i->link_count; k++)
		link_in(&s->tags[i->links[k].tag & c->mask], &i->links[k]);
	if (s->hand) {
		i->right = s->hand;
		i->left = s->hand->left;
		i->left->right = i->right->left = i;
	} else {
		s->hand = i->left = i->right = i;
	}
	s->bytes += i->bytes;
	s->entries++;
	s->stored++;
}

static void make_room(const struct cache *c, struct shard *s, size_t bytes)
{
	while (s->hand && s->bytes + bytes > c->shard_bytes) {
		struct cache_item *i = s->hand;
		s->hand = i->right;
		if (i->used) {
			i->used = false;
			continue;
		}
		take_out(c, s, i);
		s->evicted++;
	}
}

/* ---- looking ---- */

int64_t cache_validated_at_us(const struct cache *c, const struct cache_item *i)
{
	int64_t validated = atomic_load_explicit(&c->validated_at_us, memory_order_acquire);
	return validated > i->read_at_us ? validated : i->read_at_us;
}

/* Takes a reference for the caller. Without stale_too, an item whose last proof is older than
 * fresh_us counts as missing. */
static struct cache_item *item_find(struct cache *c, struct str key, bool stale_too)
{
	if (key.n == 0 || key.n > CACHE_KEY_MAX)
		return NULL;
	uint64_t hash = hash_bytes(&c->key, key);
	struct shard *s = shard_of(c, hash);
	/* The proof is looked at under the lock: what it proves has been dropped here by then. */
	pthread_mutex_lock(&s->lock);
	struct cache_item *i = find(c, s, hash, key);
	if (i && !stale_too &&
		cache_validated_at_us(c, i) < clock_boot_coarse_us() - c->set.fresh_us)
		i = NULL;
	if (i) {
		i->used = true;
		atomic_fetch_add_explicit(&i->users, 1, memory_order_relaxed);
		s->hits++;
	} else {
		s->misses++;
	}
	pthread_mutex_unlock(&s->lock);
	return i;
}

struct cache_item *cache_lookup(struct cache *c, struct str key)
{
	return item_find(c, key, false);
}

struct cache_item *cache_lookup_stale(struct cache *c, struct str key)
{
	return item_find(c, key, true);
}

struct str cache_value(const struct cache_item *i)
{
	return (struct str){ value_of(i), i->value_n };
}

/* ---- storing ---- */

uint64_t cache_tag(const char *kind, struct str key)
{
	struct hash_key of_kind = { hash_bytes(&(struct hash_key){ 1, 2 }, str_of(kind)), 3 };
	return hash_bytes(&of_kind, key);
}

struct cache_load cache_begin(const struct cache *c)
{
	return (struct cache_load){ atomic_load_explicit(&c->drops.count, memory_order_acquire),
		clock_boot_us() };
}

static bool has_tag(const struct cache_put *p, uint64_t tag)
{
	for (size_t i = 0; i < p->tag_count; i++)
		if (p->tags[i] == tag)
			return true;
	return false;
}

/* Under the shard's lock. A drop is noted before it visits the shards: so either it is seen here,
 * or it has yet to come to this shard and will find what is put now. */
static bool overtaken(struct cache *c, const struct cache_load *l, const struct cache_put *p)
{
	uint64_t now = atomic_load_explicit(&c->drops.count, memory_order_acquire);
	if (now == l->drops)
		return false;
	pthread_mutex_lock(&c->drops.lock);
	now = atomic_load_explicit(&c->drops.count, memory_order_relaxed);
	bool found = now - l->drops > DROPS_KEPT || c->drops.flushed_at > l->drops;
	for (uint64_t n = l->drops; !found && n < now; n++)
		found = has_tag(p, c->drops.tags[n % DROPS_KEPT]);
	pthread_mutex_unlock(&c->drops.lock);
	return found;
}

/* One malloc for item, links, value and key. NULL without memory, and for what would take more than
 * half of a shard. */
static struct cache_item *item_new(
	const struct cache *c, int64_t read_at_us, const struct cache_put *p)
{
	size_t bytes = sizeof(struct cache_item) + p->tag_count * sizeof(struct link) + p->value.n +
		       p->key.n;
	if (p->key.n == 0 || p->key.n > CACHE_KEY_MAX || p->tag_count > CACHE_TAGS_MAX ||
		p->value.n > c->shard_bytes || bytes > c->shard_bytes / 2)
		return NULL;
	struct cache_item *i = malloc(bytes);
	if (!i)
		return NULL;
	*i = (struct cache_item){ .users = 1,
		.hash = hash_bytes(&c->key, p->key),
		.read_at_us = read_at_us,
		.link_count = (uint32_t)p->tag_count,
		.key_n = (uint32_t)p->key.n,
		.value_n = p->value.n,
		.bytes = bytes };
	for (size_t k = 0; k < p->tag_count; k++)
		i->links[k] = (struct link){ .item = i, .tag = p->tags[k] };
	if (p->value.n > 0)
		memcpy(value_of(i), p->value.p, p->value.n);
	memcpy(value_of(i) + p->value.n, p->key.p, p->key.n);
	return i;
}

/* Of two that loaded at once the later look stays. Under the shard's lock, as overtaken. */
static bool is_latest(struct cache *c, const struct cache_load *l, const struct cache_put *p,
	const struct cache_item *there)
{
	return !overtaken(c, l, p) && (!there || there->read_at_us <= l->at_us);
}

/* As `l` allows; NULL: in the place of `old`, if that still stands there. A drop that has come to
 * this shard has taken it out, and one that is yet to come finds what is put now. */
static bool item_put(struct cache *c, struct cache_item *i, const struct cache_load *l,
	const struct cache_item *old, const struct cache_put *p)
{
	if (!i)
		return false;
	struct shard *s = shard_of(c, i->hash);
	pthread_mutex_lock(&s->lock);
	struct cache_item *there = find(c, s, i->hash, p->key);
	bool keep = l ? is_latest(c, l, p, there) : there == old;
	if (keep && there)
		take_out(c, s, there);
	if (keep) {
		make_room(c, s, i->bytes);
		put_in(c, s, i);
	} else {
		s->refused++;
	}
	pthread_mutex_unlock(&s->lock);
	if (!keep)
		item_release(i);
	return keep;
}

bool cache_put(struct cache *c, const struct cache_load *l, const struct cache_put *p)
{
	return item_put(c, item_new(c, l->at_us, p), l, NULL, p);
}

bool cache_replace(struct cache *c, const struct cache_item *old, const struct cache_put *p)
{
	return item_put(c, item_new(c, old->read_at_us, p), NULL, old, p);
}

/* ---- dropping ---- */

static void shard_drop(struct cache *c, struct shard *s, uint64_t tag)
{
	pthread_mutex_lock(&s->lock);
	struct link *l = s->tags[tag & c->mask];
	while (l) {
		struct link *next = l->next;
		if (l->tag == tag) {
			/* the next one may be of the same item, and goes with it */
			while (next && next->item == l->item)
				next = next->next;
			take_out(c, s, l->item);
			s->dropped++;
		}
		l = next;
	}
	pthread_mutex_unlock(&s->lock);
}

void cache_drop(struct cache *c, uint64_t tag)
{
	pthread_mutex_lock(&c->drops.lock);
	uint64_t n = atomic_load_explicit(&c->drops.count, memory_order_relaxed);
	c->drops.tags[n % DROPS_KEPT] = tag;
	atomic_store_explicit(&c->drops.count, n + 1, memory_order_release);
	pthread_mutex_unlock(&c->drops.lock);
	for (unsigned i = 0; i < c->set.shards; i++)
		shard_drop(c, &c->shards[i], tag);
}

static void shard_flush(struct cache *c, struct shard *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->hand) {
		take_out(c, s, s->hand);
		s->dropped++;
	}
	pthread_mutex_unlock(&s->lock);
}

void cache_flush(struct cache *c)
{
	pthread_mutex_lock(&c->drops.lock);
	uint64_t n = atomic_load_explicit(&c->drops.count, memory_order_relaxed) + 1;
	c->drops.flushed_at = n;
	atomic_store_explicit(&c->drops.count, n, memory_order_release);
	pthread_mutex_unlock(&c->drops.lock);
	for (unsigned i = 0; i < c->set.shards; i++)
		shard_flush(c, &c->shards[i]);
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->set.shards; i++) {
		struct shard *s = &c->shards[i];
		if (c->tables)
			shard_flush(c, s);
		pthread_mutex_destroy(&s->lock);
	}
	free(c->tables);
	pthread_mutex_destroy(&c->drops.lock);
	free(c);
}

void cache_validate(struct cache *c, int64_t at_us)
{
	atomic_store_explicit(&c->validated_at_us, at_us, memory_order_release);
}

/* ---- numbers ---- */

struct cache_stats cache_stats_get(struct cache *c)
{
	struct cache_stats out = { .max_bytes = c->set.max_bytes };
	for (unsigned i = 0; i < c->set.shards; i++) {
		struct shard *s = &c->shards[i];
		pthread_mutex_lock(&s->lock);
		out.hits += s->hits;
		out.misses += s->misses;
		out.stored += s->stored;
		out.refused += s->refused;
		out.evicted += s->evicted;
		out.dropped += s->dropped;
		out.entries += s->entries;
		out.bytes += s->bytes;
		pthread_mutex_unlock(&s->lock);
	}
	return out;
}
