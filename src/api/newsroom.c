/* What the newsroom has and sells, the same for every reader: the list of sections, the plans that
 * are on sale. */
#include "internal.h"

/* One list for one answer. */
struct listing {
	const struct request *r;
	struct response *rsp;
	struct section *sections;
	struct section_about *about;
	size_t count, about_count;
	struct policy_plan_offers offers;
};

static enum err share(struct access_snapshot *s, const struct listing *l)
{
	const struct access_request req = access_request_from_http(l->r);
	return access_share_list(s, &req, l->rsp);
}

/* ---- sections ---- */

static enum err sections_read(struct access_snapshot *s, void *arg)
{
	struct listing *l = arg;
	enum err e = access_sections(s, &l->sections, &l->count);
	if (!e)
		e = content_section_descriptions(s->c, s->a, &l->about, &l->about_count);
	return e ? e : share(s, l);
}

static struct str description_of(const struct listing *l, struct str slug)
{
	for (size_t i = 0; i < l->about_count; i++)
		if (str_eq(l->about[i].slug, slug))
			return l->about[i].description;
	return STR("");
}

enum err api_section_list(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct listing l = { .r = r, .rsp = rsp };
	enum err e = access_read(api->wall, r, sections_read, &l);
	if (e)
		return e;
	json_t *list = json_array();
	for (size_t i = 0; i < l.count; i++) {
		const struct section *v = &l.sections[i];
		text_json_append(
			&list, json_pack("{s:o, s:o, s:o}", "section", text_json_str(v->slug),
				       "name", text_json_str(v->name), "description",
				       text_json_str(description_of(&l, v->slug))));
	}
	return api_json_answer(r, rsp, 200, json_pack("{s:o}", "sections", list));
}

/* ---- plans ---- */

static enum err plans_read(struct access_snapshot *s, void *arg)
{
	struct listing *l = arg;
	enum err e = policy_plan_all_offers(s->policy, s->a, &l->offers);
	return e ? e : share(s, l);
}

static json_t *lines_json(struct str lines)
{
	json_t *list = json_array();
	while (lines.n > 0)
		text_json_append(&list, text_json_str(str_cut(&lines, '\n')));
	return list;
}

json_t *api_plans_json(const struct policy_plan_offers *o)
{
	json_t *list = json_array();
	for (size_t i = 0; i < o->count; i++) {
		const struct plan *p = &o->list[i];
		text_json_append(&list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:b}", "plan",
				p->name, "kind", policy_plan_kind_name(p->kind), "title", p->title,
				"price", p->price, "href", p->href, "description", p->description,
				"benefits", lines_json(str_of(p->benefits)), "trial", p->trial,
				"cancel", p->cancel, "recommended", p->recommended));
	}
	return list;
}

enum err api_plan_list(void *ctx, struct request *r, struct response *rsp)
{
	const struct api *api = ctx;
	struct listing l = { .r = r, .rsp = rsp };
	enum err e = access_read(api->wall, r, plans_read, &l);
	return e ? e
		 : api_json_answer(
			   r, rsp, 200, json_pack("{s:o}", "plans", api_plans_json(&l.offers)));
}
