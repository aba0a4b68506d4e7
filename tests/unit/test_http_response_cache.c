/* Goal: an answer marked as every anonymous reader's is given from memory to them, to nobody else,
 * and for no longer than it holds; without the database it goes on. */
#include "http_help.h"

#include <semaphore.h>

enum { T0 = 1800000000 };

struct stage { /* what the handler shall do, and what it did */
	struct site site;
	struct cache *cache;
	_Atomic int64_t now_s;
	_Atomic int made; /* answers by the handler */
	_Atomic bool strange, lost, drops;
	_Atomic int err;
	struct response_sharing shared;
	sem_t inside, go;
};
static struct stage *st;
static struct answer a, b;
static int64_t stage_now(void *ctx)
{
	(void)ctx;
	return atomic_load(&st->now_s);
}
static bool stage_variant(void *ctx, const struct request *r, struct variant *out)
{
	(void)ctx;
	*out = (struct variant){ .own = NULL };
	return !r->caller.signed_in && atomic_load(&st->strange);
}
static bool stage_lost(void *ctx)
{
	(void)ctx;
	return atomic_load(&st->lost);
}
static uint64_t tag(const char *key)
{
	return cache_tag("thing", str_of(key));
}

/* A long text with a number that no other answer has. */
static enum err fill(struct request *r, struct response *rsp)
{
	enum err e = say_made(r, rsp, &st->made);
	if (e)
		return e;
	rsp->shared = st->shared;
	if (atomic_load(&st->drops))
		cache_drop(st->cache, tag("a"));
	return (enum err)atomic_load(&st->err);
}

static enum err page(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	rsp->decision = "full";
	rsp->reason = "public";
	response_header(rsp, "Postern-Decision", STR("full; reason=public"));
	return fill(r, rsp);
}
static enum err wall(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	rsp->decision = "teaser";
	rsp->reason = "subscriber_only";
	return fill(r, rsp);
}
static enum err picture(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	enum err e = fill(r, rsp);
	rsp->content_type = "image/png";
	rsp->etag = "\"tag\"";
	rsp->ranges = rsp->cacheable = true;
	rsp->csp = "default-src 'none'";
	response_header(rsp, "Cache-Control", STR("public, max-age=300"));
	return e;
}
static enum err cookie(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	response_cookie(r, rsp, &(struct cookie){ .name = "c", .value = STR("1") });
	return fill(r, rsp);
}
static enum err teapot(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	enum err e = fill(r, rsp);
	rsp->status = 404;
	return e;
}
static enum err slow(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	sem_post(&st->inside);
	sem_wait(&st->go);
	say(r, rsp, "slow");
	return ERR_OK;
}

#define ROUTE(method, path, handler, who)                                                          \
	{                                                                                          \
		method, path, "a b c new other", handler, who, RATE_PAGE, BODY_NONE, 1, LANE_WORK  \
	}
static const struct route routes[] = {
	ROUTE(METHOD_GET, "/page", page, WHO_READER),
	ROUTE(METHOD_GET, "/wall", wall, WHO_READER),
	ROUTE(METHOD_GET, "/picture", picture, WHO_READER),
	ROUTE(METHOD_GET, "/cookie", cookie, WHO_READER),
	ROUTE(METHOD_GET, "/teapot", teapot, WHO_READER),
	ROUTE(METHOD_GET, "/mine", page, WHO_SIGNED_IN),
	ROUTE(METHOD_GET, "/slow", slow, WHO_READER),
};
static const struct route api[] = { ROUTE(METHOD_GET, "/api/page", page, WHO_READER) };
static const struct route_group groups[] = {
	{ "/api/", api, COUNT(api), "api", site_fail, CREDENTIAL_BEARER, NULL },
	{ "/", routes, COUNT(routes), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static int open_stage(void **state)
{
	st = calloc(1, sizeof *st);
	assert_non_null(st);
	*state = st;
	st->cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 300000 });
	assert_non_null(st->cache);
	atomic_store(&st->now_s, T0);
	atomic_store(&st->strange, true);
	st->site.clock = (struct clock){ stage_now, NULL };
	sem_init(&st->inside, 0, 0);
	sem_init(&st->go, 0, 0);
	st->shared = (struct response_sharing){
		.on = true, .tags = { tag("a"), tag("b") }, .tag_count = 2
	};
	struct http_settings *s = &st->site.settings;
	*s = site_settings(&st->site);
	s->groups = groups;
	s->group_count = COUNT(groups);
	s->work_threads = 1;
	s->shared = st->cache;
	s->shared_stale_s = 3600;
	s->variant = stage_variant;
	s->is_lost = stage_lost;
	site_start(&st->site);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	site_stop(&st->site);
	cache_free(st->cache);
	free(st);
	return 0;
}

