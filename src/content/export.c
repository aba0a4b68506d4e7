/* Export: writes articles as Markdown files that import to the same blocks. It asks for no
 * decision, because only the operator runs it. */
#include "html/walk.h"
#include "internal.h"

#include "postern/queries/article.h"

#include <stdio.h>
#include <string.h>

/* EXPORT_BYTES_MAX: of one Markdown file. EXPORT_PAGE: slugs that are read at a time, so that no
 * read lasts as long as the whole export. */
enum { EXPORT_BYTES_MAX = 4 * ARTICLE_SOURCE_MAX, EXPORT_PAGE = 100, EXPORT_NAME_SIZE = 256 };

struct exported {
	struct str slug; /* the article; or, of a page of slugs, what they come behind */
	struct arena *arena;
	bool named; /* asked for by its slug */
	struct article article;
	struct str markdown;
	struct image *images;
	struct str *bytes; /* of the images */
	size_t image_count;
};

/* Pictures of many articles share a folder: "slug.picture.jpg". Slugs have no dot, so no two names
 * meet. */
static bool file_name(const struct exported *x, size_t i, char out[static EXPORT_NAME_SIZE])
{
	struct str name = x->images[i].name;
	int n = snprintf(out, EXPORT_NAME_SIZE, "%s.%.*s", x->article.slug, (int)name.n, name.p);
	return n > 0 && n < EXPORT_NAME_SIZE;
}

/* ---- front matter ---- */

static void line(struct buf *b, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	buf_fmt(b, "%s: ", key);
	import_front_quote(b, value);
	buf_byte(b, '\n');
}

static void time_line(struct buf *b, const char *key, int64_t t)
{
	char text[TIME_TEXT_SIZE];
	if (t == 0)
		return;
	time_text(t, text);
	buf_fmt(b, "%s: %s\n", key, text);
}

static void tags_line(struct buf *b, struct str tags)
{
	struct str tag;
	const char *between = "tags: ";
	while (content_tag_next(&tags, &tag)) {
		buf_puts(b, between);
		import_front_quote(b, tag);
		between = ", ";
	}
	if (between[0] == ',')
		buf_byte(b, '\n');
}

static void image_lines(struct buf *b, const struct exported *x)
{
	for (size_t i = 0; i < x->image_count; i++) {
		const struct image *im = &x->images[i];
		char file[EXPORT_NAME_SIZE];
		if (!file_name(x, i, file)) {
			b->err = ERR_INTERNAL;
			return;
		}
		buf_fmt(b, "%s  - file: %s\n    ", i ? "" : "images:\n", file);
		line(b, "name", im->name);
		const struct {
			const char *key;
			struct str value;
		} more[] = { { "alt", im->alt }, { "caption", im->caption },
			{ "credit", im->credit } };
		for (size_t k = 0; k < COUNT(more); k++) {
			if (more[k].value.n)
				buf_puts(b, "    ");
			line(b, more[k].key, more[k].value);
		}
	}
}

static void front_matter(struct buf *b, const struct exported *x)
{
	const struct article *a = &x->article;
	buf_fmt(b, "---\nslug: %s\n", a->slug);
	line(b, "headline", a->headline);
	line(b, "dek", a->dek_whole);
	line(b, "byline", a->byline);
	line(b, "dateline", a->dateline);
	line(b, "credit", a->credit);
	line(b, "section", a->section_name);
	tags_line(b, a->tags);
	if (a->access)
		line(b, "access", str_of(paywall_access_name(a->access)));
	time_line(b, "published", a->published_at);
	if (a->updated_at != a->published_at)
		time_line(b, "updated", a->updated_at);
	time_line(b, "embargo", a->embargo_at);
	time_line(b, "expires", a->expires_at);
	line(b, "source", a->source);
	line(b, "status", a->status);
	line(b, "language", a->language);
	line(b, "usage_terms", a->usage_terms);
	image_lines(b, x);
	buf_puts(b, "---\n");
}

/* ---- text ---- */

/* Addresses of the site become names of the files beside this one. Only a tag has a quote, so no
 * text can match. */
static size_t picture_at(const struct exported *x, struct str html, size_t at, size_t *image)
{
	for (size_t i = 0; i < x->image_count; i++) {
		const struct image *im = &x->images[i];
		char src[EXPORT_NAME_SIZE];
		int n = snprintf(src, sizeof src, " src=\"/media/%s/%.*s\"", im->id,
			(int)im->name.n, im->name.p);
		if (n > 0 && (size_t)n < sizeof src && html.n - at >= (size_t)n &&
			memcmp(html.p + at, src, (size_t)n) == 0) {
			*image = i;
			return (size_t)n;
		}
	}
	return 0;
}

static void block_line(struct buf *b, const struct exported *x, struct str html)
{
	for (size_t i = 0; i < html.n;) {
		size_t image = 0, n = html.p[i] == ' ' ? picture_at(x, html, i, &image) : 0;
		char file[EXPORT_NAME_SIZE];
		if (n > 0 && file_name(x, image, file)) {
			buf_fmt(b, " src=\"%s\"", file);
			i += n;
			continue;
		}
		/* Markdown ends an HTML block at a blank line, so a listing keeps its lines as
		 * characters. */
		if (html.p[i] == '\n')
			buf_puts(b, "&#10;");
		else
			buf_byte(b, html.p[i]);
		i++;
	}
	buf_puts(b, "\n\n");
}

