/* explain: why a reader may have what he may have, and what would change it.
 *
 * What would change the answer is found by asking paywall_decide again with a changed fact, so that
 * an explanation cannot disagree with the decision. All of it is copied into the arena: it outlives
 * the policy it was made from. Only `article` is the caller's. */
#ifndef POSTERN_EXPLAIN_H
#define POSTERN_EXPLAIN_H

#include "postern/decision.h"

/* One step of finding the level, in the order in which they are tried: overrides, the article's own
 * level, defaults, the setting. */
enum explained_step { STEP_OVERRIDE = 1, STEP_ARTICLE, STEP_DEFAULT, STEP_SETTING };
struct explained_rule {
	enum explained_step step;
	const struct paywall_rule *rule; /* STEP_OVERRIDE, STEP_DEFAULT; NULL otherwise */
	enum access access;              /* what it would set; ACCESS_DEFAULT: it leaves it open */
	bool matched;                    /* its conditions are met */
	bool decided;                    /* the first that matched */
	const char *conditions;          /* "section city, age 3h to 30d", for people */
	const char *why;                 /* why not, or what it did: a sentence */
};
struct explained_entitlement {
	const struct entitlement *entitlement;
	bool covers;     /* this article */
	bool open;       /* in force: dates and status */
	bool decided;    /* the one that opened it, or tells most of why not */
	const char *why; /* a sentence */
};
/* A fact that could be another, and the decision then. */
struct explained_change {
	const char *what; /* stable: "sign_in", "entitlement", "new_period", "gift", … */
	const char *text; /* for people: "Signed in with any account" */
	int64_t at_s;     /* of "later": when; 0 for others */
	enum grant grant;
	enum reason reason;
};
enum { EXPLAINED_CHANGES_MAX = 16 };
struct explanation {
	const struct paywall_article *article; /* the caller's */
	struct decision decision;
	struct paywall_moment now;
	struct paywall_reader reader;
	struct paywall_usage usage;
	enum ai_policy ai;
	struct explained_rule *rules;
	size_t rule_count;
	struct explained_entitlement *entitlements;
	size_t entitlement_count;
	struct explained_change changes[EXPLAINED_CHANGES_MAX]; /* those with another answer */
	size_t change_count;
};
const char *decision_explain_step_name(enum explained_step s); /* "override", "article", … */
enum err MUST_USE decision_explain(
	const struct decision_inputs *k, struct arena *a, struct explanation *out);
/* The same for a request, as of the caller's read: takes the policy and loads the reader. */
enum err MUST_USE decision_explain_request(const struct paywall *w, struct db_conn *c,
	const struct access_request *v, const struct paywall_article *art, struct arena *a,
	struct explanation *out);

#endif