static void go(const char *line, const char *headers, struct answer *out)
{
	char request[2048];
	(void)snprintf(request, sizeof request,
		"%s HTTP/1.1\r\n" HOST "%sConnection: close\r\n\r\n", line, headers);
	assert_true(ask(http_port(st->site.http, false), request, out));
}

/* How many answers the handler has made by now. */
static int made_after(const char *line, const char *headers)
{
	go(line, headers, &a);
	return atomic_load(&st->made);
}

static void cache_lives(void)
{
	cache_validate(st->cache, clock_boot_us() + 60 * 1000000);
}

static void kept_and_given(void **state)
{
	(void)state;
	cache_lives();
	go("GET /page", "", &a);
	go("GET /page", "", &b);
	assert_int_equal(atomic_load(&st->made), 1);
	assert_int_equal(b.status, 200);
	assert_string_equal(answer_body(&a), answer_body(&b));
	for (const char *const *h = (const char *const[]){ "Content-Type", "Postern-Decision",
		     "Cache-Control", "Vary", "Content-Security-Policy", NULL };
		*h; h++) {
		char first[256];
		const char *value = answer_header(&a, *h);
		assert_non_null(value);
		(void)snprintf(first, sizeof first, "%s", value);
		assert_string_equal(answer_header(&b, *h), first);
	}
	assert_null(answer_header(&b, "Cache-Status"));
	assert_true(site_logged(&st->site, "decision=full reason=public"));
	assert_int_equal(made_after("GET /page", "Accept-Encoding: gzip\r\n"), 1);
	assert_string_equal(answer_header(&a, "Content-Encoding"), "gzip");
	assert_true(a.body_n < LONG / 2);
	assert_int_equal(made_after("HEAD /page", ""), 1);
	assert_int_equal(a.body_n, 0);
	assert_int_equal(made_after("GET /api/page", ""), 2);
	assert_int_equal(made_after("GET /api/page", ""), 2);
}

static void pictures(void **state)
{
	(void)state;
	cache_lives();
	assert_int_equal(made_after("GET /picture", ""), 1);
	assert_int_equal(made_after("GET /picture", "Range: bytes=0-3\r\n"), 1);
	assert_int_equal(a.status, 206);
	assert_string_equal(answer_body(&a), "made");
	assert_int_equal(made_after("GET /picture", "If-None-Match: \"tag\"\r\n"), 1);
	assert_int_equal(a.status, 304);
	assert_int_equal(made_after("GET /picture", "Accept-Encoding: gzip\r\n"), 1);
	assert_null(answer_header(&a, "Content-Encoding"));
	assert_string_equal(answer_header(&a, "Cache-Control"), "public, max-age=300");
	assert_string_equal(answer_header(&a, "Content-Security-Policy"), "default-src 'none'");
}

/* On the event loop: no work thread is needed. */
static void without_a_thread(void **state)
{
	(void)state;
	cache_lives();
	assert_int_equal(made_after("GET /page", ""), 1);
	const int fd = dial(http_port(st->site.http, false));
	static const char request[] = "GET /slow HTTP/1.1\r\n" HOST "\r\n";
	put(fd, request, sizeof request - 1);
	sem_wait(&st->inside);
	assert_int_equal(made_after("GET /page", ""), 1);
	assert_int_equal(a.status, 200);
	sem_post(&st->go);
	assert_true(read_answer(fd, false, &a));
	close(fd);
}

static void never_kept(void **state)
{
	(void)state;
	static const char *const rows[] = { "GET /cookie", "GET /teapot", "HEAD /page" };
	cache_lives();
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int before = atomic_load(&st->made);
		assert_int_equal(made_after(rows[i], ""), before + 1);
		assert_int_equal(made_after(rows[i], ""), before + 2);
	}
	st->shared.on = false;
	assert_int_equal(made_after("GET /page", ""), 7);
	assert_int_equal(made_after("GET /page", ""), 8);
	st->shared.on = true;
	char line[700] = "GET /page?a=";
	memset(line + strlen(line), 'y', 600);
	assert_int_equal(made_after(line, ""), 9);
	assert_int_equal(made_after(line, ""), 10);
	assert_int_equal(cache_stats_get(st->cache).entries, 0);
}

/* Each target is another; an anonymous reader's page is not given to who shows a credential, good
 * or not. */
