/* Goal: text goes out in gzip to who takes it, byte for byte the same once unpacked; others,
 * pictures and short answers get the plain bytes; caches can tell the two apart. */
#include "http_help.h"

#include <brotli/decode.h>
#include <zlib.h>

enum { LONG_N = 20000 };
static char long_text[LONG_N + 1];

static enum err page(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, long_text);
	rsp->content_type = "text/html; charset=utf-8";
	rsp->etag = "\"v1\"";
	return ERR_OK;
}

static enum err picture(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, long_text);
	rsp->content_type = "image/png";
	return ERR_OK;
}

static enum err brief(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "short");
	return ERR_OK;
}

static struct buf packed = BUF(1 << 20), smaller = BUF(1 << 20);

static enum err kept(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, long_text);
	rsp->gzip = buf_view(&packed);
	return ERR_OK;
}

static enum err kept_both(void *ctx, struct request *r, struct response *rsp)
{
	enum err e = kept(ctx, r, rsp);
	rsp->brotli = buf_view(&smaller);
	rsp->etag = "\"v2\"";
	return e;
}

/* What a handler prepared and then refused goes to nobody. */
static enum err refused(void *ctx, struct request *r, struct response *rsp)
{
	(void)kept(ctx, r, rsp);
	return ERR_DENIED;
}

/* An error page long enough to be worth compressing. */
static void long_fail(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	const int status = response_error_status(rsp);
	say(r, rsp, long_text);
	rsp->body.p = arena_fmt(r->arena, "%0*d", LONG_N, 0);
	rsp->status = status;
}

static const struct route routes[] = {
	{ METHOD_GET, "/page", "", page, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/loop", "", page, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/kept", "", kept, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/both", "", kept_both, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/picture", "", picture, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/refused", "", refused, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/limited", "", page, WHO_READER, RATE_MAIL, BODY_NONE, 1, LANE_WORK },
	{ METHOD_GET, "/brief", "", brief, WHO_READER, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
};
static const struct route_group groups[] = {
	{ "/", routes, COUNT(routes), "pages", long_fail, CREDENTIAL_COOKIE, NULL },
};

static struct site site;
static struct answer answer;

static int start(void **state)
{
	(void)state;
	for (size_t i = 0; i < LONG_N; i++)
		long_text[i] = "the harbour is open again "[(i + i / 97) % 26];
	if (http_gzip(str_of(long_text), &packed) != ERR_OK ||
		http_brotli(str_of(long_text), &smaller) != ERR_OK)
		return 1;
	site.settings = site_settings(&site);
	site.settings.groups = groups;
	site.settings.group_count = COUNT(groups);
	site.settings.limits[RATE_MAIL] = (struct rate_limit){ 1, 1 };
	site_start(&site);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	site_stop(&site);
	buf_free(&packed);
	buf_free(&smaller);
	return 0;
}

static void get_page(const char *method, const char *path, const char *headers)
{
	char request[512];

	snprintf(
		request, sizeof request, "%s %s HTTP/1.1\r\n" HOST "%s\r\n", method, path, headers);
	assert_true(ask(http_port(site.http, false), request, &answer));
}

static void assert_unpacks(void)
{
	static char out[LONG_N + 100];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)answer_body(&answer),
		.avail_in = (uInt)answer.body_n,
		.next_out = (Bytef *)out,
		.avail_out = sizeof out };

	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	assert_int_equal(z.total_out, LONG_N);
	assert_memory_equal(out, long_text, LONG_N);
}

static const struct {
	const char *path, *accept;
	bool gzip, vary;
} rows[] = {
	{ "/page", "Accept-Encoding: gzip, deflate\r\n", true, true },
	{ "/page", "Accept-Encoding: GZIP;q=0.5\r\n", true, true },
	{ "/page", "Accept-Encoding: *, br;q=0\r\n", true, true },
	{ "/page", "Accept-Encoding: gzip;q=0\r\n", false, true },
	{ "/page", "Accept-Encoding: gzip;q=0.000, *, br;q=0\r\n", false, true },
	{ "/page", "Accept-Encoding:\r\n", false, true },
	{ "/page", "", false, true },
	{ "/loop", "Accept-Encoding: gzip\r\n", false, true }, /* never compressed on the loop */
	{ "/kept", "Accept-Encoding: gzip\r\n", true, true },
	{ "/kept", "", false, true },
	{ "/picture", "Accept-Encoding: gzip\r\n", false, false },
	{ "/brief", "Accept-Encoding: gzip\r\n", false, false },
};

static void test_who_gets_gzip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		get_page("GET", rows[i].path, rows[i].accept);
		const char *encoding = answer_header(&answer, "Content-Encoding");
		if ((encoding != NULL) != rows[i].gzip)
			fail_msg("row %zu: %s", i, encoding ? encoding : "plain");
		assert_int_equal(answer.status, 200);
		assert_int_equal(answer_header_count(&answer, "Vary"), rows[i].vary);
		if (rows[i].gzip)
			assert_unpacks();
		else if (rows[i].vary)
			assert_int_equal(answer.body_n, LONG_N);
	}
}

static void assert_brotli(void)
{
	static uint8_t out[LONG_N + 100];
	size_t n = sizeof out;

	assert_string_equal(answer_header(&answer, "Content-Encoding"), "br");
	assert_int_equal(BrotliDecoderDecompress(
				 answer.body_n, (const uint8_t *)answer_body(&answer), &n, out),
		BROTLI_DECODER_RESULT_SUCCESS);
	assert_int_equal(n, LONG_N);
	assert_memory_equal(out, long_text, LONG_N);
}

