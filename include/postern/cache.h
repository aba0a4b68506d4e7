/* cache: values by key, in memory, bounded in bytes, and used only while they are known to be
 * current. Sessions, pages and decision inputs each have one.
 *
 * Two rules keep what is cached true to the database:
 *  - Invalidation by tags. Each value carries tags of what it was made from. When one of these
 *    changes, cache_drop removes the value. A value whose loading began before such a drop is
 *    refused by cache_put, so that a slow reader cannot store what is already out of date.
 *  - Validation. cache_validate(t) says that all changes before t have been dropped. A value is
 *    returned only when it was read or validated at most `fresh_us` ago. If changes stop coming
 *    in, nothing older than that is used.
 *
 * Shape: shards with a lock each, so that threads on different keys do not wait for each other. A
 * hit takes one shard's lock for a few instructions, so it may happen on an event loop. Eviction is
 * CLOCK: a hand goes round the items of a shard and evicts the first one that was not used since it
 * last came by.
 *
 * Ownership: a value is immutable and reference-counted. It outlives its eviction until the last
 * user releases it; the bound counts what is cached, not what is still being sent.
 *
 * Threads: any. Times are those of clock_boot_us, which goes on while a machine sleeps; ages are
 * measured by the coarse clock and may be late by one tick of the kernel. */
#ifndef POSTERN_CACHE_H
#define POSTERN_CACHE_H

#include "postern/base.h"

struct cache;
struct cache_item;
enum { CACHE_TAGS_MAX = 6, CACHE_KEY_MAX = 4096, CACHE_SHARDS_MAX = 256 };

struct cache_settings {
	size_t max_bytes; /* of all items together, with their overhead */
	unsigned shards;  /* a power of two; a value may fill half of one */
	int64_t fresh_us; /* age after which a value needs validation, microseconds */
};
/* NULL without memory or randomness, or when the settings make no sense. */
struct cache *cache_new(const struct cache_settings *s);
void cache_free(struct cache *c); /* every item must have been released; NULL is fine */

/* The tag of what a value was made from: a kind ("article") and a key, or "" for any key of that
 * kind. The same number in every cache. A collision of two tags only drops values too often. */
uint64_t cache_tag(const char *kind, struct str key);

/* The moment before a value is read from the database. Take it before the first statement. */
struct cache_load {
	uint64_t drops;
	int64_t at_us;
};
struct cache_load cache_begin(const struct cache *c);
struct cache_put {
	struct str key;
	struct str value; /* copied, aligned for any type */
	const uint64_t *tags;
	size_t tag_count;
};
/* Stores a value. False when it was not stored, which is no error: a tag of it was dropped since
 * cache_begin, it is too large, or there is no memory. */
bool cache_put(struct cache *c, const struct cache_load *l, const struct cache_put *p);
/* Stores what was made of `old`, a hit, in its place, and as old as it is. False when `old` is
 * there no more: it was dropped since, or another took its place. No load could tell: one that
 * begins while a drop is under way still finds the item, and counts the drop as seen. */
bool cache_replace(struct cache *c, const struct cache_item *old, const struct cache_put *p);

/* A hit, to be released with cache_release, or NULL: absent, or not validated recently. */
struct cache_item *cache_lookup(struct cache *c, struct str key);
/* The same without validation, for pages that may be shown while the database is unavailable. */
struct cache_item *cache_lookup_stale(struct cache *c, struct str key);
struct str cache_value(const struct cache_item *i);
/* When the value was last known to be current. */
int64_t cache_validated_at_us(const struct cache *c, const struct cache_item *i);
void cache_release(struct cache_item *i); /* NULL is fine */

/* Removes every value that carries the tag, and refuses those that are being loaded. */
void cache_drop(struct cache *c, uint64_t tag);
void cache_flush(struct cache *c); /* the same for all values */
/* All changes before `at_us` have been dropped. */
void cache_validate(struct cache *c, int64_t at_us);

struct cache_stats {
	uint64_t hits, misses, stored, refused, evicted, dropped;
	uint64_t entries, bytes, max_bytes;
};
struct cache_stats cache_stats_get(struct cache *c);
/* Prometheus text of several, each under its name. */
struct cache_named {
	const char *name;
	struct cache *cache;
};
void cache_metrics(const struct cache_named *v, size_t n, struct buf *out);

#endif
