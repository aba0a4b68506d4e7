/* Wires the rooms together: opens database, caches, mail, hashers and HTTP server in that order,
 * hands each room its own settings, waits for a signal, and closes everything in reverse. */
#include "internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The built-in pages need nothing from elsewhere and nothing inline. */
static const char content_security_policy[] =
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action "
	"'self'; base-uri 'none'; "
	"object-src 'none'; frame-ancestors 'none'";

static enum err wall_open(struct app *app)
{
	static const char *const ai[] = { [AI_ALLOW] = "allow",
		[AI_TEASER] = "teaser",
		[AI_PAYMENT] = "payment",
		[AI_BLOCK] = "block" };
	struct policy_settings set = { .open_statuses = app->cfg.open_statuses,
		.source_count = app->cfg.source_count };
	memcpy(set.sources, app->cfg.sources, sizeof set.sources);
	if (str_name_find(ai, COUNT(ai), str_of(app->cfg.ai_policy), &set.ai) != ERR_OK)
		set.ai = AI_BLOCK;
	if (paywall_access_parse(str_of(app->cfg.default_access), &set.fallback) != ERR_OK)
		set.fallback = ACCESS_SUBSCRIBER;
	app->wall = (struct paywall){ .db = app->db,
		.log = &app->log,
		.mail = app->mail,
		.base_url = app->cfg.base_url,
		.licence_url = app->cfg.licence_url,
		.reading_counted = app->cfg.reading_at_once > 0,
		.meter_forged_new = strcmp(app->cfg.meter_forged, "new") == 0,
		.gifts = {
			app->cfg.gifts_per_month, app->cfg.gift_days, app->cfg.gift_redemptions } };
	enum err e = policy_cache_open(&set, &app->wall.policies);
	if (!e && app->cfg.meter_prefix_ceiling > 0)
		e = meter_ceiling_open((unsigned)app->cfg.meter_prefix_ceiling, &app->wall.ceiling);
	return e;
}

enum err app_verifier_open(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	struct dns_verifier_settings set = { .resolver = c->crawler_resolver,
		.timeout_ms = (unsigned)c->crawler_timeout_ms,
		.waiting_max = c->work_threads > 1 ? (unsigned)c->work_threads / 2 : 1,
		.keep_s = c->crawler_keep_hours * 3600,
		.keep_none_s = c->crawler_keep_refused_minutes * 60,
		.log = &app->log };
	return dns_verifier_open(&set, &app->wall.dns_verifier, why);
}

/* One more than may wait to write (database_writers), so that who reads always finds one. */
static unsigned work_threads(const struct config *c)
{
	return (unsigned)c->work_threads + 1;
}

static unsigned database_connections(const struct config *c)
{
	return c->database_connections ? (unsigned)c->database_connections
				       : work_threads(c) + app_hashers_threads(c) + 4;
}

/* What stands before the database. */
static bool serving_start(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	app->log.writer = log_writer_start(app->log.fd, app->log.format);
	/* the writer's and the change log's; two processes that hash */
	app_descriptors_start(app, database_connections(c) + 2, 2 * (app_hashers_threads(c) + 1));
	return app_hashers_start(app, why);
}

/* Of few connections one is left for reading, too. */
static unsigned database_writers(const struct config *c)
{
	unsigned writers = (unsigned)c->work_threads, connections = database_connections(c);
	return connections > 1 && writers >= connections ? connections - 1 : writers;
}

/* Before any thread starts. The very file that was checked, whatever $TZDIR says; UTC needs none.
 */
static void zone_set(struct arena *a, const char *name)
{
	bool utc = strcmp(name, "UTC") == 0;
	time_local_zone_set(utc ? "UTC0" : arena_fmt(a, ":" CONFIG_ZONES "/%s", name));
}

