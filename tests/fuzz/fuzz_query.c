/* Goal: no query crashes; what is read is what was declared, in its order, once and in UTF-8. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static size_t index_of(struct str name)
{
	static const char *const names[] = { "token", "return_to", "q" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, str_of(names[i])))
			return i;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	ARENA_AUTO *a = arena_new(1 << 20);
	const struct str raw = { (const char *)p, n }, names = STR("token return_to q");
	struct fields f;
	struct str fault;
	(void)query_undeclared(raw, names);
	enum err e = a ? query_parse(raw, names, a, &f, &fault) : ERR_NOMEM;
	if ((e == ERR_INVALID || e == ERR_TOO_LARGE) && index_of(fault) > 2)
		abort();
	for (size_t i = 0; e == ERR_OK && i < f.n; i++) {
		if (!utf8_ok(f.v[i].value) || !f.v[i].value.p || f.v[i].value.n > QUERY_VALUE_MAX)
			abort();
		if (i > 0 && index_of(f.v[i].name) <= index_of(f.v[i - 1].name))
			abort();
	}
	return 0;
}
