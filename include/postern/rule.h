/* rule: changes to the access rules, and what is said of them to people.
 *
 * Rules of a kind are numbered 1, 2, 3 … without a gap; a change renumbers them in its transaction.
 */
#ifndef POSTERN_RULE_H
#define POSTERN_RULE_H

#include "postern/paywall.h"

enum { RULE_WHY_SIZE = 256, RULE_AGE_MAX_S = 100LL * 366 * 86400, RULE_TEASER_WORDS_MAX = 2000 };
/* ERR_INVALID with a sentence in `why` for what could not mean anything: an age that ends before it
 * begins, no day at all, a teaser of what is open to all, a section that is no slug, … */
enum err MUST_USE policy_rule_check(const struct paywall_rule *r, char why[static RULE_WHY_SIZE]);
/* `r->position` 0 or beyond the end: the last of its kind. ERR_INVALID: policy_rule_check refuses
 * it; ERR_TOO_LARGE: there are RULES_MAX. Fills r->id and r->position. */
enum err MUST_USE policy_rule_add(struct db *db, struct paywall_rule *r, int64_t now_s);
/* Among those of its kind; beyond the end is the end. ERR_NOT_FOUND. */
enum err MUST_USE policy_rule_move(struct db *db, struct str id, int64_t position);
enum err MUST_USE policy_rule_remove(struct db *db, struct str id); /* ERR_NOT_FOUND */

/* An earlier rule that matches whenever rule `index` would, alone or with others before it: the
 * rule never decides. NULL: it may. For a default also an override for everything. */
const struct paywall_rule *policy_rule_shadow(const struct paywall_policy *p, size_t index);

/* "90m", "3h", "30d", "2w", "1y" (365 days). ERR_INVALID; ERR_TOO_LARGE above RULE_AGE_MAX_S. */
enum err MUST_USE policy_rule_age_parse(struct str s, int64_t *out_s);
/* "sat,sun", "mon-fri". ERR_INVALID: a word that is no day, or a day named twice. */
enum err MUST_USE policy_rule_days_parse(struct str s, int64_t *out_bits);
/* "section city, tag ferry, age 3h to 30d, on sat,sun"; "every article". */
void policy_rule_conditions_text(struct buf *out, const struct paywall_rule *r);
/* Why it does not match now: "the section is sport, not city"; "" when it does. */
void policy_rule_miss_text(struct buf *out, const struct paywall_rule *r,
	const struct paywall_article *a, struct paywall_moment now);

#endif
