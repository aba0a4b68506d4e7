/* Goal: a host belongs to an engine only below its domain and on a dot; a list is what it says;
 * what is remembered ends; what a crawler claims never opens. */
#include "content_help.h"

#include "../../src/dns/cache.h"
#include "postern/crawler.h"

static void test_hosts(void **state)
{
	static const struct {
		const char *host, *suffixes;
		bool fits;
	} rows[] = {
		{ "crawl-1.googlebot.com", "\ngooglebot.com\n", true },
		{ "CRAWL-1.GoogleBot.com.", "\ngooglebot.com\n", true },
		{ "a.b.googlebot.com", "\nother.example\ngooglebot.com\n", true },
		{ "googlebot.com", "\ngooglebot.com\n", false },
		{ ".googlebot.com", "\ngooglebot.com\n", false },
		{ "evilgooglebot.com", "\ngooglebot.com\n", false },
		{ "x.evilgooglebot.com", "\ngooglebot.com\n", false },
		{ "googlebot.com.evil.example", "\ngooglebot.com\n", false },
		{ "crawl.googlebot.com.evil.example", "\ngooglebot.com\n", false },
		{ "x\\.googlebot.com", "\ngooglebot.com\n", false },
		{ "x .googlebot.com", "\ngooglebot.com\n", false },
		{ "x..googlebot.com", "\ngooglebot.com\n", false },
		{ "crawl-1.googlebot.com..", "\ngooglebot.com\n", false },
		{ "crawl-1.googlebot.com", "", false },
		{ "crawl-1.googlebot.com", "\n", false },
		{ "", "\ngooglebot.com\n", false },
		{ ".", "\ngooglebot.com\n", false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (dns_host_below(str_of(rows[i].host), rows[i].suffixes) != rows[i].fits)
			fail_msg("row %zu: %s", i, rows[i].host);
	}
}

static void test_lists(void **state)
{
	static const struct {
		const char *in, *why; /* why: part of the reason; NULL: taken */
		size_t n, wide;
	} rows[] = {
		{ "{\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.0/27\"}]}", NULL, 1, 0 },
		{ "{\"creationTime\":\"x\",\"prefixes\":[{\"ipv6Prefix\":\"2001:db8::/"
		  "64\",\"k\":1},"
		  "{\"ipv4Prefix\":\"192.0.2.0/27\"}]}",
			NULL, 2, 0 },
		{ "{\"prefixes\":[{\"ipv4Prefix\":\"10.0.0.0/8\"}]}", NULL, 1, 1 },
		{ "# list\n192.0.2.0/27\r\n\n192.0.3.1 - 192.0.3.9 # more\n", NULL, 2, 0 },
		{ "", "empty", 0, 0 },
		{ "# nothing\n", "empty", 0, 0 },
		{ "{\"prefixes\":[]}", "empty", 0, 0 },
		{ "{}", "is missing", 0, 0 },
		{ "{\"prefixes\":7}", "not a list", 0, 0 },
		{ "{\"prefixes\":[7]}", "prefixes[0]: has neither", 0, 0 },
		{ "{\"prefixes\":[{\"ipv4Prefix\":null}]}", "prefixes[0].ipv4Prefix", 0, 0 },
		{ "{\"prefixes\":[{\"ipv4Prefix\":\"::/64\"}]}", "an IPv4 network", 0, 0 },
		{ "{\"prefixes\":[{\"ipv6Prefix\":\"192.0.2.1\"}]}", "an IPv6 network", 0, 0 },
		{ "{\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.1/27\"}]}", "did you mean", 0, 0 },
		{ "{\"prefixes\":[{\"ipv4Prefix\":\"192.0.2.0/27\"}]} x", "line 1", 0, 0 },
		{ "192.0.2.0/27\nnonsense\n", "line 2", 0, 0 },
		{ "[\"192.0.2.0/27\"]", "line 1", 0, 0 },
	};
	static struct crawler_ranges list;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char why[IP_RANGE_WHY_SIZE] = "";
		enum err e = crawler_list_parse(str_of(rows[i].in), &list, why);

		if ((e == ERR_OK) != !rows[i].why || (e && !strstr(why, rows[i].why)))
			fail_msg("row %zu: %s, \"%s\"", i, err_name(e), why);
		if (e)
			continue;
		assert_int_equal(list.n, rows[i].n);
		assert_int_equal(list.wide, rows[i].wide);
	}
}

