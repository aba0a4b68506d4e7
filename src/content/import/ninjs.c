/* IPTC ninjs: turns an agency's item into an article. Restrictions are obeyed: an item that is
 * withheld, cancelled, under embargo or expired is stored with that state and not shown.
 * https://iptc.org/standards/ninjs/ */
#include "ninjs.h"

#include "postern/crypto.h"

#include <stdio.h>
#include <string.h>

/* ---- lines ---- */

static enum err line_of(struct ninjs_reading *r, const char *key, struct str *out)
{
	struct str s;
	enum err e = import_ninjs_string(r->it, r->item, "", key, &s);
	if (!e)
		*out = import_ninjs_line(r->it, s);
	return e;
}

/* The first of `keys` that says something. */
static enum err first_line(
	struct ninjs_reading *r, const char *const *keys, size_t n, struct str *out)
{
	enum err e = ERR_OK;
	*out = STR("");
	for (size_t i = 0; !e && out->n == 0 && i < n; i++)
		e = line_of(r, keys[i], out);
	return e;
}

static enum err take_headline(struct ninjs_reading *r)
{
	static const char *const others[] = { "title", "slugline" };
	struct passages all;
	enum err e = import_ninjs_passages(r->it, r->item, "", "headline", "headlines", &all);
	if (e)
		return e;
	const struct passage *p = all.n ? &all.v[0] : NULL;
	for (size_t i = 0; i < all.n; i++) {
		if (str_eq(all.v[i].role, STR("main"))) {
			p = &all.v[i];
			break;
		}
	}
	struct str *out = &r->d->headline;
	if (p)
		e = import_ninjs_plain(r->it, p, out);
	if (!e && out->n == 0)
		e = first_line(r, others, COUNT(others), out);
	return e || out->n > 0 ? e : import_refuse(r->it, "headlines: missing");
}

static void collect_tag(void *ctx, struct str name)
{
	import_draft_tag_add(ctx, name);
}

static enum err take_tags(struct ninjs_reading *r)
{
	static const char *const keys[] = { "subjects", "subject", "keywords" };
	BUF_AUTO tags = BUF((WORD_BYTES_MAX + 1) * ARTICLE_TAGS_MAX + 1);
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < COUNT(keys); i++)
		e = import_ninjs_names(r->it, r->item, keys[i], collect_tag, &tags);
	r->d->tags = arena_buf(r->it->arena, &tags);
	if (e)
		return e;
	return r->d->tags.p ? ERR_OK : ERR_NOMEM;
}

static void first_section(void *ctx, struct str name)
{
	struct str *out = ctx;
	char slug[SLUG_SIZE];
	text_slug(name, slug);
	if (out->n == 0 && slug[0])
		*out = name;
}

static enum err take_section(struct ninjs_reading *r)
{
	static const char *const keys[] = { "services", "service", "subjects", "subject", "genres",
		"genre" };
	struct str *out = &r->d->section_name;
	enum err e = ERR_OK;
	for (size_t i = 0; !e && out->n == 0 && i < COUNT(keys); i++)
		e = import_ninjs_names(r->it, r->item, keys[i], first_section, out);
	if (out->n == 0)
		*out = str_of(r->it->settings->default_section);
	return e;
}

static void first_name(void *ctx, struct str name)
{
	struct str *out = ctx;
	if (out->n == 0)
		*out = name;
}

static enum err take_credit(struct ninjs_reading *r, const struct passages *descriptions)
{
	static const char *const sources[] = { "infoSources", "infoSource" };
	static const char *const holders[] = { "copyrightHolder" };
	static const char *const lines[] = { "creditline" };
	struct str *out = &r->d->credit;
	enum err e = first_line(r, lines, COUNT(lines), out);
	for (size_t i = 0; !e && out->n == 0 && i < descriptions->n; i++)
		if (str_eq(descriptions->v[i].role, STR("creditline")))
			e = import_ninjs_plain(r->it, &descriptions->v[i], out);
	for (size_t i = 0; !e && out->n == 0 && i < COUNT(sources); i++)
		e = import_ninjs_names(r->it, r->item, sources[i], first_name, out);
	if (!e && out->n == 0)
		e = first_line(r, holders, COUNT(holders), out);
	return e;
}

/* Superdesk lists who had a hand in it, each with a role. */
struct author_list {
	struct ninjs_reading *r;
	struct buf names;
};

