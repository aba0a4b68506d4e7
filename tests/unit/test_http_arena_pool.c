/* Goal: what a loop thread uses again (the answer made of a kept page) is never another reader's,
 * nor another page's, nor one that was dropped. */
#include "http_help.h"

#include <semaphore.h>

static struct {
	struct site site;
	struct cache *cache;
	_Atomic int made; /* answers by the handlers */
	sem_t inside, go;
} st;
static struct answer a;

static uint64_t tag(const char *key)
{
	return cache_tag("thing", str_of(key));
}

/* A long text with a number that no other answer has, for all anonymous readers. */
static enum err page(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	enum err e = say_made(r, rsp, &st.made);
	if (e)
		return e;
	rsp->shared = (struct response_sharing){ .on = true, .tags = { tag("a") }, .tag_count = 1 };
	return ERR_OK;
}

static enum err picture(void *ctx, struct request *r, struct response *rsp)
{
	enum err e = page(ctx, r, rsp);
	rsp->content_type = "image/png";
	rsp->etag = "\"tag\"";
	rsp->ranges = rsp->cacheable = true;
	response_header(rsp, "Cache-Control", STR("public, max-age=300"));
	return e;
}

/* One that takes as long as the test wants. */
static enum err held(void *ctx, struct request *r, struct response *rsp)
{
	sem_post(&st.inside);
	sem_wait(&st.go);
	return page(ctx, r, rsp);
}

#define ROUTE(path, handler)                                                                       \
	{                                                                                          \
		METHOD_GET, path, "", handler, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK      \
	}
