/* Markdown with front matter. cmark-gfm turns the text into HTML, raw HTML included, and the
 * sanitiser decides what stays of it. */
#include "../internal.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What the sanitiser's figure_fn needs. err: the first error in it, since the sanitiser only hears
 * whether a picture stays. */
struct text_context {
	struct import_item *it;
	struct draft *draft;
	enum err err;
	size_t remote; /* pictures of other sites, left out */
};

/* ---- fields ---- */

static enum err faulty(
	struct import_item *it, const struct front *f, enum front_key k, const char *what)
{
	return import_refuse(it, "line %d: %s", f->line[k], what);
}

static enum err unexpected(
	struct import_item *it, const struct front *f, enum front_key k, const char *what)
{
	struct str said = f->value[k];
	return import_refuse(it, "line %d: %s expected, not \"%.*s\"", f->line[k], what,
		(int)(said.n < 60 ? said.n : 60), said.p);
}

/* The same for a line that may want to close: what is stored closes until it is mended. */
static enum err unexpected_closing(struct import_item *it, const struct front *f, enum front_key k,
	enum closing closing, const char *what)
{
	it->closing = closing;
	return unexpected(it, f, k, what);
}

static enum err take_time(
	struct import_item *it, const struct front *f, enum front_key k, int64_t *out)
{
	if (!f->line[k])
		return ERR_OK;
	if (time_parse(f->value[k], k == FRONT_EXPIRES ? TIME_ENDS : TIME_STARTS, out) == ERR_OK)
		return ERR_OK;
	struct str said = f->value[k];
	return import_refuse(it,
		"line %d: %s: \"%.*s\" is neither a day like 2026-11-20 nor a time like "
		"2026-11-20T05:40:00Z",
		f->line[k], import_front_keys[k], (int)(said.n < 60 ? said.n : 60), said.p);
}

static enum err take_closing_times(struct import_item *it, const struct front *f, struct draft *d)
{
	enum err e = take_time(it, f, FRONT_EMBARGO, &d->embargo_at);
	if (!e)
		e = take_time(it, f, FRONT_EXPIRES, &d->expires_at);
	if (e == ERR_INVALID)
		it->closing = CLOSING_HIDES;
	return e;
}

static enum err take_times(struct import_item *it, const struct front *f, struct draft *d)
{
	enum err e = take_time(it, f, FRONT_PUBLISHED, &d->published_at);
	return e ? e : take_time(it, f, FRONT_UPDATED, &d->updated_at);
}

static enum err take_access(struct import_item *it, const struct front *f, struct draft *d)
{
	d->default_access = it->settings->default_access;
	/* "access:" with nothing behind it is a mistake, not a wish for the default. */
	if (f->line[FRONT_ACCESS] &&
		paywall_access_parse(f->value[FRONT_ACCESS], &d->access) != ERR_OK)
		return unexpected_closing(it, f, FRONT_ACCESS, CLOSING_LEVEL,
			"access: public, registered, metered, subscriber or default");
	return ERR_OK;
}

/* The author's own file says it in our words, or in an agency's. */
static enum err take_status(struct import_item *it, const struct front *f, struct draft *d)
{
	bool known = true;
	import_draft_notice(d, STR("usable"), &known);
	if (!f->line[FRONT_STATUS])
		return ERR_OK;
	import_draft_notice(d, f->value[FRONT_STATUS], &known);
	if (!known)
		return unexpected_closing(it, f, FRONT_STATUS, CLOSING_HIDES,
			"status: usable, withheld, canceled or killed");
	if (str_eq_nocase(f->value[FRONT_STATUS], STR("killed")))
		d->status = STR("killed");
	if (d->notice != NOTICE_USABLE)
		d->hidden_why = str_of(arena_fmt(it->arena, "status: %.*s",
			(int)f->value[FRONT_STATUS].n, f->value[FRONT_STATUS].p));
	return ERR_OK;
}

static bool is_bundle(const struct import_item *it)
{
	return str_eq_nocase(it->file, STR("index.md")) && it->folder.n > 0;
}

/* "index.md" is its folder's article, as in the bundles of static site generators. */
static struct str slug_source(const struct import_item *it)
{
	struct str name = { it->file.p, it->file.n - strlen(".md") };
	return is_bundle(it) ? it->folder : name;
}

static enum err take_slug(struct import_item *it, const struct front *f, struct draft *d)
{
	struct str given = f->value[FRONT_SLUG];
	if (given.n == 0) {
		text_slug(slug_source(it), d->slug);
		return d->slug[0] ? ERR_OK
				  : import_refuse(it, "slug: none can be made of the file's name");
	}
	if (!text_slug_ok(given))
		return unexpected(
			it, f, FRONT_SLUG, "slug: lower-case letters, digits and single '-'");
	return str_copy(d->slug, sizeof d->slug, given);
}