static bool writes(struct str role)
{
	static const char *const roles[] = { "writer", "author", "byline", "reporter", "" };
	for (size_t i = 0; i < COUNT(roles); i++)
		if (str_eq_nocase(role, str_of(roles[i])))
			return true;
	return false;
}

static enum err add_author(void *ctx, json_t *o, const char *path)
{
	struct author_list *l = ctx;
	struct str name, role;
	enum err e = import_ninjs_string(l->r->it, o, path, "name", &name);
	if (!e)
		e = import_ninjs_string(l->r->it, o, path, "role", &role);
	if (e)
		return e;
	name = import_ninjs_line(l->r->it, name);
	if (name.n == 0 || !writes(role))
		return ERR_OK;
	if (l->names.n)
		buf_puts(&l->names, ", ");
	buf_str(&l->names, name);
	return ERR_OK;
}

static enum err take_authors(struct ninjs_reading *r)
{
	struct author_list l = { r, BUF((size_t)2 * FIELD_MAX) };
	enum err e = import_ninjs_objects(r->it, r->item, "", "authors", add_author, &l);
	if (!e && l.names.err != ERR_TOO_LARGE)
		r->d->byline = content_field_clean(arena_buf(r->it->arena, &l.names), r->it->arena);
	buf_free(&l.names);
	return e;
}

static enum err take_lines(struct ninjs_reading *r)
{
	static const char *const by[] = { "by", "byline" };
	struct draft *d = r->d;
	struct str terms = STR("");
	enum err e = first_line(r, by, COUNT(by), &d->byline);
	if (!e && d->byline.n == 0)
		e = take_authors(r);
	if (e)
		return e;
	e = line_of(r, "located", &d->dateline);
	if (!e)
		e = line_of(r, "language", &d->language);
	if (!e)
		e = import_ninjs_string(r->it, r->item, "", "usageTerms", &terms);
	if (e)
		return e;
	d->byline = import_byline_clean(d->byline, r->it->arena);
	if (terms.n > TERMS_MAX)
		return import_refuse(r->it, "usageTerms: longer than %d bytes", TERMS_MAX);
	d->usage_terms = terms.n ? arena_str(r->it->arena, terms) : STR("");
	return d->usage_terms.p ? ERR_OK : ERR_NOMEM;
}

static enum err take_slug(struct ninjs_reading *r)
{
	struct draft *d = r->d;
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	d->slug_loose = true;
	text_slug(d->headline, d->slug);
	if (d->slug[0])
		return ERR_OK;
	crypto_digest(d->source, hash); /* a headline without a Latin letter */
	crypto_hash_tag(hash, tag);
	(void)snprintf(d->slug, sizeof d->slug, "item-%s", tag);
	return ERR_OK;
}

/* ---- text ---- */

static int worth(const struct passage *p)
{
	if (import_ninjs_is_html(p))
		return 3;
	struct str rest = p->content_type;
	struct str type = str_trim(str_cut(&rest, ';'));
	if (str_eq_nocase(type, STR("text/plain")) || (type.n == 0 && str_eq(p->role, STR("text"))))
		return 2;
	return type.n == 0 ? 1 : 0; /* 0: XML of the agency's own and the like */
}

static const struct passage *best(const struct passages *all)
{
	const struct passage *found = NULL;
	int most = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct passage *p = &all->v[i];
		bool credit = str_eq(p->role, STR("creditline"));
		int w = credit || str_trim(p->value).n == 0 ? 0 : worth(p);
		if (w > most) {
			found = p;
			most = w;
		}
	}
	return found;
}

static bool has_blank_line(struct str text)
{
	struct str rest = text;
	while (rest.n > 0)
		if (str_trim(str_cut(&rest, '\n')).n == 0)
			return true;
	return false;
}

/* Paragraphs stand between blank lines; in a text without one, each line is one. */
static enum err plain_html(struct str value, struct arena *a, struct str *out)
{
	BUF_AUTO b = BUF(ARTICLE_SOURCE_MAX);
	struct str rest = str_trim(import_entities_decode(value, a));
	bool blank = has_blank_line(rest);
	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		if (line.n == 0 || !blank)
			buf_puts(&b, "<p>");
		escape_html(&b, line);
		buf_byte(&b, '\n');
	}
	if (b.err)
		return b.err;
	*out = arena_buf(a, &b);
	return out->p ? ERR_OK : ERR_NOMEM;
}

