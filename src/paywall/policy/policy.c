/* The policy snapshot: loaded as a whole, shared by reference count, replaced when its version in
 * the database is another. One lock guards the pointer and all counts; it is held for a handful of
 * instructions (docs/design.md has the measurement). */
#include "postern/path.h"

#include "postern/crawler.h"
#include "postern/institution.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { POLICY_BYTES_MAX = 16 << 20 };

struct snapshot {
	struct paywall_policy policy; /* first: what is handed out */
	struct arena *arena;
	unsigned users; /* the cache itself is one; under the cache's lock */
};
struct policy_cache {
	struct policy_settings set;
	pthread_mutex_t lock;    /* of what follows */
	struct snapshot *newest; /* NULL before the first use */
	bool invalid;            /* see policy_invalidate */
};

/* ---- rows ---- */

struct rule_row {
	struct paywall_rule r;
	char kind[16], access[16];
};
static const struct db_column rule_columns[] = {
	DB_COL_CHARS(struct rule_row, r.id),
	DB_COL_INT(struct rule_row, r.position),
	DB_COL_CHARS(struct rule_row, kind),
	DB_COL_CHARS(struct rule_row, r.section),
	DB_COL_CHARS(struct rule_row, r.tag),
	DB_COL_INT(struct rule_row, r.from_s),
	DB_COL_INT(struct rule_row, r.until_s),
	DB_COL_INT(struct rule_row, r.weekdays),
	DB_COL_CHARS(struct rule_row, access),
	DB_COL_INT(struct rule_row, r.teaser_words),
};
static const struct db_shape rule_shape = DB_SHAPE(struct rule_row, rule_columns);

struct meter_row {
	struct meter m;
	char window[16];
};
static const struct db_column meter_columns[] = {
	DB_COL_CHARS(struct meter_row, m.name),
	DB_COL_CHARS(struct meter_row, m.section),
	DB_COL_INT(struct meter_row, m.anonymous_limit),
	DB_COL_INT(struct meter_row, m.registered_limit),
	DB_COL_CHARS(struct meter_row, window),
	DB_COL_INT(struct meter_row, m.days),
};
static const struct db_shape meter_shape = DB_SHAPE(struct meter_row, meter_columns);

struct plan_row {
	struct plan p;
	char kind[16];
};
static const struct db_column plan_columns[] = {
	DB_COL_CHARS(struct plan_row, p.name),
	DB_COL_CHARS(struct plan_row, kind),
	DB_COL_CHARS(struct plan_row, p.sections),
	DB_COL_CHARS(struct plan_row, p.title),
	DB_COL_CHARS(struct plan_row, p.price),
	DB_COL_CHARS(struct plan_row, p.href),
};
static const struct db_shape plan_shape = DB_SHAPE(struct plan_row, plan_columns);

/* ---- loading: a word that this program does not know is ERR_CORRUPT, never a guess ---- */

struct loading {
	struct db_conn *c;
	struct snapshot *s;
};

static enum err list(const struct loading *l, const struct db_call *with, void *rows, size_t *n)
{
	struct db_call call = *with;

	call.arena = l->s->arena;
	return db_list(l->c, &call, rows, n);
}

static enum err rules_load(const struct loading *l)
{
	struct rule_row *rows = NULL;
	struct db_call call = { .query = QUERY_RULE_LIST,
		DB_PARAMS(db_int(RULES_MAX)),
		.shape = &rule_shape,
		.max_rows = RULES_MAX };
	size_t n = 0;
	enum err e = list(l, &call, &rows, &n);
	struct paywall_rule *rules = e ? NULL : arena_alloc(l->s->arena, (n + 1) * sizeof *rules);

	if (e || !rules)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		rules[i] = rows[i].r;
		if (policy_rule_kind_parse(str_of(rows[i].kind), &rules[i].kind) != ERR_OK ||
			paywall_access_parse(str_of(rows[i].access), &rules[i].access) != ERR_OK)
			return ERR_CORRUPT;
	}
	l->s->policy.rules = rules;
	l->s->policy.rule_count = n;
	return ERR_OK;
}

static enum err meters_load(const struct loading *l)
{
	struct meter_row *rows = NULL;
	struct db_call call = { .query = QUERY_METER_LIST,
		DB_PARAMS(db_int(METERS_MAX)),
		.shape = &meter_shape,
		.max_rows = METERS_MAX };
	size_t n = 0;
	enum err e = list(l, &call, &rows, &n);
	struct meter *meters = e ? NULL : arena_alloc(l->s->arena, (n + 1) * sizeof *meters);

	if (e || !meters)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		meters[i] = rows[i].m;
		if (policy_window_parse(str_of(rows[i].window), &meters[i].window) != ERR_OK)
			return ERR_CORRUPT;
	}
	l->s->policy.meters = meters;
	l->s->policy.meter_count = n;
	return ERR_OK;
}

static enum err plans_load(const struct loading *l)
{
	struct plan_row *rows = NULL;
	struct db_call call = { .query = QUERY_PLAN_LIST,
		DB_PARAMS(db_int(PLANS_MAX)),
		.shape = &plan_shape,
		.max_rows = PLANS_MAX };
	size_t n = 0;
	enum err e = list(l, &call, &rows, &n);
	struct plan *plans = e ? NULL : arena_alloc(l->s->arena, (n + 1) * sizeof *plans);