/* The next tag of `harbour, "Arts, Culture"`; quotes and \ inside quotes stand behind a \. */
static struct str next_tag(struct str *rest, struct arena *a)
{
	*rest = str_trim(*rest);
	if (rest->n < 2 || rest->p[0] != '"')
		return str_trim(str_cut(rest, ','));
	BUF_AUTO tag = BUF(rest->n);
	size_t i = 1;
	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		buf_byte(&tag, rest->p[i]);
	}
	*rest = (struct str){ rest->p + i, rest->n - i };
	(void)str_cut(rest, ',');
	return arena_buf(a, &tag);
}

static enum err take_tags(struct import_item *it, const struct front *f, struct draft *d)
{
	BUF_AUTO tags = BUF((WORD_BYTES_MAX + 1) * ARTICLE_TAGS_MAX + 1);
	struct str rest = f->value[FRONT_TAGS];
	size_t n = 0;
	while (rest.n > 0) {
		struct str tag = content_field_clean(next_tag(&rest, it->arena), it->arena);
		if (tag.n > WORD_BYTES_MAX)
			return faulty(it, f, FRONT_TAGS, "tags: one is longer than 100 bytes");
		if (tag.n > 0 && ++n > ARTICLE_TAGS_MAX)
			return faulty(it, f, FRONT_TAGS, "tags: more than 32");
		import_draft_tag_add(&tags, tag);
	}
	d->tags = arena_buf(it->arena, &tags);
	return d->tags.p ? ERR_OK : ERR_NOMEM;
}

static enum err take_fields(struct import_item *it, const struct front *f, struct draft *d)
{
	struct str section = content_field_clean(f->value[FRONT_SECTION], it->arena);
	d->headline = content_field_clean(f->value[FRONT_HEADLINE], it->arena);
	d->dek = content_field_clean(f->value[FRONT_DEK], it->arena);
	d->byline = import_byline_clean(f->value[FRONT_BYLINE], it->arena);
	d->dateline = content_field_clean(f->value[FRONT_DATELINE], it->arena);
	d->credit = content_field_clean(f->value[FRONT_CREDIT], it->arena);
	d->language = content_field_clean(f->value[FRONT_LANGUAGE], it->arena);
	d->section_name = section.n ? section : str_of(it->settings->default_section);
	d->usage_terms = f->value[FRONT_USAGE_TERMS];
	if (d->headline.n == 0)
		return import_refuse(it, "headline: missing");
	if (d->usage_terms.n > TERMS_MAX)
		return faulty(it, f, FRONT_USAGE_TERMS, "usage_terms: longer than 20,000 bytes");
	char slug[SLUG_SIZE];
	text_slug(d->section_name, slug);
	return slug[0] ? ERR_OK : import_refuse(it, "section: no address can be made of its name");
}

static enum err take_source(struct import_item *it, const struct front *f, struct draft *d)
{
	d->source = content_field_clean(f->value[FRONT_SOURCE], it->arena);
	d->bundle = d->source.n == 0 && f->value[FRONT_SLUG].n == 0 && is_bundle(it);
	if (d->source.n == 0)
		d->source = str_of(arena_fmt(it->arena, "file:%s", d->slug));
	return d->source.n ? ERR_OK : ERR_NOMEM;
}

/* What cannot be had is told and left out. When it is the lead, the article has none: the next
 * picture may be one that only the whole article shows. */
static enum err take_images(struct import_item *it, const struct front *f, struct draft *d)
{
	char why[WHY_SIZE] = "";
	for (size_t i = 0; i < f->image_count; i++) {
		const struct front_image *from = &f->images[i];
		struct draft_image im = {
			.file = from->file,
			.name = from->name,
			.alt = content_field_clean(from->alt, it->arena),
			.caption = content_field_clean(from->caption, it->arena),
			.credit = content_field_clean(from->credit, it->arena),
		};
		enum err e = import_draft_image_add(it, d, &im, why);
		if (e && e != ERR_INVALID)
			return e;
		if (e)
			import_picture_left_out(
				it, arena_fmt(it->arena, "line %d: %s", from->line, why));
		if (e && i == 0)
			d->no_lead = true;
	}
	return ERR_OK;
}

/* ---- text ---- */

static void register_extensions(void)
{
	cmark_gfm_core_extensions_ensure_registered();
}

static cmark_parser *parser_make(int options)
{
	static const char *const names[] = { "table", "strikethrough", "autolink" };
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (pthread_once(&once, register_extensions) != 0)
		return NULL;
	cmark_parser *p = cmark_parser_new(options);
	for (size_t i = 0; p && i < COUNT(names); i++) {
		cmark_syntax_extension *e = cmark_find_syntax_extension(names[i]);
		if (e)
			cmark_parser_attach_syntax_extension(p, e);
	}
	return p;
}

