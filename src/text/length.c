/* Measures text in any script (characters, visible characters, words) and finds where it may be
 * cut: after a sentence, between words, between graphemes. Unicode Standard Annex 29 (graphemes,
 * words, sentences) and Annex 14, class SA (scripts without blanks between words). */
#include "postern/text.h"

#include <utf8proc.h>

/* A word of running text, in tenths: two ideographs or kana, five letters of a script of Southeast
 * Asia, which is how long their words are on average. */
enum { TENTHS_WORD = 10, TENTHS_IDEOGRAPH = 5, TENTHS_LETTER = 2 };

/* Code points, both ends included, and what each counts for. */
struct range {
	uint32_t first, last;
	uint8_t tenths;
};
/* Scripts that are written without blanks between words, in order. */
static const struct range unspaced[] = {
	{ 0x0e00, 0x0fff, TENTHS_LETTER },    /* Thai, Lao, Tibetan */
	{ 0x1000, 0x109f, TENTHS_LETTER },    /* Myanmar */
	{ 0x1780, 0x17ff, TENTHS_LETTER },    /* Khmer */
	{ 0x1950, 0x19df, TENTHS_LETTER },    /* Tai Le, New Tai Lue */
	{ 0x1a20, 0x1aaf, TENTHS_LETTER },    /* Tai Tham */
	{ 0x1b00, 0x1b7f, TENTHS_LETTER },    /* Balinese */
	{ 0x2e80, 0x2fdf, TENTHS_IDEOGRAPH }, /* radicals */
	{ 0x3005, 0x3007, TENTHS_IDEOGRAPH }, { 0x3021, 0x3029, TENTHS_IDEOGRAPH },
	{ 0x3041, 0x30ff, TENTHS_IDEOGRAPH },   /* Hiragana, Katakana */
	{ 0x3105, 0x312f, TENTHS_IDEOGRAPH },   /* Bopomofo */
	{ 0x31a0, 0x31bf, TENTHS_IDEOGRAPH },   /* Bopomofo */
	{ 0x31f0, 0x31ff, TENTHS_IDEOGRAPH },   /* Katakana */
	{ 0x3400, 0x4dbf, TENTHS_IDEOGRAPH },   /* Han */
	{ 0x4e00, 0x9fff, TENTHS_IDEOGRAPH },   /* Han */
	{ 0xa000, 0xa4cf, TENTHS_IDEOGRAPH },   /* Yi */
	{ 0xa980, 0xa9df, TENTHS_LETTER },      /* Javanese */
	{ 0xa9e0, 0xa9ff, TENTHS_LETTER },      /* Myanmar */
	{ 0xaa60, 0xaadf, TENTHS_LETTER },      /* Myanmar, Tai Viet */
	{ 0xf900, 0xfaff, TENTHS_IDEOGRAPH },   /* Han */
	{ 0xff66, 0xff9f, TENTHS_IDEOGRAPH },   /* Katakana */
	{ 0x11700, 0x1174f, TENTHS_LETTER },    /* Ahom */
	{ 0x1b000, 0x1b16f, TENTHS_IDEOGRAPH }, /* kana */
	{ 0x20000, 0x323af, TENTHS_IDEOGRAPH }, /* Han */
};

static unsigned unspaced_tenths(uint32_t cp)
{
	if (cp < unspaced[0].first)
		return 0;
	for (size_t i = 0; i < COUNT(unspaced) && cp >= unspaced[i].first; i++)
		if (cp <= unspaced[i].last)
			return unspaced[i].tenths;
	return 0;
}

static utf8proc_category_t category(uint32_t cp)
{
	return utf8proc_category((utf8proc_int32_t)cp);
}

bool text_blank(uint32_t cp)
{
	if (cp <= ' ' || (cp >= 0x7f && cp <= 0xa0))
		return true;
	if (cp < 0x1680)
		return false;
	switch (category(cp)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default: /* ZERO WIDTH SPACE stands between words of Khmer, blank braille looks like one */
		return cp == 0x200b || cp == 0x2800 || cp == 0xfeff;
	}
}

static bool ascii_letter(uint32_t cp)
{
	return (cp >= '0' && cp <= '9') || ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z');
}