static void to_whom(void **state)
{
	(void)state;
	static const struct {
		const char *line, *headers;
	} others[] = {
		{ "GET /page", "Cookie: postern=pst_good\r\n" },
		{ "GET /page", "Cookie: postern=pst_bad\r\n" },
		{ "GET /api/page", "Authorization: Bearer pst_good\r\n" },
		{ "GET /api/page", "Authorization: Bearer pst_bad\r\n" },
		{ "GET /mine", "Cookie: postern=pst_good\r\n" },
	};
	cache_lives();
	assert_int_equal(made_after("GET /page", ""), 1);
	assert_int_equal(made_after("GET /api/page", ""), 2);
	assert_int_equal(made_after("GET /page?a=1", ""), 3);
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < COUNT(others); k++) {
			const int before = atomic_load(&st->made);
			assert_int_equal(made_after(others[k].line, others[k].headers), before + 1);
		}
	const int before = atomic_load(&st->made);
	assert_int_equal(made_after("GET /page", ""), before);
	assert_memory_equal(answer_body(&a), "made 1 ", 7);
	/* and the reverse */
	assert_int_equal(made_after("GET /page?b", "Cookie: postern=pst_good\r\n"), before + 1);
	assert_int_equal(made_after("GET /page?b", ""), before + 2);
	/* and neither for whom the address or the agent tells apart */
	atomic_store(&st->strange, false);
	assert_int_equal(made_after("GET /page", ""), before + 3);
	assert_int_equal(made_after("GET /page?c", ""), before + 4);
	atomic_store(&st->strange, true);
	assert_int_equal(made_after("GET /page?c", ""), before + 5);
}

/* What nobody reads makes no other page, and what is read is one page however it is written. */
static void what_is_read(void **state)
{
	(void)state;
	static const char *const alike[] = { "GET /page?a=1&b=x+y", "GET /page?b=x%20y&a=1",
		"GET /page?fbclid=%zz&b=x%20y&fbclid&%61=%31&&", "HEAD /page?a=1&b=x+y" };
	static const char *const bare[] = { "GET /page", "GET /page?", "GET /page?fbclid=1",
		"GET /page?fbclid=2&utm_source=x&utm_source=y", "GET /p%61ge?50%off",
		"GET /page?A=1" };
	cache_lives();
	for (size_t i = 0; i < COUNT(bare); i++)
		assert_int_equal(made_after(bare[i], ""), 1);
	for (size_t i = 0; i < COUNT(alike); i++)
		assert_int_equal(made_after(alike[i], ""), 2);
	/* nor can a value be taken for a name */
	assert_int_equal(made_after("GET /page?a=1%26b%3Dx+y", ""), 3);
	assert_int_equal(made_after("GET /page?a=1", ""), 4);
	assert_int_equal(made_after("GET /page%3Fa=1", ""), 4);
}

static void how_long(void **state)
{
	(void)state;
	cache_lives();
	st->shared.fresh_until_s = T0 + 10;
	assert_int_equal(made_after("GET /page", ""), 1);
	atomic_store(&st->now_s, T0 + 9);
	assert_int_equal(made_after("GET /page", ""), 1);
	atomic_store(&st->now_s, T0 + 10);
	st->shared.fresh_until_s = 0;
	assert_int_equal(made_after("GET /page", ""), 2);
	atomic_store(&st->now_s, T0 + 69); /* without a moment: a minute */
	assert_int_equal(made_after("GET /page", ""), 2);
	atomic_store(&st->now_s, T0 + 70);
	assert_int_equal(made_after("GET /page", ""), 3);
	cache_drop(st->cache, tag("b"));
	assert_int_equal(made_after("GET /page", ""), 4);
	cache_drop(st->cache, tag("c"));
	assert_int_equal(made_after("GET /page", ""), 4);
	/* changed while it was made */
	atomic_store(&st->drops, true);
	assert_int_equal(made_after("GET /page?new", ""), 5);
	atomic_store(&st->drops, false);
	assert_int_equal(made_after("GET /page?new", ""), 6);
	assert_int_equal(made_after("GET /page?new", ""), 6);
}

static void unproven_is_not_given(void **state)
{
	(void)state;
	assert_int_equal(made_after("GET /page", ""), 1);
	sleep_ms(400);
	assert_int_equal(made_after("GET /page", ""), 2);
}

