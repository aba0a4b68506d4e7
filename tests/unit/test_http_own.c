/* Goal: an answer from memory bears the cookie of the reader who gets it and never another one's;
 * and what a face answers by itself in the loop is that, or nothing at all. */
#include "http_help.h"

#include <semaphore.h>

static struct {
	struct site site;
	struct cache *cache;
	_Atomic int made, owned;     /* answers by the handlers; cookies made for what is kept */
	_Atomic bool refuses, plain; /* own says no; the variant has nothing of its own */
	_Atomic bool bad;            /* own sets a header that cannot be sent */
	_Atomic bool ended;          /* nobody has a variant any more */
	sem_t inside, go;
} st;
static struct answer a, b;

static void set_cookie(const struct request *r, struct response *rsp)
{
	response_cookie(r, rsp, &(struct cookie){ .name = "c", .value = str_of(r->id) });
}

static enum err page(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	enum err e = say_made(r, rsp, &st.made);
	if (e)
		return e;
	rsp->shared = (struct response_sharing){
		.on = true, .per_reader_cookie = true, .variant = "counted"
	};
	set_cookie(r, rsp);
	response_header(rsp, "Behind", STR("the cookie"));
	return ERR_OK;
}

/* Two cookies are not one of the reader's own. */
static enum err two(void *ctx, struct request *r, struct response *rsp)
{
	enum err e = page(ctx, r, rsp);
	response_cookie(r, rsp, &(struct cookie){ .name = "d", .value = STR("1") });
	return e;
}

static enum err held(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	sem_post(&st.inside);
	sem_wait(&st.go);
	say(r, rsp, "handler");
	return ERR_OK;
}

static bool variant(void *ctx, const struct request *r, struct variant *out)
{
	(void)ctx;
	(void)snprintf(out->name, sizeof out->name, "counted");
	out->own = atomic_load(&st.plain) ? NULL : arena_alloc(r->arena, 1);
	return !atomic_load(&st.ended);
}

static bool own(void *ctx, const struct request *r, void *share, struct response *rsp)
{
	(void)ctx;
	assert_non_null(share);
	if (atomic_load(&st.refuses))
		return false;
	atomic_fetch_add(&st.owned, 1);
	if (atomic_load(&st.bad))
		response_header(rsp, "Set-Cookie", STR("a=b\r\nX: y"));
	else
		set_cookie(r, rsp);
	return true;
}

/* What is asked for decides: passes, poisons, gives up half-way, or leaves it to the handler. */
static bool known(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	struct str how = r->params[0];
	rsp->status = 200;
	rsp->reason = "known";
	response_header(rsp, "Known", str_eq(how, STR("bad")) ? STR("a\nb") : STR("yes"));
	response_header(rsp, "Caller", r->caller.signed_in ? STR("reader") : STR("anonymous"));
	response_header(rsp, "Asked", how);
	return !str_eq(how, STR("no"));
}

#define ROUTE(method, path, handler)                                                               \
	{                                                                                          \
		method, path, "", handler, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK          \
	}
static const struct route routes[] = {
	ROUTE(METHOD_GET, "/page", page),
	ROUTE(METHOD_GET, "/two", two),
};
static const struct route gate[] = { ROUTE(METHOD_ANY, "/gate/{path...}", held) };
static const struct route_group groups[] = {
	{ "/gate/", gate, COUNT(gate), "gate", site_fail, CREDENTIAL_PROXIED, known },
	{ "/", routes, COUNT(routes), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static bool identify_cached(
	void *ctx, struct presented_token *token, int64_t now_s, struct caller *out)
{
	(void)ctx;
	(void)now_s;
	out->signed_in = str_eq(token->text, STR("pst_good"));
	return out->signed_in;
}

static int open_stage(void **state)
{
	(void)state;
	memset(&st, 0, sizeof st);
	st.cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 300000 });
	assert_non_null(st.cache);
	sem_init(&st.inside, 0, 0);
	sem_init(&st.go, 0, 0);
	struct http_settings *s = &st.site.settings;
	*s = site_settings(&st.site);
	s->groups = groups;
	s->group_count = COUNT(groups);
	s->work_threads = 1;
	s->shared = st.cache;
	s->variant = variant;
	s->own = own;
	s->identify_cached = identify_cached;
	site_start(&st.site);
	cache_validate(st.cache, clock_boot_us() + 60 * 1000000);
	return 0;
}

