/* Lists of passwords that are common where people speak other languages than libzxcvbn's word lists
 * do, and the operator's own.
 *
 * Words and passwords are compared in a plain form: NFKC_Casefold without accents and spaces, a few
 * letters spelt out ("ł" is "l", "æ" is "ae"), as a skeleton. A German "ü" in a list stands for "u"
 * and for "ue". Which words of the lists are in a password is found here, by binary search for each
 * of its parts; what the password is then worth says libzxcvbn, which gets these words alone as its
 * user's dictionary: it would walk through the whole list at each letter. */
#include "common.h"

#include "postern/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARENA_BYTES_MAX = 1 << 20, /* for the plain form of one word */
	ARENA_BYTES_FIRST = 16 << 10,
	BLOB_BYTES_MAX = 32 << 20, /* all words together */
};

struct common_words {
	struct buf blob;    /* the words, each with its NUL */
	const char **words; /* in order, each once */
	size_t count;
};

/* ---- the plain form ---- */
/* A letter and what is compared instead of it; lists end with NULL. */
struct spelling {
	const char *letter, *plain;
};
static const struct spelling letters[] = { { " ", "" }, { "ł", "l" }, { "ø", "o" }, { "đ", "d" },
	{ "ð", "d" }, { "þ", "th" }, { "æ", "ae" }, { "œ", "oe" }, { "ı", "i" }, { "ς", "σ" },
	{ NULL, NULL } };
static const struct spelling umlauts[] = { { "ä", "ae" }, { "ö", "oe" }, { "ü", "ue" },
	{ NULL, NULL } };

/* `s` with each letter of the list spelt out. */
static void spell_out(struct str s, const struct spelling list[], struct buf *out)
{
	while (s.n > 0) {
		const struct spelling *l = list;
		while (l->letter && !str_starts(s, str_of(l->letter)))
			l++;
		if (l->letter)
			buf_puts(out, l->plain);
		else
			buf_byte(out, *s.p);
		size_t n = l->letter ? strlen(l->letter) : 1;
		s = (struct str){ s.p + n, s.n - n };
	}
}

enum err crypto_common_plain(
	struct str s, struct arena *a, char out[static SKELETON_MAX + 1], size_t *n)
{
	BUF_AUTO plain = BUF(ARENA_BYTES_MAX);
	struct str folded;
	enum err e = text_fold_marks(s, a, &folded);
	if (e)
		return e;
	spell_out(folded, letters, &plain);
	*n = crypto_skeleton(buf_view(&plain), out);
	if (plain.p)
		crypto_wipe(plain.p, plain.n);
	return plain.err;
}

/* ---- loading ---- */
static enum err word_put(struct common_words *w, struct str word, struct arena *a)
{
	char plain[SKELETON_MAX + 1];
	size_t n = 0;
	enum err e = crypto_common_plain(word, a, plain, &n);
	if (e || n < WORD_WHOLE_MIN)
		return e;
	buf_add(&w->blob, plain, n + 1);
	w->count++;
	return w->blob.err;
}

static enum err word_add(struct common_words *w, struct str word, struct arena *a)
{
	BUF_AUTO spelt = BUF(ARENA_BYTES_MAX);
	struct str folded;
	enum err e = word_put(w, word, a);
	if (!e)
		e = text_fold(word, a, &folded);
	if (e)
		return e;
	spell_out(folded, umlauts, &spelt);
	if (spelt.err)
		return spelt.err;
	return str_eq(buf_view(&spelt), folded) ? ERR_OK : word_put(w, buf_view(&spelt), a);
}

static enum err line_check(struct str line, const char **what)
{
	*what = "";
	if (!utf8_ok(line))
		*what = "is not UTF-8";
	else if (line.n > COMMON_LINE_MAX)
		*what = "is longer than 192 bytes";
	return **what ? ERR_INVALID : ERR_OK;
}

