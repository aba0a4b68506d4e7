/* Front matter of Markdown files: `key: value` lines between two lines of ---, and one list,
 * `images`. A small strict subset of YAML: a key that is unknown is refused with its line,
 * because a misspelt `access` must never open an article. */
#include "../internal.h"

#include <stdio.h>
#include <string.h>

/* Bytes of one line. Usage terms are the longest value (TERMS_MAX). */
enum { LINE_BYTES_MAX = 32768 };

/* In the order of enum front_key. */
const char *const import_front_keys[FRONT_COUNT + 1] = {
	"slug",
	"headline",
	"dek",
	"byline",
	"dateline",
	"credit",
	"section",
	"tags",
	"access",
	"published",
	"updated",
	"embargo",
	"expires",
	"images",
	"source",
	"status",
	"language",
	"usage_terms",
	NULL,
};
/* What other systems call a key. It is refused here too, and the message names ours. */
static const struct {
	const char *theirs, *ours;
} elsewhere[] = {
	{ "title", "headline" },
	{ "date", "published" },
	{ "pubdate", "published" },
	{ "publishdate", "published" },
	{ "lastmod", "updated" },
	{ "modified", "updated" },
	{ "expirydate", "expires" },
	{ "author", "byline" },
	{ "authors", "byline" },
	{ "description", "dek" },
	{ "excerpt", "dek" },
	{ "subtitle", "dek" },
	{ "summary", "dek" },
	{ "category", "section" },
	{ "categories", "section" },
	{ "draft", "status" },
	{ "visibility", "access" },
	{ "lang", "language" },
};
enum { IMAGE_FILE, IMAGE_NAME, IMAGE_ALT, IMAGE_CAPTION, IMAGE_CREDIT, IMAGE_KEYS };
static const char *const image_key_names[IMAGE_KEYS + 1] = { "file", "name", "alt", "caption",
	"credit", NULL };

/* The state of one import_front_parse: `rest` is what is not read yet, `line` the number of the
 * line before it. */
struct reader {
	struct front *f;
	struct arena *arena;
	struct str rest;
	int line;
	bool in_images;
	unsigned seen; /* of the open picture's keys */
};

static enum err fault(struct reader *r, const char *fmt, ...) PRINTF(2, 3);
static enum err fault(struct reader *r, const char *fmt, ...)
{
	int n = snprintf(r->f->why, WHY_SIZE, "line %d: ", r->line);
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(r->f->why + n, WHY_SIZE - (size_t)n, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}

static struct str next_line(struct reader *r)
{
	struct str line = str_cut(&r->rest, '\n');
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	r->line++;
	return line;
}

/* ---- values ---- */

/* A value in single or double quotes, as YAML has them but for most escapes. */
static enum err unquote(struct reader *r, struct str raw, struct str *out)
{
	char quote = raw.p[0];
	BUF_AUTO b = BUF(LINE_BYTES_MAX);
	size_t i = 1;
	for (; i < raw.n; i++) {
		char c = raw.p[i], next = i + 1 < raw.n ? raw.p[i + 1] : '\0';
		bool doubled =
			quote == '\'' && c == quote && next == quote; /* YAML's way to write ' */
		if (c == quote && !doubled)
			break;
		bool escape = quote == '"' && c == '\\';
		if (escape && next != '"' && next != '\\' && next != 'n')
			return fault(r, "in double quotes, \\ stands before \", \\ or n only");
		if (escape || doubled)
			c = raw.p[++i];
		if (escape && c == 'n')
			c = '\n';
		buf_byte(&b, c);
	}
	if (i >= raw.n)
		return fault(r, "the closing %c is missing", quote);
	if (i + 1 != raw.n)
		return fault(r, "text behind the closing %c", quote);
	if (b.err)
		return b.err;
	*out = arena_buf(r->arena, &b);
	return out->p ? ERR_OK : ERR_NOMEM;
}

static enum err value_of(struct reader *r, struct str raw, struct str *out)
{
	if (raw.n > 0 && (raw.p[0] == '"' || raw.p[0] == '\''))
		return unquote(r, raw, out);
	*out = raw.n ? raw : STR("");
	return ERR_OK;
}

void import_front_quote(struct buf *b, struct str s)
{
	buf_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_byte(b, '\\');
		if (s.p[i] == '\n')
			buf_puts(b, "\\n");
		else if (s.p[i] != '\r')
			buf_byte(b, s.p[i]);
	}
	buf_byte(b, '"');
}

/* ---- lines ---- */

static enum err split(struct reader *r, struct str line, struct str *key, struct str *value)
{
	struct str rest = line;
	if (!str_has_byte(line, ':'))
		return fault(r, "\"key: value\" expected");
	*key = str_trim(str_cut(&rest, ':'));
	*value = str_trim(rest);
	if (key->n == 0)
		return fault(r, "a name is missing before the colon");
	return ERR_OK;
}

static const char *nearest_key(struct str key, const char *const *names)
{
	for (size_t i = 0; names == import_front_keys && i < COUNT(elsewhere); i++) {
		if (str_eq_nocase(key, str_of(elsewhere[i].theirs)))
			return elsewhere[i].ours;
	}
	return text_nearest(key, names);
}

