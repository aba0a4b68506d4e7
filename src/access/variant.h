/* What a decision on an article takes, kept in memory. */
#ifndef POSTERN_ACCESS_VARIANT_H
#define POSTERN_ACCESS_VARIANT_H

#include "postern/access.h"

/* Reads what content_audience takes and keeps it: the article's facts, and the entitlements of the
 * account that asks, or what counts the readings of a stranger. False: not all could be read. */
bool facts_load(const struct paywall *w, const struct request *r, struct str slug);
/* Whether an audience is that of a decision which was made with the database. */
bool audience_is(const char *audience, const struct decision *d, struct arena *a);

#endif
