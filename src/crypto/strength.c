/* Judges a new password: libzxcvbn's estimate of its strength, and lists of words that it must
 * not be made of. */
#include "common.h"

#include <math.h>
#include <string.h>
#include <zxcvbn.h>

/* Whoever tries the commonest first is there within 2^14 tries. This covers each of the first
 * 10,000 words of libzxcvbn's lists however it takes them apart ("password1" as two parts), and
 * short runs such as "abababab". */
static const double common_bits = 14.0;
/* What may stand around context words and add nothing: a year and two signs, or six digits. */
static const double decoration_bits = 24.0;

struct finding {
	double bits;
	bool one_word,
		one_pattern; /* the whole is one word of the lists, or one run or repetition */
	bool context;        /* the whole is context words and decoration */
};

/* ZxcTypeMatch_t without the mark of a repetition; not an enumerator, so no switch over it. */
static int kind_of(const struct ZxcMatch *m)
{
	return (int)m->Type & ~(int)MULTIPLE_MATCH;
}

static bool is_word(const struct ZxcMatch *m)
{
	int kind = kind_of(m);
	return kind == (int)DICTIONARY_MATCH || kind == (int)DICT_LEET_MATCH;
}

static bool is_context(const struct ZxcMatch *m)
{
	int kind = kind_of(m);
	return kind == (int)USER_MATCH || kind == (int)USER_LEET_MATCH;
}

static bool is_pattern(const struct ZxcMatch *m)
{
	int kind = kind_of(m);
	return kind != (int)m->Type || kind == (int)REPEATS_MATCH || kind == (int)SEQUENCE_MATCH ||
	       kind == (int)SPATIAL_MATCH;
}

static bool has_letter(const char *p, int n)
{
	for (int i = 0; i < n; i++) {
		unsigned c = (uint8_t)p[i];
		if ((c | 0x20) - 'a' < 26 || c >= 0x80)
			return true;
	}
	return false;
}

static bool is_context_whole(const char *text, const struct ZxcMatch *m)
{
	double rest = 0;
	bool any = false;
	for (; m != NULL; m = m->Next) {
		if (is_context(m)) {
			any = true;
			continue;
		}
		if (has_letter(text + m->Begin, m->Length))
			return false;
		rest += m->MltEnpy;
	}
	return any && rest <= decoration_bits;
}

static struct finding judge(const char *text, struct words *w)
{
	struct ZxcMatch *matches = NULL;
	struct finding f = { .bits = ZxcvbnMatch(text, w->list, &matches) };
	if (matches != NULL && matches->Next == NULL) {
		f.one_word = is_word(matches);
		f.one_pattern = is_pattern(matches);
	}
	f.context = is_context_whole(text, matches);
	ZxcvbnFreeInfo(matches);
	return f;
}

/* `text` is the skeleton, and is changed. Common before weak: the message then says why. */
static enum strength classify(struct str prepared, char *text, struct words *w, double min_bits)
{
	/* First without capitals: they make no common password a rare one. */
	crypto_squeeze(text);
	bool capitals = crypto_fold(text);
	struct finding f = judge(text, w);
	if (f.one_word)
		return STRENGTH_COMMON;
	if (f.context)
		return STRENGTH_CONTEXT;
	if (f.bits < common_bits || (f.one_pattern && f.bits < min_bits))
		return STRENGTH_COMMON;
	if (f.bits >= min_bits)
		return STRENGTH_OK;
	if (!capitals)
		return STRENGTH_WEAK;
	(void)crypto_skeleton(prepared, text);
	crypto_squeeze(text);
	return judge(text, w).bits < min_bits ? STRENGTH_WEAK : STRENGTH_OK;
}

/* ---- words of the lists ---- */
struct list_finding {
	double bits; /* with each word as one of all */
	bool one_word;
};

static bool same_part(const char *text, const struct ZxcMatch *a, const struct ZxcMatch *b)
{
	return a->Length == b->Length &&
	       strncmp(text + a->Begin, text + b->Begin, (size_t)a->Length) == 0;
}

/* One word, once or repeated, and around it what adds nothing. */
static struct list_finding list_judge(const char *text, struct words *found, double word_bits)
{
	struct ZxcMatch *matches = NULL;
	const struct ZxcMatch *first = NULL;
	struct list_finding f = { .bits = ZxcvbnMatch(text, found->list, &matches) };
	f.one_word = is_context_whole(text, matches);
	for (const struct ZxcMatch *m = matches; m != NULL; m = m->Next) {
		if (!is_context(m))
			continue;
		f.bits += word_bits;
		first = first ? first : m;
		f.one_word = f.one_word && same_part(text, first, m);
	}
	ZxcvbnFreeInfo(matches);
	return f;
}

/* The same against the lists of common.c. STRENGTH_UNKNOWN without memory, which refuses. */
static enum strength listed(struct str prepared, const struct strength_rules *r)
{
	char text[SKELETON_MAX + 1];
	size_t n = 0;
	struct words found;
	ARENA_AUTO *a = arena_new(1 << 20);
	enum err e = a ? crypto_common_plain(prepared, a, text, &n) : ERR_NOMEM;
	if (e)
		return e == ERR_NOMEM ? STRENGTH_UNKNOWN : STRENGTH_WEAK;
	crypto_squeeze(text);
	crypto_common_find(r->common, text, &found);
	struct list_finding f = { .bits = r->min_bits };
	if (found.n > 0)
		f = list_judge(text, &found, log2((double)crypto_common_count(r->common)));
	crypto_wipe(text, sizeof text);
	crypto_wipe(&found, sizeof found);
	if (f.one_word)
		return STRENGTH_COMMON;
	return f.bits < r->min_bits ? STRENGTH_WEAK : STRENGTH_OK;
}

enum strength crypto_password_strength(struct str prepared, const struct strength_rules *r)
{
	char text[SKELETON_MAX + 1];
	struct words w;
	if (crypto_skeleton(prepared, text) == 0)
		return STRENGTH_WEAK;
	crypto_words_collect(r->context, &w);
	enum strength strength = classify(prepared, text, &w, r->min_bits);
	crypto_wipe(text, sizeof text);
	if (!r->common || strength == STRENGTH_COMMON || strength == STRENGTH_CONTEXT)
		return strength;
	enum strength by_lists = listed(prepared, r);
	return by_lists == STRENGTH_OK ? strength : by_lists;
}