/* ---- tables ---- */

/* Cells that cmark would make of one table. */
enum { TABLE_CELLS_MAX = 200000 };

/* Columns of the row of dashes under a table's head, also within quotations; 0: it is none. */
static size_t dashes_columns(struct str line)
{
	size_t bars = 0, dashes = 0;
	for (size_t i = 0; i < line.n; i++) {
		if (!strchr("|-: >\t\r", line.p[i]) || line.p[i] == '\0')
			return 0;
		bars += line.p[i] == '|';
		dashes += line.p[i] == '-';
	}
	return bars && dashes ? bars + 1 : 0;
}

/* cmark fills each row up to the columns of the head: 35 KB of five thousand columns and as many
 * rows took four gigabytes. */
static bool tables_fit(struct str text)
{
	size_t columns = 0, cells = 0;
	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');
		size_t here = dashes_columns(line);
		if (here > columns)
			columns = here;
		if (str_trim(line).n == 0)
			columns = cells = 0;
		cells += columns;
		if (cells > TABLE_CELLS_MAX)
			return false;
	}
	return true;
}

static enum err markdown_html(struct str text, struct arena *a, struct str *out)
{
	int options = CMARK_OPT_UNSAFE; /* raw HTML passes, and goes through the sanitiser with the
					   rest */
	cmark_parser *p = parser_make(options);
	if (!p)
		return ERR_NOMEM;
	if (text.n)
		cmark_parser_feed(p, text.p, text.n);
	cmark_node *root = cmark_parser_finish(p);
	char *html = cmark_render_html(root, options, cmark_parser_get_syntax_extensions(p));
	*out = arena_str(a, str_of(html));
	free(html);
	cmark_node_free(root);
	cmark_parser_free(p);
	return out->p ? ERR_OK : ERR_NOMEM;
}

/* A picture that only the text names is taken too, with what the text says of it. */
static bool text_figure(void *ctx, struct figure *f)
{
	struct text_context *t = ctx;
	const struct draft_image *im;
	char why[WHY_SIZE] = "";
	if (t->err)
		return false;
	enum err e = import_draft_image_of_text(t->it, t->draft, f, &im, why);
	if (e == ERR_NOT_FOUND)
		t->remote++;
	else if (e == ERR_INVALID)
		import_picture_left_out(t->it, why);
	else
		t->err = e;
	return !e && import_draft_image_figure(im, t->it->arena, f);
}

static enum err take_text(struct import_item *it, struct str body, struct draft *d)
{
	struct str html;
	if (!tables_fit(body))
		return import_refuse(it, "text: a table of more than %d cells", TABLE_CELLS_MAX);
	enum err e = markdown_html(body, it->arena, &html);
	if (e)
		return e;
	struct text_context t = { .it = it, .draft = d };
	e = html_sanitise(html, &(struct sanitiser){ text_figure, &t }, it->arena, &d->blocks);
	if (t.err)
		return t.err;
	if (e == ERR_TOO_LARGE)
		return import_refuse(it,
			"text: too long, nested more than 60 deep, or with thousands of "
			"different attributes");
	if (!e && t.remote)
		import_warn(it, "pictures of other sites were left out: %zu", t.remote);
	return e;
}

typedef enum err take_part_fn(struct import_item *it, const struct front *f, struct draft *d);

static enum err take_parts(struct import_item *it, const struct front *f, struct draft *d,
	take_part_fn *const *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum err e = parts[i](it, f, d);
		if (e)
			return e;
	}
	return ERR_OK;
}

/* Whose it is, and what may close it: first, and also of front matter that has a fault. */
static enum err take_head(struct import_item *it, const struct front *f, struct draft *d)
{
	static take_part_fn *const head[] = { take_slug, take_source, take_status,
		take_closing_times, take_access };
	return take_parts(it, f, d, head, COUNT(head));
}

enum err import_markdown_draft(struct import_item *it, struct draft *d)
{
	static take_part_fn *const parts[] = { take_head, take_fields, take_times, take_tags,
		take_images };
	if (!utf8_ok(it->text) || str_has_byte(it->text, '\0'))
		return import_refuse(it, "is not UTF-8 text");
	struct front *f = arena_alloc(it->arena, sizeof *f);
	if (!f)
		return ERR_NOMEM;
	enum err e = import_front_parse(it->text, it->arena, f);
	if (e == ERR_INVALID && f->closed && take_head(it, f, d) == ERR_NOMEM)
		return ERR_NOMEM;
	if (e == ERR_INVALID)
		return import_refuse(it, "%s", f->why);
	if (!e)
		e = take_parts(it, f, d, parts, COUNT(parts));
	return e ? e : take_text(it, f->body, d);
}
