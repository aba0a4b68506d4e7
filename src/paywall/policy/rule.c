/* Adds, moves and removes rules. Each change loads the order, changes it, and writes the
 * positions that moved. */
#include "postern/rule.h"

#include "postern/crypto.h"
#include "postern/queries/rule.h"
#include "postern/text.h"

#include <stdio.h>
#include <string.h>

static enum err no(char why[static RULE_WHY_SIZE], const char *sentence)
{
	(void)snprintf(why, RULE_WHY_SIZE, "%s", sentence);
	return ERR_INVALID;
}

static bool tag_ok(const char *tag)
{
	struct str s = str_of(tag);
	return utf8_ok(s) && !str_has_byte(s, '\n') && str_trim(s).n == s.n;
}

enum err policy_rule_check(const struct paywall_rule *r, char why[static RULE_WHY_SIZE])
{
	if (!*policy_rule_kind_name(r->kind))
		return no(why, "a rule must be an override or a default");
	if (*r->section && !text_slug_ok(str_of(r->section)))
		return no(why, "the section must be its slug: lower-case letters, digits and '-'");
	if (!tag_ok(r->tag))
		return no(why, "the tag must be one line, without spaces at its ends");
	if (r->from_s < 0 || r->until_s < 0 || r->from_s > RULE_AGE_MAX_S ||
		r->until_s > RULE_AGE_MAX_S)
		return no(why, "an age can be at most 100 years");
	if (r->until_s && r->until_s <= r->from_s)
		return no(why, "the age at which the rule ends must be above the one at which it "
			       "begins");
	if (r->weekdays <= 0 || r->weekdays > WEEKDAYS_ALL)
		return no(why, "the rule needs at least one day");
	if (r->access < ACCESS_PUBLIC || r->access > ACCESS_SUBSCRIBER)
		return no(why, "a rule must set one of the levels public, registered, metered, "
			       "subscriber");
	if (r->teaser_words < 0 || r->teaser_words > RULE_TEASER_WORDS_MAX)
		return no(why, "a teaser has at most 2000 words");
	if (r->teaser_words && r->access == ACCESS_PUBLIC)
		return no(why, "a public article is shown whole: it has no teaser to cut");
	return ERR_OK;
}

/* ---- the order ---- */

struct change {
	const struct paywall_rule *added; /* NULL: none */
	struct str id;                    /* moved or removed */
	int64_t position;                 /* wished for; 0: the end */
	int64_t now_s;
	int64_t placed; /* out */
	bool remove;
};

static enum err insert(struct db_conn *c, const struct paywall_rule *r, int64_t now_s)
{
	return q_rule_insert(c, r->id, 0, policy_rule_kind_name(r->kind), r->section, r->tag,
		r->from_s, r->until_s, r->weekdays, paywall_access_name(r->access), r->teaser_words,
		now_s);
}

/* Writes 1, 2, 3 … for the rules of a kind, with `id` at its new place (0: left out). */
static enum err renumber(struct db_conn *c, const struct rule_positions_row *rows, size_t n,
	const char *kind, const char *id, int64_t wished, int64_t *placed)
{
	int64_t next = 1;
	enum err e = ERR_OK;
	*placed = 0;
	for (size_t i = 0; !e && i < n; i++) {
		if (strcmp(rows[i].kind, kind) != 0 || strcmp(rows[i].id, id) == 0)
			continue;
		if (next == wished)
			*placed = next++;
		e = q_rule_set_position(c, rows[i].id, next++);
	}
	if (!*placed)
		*placed = next;
	return e ? e : q_rule_set_position(c, id, *placed);
}

static const struct rule_positions_row *named(
	const struct rule_positions_row *rows, size_t n, struct str id)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(str_of(rows[i].id), id))
			return &rows[i];
	}
	return NULL;
}

