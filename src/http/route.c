/* Finds the route for a path. Where two patterns differ first, a literal part wins over a {name}.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

const struct route_group *http_group_of(const struct listener *l, struct str path)
{
	for (size_t i = 0; i < l->group_count; i++) {
		if (str_starts(path, str_of(l->groups[i].prefix)))
			return &l->groups[i];
	}
	return &l->groups[l->group_count - 1];
}

/* ---- the index: to look at each route of a table would take longer than all else ---- */

/* By the two bytes behind the group's prefix. What begins with a {name} there fits any path. */
static size_t bucket_of(const char *at, size_t n)
{
	if (n > 0 && at[0] == '{')
		return ROUTE_PLACE_ANY;
	const unsigned first = n > 0 ? (unsigned char)at[0] : 0;
	const unsigned second = n > 1 ? (unsigned char)at[1] : 0;
	return (first * 5 + second) % ROUTE_PLACE_ANY;
}

static size_t bucket_of_route(const struct route_group *g, size_t i)
{
	const char *at = g->routes[i].pattern + strlen(g->prefix);
	return bucket_of(at, strlen(at));
}

static void index_make(const struct route_group *g, struct route_index *out)
{
	size_t n = 0;
	*out = (struct route_index){ .prefix_n = strlen(g->prefix) };
	for (size_t bucket = 0; bucket < ROUTE_BUCKETS; bucket++) {
		for (size_t i = 0; i < g->count; i++) {
			if (bucket_of_route(g, i) == bucket)
				out->routes[n++] = &g->routes[i];
		}
		out->ends[bucket] = (uint16_t)n;
	}
}

struct route_index *http_route_indexes(const struct route_group *groups, size_t count)
{
	struct route_index *all = calloc(count + 1, sizeof *all); /* + 1: none is no failure */
	for (size_t i = 0; all && i < count; i++)
		index_make(&groups[i], &all[i]);
	return all;
}

/* Those of one bucket. */
struct candidates {
	const struct route *const *v;
	size_t n;
};

static struct candidates candidates_at(const struct route_index *index, size_t bucket)
{
	const size_t from = bucket > 0 ? index->ends[bucket - 1] : 0;
	return (struct candidates){ index->routes + from, index->ends[bucket] - from };
}

/* A path that begins with a brace is looked for among those that fit any. */
static struct candidates candidates_for(const struct route_index *index, struct str path)
{
	if (path.n < index->prefix_n)
		return (struct candidates){ NULL, 0 };
	return candidates_at(index, bucket_of(path.p + index->prefix_n, path.n - index->prefix_n));
}

static struct candidates candidates_any(const struct route_index *index)
{
	return candidates_at(index, ROUTE_PLACE_ANY);
}

/* ---- matching ---- */

/* One match of a pattern; `literal` has a bit for each literal part, the first part in the highest
 * bit. */
struct fit {
	struct str params[ROUTE_PARAMS_MAX];
	size_t count;
	uint64_t literal;
};

/* Most patterns differ from the path before their first {name}: no need to look at their parts. */
static bool begins_alike(struct str pattern, struct str path)
{
	size_t i = 0;
	while (i < pattern.n && i < path.n && pattern.p[i] == path.p[i] && pattern.p[i] != '{')
		i++;
	return i == pattern.n ? i == path.n : pattern.p[i] == '{';
}

/* Part by part; what stands in braces takes any part that is not empty, {name...} the rest. */
static bool fits(struct str pattern, struct str path, struct fit *out)
{
	if (!begins_alike(pattern, path))
		return false;
	*out = (struct fit){ 0 };
	uint64_t bit = (uint64_t)1 << 63;
	while (pattern.p && path.p) {
		struct str want = str_cut(&pattern, '/');
		if (str_ends(want, STR("...}"))) {
			out->params[out->count++] = path;
			return true;
		}
		struct str have = str_cut(&path, '/');
		if (str_starts(want, STR("{"))) {
			if (have.n == 0 || out->count == ROUTE_PARAMS_MAX)
				return false;
			out->params[out->count++] = have;
		} else if (!str_eq(want, have)) {
			return false;
		} else {
			out->literal |= bit;
		}
		bit >>= 1;
	}
	return !pattern.p && !path.p;
}

static void allow(const bool methods[static METHOD_ANY], char out[static ALLOW_SIZE])
{
	static const char *const names[METHOD_ANY] = { "", "GET, HEAD", "POST", "PUT", "PATCH",
		"DELETE", "OPTIONS" };
	size_t n = 0;
	for (size_t i = METHOD_GET; i < METHOD_ANY; i++) {
		for (const char *p = n > 0 && methods[i] ? ", " : ""; *p; p++)
			out[n++] = *p;
		for (const char *p = methods[i] ? names[i] : ""; *p; p++)
			out[n++] = *p;
	}
	out[n] = 0;
}

/* For a path that no route takes with this method: those with which one does. */
static void note_methods(
	struct candidates among, struct str path, bool methods[static METHOD_ANY + 1])
{
	struct fit fit;
	for (size_t i = 0; i < among.n; i++) {
		if (fits(str_of(among.v[i]->pattern), path, &fit))
			methods[among.v[i]->method] = true;
	}
}

static void find_others(const struct route_index *index, struct str path, struct route_match *out)
{
	bool methods[METHOD_ANY + 1] = { false };
	note_methods(candidates_for(index, path), path, methods);
	note_methods(candidates_any(index), path, methods);
	allow(methods, out->allow);
	out->other_method = out->allow[0] != 0;
}

/* The best of these that is better than `*best`. */
static void find_best(struct candidates among, enum method method, struct str path, uint64_t *best,
	struct route_match *out)
{
	for (size_t i = 0; i < among.n; i++) {
		const struct route *r = among.v[i];
		struct fit fit;
		if ((r->method != method && r->method != METHOD_ANY) ||
			!fits(str_of(r->pattern), path, &fit) ||
			(out->route && fit.literal <= *best)) {
			continue;
		}
		*best = fit.literal;
		out->route = r;
		memcpy(out->params, fit.params, sizeof out->params);
	}
}

void http_route_match(const struct route_index *index, enum method method, struct str path,
	struct route_match *out)
{
	uint64_t best = 0;
	*out = (struct route_match){ 0 };
	find_best(candidates_for(index, path), method, path, &best, out);
	find_best(candidates_any(index), method, path, &best, out);
	if (!out->route)
		find_others(index, path, out);
}

bool request_has_page(const struct request *r, struct str path)
{
	const struct exchange *x = r->x;
	struct route_match m;
	http_route_match(
		&x->listener->indexes[x->group - x->listener->groups], METHOD_GET, path, &m);
	return m.route != NULL;
}
