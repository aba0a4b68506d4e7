/* Opens the caches (sessions, pages, decision inputs) and connects them to the change log, which
 * tells them what to drop. */
#include "internal.h"

/* Nothing older than this is used when no proof comes in any more. */
enum { PROOF_US = 5000000, SESSION_SHARDS = 64, PAGE_SHARDS = 8, FACTS_SHARDS = 32 };

struct cache *app_caches_all(const struct app *app, size_t i)
{
	/* In the order in which a change drops from them: pages last, since they are made of what
	 * the others hold. A page that was made meanwhile began before its own drop. */
	struct cache *const all[] = { app->accounts.sessions, app->wall.decision_cache,
		app->shared };
	return i < COUNT(all) ? all[i] : NULL;
}

/* A tag stands for one thing, or for any of its kind. */
static void changed(void *ctx, enum db_change kind, struct str key)
{
	struct cache *c = NULL;
	const uint64_t any = db_change_tag(kind, STR(""));
	const uint64_t one = db_change_tag(kind, key);
	for (size_t i = 0; (c = app_caches_all(ctx, i)); i++) {
		cache_drop(c, any);
		if (one != any)
			cache_drop(c, one);
	}
}

static void flush(void *ctx)
{
	struct cache *c = NULL;
	policy_invalidate(((struct app *)ctx)->wall.policies);
	for (size_t i = 0; (c = app_caches_all(ctx, i)); i++)
		cache_flush(c);
}

static void validated(void *ctx, int64_t at_us)
{
	struct cache *c = NULL;
	for (size_t i = 0; (c = app_caches_all(ctx, i)); i++)
		cache_validate(c, at_us);
}

static struct cache *make(int64_t mib, unsigned shards)
{
	return cache_new(&(struct cache_settings){
		.max_bytes = (size_t)mib << 20, .shards = shards, .fresh_us = PROOF_US });
}

enum err app_caches_open(struct app *app)
{
	const struct db_subscriber to = {
		.ctx = app, .changed = changed, .flush = flush, .validated = validated
	};
	app->accounts.sessions = make(app->cfg.cache_sessions_mib, SESSION_SHARDS);
	app->shared = make(app->cfg.cache_pages_mib, PAGE_SHARDS);
	app->wall.decision_cache = make(app->cfg.cache_facts_mib, FACTS_SHARDS);
	if (!app->accounts.sessions || !app->shared || !app->wall.decision_cache)
		return ERR_NOMEM;
	return db_change_log_start(app->db, &to);
}

void app_caches_close(struct app *app)
{
	if (app->db)
		db_change_log_stop(app->db);
	cache_free(app->accounts.sessions);
	cache_free(app->shared);
	cache_free(app->wall.decision_cache);
	app->accounts.sessions = app->shared = app->wall.decision_cache = NULL;
}

static void put_feed(struct app *app, struct buf *out)
{
	struct db_change_log_stats s = db_change_log_stats_get(app->db);
	buf_fmt(out,
		"# HELP postern_feed_live 1 while changes by other processes come in.\n"
		"# TYPE postern_feed_live gauge\npostern_feed_live %d\n"
		"# HELP postern_feed_age_seconds Since all changes were known; above 5 the caches "
		"rest.\n"
		"# TYPE postern_feed_age_seconds gauge\npostern_feed_age_seconds %.3f\n",
		s.live, (double)s.age_us / 1e6);
	buf_fmt(out,
		"# HELP postern_feed_changes_total Changes told to the caches.\n"
		"# TYPE postern_feed_changes_total counter\npostern_feed_changes_total %llu\n"
		"# HELP postern_feed_flushes_total Times all was dropped.\n"
		"# TYPE postern_feed_flushes_total counter\npostern_feed_flushes_total %llu\n"
		"# HELP postern_feed_breaks_total Times the feed was lost.\n"
		"# TYPE postern_feed_breaks_total counter\npostern_feed_breaks_total %llu\n",
		(unsigned long long)s.changes, (unsigned long long)s.flushes,
		(unsigned long long)s.breaks);
}

void app_caches_metrics(struct app *app, struct buf *out)
{
	const struct cache_named named[] = { { "sessions", app->accounts.sessions },
		{ "pages", app->shared }, { "facts", app->wall.decision_cache } };
	put_feed(app, out);
	cache_metrics(named, COUNT(named), out);
}
