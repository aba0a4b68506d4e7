/* cache: values by key, kept in memory within a bound of bytes and believed only while they are
 * known to be true.
 *
 * Truth: what is kept was read from the database at some moment. Two rules keep it honest.
 *  - Drop. Each value carries tags of what it was made from; when one of these changes, cache_drop
 *    takes it out. A load that began before a drop of one of its tags is refused by cache_put, so
 *    that what was read before a change cannot be stored behind it.
 *  - Proof. cache_validate says that all changes before a moment have been dropped. A value is
 * given out only when it was read, or has been proven, at most `fresh_us` ago; so when the changes
 *    stop coming in, nothing older than that is used.
 *
 * Shape: shards with a lock each, so that threads on different keys do not meet; a hit takes one
 * shard's lock for a few instructions and may happen on an event loop. A value is immutable and
 * counted: it outlives its eviction until the last user lets go (the bound counts what is kept, not
 * what is still being sent). What was not used since the hand last came by is evicted first.
 *
 * Threads: any. Times are those of clock_boot_us, so that a machine that slept trusts nothing; how
 * old a value is tells the coarse clock, late by a tick. */
#ifndef POSTERN_CACHE_H
#define POSTERN_CACHE_H

#include "postern/base.h"

struct cache;
struct cache_item;
enum { CACHE_TAGS_MAX = 6, CACHE_KEY_MAX = 4096, CACHE_SHARDS_MAX = 256 };

struct cache_settings {
	size_t max_bytes; /* of all that is kept, with its overhead */
	unsigned shards;  /* a power of two; a value may fill half of one */
	int64_t fresh_us; /* see above */
};
/* NULL without memory or randomness, or when the settings make no sense. */
struct cache *cache_new(const struct cache_settings *s);
void cache_free(struct cache *c); /* every item must have been released; NULL is fine */

/* What a value was made from: a kind and the key of one, or "" for any of that kind. A number that
 * is the same in every cache; two things that share it only drop each other too often. */
uint64_t cache_tag(const char *kind, struct str key);

/* Taken before the first look at the database. */
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
/* False when it was not kept: something dropped meanwhile, too large, no memory. That is no error.
 */
bool cache_put(struct cache *c, const struct cache_load *l, const struct cache_put *p);

/* NULL: nothing there that may be believed. Otherwise to be released. */
struct cache_item *cache_lookup(struct cache *c, struct str key);
/* Whether or not it is proven, unless it was dropped. For what may be shown when the database is
 * lost. */
struct cache_item *cache_lookup_stale(struct cache *c, struct str key);
struct str cache_value(const struct cache_item *i);
/* When it was last known to be true. */
int64_t cache_validated_at_us(const struct cache *c, const struct cache_item *i);
void cache_release(struct cache_item *i); /* NULL is fine */

void cache_drop(struct cache *c, uint64_t tag);
void cache_flush(struct cache *c); /* drops all, also what is being loaded */
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