static enum err text_add(struct common_words *w, struct str text, struct common_fault *fault)
{
	ARENA_AUTO *a = arena_new(ARENA_BYTES_MAX);
	enum err e = a ? ERR_OK : ERR_NOMEM;
	fault->line = 0;
	fault->what = "";
	while (!e && text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));
		fault->line++;
		e = line_check(line, &fault->what);
		if (!e && line.n > 0 && *line.p != '#')
			e = word_add(w, line, a);
		if (!e && !arena_reset(a, ARENA_BYTES_FIRST))
			e = ERR_NOMEM;
	}
	return e;
}

static int word_order(const void *one, const void *other)
{
	const char *const *a = one, *const *b = other;
	return strcmp(*a, *b);
}

/* The blob does not move any more. */
static enum err words_sort(struct common_words *w)
{
	struct str rest = buf_view(&w->blob);
	size_t count = w->count;
	w->words = calloc(count ? count : 1, sizeof *w->words);
	if (!w->words)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		w->words[i] = str_cut(&rest, '\0').p;
	qsort(w->words, count, sizeof *w->words, word_order);
	w->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (w->count == 0 || strcmp(w->words[w->count - 1], w->words[i]) != 0)
			w->words[w->count++] = w->words[i];
	}
	return ERR_OK;
}

enum err crypto_common_open(const struct str *texts, size_t count, struct common_words **out,
	struct common_fault *fault)
{
	struct common_words *w = calloc(1, sizeof *w);
	enum err e = w ? ERR_OK : ERR_NOMEM;
	*fault = (struct common_fault){ .what = "" };
	if (w)
		w->blob = (struct buf)BUF(BLOB_BYTES_MAX);
	for (size_t i = 0; !e && i < count; i++) {
		fault->text = i;
		e = text_add(w, texts[i], fault);
	}
	if (!e)
		e = words_sort(w);
	if (e) {
		crypto_common_close(w);
		return e;
	}
	*out = w;
	return ERR_OK;
}

void crypto_common_close(struct common_words *w)
{
	if (!w)
		return;
	buf_free(&w->blob);
	free(w->words);
	free(w);
}

size_t crypto_common_count(const struct common_words *w)
{
	return w->count;
}

/* ---- looking ---- */
static int part_order(const void *key, const void *member)
{
	const struct str *part = key;
	const char *const *word = member;
	int order = strncmp(part->p, *word, part->n);
	if (order)
		return order;
	return (*word)[part->n] ? -1 : 0;
}

static bool is_word(const struct common_words *w, struct str part)
{
	return bsearch(&part, w->words, w->count, sizeof *w->words, part_order) != NULL;
}

/* The longest first: they are the commonest to libzxcvbn, and there is room for so many. */
static void parts_find(const struct common_words *w, struct str text, struct words *found)
{
	for (size_t n = text.n; n >= WORD_WHOLE_MIN; n--) {
		for (size_t i = 0; i + n <= text.n; i++) {
			struct str part = { text.p + i, n };
			if (is_word(w, part))
				crypto_words_add(found, part, WORD_WHOLE_MIN);
		}
	}
}

/* What "w3lk0m" is read as. */
static char leet_of(char c, char one)
{
	static const char from[] = "0134578@$!|+", to[] = "o_eastbasiit";
	const char *at = c ? strchr(from, c) : NULL;
	if (!at)
		return c;
	return c == '1' || c == '!' || c == '|' ? one : to[at - from];
}

void crypto_common_find(const struct common_words *w, const char *text, struct words *found)
{
	char read[SKELETON_MAX + 1];
	const size_t n = strlen(text);
	found->n = 0;
	parts_find(w, (struct str){ text, n }, found);
	for (const char *one = "il"; *one; one++) {
		for (size_t i = 0; i < n; i++)
			read[i] = leet_of(text[i], *one);
		parts_find(w, (struct str){ read, n }, found);
	}
	crypto_wipe(read, sizeof read);
	found->list[found->n] = NULL;
}