static const struct route routes[] = {
	ROUTE("/page", page),
	ROUTE("/picture", picture),
	ROUTE("/held", held),
};
static const struct route_group groups[] = {
	{ "/", routes, COUNT(routes), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

static int open_stage(void **state)
{
	(void)state;
	memset(&st, 0, sizeof st);
	st.cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 300000 });
	assert_non_null(st.cache);
	sem_init(&st.inside, 0, 0);
	sem_init(&st.go, 0, 0);
	st.site.settings = site_settings(&st.site);
	st.site.settings.groups = groups;
	st.site.settings.group_count = COUNT(groups);
	st.site.settings.work_threads = 1;
	st.site.settings.shared = st.cache;
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

enum { NAMES = 12 };

/* Goal: an answer that serves several requests bears each one's own name, once, and is otherwise
 * the same; those that differ (compressed, HEAD, a part, not modified) neither take it nor spoil
 * it.
 */
static void names_differ(void **state)
{
	(void)state;
	static const struct {
		const char *line, *headers;
		int status;
		bool gzip;
	} asks[NAMES] = { { "GET /page", "", 200, false }, { "GET /page", "", 200, false },
		{ "GET /page", "", 200, false },
		{ "GET /page", "Accept-Encoding: gzip\r\n", 200, true },
		{ "GET /page", "Accept-Encoding: gzip, br\r\n", 200, true },
		{ "HEAD /page", "", 200, false }, { "GET /page", "", 200, false },
		{ "GET /picture", "", 200, false }, { "GET /picture", "", 200, false },
		{ "GET /picture", "Range: bytes=0-3\r\n", 206, false },
		{ "GET /picture", "If-None-Match: \"tag\"\r\n", 304, false },
		{ "GET /picture", "", 200, false } };
	char names[NAMES][64];
	const int fd = dial(http_port(st.site.http, false));
	for (int i = 0; i < NAMES; i++) {
		ask_on(fd, asks[i].line, asks[i].headers, &a);
		assert_int_equal(a.status, asks[i].status);
		assert_int_equal(answer_header_count(&a, "X-Request-Id"), 1);
		assert_int_equal(answer_header_count(&a, "Content-Encoding"), asks[i].gzip);
		assert_int_equal(answer_header_count(&a, "Content-Range"), a.status == 206);
		(void)snprintf(names[i], sizeof names[i], "%s", answer_header(&a, "X-Request-Id"));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(names[i], names[k]);
		assert_true(site_logged(&st.site, names[i]));
	}
	assert_int_equal(atomic_load(&st.made), 2);
	close(fd);
}

/* Goal: what was put out of memory is not given from an answer that was made of it. */
static void dropped_is_not_given_again(void **state)
{
	(void)state;
	const int fd = dial(http_port(st.site.http, false));
	for (int round = 1; round <= 3; round++) {
		char want[32];
		(void)snprintf(want, sizeof want, "made %d ", round);
		for (int i = 0; i < 4; i++) {
			ask_on(fd, "GET /page", "", &a);
			assert_true(str_starts(str_of(answer_body(&a)), str_of(want)));
		}
		cache_drop(st.cache, tag("a"));
	}
	close(fd);
}

/* Goal: readers on several connections who leave in the middle take nothing from each other. */
static void many_and_some_leave(void **state)
{
	(void)state;
	enum { FDS = 24, ROUNDS = 20 };
	static const char request[] = "GET /page HTTP/1.1\r\n" HOST "\r\n";
	for (int round = 0; round < ROUNDS; round++) {
		int fds[FDS];
		for (int i = 0; i < FDS; i++) {
			fds[i] = dial(http_port(st.site.http, false));
			put(fds[i], request, sizeof request - 1);
		}
		for (int i = 0; i < FDS; i++) {
			if (i % 3 != 0) {
				assert_true(read_answer(fds[i], false, &a));
				assert_int_equal(a.status, 200);
				assert_int_equal(a.body_n, LONG);
				assert_int_equal(answer_header_count(&a, "X-Request-Id"), 1);
			}
			close(fds[i]);
		}
	}
}

static bool waiting_are(const char *number)
{
	BUF_AUTO text = BUF(1 << 20);
	BUF_AUTO want = BUF(100);
	http_metrics(st.site.http, &text);
	buf_fmt(&want, "postern_lane_waiting{lane=\"work\"} %s\n", number);
	return memmem(text.p, text.n, want.p, want.n) != NULL;
}

/* Goal: those who wait while a page is being made are given it, and do not make it again. */
static void made_once_for_all_who_wait(void **state)
{
	(void)state;
	enum { FDS = 12 };
	static const char request[] = "GET /held HTTP/1.1\r\n" HOST "\r\n";
	int fds[FDS];
	for (int i = 0; i < FDS; i++) {
		fds[i] = dial(http_port(st.site.http, false));
		put(fds[i], request, sizeof request - 1);
	}
	sem_wait(&st.inside);
	for (int i = 0; i < 500 && !waiting_are("11"); i++)
		sleep_ms(10);
	sem_post(&st.go);
	for (int i = 0; i < FDS; i++) {
		assert_true(read_answer(fds[i], false, &a));
		assert_true(str_starts(str_of(answer_body(&a)), STR("made 1 ")));
		close(fds[i]);
	}
	assert_int_equal(atomic_load(&st.made), 1);
}

/* The size of the page in this coding; NULL: as it is. */
static size_t size_of(const char *headers, const char *encoding)
{
	const int fd = dial(http_port(st.site.http, false));
	ask_on(fd, "GET /page", headers, &a);
	close(fd);
	assert_int_equal(a.status, 200);
	assert_int_equal(atomic_load(&st.made), 1);
	assert_int_equal(answer_header_count(&a, "Content-Encoding"), encoding != NULL);
	if (encoding)
		assert_string_equal(answer_header(&a, "Content-Encoding"), encoding);
	return a.body_n;
}

/* Goal: a page is compressed once and quickly, in what its first reader takes; well, and in both
 * codings, when it has been asked for some more times. The handler makes it once. */
static void packed_well_when_hot(void **state)
{
	(void)state;
	const size_t quick = size_of("Accept-Encoding: gzip\r\n", "gzip");
	for (int i = 0; i < 7; i++)
		assert_int_equal(size_of("Accept-Encoding: br\r\n", NULL), LONG);
	const size_t brotli = size_of("Accept-Encoding: br\r\n", "br");
	assert_true(brotli < quick);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(size_of("Accept-Encoding: gzip, br\r\n", "br"), brotli);
		assert_true(size_of("Accept-Encoding: gzip\r\n", "gzip") <= quick);
		assert_int_equal(size_of("", NULL), LONG);
	}
}

/* Goal: made for a client that takes no coding, it is compressed for the first that does. */
static void packed_for_the_first_that_takes_it(void **state)
{
	(void)state;
	assert_int_equal(size_of("", NULL), LONG);
	assert_true(size_of("Accept-Encoding: br\r\n", "br") < LONG);
	assert_true(size_of("Accept-Encoding: gzip\r\n", "gzip") < LONG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_differ),
		TEST(dropped_is_not_given_again),
		TEST(made_once_for_all_who_wait),
		TEST(many_and_some_leave),
		TEST(packed_well_when_hot),
		TEST(packed_for_the_first_that_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
