/* postern gate …: rules for paths of other web servers: add, list, remove, and test a URL against
 * them. Warns about a rule that can never match because an earlier one matches everything it
 * does. */
#include "../cli.h"

#include "postern/path.h"

#include <stdio.h>
#include <string.h>

/* ---- rules ---- */

static int rule_names(struct cli *c, const struct path_rule *r)
{
	int code = cli_site(c, r->site);
	if (!code)
		code = cli_methods(c, r->methods);
	return code ? code : cli_sections(c, str_of(r->section));
}

/* Rules that have no chance, where the new one is the one in vain or the one in the way. */
static void warn_shadows(const struct paywall_policy *p, const char *new_id)
{
	for (size_t i = 0; i < p->path_count; i++) {
		const struct path_rule *r = &p->paths[i], *by = path_rule_shadow(p, i);
		if (!by || (strcmp(r->id, new_id) != 0 && strcmp(by->id, new_id) != 0))
			continue;
		fprintf(stderr,
			"postern: warning: rule %lld (%s%s) can never decide, because rule %lld "
			"(%s%s) comes first and matches the same paths with any method\n",
			(long long)r->position, r->site, r->path, (long long)by->position, by->site,
			by->path);
	}
}

static enum err warn_of(struct cli *c, const struct path_rule *r)
{
	const struct paywall_policy *p = NULL;
	const struct paywall_article article = { .section = str_of(r->section) };
	enum err e = cli_policy(c, &p);
	if (e)
		return e;
	warn_shadows(p, r->id);
	if (r->access == ACCESS_METERED && !paywall_meter_of(p, &article))
		fprintf(stderr,
			"postern: warning: no meter applies to it, so it is closed to all but "
			"subscribers "
			"(postern meter set)\n");
	policy_release(c->app.wall.policies, p);
	return ERR_OK;
}

int cmd_gate_add(struct cli *c)
{
	const char *position = cli_option(c, "position");
	struct path_rule_words w = { .path = c->args[0],
		.level = c->args[1],
		.site = cli_option(c, "site"),
		.methods = cli_option(c, "methods"),
		.section = cli_option(c, "section"),
		.tag = cli_option(c, "tag"),
		.files = cli_option(c, "files") };
	struct path_rule r;
	char why[256] = "";
	int64_t at = 0;
	if (position && str_int(str_of(position), 1, PATH_RULES_MAX, &at) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--position %s: a number from 1 to %d is expected",
			position, PATH_RULES_MAX);
	enum err e = path_rule_parse(&w, &r, why);
	if (e)
		return *why ? cli_fail(EXIT_USAGE, "%s", why) : cli_error(e, c->args[0]);
	int code = rule_names(c, &r);
	if (code)
		return code;
	e = path_rule_add(c->app.db, &r, at, c->now_s);
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_FAILED, "there are already %d rules, which is the maximum",
			PATH_RULES_MAX);
	if (!e)
		e = warn_of(c, &r);
	if (e)
		return cli_error(e, c->args[0]);
	if (c->json)
		return cli_print_json(
			json_pack("{s:s, s:I}", "id", r.id, "position", (json_int_t)r.position));
	printf("%s is rule %lld.\n", r.id, (long long)r.position);
	return EXIT_DONE;
}

int cmd_gate_remove(struct cli *c)
{
	enum err e = path_rule_remove(c->app.db, str_of(c->args[0]));
	if (e)
		return cli_error(e, c->args[0]);
	printf("%s is removed.\n", c->args[0]);
	return EXIT_DONE;
}

/* One read of all rules for paths, in the arena. */
struct rules_lookup {
	struct arena *a;
	const struct path_rule *rules;
	size_t n;
};

static enum err rules_read(struct db_conn *c, void *arg)
{
	struct rules_lookup *l = arg;
	return path_rules_load(c, l->a, &l->rules, &l->n);
}

