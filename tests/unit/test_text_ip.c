#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ip ip_of(const char *z)
{
	struct ip ip;
	assert_int_equal(ip_parse(str_of(z), &ip), ERR_OK);
	return ip;
}

/* Goal: addresses have one written form; nothing around them is taken. */
static void parse(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *out;
	} cases[] = {
		{ STR("192.0.2.1"), ERR_OK, "192.0.2.1" },
		{ STR("::ffff:192.0.2.1"), ERR_OK, "192.0.2.1" },
		{ STR("::FFFF:c000:201"), ERR_OK, "192.0.2.1" },
		{ STR("::1"), ERR_OK, "::1" },
		{ STR("2001:DB8:0:0::0:1"), ERR_OK, "2001:db8::1" },
		{ STR("::"), ERR_OK, "::" },
		{ STR("0.0.0.0"), ERR_OK, "0.0.0.0" },
		{ STR("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"), ERR_OK,
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ STR(""), ERR_INVALID, "" },
		{ STR("192.0.2"), ERR_INVALID, "" },
		{ STR("192.0.2.256"), ERR_INVALID, "" },
		{ STR("192.0.2.01"), ERR_INVALID, "" },
		{ STR("0x7f.0.0.1"), ERR_INVALID, "" },
		{ STR("2130706433"), ERR_INVALID, "" },
		{ STR("192.0.2.1:80"), ERR_INVALID, "" },
		{ STR("[::1]"), ERR_INVALID, "" },
		{ STR("fe80::1%eth0"), ERR_INVALID, "" },
		{ STR(" ::1"), ERR_INVALID, "" },
		{ STR("::1 "), ERR_INVALID, "" },
		{ STR("::1\0"), ERR_INVALID, "" },
		{ STR("1:2:3:4:5:6:7:8:9"), ERR_INVALID, "" },
		{ STR("unknown"), ERR_INVALID, "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = { .set = false };
		char text[IP_TEXT_SIZE];
		assert_int_equal(ip_parse(cases[i].in, &ip), cases[i].err);
		ip_text(ip, text);
		assert_string_equal(text, cases[i].out);
	}
}

/* Goal: what proxies put around an address is taken off, and nothing else becomes one. */
static void forwarded(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *out; /* NULL: refused */
	} cases[] = {
		{ STR("203.0.113.7"), "203.0.113.7" },
		{ STR("203.0.113.7:51822"), "203.0.113.7" },
		{ STR("203.0.113.7:"), "203.0.113.7" },
		{ STR("2001:db8::7"), "2001:db8::7" },
		{ STR("[2001:db8::7]"), "2001:db8::7" },
		{ STR("[2001:db8::7]:51822"), "2001:db8::7" },
		{ STR("\"[2001:db8::7]:51822\""), "2001:db8::7" },
		{ STR("\"203.0.113.7\""), "203.0.113.7" },
		{ STR("fe80::1%eth0"), "fe80::1" },
		{ STR("[fe80::1%25eth0]:80"), "fe80::1" },
		{ STR("[::ffff:203.0.113.7]:80"), "203.0.113.7" },
		{ STR("::1"), "::1" },
		{ STR(""), NULL },
		{ STR("unix:"), NULL },
		{ STR("unix:/run/x.sock"), NULL },
		{ STR("unknown"), NULL },
		{ STR("_hidden"), NULL },
		{ STR("203.0.113.7:99999"), NULL },
		{ STR("203.0.113.7:_x"), NULL },
		{ STR("203.0.113.7:+80"), NULL },
		{ STR("203.0.113.7:80:90"), NULL },
		{ STR("203.0.113.7%eth0"), NULL },
		{ STR("203.0.113.7 203.0.113.8"), NULL },
		{ STR("203.0.113.999"), NULL },
		{ STR("[203.0.113.7]"), NULL },
		{ STR("[2001:db8::7"), NULL },
		{ STR("2001:db8::7]"), NULL },
		{ STR("[2001:db8::7]x"), NULL },
		{ STR("[2001:db8::7]:x"), NULL },
		{ STR("[]"), NULL },
		{ STR("["), NULL },
		{ STR("\""), NULL },
		{ STR("\"\""), NULL },
		{ STR(":"), NULL },
		{ STR("fe80::1%"), NULL },
		{ STR("203.0.113.7\0"), NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = { .set = false };
		char text[IP_TEXT_SIZE];
		enum err e = ip_parse_forwarded(cases[i].in, &ip);
		if (e != (cases[i].out ? ERR_OK : ERR_INVALID))
			fail_msg("%s", cases[i].in.p);
		ip_text(ip, text);
		assert_string_equal(text, cases[i].out ? cases[i].out : "");
	}
}

