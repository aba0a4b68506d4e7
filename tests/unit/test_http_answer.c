/* Goal: an answer carries what makes it safe, whatever its handler did: headers, cookies,
 * conditions, ranges, errors. */
#include "http_help.h"

static enum err plain(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "0123456789");
	return ERR_OK;
}

static enum err tagged(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "0123456789");
	rsp->etag = "\"v1\"";
	rsp->ranges = true;
	rsp->cacheable = true;
	response_header(rsp, "Cache-Control", STR("private, max-age=60"));
	response_header(rsp, "Vary", STR("Cookie"));
	return ERR_OK;
}

static enum err cookies(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	rsp->body = request_cookie(r, "postern");
	response_header(rsp, "Cache-Control", STR("public")); /* and not cacheable: dropped */
	response_cookie(r, rsp, &(struct cookie){ "postern", STR("abc"), 0 });
	response_cookie(r, rsp, &(struct cookie){ "reset", STR("xyz"), 600 });
	response_cookie(r, rsp, &(struct cookie){ "old", STR(""), -1 });
	return ERR_OK;
}

static enum err faults(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "secret");
	struct str name = r->params[0];
	if (str_eq(name, STR("value"))) {
		response_header(rsp, "X-A", STR("a\r\nSet-Cookie: b=c"));
	} else if (str_eq(name, STR("name"))) {
		response_header(rsp, "X A", STR("a"));
	} else if (str_eq(name, STR("location"))) {
		response_redirect(rsp, STR("/a\nb"));
	} else if (str_eq(name, STR("nul"))) {
		response_header(rsp, "X-A", STR("a\0b"));
	} else if (str_eq(name, STR("cookie"))) {
		response_cookie(r, rsp, &(struct cookie){ "a", STR("b; Domain=x"), 0 });
	} else if (str_eq(name, STR("cookie_name"))) {
		response_cookie(r, rsp, &(struct cookie){ "a; Domain=x", STR("b"), 0 });
	} else if (str_eq(name, STR("many"))) {
		for (int i = 0; i <= RESPONSE_HEADERS_MAX; i++) {
			response_header(rsp, "X-A", STR("a"));
		}
	} else if (str_eq(name, STR("status"))) {
		rsp->status = 0;
	}
	return ERR_OK;
}

static _Atomic bool *transaction; /* of the site that runs */

static enum err left_open(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "secret");
	atomic_store(transaction, true);
	return ERR_OK;
}

/* /errors/NUMBER */
static enum err failing(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	int64_t number = 0;
	if (str_int(r->params[0], 0, 99, &number) != ERR_OK) {
		response_problem(rsp, "name", "too_long", "Too long.");
		return ERR_INVALID;
	}
	say(r, rsp, "secret");
	rsp->cacheable = true;
	response_header(rsp, "X-Kept", STR("yes"));
	return (enum err)number;
}

static enum err own_headers(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	rsp->csp = "default-src 'none'";
	response_header(rsp, "Referrer-Policy", STR("no-referrer"));
	response_header(rsp, "Remote-User", STR(""));
	for (int i = 0; i < RESPONSE_HEADERS_MAX - 2; i++) {
		response_header(rsp, "X-A", STR("a"));
	}
	return ERR_OK;
}

static enum err moved(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	(void)r;
	response_redirect(rsp, STR("/login?return_to=%2Faccount"));
	return ERR_OK;
}

static enum err no_content(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	(void)r;
	rsp->status = 204;
	return ERR_OK;
}

#define GET_ROUTE(pattern, handler)                                                                \
	{                                                                                          \
		METHOD_GET, pattern, "", handler, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_WORK   \
	}
