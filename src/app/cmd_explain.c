#include "cli.h"

#include <stdio.h>

struct explaining {
	const struct paywall *wall;
	struct str slug;
	struct visit visit;
	struct arena *a;
	struct article article;
	const struct paywall_policy *policy;
	struct paywall_case k;
	struct decision d;
};

static enum err explain_read(struct db_conn *c, void *arg)
{
	struct explaining *x = arg;
	struct paywall_article *facts = arena_alloc(x->a, sizeof *facts);
	enum err e = facts ? content_find(c, x->slug, x->a, &x->article) : ERR_NOMEM;

	if (!e)
		e = policy_take(x->wall->policies, c, &x->policy);
	if (e)
		return e;
	*facts = content_facts(&x->article);
	e = visit_case(c, &x->visit, x->policy, facts, x->a, &x->k);
	if (!e)
		x->d = paywall_decide(&x->k);
	return e;
}

/* What would change the answer, in one sentence. */
static const char *remedy(const struct decision *d)
{
	switch (d->reason) {
	case REASON_LOGIN_REQUIRED:
		return "Logging in with any account opens it.";
	case REASON_SUBSCRIBER_ONLY:
		return "Logging in with an account that has an entitlement opens it.";
	case REASON_NO_ENTITLEMENT:
	case REASON_ENTITLEMENT_ENDED:
		return "An entitlement opens it: postern entitlement grant READER PLAN --until "
		       "DATE.";
	case REASON_ENTITLEMENT_FUTURE:
		return "It opens when the entitlement begins.";
	case REASON_OTHER_PLAN:
		return "An entitlement to a plan that covers this section opens it.";
	case REASON_ENTITLEMENT_CLOSED:
		return "It opens when the entitlement's status lets its reader in again "
		       "(paywall.open_statuses).";
	case REASON_METER_EXHAUSTED:
		return "A new period, a higher limit or an entitlement opens it.";
	case REASON_EMBARGOED:
		return "It opens when embargo and publication time have passed.";
	case REASON_WITHHELD:
		return "A re-import with a usable status opens it.";
	case REASON_EXPIRED:
		return "A re-import with a later or no expiry opens it.";
	case REASON_BAD_RULE:
		return "Set a known level: postern article set-access SLUG LEVEL.";
	default:
		return "Nothing is withheld.";
	}
}

static json_t *explain_json(const struct explaining *x, const char *reader)
{
	const struct article *art = &x->article;
	json_t *list = json_array();

	for (size_t i = 0; i < x->k.reader->entitlement_count; i++) {
		const struct entitlement *e = &x->k.reader->entitlements[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "id", e->id, "plan",
				      e->plan, "starts_at", cli_time(e->starts_at), "ends_at",
				      cli_time(e->ends_at), "revoked_at", cli_time(e->revoked_at),
				      "decided", x->d.by == e));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s%, s:o, s:o, s:o, s:s, s:o}",
		"article", art->slug, "reader", reader ? reader : "", "grant",
		paywall_grant_name(x->d.grant), "reason", paywall_reason_name(x->d.reason),
		"because", paywall_reason_text(x->d.reason), "remedy", remedy(&x->d), "at",
		cli_time(x->visit.now_s), "status", art->status.p ? art->status.p : "",
		art->status.n, "published_at", cli_time(art->published_at), "embargo_at",
		cli_time(art->embargo_at), "expires_at", cli_time(art->expires_at), "access",
		paywall_access_name(art->access), "entitlements", list);
}

static void explain_print(const struct explaining *x, const char *reader)
{
	const struct article *art = &x->article;

	printf("%s: %s\n%s\n%s\n\n", paywall_grant_name(x->d.grant),
		paywall_reason_name(x->d.reason), paywall_reason_text(x->d.reason), remedy(&x->d));
	printf("article    %s, access %s, status " STR_FMT "\n", art->slug,
		paywall_access_name(art->access), STR_ARG(art->status));
	printf("           published %s, embargo %s, expires %s\n",
		cli_day(x->a, art->published_at), cli_day(x->a, art->embargo_at),
		cli_day(x->a, art->expires_at));
	printf("reader     %s, %zu entitlement%s\n", reader ? reader : "a stranger",
		x->k.reader->entitlement_count, x->k.reader->entitlement_count == 1 ? "" : "s");
	for (size_t i = 0; i < x->k.reader->entitlement_count; i++) {
		const struct entitlement *e = &x->k.reader->entitlements[i];
		printf("           %s %s from %s until %s%s%s\n", e->id, e->plan,
			cli_day(x->a, e->starts_at), cli_day(x->a, e->ends_at),
			e->revoked_at ? ", revoked" : "", x->d.by == e ? "  <- decided" : "");
	}
	printf("at         %s\n", cli_day(x->a, x->visit.now_s));
}

int cmd_explain(struct cli *c)
{
	const char *slug = cli_option(c, "article"), *who = cli_option(c, "reader"),
		   *at = cli_option(c, "at");
	struct account acc = { 0 };
	struct explaining x = { .wall = &c->app.wall,
		.slug = str_of(slug),
		.visit.now_s = c->now_s,
		.a = c->app.arena };

	if (!slug)
		return cli_fail(EXIT_USAGE, "explain needs --article SLUG");
	if (at && time_parse(str_of(at), &x.visit.now_s) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--at %s: a date or a time such as 2027-01-31T18:00:00Z is expected", at);
	int code = who ? cli_account(c, who, &acc) : EXIT_DONE;
	if (code)
		return code;
	if (acc.disabled_at || (who && !acc.verified_at))
		fprintf(stderr, "note: this account is %s and cannot log in\n",
			acc.disabled_at ? "disabled" : "not verified");
	x.visit.account_id = acc.id;
	enum err e = db_read(c->app.db, explain_read, &x);
	int code_out = EXIT_DONE;
	if (e)
		code_out = cli_error(e, slug);
	else if (c->json)
		code_out = cli_print_json(explain_json(&x, who));
	else
		explain_print(&x, who);
	policy_give_back(c->app.wall.policies, x.policy);
	return code_out;
}