static json_t *rule_json(const struct path_rule *r)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", r->id, "position",
		(json_int_t)r->position, "site", r->site, "path", r->path, "level",
		path_level_name(r), "methods", r->methods, "section", r->section, "tag", r->tag,
		"files", path_files_name(r->files));
}

static void path_rule_print(const struct path_rule *r)
{
	printf("%3lld  %-10s  %s%s  %s%s%s%s%s  files %s  %s\n", (long long)r->position,
		path_level_name(r), r->site, r->path, r->methods, *r->section ? "  section " : "",
		r->section, *r->tag ? "  tag " : "", r->tag, path_files_name(r->files), r->id);
}

int cmd_gate_list(struct cli *c)
{
	struct rules_lookup l = { .a = c->app.arena };
	enum err e = db_read(c->app.db, rules_read, &l);
	if (e)
		return cli_error(e, "rules of the gate");
	if (c->json) {
		json_t *doc = json_array();
		for (size_t i = 0; i < l.n; i++)
			text_json_append(&doc, rule_json(&l.rules[i]));
		return cli_print_json(doc);
	}
	for (size_t i = 0; i < l.n; i++)
		path_rule_print(&l.rules[i]);
	if (l.n == 0)
		printf("There are no rules, so the gate lets nobody in. Add one with "
		       "postern gate add.\n");
	return EXIT_DONE;
}

/* ---- trying ---- */

/* One question as a gate would ask it, which charges nothing. */
struct trying {
	struct cli *c;
	struct path_question q;
	struct path_answer p;
};

static enum err try_read(struct db_conn *c, void *arg)
{
	struct trying *t = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = policy_acquire(t->q.w->policies, c, &policy);
	if (!e)
		e = path_decide(c, &t->q, policy, t->c->app.arena, &t->p);
	policy_release(t->q.w->policies, policy);
	return e;
}

static int try_print(const struct trying *t)
{
	const struct path_answer *p = &t->p;
	const struct path_rule *r = p->rule;
	if (t->c->json)
		return cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:b}", "path",
			t->q.url.path.p, "grant", paywall_grant_name(p->decision.grant), "reason",
			path_reason_name(p), "because", path_reason_text(p), "article_id",
			r ? p->article.id : "", "rule", r ? rule_json(r) : json_null(), "counts",
			p->counts));
	printf("%s: %s\n%s\n\n", paywall_grant_name(p->decision.grant), path_reason_name(p),
		path_reason_text(p));
	printf("path       %.*s\n", STR_ARG(t->q.url.path));
	if (!r)
		return EXIT_DONE;
	printf("article    %s%s\nrule     ", p->article.id,
		p->counts ? ", counts as a page" : ", does not count");
	path_rule_print(r);
	return EXIT_DONE;
}

int cmd_gate_test(struct cli *c)
{
	const char *method = cli_option(c, "method"), *who = cli_option(c, "reader"),
		   *ip = cli_option(c, "ip");
	struct account acc = { 0 };
	struct trying t = { .c = c,
		.q = { .w = &c->app.wall,
			.sites = &c->app.sites,
			.method = str_of(method ? method : "GET"),
			.req.now_s = c->now_s } };
	if (url_absolute(str_of(c->args[0]), c->app.arena, &t.q.url) != ERR_OK)
		return cli_fail(EXIT_FAILED,
			"%s: refused for every reader; an absolute URL in canonical form is "
			"expected",
			c->args[0]);
	if (ip && ip_parse(str_of(ip), &t.q.req.client) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--ip %s: an IPv4 or IPv6 address is expected", ip);
	int code = cli_methods(c, t.q.method.p);
	if (!code && who)
		code = cli_account(c, who, &acc);
	if (code)
		return code;
	t.q.req.account_id = acc.id;
	enum err e = db_read(c->app.db, try_read, &t);
	return e ? cli_error(e, c->args[0]) : try_print(&t);
}
