/* Goal: an accepted range is written in a form that reads back as the same range, its networks
 * cover it without gaps, and it never holds all of IPv4. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(const struct ip_range *r)
{
	char text[IP_RANGE_TEXT_SIZE], why[IP_RANGE_WHY_SIZE];
	struct ip_range again;
	struct ip_net nets[IP_RANGE_NETS_MAX];
	struct ip v4_first, v4_last;

	ip_range_text(r, text);
	if (ip_range_parse(str_of(text), &again, why) != ERR_OK ||
		memcmp(&again, r, sizeof again) != 0)
		abort();
	size_t n = ip_range_nets(r, nets);
	if (n == 0 || n == IP_RANGE_NETS_MAX || !ip_in(nets, n, r->first) ||
		!ip_in(nets, n, r->last))
		abort();
	if (ip_parse(STR("0.0.0.0"), &v4_first) != ERR_OK ||
		ip_parse(STR("255.255.255.255"), &v4_last) != ERR_OK)
		abort();
	if (ip_in(nets, n, v4_first) && ip_in(nets, n, v4_last))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ip_range r;
	char why[IP_RANGE_WHY_SIZE] = "";
	enum err e = ip_range_parse((struct str){ (const char *)p, n }, &r, why);

	if (e == ERR_OK)
		check(&r);
	else if (!*why)
		abort();
	return 0;
}
