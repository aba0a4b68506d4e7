/* access: one way for a request to an article or path: who asks, decide, count, open, cache. The
 * only room that joins http with paywall and content. */
#ifndef POSTERN_ACCESS_H
#define POSTERN_ACCESS_H

#include "postern/content.h"
#include "postern/explain.h"
#include "postern/http.h"
#include "postern/meter.h"
#include "postern/path.h"

/* Of a request for an article or a path behind the gate. Points into the request. */
struct access_request access_request_from_http(const struct request *r);

/* ---- one read of the database for one answer ----
 * The connection, the policy in force, and the moment from which what it sees may be kept. */
struct access_snapshot {
	const struct paywall *w;
	int64_t now_s;
	struct arena *a;
	/* filled in for the function; the policy is held until the end */
	struct db_conn *c;
	const struct paywall_policy *policy;
	const struct cache_load *load; /* NULL: nothing is kept in memory */
	struct cache_load begun;
};
typedef enum err access_snapshot_fn(struct access_snapshot *s, void *arg);
struct access_snapshot access_snapshot_begin(const struct paywall *w, const struct request *r);
/* Like db_read: the function may run again. */
enum err MUST_USE access_snapshot_read(
	struct access_snapshot *s, access_snapshot_fn *fn, void *arg);
/* To be called also after an error. */
void access_snapshot_end(struct access_snapshot *s);
/* Begin, read and end in one call, for callers that do not need the policy afterwards. */
enum err MUST_USE access_read(
	const struct paywall *w, const struct request *r, access_snapshot_fn *fn, void *arg);
/* Sections with something to show (content_sections), from memory when no article has changed. */
enum err MUST_USE access_sections(struct access_snapshot *s, struct section **out, size_t *count);
/* Of each article of a list what any reader may see beside its words: the level in force
 * (decision.level) and the lead picture. */
enum err MUST_USE access_leads(
	struct access_snapshot *s, const struct article *list, size_t n, struct content_lead **out);
/* The newest articles that may be shown, as error pages offer them. */
enum { ACCESS_LATEST_MAX = 5 };
struct access_story {
	struct str slug, headline;
	int64_t published_at;
};
struct access_latest {
	struct access_story v[ACCESS_LATEST_MAX];
	size_t n;
};
/* From memory where no article has changed, else from the database. */
enum err MUST_USE access_latest(struct access_snapshot *s, struct access_latest *out);
/* From memory alone, on any thread; false: they are not there. */
bool access_latest_cached(
	const struct paywall *w, int64_t now_s, struct arena *a, struct access_latest *out);

/* ---- an article: who asks, crawler verification, decide, count, open, tell, note, share ---- */
struct accounts;
struct access_article_query {
	const struct paywall *wall;
	const struct accounts *accounts; /* notes what subscribers read */
	const struct teaser_bound *bound;
	bool with_teaser; /* also where the whole text is granted */
	/* A token that is not in force is refused where a meter decides (ERR_UNAUTHENTICATED), and
	 * not taken for an anonymous reader. */
	bool token_must_live;
	/* What the face shows beside the article, read in the same snapshot; NULL: nothing. */
	access_snapshot_fn *beside;
	void *arg;
};
struct article_reading {
	struct article article;
	struct decision decision;
	/* the one that was decided on: once a reading is recorded, with the new cookie */
	struct access_request req;
	struct article_text text;
	struct article_text teaser; /* when asked for */
	struct image *images;
	size_t image_count;
	struct meter_cookie_update cookie_update; /* is in the response already */
	struct policy_plan_offers offers;         /* what is sold, where something is withheld */
	const struct plan *held; /* of decision.by, where something is withheld; NULL: none, or
				    nobody has described it */
	bool moved; /* asked for by a former address: only `article` and `decision` are filled */
};
/* Opens the article of the slug r->params[0] for the sender of the request; the caller renders
 * `out`. A metered reading is counted before the text is opened. Sets of the response all that is
 * not the face's: what the log says of the decision, Postern-Decision, the link to the licence, the
 * meter's cookie, and with whom the answer may be shared.
 *
 * ERR_UNAUTHENTICATED: the session was ended because the account read in too many places.
 * ERR_NOT_FOUND: unknown, withheld or embargoed. ERR_GONE: expired or killed. ERR_DENIED: a crawler
 * for AI that is not served. ERR_BUSY: a prefetch of what would be counted (meter_record). */
enum err MUST_USE access_article_open(const struct access_article_query *q, struct request *r,
	struct response *rsp, struct article_reading *out);

/* ---- what is sold, as every page shows it ---- */
struct template_data;
/* `has_plans` and `plans[]`, each with its title, words and address. One of them has `filled`, the
 * one button of a page that stands out: the plan that is recommended, else the first; none unless
 * `fill`. `held`: for each, whether its reader has it; NULL: none. */
void access_offers_data(
	struct template_data *v, const struct policy_plan_offers *o, bool fill, const bool *held);

/* ---- a picture ---- */
struct access_media {
	struct image image;
	struct str bytes;
};
/* Opens the picture of the id r->params[0]. Counts nothing: pictures inside a metered article come
 * after its text. ERR_NOT_FOUND, ERR_GONE as above; ERR_DENIED: not part of what this reader may
 * have; ERR_UNAUTHENTICATED: the same, and logging in could help. */
enum err MUST_USE access_media_open(
	const struct paywall *w, struct request *r, struct response *rsp, struct access_media *out);

/* ---- a path of another server behind the gate ---- */
struct access_path_query {
	const struct paywall *wall;
	const struct sites *sites;
	const struct url *url;
	struct str method; /* of the request to the other server */
	bool only_look;    /* only explains: nothing is counted, and nothing may pass on it */
};
/* The same steps for a path; sets what the log says and Postern-Decision, and the meter's cookie.
 * On any error nothing may pass. */
enum err MUST_USE access_path_open(const struct access_path_query *q, struct request *r,
	struct response *rsp, struct path_answer *out);
/* The same answer from memory, on the event loop, when it is to pass by right alone. */
bool access_path_open_cached(const struct access_path_query *q, struct request *r,
	struct response *rsp, struct path_answer *out);

/* ---- why a reader may have what he may have ---- */
/* From one read of the database, in the arena `a`. */
struct access_explanation {
	const struct paywall *wall;
	struct arena *a;
	struct str slug;
	struct access_request req;
	/* filled in */
	struct article article;
	struct paywall_article subject;
	struct explanation x;
};
/* ERR_NOT_FOUND: there is no article of this slug. */
enum err MUST_USE access_explain(struct access_explanation *g);

/* ---- sharing ---- */
/* Marks an answer made of public lists as every anonymous reader's (struct response_sharing), when
 * the reader is one. */
enum err MUST_USE access_share_list(
	struct access_snapshot *s, const struct access_request *req, struct response *rsp);
/* The variant of an article's answer, see http_settings: decided anew by paywall_decide on facts
 * in memory. False: they are not all there, or it hangs on more than they are. Any thread. */
bool access_variant(
	const struct paywall *w, const struct request *r, struct str slug, struct variant *out);
/* http_settings.own for such a variant: counts the reading. False: the ceiling was reached. */
bool access_variant_per_reader(
	const struct paywall *w, const struct request *r, const void *own, struct response *rsp);

#endif
