#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: one mailbox, plainly written; all that could be two, or a header, is refused. */
static void addresses(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		enum err err;
		const char *text, *key;
	} cases[] = {
		{ STR("ada@example.org"), ERR_OK, "ada@example.org", "ada@example.org" },
		{ STR(" Ada.B@Example.ORG\r\n"), ERR_OK, "Ada.B@Example.ORG", "ada.b@example.org" },
		{ STR("a+tag@b.co"), ERR_OK, "a+tag@b.co", "a+tag@b.co" },
		{ STR("!#$%&'*+-/=?^_`{|}~@x.org"), ERR_OK, "!#$%&'*+-/=?^_`{|}~@x.org",
			"!#$%&'*+-/=?^_`{|}~@x.org" },
		{ STR("root@localhost"), ERR_OK, "root@localhost", "root@localhost" },
		{ STR("a@1.2.example"), ERR_OK, "a@1.2.example", "a@1.2.example" },
		{ STR("a@xn--bcher-kva.example"), ERR_OK, "a@xn--bcher-kva.example",
			"a@xn--bcher-kva.example" },
		{ STR(""), ERR_INVALID, "", "" },
		{ STR("   "), ERR_INVALID, "", "" },
		{ STR("ada"), ERR_INVALID, "", "" },
		{ STR("@example.org"), ERR_INVALID, "", "" },
		{ STR("ada@"), ERR_INVALID, "", "" },
		{ STR("ada@host"), ERR_INVALID, "", "" },
		{ STR("a@x.org,b@y.org"), ERR_INVALID, "", "" },
		{ STR("a@x.org;b@y.org"), ERR_INVALID, "", "" },
		{ STR("a@b@c.org"), ERR_INVALID, "", "" },
		{ STR("a b@c.org"), ERR_INVALID, "", "" },
		{ STR("a@c .org"), ERR_INVALID, "", "" },
		{ STR("a@x.org\r\nBcc: b@y.org"), ERR_INVALID, "", "" },
		{ STR("a\0b@x.org"), ERR_INVALID, "", "" },
		{ STR("a@x.org\0"), ERR_INVALID, "", "" },
		{ STR("a\t@x.org"), ERR_INVALID, "", "" },
		{ STR("\"a b\"@x.org"), ERR_INVALID, "", "" },
		{ STR("Ada <a@x.org>"), ERR_INVALID, "", "" },
		{ STR("<a@x.org>"), ERR_INVALID, "", "" },
		{ STR("a(c)@x.org"), ERR_INVALID, "", "" },
		{ STR(".a@x.org"), ERR_INVALID, "", "" },
		{ STR("a.@x.org"), ERR_INVALID, "", "" },
		{ STR("a..b@x.org"), ERR_INVALID, "", "" },
		{ STR("a@x..org"), ERR_INVALID, "", "" },
		{ STR("a@.x.org"), ERR_INVALID, "", "" },
		{ STR("a@x.org."), ERR_INVALID, "", "" },
		{ STR("a@-x.org"), ERR_INVALID, "", "" },
		{ STR("a@x-.org"), ERR_INVALID, "", "" },
		{ STR("a@x_y.org"), ERR_INVALID, "", "" },
		{ STR("a@192.0.2.1"), ERR_INVALID, "", "" },
		{ STR("a@[192.0.2.1]"), ERR_INVALID, "", "" },
		{ STR("caf\xc3\xa9@x.org"), ERR_INVALID, "", "" },
		{ STR("a@caf\xc3\xa9.org"), ERR_INVALID, "", "" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct email e = { .text = "", .key = "" };
		enum err err = email_parse(cases[i].in, &e);
		if (err != cases[i].err)
			print_error("%s\n", cases[i].in.p);
		assert_int_equal(err, cases[i].err);
		assert_string_equal(e.text, cases[i].text);
		assert_string_equal(e.key, cases[i].key);
	}
}

/* An address of `local` bytes, '@', and labels of `label` bytes up to `n` bytes in all. */
static void make(char *to, size_t local, size_t label, size_t n)
{
	memset(to, 'a', n);
	to[local] = '@';
	for (size_t i = local + label + 1; i + 1 < n; i += label + 1)
		to[i] = '.';
}

/* Goal: 64, 63 and 254 bytes are the greatest local part, label and address; one more is not. */
static void lengths(void **state)
{
	(void)state;
	static const struct {
		size_t local, label, n;
		enum err err;
	} cases[] = {
		{ 64, 10, 100, ERR_OK },
		{ 65, 10, 100, ERR_INVALID },
		{ 10, 63, 150, ERR_OK },
		{ 10, 64, 150, ERR_INVALID },
		{ 64, 60, 254, ERR_OK },
		{ 64, 60, 255, ERR_TOO_LARGE },
		{ 64, 60, 5000, ERR_TOO_LARGE },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[5000];
		struct email e;
		make(text, cases[i].local, cases[i].label, cases[i].n);
		assert_int_equal(email_parse((struct str){ text, cases[i].n }, &e), cases[i].err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