/* A mark inside a block is part of its HTML. */
static bool has_mark(struct str html)
{
	return html.n && memmem(html.p, html.n, HTML_MARK_TEXT, strlen(HTML_MARK_TEXT)) != NULL;
}

static enum err write_markdown(struct db_conn *c, struct exported *x)
{
	BUF_AUTO b = BUF(EXPORT_BYTES_MAX);
	struct block *v = NULL;
	size_t n = 0;
	enum err e = content_blocks_below(c, x->article.id, ARTICLE_BLOCKS_MAX, x->arena, &v, &n);
	if (e)
		return e;
	front_matter(&b, x);
	if (x->article.cut == CUT_NOTHING)
		buf_puts(&b, "<!-- more -->\n\n");
	for (size_t i = 0; i < n; i++) {
		block_line(&b, x, v[i].html);
		if ((int64_t)i + 1 == x->article.cut && !has_mark(v[i].html))
			buf_puts(&b, "<!-- more -->\n\n");
	}
	if (b.err)
		return b.err;
	x->markdown = arena_buf(x->arena, &b);
	return x->markdown.p ? ERR_OK : ERR_NOMEM;
}

/* ---- reading ---- */

static enum err read_images(struct db_conn *c, struct exported *x)
{
	struct decision all = { .grant = GRANT_FULL, .reason = REASON_PUBLIC };
	enum err e = content_images_below(
		c, x->article.id, ARTICLE_IMAGES_MAX, x->arena, &x->images, &x->image_count);
	if (!e)
		x->bytes = arena_alloc(x->arena, (x->image_count + 1) * sizeof *x->bytes);
	if (!e && !x->bytes)
		e = ERR_NOMEM;
	for (size_t i = 0; !e && i < x->image_count; i++)
		e = content_media_open(c, &x->images[i], &all, x->arena, &x->bytes[i]);
	return e;
}

static enum err read_article(struct db_conn *c, void *arg)
{
	struct exported *x = arg;
	enum err e = content_find(c, x->slug, x->arena, &x->article);
	if (!e && !x->named && str_eq(x->article.status, STR("killed")))
		return ERR_OK;
	if (!e)
		e = read_images(c, x);
	return e ? e : write_markdown(c, x);
}

/* One snapshot an article, left before `fn` is called: its disk must not hold a connection. */
static enum err export_one(
	struct db *db, const struct exported *ask, content_export_fn *fn, void *ctx)
{
	ARENA_AUTO *arena =
		arena_new(4UL * EXPORT_BYTES_MAX + 2UL * ARTICLE_IMAGES_MAX * IMAGE_BYTES_MAX);
	if (!arena)
		return ERR_NOMEM;
	struct exported x = { .slug = ask->slug, .named = ask->named, .arena = arena };
	char name[EXPORT_NAME_SIZE];
	enum err e = db_read(db, read_article, &x);
	if (!e && arena_failed(arena))
		e = ERR_NOMEM;
	if (e || !x.markdown.p) /* killed, and not asked for by name */
		return e;
	(void)snprintf(name, sizeof name, "%s.md", x.article.slug);
	e = fn(ctx, name, x.markdown);
	for (size_t i = 0; !e && i < x.image_count; i++)
		e = file_name(&x, i, name) ? fn(ctx, name, x.bytes[i]) : ERR_INTERNAL;
	return e;
}

/* The slugs of the next articles, in their order; `after` is the last one that was exported. */
struct slug_page {
	char (*v)[SLUG_SIZE];
	size_t n;
	char after[SLUG_SIZE];
	struct arena *arena;
};

static enum err export_page(struct db *db, struct slug_page *p, content_export_fn *fn, void *ctx)
{
	enum err e = q_article_slugs_after(db, p->after, EXPORT_PAGE, p->arena, &p->v, &p->n);
	for (size_t i = 0; !e && i < p->n; i++) {
		e = export_one(db, &(struct exported){ .slug = str_of(p->v[i]) }, fn, ctx);
		if (e == ERR_NOT_FOUND) /* deleted since the page was read */
			e = ERR_OK;
		memcpy(p->after, p->v[i], SLUG_SIZE);
	}
	return e;
}

enum err content_export(struct db *db, struct str slug, content_export_fn *fn, void *ctx)
{
	if (slug.n > 0)
		return export_one(db, &(struct exported){ .slug = slug, .named = true }, fn, ctx);
	struct slug_page page = { .after = "" };
	enum err e = ERR_OK;
	do {
		ARENA_AUTO *arena = arena_new(EXPORT_PAGE * SLUG_SIZE + 65536);
		if (!arena)
			return ERR_NOMEM;
		page.arena = arena;
		e = export_page(db, &page, fn, ctx);
	} while (!e && page.n == EXPORT_PAGE);
	return e;
}
