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

static void check(
	enum err (*parse)(struct str, struct arena *, struct fields *), const struct field_case *c)
{
	ARENA_AUTO *a = arena_new(1 << 16);
	BUF_AUTO b = BUF(1 << 16);
	struct fields f = { .n = 77 };
	enum err e = parse(c->in, a, &f);
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
		check(form_parse, &cases[i]);
}

/* Goal: cookies are read leniently, in order, doubles kept, but never with a control in them. */
static void cookies(void **state)
{
	(void)state;
	static const struct field_case cases[] = {
		{ STR(""), ERR_OK, STR("") },
		{ STR("a=1; b=2"), ERR_OK, STR("a=1|b=2|") },
		{ STR("a=1;b=2;"), ERR_OK, STR("a=1|b=2|") },
		{ STR(" a = 1 ; "), ERR_OK, STR("a=1|") },
		{ STR("a=1; a=2"), ERR_OK, STR("a=1|a=2|") },
		{ STR("__Host-s=x=y=="), ERR_OK, STR("__Host-s=x=y==|") },
		{ STR("a=\"q\""), ERR_OK, STR("a=\"q\"|") },
		{ STR("plain; =x; a="), ERR_OK, STR("a=|") },
		{ STR("a=\xff"), ERR_OK, STR("a=\xff|") },
		{ STR("a=1\r\nX: y"), ERR_INVALID, STR("") },
		{ STR("a=\0"), ERR_INVALID, STR("") },
		{ STR("a=\x7f"), ERR_INVALID, STR("") },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		check(cookie_parse, &cases[i]);
}

/* Goal: FIELDS_MAX pairs pass, one more does not, and a full arena is said to be full. */
static void limits(void **state)
{
	(void)state;
	BUF_AUTO form = BUF(4096);
	BUF_AUTO cookie = BUF(4096);
	ARENA_AUTO *a = arena_new(1 << 16);
	ARENA_AUTO *small = arena_new(16);
	struct fields f;
	for (int i = 0; i < FIELDS_MAX; i++) {
		buf_fmt(&form, "&f%d=%d", i, i);
		buf_fmt(&cookie, "f%d=%d; ", i, i);
	}
	assert_int_equal(form_parse(buf_view(&form), a, &f), ERR_OK);
	assert_int_equal(f.n, FIELDS_MAX);
	assert_int_equal(cookie_parse(buf_view(&cookie), a, &f), ERR_OK);
	assert_int_equal(f.n, FIELDS_MAX);
	buf_puts(&form, "&x");
	buf_puts(&cookie, "x=");
	assert_int_equal(form_parse(buf_view(&form), a, &f), ERR_TOO_LARGE);
	assert_int_equal(cookie_parse(buf_view(&cookie), a, &f), ERR_TOO_LARGE);
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
	assert_int_equal(cookie_parse(STR("a="), a, &f), ERR_OK);
	assert_non_null(fields_get(&f, "a").p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(cookies),
		cmocka_unit_test(limits),
		cmocka_unit_test(get),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
