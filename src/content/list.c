/* Lists of articles. The database filters by what may be shown, so that a page is full and the
 * position of the next page holds. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERN_BYTES_MAX = 2 * WORD_BYTES_MAX + 8 };

struct search {
	struct str tag;
	struct str words[WORDS_MAX];
	bool nothing; /* asks for what no article can have */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* `text` for LIKE … ESCAPE '!' between `before` and `after`, in lower case like what it is compared
 * with. */
static struct str like_pattern(
	struct str text, const char *before, const char *after, struct arena *a)
{
	BUF_AUTO b = BUF(PATTERN_BYTES_MAX);
	buf_puts(&b, before);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '%' || c == '_' || c == '!')
			buf_byte(&b, '!');
		buf_byte(&b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
	buf_puts(&b, after);
	return arena_buf(a, &b);
}

static struct str next_word(struct str *rest)
{
	while (rest->n > 0 && is_space(rest->p[0]))
		*rest = (struct str){ rest->p + 1, rest->n - 1 };
	size_t n = 0;
	while (n < rest->n && !is_space(rest->p[n]))
		n++;
	struct str word = { rest->p, n };
	*rest = (struct str){ rest->p + n, rest->n - n };
	return word;
}

static enum err search_make(const struct article_filter *f, struct arena *a, struct search *out)
{
	struct search s = { .tag = STR("%") };
	for (size_t i = 0; i < WORDS_MAX; i++)
		s.words[i] = STR("%");
	if (f->tag.n > 0)
		s.tag = like_pattern(f->tag, "%\n", "\n%", a);
	s.nothing = f->tag.n > WORD_BYTES_MAX || str_has_byte(f->tag, '\n');
	struct str rest = f->words;
	for (size_t i = 0; i < WORDS_MAX && rest.n > 0; i++) {
		struct str word = next_word(&rest);
		if (word.n == 0)
			break;
		if (word.n > WORD_BYTES_MAX || !utf8_ok(word))
			s.nothing = true;
		else if (!(s.words[i] = like_pattern(word, "%", "%", a)).p)
			return ERR_NOMEM;
	}
	if (!s.nothing && !s.tag.p)
		return ERR_NOMEM;
	*out = s;
	return ERR_OK;
}

enum { LIST_PARAMS = 5, SECTION_PARAM = 5, SEARCH_PARAMS = 7 + WORDS_MAX };

static void list_params(const struct article_filter *f, struct db_param p[static LIST_PARAMS])
{
	/* Without a cursor all times are older than the end of time. */
	bool cursor = f->before_id.n > 0;
	p[0] = db_int(f->all ? 1 : 0);
	p[1] = db_int(f->now_s);
	p[2] = db_int(cursor ? f->before_at : INT64_MAX);
	p[3] = db_text(cursor ? f->before_id : STR(""));
	p[4] = db_int(f->limit > 0 && f->limit < LIST_MAX ? (int64_t)f->limit : LIST_MAX);
}

/* "1763600000-id" or, from before 1970, "-1577923200-id". An id has no '-'. */
enum err content_cursor_parse(struct str s, struct article_filter *f)
{
	size_t digits = s.n > 0 && s.p[0] == '-' ? 1 : 0;
	while (digits < s.n && s.p[digits] != '-')
		digits++;
	struct str id = { s.p + digits + 1, digits < s.n ? s.n - digits - 1 : 0 };
	if (id.n == 0 || id.n >= ID_SIZE)
		return ERR_INVALID;
	f->before_id = id;
	return str_int((struct str){ s.p, digits }, INT64_MIN / 2, INT64_MAX / 2, &f->before_at);
}

const char *content_cursor_text(const struct article *last, struct arena *a)
{
	return arena_fmt(a, "%lld-%s", (long long)last->published_at, last->id);
}

