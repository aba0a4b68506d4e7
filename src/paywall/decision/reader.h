/* reader: the parts of what visit_case finds out about who asks. */
#ifndef POSTERN_PAYWALL_READER_H
#define POSTERN_PAYWALL_READER_H

#include "postern/decision.h"

/* Sets institution and institution_plan: of several, one that covers the article. They point into
 * the policy. `art` may be NULL. */
enum err MUST_USE reader_institution(struct db_conn *c, const struct visit *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out);
/* Sets crawler and crawler_name, which may point into the policy. */
void reader_crawler(
	const struct visit *v, const struct paywall_policy *policy, struct paywall_reader *out);

#endif