static struct ip ip_at(uint32_t n)
{
	struct ip ip = { .set = true, .b = { [0] = 0x20 } };

	for (size_t i = 0; i < sizeof n; i++)
		ip.b[15 - i] = (uint8_t)(n >> (8 * i));
	return ip;
}

/* Goal: remembered until its end, for these suffixes only; no flood of refusals drops a proof. */
static void test_cache(void **state)
{
	struct dns_cache *c = calloc(1, sizeof *c);
	struct dns_verify_request q = {
		.ip = ip_at(1), .suffixes = "\na.example\n", .now_s = 1000
	};
	char host[HOST_SIZE];
	enum dns_verdict why;

	(void)state;
	assert_non_null(c);
	assert_false(dns_cache_get(c, &q, &why, host));
	dns_cache_put(c, &q, VERIFY_HOST, "x.a.example", 2000);
	assert_true(dns_cache_get(c, &q, &why, host));
	assert_int_equal(why, VERIFY_HOST);
	assert_string_equal(host, "x.a.example");
	for (uint32_t i = 2; i < 20000; i++) {
		struct dns_verify_request other = { .ip = ip_at(i), .suffixes = q.suffixes };
		dns_cache_put(c, &other, VERIFY_NONE, "", 5000);
	}
	assert_true(dns_cache_get(c, &q, &why, host));
	struct dns_verify_request b = { .ip = q.ip, .suffixes = "\nb.example\n", .now_s = 1000 };
	assert_false(dns_cache_get(c, &b, &why, host));
	q.now_s = 1999;
	assert_true(dns_cache_get(c, &q, &why, host));
	q.now_s = 2000;
	assert_false(dns_cache_get(c, &q, &why, host));
	assert_string_equal(host, "");
	dns_cache_put(c, &q, VERIFY_FAILED, "", 2060);
	assert_true(dns_cache_get(c, &q, &why, host));
	assert_int_equal(why, VERIFY_FAILED);
	free(c);
}

/* Goal: whatever the policy for AI, a claimed name gives nobody more than an anonymous reader has,
 * and is never counted; a proved crawler redeems no gift. */
static void test_decision(void **state)
{
	static const enum access levels[] = { ACCESS_PUBLIC, ACCESS_REGISTERED, ACCESS_METERED,
		ACCESS_SUBSCRIBER };
	static const struct meter meter = {
		.name = "all", .anonymous_limit = 3, .registered_limit = 5, .window = WINDOW_MONTH
	};

	(void)state;
	for (unsigned ai = AI_ALLOW; ai <= AI_BLOCK; ai++) {
		for (size_t l = 0; l < COUNT(levels); l++) {
			struct paywall_policy policy = { .meters = &meter,
				.meter_count = 1,
				.fallback = ACCESS_SUBSCRIBER,
				.ai = (enum ai_policy)ai };
			struct paywall_article art = {
				.id = "a", .access = levels[l], .usable = true, .published_at = 1
			};
			struct paywall_reader anonymous = { 0 }, crawler = {
				.crawler = CRAWLER_AI, .crawler_name = "X", .gift = true
			};
			struct decision_inputs k = { .article = &art,
				.policy = &policy,
				.reader = &anonymous,
				.now = { .s = NOW } };
			struct decision plain = paywall_decide(&k);
			k.reader = &crawler;
			struct decision d = paywall_decide(&k);

			assert_true(d.grant <= plain.grant);
			assert_false(d.must_count);
		}
	}
}

static const struct {
	const char *agent;
	bool ai;
} agents[] = {
	{ "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", true },
	{ "gptbot", true },
	{ "CCBot/2.0 (https://commoncrawl.org/faq/)", true },
	{ "Kangaroo Bot/1", true },
	{ "NotGPTBot/1.0", false },
	{ "GPTBots/1.0", false },
	{ "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", false },
	{ "", false },
};

static void test_agents(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(agents); i++) {
		const char *name =
			crawler_ai(NULL, str_of(agents[i].agent), (struct ip){ .set = false });
		if ((name != NULL) != agents[i].ai)
			fail_msg("%s", agents[i].agent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_decision),
		cmocka_unit_test(test_agents),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