static enum err take_rows(
	struct article_row *rows, size_t n, struct arena *a, struct article **out, size_t *count)
{
	struct article *v = arena_alloc(a, (n ? n : 1) * sizeof *v);
	if (!v)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		content_article_settle(&rows[i]);
		v[i] = rows[i].a;
	}
	*out = v;
	*count = n;
	return ERR_OK;
}

enum err content_list(struct db_conn *c, const struct article_filter *f, struct arena *a,
	struct article **out, size_t *count)
{
	struct search s;
	enum err e = search_make(f, a, &s);
	if (e)
		return e;
	if (s.nothing)
		return take_rows(NULL, 0, a, out, count);
	struct db_param p[SEARCH_PARAMS];
	list_params(f, p);
	p[SECTION_PARAM] = db_text(f->section.n ? f->section : STR(""));
	p[SECTION_PARAM + 1] = db_text(s.tag);
	for (size_t i = 0; i < WORDS_MAX; i++)
		p[SECTION_PARAM + 2 + i] = db_text(s.words[i]);
	struct db_call call = { .query = QUERY_ARTICLE_LATEST,
		.params = p,
		.param_count = LIST_PARAMS,
		.shape = &content_article_shape,
		.arena = a,
		.max_rows = LIST_MAX };
	if (f->tag.n > 0 || str_trim(f->words).n > 0) {
		call.query = QUERY_ARTICLE_SEARCH;
		call.param_count = SEARCH_PARAMS;
		call.limit_ms = f->search_ms;
	} else if (f->section.n > 0) {
		call.query = QUERY_ARTICLE_IN_SECTION;
		call.param_count = LIST_PARAMS + 1;
	}
	struct article_row *rows = NULL;
	size_t n = 0;
	e = db_list(c, &call, &rows, &n);
	return e ? e : take_rows(rows, n, a, out, count);
}

static const struct db_column section_columns[] = {
	DB_COL_STR(struct section, slug),
	DB_COL_STR(struct section, name),
};
static const struct db_shape section_shape = DB_SHAPE(struct section, section_columns);

/* Here and not in SQL: engines order text by locales of their own. */
static int by_name(const void *x, const void *y)
{
	const struct section *a = x, *b = y;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int d = n ? memcmp(a->name.p, b->name.p, n) : 0;
	return d ? d : (a->name.n > b->name.n) - (a->name.n < b->name.n);
}

enum err content_sections(
	struct db_conn *c, int64_t now_s, struct arena *a, struct section **out, size_t *count)
{
	struct section *v = NULL;
	size_t n = 0;
	enum err e = db_list(c,
		&(struct db_call){
			.query = QUERY_ARTICLE_SECTIONS,
			DB_PARAMS(db_int(now_s), db_int(LIST_MAX)),
			.shape = &section_shape,
			.arena = a,
			.max_rows = LIST_MAX,
		},
		&v, &n);
	if (e)
		return e;
	if (n > 1)
		qsort(v, n, sizeof *v, by_name);
	*out = v;
	*count = n;
	return ERR_OK;
}

struct slug_row {
	struct str slug;
};

enum err content_section_slugs(
	struct db_conn *c, size_t max, struct arena *a, struct str **out, size_t *count)
{
	static const struct db_column columns[] = { DB_COL_STR(struct slug_row, slug) };
	static const struct db_shape shape = DB_SHAPE(struct slug_row, columns);
	struct slug_row *rows = NULL;
	struct db_call call = { .query = QUERY_ARTICLE_SECTION_SLUGS,
		DB_PARAMS(db_int((int64_t)max)),
		.shape = &shape,
		.arena = a,
		.max_rows = max };
	enum err e = db_list(c, &call, &rows, count);

	*out = e ? NULL : arena_alloc(a, (*count + 1) * sizeof **out);
	if (!e && !*out)
		e = ERR_NOMEM;
	for (size_t i = 0; !e && i < *count; i++)
		(*out)[i] = rows[i].slug;
	return e;
}
