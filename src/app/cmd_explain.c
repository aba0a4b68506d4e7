#include "cli.h"

#include <stdio.h>

struct explaining {
	struct str slug;
	const char *account_id;
	int64_t at_s;
	struct arena *a;
	struct article article;
	struct paywall_reader reader;
	struct decision d;
};

static enum err explain_read(struct db_conn *c, void *arg)
{
	struct explaining *x = arg;
	enum err e = content_find(c, x->slug, x->a, &x->article);

	if (!e)
		e = paywall_reader_load(c, x->account_id, x->a, &x->reader);
	if (e)
		return e;
	struct paywall_rule rule = content_rule(&x->article);
	x->d = paywall_decide(&rule, &x->reader, x->at_s);
	return ERR_OK;
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

	for (size_t i = 0; i < x->reader.entitlement_count; i++) {
		const struct entitlement *e = &x->reader.entitlements[i];
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
		cli_time(x->at_s), "status", art->status.p ? art->status.p : "", art->status.n,
		"published_at", cli_time(art->published_at), "embargo_at",
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
		x->reader.entitlement_count, x->reader.entitlement_count == 1 ? "" : "s");
	for (size_t i = 0; i < x->reader.entitlement_count; i++) {
		const struct entitlement *e = &x->reader.entitlements[i];
		printf("           %s %s from %s until %s%s%s\n", e->id, e->plan,
			cli_day(x->a, e->starts_at), cli_day(x->a, e->ends_at),
			e->revoked_at ? ", revoked" : "", x->d.by == e ? "  <- decided" : "");
	}
	printf("at         %s\n", cli_day(x->a, x->at_s));
}

int cmd_explain(struct cli *c)
{
	const char *slug = cli_option(c, "article"), *who = cli_option(c, "reader"),
		   *at = cli_option(c, "at");
	struct account acc = { 0 };
	struct explaining x = { .slug = str_of(slug), .at_s = c->now_s, .a = c->app.arena };

	if (!slug)
		return cli_fail(EXIT_USAGE, "explain needs --article SLUG");
	if (at && time_parse(str_of(at), &x.at_s) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--at %s: a date or a time such as 2027-01-31T18:00:00Z is expected", at);
	int code = who ? cli_account(c, who, &acc) : EXIT_DONE;
	if (code)
		return code;
	if (acc.disabled_at || (who && !acc.verified_at))
		fprintf(stderr, "note: this account is %s and cannot log in\n",
			acc.disabled_at ? "disabled" : "not verified");
	x.account_id = acc.id;
	enum err e = db_read(c->app.db, explain_read, &x);
	if (e)
		return cli_error(e, slug);
	if (c->json)
		return cli_print_json(explain_json(&x, who));
	explain_print(&x, who);
	return EXIT_DONE;
}
