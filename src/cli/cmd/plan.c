/* postern plan …: list, add, change and remove plans, which are what the newsroom sells. */
#include "../cli.h"

#include "postern/plan.h"

#include <stdio.h>
#include <string.h>

static json_t *lines_json(struct str list)
{
	json_t *doc = json_array();
	while (list.n > 0) {
		struct str one = str_cut(&list, '\n');
		if (one.n > 0)
			text_json_append(&doc, text_json_str(one));
	}
	return doc;
}

static json_t *plan_json(const struct plan *p)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:b, s:b}",
		"name", p->name, "kind", policy_plan_kind_name(p->kind), "sections",
		lines_json(str_of(p->sections)), "title", p->title, "price", p->price, "href",
		p->href, "description", p->description, "benefits", lines_json(str_of(p->benefits)),
		"trial", p->trial, "cancel", p->cancel, "position", (json_int_t)p->position,
		"recommended", p->recommended, "on_sale", p->on_sale);
}

static void lines_print(const char *what, struct str list)
{
	while (list.n > 0) {
		struct str one = str_cut(&list, '\n');
		if (one.n > 0)
			printf("%-16s  %s" STR_FMT "\n", "", what, STR_ARG(one));
	}
}

static void plan_print(const struct plan *p)
{
	printf("%-16s  %-12s  %s%s%s  %s%s%s\n", p->name, policy_plan_kind_name(p->kind), p->title,
		*p->price ? ", " : "", p->price, *p->href ? p->href : "(not offered)",
		p->recommended ? "  recommended" : "", p->on_sale ? "" : "  not on sale");
	lines_print("section ", str_of(p->sections));
	lines_print("", str_of(p->description));
	lines_print("- ", str_of(p->benefits));
	lines_print("trial: ", str_of(p->trial));
	lines_print("cancel: ", str_of(p->cancel));
}

int cmd_plan_list(struct cli *c)
{
	const struct paywall_policy *policy = NULL;
	json_t *doc = json_array();
	enum err e = cli_policy(c, &policy);
	for (size_t i = 0; !e && i < policy->plan_count; i++) {
		if (c->json)
			text_json_append(&doc, plan_json(&policy->plans[i]));
		else
			plan_print(&policy->plans[i]);
	}
	policy_release(c->app.wall.policies, policy);
	if (!e && c->json)
		return cli_print_json(doc);
	json_decref(doc);
	return e ? cli_error(e, "plans") : EXIT_DONE;
}

/* ---- set ---- */

/* What the plan is already; options change it. `is_known`: there is one. */
static int plan_known(struct cli *c, struct plan *p, bool *is_known)
{
	const struct paywall_policy *policy = NULL;
	enum err e = cli_policy(c, &policy);
	if (e)
		return cli_error(e, "plans");
	const struct plan *known = paywall_plan_find(policy, c->args[0]);
	*is_known = known != NULL;
	if (known)
		*p = *known;
	else if (str_copy(p->name, sizeof p->name, str_of(c->args[0])) != ERR_OK)
		p->name[0] = '\0'; /* refused by policy_plan_check */
	policy_release(c->app.wall.policies, policy);
	return EXIT_DONE;
}

static int plan_options(const struct cli *c, struct plan *p)
{
	const char *kind = cli_option(c, "kind"), *sections = cli_option(c, "sections");
	if (kind && policy_plan_kind_parse(str_of(kind), &p->kind) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--kind %s: subscription, day-pass or article is expected", kind);
	if (sections && policy_plan_sections_parse(str_of(sections), p->sections) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--sections %s: slugs between commas are expected, each once, such as "
			"city,culture; empty for all",
			sections);
	return EXIT_DONE;
}

static int yes_no(const struct cli *c, const char *name, bool *value)
{
	const char *text = cli_option(c, name);
	if (!text)
		return EXIT_DONE;
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return cli_fail(EXIT_USAGE, "--%s %s: yes or no is expected", name, text);
	*value = strcmp(text, "yes") == 0;
	return EXIT_DONE;
}

static int benefits_option(const struct cli *c, struct plan *p)
{
	const char *text = cli_option(c, "benefits");
	enum err e = text ? policy_plan_benefits_parse(str_of(text), p->benefits) : ERR_OK;
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_USAGE, "--benefits: at most %d, each of at most %d bytes",
			BENEFITS_MAX, BENEFIT_SIZE - 1);
	if (e)
		return cli_fail(EXIT_USAGE,
			"--benefits %s: lines between bars are expected, such as \"Every "
			"story|The Saturday crossword\"; none may be empty",
			text);
	return EXIT_DONE;
}