static enum err unknown_key(struct reader *r, struct str key, const char *const *names)
{
	const char *near = nearest_key(key, names);
	int n = (int)(key.n < 60 ? key.n : 60);
	BUF_AUTO known = BUF(WHY_SIZE);
	if (near)
		return fault(r, "unknown key \"%.*s\"; did you mean \"%s\"?", n, key.p, near);
	for (size_t i = 0; names[i]; i++)
		buf_fmt(&known, "%s%s", i ? ", " : "", names[i]);
	return fault(r, "unknown key \"%.*s\" (known: " STR_FMT ")", n, key.p,
		STR_ARG(buf_view(&known)));
}

static enum err find_key(struct reader *r, struct str key, const char *const *names, int *out)
{
	for (int i = 0; names[i]; i++) {
		if (str_eq(key, str_of(names[i]))) {
			*out = i;
			return ERR_OK;
		}
	}
	return unknown_key(r, key, names);
}

/* A key twice is refused: of two levels of access nobody knows which one is meant. */
static enum err take_key(struct reader *r, struct str line)
{
	struct front *f = r->f;
	struct str key = { NULL, 0 }, raw = { NULL, 0 };
	int k = 0;
	enum err e = split(r, line, &key, &raw);
	if (!e)
		e = find_key(r, key, import_front_keys, &k);
	if (e)
		return e;
	if (f->line[k])
		return fault(
			r, "\"%s\" stands in line %d already", import_front_keys[k], f->line[k]);
	f->line[k] = r->line;
	r->in_images = k == FRONT_IMAGES;
	if (r->in_images)
		return raw.n ? fault(r, "the pictures follow, each as \"  - file: …\"") : ERR_OK;
	if (k == FRONT_TAGS) { /* each tag has quotes of its own */
		f->value[k] = raw;
		return ERR_OK;
	}
	return value_of(r, raw, &f->value[k]);
}

static struct str *image_slot(struct front_image *im, int key)
{
	struct str *const slots[IMAGE_KEYS] = { &im->file, &im->name, &im->alt, &im->caption,
		&im->credit };
	return slots[key];
}

/* "  - file: …" begins a picture, further indented lines add to it. */
static enum err take_image_line(struct reader *r, struct str line)
{
	struct front *f = r->f;
	struct str s = str_trim(line), key = { NULL, 0 }, raw = { NULL, 0 };
	if (s.n > 1 && s.p[0] == '-' && s.p[1] == ' ') {
		if (f->image_count == ARTICLE_IMAGES_MAX)
			return fault(r, "more than %d pictures", ARTICLE_IMAGES_MAX);
		f->images[f->image_count++] = (struct front_image){ .line = r->line };
		r->seen = 0;
		s = str_trim((struct str){ s.p + 1, s.n - 1 });
	} else if (f->image_count == 0) {
		return fault(r, "a picture begins with \"  - file: …\"");
	}
	int k = 0;
	enum err e = split(r, s, &key, &raw);
	if (!e)
		e = find_key(r, key, image_key_names, &k);
	if (e)
		return e;
	if (r->seen & 1U << k)
		return fault(r, "this picture has a second \"%s\"", image_key_names[k]);
	r->seen |= 1U << k;
	return value_of(r, raw, image_slot(&f->images[f->image_count - 1], k));
}

static enum err take_line(struct reader *r, struct str line)
{
	if (line.n > LINE_BYTES_MAX)
		return fault(r, "longer than %d bytes", LINE_BYTES_MAX);
	if (str_trim(line).n == 0 || line.p[0] == '#')
		return ERR_OK;
	if (line.p[0] == '\t')
		return fault(r, "indent by spaces, not by tabs");
	if (line.p[0] != ' ')
		return take_key(r, line);
	if (!r->in_images)
		return fault(r, "indented, but only \"images\" has a list");
	return take_image_line(r, line);
}

static enum err check_images(struct reader *r)
{
	for (size_t i = 0; i < r->f->image_count; i++) {
		if (r->f->images[i].file.n > 0)
			continue;
		r->line = r->f->images[i].line;
		return fault(r, "this picture has no \"file\"");
	}
	return ERR_OK;
}

static bool is_fence(struct str line)
{
	return str_starts(line, STR("---")) && str_trim(line).n == 3;
}

/* The first fault counts, but the lines behind it are read too: one of them may close the article.
 */
static enum err take_lines(struct reader *r)
{
	char why[WHY_SIZE] = "";
	while (r->rest.p) {
		struct str line = next_line(r);
		bool end = is_fence(line);
		enum err e = end ? check_images(r) : take_line(r, line);
		if (e && e != ERR_INVALID)
			return e;
		if (e && !why[0])
			memcpy(why, r->f->why, WHY_SIZE);
		if (!end)
			continue;
		r->f->closed = true;
		r->f->body = r->rest;
		memcpy(r->f->why, why, WHY_SIZE);
		return why[0] ? ERR_INVALID : ERR_OK;
	}
	if (why[0]) {
		memcpy(r->f->why, why, WHY_SIZE);
		return ERR_INVALID;
	}
	r->line = 1;
	return fault(r, "the front matter is not closed by a line of ---");
}

enum err import_front_parse(struct str text, struct arena *a, struct front *out)
{
	*out = (struct front){ .line = { 0 } };
	struct reader r = { .f = out, .arena = a, .rest = text };
	if (str_starts(text, STR("\xef\xbb\xbf")))
		r.rest = (struct str){ text.p + 3, text.n - 3 };
	if (!is_fence(next_line(&r)))
		return fault(&r, "the article must begin with a line of ---");
	return take_lines(&r);
}
