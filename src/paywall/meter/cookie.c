/* The anonymous reader's meter cookie, byte by byte: version 1, key id (4), meter id (12), then
 * for each meter the tag of its name (4), the start of its window (5), the number of articles (1)
 * and a tag for each of them (6); at the end a MAC (16) over everything before it. Big-endian. A
 * reader can delete the cookie but cannot forge one. */
#include "internal.h"

#include <string.h>

/* Bytes of the format above. BYTES_MAX: what METER_COOKIE_MAX characters of base64 hold. */
enum {
	VERSION = 1,
	HEAD_BYTES = 1 + 4 + METER_ID_BYTES,
	COUNT_BYTES = METER_NAME_TAG_BYTES + 5 + 1,
	MAC_BYTES = 16,
	BYTES_MAX = METER_COOKIE_MAX / 4 * 3,
};
_Static_assert((int)BYTES_MAX <= (int)BASE64URL_BYTES_MAX, "the cookie must fit the decoder");
_Static_assert(
	HEAD_BYTES + METERS_MAX * COUNT_BYTES + METER_TAGS_MAX * METER_TAG_BYTES + MAC_BYTES <=
		(int)BYTES_MAX,
	"every meter at its limit must fit the cookie");

/* What of the cookie is not read yet. Every read checks what is left: the bytes come from anybody.
 */
struct cursor {
	const uint8_t *p;
	size_t n;
};

static bool bytes_take(struct cursor *c, void *out, size_t n)
{
	if (c->n < n)
		return false;
	memcpy(out, c->p, n);
	c->p += n;
	c->n -= n;
	return true;
}

static bool take_number(struct cursor *c, size_t bytes, uint64_t *out)
{
	*out = 0;
	if (c->n < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		*out = *out << 8 | c->p[i];
	c->p += bytes;
	c->n -= bytes;
	return true;
}

static bool tag_doubled(const struct meter_count *m, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (memcmp(&m->tags[k], &m->tags[i], sizeof m->tags[i]) == 0)
			return true;
	}
	return false;
}

static bool take_count(struct cursor *c, struct meter_count *m)
{
	uint64_t began_at = 0, n = 0;
	if (!bytes_take(c, m->name, sizeof m->name) || !take_number(c, 5, &began_at) ||
		!take_number(c, 1, &n))
		return false;
	if (began_at == 0 || n == 0 || n > METER_LIMIT_MAX)
		return false;
	m->began_at = (int64_t)began_at;
	m->n = (size_t)n;
	for (size_t i = 0; i < m->n; i++) {
		if (!bytes_take(c, m->tags[i].b, sizeof m->tags[i].b) || tag_doubled(m, i))
			return false;
	}
	return true;
}

/* Meters stand in the order of their tags, so that none is there twice. */
static bool take_counts(struct cursor *c, struct meter_cookie *k)
{
	while (c->n > 0) {
		struct meter_count *m = &k->v[k->count];
		if (k->count == METERS_MAX || !take_count(c, m))
			return false;
		if (k->count > 0 && memcmp(m[-1].name, m->name, sizeof m->name) >= 0)
			return false;
		k->count++;
	}
	return true;
}

/* The cookie's bytes, at most of the largest one. */
struct raw {
	size_t n;
	uint8_t bytes[BASE64URL_BYTES_MAX];
};

static enum err raw_read(struct str text, struct raw *out)
{
	out->n = 0;
	if (text.n > METER_COOKIE_MAX)
		return ERR_TOO_LARGE;
	enum err e = crypto_base64url_decode(text, out->bytes, &out->n);
	if (e)
		return e;
	return out->n < HEAD_BYTES + MAC_BYTES ? ERR_INVALID : ERR_OK;
}

static enum err raw_parse(const struct raw *r, struct meter_cookie *out)
{
	uint64_t version = 0, key = 0;
	struct cursor c = { r->bytes, r->n - MAC_BYTES };
	out->count = 0;
	if (!take_number(&c, 1, &version) || version != VERSION || !take_number(&c, 4, &key) ||
		key == 0 || !bytes_take(&c, out->id, sizeof out->id) || !take_counts(&c, out))
		return ERR_INVALID;
	out->key = (uint32_t)key;
	return ERR_OK;
}

static bool raw_sealed(const struct raw *r, const uint8_t key[static KEY_BYTES])
{
	uint8_t mac[MAC_BYTES];
	size_t n = r->n - sizeof mac;
	crypto_mac(key, (struct str){ (const char *)r->bytes, n }, mac, sizeof mac);
	return crypto_equal(mac, r->bytes + n, sizeof mac);
}

enum err meter_cookie_parse(struct str text, struct meter_cookie *out)
{
	struct raw r;
	enum err e = raw_read(text, &r);
	return e ? e : raw_parse(&r, out);
}

bool meter_cookie_sealed(struct str text, const uint8_t key[static KEY_BYTES])
{
	struct raw r;
	return raw_read(text, &r) == ERR_OK && raw_sealed(&r, key);
}

enum cookie_state meter_cookie_open(
	const struct meter_keys *keys, struct str text, struct meter_cookie *out)
{
	struct raw r;
	out->count = 0;
	if (text.n == 0)
		return COOKIE_NONE;
	if (raw_read(text, &r) != ERR_OK || raw_parse(&r, out) != ERR_OK)
		return COOKIE_BAD;
	for (size_t i = 0; i < keys->n; i++) {
		if (keys->seals[i].id == (int64_t)out->key)
			return raw_sealed(&r, keys->seals[i].bytes) ? COOKIE_GOOD : COOKIE_BAD;
	}
	return COOKIE_BAD;
}

static void put_number(struct buf *b, size_t bytes, uint64_t v)
{
	while (bytes > 0)
		buf_byte(b, (char)(v >> 8 * --bytes & 0xff));
}

static void put_counts(struct buf *b, const struct meter_cookie *k)
{
	for (size_t i = 0; i < k->count; i++) {
		const struct meter_count *m = &k->v[i];
		buf_add(b, m->name, sizeof m->name);
		put_number(b, 5, (uint64_t)m->began_at);
		put_number(b, 1, m->n);
		for (size_t t = 0; t < m->n; t++)
			buf_add(b, m->tags[t].b, sizeof m->tags[t].b);
	}
}

enum err meter_cookie_write(const struct meter_cookie *k, const uint8_t key[static KEY_BYTES],
	struct arena *a, struct str *out)
{
	uint8_t mac[MAC_BYTES];
	BUF_AUTO b = BUF(BYTES_MAX);
	put_number(&b, 1, VERSION);
	put_number(&b, 4, k->key);
	buf_add(&b, k->id, sizeof k->id);
	put_counts(&b, k);
	crypto_mac(key, buf_view(&b), mac, sizeof mac);
	buf_add(&b, mac, sizeof mac);
	if (b.err)
		return b.err;
	const size_t size = crypto_base64url_size(b.n);
	char *text = arena_alloc(a, size);
	if (!text)
		return ERR_NOMEM;
	crypto_base64url(b.p, b.n, text, size);
	*out = (struct str){ text, size - 1 };
	return ERR_OK;
}
