/* Cuts canonical HTML at a limit. One pass finds the best place (end of a sentence, list item or
 * table row), a second writes up to it and closes the elements that are open there. */
#include "cut.h"

#include <string.h>

/* How good an end is; a better one is a greater one. */
enum rank { RANK_GRAPHEME, RANK_WORD, RANK_INNER, RANK_WHOLE, RANK_COUNT };
/* Beyond the wanted words, so many more may be given to end with a sentence. */
enum { WORDS_BEYOND_MIN = 20, WORDS_BEYOND_PART = 4, TENTHS = 10, ENOUGH_PART = 4 };
/* Bytes of a word with full stops in it ("U.S."), and digits of a number ("12."), behind which a
 * full stop ends no sentence. */
enum { ABBREVIATION_BYTES_MAX = 4, ORDINAL_DIGITS_MAX = 2 };

/* A place where the text may end. */
struct spot {
	bool set;
	size_t text_end; /* here the "…" stands */
	size_t end;      /* behind the elements that end with the text */
	struct text_length length;
};

struct cutter {
	struct html_walk *w;
	const struct html_limit *limit;
	int64_t characters, visible, tenths_max;
	struct text_length n; /* of all that was walked */
	struct spot last;     /* behind the last character that is no blank */
	struct spot best[RANK_COUNT];
	struct spot mark;     /* the author's, once passed */
	bool mark_seen;       /* in front of all text it marks nothing */
	struct spot sentence; /* may be an end; the next character tells */
	enum text_terminal terminal;
	bool blank;        /* one stands behind `last` */
	size_t word_start; /* of the word at `last` */
	uint32_t before;   /* the last code point, 0: none in this run of text */
	int32_t graphemes; /* state of text_grapheme_ends */
	unsigned items, cells, quotes, listings, heads; /* open around this place */
};

/* ---- places ---- */

static void spot_set(struct cutter *k, enum rank rank, const struct spot *s)
{
	if (s->text_end > 0)
		k->best[rank] = *s;
}

/* Sentences and lines inside items, cells and quotations are second to these as a whole; those in
 * headings are no end. */
static void spot_sentence(struct cutter *k, const struct spot *s)
{
	if (k->heads == 0)
		spot_set(k, k->items || k->cells || k->quotes ? RANK_INNER : RANK_WHOLE, s);
}

static void run_ends(struct cutter *k)
{
	if (k->before)
		spot_set(k, RANK_WORD, &k->last);
	k->before = 0;
	k->graphemes = 0;
	k->blank = false;
	k->terminal = TEXT_TERMINAL_NONE;
	k->n.in_word = false;
}

/* ---- sentences ---- */

static bool is_title(struct str word)
{
	static const char *const titles[] = { "Mr", "Mrs", "Ms", "Dr", "Drs", "St", "Sr", "Jr",
		"Sen", "Rep", "Gov", "Gen", "Col", "Lt", "Sgt", "Capt", "Rev", "Hon", "Prof", "No",
		"Nr", "vs", "Mme", "Inc", "Ltd" };
	for (size_t i = 0; i < COUNT(titles); i++)
		if (str_eq(word, str_of(titles[i])))
			return true;
	return false;
}

static bool is_ordinal(struct str word)
{
	size_t n = 0;
	while (n < word.n && word.p[n] >= '0' && word.p[n] <= '9')
		n++;
	return n == word.n && n > 0 && n <= ORDINAL_DIGITS_MAX;
}

/* "J. S. Bach", "U.S.", "Dr. Holm", "am 12. November": a full stop that ends no sentence. */
static bool is_abbreviation(struct str word)
{
	while (word.n > 0 && (unsigned char)word.p[0] < 0x80 &&
		!text_letter((unsigned char)word.p[0]))
		word = (struct str){ word.p + 1, word.n - 1 };
	if (word.n == 1)
		return text_letter((unsigned char)word.p[0]);
	return is_title(word) || is_ordinal(word) ||
	       (word.n <= ABBREVIATION_BYTES_MAX && str_has_byte(word, '.'));
}

static void sentence_end_at(struct cutter *k, uint32_t next)
{
	bool ends = k->terminal == TEXT_TERMINAL_BARE ||
		    (k->terminal == TEXT_TERMINAL_BLANK && k->blank && !text_lower(next));
	bool goes_on = !k->blank && (text_terminal(next) || text_closes(next));
	if (goes_on)
		return;
	if (ends)
		spot_sentence(k, &k->sentence);
	k->terminal = TEXT_TERMINAL_NONE;
}

/* Behind `cp`, which has been taken. */
static void sentence_note(struct cutter *k, uint32_t cp)
{
	enum text_terminal t = k->listings ? TEXT_TERMINAL_NONE : text_terminal(cp);
	struct str word = { k->w->html.p + k->word_start, k->w->from - k->word_start };
	if (t && !(cp == '.' && is_abbreviation(word)))
		k->terminal = t;
	if (k->terminal)
		k->sentence = k->last;
}

