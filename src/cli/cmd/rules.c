/* postern rules …: list, add, move and remove the rules that set the access level of articles by
 * section, tag and age. */
#include "../cli.h"

#include "postern/rule.h"

#include <stdio.h>
#include <string.h>

enum { CONDITIONS_MAX = 512 };

/* ---- list ---- */

static json_t *rule_json(const struct paywall_policy *p, size_t i)
{
	const struct paywall_rule *r = &p->rules[i], *by = policy_rule_shadow(p, i);
	BUF_AUTO text = BUF(CONDITIONS_MAX);
	policy_rule_conditions_text(&text, r);
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:s, s:o}", "id",
		r->id, "kind", policy_rule_kind_name(r->kind), "position", (json_int_t)r->position,
		"section", r->section, "tag", r->tag, "from_s", (json_int_t)r->from_s, "until_s",
		(json_int_t)r->until_s, "weekdays", (json_int_t)r->weekdays, "level",
		paywall_access_name(r->access), "teaser_words", (json_int_t)r->teaser_words,
		"conditions", text.p ? text.p : "", "shadowed_by",
		by ? json_string(by->id) : json_null());
}

static json_t *rules_json(const struct paywall_policy *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->rule_count; i++)
		text_json_append(&list, rule_json(p, i));
	return json_pack("{s:o, s:s}", "rules", list, "fallback", paywall_access_name(p->fallback));
}

static void rule_print(const struct paywall_policy *p, size_t i)
{
	const struct paywall_rule *r = &p->rules[i], *by = policy_rule_shadow(p, i);
	BUF_AUTO text = BUF(CONDITIONS_MAX);
	policy_rule_conditions_text(&text, r);
	printf("%-8s %3lld  %s  %-10s  %s", policy_rule_kind_name(r->kind), (long long)r->position,
		r->id, paywall_access_name(r->access), text.p ? text.p : "");
	if (r->teaser_words)
		printf("; teaser of %lld words", (long long)r->teaser_words);
	if (by)
		printf("  (never: %s %lld matches first)", policy_rule_kind_name(by->kind),
			(long long)by->position);
	putchar('\n');
}

static void rules_print(const struct paywall_policy *p)
{
	size_t i = 0;
	puts("The first match decides:");
	for (; i < p->rule_count && p->rules[i].kind == RULE_OVERRIDE; i++)
		rule_print(p, i);
	puts("article        the article's own level, unless it is \"default\"");
	for (; i < p->rule_count; i++)
		rule_print(p, i);
	printf("setting        article.default_access: %s\n", paywall_access_name(p->fallback));
}

int cmd_rules_list(struct cli *c)
{
	const struct paywall_policy *policy = NULL;
	int code = EXIT_DONE;
	enum err e = cli_policy(c, &policy);
	if (e)
		return cli_error(e, "rules");
	if (c->json)
		code = cli_print_json(rules_json(policy));
	else
		rules_print(policy);
	policy_release(c->app.wall.policies, policy);
	return code;
}

/* ---- add ---- */

