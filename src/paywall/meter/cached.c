/* Decides and counts an anonymous reader's metered reading from memory, on the event loop. Beside
 * the policy it needs only the meter keys and the reader's cookie. */
#include "postern/cache.h"

#include "internal.h"

#include <string.h>

struct cached_keys {
	struct cache_load load; /* from before they were taken */
	const struct meter_keys *keys;
};

/* Six blocks of BLAKE2b, which are the same for every reader. Under the number of the key they were
 * made with: what it is called does not change. */
static struct meter_names names_of(const struct decision_query *q, const struct meter_keys *keys,
	const struct cache_load *load, const struct meter *m)
{
	const struct str pieces[] = { STR("n"),
		{ (const char *)&keys->tag.id, sizeof keys->tag.id }, str_of(m->name), { "", 1 },
		str_of(q->art->id) };
	const struct str of = arena_join(q->a, pieces, COUNT(pieces));
	struct meter_names names;
	struct cache_item *item = cache_lookup(q->w->decision_cache, of);
	if (item) {
		memcpy(&names, cache_value(item).p, sizeof names);
		cache_release(item);
		return names;
	}
	names = meter_names_of(keys, q->art->id, m);
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_POLICY, STR("")) };
	(void)cache_put(q->w->decision_cache, load,
		&(struct cache_put){ .key = of,
			.value = { (const char *)&names, sizeof names },
			.tags = tags,
			.tag_count = COUNT(tags) });
	return names;
}

static bool decide_and_count(const struct decision_query *q, struct decision_inputs *k,
	const struct cached_keys *kept, struct meter_cached_decision *out)
{
	const struct meter_keys *keys = kept->keys;
	const struct meter_names names = names_of(q, keys, &kept->load, out->d.meter);
	struct meter_cookie_content seen;
	meter_cookie_read(keys, q, out->d.meter, &names, &seen);
	if (seen.state == COOKIE_BAD)
		return false; /* unless another process has sealed it with a newer key */
	meter_anonymous_usage(q, out->d.meter, &seen, &k->usage);
	out->d = paywall_decide_metered(k, out->d);
	out->charged = out->d.must_count;
	if (!out->charged)
		return true;
	const struct meter_recording must_count = { keys, k->policy, &out->d, &seen };
	if (meter_anonymous_update(q, &must_count, &out->cookie_update) != ERR_OK)
		return false;
	meter_count_in(&out->d);
	return true;
}

bool meter_decide_cached(const struct decision_query *q, struct decision_inputs *k,
	struct meter_cached_decision *out)
{
	struct cached_keys kept = { .load = cache_begin(q->w->decision_cache) };
	struct cache_item *keys = cache_lookup(q->w->decision_cache, METER_KEYS_KEY);
	if (!keys)
		return false;
	kept.keys = (const void *)cache_value(keys).p;
	bool known = decide_and_count(q, k, &kept, out);
	cache_release(keys);
	return known;
}
