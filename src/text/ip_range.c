/* Address ranges as librarians and search engines write them: a single address, CIDR, or two ends
 * with a dash. A mistyped range opens the paper to anonymous readers, so nothing is guessed. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* WIDE_…: the prefix lengths that ip_range_wide compares with. */
enum { BITS = 128, V4_SHIFT = 32, WIDE_V4_BITS = 16, WIDE_V6_BITS = 32 };

static u128 number(struct ip ip)
{
	u128 n = 0;
	for (size_t i = 0; i < sizeof ip.b; i++)
		n = n << 8 | ip.b[i];
	return n;
}

static struct ip address(u128 n)
{
	struct ip ip = { .set = true };
	for (size_t i = sizeof ip.b; i > 0; i--, n >>= 8)
		ip.b[i - 1] = (uint8_t)n;
	return ip;
}

static bool is_v4(u128 n)
{
	return ip_is_v4(address(n));
}

static enum err range_refuse(char why[static IP_RANGE_WHY_SIZE], const char *text)
{
	snprintf(why, IP_RANGE_WHY_SIZE, "%s", text);
	return ERR_INVALID;
}

static enum err end_parse(struct str s, u128 *out, char why[static IP_RANGE_WHY_SIZE])
{
	struct ip ip;
	if (ip_parse(s, &ip) != ERR_OK) {
		snprintf(why, IP_RANGE_WHY_SIZE, "\"%.*s\" is not an IPv4 or IPv6 address",
			(int)(s.n < IP_TEXT_SIZE ? s.n : IP_TEXT_SIZE), s.n ? s.p : "");
		return ERR_INVALID;
	}
	*out = number(ip);
	return ERR_OK;
}

/* An IPv6 range around ::ffff:0:0/96 would hold every IPv4 address there is. */
static enum err whole_refuse(u128 first, u128 last, char why[static IP_RANGE_WHY_SIZE])
{
	const u128 v4_first = number(ip_from_v4((const uint8_t[4]){ 0 })),
		   v4_last = v4_first | UINT32_MAX;
	if (first <= v4_first && last >= v4_last)
		return range_refuse(
			why, "this is the whole internet; list the networks one by one");
	if (is_v4(first) != is_v4(last))
		return range_refuse(why, "one end is an IPv4 address, the other is not");
	if (first == 0 && last == ~(u128)0)
		return range_refuse(
			why, "this is the whole internet; list the networks one by one");
	return ERR_OK;
}

static enum err bits_parse(
	struct str s, bool v4, unsigned *bits, char why[static IP_RANGE_WHY_SIZE])
{
	int64_t n, most = v4 ? V4_SHIFT : BITS;
	if (str_int(s, 0, 100000, &n) != ERR_OK)
		return range_refuse(why, "a number of bits, as in /24, must follow the '/'");
	if (n > most) {
		snprintf(why, IP_RANGE_WHY_SIZE, "/%lld: the maximum here is /%lld", (long long)n,
			(long long)most);
		return ERR_INVALID;
	}
	if (n == 0)
		return range_refuse(why, "/0 is the whole internet; name the networks one by one");
	*bits = (unsigned)(v4 ? n + BITS - V4_SHIFT : n);
	return ERR_OK;
}

/* Both ends as numbers of 128 bits. "10.0.0.7/24" is refused, with the network that was probably
 * meant. */
static enum err cidr_parse(
	struct str base, struct str bits_text, u128 end[2], char why[static IP_RANGE_WHY_SIZE])
{
	unsigned bits = 0;
	enum err e = end_parse(base, &end[0], why);
	if (!e)
		e = bits_parse(bits_text, !str_has_byte(base, ':'), &bits, why);
	if (e)
		return e;
	u128 host = bits == BITS ? 0 : ~(u128)0 >> bits;
	if (end[0] & host) {
		char text[IP_TEXT_SIZE];
		ip_text(address(end[0] & ~host), text);
		snprintf(why, IP_RANGE_WHY_SIZE,
			"the address has bits set after the prefix; did you mean %s/" STR_FMT "?",
			text, STR_ARG(bits_text));
		return ERR_INVALID;
	}
	end[1] = end[0] | host;
	return ERR_OK;
}

