/* The numbers of all caches, in the text format that Prometheus reads. */
#include "postern/cache.h"

#include <stddef.h>
#include <string.h>

void cache_metrics(const struct cache_named *v, size_t n, struct buf *out)
{
	static const struct {
		const char *name, *type, *help;
		size_t at;
	} rows[] = {
		{ "postern_cache_hits_total", "counter", "Answered from memory.",
			offsetof(struct cache_stats, hits) },
		{ "postern_cache_misses_total", "counter", "Not there, or not known to be true.",
			offsetof(struct cache_stats, misses) },
		{ "postern_cache_stored_total", "counter", "Kept.",
			offsetof(struct cache_stats, stored) },
		{ "postern_cache_refused_total", "counter", "Not kept: changed while it was read.",
			offsetof(struct cache_stats, refused) },
		{ "postern_cache_evicted_total", "counter", "Put out for want of room.",
			offsetof(struct cache_stats, evicted) },
		{ "postern_cache_dropped_total", "counter", "Put out because it changed.",
			offsetof(struct cache_stats, dropped) },
		{ "postern_cache_entries", "gauge", "What is kept.",
			offsetof(struct cache_stats, entries) },
		{ "postern_cache_bytes", "gauge", "What is kept, in bytes.",
			offsetof(struct cache_stats, bytes) },
		{ "postern_cache_max_bytes", "gauge", "What may be kept, in bytes.",
			offsetof(struct cache_stats, max_bytes) },
	};
	for (size_t r = 0; r < COUNT(rows); r++) {
		buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", rows[r].name, rows[r].help,
			rows[r].name, rows[r].type);
		for (size_t i = 0; i < n; i++) {
			struct cache_stats s = cache_stats_get(v[i].cache);
			uint64_t value = 0;
			memcpy(&value, (const char *)&s + rows[r].at, sizeof value);
			buf_fmt(out, "%s{cache=\"%s\"} %llu\n", rows[r].name, v[i].name,
				(unsigned long long)value);
		}
	}
}