	if (e || !plans)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		plans[i] = rows[i].p;
		if (policy_plan_kind_parse(str_of(rows[i].kind), &plans[i].kind) != ERR_OK)
			return ERR_CORRUPT;
	}
	l->s->policy.plans = plans;
	l->s->policy.plan_count = n;
	return ERR_OK;
}

static void snapshot_free(struct snapshot *s)
{
	if (s)
		arena_free(s->arena);
	free(s);
}

static enum err snapshot_load(
	const struct policy_cache *pc, struct db_conn *c, int64_t version, struct snapshot **out)
{
	struct snapshot *s = calloc(1, sizeof *s);
	struct loading l = { .c = c, .s = s };

	if (!s || !(s->arena = arena_new(POLICY_BYTES_MAX))) {
		free(s);
		return ERR_NOMEM;
	}
	s->policy.version = version;
	s->policy.fallback = pc->set.fallback;
	s->policy.ai = pc->set.ai;
	s->policy.open_statuses = pc->set.open_statuses;
	s->policy.sources = pc->set.sources;
	s->policy.source_count = pc->set.source_count;
	enum err e = rules_load(&l);
	if (!e)
		e = meters_load(&l);
	if (!e)
		e = plans_load(&l);
	if (!e)
		e = institutions_load(c, s->arena, &s->policy.institutions);
	if (!e)
		e = path_rules_load(c, s->arena, &s->policy.paths, &s->policy.path_count);
	if (!e)
		e = crawlers_load(c, s->arena, &s->policy.crawlers);
	if (e)
		snapshot_free(s);
	else
		*out = s;
	return e;
}

/* ---- sharing ---- */

enum err policy_cache_open(const struct policy_settings *s, struct policy_cache **out)
{
	struct policy_cache *pc = calloc(1, sizeof *pc);

	if (!pc)
		return ERR_NOMEM;
	pc->set = *s;
	pthread_mutex_init(&pc->lock, NULL);
	*out = pc;
	return ERR_OK;
}

void policy_cache_close(struct policy_cache *pc)
{
	if (!pc)
		return;
	snapshot_free(pc->newest);
	pthread_mutex_destroy(&pc->lock);
	free(pc);
}

const struct paywall_policy *policy_cached(struct policy_cache *pc)
{
	pthread_mutex_lock(&pc->lock);
	struct snapshot *s = pc->newest;
	if (s)
		s->users++;
	pthread_mutex_unlock(&pc->lock);
	return s ? &s->policy : NULL;
}

void policy_release(struct policy_cache *pc, const struct paywall_policy *p)
{
	struct snapshot *s = (struct snapshot *)(uintptr_t)p; /* const to those it is lent to */

	if (!s)
		return;
	pthread_mutex_lock(&pc->lock);
	bool last = --s->users == 0;
	pthread_mutex_unlock(&pc->lock);
	if (last)
		snapshot_free(s);
}

void policy_invalidate(struct policy_cache *pc)
{
	pthread_mutex_lock(&pc->lock);
	pc->invalid = true;
	pthread_mutex_unlock(&pc->lock);
}

/* The newest, if it is of this version and valid; else NULL. */
static const struct paywall_policy *cached_of_version(struct policy_cache *pc, int64_t version)
{
	pthread_mutex_lock(&pc->lock);
	struct snapshot *s = pc->invalid ? NULL : pc->newest;
	if (s && s->policy.version != version)
		s = NULL;
	if (s)
		s->users++;
	pthread_mutex_unlock(&pc->lock);
	return s ? &s->policy : NULL;
}

/* A reader with an older snapshot of the database must not put an old policy in a newer one's
 * place. Either way the caller keeps a share of its own. */
static void adopt(struct policy_cache *pc, struct snapshot *s)
{
	struct snapshot *old = NULL;

	s->users = 1;
	pthread_mutex_lock(&pc->lock);
	if (!pc->newest || pc->newest->policy.version < s->policy.version || pc->invalid) {
		old = pc->newest;
		pc->newest = s;
		pc->invalid = false;
		s->users++;
	}
	pthread_mutex_unlock(&pc->lock);
	if (old)
		policy_release(pc, &old->policy);
}

/* ---- by the database ---- */

struct version_row {
	int64_t version;
};

enum err policy_acquire(
	struct policy_cache *pc, struct db_conn *c, const struct paywall_policy **out)
{
	static const struct db_column columns[] = { DB_COL_INT(struct version_row, version) };
	static const struct db_shape shape = DB_SHAPE(struct version_row, columns);
	struct version_row row;
	struct snapshot *s = NULL;
	enum err e = db_get(
		c, &(struct db_call){ .query = QUERY_POLICY_VERSION, .shape = &shape }, &row);

	if (e)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	*out = cached_of_version(pc, row.version);
	if (*out)
		return ERR_OK;
	e = snapshot_load(pc, c, row.version, &s);
	if (e)
		return e;
	adopt(pc, s);
	*out = &s->policy;
	return ERR_OK;
}