/* Goal: brotli goes before gzip where it is there and taken; who takes one only gets that one. */
static void test_who_gets_brotli(void **state)
{
	(void)state;
	get_page("GET", "/both", "Accept-Encoding: gzip, deflate, br\r\n");
	assert_brotli();
	assert_string_equal(answer_header(&answer, "ETag"), "W/\"v2\"");
	get_page("GET", "/both", "Accept-Encoding: br\r\n");
	assert_brotli();
	/* where nothing is there, a lane makes it */
	get_page("GET", "/page", "Accept-Encoding: gzip, deflate, br\r\n");
	assert_brotli();
	get_page("GET", "/page", "Accept-Encoding: *\r\n");
	assert_brotli();
	get_page("GET", "/loop", "Accept-Encoding: br\r\n");
	assert_null(answer_header(&answer, "Content-Encoding"));
	get_page("GET", "/both", "Accept-Encoding: br;q=0, gzip\r\n");
	assert_string_equal(answer_header(&answer, "Content-Encoding"), "gzip");
	assert_unpacks();
	get_page("GET", "/both", "Accept-Encoding: br;q=0, deflate\r\n");
	assert_null(answer_header(&answer, "Content-Encoding"));
	assert_string_equal(answer_header(&answer, "ETag"), "\"v2\"");
	get_page("GET", "/both", "Accept-Encoding: br\r\nIf-None-Match: W/\"v2\"\r\n");
	assert_int_equal(answer.status, 304);
	assert_string_equal(answer_header(&answer, "ETag"), "W/\"v2\"");
	assert_string_equal(answer_header(&answer, "Vary"), "Accept-Encoding");
	assert_null(answer_header(&answer, "Content-Encoding"));
	assert_true(smaller.n < packed.n);
}

/* Goal: the tag of a compressed answer is weak, and either form is good for a 304. */
static void test_entity_tag(void **state)
{
	(void)state;
	get_page("GET", "/page", "Accept-Encoding: gzip\r\n");
	assert_string_equal(answer_header(&answer, "ETag"), "W/\"v1\"");
	get_page("GET", "/page", "");
	assert_string_equal(answer_header(&answer, "ETag"), "\"v1\"");
	get_page("GET", "/page", "Accept-Encoding: gzip\r\nIf-None-Match: W/\"v1\"\r\n");
	assert_int_equal(answer.status, 304);
	assert_null(answer_header(&answer, "Content-Encoding"));
	assert_string_equal(answer_header(&answer, "ETag"), "W/\"v1\"");
	assert_string_equal(answer_header(&answer, "Vary"), "Accept-Encoding");
	get_page("GET", "/page", "If-None-Match: \"v1\"\r\n");
	assert_int_equal(answer.status, 304);
	assert_string_equal(answer_header(&answer, "ETag"), "\"v1\"");
	assert_string_equal(answer_header(&answer, "Vary"), "Accept-Encoding");
}

static void test_head_says_the_same_length(void **state)
{
	char length[32];

	(void)state;
	get_page("GET", "/page", "Accept-Encoding: gzip\r\n");
	snprintf(length, sizeof length, "%s", answer_header(&answer, "Content-Length"));
	assert_true(strtoul(length, NULL, 10) < LONG_N / 4);
	get_page("HEAD", "/page", "Accept-Encoding: gzip\r\n");
	assert_string_equal(answer_header(&answer, "Content-Length"), length);
	assert_int_equal(answer.body_n, 0);
}

/* Goal: a refusal holds nothing of what was refused, and is compressed on a lane, but not by the
 * event loop, which must not be kept busy by those it turns away. */
static void test_refusals(void **state)
{
	(void)state;
	get_page("GET", "/refused", "Accept-Encoding: gzip\r\n");
	assert_int_equal(answer.status, 403);
	assert_string_equal(answer_header(&answer, "Content-Encoding"), "gzip");
	assert_true(answer.body_n != packed.n || memcmp(answer_body(&answer), packed.p, packed.n));
	get_page("GET", "/limited", "Accept-Encoding: gzip\r\n");
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer_header(&answer, "Content-Encoding"), "gzip");
	get_page("GET", "/limited", "Accept-Encoding: gzip\r\n");
	assert_int_equal(answer.status, 429);
	assert_null(answer_header(&answer, "Content-Encoding"));
	assert_int_equal(answer.body_n, LONG_N);
}

/* Goal: a buffer that is too small is an error, not a truncated answer. */
static void test_no_room(void **state)
{
	BUF_AUTO tiny = BUF(16);

	(void)state;
	assert_int_equal(http_gzip(str_of(long_text), &tiny), ERR_TOO_LARGE);
	BUF_AUTO small = BUF(16);
	assert_int_equal(http_brotli(str_of(long_text), &small), ERR_TOO_LARGE);
	BUF_AUTO nothing = BUF(64);
	assert_int_equal(http_brotli(STR(""), &nothing), ERR_OK);
	BUF_AUTO empty = BUF(64);
	assert_int_equal(http_gzip(STR(""), &empty), ERR_OK);
	assert_true(empty.n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_gets_gzip),
		cmocka_unit_test(test_who_gets_brotli),
		cmocka_unit_test(test_entity_tag),
		cmocka_unit_test(test_head_says_the_same_length),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
