/* Goal: header values are read without a step outside them; a range lies inside its body. */
#include "postern/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint64_t totals[] = { 0, 1, 1000, UINT64_MAX };
	struct str in = { (const char *)p, n };
	for (size_t i = 0; i < COUNT(totals); i++) {
		uint64_t first = 0, last = 0;
		if (header_range(in, totals[i], &first, &last) == ERR_OK &&
			(first > last || last >= totals[i]))
			abort();
	}
	(void)header_etag_match(in, STR("\"tag\""));
	(void)header_etag_match(STR("\"a\", W/\"tag\""), in);
	if (header_token_ok(in) && !header_value_ok(in))
		abort();
	BUF_AUTO b = BUF(1 << 22);
	escape_html(&b, in);
	struct str out = buf_view(&b);
	if (str_has_byte(out, '<') || str_has_byte(out, '>') || str_has_byte(out, '"') ||
		str_has_byte(out, '\''))
		abort();
	return 0;
}