static const struct route pages[] = {
	GET_ROUTE("/plain", plain),
	GET_ROUTE("/tagged", tagged),
	GET_ROUTE("/cookies", cookies),
	GET_ROUTE("/faults/{which}", faults),
	GET_ROUTE("/open", left_open),
	GET_ROUTE("/errors/{number}", failing),
	GET_ROUTE("/own", own_headers),
	GET_ROUTE("/moved", moved),
	GET_ROUTE("/nothing", no_content),
};
static const struct route api[] = {
	GET_ROUTE("/api/errors/{number}", failing),
	{ METHOD_GET, "/api/me", "", plain, WHO_SIGNED_IN, RATE_LOGIN, BODY_NONE, 1, LANE_WORK },
};
static const struct route ops[] = {
	{ METHOD_GET, "/health/live", "", plain, WHO_ANYONE, RATE_OPS, BODY_NONE, 1, LANE_LOOP },
};
static const struct route_group groups[] = {
	{ "/api/", api, COUNT(api), "api", site_fail, CREDENTIAL_BEARER, NULL },
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};
static const struct route_group ops_group = { "/", ops, COUNT(ops), "ops", site_fail,
	CREDENTIAL_NONE, NULL };

static void start(struct site *site, bool secure)
{
	*site = (struct site){ 0 };
	site->settings = site_settings(site);
	site->settings.groups = groups;
	site->settings.group_count = COUNT(groups);
	site->settings.ops_listen = "127.0.0.1:0";
	site->settings.ops = &ops_group;
	site->settings.secure = secure;
	site->settings.base_url = secure ? "https://news.example" : "http://news.example";
	site->settings.limits[RATE_LOGIN] = (struct rate_limit){ 2, 4 };
	site_start(site);
}

static struct answer a;

static void fetch(
	const struct site *site, const char *method, const char *path, const char *headers)
{
	char request[2048];
	(void)snprintf(
		request, sizeof request, "%s %s HTTP/1.1\r\n" HOST "%s\r\n", method, path, headers);
	assert_true(ask(http_port(site->http, false), request, &a));
}

static void check_header(const char *name, const char *want)
{
	const char *have = answer_header(&a, name);
	if ((want == NULL) != (have == NULL) || (want && strcmp(want, have) != 0) ||
		answer_header_count(&a, name) > 1) {
		fail_msg("%s: %s instead of %s", name, have ? have : "(none)",
			want ? want : "(none)");
	}
}

static void security_headers(void **state)
{
	(void)state;
	static const char *const paths[] = { "/plain", "/nowhere", "/errors/17", "/moved",
		"/faults/name", "/%00", "/nothing" };
	struct site site;
	for (int secure = 0; secure < 2; secure++) {
		start(&site, secure);
		for (size_t i = 0; i < COUNT(paths); i++) {
			fetch(&site, "GET", paths[i], "");
			check_header("Content-Security-Policy", "default-src 'self'");
			check_header("X-Content-Type-Options", "nosniff");
			check_header("Referrer-Policy", "strict-origin-when-cross-origin");
			check_header("Cross-Origin-Opener-Policy", "same-origin");
			check_header("Cross-Origin-Resource-Policy", "same-origin");
			check_header("X-Frame-Options", "DENY");
			check_header("Cache-Control", "no-store");
			check_header("Server", NULL);
			check_header(
				"Strict-Transport-Security", secure ? "max-age=31536000" : NULL);
			assert_non_null(
				strstr(answer_header(&a, "Permissions-Policy"), "geolocation=()"));
			assert_int_equal(strlen(answer_header(&a, "X-Request-Id")), ID_SIZE - 1);
		}
		site_stop(&site);
	}
}

/* What a handler sets itself is not doubled, and it may use all its headers. */
static void own(void **state)
{
	(void)state;
	struct site site;
	start(&site, true);
	fetch(&site, "GET", "/own", "");
	assert_int_equal(a.status, 200);
	check_header("Content-Security-Policy", "default-src 'none'");
	check_header("Referrer-Policy", "no-referrer");
	check_header("Remote-User", "");
	assert_int_equal(answer_header_count(&a, "X-A"), RESPONSE_HEADERS_MAX - 2);
	fetch(&site, "GET", "/moved", "");
	assert_int_equal(a.status, 303);
	check_header("Location", "/login?return_to=%2Faccount");
	fetch(&site, "GET", "/nothing", "");
	assert_int_equal(a.status, 204);
	assert_int_equal(a.body_n, 0);
	site_stop(&site);
}

