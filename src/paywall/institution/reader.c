/* Which institution a reader belongs to: by address range, or by the domain of the account's
 * confirmed mail address. */
#include "postern/decision.h"
#include "postern/institution.h"

enum err institution_of_reader(struct db_conn *c, const struct access_request *v,
	const struct paywall_policy *policy, const struct paywall_article *art,
	struct paywall_reader *out)
{
	const struct institution *hits[INSTITUTION_HITS_MAX];
	char domain[DOMAIN_SIZE] = "";
	if (decision_is_signed_in(v) && institutions_by_mail(policy->institutions)) {
		enum err e = institution_account_domain(c, v->account_id, domain);
		if (e)
			return e;
	}
	size_t n = institutions_of(
		policy->institutions, decision_client(v), str_of(domain), v->now_s, hits);
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

enum err institution_reader_title(struct db_conn *c, const struct access_request *v,
	const struct paywall_policy *policy, struct arena *a, const char **out)
{
	struct paywall_reader reader = { 0 };
	enum err e = institution_of_reader(c, v, policy, NULL, &reader);
	*out = NULL;
	if (e || !reader.institution)
		return e;
	*out = arena_fmt(a, "%s", reader.institution);
	return **out ? ERR_OK : ERR_NOMEM;
}

bool institution_covers_address(
	const struct paywall_policy *policy, struct ip client, int64_t now_s)
{
	const struct institution *hits[INSTITUTION_HITS_MAX];
	return institutions_of(policy->institutions, client, STR(""), now_s, hits) > 0;
}

bool institution_has_client(const struct paywall *w, struct ip client, int64_t now_s)
{
	const struct paywall_policy *policy = policy_cached(w->policies);
	const bool hit = policy && institution_covers_address(policy, client, now_s);
	policy_release(w->policies, policy);
	return hit;
}
