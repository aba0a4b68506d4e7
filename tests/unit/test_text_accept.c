/* Goal: Accept-Encoding is read as RFC 9110 section 12.5.3 has it, and broken ones open nothing. */
#include "unit.h"

#include "postern/text.h"

static const struct {
	struct str header;
	bool gzip;
} rows[] = {
	{ { NULL, 0 }, false },
	{ STR(""), false },
	{ STR("gzip"), true },
	{ STR("GZip"), true },
	{ STR("deflate, gzip;q=1.0, *;q=0.5"), true },
	{ STR("br, zstd"), false },
	{ STR("*"), true },
	{ STR("*;q=0"), false },
	{ STR("gzip;q=0"), false },
	{ STR("gzip;q=0.000"), false },
	{ STR("gzip; Q = 0.0"), false },
	{ STR("gzip;q=0.001"), true },
	{ STR("gzip;q=0, *;q=1"), false },
	{ STR("*;q=0, gzip"), true },
	{ STR("x-gzip-not"), false },
	{ STR("gzipped"), false },
	{ STR(",,, ;q=, gzip ,"), true },
	{ STR("gzip;level=0;q=1"), true },
};

static void test_gzip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (header_accepts(rows[i].header, STR("gzip")) != rows[i].gzip)
			fail_msg("row %zu: " STR_FMT, i, STR_ARG(rows[i].header));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_gzip) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
