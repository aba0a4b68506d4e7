/* Goal: who calls, from where and on whose page is believed only from where it can be believed. */
#include "http_help.h"

static enum err who(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	char client[IP_TEXT_SIZE];
	ip_text(r->client, client);
	say(r, rsp, "");
	rsp->body = str_of(arena_fmt(r->arena, "%s|%s|%s|%zu", r->caller.account_id, client,
		r->client_vague         ? "vague"
		: request_from_proxy(r) ? "proxied"
					: "direct",
		r->token.text.n));
	return ERR_OK;
}

#define WHO_ROUTES(prefix)                                                                         \
	{ METHOD_GET, prefix "any", "", who, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },     \
		{ METHOD_GET, prefix "reader", "", who, WHO_READER, RATE_PAGE, BODY_NONE, 1,       \
			LANE_WORK },                                                               \
		{ METHOD_GET, prefix "mine", "", who, WHO_SIGNED_IN, RATE_PAGE, BODY_NONE, 1,      \
			LANE_WORK },                                                               \
		{ METHOD_POST, prefix "any", "", who, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1,         \
			LANE_WORK },                                                               \
	{                                                                                          \
		METHOD_DELETE, prefix "mine", "", who, WHO_SIGNED_IN, RATE_PAGE, BODY_NONE, 1,     \
			LANE_WORK                                                                  \
	}
static const struct route pages[] = { WHO_ROUTES("/") };
static const struct route api[] = { WHO_ROUTES("/api/") };
static const struct route gate[] = { WHO_ROUTES("/gate/") };
static const struct route hooks[] = {
	{ METHOD_POST, "/hooks/any", "", who, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
};
static const struct route_group groups[] = {
	{ "/api/", api, COUNT(api), "api", site_fail, CREDENTIAL_BEARER, NULL },
	{ "/hooks/", hooks, COUNT(hooks), "hooks", site_fail, CREDENTIAL_NONE, NULL },
	{ "/gate/", gate, COUNT(gate), "gate", site_fail, CREDENTIAL_PROXIED, NULL },
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};
static struct answer a;

static void prepare(struct site *site)
{
	*site = (struct site){ 0 };
	site->settings = site_settings(site);
	site->settings.groups = groups;
	site->settings.group_count = COUNT(groups);
}

static void trust(struct site *site, const char *net)
{
	struct http_settings *s = &site->settings;
	assert_int_equal(
		ip_net_parse(str_of(net), &s->trusted_proxies[s->trusted_proxy_count++]), ERR_OK);
}

struct row {
	const char *request; /* method and target */
	const char *headers;
	int status;
	const char *body; /* the body starts with it */
};

static void check_rows(const struct site *site, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char request[2048];
		(void)snprintf(request, sizeof request, "%s HTTP/1.1\r\n" HOST "%s\r\n",
			rows[i].request, rows[i].headers);
		assert_true(ask(http_port(site->http, false), request, &a));
		if (a.status != rows[i].status ||
			strncmp(answer_body(&a), rows[i].body, strlen(rows[i].body)) != 0) {
			fail_msg("row %zu (%s, %s): %s", i, rows[i].request, rows[i].headers,
				a.bytes);
		}
	}
}

#define BEARER "Authorization: Bearer pst_good\r\n"
#define COOKIE "Cookie: postern=pst_good\r\n"
/* 36 of them, as advertisers leave behind */
#define SIX "a=1; b=2; c=3; d=4; e=5; f=6; "
#define OTHERS SIX SIX SIX SIX SIX SIX

