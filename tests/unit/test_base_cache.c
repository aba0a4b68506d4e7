/* The cache keeps within its bytes, gives out only what is known to be true, and never keeps what
 * was read before a change behind that change. */
#include "postern/cache.h"
#include "postern/hash.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cache_settings small = {
	.max_bytes = 64 << 10, .shards = 4, .fresh_us = 5000000
};

static struct cache *make(const struct cache_settings *s)
{
	struct cache *c = cache_new(s);
	assert_non_null(c);
	return c;
}

static bool put_at(struct cache *c, const char *key, const char *value, const char *tag,
	const struct cache_load *l)
{
	uint64_t t = cache_tag("thing", str_of(tag));
	return cache_put(c, l, &(struct cache_put){ str_of(key), str_of(value), &t, 1 });
}

static bool put(struct cache *c, const char *key, const char *value, const char *tag)
{
	struct cache_load l = cache_begin(c);
	return put_at(c, key, value, tag, &l);
}

static bool holds(struct cache *c, const char *key, const char *value)
{
	struct cache_item *i = cache_lookup(c, str_of(key));
	bool same = i && str_eq(cache_value(i), str_of(value));
	cache_release(i);
	return same;
}

/* ---- the hash: vectors of the reference implementation with c = 1 and d = 3, key 00 01 … 0f,
 * input 00 01 … ---- */
static void test_hash(void **state)
{
	static const struct {
		size_t n;
		uint64_t want;
	} cases[] = { { 0, 0xabac0158050fc4dc }, { 1, 0xc9f49bf37d57ca93 },
		{ 7, 0xd3927d989bb11140 }, { 8, 0x369095118d299a8e }, { 15, 0xd320d86d2a519956 },
		{ 63, 0x9d199062b7bbb3a8 } };
	const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	char in[64];
	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (char)i;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(hash_bytes(&key, (struct str){ in, cases[i].n }), cases[i].want);
}

static void test_put_get_replace(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	assert_null(cache_lookup(c, STR("a")));
	assert_true(put(c, "a", "one", "x"));
	assert_true(holds(c, "a", "one"));
	assert_true(put(c, "a", "two", "x"));
	assert_true(holds(c, "a", "two"));
	assert_int_equal(cache_stats_get(c).entries, 1);
	/* an empty value is a value, an empty key is not a key */
	assert_true(put(c, "b", "", "x"));
	assert_true(holds(c, "b", ""));
	assert_false(put(c, "", "x", "x"));
	cache_free(c);
}

static void test_bad_settings(void **state)
{
	static const struct cache_settings bad[] = { { 1 << 20, 0, 1 }, { 1 << 20, 3, 1 },
		{ 1 << 20, 512, 1 }, { 0, 4, 1 } };
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_null(cache_new(&bad[i]));
	cache_free(NULL);
	cache_release(NULL);
}

/* ---- bytes ---- */
static void test_bound(void **state)
{
	struct cache *c = make(&small);
	char key[32], value[600];
	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = 0;
	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "key-%d", i);
		assert_true(put(c, key, value, key));
		struct cache_stats s = cache_stats_get(c);
		assert_true(s.bytes <= small.max_bytes);
	}
	struct cache_stats s = cache_stats_get(c);
	assert_true(s.entries > 20 && s.evicted == 5000 - s.entries);
	/* more than half a shard is not kept at all */
	char *large = calloc(1, small.max_bytes / 4);
	assert_non_null(large);
	memset(large, 'x', small.max_bytes / 4 - 1);
	assert_false(put(c, "large", large, "x"));
	free(large);
	cache_flush(c);
	s = cache_stats_get(c);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(s.entries, 0);
	cache_free(c);
}

/* A flood of keys that nobody asks for again does not push out what is asked for. */
static void test_hot_stays(void **state)
{
	struct cache *c = make(&small);
	char key[32];
	(void)state;
	assert_true(put(c, "hot", "value", "x"));
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "once-%d", i);
		assert_true(put(c, key, "value", key));
		assert_true(holds(c, "hot", "value"));
	}
	cache_free(c);
}

