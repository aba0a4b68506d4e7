/* Pictures of a draft: read, judged, named. */
#include "internal.h"

#include "postern/crypto.h"

#include <stdio.h>
#include <string.h>

/* The same source and name give the same id, so that an address stays good when an article comes
 * again. */
static void image_id(struct str source, struct str name, char out[static ID_SIZE])
{
	static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t hash[HASH_BYTES];
	BUF_AUTO b = BUF(source.n + name.n + 1);
	buf_str(&b, source);
	buf_byte(&b, '\0');
	buf_str(&b, name);
	crypto_digest(buf_view(&b), hash);
	for (size_t i = 0; i + 1 < ID_SIZE; i++) {
		size_t bit = i * 5;
		unsigned pair = (unsigned)hash[bit / 8] << 8 | hash[bit / 8 + 1];
		out[i] = base32[pair >> (11 - bit % 8) & 31];
	}
	out[ID_SIZE - 1] = 0;
}

static void image_digest(struct str bytes, char out[static DIGEST_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t hash[HASH_BYTES];
	crypto_digest(bytes, hash);
	for (size_t i = 0; i < HASH_BYTES; i++) {
		out[2 * i] = hex[hash[i] >> 4];
		out[2 * i + 1] = hex[hash[i] & 15];
	}
	out[DIGEST_SIZE - 1] = 0;
}

static struct str base_name(struct str path)
{
	struct str rest = path, name = path;
	while (rest.n > 0)
		name = str_cut(&rest, '/');
	return name;
}

static enum err unfit(char *why, struct str file, const char *reason)
{
	(void)snprintf(why, WHY_SIZE, "picture \"%.*s\": %s", (int)(file.n < 200 ? file.n : 200),
		file.p, reason);
	return ERR_INVALID;
}

static enum err unread(char *why, struct str file, enum err e)
{
	switch (e) {
	case ERR_NOT_FOUND:
		return unfit(why, file, "there is no such file");
	case ERR_INVALID:
		return unfit(why, file,
			"must be a plain file below the article's own folder, not reached by a "
			"link");
	case ERR_TOO_LARGE:
		return unfit(why, file, "larger than 8 MiB");
	case ERR_UNAVAILABLE:
		return unfit(why, file, "cannot be read");
	default:
		return e;
	}
}

enum err draft_image_load(const struct import_item *it, struct str source, struct draft_image *im,
	char why[static WHY_SIZE])
{
	if (!im->name.n)
		im->name = base_name(im->file);
	if (str_ends(im->name, STR(".svg")))
		return unfit(why, im->file,
			"SVG can hold scripts and is not taken; use PNG, JPEG, WebP or GIF");
	if (!picture_name_ok(im->name))
		return unfit(why, im->file,
			"the name must be letters, digits, '.', '-' and '_' and end in .png, .jpg, "
			".jpeg, .webp or .gif");
	enum err e = place_read(it->place, im->file, IMAGE_BYTES_MAX, it->arena, &im->bytes);
	if (e)
		return unread(why, im->file, e);
	e = picture_probe(im->bytes, &im->info);
	if (e == ERR_UNSUPPORTED)
		return unfit(why, im->file, "is no PNG, JPEG, WebP or GIF by its content");
	if (e)
		return unfit(
			why, im->file, "is damaged, or has no size, or one above 30,000 pixels");
	image_id(source, im->name, im->id);
	image_digest(im->bytes, im->digest);
	return ERR_OK;
}

const struct draft_image *draft_image_find(const struct draft *d, struct str src)
{
	for (size_t i = 0; i < d->image_count; i++)
		if (str_eq(src, d->images[i].file) || str_eq(src, d->images[i].name))
			return &d->images[i];
	return NULL;
}

enum err draft_image_add(const struct import_item *it, struct draft *d, struct draft_image *im,
	char why[static WHY_SIZE])
{
	if (d->image_count == ARTICLE_IMAGES_MAX)
		return unfit(why, im->file, "is one more than the 32 an article may have");
	enum err e = draft_image_load(it, d->source, im, why);
	if (e)
		return e;
	if (draft_image_find(d, im->name))
		return unfit(why, im->file, "has the name of another picture of this article");
	d->images[d->image_count++] = *im;
	return ERR_OK;
}

bool draft_image_figure(const struct draft_image *im, struct arena *a, struct figure *f)
{
	f->src = str_of(arena_fmt(a, "/media/%s/%.*s", im->id, (int)im->name.n, im->name.p));
	if (im->alt.n)
		f->alt = im->alt;
	f->caption = im->caption;
	f->credit = im->credit;
	f->width = im->info.width;
	f->height = im->info.height;
	return f->src.n > 0;
}

enum err refuse(struct import_item *it, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(it->why, WHY_SIZE, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}