static enum err add_tx(
	struct db_conn *c, struct change *ch, const struct rule_positions_row *rows, size_t n)
{
	if (n >= RULES_MAX)
		return ERR_TOO_LARGE;
	enum err e = insert(c, ch->added, ch->now_s);
	return e ? e
		 : renumber(c, rows, n, policy_rule_kind_name(ch->added->kind), ch->added->id,
			   ch->position, &ch->placed);
}

/* Adds, moves or removes one rule and closes the gap in the numbers, in one transaction with the
 * new version. */
static enum err change_tx(struct db_conn *c, void *arg)
{
	struct change *ch = arg;
	struct rule_positions_row *rows = NULL;
	size_t n = 0;
	ARENA_AUTO *a = arena_new(1 << 20);
	if (!a)
		return ERR_NOMEM;
	enum err e = q_rule_positions(c, RULES_MAX, a, &rows, &n);
	if (e)
		return e;
	if (ch->added) {
		e = add_tx(c, ch, rows, n);
		return e ? e : policy_version_bump(c);
	}
	const struct rule_positions_row *row = named(rows, n, ch->id);
	if (!row)
		return ERR_NOT_FOUND;
	e = renumber(c, rows, n, row->kind, row->id, ch->remove ? 0 : ch->position, &ch->placed);
	if (!e && ch->remove)
		e = q_rule_delete(c, row->id);
	return e ? e : policy_version_bump(c);
}

enum err policy_rule_add(struct db *db, struct paywall_rule *r, int64_t now_s)
{
	char why[RULE_WHY_SIZE];
	struct change ch = { .added = r, .position = r->position, .now_s = now_s };
	enum err e = policy_rule_check(r, why);
	if (e)
		return e;
	crypto_id_make(r->id);
	e = db_tx(db, change_tx, &ch);
	if (!e)
		r->position = ch.placed;
	return e;
}

enum err policy_rule_move(struct db *db, struct str id, int64_t position)
{
	return db_tx(db, change_tx, &(struct change){ .id = id, .position = position });
}

enum err policy_rule_remove(struct db *db, struct str id)
{
	return db_tx(db, change_tx, &(struct change){ .id = id, .remove = true });
}

/* ---- rules that stand in another's shadow ---- */

/* `e` asks for no section, tag or day that `r` does not ask for. */
static bool wider(const struct paywall_rule *e, const struct paywall_rule *r, unsigned day)
{
	if (*e->section && strcmp(e->section, r->section) != 0)
		return false;
	if (*e->tag && !str_eq_nocase(str_of(e->tag), str_of(r->tag)))
		return false;
	return (e->weekdays >> day) & 1;
}

static const struct paywall_rule *covers_at(
	const struct paywall_policy *p, size_t index, unsigned day, int64_t age_s)
{
	for (size_t i = 0; i < index; i++) {
		const struct paywall_rule *e = &p->rules[i];
		if (wider(e, &p->rules[index], day) && e->from_s <= age_s &&
			(!e->until_s || age_s < e->until_s))
			return e;
	}
	return NULL;
}

/* A gap in what the earlier rules cover begins where the rule begins, or where one of them ends. */
static const struct paywall_rule *shadow_on(
	const struct paywall_policy *p, size_t index, unsigned day)
{
	const struct paywall_rule *r = &p->rules[index];
	const struct paywall_rule *by = covers_at(p, index, day, r->from_s);
	for (size_t i = 0; by && i < index; i++) {
		int64_t end_s = p->rules[i].until_s;
		if (end_s > r->from_s && (!r->until_s || end_s < r->until_s) &&
			!covers_at(p, index, day, end_s))
			by = NULL;
	}
	return by;
}

const struct paywall_rule *policy_rule_shadow(const struct paywall_policy *p, size_t index)
{
	const struct paywall_rule *by = NULL;
	for (unsigned day = 0; day < 7; day++) {
		if (!((p->rules[index].weekdays >> day) & 1))
			continue;
		const struct paywall_rule *on = shadow_on(p, index, day);
		if (!on)
			return NULL;
		by = by ? by : on;
	}
	return by;
}
