/* Goal: what a line gives is written in a form that gives the same again, and a refusal says why.
 */
#include "postern/institution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct institution_item it = { .institution = "own" }, again = { .institution = "" };
	char why[IP_RANGE_WHY_SIZE] = "", text[INSTITUTION_ITEM_SIZE], line[512];
	enum err e = institution_line_parse((struct str){ (const char *)p, n }, &it, why);

	if (e && !*why)
		abort();
	if (e || !it.kind)
		return 0;
	snprintf(line, sizeof line, "%s %s", institution_item_text(&it, text), it.institution);
	if (institution_line_parse(str_of(line), &again, why) != ERR_OK || again.kind != it.kind ||
		strcmp(again.institution, it.institution) != 0)
		abort();
	bool same = it.kind == INSTITUTION_DOMAIN
			    ? strcmp(it.domain, again.domain) == 0
			    : memcmp(&it.range, &again.range, sizeof it.range) == 0;
	if (!same)
		abort();
	return 0;
}