/* ---- text ---- */

static bool reached(const struct cutter *k)
{
	const struct spot *whole = &k->best[RANK_WHOLE];
	int64_t want = k->limit->words * TENTHS;
	if (k->limit->one_sentence && (whole->set || k->best[RANK_INNER].set))
		return true;
	return want > 0 && whole->set && whole->length.tenths >= want;
}

static bool beyond(const struct cutter *k, const struct text_length *n)
{
	return n->characters > k->characters || n->visible > k->visible ||
	       (k->tenths_max > 0 && n->tenths > k->tenths_max);
}

static void blank_take(struct cutter *k, uint32_t cp)
{
	text_length_add(&k->n, cp);
	if (k->before && !k->blank)
		spot_set(k, RANK_WORD, &k->last);
	if (cp == '\n' && k->listings && k->before)
		spot_sentence(k, &k->last);
	k->blank = true;
}

/* False: this one must not be given any more. */
static bool point_take(struct cutter *k)
{
	uint32_t cp = k->w->cp;
	if (text_blank(cp)) {
		blank_take(k, cp);
		return true;
	}
	if (k->before) {
		sentence_end_at(k, cp);
		if (text_pauses(k->before))
			spot_set(k, RANK_WORD, &k->last);
		if (text_grapheme_ends(k->before, cp, &k->graphemes))
			spot_set(k, RANK_GRAPHEME, &k->last);
	}
	struct text_length n = k->n;
	text_length_add(&n, cp);
	if (reached(k) || beyond(k, &n))
		return false;
	if (!k->before || k->blank)
		k->word_start = k->w->from;
	k->n = n;
	k->before = cp;
	k->last = (struct spot){ true, k->w->at, k->w->at, n };
	sentence_note(k, cp);
	k->blank = false;
	return true;
}

/* ---- elements ---- */

static unsigned *count_of(struct cutter *k, struct str name)
{
	const struct {
		const char *name;
		unsigned *count;
	} all[] = { { "li", &k->items }, { "td", &k->cells }, { "th", &k->cells },
		{ "blockquote", &k->quotes }, { "pre", &k->listings }, { "h2", &k->heads },
		{ "h3", &k->heads }, { "h4", &k->heads }, { "caption", &k->heads },
		{ "thead", &k->heads } };
	for (size_t i = 0; i < COUNT(all); i++)
		if (str_eq(name, str_of(all[i].name)))
			return all[i].count;
	return NULL;
}

static void open_take(struct cutter *k)
{
	unsigned *count = count_of(k, k->w->name);
	if (count)
		++*count;
	if (!html_is_inline(k->w->name))
		run_ends(k);
}

/* What has ended holds all text up to `last`, which is therefore an end of it. */
static void close_take(struct cutter *k)
{
	struct str name = k->w->name;
	unsigned *count = count_of(k, name);
	bool cell = str_eq(name, STR("td")) || str_eq(name, STR("th"));
	bool head = k->heads > 0;
	if (html_is_inline(name))
		return;
	run_ends(k);
	if (count)
		--*count;
	/* an empty row, say, ends nothing */
	bool holds = k->w->open[k->w->depth].p < k->w->html.p + k->last.text_end;
	if (head || cell || !holds)
		return;
	bool inner = str_eq(name, STR("p")) && (k->items || k->cells);
	k->last.end = k->w->at;
	spot_set(k, inner ? RANK_INNER : RANK_WHOLE, &k->last);
}

static void void_take(struct cutter *k)
{
	if (!str_eq(k->w->name, STR("br")))
		return;
	if (k->before)
		spot_sentence(k, &k->last);
	run_ends(k);
}

static void mark_take(struct cutter *k)
{
	if (!k->mark_seen)
		k->mark = k->last;
	k->mark_seen = true;
}

/* ---- the passes ---- */

/* True: all text is within the limit and in front of the mark. */
static bool walk(struct cutter *k)
{
	for (;;) {
		enum html_token t = html_walk_next(k->w);
		if (k->limit->mark > 0 && k->w->from >= k->limit->mark)
			mark_take(k);
		if (t == HTML_END)
			return !k->w->broken && k->w->depth == 0 &&
			       k->n.characters <= k->characters;
		if (k->mark.set && t == HTML_TEXT && !text_blank(k->w->cp))
			return false;
		if (t == HTML_TEXT && !point_take(k))
			return false;
		if (t == HTML_OPEN)
			open_take(k);
		if (t == HTML_CLOSE)
			close_take(k);
		if (t == HTML_VOID)
			void_take(k);
		if (t == HTML_MARK)
			mark_take(k);
	}
}

