/* ninjs: an agency's item becomes an article. What it says is kept, what it forbids is obeyed: an
 * item that is withheld, canceled, under embargo or expired is stored as such, and never shown. */
#include "ninjs.h"

#include "postern/crypto.h"

#include <stdio.h>
#include <string.h>

enum { URI_MAX = 1000 };

struct reading {
	struct import_item *it;
	json_t *item;
	struct draft *d;
	size_t left_out; /* pictures */
};

static enum err take_identity(struct reading *r)
{
	json_t *uri = json_object_get(r->item, "uri");
	bool schema = json_object_get(r->item, "$defs") ||
		      json_object_get(r->item, "definitions") ||
		      json_object_get(r->item, "properties");
	if (!uri && schema && json_object_get(r->item, "$schema"))
		return refuse(r->it, "uri: missing; this is a JSON schema, not an item");
	if (!uri)
		return refuse(r->it, "uri: missing; not a ninjs item");
	if (!json_is_string(uri))
		return refuse(r->it, "uri: expected a string");
	struct str s = field_clean(str_of(json_string_value(uri)), r->it->arena);
	if (s.n == 0 || s.n > URI_MAX)
		return refuse(r->it, "uri: 1 to %d bytes expected", URI_MAX);
	r->d->source = str_of(arena_fmt(r->it->arena, "ninjs:%.*s", (int)s.n, s.p));
	return r->d->source.n ? ERR_OK : ERR_NOMEM;
}

/* ---- what may be shown, and when ---- */

static enum err take_status(struct reading *r)
{
	static const char *const known[] = { "usable", "withheld", "canceled" };
	json_t *v;
	enum err e = ninjs_value(r->it, r->item, "", "pubStatus", &v);
	if (e)
		return e;
	if (v && !json_is_string(v)) /* null too: what we cannot read must not pass for usable */
		return refuse(r->it, "pubStatus: expected a string");
	const char *s = v ? json_string_value(v) : known[0];
	for (size_t i = 0; i < COUNT(known); i++) {
		if (strcmp(s, known[i]) == 0) {
			r->d->status = str_of(known[i]);
			return ERR_OK;
		}
	}
	return refuse(r->it, "pubStatus: usable, withheld or canceled expected");
}

static enum err time_of(struct reading *r, const char *key, enum time_edge edge, int64_t *out)
{
	json_t *v;
	enum err e = ninjs_value(r->it, r->item, "", key, &v);
	if (e || !v)
		return e;
	if (!json_is_string(v))
		return refuse(r->it, "%s: expected a string", key);
	const char *said = json_string_value(v);
	if (time_parse(str_trim(str_of(said)), edge, out) == ERR_OK)
		return ERR_OK;
	return refuse(r->it, "%s: \"%.60s\" is not a time like 2026-11-20T05:40:00Z", key, said);
}

static enum err take_times(struct reading *r)
{
	struct draft *d = r->d;
	int64_t content = 0, first = 0, version = 0, until = 0, embargoed = 0;
	enum err e = time_of(r, "contentCreated", TIME_STARTS, &content);
	if (!e)
		e = time_of(r, "firstCreated", TIME_STARTS, &first);
	if (!e)
		e = time_of(r, "versionCreated", TIME_STARTS, &version);
	if (!e)
		e = time_of(r, "embargoedUntil", TIME_STARTS, &until);
	if (!e)
		e = time_of(r, "embargoed", TIME_STARTS, &embargoed);
	if (!e)
		e = time_of(r, "expires", TIME_ENDS, &d->expires_at);
	d->published_at = content ? content : (first ? first : version);
	d->updated_at = version;
	d->versioned = version != 0;
	d->embargo_at = until > embargoed ? until : embargoed;
	return e;
}

/* ---- lines ---- */

static enum err line_of(struct reading *r, const char *key, struct str *out)
{
	struct str s;
	enum err e = ninjs_string(r->it, r->item, "", key, &s);
	if (!e)
		*out = field_clean(s, r->it->arena);
	return e;
}