enum err app_open(struct app *app, enum db_use use, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	if (use == DB_SERVE)
		app_memory_tune_start();
	zone_set(app->arena, c->timezone);
	app->log = (struct log){ .level = app_log_level(c),
		.format = strcmp(c->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT,
		.fd = 2 };
	if (use == DB_SERVE && !serving_start(app, why))
		return ERR_NOMEM;
	struct db_settings db = { .url = c->database_url,
		.use = use,
		.readers = database_connections(c),
		.writers = use == DB_SERVE ? database_writers(c) : 0,
		.busy_timeout_ms = 5000,
		.log = &app->log,
		.stop = app->stop };
	enum err e = db_open(&db, &app->db, why);
	if (e)
		return e;
	e = use == DB_LOOK ? db_version_fits(app->db, why) : db_migrate(app->db, why);
	if (e)
		return e;
	struct mail_settings mail = app_mail_settings(c, app);
	if (use != DB_LOOK) /* which sends none, and makes no folder for it */
		e = mail_open(&mail, app->db, &app->mail, why);
	if (e)
		return e;
	app->accounts = (struct accounts){
		.set = app_account_settings(c), .db = app->db, .mail = app->mail, .log = &app->log
	};
	app->accounts.set.cost.by = app->hashers;
	e = path_sites_parse(c->base_url, c->gate_sites, app->arena, &app->sites, why);
	if (e)
		return e;
	e = wall_open(app);
	if (e)
		return e;
	e = crypto_password_cost_check(app->accounts.set.cost);
	if (e)
		snprintf(why, CONFIG_WHY_SIZE,
			"password.memory_kib and password.passes are below what is safe");
	return e;
}

static bool in_tx(void *ctx)
{
	return db_in_tx(ctx);
}

static bool is_lost(void *ctx)
{
	return db_lost(ctx);
}

/* Whole answers to readers who are signed in are shared on the pages of articles alone. */
static bool variant(void *ctx, const struct request *r, struct variant *out)
{
	http_handler *handler = r->route->handler;
	if (handler == pages_article || handler == api_article_get)
		return access_variant(ctx, r, r->params[0], out);
	struct access_request v = { .account_id = r->caller.account_id,
		.client = r->client,
		.client_vague = r->client_vague,
		.user_agent = request_header(r, "User-Agent"),
		.now_s = r->now_s };
	return !r->caller.signed_in && decision_is_anonymous(ctx, &v);
}

static bool own(void *ctx, const struct request *r, void *share, struct response *rsp)
{
	return access_variant_per_reader(ctx, r, share, rsp);
}

static bool identify_cached(
	void *ctx, struct presented_token *token, int64_t now_s, struct caller *out)
{
	return account_identify_cached(ctx, token, now_s, out);
}

/* What stands for an address that nobody could read is our proxy's, and nobody's institution. */
static bool is_shared_address(void *ctx, const struct request *r)
{
	return !r->client_vague && institution_has_client(ctx, r->client, r->now_s);
}

static void http_fill(struct app *app)
{
	const struct config *c = &app->cfg;
	struct http_settings *h = &app->http_set;
	*h = (struct http_settings){ .listen = c->listen,
		.ops_listen = c->ops_listen,
		.base_url = c->base_url,
		.secure = c->secure,
		.hsts_subdomains = c->hsts_subdomains,
		.loop_threads = (unsigned)c->loop_threads,
		.work_threads = work_threads(c),
		.hash_threads = app_hashers_threads(c),
		.work_queue = (unsigned)c->work_queue,
		.hash_queue = (unsigned)c->hash_queue,
		.connections = (unsigned)app->connections,
		.connections_per_address = (unsigned)c->connections_per_address,
		.timeout_s = (unsigned)c->timeout_s,
		.trusted_proxy_count = c->trusted_proxy_count,
		.csp = content_security_policy,
		.clock = &app->clock,
		.log = &app->log,
		.identify = account_identify,
		.identify_ctx = &app->accounts,
		.shared = app->shared,
		.shared_stale_s = c->cache_stale_minutes * 60,
		.identify_cached = identify_cached,
		.variant = variant,
		.own = own,
		.is_shared_address = is_shared_address,
		.shared_factor = (unsigned)c->institution_factor,
		.audience_ctx = &app->wall,
		.is_lost = is_lost,
		.is_lost_ctx = app->db,
		.in_tx = in_tx,
		.in_tx_ctx = app->db,
		.groups = app->groups,
		.group_count = COUNT(app->groups),
		.ops = &app->ops };
	memcpy(h->trusted_proxies, c->trusted_proxies, sizeof h->trusted_proxies);
	app_limits(c, h->limits);
}

static enum err gate_start(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	struct gate_settings gs = { .site_name = c->site_name,
		.tagline = c->tagline,
		.language = c->language,
		.contact = c->contact,
		.contact_href = c->contact_href,
		.imprint_url = c->imprint_url,
		.privacy_url = c->privacy_url,
		.terms_url = c->terms_url,
		.theme = config_theme(c),
		.assets = app_gate_assets(app) };
	return gate_open(&gs, &app->wall, &app->sites, &app->gate, why);
}

/* Who is an anonymous reader is told from the policy in memory, so it is there from the first
 * request on. */
static enum err policy_known_from_start(struct db_conn *c, void *arg)
{
	struct app *app = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = policy_acquire(app->wall.policies, c, &policy);
	policy_release(app->wall.policies, policy);
	return e;
}

/* What readers see. */
static enum err faces_open(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	struct pages_settings ps = { .site_name = c->site_name,
		.tagline = c->tagline,
		.language = c->language,
		.contact = c->contact,
		.contact_href = c->contact_href,
		.base_url = c->base_url,
		.imprint_url = c->imprint_url,
		.privacy_url = c->privacy_url,
		.terms_url = c->terms_url,
		.csp = content_security_policy,
		.theme = config_theme(c),
		.sitemap = c->sitemap,
		.teaser = app_teaser_bound(c),
		.development = c->development };
	enum err e = app_words_open(c, &app->words, why);
	app->accounts.set.common = app->words;
	if (!e)
		e = pages_open(&ps, &app->accounts, &app->wall, &app->pages, why);
	return e ? e : gate_start(app, why);
}

/* What requests count on: the policy, caches, and the threads that work beside them. */
static enum err background_start(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	enum err e = db_read(app->db, policy_known_from_start, app);
	if (e)
		return e;
	e = app_verifier_open(app, why);
	if (!e)
		e = app_caches_open(app);
	if (!e)
		e = db_notes_start(app->db);
	return e ? e : app_readiness_start(app->db, &app->clock, &app->readiness);
}

enum err app_start(struct app *app, char why[static CONFIG_WHY_SIZE])
{
	const struct config *c = &app->cfg;
	app->started_s = clock_now_s(&app->clock);
	enum err e = faces_open(app, why);
	if (!e)
		e = background_start(app, why);
	if (e)
		return e;
	app->api = (struct api){ .accounts = &app->accounts,
		.wall = &app->wall,
		.sites = &app->sites,
		.teaser = app_teaser_bound(c),
		.search_ms = (unsigned)c->search_ms };
	app_routes_fill(app);
	http_fill(app);
	/* before a registration can come in that wakes it */
	e = account_requests_start(&app->accounts, &app->clock);
	if (!e)
		e = http_start(&app->http_set, &app->http, why);
	if (!e)
		e = mail_deliver_start(app->mail);
	if (e)
		return e;
	if (!c->secure)
		LOG(&app->log, LOG_WARN, "insecure",
			log_z("why", "server.base_url is not https: cookies are neither Secure nor "
				     "__Host-"));
	LOG(&app->log, LOG_INFO, "serving", log_z("listen", c->listen),
		log_z("base_url", c->base_url), log_z("version", POSTERN_VERSION));
	app_memory_tune_serve();
	app_memory_log(app);
	return ERR_OK;
}

static sigset_t stop_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

void app_block_signals(void)
{
	sigset_t set = stop_signals();
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void app_ignore_signals(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write */
	signal(SIGCHLD, SIG_DFL); /* a child's number stays its own until it is waited for */
}

/* Not ready before the line is written: a log may be slow. */
static void drain_until_told(struct app *app, const sigset_t *set, int signal)
{
	const struct timespec grace = { .tv_sec = (time_t)app->cfg.drain_s };
	atomic_store(&app->draining, true);
	LOG(&app->log, LOG_INFO, "stopping", log_int("signal", signal),
		log_int("drain_s", app->cfg.drain_s));
	if (app->cfg.drain_s > 0)
		(void)sigtimedwait(set, NULL, &grace);
}

/* The signal that ends it. One that comes while the configuration is being read waits until that is
 * done; while it stops, SIGHUP is not looked at any more. */
static int signal_wait(struct app *app)
{
	sigset_t set = stop_signals();
	sigaddset(&set, SIGHUP);
	for (;;) {
		int got = sigwaitinfo(&set, NULL);
		if (got == SIGHUP && app->source.env)
			app_reload(app);
		else if (got > 0)
			return got;
	}
}

void app_wait(struct app *app)
{
	sigset_t set = stop_signals();
	struct housekeeping *h = app_housekeeping_start(app);
	if (!h)
		LOG(&app->log, LOG_WARN, "housekeeping_failed", log_z("step", "start"),
			log_z("err", err_name(ERR_NOMEM)));
	int got = signal_wait(app);
	drain_until_told(app, &set, got);
	app_housekeeping_stop(h);
}

void app_close(struct app *app)
{
	http_stop(app->http);
	app_readiness_stop(app->readiness);
	account_requests_stop(&app->accounts);
	gate_close(app->gate);
	pages_close(app->pages);
	mail_close(app->mail);
	dns_verifier_close(app->wall.dns_verifier);
	if (app->db)
		db_notes_stop(app->db); /* a note may tell the caches of a change */
	app_caches_close(app); /* ends the feed, which tells the policies to be read anew */
	policy_cache_close(app->wall.policies);
	meter_ceiling_close(app->wall.ceiling);
	db_close(app->db);
	crypto_common_close(app->words);
	arena_free(app->arena);
	crypto_hashers_stop(app->hashers);
	log_writer_stop(app->log.writer);
	*app = (struct app){ 0 };
}
