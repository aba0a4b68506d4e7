/* The policy snapshot: loaded as a whole, shared by reference count, replaced when its version in
 * the database is another. Threads hold it by references, which are counted by shard, so that those
 * who ask for it all the time do not wait for each other. */
#include "postern/path.h"

#include "postern/crawler.h"
#include "postern/institution.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { POLICY_BYTES_MAX = 16 << 20, SHARDS = 16, CACHE_LINE = 64 };

struct snapshot {
	struct paywall_policy policy;
	struct arena *arena;
	unsigned users; /* references, and the cache itself is one; under the cache's lock */
};
struct lease {
	struct paywall_policy policy; /* the snapshot's; first: what is handed out */
	struct snapshot *s;
	struct shard *shard;
	unsigned users; /* under the shard's lock */
};
struct shard {
	_Alignas(CACHE_LINE) pthread_mutex_t lock;
	struct lease *lease; /* of the newest snapshot that was asked for here, or NULL */
};
struct policy_cache {
	struct policy_settings set;
	pthread_mutex_t lock;
	_Atomic(struct snapshot *) now; /* NULL before the first use; changed under the lock */
	atomic_bool doubted;            /* see policy_invalidate */
	struct shard shards[SHARDS];
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

/* ---- snapshots ---- */

enum err policy_cache_open(const struct policy_settings *s, struct policy_cache **out)
{
	struct policy_cache *pc = aligned_alloc(CACHE_LINE, sizeof *pc);

	if (!pc)
		return ERR_NOMEM;
	memset(pc, 0, sizeof *pc);
	pc->set = *s;
	pthread_mutex_init(&pc->lock, NULL);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&pc->shards[i].lock, NULL);
	*out = pc;
	return ERR_OK;
}

static struct snapshot *share(struct policy_cache *pc)
{
	pthread_mutex_lock(&pc->lock);
	struct snapshot *s = pc->now;
	if (s)
		s->users++;
	pthread_mutex_unlock(&pc->lock);
	return s;
}

static void release(struct policy_cache *pc, struct snapshot *s)
{
	pthread_mutex_lock(&pc->lock);
	bool last = s && --s->users == 0;
	pthread_mutex_unlock(&pc->lock);
	if (last)
		snapshot_free(s);
}

/* A reader with an older snapshot of the database must not put an old policy in a newer one's
 * place. */
static void adopt(struct policy_cache *pc, struct snapshot *s)
{
	struct snapshot *old = NULL, *now;

	s->users = 1;
	pthread_mutex_lock(&pc->lock);
	now = atomic_load(&pc->now);
	if (!now || now->policy.version < s->policy.version || atomic_load(&pc->doubted)) {
		old = now;
		s->users++;
		atomic_store(&pc->now, s);
		atomic_store(&pc->doubted, false);
	}
	pthread_mutex_unlock(&pc->lock);
	release(pc, old);
}

/* ---- references ---- */

static struct shard *own_shard(struct policy_cache *pc)
{
	static atomic_uint threads;
	static _Thread_local unsigned number;

	if (number == 0)
		number = atomic_fetch_add(&threads, 1) + 1;
	return &pc->shards[number % SHARDS];
}

/* Takes over the caller's share of the snapshot. */
static struct lease *lease_new(struct shard *sh, struct snapshot *s)
{
	struct lease *l = calloc(1, sizeof *l);

	if (l)
		*l = (struct lease){ .policy = s->policy, .s = s, .shard = sh };
	return l;
}

static void lease_free(struct policy_cache *pc, struct lease *l)
{
	if (l)
		release(pc, l->s);
	free(l);
}

/* A lease of the newest snapshot that the shard has already, or NULL. */
static struct lease *lease_had(struct policy_cache *pc, struct shard *sh)
{
	pthread_mutex_lock(&sh->lock);
	struct lease *l = sh->lease && sh->lease->s == atomic_load(&pc->now) ? sh->lease : NULL;
	if (l)
		l->users++;
	pthread_mutex_unlock(&sh->lock);
	return l;
}

/* For this user, and, if it is the newest, for those who come to the shard after it. */
static struct lease *lease_make(struct policy_cache *pc, struct shard *sh, struct snapshot *s)
{
	struct lease *l = lease_new(sh, s), *old = NULL;

	if (!l) {
		release(pc, s);
		return NULL;
	}
	l->users = 1;
	pthread_mutex_lock(&sh->lock);
	if (s == atomic_load(&pc->now)) {
		old = sh->lease && sh->lease->users == 0 ? sh->lease : NULL;
		sh->lease = l;
	}
	pthread_mutex_unlock(&sh->lock);
	lease_free(pc, old);
	return l;
}

void policy_release(struct policy_cache *pc, const struct paywall_policy *p)
{
	struct lease *l = (struct lease *)(uintptr_t)p;

	if (!l)
		return;
	pthread_mutex_lock(&l->shard->lock);
	bool last = --l->users == 0 && l->shard->lease != l;
	pthread_mutex_unlock(&l->shard->lock);
	if (last)
		lease_free(pc, l);
}

void policy_cache_close(struct policy_cache *pc)
{
	if (!pc)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		lease_free(pc, pc->shards[i].lease);
		pthread_mutex_destroy(&pc->shards[i].lock);
	}
	snapshot_free(pc->now);
	pthread_mutex_destroy(&pc->lock);
	free(pc);
}

/* ---- what others call ---- */

void policy_invalidate(struct policy_cache *pc)
{
	atomic_store(&pc->doubted, true);
}

struct version_row {
	int64_t version;
};

static struct lease *newest(struct policy_cache *pc)
{
	struct shard *sh = own_shard(pc);
	struct lease *l = lease_had(pc, sh);

	if (!l) {
		struct snapshot *s = share(pc);
		l = s ? lease_make(pc, sh, s) : NULL;
	}
	return l;
}

/* The newest, if it is of this version and not in doubt. */
static struct lease *newest_of(struct policy_cache *pc, int64_t version)
{
	struct lease *l = atomic_load(&pc->doubted) ? NULL : newest(pc);

	if (l && l->policy.version != version) {
		policy_release(pc, &l->policy);
		return NULL;
	}
	return l;
}

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
	struct lease *l = newest_of(pc, row.version);
	if (!l) {
		e = snapshot_load(pc, c, row.version, &s);
		if (e)
			return e;
		adopt(pc, s);
		l = lease_make(pc, own_shard(pc), s);
	}
	if (!l)
		return ERR_NOMEM;
	*out = &l->policy;
	return ERR_OK;
}

const struct paywall_policy *policy_cached(struct policy_cache *pc)
{
	struct lease *l = newest(pc);

	return l ? &l->policy : NULL;
}

enum err policy_version_bump(struct db_conn *c)
{
	enum err e = db_run(c, &(struct db_call){ .query = QUERY_POLICY_TOUCH }, NULL);
	return e ? e : db_change_add(c, DB_CHANGE_POLICY, "");
}
