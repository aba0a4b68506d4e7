/* Checks the route table at start-up. Zero is invalid in every column, so a forgotten field stops
 * the program instead of making a route public. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

/* PARTS_MAX: between the slashes of one pattern. */
enum { WHY_SIZE = 256, PARTS_MAX = 60 };

/* Parts are literal or "{name}", none empty (but "/" itself), names of a-z and _; the last may be
 * "{name...}". */
static const char *part_fault(struct str part, bool last, size_t *params)
{
	if (part.n == 0)
		return "an empty part";
	if (part.p[0] != '{')
		return str_has_byte(part, '{') || str_has_byte(part, '}') ? "a stray brace" : NULL;
	if (part.n < 3 || part.p[part.n - 1] != '}')
		return "a stray brace";
	if (last && part.n > 5 && str_ends(part, STR("...}")))
		part.n -= 3;
	for (size_t i = 1; i + 1 < part.n; i++) {
		if (part.p[i] != '_' && (part.p[i] < 'a' || part.p[i] > 'z'))
			return "a bad name in braces";
	}
	return ++*params > ROUTE_PARAMS_MAX ? "too many names in braces" : NULL;
}

static const char *pattern_fault(const char *pattern)
{
	struct str rest = str_of(pattern);
	if (!str_starts(rest, STR("/")))
		return "a pattern that does not start with /";
	if (rest.n == 1)
		return NULL;
	rest = (struct str){ rest.p + 1, rest.n - 1 };
	size_t params = 0;
	for (size_t parts = 0; rest.p; parts++) {
		struct str part = str_cut(&rest, '/');
		const char *fault = part_fault(part, !rest.p, &params);
		if (fault || parts == PARTS_MAX)
			return fault ? fault : "too many parts";
	}
	return NULL;
}

/* Names of a-z and _, one space between two of them. */
static const char *query_fault(const char *query, enum credential credential)
{
	struct str rest = str_of(query);
	size_t names = 0;
	if (credential == CREDENTIAL_PROXIED && rest.n > 0)
		return "names in a query that is another server's";
	if (str_ends(rest, STR(" ")))
		return "a stray space among the names of its query";
	while (rest.n > 0) {
		struct str name = str_cut(&rest, ' ');
		for (size_t i = 0; i < name.n; i++) {
			if (name.p[i] != '_' && (name.p[i] < 'a' || name.p[i] > 'z'))
				return "a bad name in its query";
		}
		if (name.n == 0 || ++names > FIELDS_MAX)
			return "a stray space or too many names in its query";
	}
	return NULL;
}

static bool columns_in_range(const struct route *r)
{
	return r->method >= METHOD_GET && r->method <= METHOD_ANY && r->pattern && r->query &&
	       r->handler && r->who >= WHO_ANYONE && r->who <= WHO_SIGNED_IN &&
	       r->rate >= RATE_PAGE && r->rate < RATE_COUNT && r->body >= BODY_NONE &&
	       r->body <= BODY_JSON && r->body_cap > 0 && r->body_cap <= ROUTE_BODY_MAX &&
	       r->lane >= LANE_LOOP && r->lane <= LANE_OPS;
}

static const char *route_fault(const struct route_group *g, const struct route *r)
{
	if (!columns_in_range(r))
		return "an empty or impossible column";
	if ((r->body == BODY_NONE) != (r->body_cap == 1))
		return "a body cap that does not go with its body kind";
	if ((r->method == METHOD_GET || r->method == METHOD_ANY) && r->body != BODY_NONE)
		return "a body on GET";
	if (r->lane == LANE_LOOP && r->who != WHO_ANYONE)
		return "credentials looked at in the loop";
	if (r->who != WHO_ANYONE && g->credential == CREDENTIAL_NONE)
		return "credentials in a group that takes none";
	const char *fault = query_fault(r->query, g->credential);
	return fault ? fault : pattern_fault(r->pattern);
}

/* Alike but for the names in braces: one of the two could never be reached. */
static bool same_shape(struct str a, struct str b)
{
	while (a.p && b.p) {
		struct str x = str_cut(&a, '/');
		struct str y = str_cut(&b, '/');
		const bool both_named = str_starts(x, STR("{")) && str_starts(y, STR("{"));
		if (!both_named && !str_eq(x, y))
			return false;
	}
	return !a.p && !b.p;
}

