/* Removes what camera and editor wrote into a picture (position, device, owner). Only what is
 * needed to show the picture is copied, so that unknown kinds of metadata go as well. JPEG is
 * here (ITU T.81 annex B, JFIF 1.02, ICC.1 annex B.4); the formats made of chunks are in
 * chunks.c. */
#include "picture.h"

#include <string.h>

enum { JFIF_BYTES = 14, ADOBE_BYTES = 12, STRIP_SLACK = 1024 };

/* ---- JPEG ---- */

static void put_segment(struct strip *s, uint8_t marker, struct str head, struct str rest)
{
	size_t n = 2 + head.n + rest.n;
	const char start[] = { (char)0xff, (char)marker, (char)(n >> 8 & 0xff), (char)(n & 0xff) };
	picture_strip_keep(s, start, sizeof start);
	picture_strip_keep(s, head.p, head.n);
	picture_strip_keep(s, rest.p, rest.n);
}

static void put_exif(struct strip *s)
{
	BUF_AUTO tiff = BUF(STRIP_SLACK);
	picture_strip_tiff(s, &tiff);
	if (tiff.n)
		put_segment(s, 0xe1, STR("Exif\0\0"), buf_view(&tiff));
}

/* JFIF's header without its thumbnail. */
static void put_jfif(struct strip *s, struct str data)
{
	const char none[] = { 0, 0 };
	put_segment(s, 0xe0, (struct str){ data.p, JFIF_BYTES - 2 }, (struct str){ none, 2 });
}

static bool is_jfif(uint8_t marker, struct str data)
{
	return marker == 0xe0 && data.n >= JFIF_BYTES && str_starts(data, STR("JFIF\0"));
}

static void read_notes(struct strip *s, uint8_t marker, struct str data)
{
	struct str xmp = STR("http://ns.adobe.com/xap/1.0/\0"), shop = STR("Photoshop 3.0\0");
	if (marker == 0xe1 && str_starts(data, STR("Exif\0\0")))
		picture_note_exif(s, data);
	if (marker == 0xe1 && str_starts(data, xmp))
		picture_note_xmp(s, (struct str){ data.p + xmp.n, data.n - xmp.n });
	if (marker == 0xed && str_starts(data, shop))
		picture_note_photoshop(s, (struct str){ data.p + shop.n, data.n - shop.n });
}

/* Frames, tables, scans: all between C0 and DF but what stands alone. */
static bool shows_picture(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xdf && marker != 0xc8;
}

static bool is_profile(uint8_t marker, struct str data)
{
	return marker == 0xe2 && str_starts(data, STR("ICC_PROFILE\0"));
}

static void segment(struct strip *s, uint8_t marker, struct str data)
{
	if (!s->writing)
		read_notes(s, marker, data);
	else if (is_jfif(marker, data))
		put_jfif(s, data);
	else if (shows_picture(marker) || is_profile(marker, data))
		put_segment(s, marker, data, STR(""));
	else if (marker == 0xee && data.n >= ADOBE_BYTES && str_starts(data, STR("Adobe")))
		put_segment(s, marker, (struct str){ data.p, ADOBE_BYTES }, STR(""));
}

static bool stands_alone(uint8_t marker)
{
	return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/* The end of a scan's data: a marker that is neither a stuffed byte nor a restart. */
static size_t scan_end(struct str in, size_t at)
{
	for (; at + 1 < in.n; at++) {
		const char *ff = memchr(in.p + at, 0xff, in.n - at - 1);
		if (!ff)
			break;
		at = (size_t)(ff - in.p);
		uint8_t next = (uint8_t)in.p[at + 1];
		if (next != 0x00 && next != 0xff && !(next >= 0xd0 && next <= 0xd7))
			return at;
	}
	return in.n;
}

/* One segment with what belongs to it; where the next begins. 0: nothing more can be read. */
static size_t jpeg_step(struct strip *s, struct str in, size_t at)
{
	uint8_t marker = (uint8_t)in.p[at + 1];
	if ((uint8_t)in.p[at] != 0xff || marker == 0xff || marker == 0x00)
		return at + 1;
	if (stands_alone(marker))
		return at + 2;
	if (marker == 0xd9 || in.n - at < 4)
		return 0;
	size_t n = picture_big_endian(in.p + at + 2, 2);
	if (n < 2 || n > in.n - at - 2)
		return 0;
	struct str data = { in.p + at + 4, n - 2 };
	bool first = !s->begun;
	s->begun = true;
	bool head = is_jfif(marker, data); /* stands first, if at all */
	if (first && !head)
		put_exif(s);
	segment(s, marker, data);
	if (first && head)
		put_exif(s);
	at += 2 + n;
	if (marker != 0xda)
		return at;
	size_t end = scan_end(in, at);
	picture_strip_keep(s, in.p + at, end - at);
	return end;
}

/* What stands behind the end (a second picture, a video) is not taken along; an end that is missing
 * is written. */
void picture_strip_jpeg(struct strip *s, struct str in)
{
	s->begun = false;
	picture_strip_keep(s, in.p, 2);
	for (size_t at = 2; at > 0 && at + 1 < in.n;)
		at = jpeg_step(s, in, at);
	picture_strip_keep(s, "\xff\xd9", 2);
}

/* ---- the door ---- */

static void strip_any(struct strip *s, struct str in, const char *type)
{
	if (strcmp(type, "image/jpeg") == 0)
		picture_strip_jpeg(s, in);
	else if (strcmp(type, "image/png") == 0)
		picture_strip_png(s, in);
	else if (strcmp(type, "image/gif") == 0)
		picture_strip_gif(s, in);
	else
		picture_strip_webp(s, in);
}

/* Bytes that can be read in two ways are no picture: what was judged is what goes out. */
static bool same_picture(struct str made, const struct picture_info *before)
{
	struct picture_info after;
	return picture_probe(made, &after) == ERR_OK && after.width == before->width &&
	       after.height == before->height && after.content_type == before->content_type;
}

enum err picture_strip(
	struct str bytes, struct arena *a, struct str *out, struct picture_notes *notes)
{
	struct picture_info info;
	struct strip s = { .arena = a, .b = BUF(bytes.n + STRIP_SLACK) };
	enum err e = picture_probe(bytes, &info);
	if (e)
		return e;
	strip_any(&s, bytes, info.content_type);
	s.writing = true;
	strip_any(&s, bytes, info.content_type);
	struct str made = buf_view(&s.b);
	e = arena_failed(a) ? ERR_NOMEM : s.b.err;
	if (!e && !same_picture(made, &info))
		e = ERR_INVALID;
	struct str kept = bytes;
	if (!e && !str_eq(made, bytes))
		kept = arena_str(a, made);
	buf_free(&s.b);
	if (e)
		return e;
	*notes = s.notes;
	*out = kept;
	return kept.p ? ERR_OK : ERR_NOMEM;
}
