/* decision: from what a request tells about its reader (struct access_request) to the inputs of
 * paywall_decide, and to the decision.
 *
 * Everything here reads; nothing counts. A decision that says `must_count` opens nothing until
 * meter_record (meter.h) has counted the reading. What a function returns lives in the caller's
 * arena unless it says that it points into the policy. */
#ifndef POSTERN_DECISION_H
#define POSTERN_DECISION_H

#include "postern/log.h"
#include "postern/paywall.h"
#include "postern/text.h"

struct meter_ceiling;
/* The wall's settings and what it keeps in memory. Read-only once filled; its parts lock for
 * themselves. */
struct gift_settings {
	int64_t per_month; /* of one reader; 0: gifts are off */
	int64_t days, redemptions;
};
struct paywall {
	struct db *db;
	const struct log *log;
	struct policy_cache *policies;
	struct mail *mail;
	const char *base_url;
	struct cache *decision_cache;  /* of articles and accounts, for decisions without waiting */
	struct meter_ceiling *ceiling; /* NULL: none (meter.h) */
	bool reading_counted;  /* sessions that read at once are counted: each reading is looked at
				*/
	bool meter_forged_new; /* a cookie that is not ours counts as none; else as exhausted */
	struct gift_settings gifts;
	struct dns_verifier *dns_verifier; /* crawler.h; NULL: no names are looked up */
	const char *licence_url;           /* offered to crawlers for AI; "" or NULL: none */
};

struct access_request {
	const char *account_id; /* "" or NULL: nobody is signed in */
	const char *session_id;
	struct ip client;
	bool client_vague; /* it is a proxy of ours, and the reader may be anywhere */
	struct str user_agent;
	const char *host; /* a name of the client that leads back to it (crawler_verify), or NULL */
	struct str meter_cookie; /* "postern-meter" as presented, or empty */
	struct str gifts;        /* secret: what the browser holds of gifts, or empty */
	bool whole_get; /* a GET whose answer a person will read: not HEAD, not a prefetch, not a
			   feed */
	bool head;      /* the answer goes out as that of the GET would, without its body */
	bool ahead;     /* the browser fetches what its reader may never look at */
	int64_t now_s;
};
static inline bool decision_is_signed_in(const struct access_request *v)
{
	return v->account_id && *v->account_id;
}
/* Where the reader is, for what an address opens; not set when nobody knows. */
static inline struct ip decision_client(const struct access_request *v)
{
	return v->client_vague ? (struct ip){ .set = false } : v->client;
}

/* To be called before the read in which the decision is made, where a crawler may ask: when the
 * User-Agent claims a search crawler that is proved by names, looks for the client's, and may wait
 * crawlers.timeout_ms for it. Without it such a crawler is an anonymous reader. */
void crawler_verify(const struct paywall *w, struct access_request *v, struct arena *a);

struct cache_load;
struct decision_read;
/* The question: which reader (v) wants which article (art). */
struct decision_query {
	const struct paywall *w;
	const struct access_request *v;
	const struct paywall_article *art;
	struct arena *a;
	/* Begun before the read: what the decision stands on is kept in w->decision_cache. NULL:
	 * nothing is kept. */
	const struct cache_load *load;
	/* What an earlier read of the same request saw: keys of meters are not read again. NULL:
	 * there was none. */
	const struct decision_read *before;
};
struct meter_keys;
/* What one read saw, and the decision on it. Lives in the arena, and as long as the policy. */
struct decision_read {
	struct decision d;
	struct decision_inputs k;
	const struct paywall_policy *policy;
	const struct meter_keys
		*keys; /* secret; NULL: not looked at, or nothing was ever counted */
};
/* Decides in the caller's read. The policy is the caller's, and must outlive what is read. */
enum err MUST_USE decision_load(struct db_conn *c, const struct decision_query *q,
	const struct paywall_policy *policy, struct decision_read *out);
/* Everything known for a decision alone, likewise. */
enum err MUST_USE decision_inputs_load(struct db_conn *c, const struct decision_query *q,
	const struct paywall_policy *policy, struct decision_inputs *out);
/* Copies what the decision shows of the policy, which it may then outlive. */
enum err MUST_USE decision_dup(struct decision *d, struct arena *a);
/* Plans of the reader's entitlements in force, those to single articles left out: a comma list,
 * each once. */
enum err MUST_USE decision_plans(const struct decision_inputs *k, struct arena *a, struct str *out);
/* The decision as of the caller's read; what it points to lives in the arena. One that says
 * `must_count` opens nothing until meter_record (meter.h) has counted it. */
enum err MUST_USE decision_make(const struct paywall *w, struct db_conn *c,
	const struct access_request *v, const struct paywall_article *art, struct arena *a,
	struct decision *out);
/* True for an anonymous reader without any right of his own: no account, no gift, no address of an
 * institution, no User-Agent that may be a crawler's. Such readers share cached answers. False when
 * that is not known for sure. */
bool decision_is_anonymous_by(const struct paywall_policy *policy, const struct access_request *v);
/* The same from memory, by the newest policy that was read. Any thread, the event loop too. */
bool decision_is_anonymous(const struct paywall *w, const struct access_request *v);
/* From memory, likewise: the address is in the range of an institution that is in force. */
bool institution_has_client(const struct paywall *w, struct ip client, int64_t now_s);
/* The address is in the range of an institution of this policy that is in force. */
bool institution_covers_address(
	const struct paywall_policy *policy, struct ip client, int64_t now_s);
/* Sets institution and institution_plan: of several, one that covers the article. They point into
 * the policy. `art` may be NULL. */
enum err MUST_USE institution_of_reader(struct db_conn *c, const struct access_request *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out);
/* Sets crawler and crawler_name, which may point into the policy. */
void crawler_of_reader(const struct access_request *v, const struct paywall_policy *policy,
	struct paywall_reader *out);
/* False for names of programs that are no reader's, crawlers first of all. */
bool crawler_agent_is_reader(struct str user_agent);
/* From memory: no institution has anything to say of a reader who is signed in. Looks at account,
 * client and now_s alone. */
bool decision_is_plain_reader(const struct paywall_policy *policy, const struct access_request *v);
/* The institution that the reader comes from, its name for people in the arena, or NULL: for a
 * greeting, whatever it covers. */
enum err MUST_USE institution_reader_title(struct db_conn *c, const struct access_request *v,
	const struct paywall_policy *policy, struct arena *a, const char **out);
/* As the header Postern-Decision has it: "full; reason=metered; used=3; limit=6". {NULL, 0} without
 * memory. */
struct str decision_text(const struct decision *d, struct arena *a);

#endif
