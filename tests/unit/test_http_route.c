/* Goal: a path finds its one route, and a table with a hole is refused at start. */
#include "../../src/http/internal.h"
#include "http_help.h"

static enum err nothing(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	say(r, rsp, "");
	return ERR_OK;
}

#define PAGE(method, pattern)                                                                      \
	{                                                                                          \
		method, pattern, "", nothing, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP       \
	}

static void matching(void **state)
{
	(void)state;
	static const struct route routes[] = {
		PAGE(METHOD_GET, "/"),
		PAGE(METHOD_GET, "/items/{id}"),
		PAGE(METHOD_GET, "/items/latest"),
		PAGE(METHOD_DELETE, "/items/{id}"),
		PAGE(METHOD_GET, "/{a}/{b}/{c}"),
		PAGE(METHOD_GET, "/x/{b}/z"),
		PAGE(METHOD_GET, "/x/y/{c}"),
		PAGE(METHOD_POST, "/only"),
		PAGE(METHOD_ANY, "/tail/{rest...}"),
		PAGE(METHOD_GET, "/tail/own"),
	};
	static const struct route_group g = {
		.prefix = "/", .routes = routes, .count = COUNT(routes)
	};
	static const struct {
		enum method method;
		int route; /* -1: none */
		const char *path;
		const char *first_param, *allow;
	} rows[] = {
		{ METHOD_GET, 0, "/", "", "" },
		{ METHOD_GET, 1, "/items/7", "7", "" },
		{ METHOD_GET, 2, "/items/latest", "", "" },
		{ METHOD_DELETE, 3, "/items/latest", "latest", "" },
		{ METHOD_GET, 4, "/p/q/r", "p", "" },
		{ METHOD_GET, 5, "/x/q/z", "q", "" },
		{ METHOD_GET, 6, "/x/y/z", "z", "" },
		{ METHOD_GET, -1, "/items/", "", "" },
		{ METHOD_GET, -1, "/items", "", "" },
		{ METHOD_GET, -1, "/items/7/", "", "" },
		{ METHOD_GET, -1, "/ITEMS/7", "", "" },
		{ METHOD_GET, -1, "/only", "", "POST" },
		{ METHOD_PATCH, -1, "/items/7", "", "GET, HEAD, DELETE" },
		{ METHOD_OPTIONS, -1, "/items/7", "", "GET, HEAD, DELETE" },
		{ METHOD_GET, 8, "/tail/", "", "" },
		{ METHOD_OPTIONS, 8, "/tail/a/b/", "a/b/", "" },
		{ METHOD_DELETE, 8, "/tail/own", "own", "" },
		{ METHOD_GET, 9, "/tail/own", "", "" },
		{ METHOD_GET, -1, "/tail", "", "" },
		{ METHOD_GET, 4, "/{x/q/r", "{x", "" },
		{ METHOD_GET, 4, "/i/q/r", "i", "" },
		{ 0, -1, "/items/7", "", "GET, HEAD, DELETE" },
	};
	struct route_index *index = http_route_indexes(&g, 1);
	assert_non_null(index);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route_match m;
		http_route_match(index, rows[i].method, str_of(rows[i].path), &m);
		const int found = m.route ? (int)(m.route - routes) : -1;
		assert_int_equal(found, rows[i].route);
		assert_true(str_eq(m.params[0], str_of(rows[i].first_param)));
		assert_string_equal(m.allow, rows[i].allow);
		assert_int_equal(m.other_method, found < 0 && rows[i].allow[0]);
	}
	free(index);
}

static bool one_route_ok(struct route r, enum credential credential, const char *prefix)
{
	static struct site site;
	struct http_settings s = site_settings(&site);
	fclose(site.log_file);
	struct route_group groups[] = {
		{ prefix, &r, 1, "x", site_fail, credential, NULL },
		{ "/", NULL, 0, "x", site_fail, CREDENTIAL_COOKIE, NULL },
	};
	const bool only = strcmp(prefix, "/") == 0;
	s.groups = groups;
	s.group_count = only ? 1 : 2;
	char why[256] = "";
	const bool ok = http_table_check(&s, why);
	assert_int_equal(ok, why[0] == 0);
	return ok;
}

