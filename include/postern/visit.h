/* visit: what one request shows of its reader, turned into the facts that paywall_decide takes, and
 * into the decision. */
#ifndef POSTERN_VISIT_H
#define POSTERN_VISIT_H

#include "postern/http.h"
#include "postern/log.h"
#include "postern/paywall.h"

/* The wall's settings and what it keeps in memory. Read-only once filled; its parts lock for
 * themselves. */
struct paywall {
	struct db *db;
	const struct log *log;
	struct policy_cache *policies;
	struct mail *mail;
	const char *base_url;
};

struct visit {
	const char *account_id; /* "" or NULL: nobody is signed in */
	const char *session_id;
	struct ip client;
	struct str user_agent;
	bool whole_get; /* a GET whose answer a person will read: not HEAD, not a prefetch, not a
			   feed */
	int64_t now_s;
};
/* Of a request for an article or a path behind the gate. Points into the request. */
struct visit visit_of(const struct request *r);

/* Everything known for a decision. The policy is the caller's and must outlive the case. */
enum err MUST_USE visit_case(struct db_conn *c, const struct visit *v,
	const struct paywall_policy *policy, const struct paywall_article *art, struct arena *a,
	struct paywall_case *out);
/* Copies what the decision shows of the policy, which it may then outlive. */
enum err MUST_USE visit_keep(struct decision *d, struct arena *a);
/* Plans of the reader's entitlements in force, those to single articles left out: a comma list,
 * each once. */
enum err MUST_USE visit_plans(const struct paywall_case *k, struct arena *a, struct str *out);
/* The decision as of the caller's read; what it points to lives in the arena. */
enum err MUST_USE visit_decide(const struct paywall *w, struct db_conn *c, const struct visit *v,
	const struct paywall_article *art, struct arena *a, struct decision *out);
/* From memory: nothing but a credential could make this reader's answers differ from those of any
 * other: no account, no institution's address, no agent that may be a crawler's. False when it
 * cannot be told. Any thread, the event loop too. */
bool visit_is_stranger(const struct paywall *w, const struct visit *v);
/* The institution that the reader comes from, its name for people in the arena, or NULL: for a
 * greeting, whatever it covers. */
enum err MUST_USE visit_institution(const struct paywall *w, struct db_conn *c,
	const struct visit *v, struct arena *a, const char **out);

#endif