static int age_option(const struct cli *c, const char *name, int64_t *out)
{
	const char *text = cli_option(c, name);
	if (text && policy_rule_age_parse(str_of(text), out) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--%s %s: an age such as 90m, 3h, 30d, 2w or 1y is expected", name, text);
	return EXIT_DONE;
}

static int word_option(const struct cli *c, const char *name, char *dst, size_t size)
{
	const char *text = cli_option(c, name);
	if (text && !*text)
		return cli_fail(
			EXIT_USAGE, "--%s is empty; leave it out for a rule without it", name);
	return cli_text(c, name, dst, size);
}

static int level_option(const struct cli *c, enum access *out)
{
	static const char *const words[] = { "public", "registered", "metered", "subscriber",
		NULL };
	const char *text = cli_option(c, "level");
	if (!text)
		return cli_fail(EXIT_USAGE,
			"rules add needs --level: public, registered, metered or subscriber");
	if (paywall_access_parse(str_of(text), out) != ERR_OK || *out == ACCESS_DEFAULT)
		return cli_word_fail("level", text, words);
	return EXIT_DONE;
}

static int rule_options(const struct cli *c, struct paywall_rule *r)
{
	const char *days = cli_option(c, "days");
	int code = level_option(c, &r->access);
	if (!code && cli_option(c, "override") && cli_option(c, "default"))
		return cli_fail(EXIT_USAGE, "use either --override or --default, not both");
	r->kind = cli_option(c, "override") ? RULE_OVERRIDE : RULE_DEFAULT;
	if (!code)
		code = word_option(c, "section", r->section, sizeof r->section);
	if (!code)
		code = word_option(c, "tag", r->tag, sizeof r->tag);
	if (!code)
		code = age_option(c, "from-age", &r->from_s);
	if (!code)
		code = age_option(c, "until-age", &r->until_s);
	if (!code)
		code = cli_number(c, "teaser-words", (struct cli_range){ 1, RULE_TEASER_WORDS_MAX },
			&r->teaser_words);
	if (!code)
		code = cli_number(c, "position", (struct cli_range){ 1, RULES_MAX }, &r->position);
	if (!code && days && policy_rule_days_parse(str_of(days), &r->weekdays) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--days %s: days such as sat,sun or mon-fri are expected, each once", days);
	return code;
}

/* Rules that had a chance before, or never had one, and now have none. */
static void warn_shadows(const struct paywall_policy *p, const char *new_id)
{
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct paywall_rule *r = &p->rules[i], *by = policy_rule_shadow(p, i);
		if (!by || (strcmp(r->id, new_id) != 0 && strcmp(by->id, new_id) != 0))
			continue;
		fprintf(stderr,
			"postern: warning: %s %lld can never decide, because %s %lld comes first "
			"and always matches\n",
			policy_rule_kind_name(r->kind), (long long)r->position,
			policy_rule_kind_name(by->kind), (long long)by->position);
	}
}

/* What the rules are now, after a change. */
static int rules_after(struct cli *c, const char *changed_id)
{
	const struct paywall_policy *policy = NULL;
	int code = EXIT_DONE;
	enum err e = cli_policy(c, &policy);
	if (e)
		return cli_error(e, "rules");
	warn_shadows(policy, changed_id);
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (strcmp(policy->rules[i].id, changed_id) != 0)
			continue;
		if (c->json)
			code = cli_print_json(rule_json(policy, i));
		else
			rule_print(policy, i);
	}
	policy_release(c->app.wall.policies, policy);
	return code;
}

int cmd_rules_add(struct cli *c)
{
	struct paywall_rule r = { .weekdays = WEEKDAYS_ALL };
	char why[RULE_WHY_SIZE];
	int code = rule_options(c, &r);
	if (code)
		return code;
	if (policy_rule_check(&r, why) != ERR_OK)
		return cli_fail(EXIT_USAGE, "%s", why);
	code = cli_sections(c, str_of(r.section));
	if (code)
		return code;
	enum err e = policy_rule_add(c->app.db, &r, c->now_s);
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_CONFLICT, "there are already %d rules, which is the maximum",
			RULES_MAX);
	return e ? cli_error(e, "rule") : rules_after(c, r.id);
}

int cmd_rules_move(struct cli *c)
{
	int64_t position;
	if (str_int(str_of(c->args[1]), 1, RULES_MAX, &position) != ERR_OK)
		return cli_fail(EXIT_USAGE, "\"%s\" is not a position; use a number from 1 to %d",
			c->args[1], RULES_MAX);
	enum err e = policy_rule_move(c->app.db, str_of(c->args[0]), position);
	return e ? cli_error(e, c->args[0]) : rules_after(c, c->args[0]);
}

int cmd_rules_remove(struct cli *c)
{
	enum err e = policy_rule_remove(c->app.db, str_of(c->args[0]));
	if (e)
		return cli_error(e, c->args[0]);
	puts("Removed.");
	return EXIT_DONE;
}
