/* What a source says about an article's state, and whether a delivery is newer than the stored
 * one. An unknown word hides the article: an agency that takes a story back in its own words must
 * be obeyed. */
#include "../internal.h"

#include <string.h>

enum { VERSION_PART_MAX = 18 }; /* digits that fit an int64_t */

static const struct {
	const char *word;
	enum import_notice notice;
} words[] = {
	{ "usable", NOTICE_USABLE },
	{ "withheld", NOTICE_HOLD },
	{ "hold", NOTICE_HOLD },
	{ "draft", NOTICE_HOLD },
	{ "pending", NOTICE_HOLD },
	{ "scheduled", NOTICE_HOLD },
	{ "private", NOTICE_HOLD },
	{ "canceled", NOTICE_KILL },
	{ "cancelled", NOTICE_KILL },
	{ "killed", NOTICE_KILL },
	{ "kill", NOTICE_KILL },
	{ "unpublished", NOTICE_KILL },
	{ "unpublish", NOTICE_KILL },
	{ "withdrawn", NOTICE_KILL },
	{ "spiked", NOTICE_KILL },
	{ "recalled", NOTICE_KILL },
	{ "retracted", NOTICE_KILL },
	{ "deleted", NOTICE_KILL },
	{ "removed", NOTICE_KILL },
};

/* IPTC's own prefix: NewsML-G2 writes "stat:usable". */
static struct str word_of(struct str s)
{
	struct str word = str_trim(s), prefix = STR("stat:");
	if (word.n > prefix.n && str_eq_nocase((struct str){ word.p, prefix.n }, prefix))
		word = (struct str){ word.p + prefix.n, word.n - prefix.n };
	return word;
}

enum import_notice import_notice_of(struct str s, bool *known)
{
	struct str word = word_of(s);
	*known = true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(word, str_of(words[i].word)))
			return words[i].notice;
	*known = false;
	return NOTICE_HOLD;
}

void import_draft_notice(struct draft *d, struct str word, bool *known)
{
	static const char *const names[] = {
		[NOTICE_USABLE] = "usable", [NOTICE_HOLD] = "withheld", [NOTICE_KILL] = "canceled"
	};
	d->notice = import_notice_of(word, known);
	d->status = str_of(names[d->notice]);
}

/* ---- versions ---- */

/* The next number of "1.10.2". False: it is none. */
static bool version_part(struct str *rest, int64_t *out)
{
	struct str part = str_cut(rest, '.');
	return part.n <= VERSION_PART_MAX && str_int(part, 0, INT64_MAX, out) == ERR_OK;
}

/* Below, at or above 0; false when the two cannot be compared: agencies may count in words. */
static bool version_order(struct str a, struct str b, int *out)
{
	*out = 0;
	if (a.n == 0 || b.n == 0)
		return false;
	if (str_eq(a, b))
		return true;
	while (*out == 0 && (a.n > 0 || b.n > 0)) {
		int64_t x = 0, y = 0;
		if ((a.n > 0 && !version_part(&a, &x)) || (b.n > 0 && !version_part(&b, &y)))
			return false;
		*out = (x > y) - (x < y);
	}
	return true;
}

enum arrival import_arrival(const struct draft *d, const struct article_origin *o)
{
	int count = 0;
	bool counted = version_order(d->version, o->version, &count);
	int64_t time = d->version_at && o->version_at ? d->version_at - o->version_at : 0;
	if (counted && count != 0 && (count > 0 ? time < 0 : time > 0))
		return ARRIVAL_UNCLEAR;
	if (counted && count != 0)
		return count > 0 ? ARRIVAL_NEWER : ARRIVAL_OLDER;
	if (counted && time < 0)
		return ARRIVAL_REVISED_BEFORE;
	if (counted)
		return time > 0 ? ARRIVAL_REVISED : ARRIVAL_SAME;
	if (time != 0)
		return time > 0 ? ARRIVAL_NEWER : ARRIVAL_OLDER;
	return d->version_at && o->version_at ? ARRIVAL_SAME : ARRIVAL_UNCLEAR;
}

/* ---- what a delivery may do ---- */

static bool by(const struct article_origin *o, const char *who)
{
	return str_eq(o->hidden_by, str_of(who));
}

/* Of an agency. A kill is final until a newer version comes; a hold also ends when the same version
 * comes with a later time. */
static enum judgement judge_agency(const struct draft *d, const struct article *old,
	const struct article_origin *o, int64_t now_s)
{
	enum arrival arrival = import_arrival(d, o);
	/* A version that says it is of tomorrow came from a clock that is wrong: everything that
	 * follows looks older, and nothing may be held back for that that closes. */
	bool clock_wrong = o->version_at > now_s && d->notice != NOTICE_USABLE;
	bool killed = str_eq(old->status, STR("killed")) || str_eq(old->status, STR("canceled"));

	if (arrival == ARRIVAL_OLDER && !clock_wrong)
		return JUDGED_OLDER;
	if (d->notice == NOTICE_KILL)
		return JUDGED_STATE_ALONE;
	if (d->notice == NOTICE_HOLD) {
		if (killed && by(o, "source"))
			return JUDGED_KILLED;
		return d->hollow ? JUDGED_STATE_ALONE : JUDGED_WRITE;
	}
	if (arrival == ARRIVAL_REVISED_BEFORE)
		return JUDGED_OLDER;
	if (!by(o, "source") || arrival == ARRIVAL_NEWER)
		return JUDGED_WRITE;
	if (killed)
		return JUDGED_KILLED;
	return arrival == ARRIVAL_REVISED ? JUDGED_WRITE : JUDGED_HELD;
}

enum judgement import_notice_judge(const struct draft *d, const struct article *old,
	const struct article_origin *o, int64_t now_s)
{
	if (by(o, "desk"))
		return JUDGED_DESK;
	if (d->agency)
		return judge_agency(d, old, o, now_s);
	/* A file of the newsroom does not bring back what an agency took back. */
	if (by(o, "source") && d->notice != NOTICE_KILL)
		return JUDGED_KILLED;
	return d->hollow ? JUDGED_STATE_ALONE : JUDGED_WRITE;
}

const char *import_notice_left(enum judgement j, const struct article_origin *o, struct arena *a)
{
	char day[TIME_TEXT_SIZE] = "";
	const char *when = "";
	if (o->hidden_at) {
		time_iso(o->hidden_at, day);
		when = arena_fmt(a, " on %s", day);
	}
	switch (j) {
	case JUDGED_OLDER:
		return "older than the version that is stored";
	case JUDGED_DESK:
		return arena_fmt(a, "the desk hid it%s; article set-status brings it back", when);
	case JUDGED_KILLED:
		return arena_fmt(a,
			"its source took it back%s; a newer version or article set-status brings "
			"it back",
			when);
	case JUDGED_HELD:
		return arena_fmt(a,
			"its source withholds it%s; a newer version or article set-status brings "
			"it back",
			when);
	default:
		return "";
	}
}
