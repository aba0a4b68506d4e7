#include "postern/base.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t fixed(void *ctx)
{
	return *(int64_t *)ctx;
}

/* Goal: the clock is the one passed in; without one, the system's, which is after 2020. */
static void clocks(void **state)
{
	(void)state;
	int64_t at = 1234;
	const struct clock c = { fixed, &at };
	const struct clock system = { NULL, NULL };
	assert_int_equal(clock_now_s(&c), 1234);
	assert_true(clock_now_s(&system) > 1577836800);
	int64_t before = clock_monotonic_us();
	usleep(2000);
	assert_true(clock_monotonic_us() - before >= 2000);
}

/* Goal: every embedded file is found by its path, and nothing else. */
static void embedded(void **state)
{
	(void)state;
	for (const struct embedded_file *f = embedded_files; f->path; f++) {
		assert_ptr_equal(embed_find(f->path), f);
		assert_int_equal(f->p[f->n], '\0');
	}
	assert_null(embed_find("web/templates"));
	assert_null(embed_find(""));
}

static void write_file(const char *path, size_t n)
{
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		fputc('a' + (int)(i % 26), f);
	fclose(f);
}

/* Goal: a file is read whole or refused with the reason. */
static void files(void **state)
{
	(void)state;
	char dir[] = "/tmp/postern-file-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	static const struct {
		size_t size, max;
		enum err err;
	} cases[] = {
		{ 0, 10, ERR_OK },
		{ 10, 10, ERR_OK },
		{ 11, 10, ERR_TOO_LARGE },
		{ 100000, 100000, ERR_OK },
		{ 100000, 50000, ERR_TOO_LARGE },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO b = BUF(cases[i].max);
		write_file(path, cases[i].size);
		assert_int_equal(file_read(path, &b), cases[i].err);
		if (cases[i].err == ERR_OK) {
			assert_int_equal(b.n, cases[i].size);
			assert_int_equal(b.p[b.n], '\0');
		}
	}
	unlink(path);
	BUF_AUTO b = BUF(10);
	assert_int_equal(file_read(path, &b), ERR_NOT_FOUND);
	assert_int_equal(file_read(dir, &b), ERR_UNAVAILABLE);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(embedded),
		cmocka_unit_test(files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
