/* Pictures of an article that is being imported: reads the files, checks type and size, removes
 * metadata, gives each its name. */
#include "../internal.h"

#include "postern/crypto.h"

#include <stdio.h>
#include <string.h>

/* Pictures named in one warning; the others are only counted. */
enum { PICTURES_TOLD_MAX = 3 };

/* The same source and name give the same id, so that an address stays good when an article comes
 * again. */
static void image_id(struct str source, struct str name, char out[static ID_SIZE])
{
	uint8_t hash[HASH_BYTES];
	const struct str pieces[] = { source, { "", 1 }, name };
	crypto_digest_join(pieces, COUNT(pieces), hash);
	str_base32(hash, sizeof hash, out, ID_SIZE);
}

static void image_digest(struct str bytes, char out[static DIGEST_SIZE])
{
	uint8_t hash[HASH_BYTES];
	crypto_digest(bytes, hash);
	str_hex(hash, sizeof hash, out);
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

/* ---- where it is ---- */

bool import_picture_is_remote(struct str src)
{
	struct str rest = src;
	struct str head = str_cut(&rest, '/');
	return src.n == 0 || src.p[0] == '/' || str_has_byte(head, ':');
}

static struct str without_dots(struct str path)
{
	while (str_starts(path, STR("./")))
		path = (struct str){ path.p + 2, path.n - 2 };
	return path;
}

/* As an address has it: without a query, percent-decoded. What is no address is itself. */
static struct str decoded(struct str path, struct arena *a)
{
	struct str rest = path, out;
	struct str head = str_cut(&rest, '#');
	head = str_cut(&head, '?');
	if (head.n == 0 || url_decode(head, a, &out) != ERR_OK)
		return path;
	return without_dots(out);
}

/* The name as written; then what an address of it means; then as other file systems spell it. */
static enum err read_found(
	const struct import_item *it, struct str file, struct str *path, struct str *bytes)
{
	struct str address = decoded(without_dots(file), it->arena);
	const struct str tries[] = { without_dots(file), address, utf8_composed(address, it->arena),
		utf8_decomposed(address, it->arena) };
	enum err e = ERR_NOT_FOUND;
	for (size_t i = 0; i < COUNT(tries) && e == ERR_NOT_FOUND; i++) {
		if (tries[i].n > 0)
			e = import_dir_read(it->dir, tries[i], IMAGE_BYTES_MAX, it->arena, bytes);
		*path = tries[i];
	}
	return e;
}

/* ---- its name ---- */

static struct str extension_of(struct str name)
{
	size_t n = name.n;
	while (n > 0 && name.p[n - 1] != '.')
		n--;
	return n ? (struct str){ name.p + n - 1, name.n - n + 1 } : (struct str){ "", 0 };
}

/* "my photo.png" is "my-photo.png" in its address; what has no Latin letter gets a name by its
 * path. */
static struct str made_name(struct str path, struct arena *a)
{
	char stem[SLUG_SIZE], tag[HASH_TAG_SIZE];
	uint8_t hash[HASH_BYTES];
	struct str name = base_name(path), extension = extension_of(name);
	text_slug((struct str){ name.p, name.n - extension.n }, stem);
	crypto_digest(path, hash);
	crypto_hash_tag(hash, tag);
	return str_of(arena_fmt(a, "%.*s%.*s", IMAGE_NAME_MAX / 2, stem[0] ? stem : tag,
		(int)extension.n, extension.p));
}

static struct str distinct_name(struct str name, struct str path, struct arena *a)
{
	char tag[HASH_TAG_SIZE];
	uint8_t hash[HASH_BYTES];
	struct str extension = extension_of(name);
	crypto_digest(path, hash);
	crypto_hash_tag(hash, tag);
	return str_of(arena_fmt(a, "%.*s-%.8s%.*s",
		(int)(name.n - extension.n < 80 ? name.n - extension.n : 80), name.p, tag,
		(int)extension.n, extension.p));
}

static enum err name_image(
	const struct import_item *it, struct draft_image *im, char why[static WHY_SIZE])
{
	if (im->name.n == 0)
		im->name = base_name(im->path);
	if (!picture_name_ok(im->name))
		im->name = made_name(im->name, it->arena);
	if (picture_name_ok(im->name))
		return ERR_OK;
	if (str_ends(im->name, STR(".svg")))
		return unfit(why, im->file,
			"SVG can hold scripts and is not taken; use PNG, JPEG, WebP or GIF");
	return unfit(why, im->file, "the name must end in .png, .jpg, .jpeg, .webp or .gif");
}

/* ---- taking it ---- */

/* Without what the camera wrote; its credit line is kept where the source says none. */
static enum err clean_image(
	const struct import_item *it, struct draft_image *im, char why[static WHY_SIZE])
{
	struct picture_notes notes;
	enum err e = picture_probe(im->bytes, &im->info);
	if (!e)
		e = picture_strip(im->bytes, it->arena, &im->bytes, &notes);
	if (e == ERR_UNSUPPORTED)
		return unfit(why, im->file, "is no PNG, JPEG, WebP or GIF by its content");
	if (e == ERR_INVALID)
		return unfit(
			why, im->file, "is damaged, or has no size, or one above 30,000 pixels");
	if (e)
		return e;
	if (im->credit.n == 0)
		im->credit = notes.credit.n ? notes.credit : notes.copyright;
	/* Browsers turn JPEG and PNG; Chromium does not turn WebP. */
	bool turns = strcmp(im->info.content_type, "image/webp") != 0;
	if (turns && notes.orientation >= PICTURE_TURNED) {
		int64_t width = im->info.width;
		im->info.width = im->info.height;
		im->info.height = width;
	}
	return ERR_OK;
}

enum err import_draft_image_load(const struct import_item *it, struct str source,
	struct draft_image *im, char why[static WHY_SIZE])
{
	enum err e = read_found(it, im->file, &im->path, &im->bytes);
	if (e)
		return unread(why, im->file, e);
	e = name_image(it, im, why);
	if (!e)
		e = clean_image(it, im, why);
	if (e)
		return e;
	image_id(source, im->name, im->id);
	image_digest(im->bytes, im->digest);
	return ERR_OK;
}

static const struct draft_image *find_named(const struct draft *d, struct str name)
{
	for (size_t i = 0; i < d->image_count; i++)
		if (str_eq(name, d->images[i].name))
			return &d->images[i];
	return NULL;
}

const struct draft_image *import_draft_image_find(
	const struct draft *d, struct str src, struct arena *a)
{
	struct str path = without_dots(src), address = decoded(path, a);
	for (size_t i = 0; i < d->image_count; i++) {
		const struct draft_image *im = &d->images[i];
		if (str_eq(src, im->file) || str_eq(path, im->path) || str_eq(address, im->path))
			return im;
	}
	return find_named(d, path);
}

enum err import_draft_image_add(const struct import_item *it, struct draft *d,
	struct draft_image *im, char why[static WHY_SIZE])
{
	if (d->image_count + (d->no_lead ? 1 : 0) >= ARTICLE_IMAGES_MAX)
		return unfit(why, im->file, "is one more than the 32 an article may have");
	enum err e = import_draft_image_load(it, d->source, im, why);
	if (e)
		return e;
	if (find_named(d, im->name)) { /* of another folder */
		im->name = distinct_name(im->name, im->path, it->arena);
		image_id(d->source, im->name, im->id);
	}
	if (find_named(d, im->name))
		return unfit(why, im->file, "stands there twice");
	d->images[d->image_count++] = *im;
	return ERR_OK;
}

enum err import_draft_image_of_text(const struct import_item *it, struct draft *d,
	const struct figure *f, const struct draft_image **out, char why[static WHY_SIZE])
{
	struct draft_image new = { .file = f->src, .alt = f->alt, .caption = f->caption };
	*out = import_draft_image_find(d, f->src, it->arena);
	if (*out)
		return ERR_OK;
	if (import_picture_is_remote(f->src))
		return ERR_NOT_FOUND;
	enum err e = import_draft_image_add(it, d, &new, why);
	if (!e)
		*out = &d->images[d->image_count - 1];
	return e;
}

bool import_draft_image_figure(const struct draft_image *im, struct arena *a, struct figure *f)
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

void import_warn(struct import_item *it, const char *fmt, ...)
{
	size_t n = strlen(it->why);
	if (n > 0 && n + 3 < WHY_SIZE)
		n += (size_t)snprintf(it->why + n, WHY_SIZE - n, "; ");
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(it->why + n, WHY_SIZE - n, fmt, ap);
	va_end(ap);
}

/* The first of them by name, all by number. */
void import_picture_left_out(struct import_item *it, const char *why)
{
	it->left_out++;
	if (it->left_out <= PICTURES_TOLD_MAX)
		import_warn(it, "left out: %s", why);
}

enum err import_refuse(struct import_item *it, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(it->why, WHY_SIZE, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}
