/* Goal: no Cookie header crashes; a value found lies in it and could end neither a cookie nor a
 * line; and nothing that stands beside a cookie changes how often it is found. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_value(struct str header, struct str value)
{
	if (value.p < header.p || value.p + value.n > header.p + header.n)
		abort();
	if (!header_value_ok(value) || str_has_byte(value, ';') || !str_eq(str_trim(value), value))
		abort();
}

static void check_doubled(struct str header, struct str name, size_t found)
{
	struct str value;
	BUF_AUTO both = BUF(2 * header.n + 8);
	buf_str(&both, header);
	buf_puts(&both, "; x=y; ");
	buf_str(&both, header);
	if (cookie_find(buf_view(&both), name, &value) != 2 * found)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct str names[] = { STR("session"), STR("__Host-session"), STR("a") };
	struct str header = { (const char *)p, n };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct str value = { NULL, 0 };
		const size_t found = cookie_find(header, names[i], &value);
		if (found > 0)
			check_value(header, value);
		check_doubled(header, names[i], found);
	}
	return 0;
}
