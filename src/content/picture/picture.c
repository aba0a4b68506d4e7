/* Type and size of a picture, from its first bytes alone: PNG (ISO 15948, section 11.2.2), GIF89a
 * (section 18), JPEG (ITU T.81, annex B), WebP (RFC 9649, sections 2.5 to 2.7). */
#include "picture.h"

#include <string.h>

uint32_t picture_big_endian(const char *p, size_t n)
{
	uint32_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (uint8_t)p[i];
	return v;
}

uint32_t picture_little_endian(const char *p, size_t n)
{
	uint32_t v = 0;
	while (n-- > 0)
		v = v << 8 | (uint8_t)p[n];
	return v;
}

static enum err found(const char *type, uint32_t width, uint32_t height, struct picture_info *out)
{
	if (width == 0 || height == 0 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX)
		return ERR_INVALID;
	*out = (struct picture_info){ type, width, height };
	return ERR_OK;
}

static enum err probe_png(struct str s, struct picture_info *out)
{
	if (s.n < 33 || picture_big_endian(s.p + 8, 4) != 13 || memcmp(s.p + 12, "IHDR", 4) != 0)
		return ERR_INVALID;
	return found(
		"image/png", picture_big_endian(s.p + 16, 4), picture_big_endian(s.p + 20, 4), out);
}

static enum err probe_gif(struct str s, struct picture_info *out)
{
	if (s.n < 13)
		return ERR_INVALID;
	return found("image/gif", picture_little_endian(s.p + 6, 2),
		picture_little_endian(s.p + 8, 2), out);
}

/* SOF0 to SOF15 but DHT, JPG and DAC, which share their numbers. */
static bool is_frame(uint8_t marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

/* ISO/IEC 10918-1, annex B: segments with their length up to the frame header, which has the size.
 */
static enum err probe_jpeg(struct str s, struct picture_info *out)
{
	size_t at = 2;
	while (at + 4 <= s.n && (uint8_t)s.p[at] == 0xff) {
		uint8_t marker = (uint8_t)s.p[at + 1];
		if (marker == 0xff) { /* fill byte */
			at++;
			continue;
		}
		if (marker == 0x01 ||
			(marker >= 0xd0 && marker <= 0xd7)) { /* alone, without length */
			at += 2;
			continue;
		}
		if (marker == 0xd9 || marker == 0xda) /* the picture's data before any frame */
			return ERR_INVALID;
		uint32_t length = picture_big_endian(s.p + at + 2, 2);
		if (length < 2 || length > s.n - at - 2)
			return ERR_INVALID;
		if (is_frame(marker))
			return length < 8 ? ERR_INVALID
					  : found("image/jpeg", picture_big_endian(s.p + at + 7, 2),
						    picture_big_endian(s.p + at + 5, 2), out);
		at += 2 + length;
	}
	return ERR_INVALID;
}

/* RFC 9649: the first chunk is VP8X, VP8L or VP8, and each has the size in another form. */
static enum err probe_webp(struct str s, struct picture_info *out)
{
	static const char type[] = "image/webp";
	if (s.n < 30)
		return ERR_INVALID;
	const char *chunk = s.p + 12, *data = s.p + 20;
	if (memcmp(chunk, "VP8X", 4) == 0)
		return found(type, picture_little_endian(data + 4, 3) + 1,
			picture_little_endian(data + 7, 3) + 1, out);
	if (memcmp(chunk, "VP8L", 4) == 0 && data[0] == 0x2f) {
		uint32_t bits = picture_little_endian(data + 1, 2) |
				picture_little_endian(data + 3, 2) << 16;
		return found(type, (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, out);
	}
	if (memcmp(chunk, "VP8 ", 4) == 0 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0)
		return found(type, picture_little_endian(data + 6, 2) & 0x3fff,
			picture_little_endian(data + 8, 2) & 0x3fff, out);
	return ERR_INVALID;
}

enum err picture_probe(struct str bytes, struct picture_info *out)
{
	if (str_starts(bytes, STR("\x89PNG\r\n\x1a\n")))
		return probe_png(bytes, out);
	if (str_starts(bytes, STR("\xff\xd8\xff")))
		return probe_jpeg(bytes, out);
	if (str_starts(bytes, STR("GIF87a")) || str_starts(bytes, STR("GIF89a")))
		return probe_gif(bytes, out);
	if (bytes.n >= 12 && memcmp(bytes.p, "RIFF", 4) == 0 && memcmp(bytes.p + 8, "WEBP", 4) == 0)
		return probe_webp(bytes, out);
	return ERR_UNSUPPORTED;
}

bool picture_name_ok(struct str name)
{
	static const char *const extensions[] = { ".png", ".jpg", ".jpeg", ".webp", ".gif" };
	if (name.n == 0 || name.n > IMAGE_NAME_MAX || name.p[0] == '.' || name.p[0] == '-')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
		if (!ok)
			return false;
	}
	for (size_t i = 0; i < COUNT(extensions); i++) {
		struct str e = str_of(extensions[i]);
		if (name.n > e.n && str_eq_nocase((struct str){ name.p + name.n - e.n, e.n }, e))
			return true;
	}
	return false;
}
