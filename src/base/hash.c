/* SipHash-1-3 (Aumasson, Bernstein 2012; the variant with fewer rounds that Rust and Ruby use for
 * tables), the keyed hash of every table that outsiders choose the keys of: without the process's
 * random key nobody can make keys that collide. */
#include "postern/hash.h"

#include <endian.h>
#include <string.h>

/* The four words of SipHash's state (Aumasson and Bernstein, 2012), keyed so that an attacker
 * cannot make keys collide. */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned n)
{
	return (x << n) | (x >> (64 - n));
}

static void rounds(struct sip *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 = rotate(s->v2, 32);
	}
}

static void word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	rounds(s, 1);
	s->v0 ^= m;
}

uint64_t hash_bytes(const struct hash_key *key, struct str in)
{
	struct sip s = { key->a ^ 0x736f6d6570736575U, key->b ^ 0x646f72616e646f6dU,
		key->a ^ 0x6c7967656e657261U, key->b ^ 0x7465646279746573U };
	uint64_t m = 0;
	size_t at = 0;
	for (; at + sizeof m <= in.n; at += sizeof m) {
		memcpy(&m, in.p + at, sizeof m);
		word(&s, le64toh(m));
	}
	m = 0;
	if (at < in.n)
		memcpy(&m, in.p + at, in.n - at);
	word(&s, le64toh(m) | (uint64_t)in.n << 56);
	s.v2 ^= 0xff;
	rounds(&s, 3);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