/* The first of `keys` that says something. */
static enum err first_line(struct reading *r, const char *const *keys, size_t n, struct str *out)
{
	enum err e = ERR_OK;
	*out = STR("");
	for (size_t i = 0; !e && out->n == 0 && i < n; i++)
		e = line_of(r, keys[i], out);
	return e;
}

static enum err plain_of(struct reading *r, const struct passage *p, struct str *out)
{
	if (ninjs_is_html(p))
		return html_plain(p->value, r->it->arena, out);
	*out = field_clean(p->value, r->it->arena);
	return ERR_OK;
}

static enum err take_headline(struct reading *r)
{
	static const char *const others[] = { "title", "slugline" };
	struct passages all;
	enum err e = ninjs_passages(r->it, r->item, "", "headline", "headlines", &all);
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
		e = plain_of(r, p, out);
	if (!e && out->n == 0)
		e = first_line(r, others, COUNT(others), out);
	if (e || out->n > 0)
		return e;
	if (str_eq(r->d->status, STR("usable")))
		return refuse(r->it, "headlines: missing");
	*out = r->d->source; /* a notice that takes an item back needs no headline */
	return ERR_OK;
}

static void collect_tag(void *ctx, struct str name)
{
	draft_tag_add(ctx, name);
}

static enum err take_tags(struct reading *r)
{
	static const char *const keys[] = { "subjects", "subject", "keywords" };
	BUF_AUTO tags = BUF((WORD_BYTES_MAX + 1) * ARTICLE_TAGS_MAX + 1);
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < COUNT(keys); i++)
		e = ninjs_names(r->it, r->item, keys[i], collect_tag, &tags);
	r->d->tags = tags.n ? arena_str(r->it->arena, buf_view(&tags)) : STR("");
	return e ? e : (r->d->tags.p ? ERR_OK : ERR_NOMEM);
}

static void first_section(void *ctx, struct str name)
{
	struct str *out = ctx;
	char slug[SLUG_SIZE];
	text_slug(name, slug);
	if (out->n == 0 && slug[0])
		*out = name;
}

static enum err take_section(struct reading *r)
{
	static const char *const keys[] = { "subjects", "subject", "genres", "genre" };
	struct str *out = &r->d->section_name;
	enum err e = ERR_OK;
	for (size_t i = 0; !e && out->n == 0 && i < COUNT(keys); i++)
		e = ninjs_names(r->it, r->item, keys[i], first_section, out);
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

static enum err take_credit(struct reading *r, const struct passages *descriptions)
{
	static const char *const sources[] = { "infoSources", "infoSource" };
	static const char *const holders[] = { "copyrightHolder" };
	static const char *const lines[] = { "creditline" };
	struct str *out = &r->d->credit;
	enum err e = first_line(r, lines, COUNT(lines), out);
	for (size_t i = 0; !e && out->n == 0 && i < descriptions->n; i++)
		if (str_eq(descriptions->v[i].role, STR("creditline")))
			e = plain_of(r, &descriptions->v[i], out);
	for (size_t i = 0; !e && out->n == 0 && i < COUNT(sources); i++)
		e = ninjs_names(r->it, r->item, sources[i], first_name, out);
	if (!e && out->n == 0)
		e = first_line(r, holders, COUNT(holders), out);
	return e;
}

static enum err take_lines(struct reading *r)
{
	static const char *const by[] = { "by", "byline" };
	struct draft *d = r->d;
	struct str terms = STR("");
	enum err e = first_line(r, by, COUNT(by), &d->byline);
	if (!e)
		e = line_of(r, "located", &d->dateline);
	if (!e)
		e = line_of(r, "language", &d->language);
	if (!e)
		e = ninjs_string(r->it, r->item, "", "usageTerms", &terms);
	if (e)
		return e;
	d->byline = byline_clean(d->byline, r->it->arena);
	if (terms.n > TERMS_MAX)
		return refuse(r->it, "usageTerms: longer than %d bytes", TERMS_MAX);
	d->usage_terms = terms.n ? arena_str(r->it->arena, terms) : STR("");
	return d->usage_terms.p ? ERR_OK : ERR_NOMEM;
}

static enum err take_slug(struct reading *r)
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
	if (ninjs_is_html(p))
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
	struct str rest = str_trim(value);
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
	*out = b.n ? arena_str(a, buf_view(&b)) : STR("");
	return out->p ? ERR_OK : ERR_NOMEM;
}