static bool doubled(const struct route_group *g, size_t i)
{
	const enum method method = g->routes[i].method;
	for (size_t k = 0; k < i; k++) {
		const enum method other = g->routes[k].method;
		if ((other == method || other == METHOD_ANY || method == METHOD_ANY) &&
			same_shape(str_of(g->routes[k].pattern), str_of(g->routes[i].pattern))) {
			return true;
		}
	}
	return false;
}

static bool group_ok(const struct listener *l, size_t index, char why[static 256])
{
	const struct route_group *g = &l->groups[index];
	const bool last = index + 1 == l->group_count;
	if (!g->prefix || g->prefix[0] != '/' || !str_ends(str_of(g->prefix), STR("/")) ||
		!g->fail || g->credential < CREDENTIAL_COOKIE ||
		g->credential > CREDENTIAL_PROXIED || (g->count > 0 && !g->routes) ||
		g->count > ROUTES_MAX || last != (strcmp(g->prefix, "/") == 0)) {
		(void)snprintf(why, WHY_SIZE,
			"route group %zu: an empty column, too many routes, or \"/\" is not the "
			"last",
			index);
		return false;
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct route *r = &g->routes[i];
		const char *fault = route_fault(g, r);
		if (!fault && http_group_of(l, str_of(r->pattern)) != g)
			fault = "a pattern that belongs to another group";
		if (!fault && doubled(g, i))
			fault = "a pattern that is there twice";
		if (fault) {
			(void)snprintf(why, WHY_SIZE, "route %.60s %zu (%.60s) has %s", g->prefix,
				i, r->pattern ? r->pattern : "no pattern", fault);
			return false;
		}
	}
	return true;
}

static bool groups_ok(const struct route_group *groups, size_t count, char why[static 256])
{
	const struct listener l = { .groups = groups, .group_count = count };
	for (size_t i = 0; i < count; i++) {
		if (!group_ok(&l, i, why))
			return false;
	}
	return count > 0;
}

/* An origin, as it is compared with others. */
static bool base_url_ok(const char *base_url)
{
	struct str origin;
	ARENA_AUTO *a = arena_new((size_t)4 * URL_ABSOLUTE_MAX);
	return a && url_origin(str_of(base_url), a, &origin) == ERR_OK &&
	       str_eq(origin, str_of(base_url));
}

static const char *settings_fault(const struct http_settings *s)
{
	if (!s->listen || !s->base_url || !s->csp || !s->clock || !s->identify || !s->in_tx)
		return "listen, base_url, csp, clock, identify and in_tx must be set";
	const unsigned threads[] = { s->loop_threads, s->work_threads, s->hash_threads };
	for (size_t i = 0; i < COUNT(threads); i++) {
		if (threads[i] == 0 || threads[i] > LANE_THREADS_MAX)
			return "loop_threads, work_threads and hash_threads must be from 1 to 257";
	}
	if (!s->work_queue || !s->hash_queue || !s->connections || !s->timeout_s)
		return "queues, connections and timeout_s must be above 0";
	if (s->trusted_proxy_count > IP_NETS_MAX)
		return "too many trusted_proxies";
	for (size_t i = 1; i < RATE_COUNT; i++) {
		if ((s->limits[i].burst == 0) != (s->limits[i].per_minute == 0))
			return "a rate limit needs a burst and a rate, or neither";
	}
	if (!base_url_ok(s->base_url))
		return "base_url must be an origin in its one spelling";
	if (str_starts(str_of(s->base_url), STR("https://")) != s->secure)
		return "secure must say whether base_url is https";
	return NULL;
}

bool http_table_check(const struct http_settings *s, char why[static 256])
{
	const char *fault = settings_fault(s);
	if (!fault && (!s->groups || s->group_count == 0))
		fault = "no routes";
	if (!fault && s->ops_listen && s->ops_listen[0] && !s->ops)
		fault = "an operations listener without routes";
	if (fault) {
		(void)snprintf(why, WHY_SIZE, "%s", fault);
		return false;
	}
	return groups_ok(s->groups, s->group_count, why) && (!s->ops || groups_ok(s->ops, 1, why));
}
