/* Which route takes a path. A literal part wins over a {name} at the first place where two patterns
 * differ. */
#include "internal.h"

#include <string.h>

const struct route_group *http_group_of(const struct listener *l, struct str path)
{
	for (size_t i = 0; i < l->group_count; i++) {
		if (str_starts(path, str_of(l->groups[i].prefix))) {
			return &l->groups[i];
		}
	}
	return &l->groups[l->group_count - 1];
}

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
	while (i < pattern.n && i < path.n && pattern.p[i] == path.p[i] && pattern.p[i] != '{') {
		i++;
	}
	return i == pattern.n ? i == path.n : pattern.p[i] == '{';
}

/* Told by two characters behind the group's prefix, with which all its patterns begin. */
static bool cannot_fit(const char *pattern, struct str path, size_t at)
{
	for (const size_t end = at + 2; at < end && pattern[at] && pattern[at] != '{'; at++) {
		if (at >= path.n || pattern[at] != path.p[at]) {
			return true;
		}
	}
	return false;
}

static bool fits(struct str pattern, struct str path, struct fit *out)
{
	if (!begins_alike(pattern, path)) {
		return false;
	}
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
			if (have.n == 0 || out->count == ROUTE_PARAMS_MAX) {
				return false;
			}
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
		for (const char *p = n > 0 && methods[i] ? ", " : ""; *p; p++) {
			out[n++] = *p;
		}
		for (const char *p = methods[i] ? names[i] : ""; *p; p++) {
			out[n++] = *p;
		}
	}
	out[n] = 0;
}

/* For a path that no route takes with this method: those with which one does. */
static void find_others(const struct route_group *g, struct str path, struct route_match *out)
{
	bool methods[METHOD_ANY + 1] = { false };
	const size_t prefix_n = strlen(g->prefix);
	for (size_t i = 0; i < g->count; i++) {
		const struct route *r = &g->routes[i];
		struct fit fit;
		if (!cannot_fit(r->pattern, path, prefix_n) &&
			fits(str_of(r->pattern), path, &fit)) {
			methods[r->method] = true;
		}
	}
	allow(methods, out->allow);
	out->other_method = out->allow[0] != 0;
}

void http_route_match(
	const struct route_group *g, enum method method, struct str path, struct route_match *out)
{
	*out = (struct route_match){ 0 };
	uint64_t best = 0;
	const size_t prefix_n = strlen(g->prefix);
	for (size_t i = 0; i < g->count; i++) {
		const struct route *r = &g->routes[i];
		struct fit fit;
		if ((r->method != method && r->method != METHOD_ANY) ||
			cannot_fit(r->pattern, path, prefix_n) ||
			!fits(str_of(r->pattern), path, &fit) ||
			(out->route && fit.literal <= best)) {
			continue;
		}
		best = fit.literal;
		out->route = r;
		memcpy(out->params, fit.params, sizeof out->params);
	}
	if (!out->route) {
		find_others(g, path, out);
	}
}
