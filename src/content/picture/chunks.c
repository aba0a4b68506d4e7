/* Removes metadata from PNG (W3C PNG 3), GIF89a and WebP (RFC 9649). Only the chunks that are
 * needed to show the picture are copied; unknown chunks are left out. */
#include "picture.h"

#include <string.h>

enum { CHUNK_EXIF_MAX = 1024 };

static bool is_one_of(const char *type, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(type, list[i], 4) == 0)
			return true;
	return false;
}

/* ---- PNG ---- */

static void put_be32(char out[static 4], uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (char)(v >> (24 - 8 * i) & 0xff);
}

/* ISO 3309, as PNG has it. */
static uint32_t crc(uint32_t c, struct str s)
{
	c = ~c;
	for (size_t i = 0; i < s.n; i++) {
		c ^= (uint8_t)s.p[i];
		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320U ^ c >> 1 : c >> 1;
	}
	return ~c;
}

static void put_png_exif(struct strip *s)
{
	char size[4], sum[4];
	BUF_AUTO tiff = BUF(CHUNK_EXIF_MAX);
	picture_strip_tiff(s, &tiff);
	if (!tiff.n)
		return;
	put_be32(size, (uint32_t)tiff.n);
	put_be32(sum, crc(crc(0, STR("eXIf")), buf_view(&tiff)));
	picture_strip_keep(s, size, 4);
	picture_strip_keep(s, "eXIf", 4);
	picture_strip_keep(s, tiff.p, tiff.n);
	picture_strip_keep(s, sum, 4);
}

/* keyword, NUL, text. In iTXt: NUL, compressed?, method, language, NUL, keyword, NUL, text. */
static void png_text(struct strip *s, struct str data, bool international)
{
	struct str rest = data;
	struct str key = str_cut(&rest, '\0');
	if (international) {
		if (rest.n < 2 || rest.p[0] != 0)
			return;
		rest = (struct str){ rest.p + 2, rest.n - 2 };
		(void)str_cut(&rest, '\0');
		(void)str_cut(&rest, '\0');
	}
	if (str_eq(key, STR("Copyright")))
		picture_note_copyright(s, rest);
	if (str_eq(key, STR("XML:com.adobe.xmp")))
		picture_note_xmp(s, rest);
}

static void png_notes(struct strip *s, const char *type, struct str data)
{
	if (memcmp(type, "eXIf", 4) == 0)
		picture_note_exif(s, data);
	if (memcmp(type, "tEXt", 4) == 0 || memcmp(type, "iTXt", 4) == 0)
		png_text(s, data, type[0] == 'i');
}

void picture_strip_png(struct strip *s, struct str in)
{
	static const char *const shown[] = { "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA",
		"iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "hIST", "pHYs", "sPLT",
		"acTL", "fcTL", "fdAT" };
	picture_strip_keep(s, in.p, 8);
	for (size_t at = 8; in.n - at >= 12;) {
		size_t n = picture_big_endian(in.p + at, 4), left = in.n - at - 12;
		const char *type = in.p + at + 4;
		bool cut = n > left;
		struct str data = { type + 4, cut ? in.n - at - 8 : n };
		if (!s->writing)
			png_notes(s, type, data);
		else if (is_one_of(type, shown, COUNT(shown)))
			picture_strip_keep(s, in.p + at, cut ? in.n - at : n + 12);
		if (at == 8)
			put_png_exif(s);
		if (cut || memcmp(type, "IEND", 4) == 0)
			return;
		at += n + 12;
	}
}

/* ---- GIF ---- */

struct gif {
	struct strip *s;
	struct str in;
	size_t at;
	struct str control; /* belongs to the picture that follows */
};

/* Behind a row of sub-blocks; false, and behind its last whole one, when it does not end. */
static bool sub_blocks(struct gif *g)
{
	while (g->at < g->in.n) {
		size_t n = (uint8_t)g->in.p[g->at];
		if (n > g->in.n - g->at - 1)
			break;
		g->at += n + 1;
		if (n == 0)
			return true;
	}
	return false;
}