static void tokens(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "GET /reader", COOKIE, 200, "acct|" },
		{ "GET /mine", COOKIE, 200, "acct|" },
		{ "GET /any", COOKIE, 200, "|127.0.0.1|direct|0" },
		{ "GET /reader", "", 200, "|" },
		{ "GET /mine", "", 401, "pages|unauthenticated|" },
		{ "GET /mine", "Cookie: postern=pst_bad\r\n", 401, "pages|" },
		{ "GET /mine", "Cookie: postern=\r\n", 401, "pages|" },
		{ "GET /reader", BEARER, 200, "|" },
		{ "GET /reader", "Cookie: __Host-postern=pst_good\r\n", 200, "|" },
		{ "GET /reader", "Cookie: postern=pst_good; postern=pst_good\r\n", 200, "|" },
		{ "GET /reader", "Cookie: a=b\r\n" COOKIE, 200, "acct|" },
		{ "GET /reader", "Cookie: " OTHERS "postern=pst_good\r\n", 200, "acct|" },
		{ "GET /reader", "Cookie: postern=pst_good; " OTHERS "\r\n", 200, "acct|" },
		{ "GET /reader", "Cookie: " OTHERS "\r\n" COOKIE, 200, "acct|" },
		{ "GET /reader", "Cookie: postern=x; " OTHERS "postern=pst_good\r\n", 200, "|" },
		{ "GET /reader", COOKIE COOKIE, 200, "|" },
		{ "GET /reader?postern=pst_good&token=pst_good", "", 200, "|" },
		{ "GET /api/reader", BEARER, 200, "acct|" },
		{ "GET /api/reader", "authorization: bearer pst_good\r\n", 200, "acct|" },
		{ "GET /api/mine", BEARER, 200, "acct|" },
		{ "GET /api/mine", COOKIE, 401, "api|unauthenticated|" },
		{ "GET /api/mine", "Authorization: Basic pst_good\r\n", 401, "api|" },
		{ "GET /api/mine", "Authorization: pst_good\r\n", 401, "api|" },
		{ "GET /api/mine", "Authorization: Bearer\r\n", 401, "api|" },
		{ "GET /api/mine?access_token=pst_good", "", 422, "api|" },
		{ "GET /api/mine", BEARER BEARER, 400, "api|" },
		{ "GET /gate/mine", BEARER, 200, "acct|" },
		{ "GET /gate/mine", COOKIE, 200, "acct|" },
		{ "GET /gate/mine", "Authorization: Basic x\r\n" COOKIE, 200, "acct|" },
		{ "GET /gate/mine", "Authorization: Bearer x.y\r\n" COOKIE, 200, "acct|" },
		{ "GET /gate/mine", "Authorization: Bearer pst_bad\r\n" COOKIE, 401, "gate|" },
		{ "GET /gate/mine", COOKIE COOKIE, 401, "gate|" },
		{ "GET /gate/mine?a=1&a=2", COOKIE, 200, "acct|" },
		{ "DELETE /gate/mine", COOKIE "Origin: https://evil.example\r\n", 200, "acct|" },
	};
	struct site site;
	prepare(&site);
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	assert_true(site_logged(&site, "session=tag"));
	char *log = site_log(&site);
	assert_null(strstr(log, "pst_"));
	free(log);
	site_stop(&site);
}

/* With https only the __Host- cookie counts: a neighbour under the same domain can set any other.
 */
static void secure_tokens(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "GET /reader", "Cookie: __Host-postern=pst_good\r\n", 200, "acct|" },
		{ "GET /reader", COOKIE, 200, "|" },
		{ "GET /reader", "Cookie: __Secure-postern=pst_good\r\n", 200, "|" },
		{ "GET /reader", "Cookie: __Host-postern=pst_good; __Secure-postern=x\r\n", 200,
			"acct|" },
		{ "GET /reader", "Cookie: __Host-postern=pst_good; __Host-postern=x\r\n", 200,
			"|" },
	};
	struct site site;
	prepare(&site);
	site.settings.secure = true;
	site.settings.base_url = "https://news.example";
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	site_stop(&site);
}

/* A database that does not answer makes nobody anonymous. */
static void identify_fails(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "GET /reader", COOKIE, 503, "pages|unavailable|" },
		{ "GET /api/mine", BEARER, 503, "api|unavailable|" },
		{ "GET /reader", "", 200, "|" },
		{ "GET /any", COOKIE, 200, "|" },
	};
	struct site site;
	prepare(&site);
	site.identify_err = ERR_UNAVAILABLE;
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	site_stop(&site);
}

