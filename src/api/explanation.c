/* An explanation as JSON, for the service endpoint and the command line alike. */
#include "internal.h"

#include "postern/crawler.h"
#include "postern/entitlement.h"

static const char *or_empty(const char *z)
{
	return z ? z : "";
}

static json_t *rules_json(const struct explanation *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->rule_count; i++) {
		const struct explained_rule *v = &x->rules[i];
		text_json_append(&list, json_pack("{s:s, s:s, s:I, s:s, s:b, s:b, s:s, s:s}",
						"step", decision_explain_step_name(v->step), "id",
						v->rule ? v->rule->id : "", "position",
						(json_int_t)(v->rule ? v->rule->position : 0),
						"level", paywall_access_name(v->access), "matched",
						v->matched, "decided", v->decided, "conditions",
						or_empty(v->conditions), "why", or_empty(v->why)));
	}
	return list;
}

static json_t *entitlements_json(const struct explanation *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->entitlement_count; i++) {
		const struct explained_entitlement *v = &x->entitlements[i];
		const struct entitlement *e = v->entitlement;
		text_json_append(&list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:b, s:b, s:b, "
				  "s:s}",
				"id", e->id, "plan", e->plan, "source", e->source, "status",
				entitlement_status_name(e->status), "article_id", e->article_id,
				"starts_at", text_json_time(e->starts_at), "ends_at",
				text_json_time(e->ends_at), "grace_s", (json_int_t)e->grace_s,
				"revoked_at", text_json_time(e->revoked_at), "covers", v->covers,
				"open", v->open, "decided", v->decided, "why", or_empty(v->why)));
	}
	return list;
}

static json_t *changes_json(const struct explanation *x)
{
	json_t *list = json_array();
	for (size_t i = 0; i < x->change_count; i++) {
		const struct explained_change *v = &x->changes[i];
		text_json_append(&list, json_pack("{s:s, s:s, s:o, s:s, s:s}", "what", v->what,
						"text", v->text, "at", text_json_time(v->at_s),
						"grant", paywall_grant_name(v->grant), "reason",
						paywall_reason_name(v->reason)));
	}
	return list;
}

static json_t *article_json(const struct article *art)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "slug", art->slug, "access",
		paywall_access_name(art->access), "section", text_json_str(art->section), "status",
		text_json_str(art->status), "published_at", text_json_time(art->published_at),
		"embargo_at", text_json_time(art->embargo_at), "expires_at",
		text_json_time(art->expires_at));
}

static json_t *reader_json(const struct paywall_reader *v, const char *email)
{
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:b}", "email", email, "signed_in",
		v->signed_in, "institution", or_empty(v->institution), "crawler",
		v->crawler ? crawler_class_name(v->crawler) : "none", "crawler_name",
		or_empty(v->crawler_name), "gift", v->gift);
}

json_t *api_explanation_json(const struct access_explanation *g, const char *email)
{
	const struct explanation *x = &g->x;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "rules", rules_json(x), "entitlements",
		entitlements_json(x), "changes", changes_json(x), "article",
		article_json(&g->article), "reader", reader_json(&x->reader, email), "at",
		text_json_time(g->req.now_s));
}
