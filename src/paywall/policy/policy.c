/* The policy snapshot: loaded as a whole, shared by reference count, replaced when its version in
 * the database is another. One lock guards the pointer and all counts; it is held for a handful of
 * instructions (docs/design.md has the measurement). */
#include "postern/path.h"

#include "postern/crawler.h"
#include "postern/institution.h"
#include "postern/queries/policy.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the arena of one snapshot. */
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

/* ---- loading: a word that this program does not know is ERR_CORRUPT, never a guess ---- */

static enum err lists_load(struct db_conn *c, struct arena *a, struct paywall_policy *p)
{
	struct paywall_rule *rules = NULL;
	struct meter *meters = NULL;
	struct plan *plans = NULL;
	enum err e = q_rule_list(c, RULES_MAX, a, &rules, &p->rule_count);
	if (e)
		return e;
	e = q_meter_list(c, METERS_MAX, a, &meters, &p->meter_count);
	if (e)
		return e;
	e = q_plan_list(c, PLANS_MAX, a, &plans, &p->plan_count);
	p->rules = rules;
	p->meters = meters;
	p->plans = plans;
	return e;
}

static enum err policy_load(struct db_conn *c, struct arena *a, struct paywall_policy *p)
{
	enum err e = lists_load(c, a, p);
	if (e)
		return e;
	e = institutions_load(c, a, &p->institutions);
	if (e)
		return e;
	e = path_rules_load(c, a, &p->paths, &p->path_count);
	return e ? e : crawlers_load(c, a, &p->crawlers);
}

static void snapshot_free(struct snapshot *s)
{
	if (s)
		arena_free(s->arena);
	free(s);
}

/* Reads everything as of the caller's read, into an arena of the snapshot's own. */
static enum err snapshot_load(
	const struct policy_cache *pc, struct db_conn *c, int64_t version, struct snapshot **out)
{
	struct snapshot *s = calloc(1, sizeof *s);
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
	enum err e = policy_load(c, s->arena, &s->policy);
	if (!e && arena_failed(s->arena)) /* a rule less could open what it closes */
		e = ERR_NOMEM;
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

enum err policy_acquire(
	struct policy_cache *pc, struct db_conn *c, const struct paywall_policy **out)
{
	struct snapshot *s = NULL;
	int64_t version = 0;
	enum err e = q_policy_version(c, &version);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	*out = cached_of_version(pc, version);
	if (*out)
		return ERR_OK;
	e = snapshot_load(pc, c, version, &s);
	if (e)
		return e;
	adopt(pc, s);
	*out = &s->policy;
	return ERR_OK;
}
