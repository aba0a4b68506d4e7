/* reader: the parts of what decision_inputs_load finds out about who asks. */
#ifndef POSTERN_PAYWALL_READER_H
#define POSTERN_PAYWALL_READER_H

#include "postern/decision.h"

/* Sets institution and institution_plan: of several, one that covers the article. They point into
 * the policy. `art` may be NULL. */
enum err MUST_USE institution_of_reader(struct db_conn *c, const struct access_request *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out);
/* Sets crawler and crawler_name, which may point into the policy. */
void crawler_of_reader(
	const struct access_request *v, const struct paywall_policy *policy, struct paywall_reader *out);

#endif