/* The words of the offer. */
static int offer_options(const struct cli *c, struct plan *p)
{
	const struct {
		const char *name;
		char *value;
		size_t size;
	} texts[] = { { "title", p->title, sizeof p->title },
		{ "price", p->price, sizeof p->price }, { "href", p->href, sizeof p->href },
		{ "description", p->description, sizeof p->description },
		{ "trial", p->trial, sizeof p->trial }, { "cancel", p->cancel, sizeof p->cancel } };
	int code = benefits_option(c, p);
	for (size_t i = 0; !code && i < COUNT(texts); i++)
		code = cli_text(c, texts[i].name, texts[i].value, texts[i].size);
	if (!code)
		code = cli_number(c, "position", (struct cli_range){ 0, PLANS_MAX }, &p->position);
	if (!code)
		code = yes_no(c, "recommended", &p->recommended);
	return code ? code : yes_no(c, "on-sale", &p->on_sale);
}

static int plan_store(struct cli *c, const struct plan *given)
{
	struct plan p = *given;
	char why[PLAN_WHY_SIZE];
	int code = plan_options(c, &p);
	if (!code)
		code = offer_options(c, &p);
	if (code)
		return code;
	if (policy_plan_check(&p, why) != ERR_OK)
		return cli_fail(EXIT_USAGE, "%s", why);
	if (cli_option(c, "sections"))
		code = cli_sections(c, str_of(p.sections));
	if (code)
		return code;
	enum err e = policy_plan_set(c->app.db, &p, c->now_s);
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_CONFLICT, "there are already %d plans, which is the maximum",
			PLANS_MAX);
	if (e)
		return cli_error(e, p.name);
	if (c->json)
		return cli_print_json(plan_json(&p));
	plan_print(&p);
	return EXIT_DONE;
}

int cmd_plan_set(struct cli *c)
{
	struct plan p = { .kind = PLAN_SUBSCRIPTION, .on_sale = true };
	bool is_known = false;
	int code = plan_known(c, &p, &is_known);
	return code ? code : plan_store(c, &p);
}

int cmd_plan_add(struct cli *c)
{
	struct plan p = { .kind = PLAN_SUBSCRIPTION, .on_sale = true };
	bool is_known = false;
	int code = plan_known(c, &p, &is_known);
	if (!code && is_known)
		return cli_fail(EXIT_CONFLICT,
			"the plan %s already exists; change it with `postern plan set`", p.name);
	return code ? code : plan_store(c, &p);
}

int cmd_plan_remove(struct cli *c)
{
	struct plan_removal r = { .name = str_of(c->args[0]),
		.even_held = cli_option(c, "yes") != NULL,
		.now_s = c->now_s };
	enum err e = policy_plan_remove(c->app.db, &r);
	if (e == ERR_CONFLICT)
		return cli_fail(EXIT_CONFLICT,
			"%lld entitlement%s and %lld institution%s use %s and would open nothing "
			"without it; add --yes to remove it anyway",
			(long long)r.holders, r.holders == 1 ? "" : "s", (long long)r.institutions,
			r.institutions == 1 ? "" : "s", c->args[0]);
	if (e == ERR_NOT_FOUND)
		return cli_not_found(c, NAMED_PLAN, c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	puts("Removed.");
	return EXIT_DONE;
}