static bool text_figure(void *ctx, struct figure *f)
{
	struct ninjs_reading *r = ctx;
	const struct draft_image *im;
	char why[WHY_SIZE];
	if (import_draft_image_of_text(r->it, r->d, f, &im, why) == ERR_OK)
		return import_draft_image_figure(im, r->it->arena, f);
	r->left_out++;
	return false;
}

static enum err write_text(struct ninjs_reading *r, const struct passage *p)
{
	struct str html = p->value;
	enum err e = import_ninjs_is_html(p) ? ERR_OK : plain_html(p->value, r->it->arena, &html);
	if (!e)
		e = html_sanitise(
			html, &(struct sanitiser){ text_figure, r }, r->it->arena, &r->d->blocks);
	if (e == ERR_TOO_LARGE)
		return import_refuse(r->it,
			"bodies: too long, nested more than 60 deep, or with thousands of "
			"different attributes");
	return e == ERR_INVALID ? import_refuse(r->it, "bodies: not UTF-8 text") : e;
}

static enum err take_text(struct ninjs_reading *r, const struct passages *descriptions)
{
	struct passages *bodies = arena_alloc(r->it->arena, sizeof *bodies);
	if (!bodies)
		return ERR_NOMEM;
	struct str type;
	enum err e = import_ninjs_string(r->it, r->item, "", "type", &type);
	if (!e)
		e = import_ninjs_passages(r->it, r->item, "", "body", "bodies", bodies);
	if (e)
		return e;
	const struct passage *body = best(bodies), *description = best(descriptions);
	/* A description that is the text is no dek: deks are shown to everybody. */
	if (body && description)
		e = import_ninjs_plain(r->it, description, &r->d->dek);
	if (!body)
		body = description;
	if (e || body)
		return e ? e : write_text(r, body);
	return import_refuse(r->it, "bodies: an item of type \"%.*s\" without text and description",
		(int)(type.n % 40), type.p);
}

/* ---- the item ---- */

static enum err read_text(struct ninjs_reading *r)
{
	static enum err (*const parts[])(
		struct ninjs_reading *) = { take_headline, take_lines, take_tags, take_section };
	struct passages *descriptions = arena_alloc(r->it->arena, sizeof *descriptions);
	if (!descriptions)
		return ERR_NOMEM;
	for (size_t i = 0; i < COUNT(parts); i++) {
		enum err e = parts[i](r);
		if (e)
			return e;
	}
	enum err e = import_ninjs_passages(
		r->it, r->item, "", "description", "descriptions", descriptions);
	if (!e)
		e = take_credit(r, descriptions);
	if (!e)
		e = import_ninjs_pictures(r->it, r->item, r->d, &r->left_out);
	return e ? e : take_text(r, descriptions);
}

/* Whose it is and whether it may be shown comes first: nothing else that is wrong with an item may
 * keep a story online that its agency takes back. */
static enum err read_item(struct ninjs_reading *r)
{
	char why[WHY_SIZE];
	enum err e = import_ninjs_identity(r);
	if (e)
		return e;
	import_ninjs_status(r);
	memcpy(why, r->it->why, WHY_SIZE);
	e = import_ninjs_times(r);
	if (r->d->notice != NOTICE_KILL && !e)
		e = read_text(r);
	if (e == ERR_INVALID)
		import_ninjs_close(r);
	if (e == ERR_NOMEM || (e && r->d->notice == NOTICE_USABLE))
		return e;
	if (e || r->d->notice == NOTICE_KILL) {
		memcpy(r->it->why, why, WHY_SIZE);
		if (r->hidden && !why[0])
			import_warn(
				r->it, "%.*s; hidden", (int)r->d->hidden_why.n, r->d->hidden_why.p);
		import_ninjs_hollow(r);
	}
	return take_slug(r);
}

enum err import_ninjs_draft(struct import_item *it, struct draft *d)
{
	d->agency = true;
	d->default_access = it->settings->default_access;
	struct ninjs_reading r = { .it = it, .item = it->json, .d = d };
	enum err e = json_is_object(r.item) ? read_item(&r)
					    : import_refuse(it, "expected an object: one item");
	if (!e && r.left_out)
		import_warn(
			it, "pictures that are not beside the file were left out: %zu", r.left_out);
	it->hides = r.hidden;
	return e;
}
