/* Finds which parts of a dek repeat the article's text: every run of eight letters of the dek is
 * in a table, a rolling hash (Karp and Rabin) slides over the text, and each hit is extended as
 * far as both agree. */
#include "repeat.h"

#include "html/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
	SEED = 8,          /* letters of a run that is looked for */
	WEIGHT_LEAST = 24, /* of a run that counts: a letter is 1, an ideograph 3 */
	WEIGHT_IDEOGRAPH = 3,
	LETTERS_MAX = FIELD_MAX, /* of the short text */
	SLOTS = 4096,
	WORK_MAX = 64 << 20, /* comparisons of letters and of hashes */
};
static const uint64_t factor = 0x100000001b3u; /* odd and large */

/* The letters of a text, and where in it they stand. */
struct letters {
	uint32_t v[LETTERS_MAX];
	size_t at[LETTERS_MAX]; /* offset of the letter */
	bool open[LETTERS_MAX], closed[LETTERS_MAX];
	size_t n;
};

struct search {
	struct letters dek;
	int32_t first[SLOTS], next[LETTERS_MAX]; /* runs by hash; -1: none */
	uint64_t hash[LETTERS_MAX];
	struct buf body;     /* uint32_t each */
	size_t body_open;    /* letters of it that all may read */
	uint64_t out_factor; /* of the letter that leaves the run */
	size_t work;
};

/* ---- letters ---- */

static void dek_letters(struct letters *l, struct str text)
{
	uint32_t cp = 0;
	for (size_t i = 0, n; i < text.n && l->n < LETTERS_MAX; i += n) {
		n = str_utf8((struct str){ text.p + i, text.n - i }, &cp);
		if (n == 0)
			return;
		if (!text_letter(cp))
			continue;
		l->at[l->n] = i;
		l->v[l->n++] = text_lower_case(cp);
	}
}

static void block_letters(struct search *s, struct str html, int64_t open_visible, int64_t *visible)
{
	struct html_walk w;
	html_walk_begin(&w, html);
	for (enum html_token t; (t = html_walk_next(&w)) != HTML_END;) {
		if (t != HTML_TEXT || text_blank(w.cp))
			continue;
		++*visible;
		if (!text_letter(w.cp))
			continue;
		uint32_t cp = text_lower_case(w.cp);
		buf_add(&s->body, &cp, sizeof cp);
		if (*visible <= open_visible)
			s->body_open = s->body.n / sizeof cp;
	}
}

static unsigned weight_of(uint32_t cp)
{
	return cp >= 0x2e80 && cp < 0xac00 ? WEIGHT_IDEOGRAPH : 1;
}

/* ---- runs ---- */

static void table_fill(struct search *s)
{
	memset(s->first, -1, sizeof s->first);
	s->out_factor = 1;
	for (int i = 1; i < SEED; i++)
		s->out_factor *= factor;
	for (size_t i = 0; i + SEED <= s->dek.n; i++) {
		uint64_t h = 0;
		for (size_t k = 0; k < SEED; k++)
			h = h * factor + s->dek.v[i + k];
		s->hash[i] = h;
		s->next[i] = s->first[h % SLOTS];
		s->first[h % SLOTS] = (int32_t)i;
	}
}

/* A run is looked at from its first letter alone. */
static void run_extend(struct search *s, const uint32_t *body, size_t body_n, size_t at, size_t i)
{
	size_t n = 0;
	unsigned weight = 0;
	s->work++;
	if (at > 0 && i > 0 && body[at - 1] == s->dek.v[i - 1])
		return;
	while (at + n < body_n && i + n < s->dek.n && body[at + n] == s->dek.v[i + n])
		weight += weight_of(body[at + n++]);
	s->work += n;
	for (size_t k = 0; weight >= WEIGHT_LEAST && k < n; k++) {
		if (at + k < s->body_open)
			s->dek.open[i + k] = true;
		else
			s->dek.closed[i + k] = true;
	}
}

/* False: too much work. */
static bool body_slide(struct search *s)
{
	const uint32_t *body = (const uint32_t *)(const void *)s->body.p;
	size_t n = s->body.n / sizeof *body;
	uint64_t h = 0;
	for (size_t at = 0; at < n && s->work < WORK_MAX; at++) {
		if (at >= SEED)
			h -= s->out_factor * body[at - SEED];
		h = h * factor + body[at];
		if (at + 1 < SEED)
			continue;
		for (int32_t i = s->first[h % SLOTS]; i >= 0; i = s->next[i], s->work++)
			if (s->hash[i] == h)
				run_extend(s, body, n, at + 1 - SEED, (size_t)i);
	}
	return s->work < WORK_MAX;
}

/* ---- the answer ---- */

static size_t first_closed(const struct search *s, struct str text)
{
	for (size_t i = 0; i < s->dek.n; i++)
		if (s->dek.closed[i] && !s->dek.open[i])
			return s->dek.at[i];
	return text.n;
}

size_t content_repeat_free(struct str text, const struct block *blocks, size_t n,
	int64_t open_visible, struct arena *a)
{
	struct search *s = calloc(1, sizeof *s);
	int64_t visible = 0;
	if (!s) {
		arena_fail(a);
		return 0;
	}
	s->body = BUF((size_t)4 * 4 * ARTICLE_SOURCE_MAX);
	dek_letters(&s->dek, text);
	for (size_t i = 0; i < n; i++)
		if (!html_is_figure(blocks[i].html))
			block_letters(s, blocks[i].html, open_visible, &visible);
	table_fill(s);
	if (s->body.err == ERR_NOMEM)
		arena_fail(a);
	size_t end = !s->body.err && body_slide(s) ? first_closed(s, text) : 0;
	buf_free(&s->body);
	free(s);
	return end;
}