/* `less`: what is kept free for the "…". */
static bool find(struct cutter *k, struct html_walk *w, struct str html,
	const struct html_limit *limit, int64_t less)
{
	int64_t beyond_words = limit->words / WORDS_BEYOND_PART;
	if (beyond_words < WORDS_BEYOND_MIN)
		beyond_words = WORDS_BEYOND_MIN;
	html_walk_begin(w, html);
	*k = (struct cutter){
		.w = w,
		.limit = limit,
		.characters = limit->characters - less,
		.visible = limit->visible - (less > 0),
		.tenths_max = limit->words > 0 ? (limit->words + beyond_words) * TENTHS : 0,
	};
	return walk(k);
}

static enum rank best_rank(const struct cutter *k)
{
	for (int r = RANK_WHOLE; r > RANK_GRAPHEME; r--) {
		const struct spot *s = &k->best[r];
		if (s->set && (s->length.visible * ENOUGH_PART >= k->n.visible ||
				      (k->limit->one_sentence && r >= RANK_INNER)))
			return (enum rank)r;
	}
	if (k->best[RANK_GRAPHEME].set)
		return RANK_GRAPHEME;
	return k->best[RANK_WORD].set ? RANK_WORD : RANK_WHOLE;
}

static bool ends_in_dots(struct str html, size_t end)
{
	struct str dots = STR("\xe2\x80\xa6");
	return end >= dots.n && memcmp(html.p + end - dots.n, dots.p, dots.n) == 0;
}

/* Behind a sentence a blank goes before the dots; not in the scripts that have none. */
static const char *dots_behind(struct str html, size_t end, enum rank rank)
{
	bool wide = end >= 3 && (unsigned char)html.p[end - 3] >= 0xe3; /* from U+3000 on */
	if (ends_in_dots(html, end))
		return "";
	return rank < RANK_INNER || wide ? "\xe2\x80\xa6" : "\xc2\xa0\xe2\x80\xa6";
}

/* Behind the last text stand blanks, the mark, empty cells, and the ends of what is open there,
 * which alone are written. */
static void write_ends(struct buf *out, struct str s)
{
	size_t inner = 0; /* elements that begin here */
	while (s.n > 0) {
		const char *from = memchr(s.p, '<', s.n);
		const char *end = from ? memchr(from, '>', s.n - (size_t)(from - s.p)) : NULL;
		if (!end)
			return;
		struct str tag = { from + 1, (size_t)(end - from) - 1 };
		struct str rest = tag, name = str_cut(&rest, ' ');
		bool ends = tag.n > 0 && tag.p[0] == '/';
		if (ends && inner == 0)
			buf_add(out, from, tag.n + 2);
		else if (ends)
			inner--;
		else
			inner += tag.p[0] != '!' && !html_is_void(name);
		s = (struct str){ end + 1, s.n - (size_t)(end + 1 - s.p) };
	}
}

/* Up to the spot, then "…", then the ends of what has ended and of what is open. */
static void write_to(struct str html, const struct spot *s, enum rank rank, struct buf *out)
{
	struct html_walk w;
	html_walk_begin(&w, (struct str){ html.p, s->end });
	while (html_walk_next(&w) != HTML_END) {
	}
	html_write_unmarked(out, (struct str){ html.p, s->text_end });
	buf_puts(out, dots_behind(html, s->text_end, rank));
	write_ends(out, (struct str){ html.p + s->text_end, s->end - s->text_end });
	while (w.depth > 0) {
		struct str name = w.open[--w.depth];
		buf_fmt(out, "</%.*s>", (int)name.n, name.p);
	}
	buf_byte(out, '\n');
}

struct html_part html_cut(struct str html, const struct html_limit *limit, struct buf *out)
{
	struct html_walk w;
	struct cutter k;
	if (!limit->exceeded && find(&k, &w, html, limit, 0)) {
		html_write_unmarked(out, html);
		return (struct html_part){ .length = k.n, .whole = true, .marked = k.mark.set };
	}
	(void)find(&k, &w, html, limit, 2);
	enum rank rank = best_rank(&k);
	const struct spot *s = &k.best[rank];
	if (k.mark.set) {
		s = &k.mark;
		rank = RANK_WHOLE;
	}
	if (s->set)
		write_to(html, s, rank, out);
	return (struct html_part){ .length = s->length, .marked = k.mark.set };
}

bool html_measure(struct str html, struct text_length *out)
{
	struct html_walk w;
	html_walk_begin(&w, html);
	*out = (struct text_length){ 0 };
	for (;;) {
		text_length_add_ascii(out, html_walk_plain(&w));
		const enum html_token t = html_walk_next(&w);
		if (t == HTML_END)
			return !w.broken && w.depth == 0;
		if (t == HTML_TEXT)
			text_length_add(out, w.cp);
		else if (t != HTML_MARK && !html_is_inline(w.name))
			out->in_word = false;
	}
}
