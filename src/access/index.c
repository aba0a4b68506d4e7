/* What many pages show of all articles, kept in memory: the sections, the latest stories for error
 * pages, and the next moment at which a list is another one by itself. A change of any article
 * drops all three. */
#include "internal.h"

#include <string.h>

/* Keys of paywall.decision_cache, where those of articles are a letter and a slug. */
#define MOMENT_KEY STR("t")
#define SECTIONS_KEY STR("s")
#define LATEST_KEY STR("l")
enum { SECTIONS_BYTES_MAX = 1 << 16, LATEST_BYTES_MAX = 1 << 14 };

/* What begins a value of the cache. */
struct until {
	int64_t read_at, changes_at; /* changes_at 0: not by itself */
};

static struct cache_item *lookup_at(const struct paywall *w, int64_t now_s, struct str key)
{
	struct cache_item *item = w->decision_cache ? cache_lookup(w->decision_cache, key) : NULL;
	const struct until *u = item ? (const void *)cache_value(item).p : NULL;
	/* not for a clock that was put back either */
	if (u && u->read_at <= now_s && (!u->changes_at || now_s < u->changes_at))
		return item;
	cache_release(item);
	return NULL;
}

static struct cache_item *lookup(const struct access_snapshot *s, struct str key)
{
	return s->load ? lookup_at(s->w, s->now_s, key) : NULL;
}

/* What stands behind `until`. */
static struct str value_rest(const struct cache_item *item)
{
	const struct str value = cache_value(item);
	const size_t head = sizeof(struct until);
	return (struct str){ value.p + head, value.n - head };
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
		enum err e = sections_unpack(value_rest(item), s->a, out, count);
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

/* ---- the latest stories: slug, headline and time, each with its NUL, behind `until` ---- */

static enum err latest_unpack(struct str texts, struct arena *a, struct access_latest *out)
{
	struct str copy = arena_str(a, texts);
	*out = (struct access_latest){ .n = 0 };
	if (!copy.p)
		return ERR_NOMEM;
	for (; copy.n > 0 && out->n < ACCESS_LATEST_MAX; out->n++) {
		struct access_story *story = &out->v[out->n];
		story->slug = text_next(&copy);
		story->headline = text_next(&copy);
		if (str_int(text_next(&copy), INT64_MIN, INT64_MAX, &story->published_at) != ERR_OK)
			return ERR_INTERNAL;
	}
	return ERR_OK;
}

static void latest_put(
	const struct access_snapshot *s, int64_t changes_at, const struct access_latest *l)
{
	BUF_AUTO b = BUF(LATEST_BYTES_MAX);
	buf_add(&b, &(struct until){ s->now_s, changes_at }, sizeof(struct until));
	for (size_t i = 0; i < l->n; i++) {
		buf_str(&b, l->v[i].slug);
		buf_byte(&b, 0);
		buf_str(&b, l->v[i].headline);
		buf_fmt(&b, "%c%lld%c", 0, (long long)l->v[i].published_at, 0);
	}
	if (!b.err)
		put(s, LATEST_KEY, buf_view(&b));
}

bool access_latest_cached(
	const struct paywall *w, int64_t now_s, struct arena *a, struct access_latest *out)
{
	struct cache_item *item = lookup_at(w, now_s, LATEST_KEY);
	if (!item)
		return false;
	enum err e = latest_unpack(value_rest(item), a, out);
	cache_release(item);
	return e == ERR_OK;
}

enum err access_latest(struct access_snapshot *s, struct access_latest *out)
{
	const struct article_filter f = { .limit = ACCESS_LATEST_MAX, .now_s = s->now_s };
	struct article *list = NULL;
	size_t n = 0;
	int64_t changes_at = 0;
	if (s->load && access_latest_cached(s->w, s->now_s, s->a, out))
		return ERR_OK;
	enum err e = content_list(s->c, &f, s->a, &list, &n);
	*out = (struct access_latest){ .n = e ? 0 : n };
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct access_story){ str_of(list[i].slug), list[i].headline,
			list[i].published_at };
	if (!e && s->load)
		e = next_moment_load(s, &changes_at); /* from this snapshot, as for sections */
	if (!e)
		latest_put(s, changes_at, out);
	return e;
}
