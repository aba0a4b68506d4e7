/* Goal: a range is what its text says and nothing wider; what is unclear is refused with a reason.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "postern/text.h"

static const struct {
	const char *in;
	const char *why;  /* part of the reason; NULL: taken */
	const char *text; /* as written by us */
	bool wide;
} rows[] = {
	{ "192.0.2.7", NULL, "192.0.2.7", false },
	{ " 192.0.2.7\t", NULL, "192.0.2.7", false },
	{ "192.0.2.0/24", NULL, "192.0.2.0/24", false },
	{ "192.0.2.7/32", NULL, "192.0.2.7", false },
	{ "192.0.2.0-192.0.2.255", NULL, "192.0.2.0/24", false },
	{ "192.0.2.7 - 192.0.2.99", NULL, "192.0.2.7-192.0.2.99", false },
	{ "192.0.2.7-192.0.2.7", NULL, "192.0.2.7", false },
	{ "::ffff:192.0.2.0/120", NULL, "192.0.2.0/24", false },
	{ "::ffff:192.0.2.1-192.0.2.2", NULL, "192.0.2.1-192.0.2.2", false },
	{ "10.20.0.0/16", NULL, "10.20.0.0/16", false },
	{ "10.20.0.0/15", NULL, "10.20.0.0/15", true },
	{ "10.20.0.0-10.21.0.0", NULL, "10.20.0.0-10.21.0.0", true },
	{ "2001:db8::/32", NULL, "2001:db8::/32", false },
	{ "2001:DB8::/31", NULL, "2001:db8::/31", true },
	{ "2001:db8::1", NULL, "2001:db8::1", false },
	{ "2001:db8::-2001:db8::ff", NULL, "2001:db8::/120", false },
	{ "2001:db8::1-2001:db8::ff", NULL, "2001:db8::1-2001:db8::ff", false },
	{ "128.0.0.0/1", NULL, "128.0.0.0/1", true },
	{ "8000::/1", NULL, "8000::/1", true },
	{ "", "is expected", "", false },
	{ "harbour", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.256", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.01", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.*", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.1,192.0.2.2", "not an IPv4 or IPv6 address", "", false },
	{ "fe80::1%eth0", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.0/abc", "a number of bits", "", false },
	{ "192.0.2.0/", "a number of bits", "", false },
	{ "192.0.2.0/-1", "not both", "", false },
	{ "192.0.2.0/ 24", "a number of bits", "", false },
	{ "192.0.2.0/24x", "a number of bits", "", false },
	{ "192.0.2.0/255.255.255.0", "a number of bits", "", false },
	{ "192.0.2.0/24/24", "a number of bits", "", false },
	{ "192.0.2.0/33", "maximum here is /32", "", false },
	{ "192.0.2.0/99999999999", "a number of bits", "", false },
	{ "2001:db8::/129", "maximum here is /128", "", false },
	{ "192.0.2.1/24", "did you mean 192.0.2.0/24?", "", false },
	{ "2001:db8::1/64", "did you mean 2001:db8::/64?", "", false },
	{ "0.0.0.0/0", "/0 is the whole internet", "", false },
	{ "::/0", "/0 is the whole internet", "", false },
	{ "10.0.0.0/0", "/0 is the whole internet", "", false },
	{ "0.0.0.0-255.255.255.255", "the whole internet", "", false },
	{ "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "the whole internet", "", false },
	{ "::ffff:0:0/96", "the whole internet", "", false },
	{ "::/1", "the whole internet", "", false },
	{ "::/64", "the whole internet", "", false },
	{ "192.0.2.9-192.0.2.1", "reversed", "", false },
	{ "192.0.2.1-9", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.1-", "not an IPv4 or IPv6 address", "", false },
	{ "-192.0.2.1", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.1-192.0.2.2-192.0.2.3", "not an IPv4 or IPv6 address", "", false },
	{ "192.0.2.1-2001:db8::1", "one end is an IPv4", "", false },
	{ "::1-192.0.2.1", "one end is an IPv4", "", false },
	{ "192.0.2.1\xe2\x80\x93"
	  "192.0.2.9",
		"not an IPv4 or IPv6 address", "", false },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip_range r;
		char why[IP_RANGE_WHY_SIZE] = "", text[IP_RANGE_TEXT_SIZE];
		enum err e = ip_range_parse(str_of(rows[i].in), &r, why);

		if ((e == ERR_OK) != !rows[i].why)
			fail_msg("%s: %s, %s", rows[i].in, err_name(e), why);
		if (e) {
			if (!strstr(why, rows[i].why))
				fail_msg("%s: says \"%s\"", rows[i].in, why);
			continue;
		}
		ip_range_text(&r, text);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(ip_range_wide(&r), rows[i].wide);
	}
}

/* Goal: the networks of a range are exactly the range. */
static void test_nets(void **state)
{
	static const struct {
		const char *in, *nets;
	} list[] = {
		{ "192.0.2.1-192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6" },
		{ "192.0.2.0-192.0.3.255", "192.0.2.0/23" },
		{ "255.255.255.254-255.255.255.255", "255.255.255.254/31" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
		{ "2001:db8::-2001:db8:2::", "2001:db8::/47 2001:db8:2::" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(list); i++) {
		struct ip_range r;
		struct ip_net nets[IP_RANGE_NETS_MAX];
		char why[IP_RANGE_WHY_SIZE], all[1024] = "", one[IP_RANGE_TEXT_SIZE];

		assert_int_equal(ip_range_parse(str_of(list[i].in), &r, why), ERR_OK);
		size_t n = ip_range_nets(&r, nets);
		for (size_t k = 0; k < n; k++) {
			size_t at = strlen(all);
			ip_net_text(nets[k], one);
			snprintf(all + at, sizeof all - at, "%s%s", k ? " " : "", one);
		}
		assert_string_equal(all, list[i].nets);
	}
}

/* Goal: the range that needs the most networks fits. */
static void test_most_nets(void **state)
{
	(void)state;
	struct ip_range r;
	struct ip_net nets[IP_RANGE_NETS_MAX];
	char why[IP_RANGE_WHY_SIZE];

	assert_int_equal(
		ip_range_parse(STR("1::1-fffe:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), &r, why),
		ERR_OK);
	size_t n = ip_range_nets(&r, nets);
	assert_true(n > 200 && n < IP_RANGE_NETS_MAX);
	assert_memory_equal(nets[n - 1].base.b, r.last.b, sizeof r.last.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_nets),
		cmocka_unit_test(test_most_nets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
