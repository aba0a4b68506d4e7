/* Goal: an accepted address is written in one form, which reads back as the same address, and lies
 * in its own prefixes. */
#include "postern/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(struct ip ip, unsigned bits)
{
	char text[IP_TEXT_SIZE];
	struct ip again;
	ip_text(ip, text);
	if (ip_parse(str_of(text), &again) != ERR_OK || memcmp(&ip, &again, sizeof ip) != 0)
		abort();
	bool v4 = !strchr(text, ':');
	unsigned whole = v4 ? 96 + bits % 33 : bits;
	const struct ip_net net = { ip_prefix(ip, bits % 33, bits), (uint8_t)whole };
	if (!ip_in(&net, 1, ip))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str in = { (const char *)p, n };
	struct ip ip;
	struct ip_net net;
	if (ip_parse(in, &ip) == ERR_OK)
		check(ip, (unsigned)(n * 7 % 129));
	if (ip_parse_forwarded(in, &ip) == ERR_OK)
		check(ip, (unsigned)(n * 7 % 129));
	if (ip_net_parse(in, &net) == ERR_OK && (net.bits > 128 || !ip_in(&net, 1, net.base)))
		abort();
	return 0;
}
