/* Goal: an accepted list has ranges, each of which reads back as itself; a refusal says why. */
#include "postern/crawler.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct crawler_ranges *list = malloc(sizeof *list);
	char why[IP_RANGE_WHY_SIZE] = "", text[IP_RANGE_TEXT_SIZE];
	struct ip_range again;

	if (!list)
		return 0;
	enum err e = crawler_list_parse((struct str){ (const char *)p, n }, list, why);
	if (e ? !*why : list->n == 0)
		abort();
	for (size_t i = 0; !e && i < list->n; i++) {
		ip_range_text(&list->v[i], text);
		if (ip_range_parse(str_of(text), &again, why) != ERR_OK ||
			memcmp(&again, &list->v[i], sizeof again) != 0)
			abort();
	}
	free(list);
	return 0;
}
