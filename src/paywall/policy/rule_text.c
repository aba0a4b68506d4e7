/* Describes rules in words: ages, days, conditions. */
#include "postern/rule.h"

static const struct {
	char letter;
	int64_t s;
} units[] = { { 'y', 365 * 86400LL }, { 'w', 7 * 86400LL }, { 'd', 86400 }, { 'h', 3600 },
	{ 'm', 60 }, { 's', 1 } };
static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

enum err policy_rule_age_parse(struct str s, int64_t *out_s)
{
	int64_t n = 0;
	if (s.n < 2)
		return ERR_INVALID;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (s.p[s.n - 1] != units[i].letter)
			continue;
		enum err e = str_int((struct str){ s.p, s.n - 1 }, 1, RULE_AGE_MAX_S, &n);
		if (e)
			return ERR_INVALID;
		if (n > RULE_AGE_MAX_S / units[i].s)
			return ERR_TOO_LARGE;
		*out_s = n * units[i].s;
		return ERR_OK;
	}
	return ERR_INVALID;
}

/* The form of policy_rule_age_parse, in the largest unit. */
static void age_text(struct buf *out, int64_t age_s)
{
	for (size_t i = 0; i < COUNT(units); i++) {
		if (age_s && age_s % units[i].s == 0) {
			buf_fmt(out, "%lld%c", (long long)(age_s / units[i].s), units[i].letter);
			return;
		}
	}
	buf_byte(out, '0');
}

static int day_of(struct str s)
{
	for (size_t i = 0; i < COUNT(days); i++) {
		if (str_eq_nocase(s, str_of(days[i])))
			return (int)i;
	}
	return -1;
}

/* "mon" or "fri-mon", which goes over the end of the week. */
static enum err days_add(struct str one, int64_t *bits)
{
	struct str to = one, from = str_cut(&to, '-');
	int first = day_of(from), last = to.p ? day_of(to) : first;
	if (first < 0 || last < 0)
		return ERR_INVALID;
	for (int d = first;; d = (d + 1) % 7) {
		if ((*bits >> d) & 1)
			return ERR_INVALID;
		*bits |= 1 << d;
		if (d == last)
			return ERR_OK;
	}
}

enum err policy_rule_days_parse(struct str s, int64_t *out_bits)
{
	int64_t bits = 0;
	if (s.n == 0)
		return ERR_INVALID;
	while (s.p) {
		enum err e = days_add(str_trim(str_cut(&s, ',')), &bits);
		if (e)
			return e;
	}
	*out_bits = bits;
	return ERR_OK;
}

static void days_text(struct buf *out, int64_t bits)
{
	bool first = true;
	for (unsigned i = 1; i <= 7; i++) { /* a week begins on Monday */
		if (!((bits >> (i % 7)) & 1))
			continue;
		buf_fmt(out, "%s%s", first ? "" : ",", days[i % 7]);
		first = false;
	}
}

static void part(struct buf *out, size_t start, const char *word)
{
	buf_fmt(out, "%s%s", out->n > start ? ", " : "", word);
}

void policy_rule_conditions_text(struct buf *out, const struct paywall_rule *r)
{
	size_t start = out->n;
	if (*r->section) {
		part(out, start, "section ");
		buf_puts(out, r->section);
	}
	if (*r->tag) {
		part(out, start, "tag ");
		buf_puts(out, r->tag);
	}
	if (r->from_s) {
		part(out, start, "from ");
		age_text(out, r->from_s);
		buf_puts(out, " old");
	}
	if (r->until_s) {
		part(out, start, "until ");
		age_text(out, r->until_s);
		buf_puts(out, " old");
	}
	if ((r->weekdays & WEEKDAYS_ALL) != WEEKDAYS_ALL) {
		part(out, start, "on ");
		days_text(out, r->weekdays);
	}
	if (out->n == start)
		buf_puts(out, "every article");
}

void policy_rule_miss_text(struct buf *out, const struct paywall_rule *r,
	const struct paywall_article *a, struct paywall_moment now)
{
	int64_t since = a->embargo_at > a->published_at ? a->embargo_at : a->published_at;
	int64_t age_s = now.s - since;
	if (paywall_rule_matches(r, a, now))
		return;
	if (*r->section && !str_eq(a->section, str_of(r->section)))
		buf_fmt(out, "the section is \"" STR_FMT "\", not \"%s\"", STR_ARG(a->section),
			r->section);
	else if (*r->tag && !paywall_list_has(a->tags, str_of(r->tag)))
		buf_fmt(out, "it has no tag \"%s\"", r->tag);
	else if (age_s < r->from_s)
		buf_puts(out, "it is not old enough");
	else if (r->until_s && age_s >= r->until_s)
		buf_puts(out, "it is too old");
	else
		buf_fmt(out, "it is %s in the newsroom", days[now.weekday % 7]);
}
