#include "postern/text.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each case writes its fields as "name=value|" so that one string says it all. */
static void write_fields(struct buf *b, const struct fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		buf_str(b, f->v[i].name);
		buf_byte(b, '=');
		buf_str(b, f->v[i].value);
		buf_byte(b, '|');
	}
}

struct field_case {
	struct str in;
	enum err err;
	struct str out;
};

static void check(const struct field_case *c)
{
	ARENA_AUTO *a = arena_new(1 << 16);
	BUF_AUTO b = BUF(1 << 16);
	struct fields f = { .n = 77 };
	enum err e = form_parse(c->in, a, &f);
	if (e != c->err)
		print_error("%s\n", c->in.p);
	assert_int_equal(e, c->err);
	if (e != ERR_OK) {
		assert_int_equal(f.n, 77);
		return;
	}
	write_fields(&b, &f);
	assert_true(str_eq(buf_view(&b), c->out));
}

/* Goal: a form is read as the standard says, and refused whole when any of it is doubtful. */
static void forms(void **state)
{
	(void)state;
	static const struct field_case cases[] = {
		{ STR(""), ERR_OK, STR("") },
		{ STR("a=1&b=2"), ERR_OK, STR("a=1|b=2|") },
		{ STR("a"), ERR_OK, STR("a=|") },
		{ STR("a="), ERR_OK, STR("a=|") },
		{ STR("a=1=2"), ERR_OK, STR("a=1=2|") },
		{ STR("&&a=1&"), ERR_OK, STR("a=1|") },
		{ STR("=x"), ERR_OK, STR("=x|") },
		{ STR("a=x+y%2Bz%26"), ERR_OK, STR("a=x y+z&|") },
		{ STR("p%61ss=%C3%A9"), ERR_OK, STR("pass=\xc3\xa9|") },
		{ STR("a=%00b"), ERR_OK, STR("a=\0b|") },
		{ STR("a=1&a=2"), ERR_INVALID, STR("") },
		{ STR("a=1&%61=2"), ERR_INVALID, STR("") },
		{ STR("a=1;b"), ERR_OK, STR("a=1;b|") },
		{ STR("a=%"), ERR_INVALID, STR("") },
		{ STR("a=100%zz"), ERR_INVALID, STR("") },
		{ STR("a=%2"), ERR_INVALID, STR("") },
		{ STR("%g0=1"), ERR_INVALID, STR("") },
		{ STR("a=%ff"), ERR_INVALID, STR("") },
		{ STR("a=\xc3"), ERR_INVALID, STR("") },
		{ STR("\xff=1"), ERR_INVALID, STR("") },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		check(&cases[i]);
}

/* Goal: of a query the declared names are read strictly and in their own order, and nothing that
 * anybody else put there matters. */
static void queries(void **state)
{
	(void)state;
	static const struct {
		struct str in, names;
		enum err err;
		struct str out; /* the fields, or the name at fault */
	} cases[] = {
		{ STR(""), STR("a b"), ERR_OK, STR("") },
		{ STR("a=1&b=2"), STR(""), ERR_OK, STR("") },
		{ STR("b=2&a=1"), STR("a b"), ERR_OK, STR("a=1|b=2|") },
		{ STR("b=x+y%2Bz"), STR("a b"), ERR_OK, STR("b=x y+z|") },
		{ STR("%61%62=1"), STR("a ab"), ERR_OK, STR("ab=1|") },
		{ STR("a"), STR("a"), ERR_OK, STR("a=|") },
		{ STR("a=%00"), STR("a"), ERR_OK, STR("a=\0|") },
		{ STR("&&a=1&"), STR("a"), ERR_OK, STR("a=1|") },
		{ STR("u=1&u=2&50%off&%FC=%zz&=&=1&%=%&\xfc=\xff&a=1"), STR("a b"), ERR_OK,
			STR("a=1|") },
		{ STR("A=1&aa=2&a%20=3&+a=4"), STR("a"), ERR_OK, STR("") },
		{ STR("a=1&a=1"), STR("a b"), ERR_INVALID, STR("a") },
		{ STR("a=1&b=1&%62"), STR("a b"), ERR_INVALID, STR("b") },
		{ STR("b=%"), STR("a b"), ERR_INVALID, STR("b") },
		{ STR("b=100%zz"), STR("a b"), ERR_INVALID, STR("b") },
		{ STR("a=%FC"), STR("a"), ERR_INVALID, STR("a") },
		{ STR("a=\xc3"), STR("a"), ERR_INVALID, STR("a") },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(1 << 16);
		BUF_AUTO b = BUF(1 << 16);
		struct fields f = { .n = 77 };
		struct str fault;
		assert_int_equal(
			query_parse(cases[i].in, cases[i].names, a, &f, &fault), cases[i].err);
		if (cases[i].err == ERR_OK)
			write_fields(&b, &f);
		else
			buf_str(&b, fault);
		assert_true(str_eq(buf_view(&b), cases[i].out));
		assert_true(cases[i].err == ERR_OK || f.n == 77);
	}
}

/* Goal: there is no limit to what is passed over, and one to what is read. */
static void long_queries(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 16);
	BUF_AUTO b = BUF(1 << 16);
	struct fields f;
	struct str fault;
	for (int i = 0; i < 3000; i++)
		buf_fmt(&b, "u%d=1&", i);
	buf_puts(&b, "a=");
	for (size_t i = 0; i < QUERY_VALUE_MAX; i++)
		buf_byte(&b, 'x');
	assert_int_equal(query_parse(buf_view(&b), STR("a"), a, &f, &fault), ERR_OK);
	assert_int_equal(fields_get(&f, "a").n, QUERY_VALUE_MAX);
	buf_byte(&b, 'x');
	assert_int_equal(query_parse(buf_view(&b), STR("a"), a, &f, &fault), ERR_TOO_LARGE);
	assert_true(str_eq(fault, STR("a")));
}

