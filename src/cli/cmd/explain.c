/* postern explain: what a reader gets of an article, why, and what would change the answer. It
 * asks the same function that serves readers. */
#include "../cli.h"

#include "postern/crawler.h"
#include "postern/entitlement.h"

#include <stdio.h>

static const char *or_empty(const char *z)
{
	return z ? z : "";
}

/* ---- JSON ---- */

static json_t *meter_json(const struct decision *d)
{
	if (!d->meter)
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "name", d->meter->name, "window",
		policy_window_name(d->meter->window), "days", (json_int_t)d->meter->days, "used",
		(json_int_t)d->used, "limit", (json_int_t)d->limit);
}

static json_t *decision_json(const struct decision *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:b}", "grant",
		paywall_grant_name(d->grant), "reason", paywall_reason_name(d->reason), "detail",
		paywall_decision_text(d), "level", paywall_access_name(d->level), "rule",
		d->rule ? d->rule->id : "", "teaser_words", (json_int_t)d->teaser_words, "meter",
		meter_json(d), "charge", d->must_count);
}

static json_t *explain_json(const struct access_explanation *g, const char *reader)
{
	json_t *doc = api_explanation_json(g, or_empty(reader));
	text_json_put(&doc, "decision", decision_json(&g->x.decision));
	return doc;
}

/* ---- text ---- */

static void rules_print(const struct explanation *x)
{
	for (size_t i = 0; i < x->rule_count; i++) {
		const struct explained_rule *r = &x->rules[i];
		printf("%-10s %c %-10s", i ? "" : "rules", r->decided ? '>' : ' ',
			decision_explain_step_name(r->step));
		if (r->rule)
			printf(" %lld: %s if %s", (long long)r->rule->position,
				paywall_access_name(r->access), r->conditions);
		printf("%s%s\n", *r->why ? ": " : "", r->why);
	}
}

static void reader_print(const struct access_explanation *g, const char *reader)
{
	const struct paywall_reader *r = &g->x.reader;
	printf("reader     %s%s\n", reader ? reader : "anonymous",
		r->signed_in ? ", signed in" : "");
	if (r->institution)
		printf("           from %s\n", r->institution);
	if (r->crawler != CRAWLER_NONE)
		printf("           crawler %s (%s)\n", or_empty(r->crawler_name),
			crawler_class_name(r->crawler));
	if (r->gift)
		printf("           has the article as a gift\n");
	for (size_t i = 0; i < g->x.entitlement_count; i++) {
		const struct explained_entitlement *v = &g->x.entitlements[i];
		const struct entitlement *e = v->entitlement;
		printf("         %c %s %s (%s, %s) from %s until %s: %s\n", v->decided ? '>' : ' ',
			e->id, e->plan, e->source, entitlement_status_name(e->status),
			cli_day(g->a, e->starts_at), cli_end(g->a, e->ends_at), v->why);
	}
}

static void explain_print(const struct access_explanation *g, const char *reader)
{
	const struct article *art = &g->article;
	const struct decision *d = &g->x.decision;
	printf("%s: %s\n%s\n\n", paywall_grant_name(d->grant), paywall_reason_name(d->reason),
		paywall_decision_text(d));
	printf("article    %s, access %s, section " STR_FMT ", status " STR_FMT "\n", art->slug,
		paywall_access_name(art->access), STR_ARG(art->section), STR_ARG(art->status));
	printf("           published %s, embargo %s, expires %s\n",
		cli_day(g->a, art->published_at), cli_day(g->a, art->embargo_at),
		cli_end(g->a, art->expires_at));
	reader_print(g, reader);
	rules_print(&g->x);
	if (d->meter)
		printf("meter      %s: %lld of %lld read this %s\n", d->meter->name,
			(long long)d->used, (long long)d->limit,
			policy_window_name(d->meter->window));
	printf("at         %s\n", cli_day(g->a, g->req.now_s));
	for (size_t i = 0; i < g->x.change_count; i++) {
		const struct explained_change *c = &g->x.changes[i];
		printf("%-10s %s%s%s: %s (%s)\n", i ? "" : "otherwise", c->text,
			c->at_s ? ", " : "", c->at_s ? cli_day(g->a, c->at_s) : "",
			paywall_grant_name(c->grant), paywall_reason_name(c->reason));
	}
}

/* ---- the command ---- */

static int explain_options(struct cli *c, struct access_explanation *g, struct account *acc)
{
	const char *ip = cli_option(c, "ip"), *agent = cli_option(c, "agent"),
		   *reader = cli_option(c, "reader");
	g->slug = str_of(cli_option(c, "article"));
	g->req.user_agent = str_of(agent);
	if (!g->slug.p)
		return cli_fail(EXIT_USAGE, "explain needs --article SLUG");
	if (ip && ip_parse(str_of(ip), &g->req.client) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--ip %s: an address such as 192.0.2.7 or 2001:db8::7 is expected", ip);
	int code = cli_date(c, "at", TIME_STARTS, &g->req.now_s);
	if (!code && reader)
		code = cli_account(c, reader, acc);
	if (!code && reader && (acc->disabled_at || !acc->verified_at))
		fprintf(stderr, "note: this account is %s, so its owner cannot log in\n",
			acc->disabled_at ? "disabled" : "not verified");
	g->req.account_id = acc->id;
	return code;
}

int cmd_explain(struct cli *c)
{
	struct account acc = { 0 };
	struct access_explanation g = { .wall = &c->app.wall,
		.req = { .now_s = c->now_s, .whole_get = true },
		.a = c->app.arena };
	int code = explain_options(c, &g, &acc);
	if (code)
		return code;
	const char *reader = cli_option(c, "reader");
	enum err e = access_explain(&g);
	if (e)
		return cli_article_error(c, e, g.slug.p);
	if (c->json)
		return cli_print_json(explain_json(&g, reader));
	explain_print(&g, reader);
	return EXIT_DONE;
}
