/* Decodes HTML entities in fields of plain text once, because many agency systems escape
 * headlines as if they were HTML. Anything that is not an entity stays as it is. */
#include "../internal.h"

#include <libxml/HTMLparser.h>

/* Bytes of a name: the longest of HTML 4 has 8 letters. */
enum { ENTITY_BYTES_MAX = 32 };

/* What HTML makes of numbers that are controls: Windows-1252 (WHATWG HTML, 13.2.5.80). */
static uint32_t windows_1252(uint32_t cp)
{
	static const uint16_t points[32] = { 0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f, 0x90, 0x2018,
		0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, 0x9d, 0x017e, 0x0178 };
	return cp >= 0x80 && cp < 0xa0 ? points[cp - 0x80] : cp;
}

static int digit_of(char c, unsigned base)
{
	const int v = str_hex_digit(c);
	return v < (int)base ? v : -1;
}

/* "#8211" or "#x2013"; 0: none. */
static uint32_t number_of(struct str name)
{
	bool hex = name.n > 2 && (name.p[1] == 'x' || name.p[1] == 'X');
	unsigned base = hex ? 16 : 10;
	uint32_t cp = 0;
	if (name.n < 2)
		return 0;
	for (size_t i = hex ? 2 : 1; i < name.n; i++) {
		int digit = digit_of(name.p[i], base);
		cp = digit < 0 || cp > 0x10ffff ? UINT32_MAX : cp * base + (uint32_t)digit;
	}
	bool character = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
	return character ? windows_1252(cp) : 0;
}

static uint32_t point_of(struct str name)
{
	char z[ENTITY_BYTES_MAX + 1];
	if (name.n == 0 || str_copy(z, sizeof z, name) != ERR_OK)
		return 0;
	if (name.p[0] == '#')
		return number_of(name);
	const htmlEntityDesc *d = htmlEntityLookup((const xmlChar *)z);
	return d ? d->value : 0;
}

static void put_point(struct buf *b, uint32_t cp)
{
	if (cp < 0x80) {
		buf_byte(b, (char)cp);
		return;
	}
	int more = cp < 0x800 ? 1 : 2;
	if (cp >= 0x10000)
		more = 3;
	static const uint8_t heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	buf_byte(b, (char)(heads[more] | cp >> (6 * more)));
	while (more-- > 0)
		buf_byte(b, (char)(0x80 | (cp >> (6 * more) & 0x3f)));
}

/* Bytes of the entity at the head of `s`, 0: none. */
static size_t entity(struct str s, uint32_t *cp)
{
	size_t n = 1;
	while (n < s.n && n <= ENTITY_BYTES_MAX && s.p[n] != ';' && s.p[n] != '&' && s.p[n] != ' ')
		n++;
	if (n >= s.n || s.p[n] != ';')
		return 0;
	*cp = point_of((struct str){ s.p + 1, n - 1 });
	return *cp ? n + 1 : 0;
}

struct str import_entities_decode(struct str s, struct arena *a)
{
	if (s.n == 0 || !str_has_byte(s, '&'))
		return s;
	BUF_AUTO b = BUF(2 * s.n + 4);
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		size_t n = s.p[i] == '&' ? entity((struct str){ s.p + i, s.n - i }, &cp) : 0;
		if (n > 0)
			put_point(&b, cp);
		else
			buf_byte(&b, s.p[i]);
		i += n ? n : 1;
	}
	return arena_buf(a, &b);
}
