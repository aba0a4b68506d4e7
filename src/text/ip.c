/* IP addresses and networks. IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so that an
 * address has one form whatever socket it came by. */
#include "internal.h"

#include <arpa/inet.h>
#include <string.h>

/* Where an IPv4 address stands in ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2): byte 12, bit 96. */
enum { V4_OFFSET = 12, V4_BITS_BEFORE = 96 };
static const uint8_t v4_head[V4_OFFSET] = { [10] = 0xff, [11] = 0xff };

bool ip_is_v4(struct ip ip)
{
	return memcmp(ip.b, v4_head, sizeof v4_head) == 0;
}

struct ip ip_from_v4(const uint8_t b[static 4])
{
	struct ip ip = { .set = true };
	memcpy(ip.b, v4_head, sizeof v4_head);
	memcpy(ip.b + V4_OFFSET, b, 4);
	return ip;
}

enum err ip_parse(struct str s, struct ip *out)
{
	char z[IP_TEXT_SIZE];
	struct ip ip = { .set = true };
	if (str_copy(z, sizeof z, s) != ERR_OK)
		return ERR_INVALID;
	if (inet_pton(AF_INET, z, ip.b + V4_OFFSET) == 1)
		memcpy(ip.b, v4_head, sizeof v4_head);
	else if (inet_pton(AF_INET6, z, ip.b) != 1)
		return ERR_INVALID;
	*out = ip;
	return ERR_OK;
}

/* A port, or the beginning of one that was left out. */
static bool port_ok(struct str s)
{
	int64_t port = 0;
	return s.n == 0 || (s.n <= 5 && str_int(s, 0, 65535, &port) == ERR_OK);
}

/* "[2001:db8::7]:443" without brackets and port. */
static enum err unbracket(struct str s, struct str *out)
{
	struct str rest = { s.p + 1, s.n - 1 };
	struct str inside = str_cut(&rest, ']');
	const bool has_port = rest.n > 0;
	if (!rest.p || !str_has_byte(inside, ':') || (has_port && rest.p[0] != ':'))
		return ERR_INVALID;
	if (has_port && !port_ok((struct str){ rest.p + 1, rest.n - 1 }))
		return ERR_INVALID;
	*out = inside;
	return ERR_OK;
}

static bool has_one_colon(struct str s)
{
	const char *colon = s.n > 0 ? memchr(s.p, ':', s.n) : NULL;
	return colon && !memchr(colon + 1, ':', s.n - (size_t)(colon + 1 - s.p));
}

enum err ip_parse_forwarded(struct str s, struct ip *out)
{
	if (s.n > 1 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = (struct str){ s.p + 1, s.n - 2 };
	if (str_starts(s, STR("["))) {
		if (unbracket(s, &s) != ERR_OK)
			return ERR_INVALID;
	} else if (has_one_colon(s)) {
		struct str port = s;
		s = str_cut(&port, ':');
		if (!port_ok(port))
			return ERR_INVALID;
	}
	struct str zone = s;
	struct str address = str_cut(&zone, '%');
	if (zone.p && (zone.n == 0 || !str_has_byte(address, ':')))
		return ERR_INVALID;
	return ip_parse(address, out);
}

/* Zeroes all behind the first `bits` bits. */
static struct ip mask(struct ip ip, unsigned bits)
{
	for (unsigned i = 0; i < sizeof ip.b; i++) {
		unsigned keep = bits <= i * 8 ? 0 : bits - i * 8;
		if (keep < 8)
			ip.b[i] &= (uint8_t)(0xff00u >> keep);
	}
	return ip;
}

enum err ip_net_parse(struct str s, struct ip_net *out)
{
	struct ip_net net = { .bits = 128 };
	bool with_bits = str_has_byte(s, '/');
	struct str bits = s;
	struct str address = str_cut(&bits, '/');
	if (ip_parse(address, &net.base) != ERR_OK)
		return ERR_INVALID;
	if (with_bits) {
		bool dotted = !str_has_byte(address, ':');
		int64_t n = 0;
		if (str_int(bits, 0, dotted ? 32 : 128, &n) != ERR_OK)
			return ERR_INVALID;
		net.bits = (uint8_t)(dotted ? n + V4_BITS_BEFORE : n);
	}
	struct ip masked = mask(net.base, net.bits);
	if (memcmp(masked.b, net.base.b, sizeof masked.b) != 0)
		return ERR_INVALID;
	*out = net;
	return ERR_OK;
}

bool ip_in(const struct ip_net *nets, size_t n, struct ip ip)
{
	for (size_t i = 0; ip.set && i < n; i++) {
		struct ip masked = mask(ip, nets[i].bits);
		if (nets[i].base.set && memcmp(masked.b, nets[i].base.b, sizeof masked.b) == 0)
			return true;
	}
	return false;
}

void ip_text(struct ip ip, char out[static IP_TEXT_SIZE])
{
	bool v4 = ip_is_v4(ip);
	out[0] = '\0';
	if (ip.set)
		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip.b + V4_OFFSET : ip.b, out, IP_TEXT_SIZE);
}

struct ip ip_prefix(struct ip ip, unsigned v4_bits, unsigned v6_bits)
{
	return mask(ip, ip_is_v4(ip) ? V4_BITS_BEFORE + v4_bits : v6_bits);
}