static bool text_figure(void *ctx, struct figure *f)
{
	struct reading *r = ctx;
	const struct draft_image *im = draft_image_find(r->d, f->src);
	char why[WHY_SIZE];
	if (!im && picture_name_ok(f->src)) {
		struct draft_image new = { .file = f->src, .alt = f->alt, .caption = f->caption };
		if (draft_image_add(r->it, r->d, &new, why) == ERR_OK)
			im = &r->d->images[r->d->image_count - 1];
	}
	if (!im) {
		r->left_out++;
		return false;
	}
	return draft_image_figure(im, r->it->arena, f);
}

static enum err write_text(struct reading *r, const struct passage *p)
{
	struct str html = p->value;
	enum err e = ninjs_is_html(p) ? ERR_OK : plain_html(p->value, r->it->arena, &html);
	if (!e)
		e = sanitise(
			html, &(struct sanitiser){ text_figure, r }, r->it->arena, &r->d->blocks);
	if (e == ERR_TOO_LARGE)
		return refuse(r->it, "bodies: too long, or nested more than 60 deep");
	return e == ERR_INVALID ? refuse(r->it, "bodies: not UTF-8 text") : e;
}

static enum err take_text(struct reading *r, const struct passages *descriptions)
{
	struct passages *bodies = arena_alloc(r->it->arena, sizeof *bodies);
	if (!bodies)
		return ERR_NOMEM;
	struct str type;
	enum err e = ninjs_string(r->it, r->item, "", "type", &type);
	if (!e)
		e = ninjs_passages(r->it, r->item, "", "body", "bodies", bodies);
	if (e)
		return e;
	const struct passage *body = best(bodies), *description = best(descriptions);
	/* A description that is the text is no dek: deks are shown to everybody. */
	if (body && description)
		e = plain_of(r, description, &r->d->dek);
	if (!body)
		body = description;
	if (e || body)
		return e ? e : write_text(r, body);
	if (!str_eq(r->d->status, STR("usable")))
		return ERR_OK;
	return refuse(r->it, "bodies: an item of type \"%.*s\" without text and description",
		(int)(type.n % 40), type.p);
}

/* ---- the item ---- */

static enum err read_item(struct reading *r)
{
	struct passages *descriptions = arena_alloc(r->it->arena, sizeof *descriptions);
	if (!descriptions)
		return ERR_NOMEM;
	enum err e = take_identity(r);
	if (!e)
		e = take_status(r);
	if (!e)
		e = take_times(r);
	if (!e)
		e = take_headline(r);
	if (!e)
		e = take_lines(r);
	if (!e)
		e = take_tags(r);
	if (!e)
		e = take_section(r);
	if (!e)
		e = ninjs_passages(r->it, r->item, "", "description", "descriptions", descriptions);
	if (!e)
		e = take_credit(r, descriptions);
	if (!e)
		e = take_slug(r);
	if (!e)
		e = ninjs_pictures(r->it, r->item, r->d, &r->left_out);
	return e ? e : take_text(r, descriptions);
}

enum err ninjs_draft(struct import_item *it, struct draft *d)
{
	json_error_t where;
	json_t *item = json_loadb(
		it->text.p ? it->text.p : "", it->text.n, JSON_REJECT_DUPLICATES, &where);
	if (!item)
		return refuse(it, "line %d: %s", where.line, where.text);
	d->default_access = it->settings->default_access;
	struct reading r = { .it = it, .item = item, .d = d };
	enum err e = json_is_object(item) ? read_item(&r)
					  : refuse(it, "expected an object: one item a file");
	json_decref(item);
	if (!e && r.left_out)
		(void)snprintf(it->why, WHY_SIZE,
			"pictures that are not beside the file were left out: %zu", r.left_out);
	return e;
}