/* Each column, forgotten or impossible, is found. */
static void holes(void **state)
{
	(void)state;
	const struct route good = { METHOD_POST, "/a/{b}", "", nothing, WHO_ANYONE, RATE_WRITE,
		BODY_FORM, 1000, LANE_WORK };
	assert_true(one_route_ok(good, CREDENTIAL_COOKIE, "/"));
	assert_true(one_route_ok(good, CREDENTIAL_COOKIE, "/a/"));
	assert_false(one_route_ok(good, CREDENTIAL_COOKIE, "/b/"));
	assert_false(one_route_ok(good, CREDENTIAL_COOKIE, "/a"));
	assert_false(one_route_ok(good, 0, "/"));
	struct route bad[38];
	for (size_t i = 0; i < COUNT(bad); i++) {
		bad[i] = good;
	}
	bad[0].method = 0;
	bad[1].pattern = NULL;
	bad[2].handler = NULL;
	bad[3].who = 0;
	bad[4].rate = 0;
	bad[5].body = 0;
	bad[6].body_cap = 0;
	bad[7].lane = 0;
	bad[8].rate = RATE_COUNT;
	bad[9].body_cap = ROUTE_BODY_MAX + 1;
	bad[10].body = BODY_NONE;
	bad[11].body_cap = 1;
	bad[12].method = METHOD_GET;
	bad[13].who = WHO_READER;
	bad[13].lane = LANE_LOOP;
	bad[14].pattern = "a";
	bad[15].pattern = "/a//b";
	bad[16].pattern = "/a/";
	bad[17].pattern = "/a/{b";
	bad[18].pattern = "/a/{}";
	bad[19].pattern = "/a/{B}";
	bad[20].pattern = "/a/b}";
	bad[21].pattern = "/{a}/{b}/{c}/{d}";
	bad[22].pattern = "";
	bad[23].method = METHOD_ANY + 1;
	bad[24].lane = LANE_OPS + 1;
	bad[25].who = WHO_SIGNED_IN + 1;
	bad[26].pattern = "/a/{b...}/c";
	bad[27].pattern = "/a/{...}";
	bad[28].pattern = "/a/{b..}";
	bad[29].pattern = "/a/b...";
	bad[29].rate = 0;
	bad[30].pattern = "/{a}/{b}/{c}/{d...}";
	bad[31].method = METHOD_ANY;
	bad[32].query = NULL;
	bad[33].query = " ";
	bad[34].query = "a  b";
	bad[35].query = "a ";
	bad[36].query = "A";
	bad[37].query = "a=1";
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (one_route_ok(bad[i], CREDENTIAL_COOKIE, "/")) {
			fail_msg("bad route %zu was taken", i);
		}
	}
	struct route reader = good;
	reader.query = "return_to done";
	assert_true(one_route_ok(reader, CREDENTIAL_COOKIE, "/"));
	assert_false(one_route_ok(reader, CREDENTIAL_PROXIED, "/"));
	reader.query = "";
	reader.who = WHO_READER;
	assert_true(one_route_ok(reader, CREDENTIAL_COOKIE, "/"));
	assert_false(one_route_ok(reader, CREDENTIAL_NONE, "/"));
}

static void doubled_patterns(void **state)
{
	(void)state;
	static struct site site;
	struct http_settings s = site_settings(&site);
	fclose(site.log_file);
	static const struct route twice[] = { PAGE(METHOD_GET, "/a/{b}"),
		PAGE(METHOD_GET, "/a/{c}") };
	static const struct route apart[] = { PAGE(METHOD_GET, "/a/{b}"),
		PAGE(METHOD_GET, "/a/b") };
	struct route_group g = { "/", twice, 2, "x", site_fail, CREDENTIAL_COOKIE, NULL };
	s.groups = &g;
	s.group_count = 1;
	char why[256] = "";
	assert_false(http_table_check(&s, why));
	assert_non_null(strstr(why, "twice"));
	g.routes = apart;
	assert_true(http_table_check(&s, why));
	static const struct route any[] = { PAGE(METHOD_GET, "/a/{b}"),
		PAGE(METHOD_ANY, "/a/{c...}") };
	g.routes = any;
	assert_false(http_table_check(&s, why));
}

static void settings(void **state)
{
	(void)state;
	static struct site site;
	const struct http_settings good = site_settings(&site);
	fclose(site.log_file);
	static const struct route routes[] = { PAGE(METHOD_GET, "/") };
	static const struct route_group g = { "/", routes, 1, "x", site_fail, CREDENTIAL_COOKIE,
		NULL };
	static const struct route_group api = { "/api/", NULL, 0, "x", site_fail, CREDENTIAL_BEARER,
		NULL };
	struct http_settings bad[14];
	char why[256] = "";
	for (size_t i = 0; i < COUNT(bad); i++) {
		bad[i] = good;
		bad[i].groups = &g;
		bad[i].group_count = 1;
	}
	assert_true(http_table_check(&bad[0], why));
	bad[0].listen = NULL;
	bad[1].work_threads = 0;
	bad[2].hash_threads = 10000;
	bad[3].limits[RATE_LOGIN].burst = 5;
	bad[4].secure = true;
	bad[5].identify = NULL;
	bad[6].in_tx = NULL;
	bad[7].timeout_s = 0;
	bad[8].work_queue = 0;
	bad[9].groups = &api; /* the last group must be "/" */
	bad[10].groups = NULL;
	bad[11].ops_listen = "127.0.0.1:0";
	bad[12].csp = NULL;
	bad[13].connections = 0;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (http_table_check(&bad[i], why)) {
			fail_msg("bad settings %zu were taken", i);
		}
	}
}

/* http_start says what is wrong and leaves nothing behind. */
static void bad_addresses(void **state)
{
	(void)state;
	static const struct route routes[] = { PAGE(METHOD_GET, "/") };
	static const struct route_group g = { "/", routes, 1, "x", site_fail, CREDENTIAL_COOKIE,
		NULL };
	static const char *const bad[] = { "", "127.0.0.1", "localhost:80", "127.0.0.1:99999",
		"[::1:8080", "[zz]:80", "unix:", "unix:relative", "127.0.0.1:", ":80", "1.2.3:80" };
	struct site site = { 0 };
	site.settings = site_settings(&site);
	site.settings.groups = &g;
	site.settings.group_count = 1;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char why[256] = "";
		site.settings.listen = bad[i];
		assert_int_equal(http_start(&site.settings, &site.http, why), ERR_INVALID);
		assert_non_null(strstr(why, "listen on"));
	}
	site.settings.listen = "127.0.0.1:0";
	site_start(&site);
	char taken[32];
	char why[256] = "";
	(void)snprintf(taken, sizeof taken, "127.0.0.1:%u", http_port(site.http, false));
	struct http *second = NULL;
	struct http_settings again = site.settings;
	again.listen = taken;
	assert_int_equal(http_start(&again, &second, why), ERR_UNAVAILABLE);
	assert_non_null(strstr(why, taken));
	assert_null(second);
	site_stop(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matching),
		cmocka_unit_test(holes),
		cmocka_unit_test(doubled_patterns),
		cmocka_unit_test(settings),
		cmocka_unit_test(bad_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
