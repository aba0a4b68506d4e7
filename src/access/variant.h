/* What a decision on an article takes, kept in memory. */
#ifndef POSTERN_ACCESS_VARIANT_H
#define POSTERN_ACCESS_VARIANT_H

#include "postern/access.h"

/* Reads what access_variant takes and keeps it: the article's facts, and the entitlements of the
 * account that asks, or what counts the readings of an anonymous reader. False: not all could be
 * read. */
bool access_facts_load(const struct paywall *w, const struct request *r, struct str slug);
/* Whether a variant is that of a decision which was made with the database. */
bool access_variant_is(const char *variant, const struct decision *d, struct arena *a);

#endif