/* Goal: networks are what they say: no bits behind the prefix, IPv4 and its mapped form alike. */
static void nets(void **state)
{
	(void)state;
	static const struct {
		const char *net;
		enum err err;
		const char *in, *out;
	} cases[] = {
		{ "10.0.0.0/8", ERR_OK, "10.255.0.1", "11.0.0.1" },
		{ "10.0.0.0/8", ERR_OK, "::ffff:10.0.0.1", "::10.0.0.1" },
		{ "192.0.2.7", ERR_OK, "192.0.2.7", "192.0.2.6" },
		{ "0.0.0.0/0", ERR_OK, "203.0.113.9", "2001:db8::1" },
		{ "2001:db8::/33", ERR_OK, "2001:db8:7fff::", "2001:db8:8000::" },
		{ "::1", ERR_OK, "::1", "::2" },
		{ "::1/128", ERR_OK, "::1", "::" },
		{ "192.0.2.0/31", ERR_OK, "192.0.2.1", "192.0.2.2" },
		{ "10.0.0.1/8", ERR_INVALID, NULL, NULL },
		{ "::1/64", ERR_INVALID, NULL, NULL },
		{ "10.0.0.0/33", ERR_INVALID, NULL, NULL },
		{ "::/129", ERR_INVALID, NULL, NULL },
		{ "10.0.0.0/", ERR_INVALID, NULL, NULL },
		{ "10.0.0.0/-1", ERR_INVALID, NULL, NULL },
		{ "10.0.0.0/8/8", ERR_INVALID, NULL, NULL },
		{ "/8", ERR_INVALID, NULL, NULL },
		{ "", ERR_INVALID, NULL, NULL },
		{ "proxy", ERR_INVALID, NULL, NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_net net = { .bits = 0 };
		assert_int_equal(ip_net_parse(str_of(cases[i].net), &net), cases[i].err);
		if (cases[i].err != ERR_OK)
			continue;
		assert_true(ip_in(&net, 1, ip_of(cases[i].in)));
		assert_false(ip_in(&net, 1, ip_of(cases[i].out)));
	}
}

/* Goal: an address that is not set is in no network, and no network holds anything. */
static void nothing(void **state)
{
	(void)state;
	struct ip_net all;
	const struct ip_net blank = { .bits = 0 };
	assert_int_equal(ip_net_parse(STR("::/0"), &all), ERR_OK);
	assert_false(ip_in(&all, 1, (struct ip){ .set = false }));
	assert_false(ip_in(&all, 0, ip_of("::1")));
	assert_false(ip_in(&blank, 1, ip_of("::1")));
	assert_true(ip_in(&all, 1, ip_of("::1")));
}

/* Goal: a prefix keeps as many bits as its family is given. */
static void prefix(void **state)
{
	(void)state;
	char text[IP_TEXT_SIZE];
	ip_text(ip_prefix(ip_of("192.0.2.129"), 24, 64), text);
	assert_string_equal(text, "192.0.2.0");
	ip_text(ip_prefix(ip_of("192.0.2.129"), 32, 64), text);
	assert_string_equal(text, "192.0.2.129");
	ip_text(ip_prefix(ip_of("2001:db8:1:2:3:4:5:6"), 24, 64), text);
	assert_string_equal(text, "2001:db8:1:2::");
	ip_text(ip_prefix(ip_of("2001:db8:1:2:3:4:5:6"), 24, 0), text);
	assert_string_equal(text, "::");
	ip_text(ip_prefix(ip_of("ffff::"), 24, 3), text);
	assert_string_equal(text, "e000::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse),
		cmocka_unit_test(forwarded),
		cmocka_unit_test(nets),
		cmocka_unit_test(nothing),
		cmocka_unit_test(prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
