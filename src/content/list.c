/* Lists of articles. The database filters by what may be shown, so that a page is full and the
 * position of the next page holds. */
#include "internal.h"

#include "postern/queries/article.h"

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

/* The LIKE patterns of a search. What cannot match anything sets `nothing` and asks no database. */
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

_Static_assert(WORDS_MAX == 8, "article_search has a pattern for each word");

static enum err list_ask(struct db_conn *c, const struct article_filter *f, const struct search *s,
	struct arena *a, struct article **out, size_t *count)
{
	/* Without a cursor all times are older than the end of time. */
	const bool cursor = f->before_id.n > 0;
	const int64_t before_at = cursor ? f->before_at : INT64_MAX;
	const struct str before_id = cursor ? f->before_id : STR("");
	const size_t asked = f->limit > 0 ? f->limit : LIST_MAX;
	const size_t max = asked <= LIST_MAX ? asked : LIST_MAX + 1;
	if (f->featured)
		return q_article_featured(c, f->all, f->now_s, max, a, out, count);
	if (f->tag.n > 0 || str_trim(f->words).n > 0)
		return q_article_search(c, f->all, f->now_s, before_at, before_id, f->section,
			s->tag, s->words, max, f->search_ms, a, out, count);
	if (f->section.n > 0)
		return q_article_in_section(
			c, f->all, f->now_s, before_at, before_id, f->section, max, a, out, count);
	return q_article_latest(c, f->all, f->now_s, before_at, before_id, max, a, out, count);
}

enum err content_list(struct db_conn *c, const struct article_filter *f, struct arena *a,
	struct article **out, size_t *count)
{
	struct search s;
	enum err e = search_make(f, a, &s);
	*out = NULL;
	*count = 0;
	if (e || s.nothing)
		return e;
	return list_ask(c, f, &s, a, out, count);
}

enum err content_next_moment(struct db_conn *c, int64_t now_s, int64_t *at_s)
{
	return q_article_next_moment(c, now_s, at_s);
}

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
	enum err e = q_article_sections(c, now_s, LIST_MAX, a, &v, &n);
	if (e)
		return e;
	if (n > 1)
		qsort(v, n, sizeof *v, by_name);
	*out = v;
	*count = n;
	return ERR_OK;
}

enum err content_section_slugs(
	struct db_conn *c, size_t max, struct arena *a, struct str **out, size_t *count)
{
	return q_article_section_slugs(c, max, a, out, count);
}
