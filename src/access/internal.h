/* What the files of this room share. */
#ifndef POSTERN_ACCESS_INTERNAL_H
#define POSTERN_ACCESS_INTERNAL_H

#include "postern/access.h"

/* ---- request.c ---- */
/* With the name of a crawler that is verified by DNS, for which it may wait; so before any read. */
struct access_request access_request_verified(const struct paywall *w, const struct request *r);

/* ---- tell.c: what the outside learns of a decision ---- */
/* In the log's line and the header Postern-Decision. */
void access_tell_log(struct response *rsp, enum grant grant, const char *reason);
/* Tells a crawler for AI what it is refused for, and where it finds the licence. */
void access_tell_crawler(const struct paywall *w, const struct decision *d, const struct request *r,
	struct response *rsp);
/* Puts the cookie of a cookie_update into the answer. */
void access_tell_meter(
	const struct request *r, struct response *rsp, const struct meter_cookie_update *m);

/* ---- article.c ---- */
/* Of a decision that grants nothing; ERR_OK for the others. */
enum err MUST_USE access_decision_error(const struct decision *d);

/* ---- index.c ---- */
/* The next moment at which any list is another one by itself; 0: none. */
enum err MUST_USE access_next_moment(struct access_snapshot *s, int64_t *at_s);

/* ---- share.c: an answer is marked as one for a variant (struct response_sharing), when it is: for
 * every anonymous reader, when the reader is one and the decision would be the same for all; for
 * readers who are signed in, when all of whom access_variant says the same would be answered
 * alike. ---- */
/* For anonymous readers: whole when public, the teaser where no meter is, and whole or not as a
 * meter of the calendar has it, to all who have read as many. For readers: whole, by account or
 * entitlement. The answer may not name its reader. */
enum err MUST_USE access_share_article(
	struct access_snapshot *s, const struct article_reading *rd, struct response *rsp);
/* A lead picture, which belongs to the teaser. */
enum err MUST_USE access_share_picture(struct access_snapshot *s, const struct image *img,
	const struct article *owner, const struct access_request *req, struct response *rsp);

/* ---- variant.c ---- */
/* The variant of a decision that was made with the database, as access_variant will name it from
 * memory; empty: none, or that of all anonymous readers. */
struct str access_variant_of(const struct access_snapshot *s, const struct access_request *req,
	const struct decision *d);
/* Keeps what access_variant takes of an article. */
void access_article_cache_put(const struct access_snapshot *s, const struct access_request *req,
	const struct article *art);

#endif