/* A header that would split, or a transaction left open, is a fault of ours: 500, and nothing of
 * the handler's answer. */
static void handler_faults(void **state)
{
	(void)state;
	static const char *const which[] = { "value", "name", "location", "nul", "cookie",
		"cookie_name", "many", "status" };
	struct site site;
	start(&site, false);
	for (size_t i = 0; i < COUNT(which); i++) {
		char path[40];
		(void)snprintf(path, sizeof path, "/faults/%s", which[i]);
		fetch(&site, "GET", path, "");
		assert_int_equal(a.status, 500);
		assert_null(strstr(a.bytes, "secret"));
		check_header("Set-Cookie", NULL);
		check_header("X-A", NULL);
	}
	fetch(&site, "GET", "/faults/none", "");
	assert_int_equal(a.status, 200);
	transaction = &site.in_tx;
	fetch(&site, "GET", "/open", "");
	assert_int_equal(a.status, 500);
	assert_null(strstr(a.bytes, "secret"));
	assert_true(site_logged(&site, "transaction_left_open"));
	site_stop(&site);
}

static void cookie_names(void **state)
{
	(void)state;
	static const char *const want[2][3] = {
		{ "Set-Cookie: postern=abc; Path=/; HttpOnly; SameSite=Lax\r\n",
			"Set-Cookie: reset=xyz; Path=/; Max-Age=600; HttpOnly; "
			"SameSite=Lax\r\n",
			"Set-Cookie: old=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\r\n" },
		{ "Set-Cookie: __Host-postern=abc; Path=/; Secure; HttpOnly; SameSite=Lax\r\n",
			"Set-Cookie: __Host-reset=xyz; Path=/; Secure; Max-Age=600; "
			"HttpOnly; SameSite=Lax\r\n",
			"Set-Cookie: __Host-old=; Path=/; Secure; Max-Age=0; HttpOnly; "
			"SameSite=Lax\r\n" },
	};
	struct site site;
	for (int secure = 0; secure < 2; secure++) {
		start(&site, secure);
		fetch(&site, "GET", "/cookies", "");
		assert_int_equal(a.status, 200);
		check_header("Cache-Control", "no-store");
		for (size_t i = 0; i < 3; i++) {
			if (!strstr(a.bytes, want[secure][i])) {
				fail_msg("no %s in %s", want[secure][i], a.bytes);
			}
		}
		site_stop(&site);
	}
}

static void cookie_lookup(void **state)
{
	(void)state;
	static const struct {
		bool secure;
		const char *headers, *value;
	} rows[] = {
		{ false, "Cookie: postern=1\r\n", "1" },
		{ false, "Cookie: a=b; postern=1\r\n", "1" },
		{ false, "Cookie: a=b\r\nCookie: postern=1\r\n", "1" },
		{ false, "Cookie: postern=1; postern=2\r\n", "" },
		{ false, "Cookie: postern=1\r\nCookie: postern=1\r\n", "" },
		{ false, "Cookie: __Host-postern=1\r\n", "" },
		{ false, "Cookie: xpostern=1; postern2=1\r\n", "" },
		{ true, "Cookie: postern=1\r\n", "" },
		{ true, "Cookie: __Host-postern=1\r\n", "1" },
		{ true, "Cookie: __Secure-postern=1\r\n", "" },
		{ true, "Cookie: __Host-postern=1; postern=2\r\n", "1" },
		{ true, "Cookie: __Host-postern=1; __Host-postern=2\r\n", "" },
		{ true, "Cookie: __Host-postern=1; __Secure-postern=2\r\n", "1" },
	};
	struct site site;
	for (size_t i = 0; i < COUNT(rows); i++) {
		start(&site, rows[i].secure);
		fetch(&site, "GET", "/cookies", rows[i].headers);
		if (strcmp(answer_body(&a), rows[i].value) != 0) {
			fail_msg("row %zu: %s", i, answer_body(&a));
		}
		site_stop(&site);
	}
}