static void test_value_outlives(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	assert_true(put(c, "a", "still here", "x"));
	struct cache_item *i = cache_lookup(c, STR("a"));
	cache_flush(c);
	assert_null(cache_lookup(c, STR("a")));
	assert_true(str_eq(cache_value(i), STR("still here")));
	cache_release(i);
	cache_free(c);
}

/* ---- drops ---- */
static void test_drop(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	assert_true(put(c, "a", "1", "x"));
	assert_true(put(c, "b", "2", "x"));
	assert_true(put(c, "c", "3", "y"));
	cache_drop(c, cache_tag("thing", STR("x")));
	assert_false(holds(c, "a", "1"));
	assert_false(holds(c, "b", "2"));
	assert_true(holds(c, "c", "3"));
	cache_drop(c, cache_tag("other", STR("y")));
	assert_true(holds(c, "c", "3"));
	assert_int_equal(cache_stats_get(c).dropped, 2);
	cache_free(c);
}

/* All its tags, whichever changes; also when two of them share a bucket, or are the same. */
static void test_drop_many_tags(void **state)
{
	struct cache *c = make(&(struct cache_settings){ 16 << 10, 1, 5000000 });
	uint64_t tags[] = { 16, 32, 48, 16, 5, 7 };
	(void)state;
	for (size_t t = 0; t < COUNT(tags); t++) {
		struct cache_load l = cache_begin(c);
		struct cache_put p = { STR("a"), STR("1"), tags, COUNT(tags) };
		assert_true(cache_put(c, &l, &p));
		p.key = STR("b");
		assert_true(cache_put(c, &l, &p));
		cache_drop(c, tags[t]);
		assert_int_equal(cache_stats_get(c).entries, 0);
	}
	cache_free(c);
}

/* What began before a change is not stored behind it. */
static void test_overtaken(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	struct cache_load l = cache_begin(c);
	cache_drop(c, cache_tag("thing", STR("x")));
	assert_false(put_at(c, "a", "stale", "x", &l));
	assert_true(put_at(c, "b", "fine", "y", &l));
	cache_flush(c);
	assert_false(put_at(c, "b", "stale", "y", &l));
	assert_true(put(c, "b", "new", "y"));
	l = cache_begin(c);
	for (int i = 0; i < 600; i++)
		cache_drop(c, (uint64_t)i);
	assert_false(put_at(c, "c", "too long ago to say", "z", &l));
	assert_int_equal(cache_stats_get(c).refused, 3);
	cache_free(c);
}

static bool replace(struct cache *c, const struct cache_item *old, const char *value)
{
	uint64_t t = cache_tag("thing", STR("red"));
	return cache_replace(c, old, &(struct cache_put){ STR("a"), str_of(value), &t, 1 });
}

/* What is made of a hit takes its place as long as it stands there, and never after a drop: however
 * late the load began, a page that was dropped does not come back. */
static void test_replace(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	assert_true(put(c, "a", "quick", "red"));
	struct cache_item *first = cache_lookup(c, STR("a"));
	assert_true(replace(c, first, "well"));
	assert_true(holds(c, "a", "well"));
	assert_false(replace(c, first, "again")); /* another stands there now */
	assert_true(holds(c, "a", "well"));
	struct cache_item *second = cache_lookup(c, STR("a"));
	cache_drop(c, cache_tag("thing", STR("red")));
	assert_false(replace(c, second, "late"));
	assert_null(cache_lookup(c, STR("a")));
	assert_true(put(c, "a", "new", "red"));
	assert_false(replace(c, second, "late"));
	struct cache_item *third = cache_lookup(c, STR("a"));
	cache_flush(c);
	assert_false(replace(c, third, "late"));
	assert_int_equal(cache_stats_get(c).entries, 0);
	cache_release(first);
	cache_release(second);
	cache_release(third);
	cache_free(c);
}

static void test_later_look_stays(void **state)
{
	struct cache *c = make(&small);
	(void)state;
	struct cache_load early = cache_begin(c);
	usleep(2000);
	assert_true(put(c, "a", "late", "x"));
	assert_false(put_at(c, "a", "early", "x", &early));
	assert_true(holds(c, "a", "late"));
	cache_free(c);
}