bool text_letter(uint32_t cp)
{
	if (cp < 0x80)
		return ascii_letter(cp);
	utf8proc_category_t c = category(cp);
	return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO) ||
	       (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

bool text_lower(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'a' && cp <= 'z';
	return category(cp) == UTF8PROC_CATEGORY_LL;
}

uint32_t text_lower_case(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp | 0x20 : cp;
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
}

/* Dashes between words ("the night—the vote") end a word; hyphens and apostrophes do not. */
static bool ends_word(uint32_t cp)
{
	return (cp >= 0x2012 && cp <= 0x2015) || cp == 0x2026 || cp == 0x2e3a || cp == 0x2e3b;
}

static void count_word(struct text_length *t, uint32_t cp)
{
	unsigned tenths = unspaced_tenths(cp);
	if (tenths) {
		t->tenths += tenths;
		t->in_word = false;
	} else if (ends_word(cp)) {
		t->in_word = false;
	} else if (!t->in_word && text_letter(cp)) {
		t->tenths += TENTHS_WORD;
		t->in_word = true;
	}
}

void text_length_add(struct text_length *t, uint32_t cp)
{
	t->characters++;
	if (text_blank(cp)) {
		t->in_word = false;
		return;
	}
	t->visible++;
	count_word(t, cp);
}

/* The same, for most of the text of most languages: a third of the instructions. */
void text_length_add_ascii(struct text_length *t, struct str ascii)
{
	for (size_t i = 0; i < ascii.n; i++) {
		const size_t from = i;
		while (i < ascii.n && ascii_letter((unsigned char)ascii.p[i]))
			i++;
		if (i > from && !t->in_word)
			t->tenths += TENTHS_WORD;
		t->in_word = t->in_word || i > from;
		t->visible += (int64_t)(i - from);
		if (i == ascii.n)
			break;
		const bool blank = text_blank((unsigned char)ascii.p[i]);
		t->visible += !blank;
		t->in_word = t->in_word && !blank;
	}
	t->characters += (int64_t)ascii.n;
}

int64_t text_length_words(const struct text_length *t)
{
	return (t->tenths + TENTHS_WORD - 1) / TENTHS_WORD;
}

bool text_grapheme_ends(uint32_t before, uint32_t after, int32_t *state)
{
	if (before < 0x80 && after < 0x80 && *state == 0)
		return true; /* line breaks are blanks, and not cut at */
	return utf8proc_grapheme_break_stateful(
		(utf8proc_int32_t)before, (utf8proc_int32_t)after, state);
}

enum text_terminal text_terminal(uint32_t cp)
{
	static const uint32_t spaced[] = { '.', '!', '?', 0x2026, 0x203c, 0x203d, 0x2047, 0x2048,
		0x2049, 0x037e, 0x0589, 0x061f, 0x06d4, 0x0700, 0x0964, 0x0965, 0x1362, 0x1367,
		0x1368, 0x17d4, 0x17d5, 0x104a, 0x104b, 0x0f0d, 0x0f0e };
	static const uint32_t bare[] = { 0x3002, 0xff01, 0xff0e, 0xff1f, 0xff61 };
	if (cp < 0x80)
		return cp == '.' || cp == '!' || cp == '?' ? TEXT_TERMINAL_BLANK
							   : TEXT_TERMINAL_NONE;
	for (size_t i = 0; i < COUNT(bare); i++)
		if (cp == bare[i])
			return TEXT_TERMINAL_BARE;
	for (size_t i = 0; i < COUNT(spaced); i++)
		if (cp == spaced[i])
			return TEXT_TERMINAL_BLANK;
	return TEXT_TERMINAL_NONE;
}

bool text_closes(uint32_t cp)
{
	if (cp < 0x80)
		return cp == '"' || cp == '\'' || cp == ')' || cp == ']';
	utf8proc_category_t c = category(cp);
	/* German closes with what English opens with. */
	return c == UTF8PROC_CATEGORY_PE || c == UTF8PROC_CATEGORY_PF || cp == 0x201c ||
	       cp == 0x2018 || cp == 0xab;
}

bool text_pauses(uint32_t cp)
{
	return cp == 0x3001 || cp == 0xff0c || cp == 0xff1a || cp == 0xff1b || cp == 0xff64;
}