static void conditions_and_ranges(void **state)
{
	(void)state;
	static const struct {
		const char *method, *headers;
		int status;
		const char *body, *content_range;
	} rows[] = {
		{ "GET", "", 200, "0123456789", NULL },
		{ "HEAD", "", 200, "", NULL },
		{ "GET", "If-None-Match: \"v1\"\r\n", 304, "", NULL },
		{ "HEAD", "If-None-Match: \"v1\"\r\n", 304, "", NULL },
		{ "GET", "If-None-Match: W/\"v1\"\r\n", 304, "", NULL },
		{ "GET", "If-None-Match: \"v0\", \"v1\"\r\n", 304, "", NULL },
		{ "GET", "If-None-Match: *\r\n", 304, "", NULL },
		{ "GET", "If-None-Match: \"v0\"\r\n", 200, "0123456789", NULL },
		{ "GET", "Range: bytes=2-4\r\n", 206, "234", "bytes 2-4/10" },
		{ "GET", "Range: bytes=7-\r\n", 206, "789", "bytes 7-9/10" },
		{ "GET", "Range: bytes=-3\r\n", 206, "789", "bytes 7-9/10" },
		{ "GET", "Range: bytes=10-\r\n", 416, "", "bytes */10" },
		{ "GET", "Range: lines=1-2\r\n", 200, "0123456789", NULL },
		{ "GET", "Range: bytes=2-4\r\nIf-Range: \"v1\"\r\n", 206, "234", "bytes 2-4/10" },
		{ "GET", "Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n", 200, "0123456789", NULL },
		{ "GET", "Range: bytes=2-4\r\nIf-None-Match: \"v1\"\r\n", 304, "", NULL },
		{ "HEAD", "Range: bytes=2-4\r\n", 200, "", NULL },
	};
	struct site site;
	start(&site, false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		fetch(&site, rows[i].method, "/tagged", rows[i].headers);
		if (a.status != rows[i].status || strcmp(answer_body(&a), rows[i].body) != 0 ||
			a.closed) {
			fail_msg("row %zu: %s", i, a.bytes);
		}
		check_header("Content-Range", rows[i].content_range);
		check_header("ETag", "\"v1\"");
		check_header("Vary", "Cookie");
		check_header("Cache-Control", "private, max-age=60");
		if (strcmp(rows[i].method, "HEAD") == 0 && a.status == 200) {
			check_header("Content-Length", "10");
		}
	}
	/* who did not ask for ranges has none */
	fetch(&site, "GET", "/plain", "Range: bytes=2-4\r\n");
	assert_int_equal(a.status, 200);
	check_header("Accept-Ranges", NULL);
	site_stop(&site);
}

/* Every error has its status, its group's voice, and the headers its status demands. */
static void errors(void **state)
{
	(void)state;
	static const struct {
		enum err err;
		int status;
		const char *code;
	} rows[] = {
		{ ERR_INVALID, 400, "malformed" },
		{ ERR_WEAK_PASSWORD, 422, "weak_password" },
		{ ERR_TOO_LARGE, 413, "too_large" },
		{ ERR_UNSUPPORTED, 415, "unsupported_type" },
		{ ERR_UNAUTHENTICATED, 401, "unauthenticated" },
		{ ERR_DENIED, 403, "denied" },
		{ ERR_PAYMENT, 402, "payment_required" },
		{ ERR_NOT_FOUND, 404, "not_found" },
		{ ERR_METHOD, 405, "method_not_allowed" },
		{ ERR_CONFLICT, 409, "conflict" },
		{ ERR_SPENT, 410, "spent" },
		{ ERR_GONE, 410, "gone" },
		{ ERR_LIMITED, 429, "limited" },
		{ ERR_BUSY, 503, "busy" },
		{ ERR_UNAVAILABLE, 503, "unavailable" },
		{ ERR_NOMEM, 503, "overloaded" },
		{ ERR_CORRUPT, 500, "internal" },
		{ ERR_INTERNAL, 500, "internal" },
		{ ERR_COUNT, 500, "internal" },
	};
	struct site site;
	start(&site, false);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[40];
		(void)snprintf(path, sizeof path, "/api/errors/%d", rows[i].err);
		fetch(&site, "GET", path, "");
		char start_of_body[60];
		(void)snprintf(start_of_body, sizeof start_of_body, "api|%s|", rows[i].code);
		if (a.status != rows[i].status ||
			strstr(answer_body(&a), start_of_body) != answer_body(&a)) {
			fail_msg("row %zu: %s", i, a.bytes);
		}
		assert_null(strstr(a.bytes, "secret"));
		check_header("Cache-Control", "no-store");
		check_header("X-Kept", "yes");
		check_header("WWW-Authenticate", a.status == 401 ? "Bearer" : NULL);
		assert_int_equal(answer_header(&a, "Retry-After") != NULL,
			a.status == 503 || a.status == 429);
		assert_non_null(http_error_info(rows[i].err)->sentence);
	}
	fetch(&site, "GET", "/errors/fields", "");
	assert_int_equal(a.status, 422);
	fetch(&site, "GET", "/errors/5", "");
	assert_int_equal(a.status, 401);
	check_header("WWW-Authenticate", NULL);
	site_stop(&site);
}