/* Goal: the API tells the first name that it does not know. */
static void unknown_names(void **state)
{
	(void)state;
	assert_null(query_undeclared(STR(""), STR("a")).p);
	assert_null(query_undeclared(STR("a=1&&b=%zz&%61=2"), STR("a b")).p);
	assert_true(str_eq(query_undeclared(STR("a=1&c=1&d"), STR("a b")), STR("c")));
	assert_true(str_eq(query_undeclared(STR("%zz=1"), STR("a b")), STR("%zz")));
	assert_true(str_eq(query_undeclared(STR("a"), STR("")), STR("a")));
	assert_non_null(query_undeclared(STR("=1"), STR("a")).p);
}

/* Goal: the one cookie that is asked for is found among whatever else a header holds, and counted.
 */
static void cookies(void **state)
{
	(void)state;
	static const struct {
		struct str header, name;
		size_t n;
		struct str value;
	} cases[] = {
		{ STR(""), STR("a"), 0, STR("") },
		{ STR("a=1; b=2"), STR("a"), 1, STR("1") },
		{ STR("a=1;b=2;"), STR("b"), 1, STR("2") },
		{ STR("a=1; b=2"), STR("c"), 0, STR("") },
		{ STR(" a = 1 ; "), STR("a"), 1, STR("1") },
		{ STR("a=1; a=2"), STR("a"), 2, STR("1") },
		{ STR("a=; b; a=2; a"), STR("a"), 2, STR("") },
		{ STR("__Host-s=x=y=="), STR("__Host-s"), 1, STR("x=y==") },
		{ STR("__Host-s=x"), STR("s"), 0, STR("") },
		{ STR("s=x"), STR("__Host-s"), 0, STR("") },
		{ STR("S=x; st=y"), STR("s"), 0, STR("") },
		{ STR("a=\"q; b=r\""), STR("b"), 1, STR("r\"") },
		{ STR("plain; =x; a="), STR("plain"), 0, STR("") },
		{ STR("plain; =x; a="), STR(""), 0, STR("") },
		{ STR("plain; =x; a="), STR("a"), 1, STR("") },
		{ STR("a=\xff"), STR("a"), 1, STR("\xff") },
		{ STR("a=1\r\nX: y"), STR("a"), 0, STR("") },
		{ STR("a=\0"), STR("a"), 0, STR("") },
		{ STR("a=1; b=\x7f"), STR("a"), 0, STR("") },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str value = STR("untouched");
		const size_t n = cookie_find(cases[i].header, cases[i].name, &value);
		if (n != cases[i].n)
			print_error("%s\n", cases[i].header.p);
		assert_int_equal(n, cases[i].n);
		assert_true(str_eq(value, n > 0 ? cases[i].value : STR("untouched")));
	}
}

/* Goal: no number of other cookies hides the one. */
static void many_cookies(void **state)
{
	(void)state;
	BUF_AUTO header = BUF(1 << 20);
	struct str value = { NULL, 0 };
	for (int i = 0; i < 20000; i++)
		buf_fmt(&header, "f%d=%d; ", i, i);
	buf_puts(&header, "wanted=yes");
	assert_int_equal(cookie_find(buf_view(&header), STR("wanted"), &value), 1);
	assert_true(str_eq(value, STR("yes")));
}

/* Goal: FIELDS_MAX pairs pass, one more does not, and a full arena is said to be full. */
static void limits(void **state)
{
	(void)state;
	BUF_AUTO form = BUF(4096);
	ARENA_AUTO *a = arena_new(1 << 16);
	ARENA_AUTO *small = arena_new(16);
	struct fields f;
	for (int i = 0; i < FIELDS_MAX; i++)
		buf_fmt(&form, "&f%d=%d", i, i);
	assert_int_equal(form_parse(buf_view(&form), a, &f), ERR_OK);
	assert_int_equal(f.n, FIELDS_MAX);
	buf_puts(&form, "&x");
	assert_int_equal(form_parse(buf_view(&form), a, &f), ERR_TOO_LARGE);
	assert_int_equal(form_parse(STR("a=1"), small, &f), ERR_NOMEM);
}

/* Goal: an empty field and an absent one are told apart. */
static void get(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(4096);
	struct fields f;
	assert_int_equal(form_parse(STR("a=&b"), a, &f), ERR_OK);
	assert_non_null(fields_get(&f, "a").p);
	assert_non_null(fields_get(&f, "b").p);
	assert_int_equal(fields_get(&f, "b").n, 0);
	assert_null(fields_get(&f, "c").p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(queries),
		cmocka_unit_test(long_queries),
		cmocka_unit_test(unknown_names),
		cmocka_unit_test(cookies),
		cmocka_unit_test(many_cookies),
		cmocka_unit_test(limits),
		cmocka_unit_test(get),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
