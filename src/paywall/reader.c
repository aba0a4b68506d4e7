#include "reader.h"

#include "postern/institution.h"

enum err reader_institution(struct db_conn *c, const struct visit *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out)
{
	const struct institution *hits[INSTITUTION_HITS_MAX];
	char domain[DOMAIN_SIZE] = "";
	bool signed_in = v->account_id && *v->account_id;

	if (signed_in && institutions_by_mail(policy->institutions)) {
		enum err e = institution_account_domain(c, v->account_id, domain);
		if (e)
			return e;
	}
	size_t n = institutions_of(policy->institutions, v->client, str_of(domain), v->now_s, hits);
	for (size_t i = 0; i < n; i++) {
		bool covers = art && paywall_plan_covers(policy, hits[i]->plan, art);

		if (out->institution && !covers)
			continue;
		out->institution = hits[i]->title;
		out->institution_plan = hits[i]->plan;
		if (covers)
			break;
	}
	return ERR_OK;
}

enum err visit_institution(const struct paywall *w, struct db_conn *c, const struct visit *v,
	struct arena *a, const char **out)
{
	const struct paywall_policy *policy = NULL;
	struct paywall_reader reader = { 0 };
	enum err e = policy_take(w->policies, c, &policy);

	*out = NULL;
	if (!e)
		e = reader_institution(c, v, policy, NULL, &reader);
	if (!e && reader.institution) {
		*out = arena_fmt(a, "%s", reader.institution);
		e = **out ? ERR_OK : ERR_NOMEM;
	}
	policy_give_back(w->policies, policy);
	return e;
}
