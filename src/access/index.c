/* What every page shows of all articles, kept in memory: the sections, and the next moment at which
 * a list is another one by itself. A change of any article drops both. */
#include "internal.h"

#include <string.h>

/* Keys of paywall.decision_cache, where those of articles are a letter and a slug. */
#define MOMENT_KEY STR("t")
#define SECTIONS_KEY STR("s")
enum { SECTIONS_BYTES_MAX = 1 << 16 };

/* What begins a value of the cache. */
struct until {
	int64_t read_at, changes_at; /* changes_at 0: not by itself */
};

static struct cache_item *lookup(const struct access_snapshot *s, struct str key)
{
	struct cache_item *item = s->load ? cache_lookup(s->w->decision_cache, key) : NULL;
	const struct until *u = item ? (const void *)cache_value(item).p : NULL;
	/* not for a clock that was put back either */
	if (u && u->read_at <= s->now_s && (!u->changes_at || s->now_s < u->changes_at))
		return item;
	cache_release(item);
	return NULL;
}

static void put(const struct access_snapshot *s, struct str key, struct str value)
{
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_ARTICLE, STR("")) };
	if (s->load)
		(void)cache_put(s->w->decision_cache, s->load,
			&(struct cache_put){ .key = key,
				.value = value,
				.tags = tags,
				.tag_count = COUNT(tags) });
}

/* ---- the next moment ---- */

static enum err next_moment_load(struct access_snapshot *s, int64_t *at_s)
{
	struct until u = { .read_at = s->now_s };
	enum err e = content_next_moment(s->c, s->now_s, &u.changes_at);
	if (e)
		return e;
	put(s, MOMENT_KEY, (struct str){ (const char *)&u, sizeof u });
	*at_s = u.changes_at;
	return ERR_OK;
}

enum err access_next_moment(struct access_snapshot *s, int64_t *at_s)
{
	struct cache_item *item = lookup(s, MOMENT_KEY);
	if (!item)
		return next_moment_load(s, at_s);
	*at_s = ((const struct until *)(const void *)cache_value(item).p)->changes_at;
	cache_release(item);
	return ERR_OK;
}

/* ---- sections: slugs and names, each with its NUL, behind `until` ---- */

static struct str text_next(struct str *rest)
{
	struct str one = { rest->p, strnlen(rest->p, rest->n) };
	*rest = (struct str){ rest->p + one.n + 1, rest->n - one.n - 1 };
	return one;
}

static enum err sections_unpack(
	struct str texts, struct arena *a, struct section **out, size_t *count)
{
	struct section *v = arena_alloc(a, LIST_MAX * sizeof *v);
	struct str copy = arena_str(a, texts);
	size_t n = 0;
	if (!v || !copy.p)
		return ERR_NOMEM;
	for (; copy.n > 0 && n < LIST_MAX; n++) {
		v[n].slug = text_next(&copy);
		v[n].name = text_next(&copy);
	}
	*out = v;
	*count = n;
	return ERR_OK;
}

static void sections_put(
	const struct access_snapshot *s, int64_t changes_at, const struct section *v, size_t n)
{
	BUF_AUTO b = BUF(SECTIONS_BYTES_MAX);
	buf_add(&b, &(struct until){ s->now_s, changes_at }, sizeof(struct until));
	for (size_t i = 0; i < n; i++) {
		buf_str(&b, v[i].slug);
		buf_byte(&b, 0);
		buf_str(&b, v[i].name);
		buf_byte(&b, 0);
	}
	if (!b.err)
		put(s, SECTIONS_KEY, buf_view(&b));
}

enum err access_sections(struct access_snapshot *s, struct section **out, size_t *count)
{
	struct cache_item *item = lookup(s, SECTIONS_KEY);
	int64_t changes_at = 0;
	if (item) {
		const struct str value = cache_value(item);
		const size_t head = sizeof(struct until);
		enum err e = sections_unpack(
			(struct str){ value.p + head, value.n - head }, s->a, out, count);
		cache_release(item);
		return e;
	}
	enum err e = content_sections(s->c, s->now_s, s->a, out, count);
	/* from this snapshot: a cached moment may be one that a drop is on its way to */
	if (!e && s->load)
		e = next_moment_load(s, &changes_at);
	if (!e)
		sections_put(s, changes_at, *out, *count);
	return e;
}