static enum err dash_parse(
	struct str first, struct str last, u128 end[2], char why[static IP_RANGE_WHY_SIZE])
{
	enum err e = end_parse(str_trim(first), &end[0], why);
	if (!e)
		e = end_parse(str_trim(last), &end[1], why);
	if (!e && end[0] > end[1])
		e = range_refuse(why, "the range is reversed: the lower address comes first");
	return e;
}

enum err ip_range_parse(struct str s, struct ip_range *out, char why[static IP_RANGE_WHY_SIZE])
{
	struct str rest = str_trim(s);
	bool cidr = str_has_byte(rest, '/'), dash = str_has_byte(rest, '-');
	u128 end[2];
	enum err e;
	if (rest.n == 0)
		return range_refuse(why,
			"an address, a network such as 192.0.2.0/24, or FIRST-LAST is "
			"expected");
	if (rest.n > IP_RANGE_TEXT_SIZE)
		return range_refuse(why, "too long for a range of addresses");
	if (cidr && dash)
		return range_refuse(why, "either '/' or '-', not both");
	struct str first = str_cut(&rest, cidr ? '/' : '-');
	if (cidr)
		e = cidr_parse(first, rest, end, why);
	else if (dash)
		e = dash_parse(first, rest, end, why);
	else if (!(e = end_parse(first, &end[0], why)))
		end[1] = end[0];
	if (!e)
		e = whole_refuse(end[0], end[1], why);
	if (!e)
		*out = (struct ip_range){ address(end[0]), address(end[1]) };
	return e;
}

bool ip_range_wide(const struct ip_range *r)
{
	u128 first = number(r->first), more = number(r->last) - first;
	return more >> (is_v4(first) ? V4_SHIFT - WIDE_V4_BITS : BITS - WIDE_V6_BITS) != 0;
}

/* The largest network that begins at `first` and does not pass `last`; *bits of 128. */
static u128 net_step(u128 first, u128 last, unsigned *bits)
{
	u128 host = 0;
	*bits = BITS;
	while (*bits > 0 && !(first & (host << 1 | 1)) && last - first >= (host << 1 | 1)) {
		host = host << 1 | 1;
		--*bits;
	}
	return host;
}

size_t ip_range_nets(const struct ip_range *r, struct ip_net out[static IP_RANGE_NETS_MAX])
{
	u128 first = number(r->first), last = number(r->last);
	size_t n = 0;
	while (n < IP_RANGE_NETS_MAX) {
		unsigned bits;
		u128 end = first + net_step(first, last, &bits);
		out[n++] = (struct ip_net){ .base = address(first), .bits = (uint8_t)bits };
		if (end == last)
			break;
		first = end + 1;
	}
	return n;
}

void ip_net_text(struct ip_net net, char out[static IP_RANGE_TEXT_SIZE])
{
	bool v4 = is_v4(number(net.base));
	char base[IP_TEXT_SIZE];
	ip_text(net.base, base);
	if (net.bits == BITS)
		snprintf(out, IP_RANGE_TEXT_SIZE, "%s", base);
	else
		snprintf(out, IP_RANGE_TEXT_SIZE, "%s/%d", base,
			v4 ? net.bits - (BITS - V4_SHIFT) : net.bits);
}

void ip_range_text(const struct ip_range *r, char out[static IP_RANGE_TEXT_SIZE])
{
	struct ip_net nets[IP_RANGE_NETS_MAX];
	char first[IP_TEXT_SIZE], last[IP_TEXT_SIZE];
	if (ip_range_nets(r, nets) == 1) {
		ip_net_text(nets[0], out);
		return;
	}
	ip_text(r->first, first);
	ip_text(r->last, last);
	snprintf(out, IP_RANGE_TEXT_SIZE, "%s-%s", first, last);
}
