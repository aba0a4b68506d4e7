/* Prepares text for libzxcvbn: one byte a character, capitals folded, long repetitions shortened,
 * so that the library neither overrates other scripts nor needs seconds for "515151…". Also
 * collects the words that a password must not consist of (the site's name, the reader's name and
 * address, and their parts). */
#include "words.h"

#include <string.h>

/* The bit that marks a byte of the skeleton as standing for a code point outside ASCII. */
enum { NOT_ASCII = 0x80 };

size_t crypto_skeleton(struct str s, char out[static SKELETON_MAX + 1])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned byte = (uint8_t)s.p[i];
		bool continues = (byte & 0xc0) == 0x80 && n > 0;
		unsigned before = continues ? (uint8_t)out[--n] : 0;
		if (n == SKELETON_MAX)
			break;
		if (continues)
			byte = NOT_ASCII | ((before << 6 | (byte & 0x3f)) & 0x7f);
		else if (byte < ' ' || byte > '~')
			byte |= NOT_ASCII;
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return n;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool crypto_fold(char *text)
{
	bool changed = false;
	for (; *text != '\0'; text++) {
		changed |= *text != fold(*text);
		*text = fold(*text);
	}
	return changed;
}

/* True when the last `copies` * `period` characters are one unit over and over in any case. */
static bool ends_periodic(const char *text, size_t n, size_t period, size_t copies)
{
	size_t compared = period * (copies - 1);
	if (n < compared + period)
		return false;
	for (const char *p = text + n - compared; p < text + n; p++)
		if (fold(*p) != fold(p[-(ptrdiff_t)period]))
			return false;
	return true;
}

void crypto_squeeze(char *text)
{
	size_t n = 0;
	for (size_t i = 0; text[i] != '\0'; i++) {
		text[n++] = text[i];
		for (size_t period = 1; period <= SQUEEZE_PERIOD_MAX; period++)
			if (ends_periodic(text, n, period, SQUEEZE_COPIES + 1))
				n -= period;
	}
	text[n] = '\0';
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (uint8_t)c >= NOT_ASCII;
}

/* `s` is a folded skeleton of at most SKELETON_MAX characters. */
void crypto_words_add(struct words *w, struct str s, size_t min)
{
	if (s.n < min || w->n == WORDS_MAX)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(str_of(w->list[i]), s))
			return;
	memcpy(w->text[w->n], s.p, s.n);
	w->text[w->n][s.n] = '\0';
	w->list[w->n] = w->text[w->n];
	w->n++;
}

/* "the morning herald": itself, "morning", "herald" and "themorningherald". */
static void add_phrase(struct words *w, struct str phrase)
{
	char joined[SKELETON_MAX];
	size_t joined_n = 0, begin = 0;
	crypto_words_add(w, phrase, WORD_WHOLE_MIN);
	for (size_t i = 0; i <= phrase.n; i++) {
		if (i < phrase.n && is_alphanumeric(phrase.p[i])) {
			joined[joined_n++] = phrase.p[i];
			continue;
		}
		crypto_words_add(w, (struct str){ phrase.p + begin, i - begin }, WORD_PART_MIN);
		begin = i + 1;
	}
	crypto_words_add(w, (struct str){ joined, joined_n }, WORD_PART_MIN);
}

void crypto_words_collect(const char *const *context, struct words *w)
{
	w->n = 0;
	for (; context != NULL && *context != NULL; context++) {
		char text[SKELETON_MAX + 1];
		struct str rest = { text, crypto_skeleton(str_of(*context), text) };
		(void)crypto_fold(text);
		if (!str_has_byte(rest, '@')) {
			add_phrase(w, rest);
			continue;
		}
		crypto_words_add(w, rest, WORD_WHOLE_MIN);
		add_phrase(w, str_cut(&rest, '@'));
		add_phrase(w, rest);
	}
	w->list[w->n] = NULL;
}
