/* What a list shows of each article beside its words: the level in force and the lead picture. */
#include "internal.h"

/* Lead pictures are part of the teaser, so the decision for an anonymous reader is enough to show
 * them in a list. */
static void lead_decide(
	const struct access_snapshot *s, const struct article *art, struct content_lead *lead)
{
	const struct paywall_article subject = content_paywall_article(art);
	const struct paywall_reader anonymous = { 0 };
	const struct decision_inputs k = { .article = &subject,
		.policy = s->policy,
		.reader = &anonymous,
		.now = paywall_moment(s->now_s) };
	lead->article_id = art->id;
	lead->decision = paywall_uncharged(paywall_decide(&k));
}

enum err access_leads(
	struct access_snapshot *s, const struct article *list, size_t n, struct content_lead **out)
{
	struct content_lead *leads = arena_alloc(s->a, (n + 1) * sizeof *leads);
	*out = leads;
	if (!leads)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		lead_decide(s, &list[i], &leads[i]);
	return content_lead_images(s->c, leads, n, s->a);
}
