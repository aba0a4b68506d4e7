/* access: one way for a request to an article or path: who asks, decide, count, open, cache. The
 * only room that joins http with paywall and content. */
#ifndef POSTERN_ACCESS_H
#define POSTERN_ACCESS_H

#include "postern/content.h"
#include "postern/http.h"
#include "postern/meter.h"

/* Of a request for an article or a path behind the gate. Points into the request. */
struct access_request access_request_from_http(const struct request *r);
/* Says in the answer's headers and sentence what a crawler for AI is refused for, and where it
 * finds the licence. Nothing for others. */
void access_crawler_tell(const struct paywall *w, const struct decision *d, const struct request *r,
	struct response *rsp);
/* Sets or deletes the meter's cookie in the answer. */
void access_meter_cookie_send(
	const struct request *r, struct response *rsp, const struct meter_cookie_update *m);

/* ---- one article or picture for one reader: find, decide, open, in one snapshot ---- */
struct article_reading {
	struct article article;
	struct decision decision;
	struct article_text text;
	struct article_text teaser; /* when asked for */
	struct image *images;
	size_t image_count;
	struct meter_cookie_update cookie_update; /* for access_meter_cookie_send */
	struct policy_plan_offers offers;         /* what is sold, where something is withheld */
	bool moved; /* asked for by a former address: only `article` and `decision` are filled */
};
struct access_question {
	struct str slug; /* or the picture's id */
	struct access_request req;
	struct teaser_bound bound;
	bool with_teaser; /* also where the whole text is granted */
};
/* Counts a metered reading before the text is opened. ERR_NOT_FOUND: unknown, withheld or
 * embargoed. ERR_GONE: expired or killed. ERR_DENIED: a crawler for AI that is not served.
 * ERR_BUSY: a prefetch of what would be counted (meter_record). */
enum err MUST_USE access_article_open(const struct paywall *w, const struct access_question *r,
	struct arena *a, struct article_reading *out);
/* Counts nothing: pictures inside a metered article come after its text. ERR_NOT_FOUND, ERR_GONE as
 * above; ERR_DENIED: not part of what this reader may have; ERR_UNAUTHENTICATED: nor of what a
 * anonymous reader may. */
enum err MUST_USE access_media_open(const struct paywall *w, const struct access_question *r,
	struct arena *a, struct image *img, struct str *bytes);

/* ---- sharing: marks an answer as one for a variant (struct response_sharing), when it is: for
 * every anonymous reader, when the reader is one and the decision would be the same for anybody;
 * for readers who are signed in, when all of whom access_variant says the same would be answered
 * alike. Reads the database once more; trouble there only leaves the answer unshared. ---- */
/* Public lists and pages made of them. */
void access_share_list(const struct paywall *w, const struct request *r, struct response *rsp);
/* For anonymous readers: whole when public, the teaser where no meter is, and whole or not as a
 * meter of the calendar has it, to all who have read as many. For readers: whole, by account or
 * entitlement. The answer may not name its reader. */
void access_share_article(const struct paywall *w, const struct article_reading *rd,
	const struct request *r, struct response *rsp);
/* The variant of an article's answer, see http_settings: decided anew by paywall_decide on facts
 * in memory. False: they are not all there, or it hangs on more than they are. Any thread. */
bool access_variant(
	const struct paywall *w, const struct request *r, struct str slug, struct variant *out);
/* http_settings.own for such a variant: counts the reading. False: the ceiling was reached. */
bool access_variant_per_reader(
	const struct paywall *w, const struct request *r, const void *own, struct response *rsp);
/* A lead picture, which belongs to the teaser. */
void access_share_picture(const struct paywall *w, const struct image *img, const struct request *r,
	struct response *rsp);

#endif