/* Lost: no matter how old, up to its bound and its own end. */
static void lost(void **state)
{
	(void)state;
	st->shared.usable_until_s = T0 + 500;
	assert_int_equal(made_after("GET /page", ""), 1);
	sleep_ms(1200);
	atomic_store(&st->err, ERR_UNAVAILABLE);
	/* nobody knows yet: the handler fails, and what is kept is better than that */
	assert_int_equal(made_after("GET /page", ""), 2);
	assert_int_equal(a.status, 200);
	assert_memory_equal(answer_body(&a), "made 1 ", 7);
	assert_string_equal(answer_header(&a, "Cache-Status"),
		"Postern; hit; ttl=-1; detail=\"database lost\"");
	atomic_store(&st->lost, true);
	assert_int_equal(made_after("GET /page", ""), 2);
	assert_int_equal(a.status, 200);
	assert_int_equal(made_after("GET /page?other", ""), 3);
	assert_int_equal(a.status, 503);
	assert_non_null(answer_header(&a, "Retry-After"));
	atomic_store(&st->now_s, T0 + 499);
	assert_int_equal(made_after("GET /page", ""), 3);
	assert_int_equal(a.status, 200);
	atomic_store(&st->now_s, T0 + 500);
	assert_int_equal(made_after("GET /page", ""), 4);
	assert_int_equal(a.status, 503);
	/* dropped is dropped */
	atomic_store(&st->now_s, T0);
	cache_drop(st->cache, tag("a"));
	assert_int_equal(made_after("GET /page", ""), 5);
	assert_int_equal(a.status, 503);
	BUF_AUTO m = BUF(1 << 20);
	http_metrics(st->site.http, &m);
	assert_non_null(strstr(m.p, "\npostern_http_stale_total 3\n"));
}

/* A session that nobody can look up costs its reader nothing that anonymous readers have, be it
 * known that the database is lost or not; but a wall is not shown to one who may have paid. */
static void lost_with_a_session(void **state)
{
	(void)state;
	static const char session[] = "Cookie: postern=pst_good\r\n";
	assert_int_equal(made_after("GET /page", ""), 1);
	assert_int_equal(made_after("GET /wall", ""), 2);
	sleep_ms(400);
	atomic_store(&st->err, ERR_UNAVAILABLE);
	st->site.identify_err = ERR_UNAVAILABLE;
	for (int known = 0; known < 2; known++) {
		atomic_store(&st->lost, known == 1);
		assert_int_equal(made_after("GET /page", session), 2);
		assert_int_equal(a.status, 200);
		assert_memory_equal(answer_body(&a), "made 1 ", 7);
		assert_non_null(answer_header(&a, "Cache-Status"));
		assert_int_equal(made_after("GET /wall", session), 2);
		assert_int_equal(a.status, 503);
		assert_non_null(answer_header(&a, "Retry-After"));
	}
	assert_int_equal(made_after("GET /wall", ""), 2);
	assert_int_equal(a.status, 200);
	atomic_store(&st->strange, false); /* of an institution, say */
	go("GET /page", session, &a);
	assert_int_equal(a.status, 503);
}

/* Only what says that the database is not there. */
static void other_failures_show(void **state)
{
	(void)state;
	static const struct {
		enum err err;
		int status;
	} rows[] = { { ERR_BUSY, 503 }, { ERR_INTERNAL, 500 }, { ERR_NOT_FOUND, 404 },
		{ ERR_GONE, 410 }, { ERR_CORRUPT, 500 } };
	assert_int_equal(made_after("GET /page", ""), 1);
	sleep_ms(400);
	for (size_t i = 0; i < COUNT(rows); i++) {
		atomic_store(&st->err, (int)rows[i].err);
		go("GET /page", "", &a);
		assert_int_equal(a.status, rows[i].status);
	}
}

static void too_old(void **state)
{
	(void)state;
	site_stop(&st->site);
	st->site.settings = site_settings(&st->site);
	st->site.settings.groups = groups;
	st->site.settings.group_count = COUNT(groups);
	st->site.settings.shared = st->cache;
	st->site.settings.shared_stale_s = 1;
	st->site.settings.is_lost = stage_lost;
	site_start(&st->site);
	assert_int_equal(made_after("GET /page", ""), 1);
	atomic_store(&st->lost, true);
	atomic_store(&st->err, ERR_UNAVAILABLE);
	sleep_ms(500);
	go("GET /page", "", &a);
	assert_int_equal(a.status, 200);
	sleep_ms(700);
	go("GET /page", "", &a);
	assert_int_equal(a.status, 503);
}

/* Who reads slowly goes on reading what was put out meanwhile. */
static void outlives_its_end(void **state)
{
	(void)state;
	cache_lives();
	assert_int_equal(made_after("GET /page", ""), 1);
	const int fd = dial(http_port(st->site.http, false));
	static const char request[] = "GET /page HTTP/1.1\r\n" HOST "\r\n";
	for (int i = 0; i < 50; i++) {
		put(fd, request, sizeof request - 1);
		cache_flush(st->cache);
		assert_true(read_answer(fd, false, &b));
		assert_int_equal(b.body_n, LONG);
		if (i % 2)
			go("GET /page", "", &a);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kept_and_given, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(pictures, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(without_a_thread, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(never_kept, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(to_whom, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(what_is_read, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(how_long, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(unproven_is_not_given, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(lost, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(lost_with_a_session, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(other_failures_show, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(too_old, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(outlives_its_end, open_stage, close_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