/* ---- proof ---- */
static void test_proof(void **state)
{
	struct cache *c = make(&(struct cache_settings){ 64 << 10, 4, 50000 });
	(void)state;
	assert_true(put(c, "a", "1", "x"));
	assert_true(holds(c, "a", "1"));
	usleep(70000);
	assert_false(holds(c, "a", "1"));
	struct cache_item *i = cache_lookup_stale(c, STR("a"));
	assert_non_null(i);
	assert_true(clock_boot_us() - cache_validated_at_us(c, i) >= 70000);
	const int64_t proven = clock_boot_us();
	bool held = false;
	for (int tries = 0; tries < 50 && !held; tries++) { /* a busy machine may sleep over it */
		cache_validate(c, clock_boot_us());
		held = holds(c, "a", "1");
	}
	assert_true(held);
	assert_true(cache_validated_at_us(c, i) >= proven);
	cache_release(i);
	usleep(70000);
	assert_false(holds(c, "a", "1"));
	cache_free(c);
}

/* ---- threads: a value is never older than the last change that was told ---- */
enum { KEYS = 8, READERS = 3, CHANGES = 4000 };
struct world {
	struct cache *c;
	_Atomic uint64_t stored[KEYS]; /* the database */
	_Atomic uint64_t told[KEYS];   /* changes that were dropped */
	atomic_bool ends;
	_Atomic uint64_t stale, hits;
};

static void read_one(struct world *w, unsigned k)
{
	char key[2] = { (char)('a' + k), 0 };
	uint64_t known = atomic_load(&w->told[k]);
	struct cache_item *i = cache_lookup(w->c, str_of(key));
	uint64_t value = 0;
	if (i) {
		memcpy(&value, cache_value(i).p, sizeof value);
		cache_release(i);
		atomic_fetch_add(&w->hits, 1);
		if (value < known)
			atomic_fetch_add(&w->stale, 1);
		return;
	}
	struct cache_load l = cache_begin(w->c);
	value = atomic_load(&w->stored[k]);
	if (k % 2)
		usleep(10); /* time for a change in between */
	uint64_t tag = cache_tag("thing", str_of(key));
	(void)cache_put(w->c, &l,
		&(struct cache_put){
			str_of(key), { (const char *)&value, sizeof value }, &tag, 1 });
}

static void *read_main(void *arg)
{
	struct world *w = arg;
	for (unsigned n = 0; !atomic_load(&w->ends); n++)
		read_one(w, n % KEYS);
	return NULL;
}

static void test_threads(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	pthread_t readers[READERS];
	(void)state;
	assert_non_null(w);
	w->c = make(&(struct cache_settings){ 16 << 10, 2, 5000000 });
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_main, w), 0);
	for (int n = 1; n <= CHANGES; n++) {
		unsigned k = (unsigned)n % KEYS;
		char key[2] = { (char)('a' + k), 0 };
		atomic_fetch_add(&w->stored[k], 1);
		cache_drop(w->c, cache_tag("thing", str_of(key)));
		atomic_store(&w->told[k], atomic_load(&w->stored[k]));
		if (n % 64 == 0)
			cache_flush(w->c);
		if (n % 16 == 0)
			usleep(100);
	}
	atomic_store(&w->ends, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&w->stale), 0);
	assert_true(atomic_load(&w->hits) > 0);
	cache_free(w->c);
	free(w);
}

static void test_metrics(void **state)
{
	struct cache *c = make(&small);
	BUF_AUTO b = BUF(1 << 16);
	(void)state;
	assert_true(put(c, "a", "1", "x"));
	assert_true(holds(c, "a", "1"));
	cache_metrics(&(struct cache_named){ "things", c }, 1, &b);
	assert_non_null(strstr(b.p, "\npostern_cache_hits_total{cache=\"things\"} 1\n"));
	assert_non_null(strstr(b.p, "\npostern_cache_max_bytes{cache=\"things\"} 65536\n"));
	cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_put_get_replace),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_hot_stays),
		cmocka_unit_test(test_value_outlives),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_drop_many_tags),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_later_look_stays),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_metrics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
