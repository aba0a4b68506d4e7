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

/* ---- share.c: an answer is marked as one for a variant (struct response_sharing), when it is: for
 * every anonymous reader, when the reader is one and the decision would be the same for all; for
 * readers who are signed in, when all of whom access_variant says the same would be answered alike.
 * Reads the database once more; trouble there only leaves the answer unshared. ---- */
/* For anonymous readers: whole when public, the teaser where no meter is, and whole or not as a
 * meter of the calendar has it, to all who have read as many. For readers: whole, by account or
 * entitlement. The answer may not name its reader. */
void access_share_article(const struct paywall *w, const struct article_reading *rd,
	const struct request *r, struct response *rsp);
/* A lead picture, which belongs to the teaser. */
void access_share_picture(const struct paywall *w, const struct image *img, const struct request *r,
	struct response *rsp);

/* ---- variant.c ---- */
/* Reads what access_variant takes and keeps it: the article's facts, and the entitlements of the
 * account that asks, or what counts the readings of an anonymous reader. False: not all could be
 * read. */
bool access_facts_load(const struct paywall *w, const struct request *r, struct str slug);
/* Whether a variant is that of a decision which was made with the database. */
bool access_variant_is(const char *variant, const struct decision *d, struct arena *a);

#endif
