/* Pictures, inside: what the readers and strippers of the formats share. A stripper walks its
 * container twice, once to read the notes and once to write what stays. */
#ifndef CONTENT_PICTURE_H
#define CONTENT_PICTURE_H

#include "../internal.h"

/* One pass over a picture. `b` grows only while writing; an error stays in it. */
struct strip {
	struct arena *arena;
	struct picture_notes notes;
	struct buf b;
	bool writing; /* else notes are read, and nothing is kept */
	bool begun;   /* the first segment is behind */
};

/* Numbers of `n` bytes, 4 at most. */
uint32_t picture_big_endian(const char *p, size_t n);
uint32_t picture_little_endian(const char *p, size_t n);

static inline void picture_strip_keep(struct strip *s, const char *p, size_t n)
{
	if (s->writing)
		buf_add(&s->b, p, n);
}
void picture_strip_jpeg(struct strip *s, struct str in);
void picture_strip_png(struct strip *s, struct str in);
void picture_strip_gif(struct strip *s, struct str in);
void picture_strip_webp(struct strip *s, struct str in);

/* ---- notes: the first that says something stays ---- */
void picture_note_exif(
	struct strip *s, struct str bytes); /* TIFF, with or without "Exif" before it */
void picture_note_photoshop(struct strip *s, struct str in);
void picture_note_xmp(struct strip *s, struct str xml);
void picture_note_copyright(struct strip *s, struct str text);
/* The EXIF that takes the place of what was there; that it did not fit makes the stripping fail. */
void picture_strip_tiff(struct strip *s, struct buf *tiff);

#endif