static int close_stage(void **state)
{
	(void)state;
	site_stop(&st.site);
	cache_free(st.cache);
	return 0;
}

/* The cookie's value is the name of the request, so each is told from all others. */
static void assert_own_cookie(const struct answer *answer)
{
	char want[128];
	(void)snprintf(want, sizeof want, "c=%s; Path=/; HttpOnly; SameSite=Lax",
		answer_header(answer, "X-Request-Id"));
	assert_int_equal(answer_header_count(answer, "Set-Cookie"), 1);
	assert_string_equal(answer_header(answer, "Set-Cookie"), want);
	assert_string_equal(answer_header(answer, "Behind"), "the cookie");
}

static void each_has_his_own(void **state)
{
	(void)state;
	static const char *const encodings[] = { "", "Accept-Encoding: gzip\r\n",
		"Accept-Encoding: br\r\n" };
	const int fd = dial(http_port(st.site.http, false));
	for (int i = 0; i < 12; i++) {
		ask_on(fd, "GET /page", encodings[i % 3], &a);
		assert_int_equal(a.status, 200);
		assert_own_cookie(&a);
	}
	assert_int_equal(atomic_load(&st.made), 1);
	assert_int_equal(atomic_load(&st.owned), 11);
	/* an answer that served others and had their cookies: none is left in it */
	atomic_store(&st.plain, true);
	for (int i = 0; i < 3; i++) {
		ask_on(fd, "GET /page", encodings[i], &a);
		assert_int_equal(answer_header_count(&a, "Set-Cookie"), 0);
	}
	atomic_store(&st.plain, false);
	ask_on(fd, "GET /page", "", &a);
	assert_own_cookie(&a);
	assert_int_equal(atomic_load(&st.made), 1);
	close(fd);
}

static void refused_goes_to_the_handler(void **state)
{
	(void)state;
	const int fd = dial(http_port(st.site.http, false));
	ask_on(fd, "GET /page", "", &a);
	atomic_store(&st.refuses, true);
	ask_on(fd, "GET /page", "", &a);
	assert_own_cookie(&a);
	assert_int_equal(atomic_load(&st.made), 2);
	atomic_store(&st.refuses, false);
	atomic_store(&st.bad, true);
	ask_on(fd, "GET /page", "", &a);
	assert_int_equal(a.status, 200);
	assert_own_cookie(&a);
	assert_int_equal(atomic_load(&st.made), 3);
	close(fd);
}

/* Two wait for a thread, and the first makes the page. The second is given it, unless what made it
 * one of that variant has ended while it waited. */
static void what_ends_in_the_queue_is_noticed(void **state)
{
	(void)state;
	static const char request[] = "GET /page HTTP/1.1\r\n" HOST "\r\n";
	for (int ended = 0; ended < 2; ended++) {
		const int before = atomic_load(&st.made);
		cache_flush(st.cache);
		const int busy = dial(http_port(st.site.http, false));
		put(busy, "GET /gate/no HTTP/1.1\r\n" HOST "\r\n",
			strlen("GET /gate/no HTTP/1.1\r\n" HOST "\r\n"));
		sem_wait(&st.inside);
		int fds[2];
		for (int i = 0; i < 2; i++) {
			fds[i] = dial(http_port(st.site.http, false));
			put(fds[i], request, sizeof request - 1);
			sleep_ms(100); /* until it is in the queue */
		}
		atomic_store(&st.ended, ended);
		sem_post(&st.go);
		for (int i = 0; i < 2; i++) {
			assert_true(read_answer(fds[i], false, &a));
			assert_own_cookie(&a);
			close(fds[i]);
		}
		assert_int_equal(atomic_load(&st.made) - before, 1 + ended);
		close(busy);
	}
}