static size_t colours(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Loops and colour; not XMP, and nothing that is not known. */
static bool application_stays(struct str block)
{
	static const char *const names[] = { "NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (block.n >= 14 && block.p[2] == 11 && memcmp(block.p + 3, names[i], 11) == 0)
			return true;
	return false;
}

static void gif_notes(struct strip *s, struct str block)
{
	/* XMP stands there as it is, not in sub-blocks, with 258 bytes behind it (Adobe). */
	if (block.n > 14 + 258 && memcmp(block.p + 3, "XMP DataXMP", 11) == 0)
		picture_note_xmp(s, (struct str){ block.p + 14, block.n - 14 - 258 });
}

static bool gif_extension(struct gif *g)
{
	size_t from = g->at;
	if (g->in.n - g->at < 3)
		return false;
	uint8_t label = (uint8_t)g->in.p[g->at + 1];
	g->at += 2;
	bool whole = sub_blocks(g);
	struct str block = { g->in.p + from, g->at - from };
	if (label == 0xf9 && whole && block.n == 8)
		g->control = block;
	if (label == 0xff && !g->s->writing && whole)
		gif_notes(g->s, block);
	if (label == 0xff && whole && application_stays(block))
		picture_strip_keep(g->s, block.p, block.n);
	return whole;
}

static bool gif_picture(struct gif *g)
{
	size_t from = g->at;
	if (g->in.n - g->at < 11)
		return false;
	size_t table = colours((uint8_t)g->in.p[g->at + 9]);
	if (table > g->in.n - g->at - 11)
		return false;
	g->at += 11 + table;
	bool whole = sub_blocks(g);
	picture_strip_keep(g->s, g->control.p, g->control.n);
	g->control = (struct str){ "", 0 };
	picture_strip_keep(g->s, g->in.p + from, g->at - from);
	if (!whole)
		picture_strip_keep(g->s, "\0", 1);
	return whole;
}

void picture_strip_gif(struct strip *s, struct str in)
{
	struct gif g = { .s = s, .in = in, .control = { "", 0 } };
	size_t head = 13 + colours((uint8_t)in.p[10]);
	bool more = head <= in.n;
	if (!more) /* cut within its colours: there is no picture */
		return;
	g.at = head;
	picture_strip_keep(s, in.p, head);
	while (more && g.at < in.n) {
		uint8_t kind = (uint8_t)in.p[g.at];
		more = kind == 0x21 ? gif_extension(&g) : kind == 0x2c && gif_picture(&g);
	}
	picture_strip_keep(s, ";", 1);
}

/* ---- WebP ---- */

static void put_le32(char out[static 4], uint32_t v)
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (char)(v >> (8 * i) & 0xff);
}

static void put_chunk(struct strip *s, const char *type, struct str data)
{
	char size[4];
	put_le32(size, (uint32_t)data.n);
	picture_strip_keep(s, type, 4);
	picture_strip_keep(s, size, 4);
	picture_strip_keep(s, data.p, data.n);
	picture_strip_keep(s, "\0", data.n % 2);
}

struct chunk {
	const char *type;
	struct str data;
};

/* The next chunk, as much of it as is there. */
static bool chunk_next(struct str *rest, struct chunk *out)
{
	if (rest->n < 8)
		return false;
	size_t n = picture_little_endian(rest->p + 4, 4);
	n = n < rest->n - 8 ? n : rest->n - 8;
	*out = (struct chunk){ rest->p, { rest->p + 8, n } };
	size_t step = 8 + n + n % 2;
	step = step < rest->n ? step : rest->n;
	*rest = (struct str){ rest->p + step, rest->n - step };
	return true;
}

/* A frame of an animation has chunks of its own. */
static void put_frame(struct strip *s, struct str data)
{
	static const char *const shown[] = { "ALPH", "VP8 ", "VP8L" };
	struct strip inner = { .arena = s->arena, .b = BUF(data.n + CHUNK_EXIF_MAX) };
	struct str rest = { data.p + 16, data.n - 16 };
	struct chunk c;
	inner.writing = true;
	picture_strip_keep(&inner, data.p, 16);
	while (chunk_next(&rest, &c))
		if (is_one_of(c.type, shown, COUNT(shown)))
			put_chunk(&inner, c.type, c.data);
	if (inner.b.err)
		s->b.err = inner.b.err;
	else
		put_chunk(s, "ANMF", buf_view(&inner.b));
	buf_free(&inner.b);
}

/* Says whether EXIF and XMP follow. */
static void put_extended(struct strip *s, struct str data, bool exif)
{
	char head[10];
	memcpy(head, data.p, sizeof head);
	head[0] = (char)((head[0] & ~0x0c) | (exif ? 0x08 : 0));
	put_chunk(s, "VP8X", (struct str){ head, sizeof head });
}

static void webp_notes(struct strip *s, const struct chunk *c)
{
	if (memcmp(c->type, "EXIF", 4) == 0)
		picture_note_exif(s, c->data);
	if (memcmp(c->type, "XMP ", 4) == 0)
		picture_note_xmp(s, c->data);
}

/* True for the chunk that says that others follow. */
static bool webp_chunk(struct strip *s, const struct chunk *c, bool exif)
{
	static const char *const shown[] = { "VP8 ", "VP8L", "ALPH", "ANIM", "ICCP" };
	bool extended = memcmp(c->type, "VP8X", 4) == 0 && c->data.n >= 10;
	if (extended)
		put_extended(s, c->data, exif);
	else if (memcmp(c->type, "ANMF", 4) == 0 && c->data.n >= 16)
		put_frame(s, c->data);
	else if (is_one_of(c->type, shown, COUNT(shown)))
		put_chunk(s, c->type, c->data);
	return extended;
}

static void webp_write(struct strip *s, struct str rest)
{
	BUF_AUTO tiff = BUF(CHUNK_EXIF_MAX);
	struct chunk c;
	bool extended = false;
	picture_strip_tiff(s, &tiff);
	while (chunk_next(&rest, &c))
		extended = webp_chunk(s, &c, tiff.n > 0) || extended;
	if (extended && tiff.n)
		put_chunk(s, "EXIF", buf_view(&tiff));
	if (!s->b.err)
		put_le32(s->b.p + 4, (uint32_t)s->b.n - 8);
}

void picture_strip_webp(struct strip *s, struct str in)
{
	size_t said = (size_t)picture_little_endian(in.p + 4, 4) + 8;
	struct str rest = { in.p + 12, (said < in.n && said >= 12 ? said : in.n) - 12 };
	struct chunk c;
	picture_strip_keep(s, in.p, 12);
	if (s->writing) {
		webp_write(s, rest);
		return;
	}
	while (chunk_next(&rest, &c))
		webp_notes(s, &c);
}
