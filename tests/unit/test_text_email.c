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
		{ STR("\xef\xbc\xa1@x.org"), ERR_INVALID, "", "" },
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

#define NBSP "\xc2\xa0"
#define ZWSP "\xe2\x80\x8b"
#define LRM "\xe2\x80\x8e"
#define LRI "\xe2\x81\xa6"
#define PDI "\xe2\x81\xa9"
#define BOM "\xef\xbb\xbf"
#define WIDE_SPACE "\xe3\x80\x80"

/* Goal: a domain in other letters is the ASCII one that mail goes to, in whatever spelling; and
 * what comes along with a copied address is dropped. */
static void from_elsewhere(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *text; /* NULL: refused */
	} cases[] = {
		{ STR("Ada@b\xc3\xbc"
		      "cher.example"),
			"Ada@xn--bcher-kva.example" },
		{ STR("ada@B\xc3\x9c"
		      "CHER.Example"),
			"ada@xn--bcher-kva.example" },
		{ STR("ada@bu\xcc\x88"
		      "cher.example"),
			"ada@xn--bcher-kva.example" },
		{ STR("ada@XN--bcher-KVA.example"), "ada@XN--bcher-KVA.example" },
		{ STR("ada@stra\xc3\x9f"
		      "e.example"),
			"ada@xn--strae-oqa.example" },
		{ STR("ada@\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95"),
			"ada@xn--fsqu00a.xn--0zwm56d" },
		{ STR("ada@\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82"
		      "example"),
			"ada@xn--fsqu00a.example" },
		{ STR("ada@\xef\xbd\x85xample.org"), "ada@example.org" },
		{ STR(NBSP "ada@x.org" NBSP), "ada@x.org" },
		{ STR(" " NBSP "\t" WIDE_SPACE "ada@x.org\r\n" NBSP " "), "ada@x.org" },
		{ STR(ZWSP "ada@x.org" ZWSP), "ada@x.org" },
		{ STR(BOM LRM "ada@x.org" LRM), "ada@x.org" },
		{ STR(LRI "ada@x.org" PDI " "), "ada@x.org" },
		{ STR(NBSP "ada@b\xc3\xbc"
			   "cher.example" LRM),
			"ada@xn--bcher-kva.example" },
		{ STR("ada@x" NBSP ".org"), NULL },
		{ STR("a" ZWSP "da@x.org"), NULL },
		{ STR("a" NBSP "da@x.org"), NULL },
		{ STR("ada" LRM "@x.org"), NULL },
		{ STR("j\xc3\xbcrgen@x.org"), NULL },
		{ STR("ada@b\xc3\xbc"
		      "cher"),
			NULL },
		{ STR("ada@\xc3\xbc"), NULL },
		{ STR("ada@\xc3.org"), NULL },
		{ STR("ada@x.org\xc3"), NULL },
		{ STR("ada@\xe2\x82\xac.org\r\nBcc: b@y.org"), NULL },
		{ STR("ada@x\xef\xbc\xa0y.org"), NULL },
		{ STR("ada@x\xef\xbc\x8cy.org"), NULL },
		{ STR("ada@\xe2\x80\xae"
		      "gro.x"),
			NULL },
		{ STR("ada@b@\xc3\xbc.org"), NULL },
		{ STR(NBSP), NULL },
		{ STR(NBSP "@" NBSP), NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct email e = { .text = "" }, again;
		enum err err = email_parse(cases[i].in, &e);
		if (err != (cases[i].text ? ERR_OK : ERR_INVALID) ||
			strcmp(e.text, cases[i].text ? cases[i].text : "") != 0)
			fail_msg("case %zu: %s, %s, \"%s\"", i, cases[i].in.p, err_name(err),
				e.text);
		if (err == ERR_OK) {
			assert_int_equal(email_parse(str_of(e.text), &again), ERR_OK);
			assert_string_equal(again.key, e.key);
		}
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
		cmocka_unit_test(from_elsewhere),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