static void two_cookies_are_not_kept(void **state)
{
	(void)state;
	const int fd = dial(http_port(st.site.http, false));
	ask_on(fd, "GET /two", "", &a);
	ask_on(fd, "GET /two", "", &a);
	assert_int_equal(answer_header_count(&a, "Set-Cookie"), 2);
	assert_int_equal(atomic_load(&st.made), 2);
	close(fd);
}

static void a_face_answers_in_the_loop(void **state)
{
	(void)state;
	static const struct {
		const char *line, *headers, *caller;
	} rows[] = { { "GET /gate/a", "", "anonymous" }, { "HEAD /gate/a", "", "anonymous" },
		{ "POST /gate/a", "Content-Length: 0\r\n", "anonymous" },
		{ "GET /gate/a", "Cookie: postern=pst_good\r\n", "reader" } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		char request[512];
		(void)snprintf(request, sizeof request,
			"%s HTTP/1.1\r\n" HOST "%sConnection: close\r\n\r\n", rows[i].line,
			rows[i].headers);
		assert_true(ask(http_port(st.site.http, false), request, &a));
		assert_int_equal(a.status, 200);
		assert_string_equal(answer_header(&a, "Known"), "yes");
		assert_string_equal(answer_header(&a, "Caller"), rows[i].caller);
	}
	assert_true(site_logged(&st.site, "reason=known"));
}

/* Answers without a body are used again for those who would get the very same, and for no others.
 */
static void readers_are_not_mixed(void **state)
{
	(void)state;
	char last[64] = "";
	const int fd = dial(http_port(st.site.http, false));
	for (int i = 0; i < 40; i++) {
		const bool reader = i % 3 == 1;
		ask_on(fd, i % 4 ? "GET /gate/a" : "GET /gate/b",
			reader ? "Cookie: postern=pst_good\r\n" : "", &a);
		assert_int_equal(a.status, 200);
		assert_int_equal(a.body_n, 0);
		assert_string_equal(answer_header(&a, "Caller"), reader ? "reader" : "anonymous");
		assert_string_equal(answer_header(&a, "Asked"), i % 4 ? "a" : "b");
		assert_int_equal(answer_header_count(&a, "Caller"), 1);
		assert_int_equal(answer_header_count(&a, "X-Request-Id"), 1);
		assert_string_not_equal(answer_header(&a, "X-Request-Id"), last);
		(void)snprintf(last, sizeof last, "%s", answer_header(&a, "X-Request-Id"));
		assert_true(site_logged(&st.site, last));
	}
	close(fd);
}

static void or_leaves_it_to_the_handler(void **state)
{
	(void)state;
	static const struct {
		const char *line, *headers;
	} rows[] = { { "GET /gate/no", "" }, { "GET /gate/bad", "" },
		{ "GET /gate/a", "Cookie: postern=pst_unknown\r\n" } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		const int fd = dial(http_port(st.site.http, false));
		sem_post(&st.go);
		ask_on(fd, rows[i].line, rows[i].headers, &b);
		assert_int_equal(b.status, 200);
		assert_string_equal(answer_body(&b), "handler");
		assert_null(answer_header(&b, "Known"));
		sem_wait(&st.inside);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_has_his_own, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(
			refused_goes_to_the_handler, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(
			what_ends_in_the_queue_is_noticed, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(two_cookies_are_not_kept, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(
			a_face_answers_in_the_loop, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(readers_are_not_mixed, open_stage, close_stage),
		cmocka_unit_test_setup_teardown(
			or_leaves_it_to_the_handler, open_stage, close_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
