/* Pictures of a ninjs item: of its renditions, the widest one whose file lies beside the item. */
#include "ninjs.h"

/* For the function that is called with each association. */
struct pictures {
	struct import_item *it;
	struct draft *d;
	size_t *left_out;
};

/* Of the renditions of one picture, the widest that lies beside the file. */
struct choice {
	struct pictures *p;
	struct draft_image best;
	int64_t width;
	bool any; /* there is one at all, near or far */
};

/* A rendition that is remote, is used by the text already or cannot be read is passed over. */
static enum err consider(void *ctx, json_t *rendition, const char *path)
{
	struct choice *c = ctx;
	struct import_item *it = c->p->it;
	struct str href, type;
	enum err e = import_ninjs_string(it, rendition, path, "href", &href);
	if (!e)
		e = import_ninjs_string(it, rendition, path, "contentType", &type);
	if (!e && type.n == 0) /* ninjs 1.x */
		e = import_ninjs_string(it, rendition, path, "mimetype", &type);
	if (e || !str_starts(type.n ? type : STR("image/"), STR("image/")) || href.n == 0)
		return e;
	c->any = true;
	struct draft_image im = { .file = href };
	char why[WHY_SIZE];
	if (import_picture_is_remote(href) || import_draft_image_find(c->p->d, href, it->arena))
		return ERR_OK;
	e = import_draft_image_load(it, c->p->d->source, &im, why);
	if (e)
		return e == ERR_INVALID ? ERR_OK : e;
	if (im.info.width > c->width) {
		c->best = im;
		c->best.file = arena_str(it->arena, href);
		c->best.name = arena_str(it->arena, im.name);
		c->width = im.info.width;
	}
	return ERR_OK;
}

/* Caption, credit and alternative text, from the first field of each that says something. */
static enum err describe(struct pictures *p, json_t *o, const char *path, struct draft_image *im)
{
	struct passages texts;
	enum err e = import_ninjs_passages(p->it, o, path, "description", "descriptions", &texts);
	if (e)
		return e;
	for (size_t i = 0; !e && i < texts.n; i++) {
		struct str *slot =
			str_eq(texts.v[i].role, STR("creditline")) ? &im->credit : &im->caption;
		if (slot->n == 0)
			e = import_ninjs_plain(p->it, &texts.v[i], slot);
	}
	static const char *const credits[] = { "by", "byline", "copyrightHolder" };
	for (size_t i = 0; !e && im->credit.n == 0 && i < COUNT(credits); i++) {
		struct str s;
		e = import_ninjs_string(p->it, o, path, credits[i], &s);
		if (!e)
			im->credit = import_ninjs_line(p->it, s);
	}
	if (!e)
		e = import_ninjs_passages(p->it, o, path, "headline", "headlines", &texts);
	if (!e && texts.n > 0)
		im->alt = import_ninjs_line(p->it, texts.v[0].value);
	return e;
}

static enum err take_picture(void *ctx, json_t *o, const char *path)
{
	struct pictures *p = ctx;
	struct choice c = { .p = p };
	enum err e = import_ninjs_objects(p->it, o, path, "renditions", consider, &c);
	if (e || !c.any)
		return e;
	if (c.width == 0) {
		++*p->left_out;
		return ERR_OK;
	}
	char why[WHY_SIZE];
	e = describe(p, o, path, &c.best);
	if (!e)
		e = import_draft_image_add(p->it, p->d, &c.best, why);
	if (e == ERR_INVALID && p->d->image_count == ARTICLE_IMAGES_MAX)
		return import_refuse(p->it, "%s: %s", path, why);
	return e;
}

static enum err take_association(void *ctx, json_t *o, const char *path)
{
	struct pictures *p = ctx;
	struct str type;
	enum err e = import_ninjs_string(p->it, o, path, "type", &type);
	if (e || (type.n > 0 && !str_eq(type, STR("picture")) && !str_eq(type, STR("graphic"))))
		return e;
	return take_picture(p, o, path);
}

enum err import_ninjs_pictures(
	struct import_item *it, json_t *item, struct draft *d, size_t *left_out)
{
	struct pictures p = { it, d, left_out };
	enum err e = take_picture(&p, item, "");
	return e ? e : import_ninjs_objects(it, item, "", "associations", take_association, &p);
}
