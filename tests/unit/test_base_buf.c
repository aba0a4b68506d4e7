#include "postern/base.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Goal: what is added comes out, with a closing NUL, over many growths. */
static void grows(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(100000);
	for (int i = 0; i < 10000; i++)
		buf_fmt(&b, "%d,", i % 10);
	buf_puts(&b, "z");
	buf_str(&b, STR("a\0b"));
	buf_byte(&b, '!');
	assert_int_equal(b.err, ERR_OK);
	assert_int_equal(b.n, 20005);
	assert_int_equal(b.p[b.n], '\0');
	assert_memory_equal(b.p + 19998, "9,za\0b!", 7);
}

/* Goal: the cap is exact, and the first failure sticks: nothing is cut and then goes on. */
static void cap(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(4);
	buf_puts(&b, "abcd");
	assert_int_equal(b.err, ERR_OK);
	assert_true(str_eq(buf_view(&b), STR("abcd")));
	buf_byte(&b, 'e');
	assert_int_equal(b.err, ERR_TOO_LARGE);
	buf_add(&b, "", 0);
	assert_int_equal(b.err, ERR_TOO_LARGE);
	assert_int_equal(buf_view(&b).n, 0);
	buf_free(&b);
	buf_puts(&b, "wxyz");
	assert_true(str_eq(buf_view(&b), STR("wxyz")));
}

/* Goal: a size that would wrap around is refused. */
static void huge(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(SIZE_MAX);
	buf_puts(&b, "abc");
	assert_int_equal(b.err, ERR_OK);
	buf_add(&b, "x", SIZE_MAX - 2);
	assert_int_equal(b.err, ERR_TOO_LARGE);
}

/* Goal: formatted text longer than the stack's piece is whole, and capped as well. */
static void long_format(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(2000);
	buf_fmt(&b, "[%01500d]", 7);
	assert_int_equal(b.n, 1502);
	assert_int_equal(b.p[1501], ']');
	buf_fmt(&b, "%01500d", 7);
	assert_int_equal(b.err, ERR_TOO_LARGE);
}

/* Goal: allocations are zeroed, aligned for anything and apart from each other. */
static void arena_allocations(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, 0, 7, 16, 17, 500, 3000, 1, 100000, 8, 2048, 600 };
	unsigned char *got[COUNT(sizes)];
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		got[i] = arena_alloc(a, sizes[i]);
		assert_non_null(got[i]);
		assert_int_equal((uintptr_t)got[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(got[i][j], 0);
		memset(got[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(got[i][j], i + 1);
	assert_true(arena_bytes(a) >= 106000 && arena_bytes(a) < 107000);
	assert_false(arena_failed(a));
}

/* Goal: what is handed out after a reset is zero whatever was there before, the cap counts anew,
 * and the first chunk is the same one again. */
static void arena_again(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 16);
	assert_true(arena_reset(a, 4096));
	char *first = arena_alloc(a, 100);
	for (int round = 0; round < 3; round++) {
		memset(first, 'x', 100);
		char *large = arena_alloc(a, 20000);
		assert_non_null(large);
		memset(large, 'y', 20000);
		assert_null(arena_alloc(a, 60000));
		assert_true(arena_failed(a));
		assert_true(arena_reset(a, 4096));
		assert_false(arena_failed(a));
		assert_int_equal(arena_bytes(a), 0);
		char *again = arena_alloc(a, 100);
		assert_ptr_equal(again, first);
		for (size_t i = 0; i < 100; i++)
			assert_int_equal(again[i], 0);
	}
}

/* Goal: an arena that had no such chunk, but others, gets one and loses the others. */
static void arena_reset_late(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 16);
	for (int i = 0; i < 20; i++)
		assert_non_null(memset(arena_alloc(a, 1000), 'z', 1000));
	assert_true(arena_reset(a, 8192));
	const char *p = arena_alloc(a, 8000);
	for (size_t i = 0; i < 8000; i++)
		assert_int_equal(p[i], 0);
}

/* Goal: the cap holds, a refusal is remembered, and what is left can still be had. */
static void arena_cap(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(64);
	assert_non_null(arena_alloc(a, 40));
	assert_false(arena_failed(a));
	assert_null(arena_alloc(a, 17));
	assert_true(arena_failed(a));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 8));
	assert_non_null(arena_alloc(a, 16));
	assert_null(arena_alloc(a, 0));
	assert_int_equal(arena_bytes(a), 64);
	assert_string_equal(arena_fmt(a, "%d", 1), "");
	assert_null(arena_str(a, STR("x")).p);
}

/* Goal: copies are NUL-terminated, and the missing text stays missing. */
static void arena_copies(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(4096);
	struct str s = arena_str(a, STR("a\0b"));
	assert_true(str_eq(s, STR("a\0b")));
	assert_int_equal(s.p[3], '\0');
	assert_null(arena_str(a, (struct str){ NULL, 0 }).p);
	assert_non_null(arena_str(a, STR("")).p);
	assert_string_equal(arena_fmt(a, "%s-%d", "x", 5), "x-5");
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(cap),
		cmocka_unit_test(huge),
		cmocka_unit_test(long_format),
		cmocka_unit_test(arena_allocations),
		cmocka_unit_test(arena_again),
		cmocka_unit_test(arena_reset_late),
		cmocka_unit_test(arena_cap),
		cmocka_unit_test(arena_copies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