static void origins(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "POST /any", "Sec-Fetch-Site: same-origin\r\n", 200, "|" },
		{ "POST /any", "Sec-Fetch-Site: same-site\r\n", 403, "pages|denied|" },
		{ "POST /any", "Sec-Fetch-Site: cross-site\r\n", 403, "pages|" },
		{ "POST /any", "Sec-Fetch-Site: none\r\n", 403, "pages|" },
		{ "POST /any", "Sec-Fetch-Site:\r\n", 403, "pages|" },
		{ "POST /any", "Sec-Fetch-Site: cross-site\r\nOrigin: http://news.example\r\n", 403,
			"pages|" },
		{ "POST /any", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n", 403,
			"pages|" },
		{ "POST /any", "Origin: http://news.example\r\n", 200, "|" },
		{ "POST /any", "Origin: http://news.example:81\r\n", 403, "pages|" },
		{ "POST /any", "Origin: http://news.example/\r\n", 403, "pages|" },
		{ "POST /any", "Origin: https://news.example\r\n", 403, "pages|" },
		{ "POST /any", "Origin: http://news.example.evil\r\n", 403, "pages|" },
		{ "POST /any", "Origin: http://evil\r\n", 403, "pages|" },
		{ "POST /any", "Origin: null\r\n", 403, "pages|" },
		{ "POST /any", "Origin: http://news.example\r\nOrigin: http://evil\r\n", 403,
			"pages|" },
		{ "POST /any", "", 403, "pages|denied|The browser did not say" },
		{ "POST /any", "Referer: http://news.example/\r\n", 403, "pages|" },
		{ "GET /any", "Sec-Fetch-Site: cross-site\r\n", 200, "|" },
		{ "DELETE /mine", COOKIE "Sec-Fetch-Site: cross-site\r\n", 403, "pages|" },
		{ "DELETE /mine", COOKIE "Sec-Fetch-Site: same-origin\r\n", 200, "acct|" },
		{ "POST /api/any", "", 200, "|" },
		{ "POST /api/any", "Sec-Fetch-Site: same-origin\r\n", 200, "|" },
		{ "POST /api/any", "Sec-Fetch-Site: none\r\n", 200, "|" },
		{ "POST /api/any", "Sec-Fetch-Site: same-site\r\n", 403, "api|denied|" },
		{ "POST /api/any", "Sec-Fetch-Site: cross-site\r\n", 403, "api|" },
		{ "POST /hooks/any", "Sec-Fetch-Site: cross-site\r\n", 200, "|" },
	};
	struct site site;
	prepare(&site);
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	site_stop(&site);
}

#define XFF "X-Forwarded-For: "
static void anonymous_readers(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "GET /any", "", 200, "|127.0.0.1|direct" },
		{ "GET /any", XFF "192.0.2.1\r\n", 200, "|127.0.0.1|direct" },
		{ "GET /any", XFF "rubbish\r\n", 200, "|127.0.0.1|direct" },
		{ "GET /any", "X-Real-IP: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n", 200,
			"|127.0.0.1|" },
	};
	struct site site;
	prepare(&site);
	trust(&site, "10.0.0.0/8");
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	site_stop(&site);
}