static void rate_limit(void **state)
{
	(void)state;
	struct site site;
	start(&site, false);
	for (int i = 0; i < 2; i++) {
		fetch(&site, "GET", "/api/me", "Authorization: Bearer pst_good\r\n");
		assert_int_equal(a.status, 200);
	}
	fetch(&site, "GET", "/api/me", "Authorization: Bearer pst_good\r\n");
	assert_int_equal(a.status, 429);
	check_header("Retry-After", "15");
	check_header("RateLimit-Policy", "\"login\";q=4;w=60");
	check_header("RateLimit", "\"login\";r=0;t=15");
	assert_non_null(strstr(answer_body(&a), "api|limited|"));
	assert_false(a.closed);
	site_stop(&site);
}

/* The operations listener has its own routes, and the public one has none of them. */
static void operations(void **state)
{
	(void)state;
	struct site site;
	start(&site, false);
	assert_true(
		ask(http_port(site.http, true), "GET /health/live HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_int_equal(a.status, 200);
	assert_true(ask(http_port(site.http, true), "GET /plain HTTP/1.1\r\n" HOST "\r\n", &a));
	assert_int_equal(a.status, 404);
	assert_non_null(strstr(answer_body(&a), "ops|"));
	fetch(&site, "GET", "/health/live", "");
	assert_int_equal(a.status, 404);

	assert_true(site_logged(&site, "no_route"));
	sleep_ms(50);
	struct buf text = BUF(100000);
	http_metrics(site.http, &text);
	static const char *const lines[] = {
		"postern_http_requests_total{listener=\"ops\",class=\"2xx\"} 1\n",
		"postern_http_requests_total{listener=\"ops\",class=\"4xx\"} 1\n",
		"postern_http_requests_total{listener=\"public\",class=\"4xx\"} 1\n",
		"postern_http_request_duration_seconds_bucket{lane=\"loop\",le=\"+Inf\"} 3\n",
		"postern_http_request_duration_seconds_count{lane=\"loop\"} 3\n",
		"postern_lane_waiting{lane=\"work\"} 0\n",
		"postern_lane_room{lane=\"hash\"} 300\n",
		"postern_limited_total{class=\"login\"} 0\n",
		"postern_http_requests_in_flight 0\n",
	};
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (!strstr(text.p, lines[i])) {
			fail_msg("no %s in %s", lines[i], text.p);
		}
	}
	buf_free(&text);
	site_stop(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(security_headers),
		cmocka_unit_test(own),
		cmocka_unit_test(handler_faults),
		cmocka_unit_test(cookie_names),
		cmocka_unit_test(cookie_lookup),
		cmocka_unit_test(conditions_and_ranges),
		cmocka_unit_test(errors),
		cmocka_unit_test(rate_limit),
		cmocka_unit_test(operations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
