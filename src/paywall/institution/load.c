/* Loads institutions into the policy snapshot: sorted once, then only read. */
#include "postern/institution.h"

#include <stdlib.h>
#include <string.h>

#include "ranges.h"

/* The domain of a mail address, whose readers belong to the institution v[owner]. Sorted, for
 * bsearch. */
struct domain_entry {
	char domain[DOMAIN_SIZE];
	uint32_t owner;
};
/* Part of a policy's snapshot: read-only once loaded. */
struct institutions {
	struct institution *v; /* by name */
	size_t n;
	struct ranges ranges; /* owner: index in v */
	struct domain_entry *domains;
	size_t domain_count;
};

static int name_order(const void *a, const void *b)
{
	return strcmp(((const struct institution *)a)->name, ((const struct institution *)b)->name);
}

static int domain_order(const void *a, const void *b)
{
	return strcmp(
		((const struct domain_entry *)a)->domain, ((const struct domain_entry *)b)->domain);
}

/* Sorted here and not by the database, whose order of text may be another. */
static enum err owner_of(const struct institutions *in, const char *name, uint32_t *out)
{
	struct institution key;
	if (str_copy(key.name, sizeof key.name, str_of(name)) != ERR_OK)
		return ERR_CORRUPT;
	const struct institution *found =
		in->n ? bsearch(&key, in->v, in->n, sizeof *in->v, name_order) : NULL;
	if (!found)
		return ERR_CORRUPT;
	*out = (uint32_t)(found - in->v);
	return ERR_OK;
}

static enum err item_take(struct institutions *in, const struct institution_item *it)
{
	uint32_t owner;
	enum err e = owner_of(in, it->institution, &owner);
	if (e)
		return e;
	if (it->kind == INSTITUTION_RANGE) {
		in->ranges.v[in->ranges.n++] =
			(struct ranges_span){ .range = it->range, .owner = owner };
		return ERR_OK;
	}
	struct domain_entry *d = &in->domains[in->domain_count++];
	d->owner = owner;
	return str_copy(d->domain, sizeof d->domain, str_of(it->domain));
}

static enum err items_load(struct db_conn *c, struct arena *a, struct institutions *in)
{
	ARENA_AUTO *rows = arena_new(24 << 20);
	struct institution_item *items;
	size_t n, ranges = 0;
	enum err e = rows ? institution_items(c, STR(""), rows, &items, &n) : ERR_NOMEM;
	if (e)
		return e;
	for (size_t i = 0; i < n; i++)
		ranges += items[i].kind == INSTITUTION_RANGE;
	in->ranges.v = arena_alloc(a, (ranges + 1) * sizeof *in->ranges.v);
	in->domains = arena_alloc(a, (n - ranges + 1) * sizeof *in->domains);
	if (!in->ranges.v || !in->domains)
		return ERR_NOMEM;
	for (size_t i = 0; !e && i < n; i++)
		e = item_take(in, &items[i]);
	return e;
}

enum err institutions_load(struct db_conn *c, struct arena *a, const struct institutions **out)
{
	struct institutions *in = arena_alloc(a, sizeof *in);
	enum err e = in ? institution_list(c, a, &in->v, &in->n) : ERR_NOMEM;
	if (e)
		return e;
	if (in->n > 1)
		qsort(in->v, in->n, sizeof *in->v, name_order);
	e = items_load(c, a, in);
	if (e)
		return e;
	institution_ranges_index(&in->ranges);
	if (in->domain_count > 1)
		qsort(in->domains, in->domain_count, sizeof *in->domains, domain_order);
	*out = in;
	return ERR_OK;
}

bool institutions_by_mail(const struct institutions *in)
{
	return in && in->domain_count > 0;
}

/* Collects the institutions of one reader whose contract is in force, each once,
 * INSTITUTION_HITS_MAX at most. */
struct hits {
	const struct institutions *in;
	int64_t now_s;
	const struct institution **out;
	size_t n;
};

static void hit(struct hits *h, uint32_t owner)
{
	const struct institution *i = &h->in->v[owner];
	if (i->starts_at > h->now_s || (i->ends_at && i->ends_at <= h->now_s))
		return;
	for (size_t k = 0; k < h->n; k++) {
		if (h->out[k] == i)
			return;
	}
	if (h->n < INSTITUTION_HITS_MAX)
		h->out[h->n++] = i;
}

size_t institutions_of(const struct institutions *in, struct ip client, struct str domain,
	int64_t now_s, const struct institution *out[static INSTITUTION_HITS_MAX])
{
	/* Ranges of ended contracts may hide those in force, hence more than the hits. */
	const struct ranges_span *spans[8 * INSTITUTION_HITS_MAX];
	struct hits h = { .in = in, .now_s = now_s, .out = out };
	struct domain_entry key;

	if (!in)
		return 0;
	size_t n = client.set ? institution_ranges_find(
					&in->ranges, client, client, spans, COUNT(spans))
			      : 0;
	for (size_t i = 0; i < n; i++)
		hit(&h, spans[i]->owner);
	if (domain.n == 0 || in->domain_count == 0 ||
		str_copy(key.domain, sizeof key.domain, domain) != ERR_OK)
		return h.n;
	const struct domain_entry *d =
		bsearch(&key, in->domains, in->domain_count, sizeof *in->domains, domain_order);
	if (d)
		hit(&h, d->owner);
	return h.n;
}

/* ---- overlaps ---- */

static enum err overlap_index(
	const struct institution_item *all, size_t n, struct arena *a, struct ranges *rs)
{
	rs->v = arena_alloc(a, (n + 1) * sizeof *rs->v);
	if (!rs->v)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (all[i].kind == INSTITUTION_RANGE)
			rs->v[rs->n++] =
				(struct ranges_span){ .range = all[i].range, .owner = (uint32_t)i };
	}
	institution_ranges_index(rs);
	return ERR_OK;
}

enum err institution_overlaps(struct db_conn *c, const struct institution_item *items, size_t count,
	struct arena *a, struct institution_overlap **out, size_t *found)
{
	const struct ranges_span *spans[INSTITUTION_OVERLAPS_MAX];
	struct institution_item *all;
	struct ranges rs = { 0 };
	size_t n = 0;
	enum err e = institution_items(c, STR(""), a, &all, &n);
	*found = 0;
	*out = arena_alloc(a, INSTITUTION_OVERLAPS_MAX * sizeof **out);
	if (!e)
		e = *out ? overlap_index(all, n, a, &rs) : ERR_NOMEM;
	for (size_t i = 0; !e && i < count; i++) {
		if (items[i].kind != INSTITUTION_RANGE)
			continue;
		size_t hits = institution_ranges_find(
			&rs, items[i].range.first, items[i].range.last, spans, COUNT(spans));
		for (size_t k = 0; k < hits && *found < INSTITUTION_OVERLAPS_MAX; k++) {
			const struct institution_item *other = &all[spans[k]->owner];
			if (strcmp(other->institution, items[i].institution) != 0)
				(*out)[(*found)++] =
					(struct institution_overlap){ &items[i], other };
		}
	}
	return e;
}