static void proxies(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "GET /any", "", 200, "|127.0.0.1|proxied" },
		{ "GET /any", XFF "192.0.2.1\r\n", 200, "|192.0.2.1|proxied" },
		{ "GET /any", XFF "2001:db8::7\r\n", 200, "|2001:db8::7|" },
		{ "GET /any", XFF "198.51.100.9, 192.0.2.1\r\n", 200, "|192.0.2.1|" },
		{ "GET /any", XFF "192.0.2.1, 10.1.2.3\r\n", 200, "|192.0.2.1|" },
		{ "GET /any", XFF "192.0.2.1\r\n" XFF "10.1.2.3\r\n", 200, "|192.0.2.1|" },
		{ "GET /any", XFF "rubbish, 192.0.2.1\r\n", 200, "|192.0.2.1|" },
		{ "GET /any", XFF "10.9.9.9, 10.1.2.3\r\n", 200, "|10.9.9.9|" },
		{ "GET /any", XFF "192.0.2.1:51822\r\n", 200, "|192.0.2.1|proxied" },
		{ "GET /any", XFF "[2001:db8::7]:51822, [10.1.2.3]:1\r\n", 200,
			"|127.0.0.1|vague" },
		{ "GET /any", XFF "[2001:db8::7]:51822, 10.1.2.3:1\r\n", 200,
			"|2001:db8::7|proxied" },
		{ "GET /any", XFF "[2001:db8::7]\r\n", 200, "|2001:db8::7|proxied" },
		{ "GET /any", XFF "fe80::1%eth0\r\n", 200, "|fe80::1|proxied" },
		{ "GET /any", XFF "rubbish\r\n", 200, "|127.0.0.1|vague" },
		{ "GET /any", XFF "\r\n", 200, "|127.0.0.1|vague" },
		{ "GET /any", XFF "192.0.2.1,\r\n", 200, "|127.0.0.1|vague" },
		{ "GET /any", XFF "192.0.2.1\r\n" XFF "unix:\r\n", 200, "|127.0.0.1|vague" },
		{ "GET /any", XFF "192.0.2.1, unknown, 10.1.2.3\r\n", 200, "|10.1.2.3|vague" },
		{ "GET /any", XFF "192.0.2.1, _hidden, 10.1.2.3\r\n", 200, "|10.1.2.3|vague" },
		{ "GET /any", XFF "192.0.2.1,, 10.1.2.3\r\n", 200, "|10.1.2.3|vague" },
		{ "GET /any", XFF ",192.0.2.1\r\n", 200, "|192.0.2.1|proxied" },
		{ "GET /any", XFF "unknown, 192.0.2.1\r\n", 200, "|192.0.2.1|proxied" },
		{ "GET /api/any", XFF "rubbish\r\n", 200, "|127.0.0.1|vague" },
	};
	struct site site;
	prepare(&site);
	trust(&site, "127.0.0.1");
	trust(&site, "10.0.0.0/8");
	site_start(&site);
	check_rows(&site, rows, COUNT(rows));
	/* told with its value, and not for each request */
	assert_true(site_logged(&site, "event=forwarded_for_not_understood value=[10.1.2.3]:1 "
				       "peer=127.0.0.1 taken=127.0.0.1"));
	char *log = site_log(&site);
	const char *first = strstr(log, "forwarded_for_not_understood");
	assert_non_null(first);
	assert_null(strstr(first + 1, "forwarded_for_not_understood"));
	free(log);
	site_stop(&site);
}

/* A limit follows the reader behind the proxy, and cannot be dodged by inventing addresses without
 * one. */
static void limits_by_client(void **state)
{
	(void)state;
	static const struct row through_proxy[] = {
		{ "GET /any", XFF "192.0.2.1\r\n", 200, "|" },
		{ "GET /any", XFF "192.0.2.1\r\n", 429, "pages|limited|" },
		{ "GET /any", XFF "7.7.7.7, 192.0.2.1\r\n", 429, "pages|limited|" },
		{ "GET /any", XFF "192.0.2.2\r\n", 200, "|" },
	};
	static const struct row direct[] = {
		{ "GET /any", XFF "192.0.2.1\r\n", 200, "|" },
		{ "GET /any", XFF "192.0.2.2\r\n", 429, "pages|limited|" },
	};
	struct site site;
	prepare(&site);
	site.settings.limits[RATE_PAGE] = (struct rate_limit){ 1, 1 };
	site_start(&site);
	check_rows(&site, direct, COUNT(direct));
	site_stop(&site);
	prepare(&site);
	trust(&site, "127.0.0.1");
	site.settings.limits[RATE_PAGE] = (struct rate_limit){ 1, 1 };
	site_start(&site);
	check_rows(&site, through_proxy, COUNT(through_proxy));
	site_stop(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),
		cmocka_unit_test(secure_tokens),
		cmocka_unit_test(identify_fails),
		cmocka_unit_test(origins),
		cmocka_unit_test(anonymous_readers),
		cmocka_unit_test(proxies),
		cmocka_unit_test(limits_by_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
