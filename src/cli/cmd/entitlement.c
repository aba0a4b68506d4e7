/* postern entitlement …: list, grant, change the status, revoke. After every change it prints
 * what that means for the reader (no end date, already ended, a status or plan that opens
 * nothing), because a typing mistake here is a reader locked out or let in for ever. */
#include "../cli.h"

#include "postern/entitlement.h"
#include "postern/plan.h"
#include "postern/seat.h"

#include <stdio.h>
#include <string.h>

/* A day pass that is given no end lasts DAY_PASS_HOURS. */
enum { HOURS_MAX = 24 * 366, GRACE_DAYS_MAX = 366, DAY_PASS_HOURS = 24 };

/* ---- list ---- */

static enum err ents_read(struct db_conn *c, void *arg)
{
	struct cli_entitlements *l = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = entitlement_list(c, l->account_id, l->a, &l->list);
	if (!e)
		e = policy_acquire(l->policies, c, &policy);
	l->undescribed = e ? NULL : arena_alloc(l->a, (l->list.n + 1) * sizeof *l->undescribed);
	if (!e && !l->undescribed)
		e = ERR_NOMEM;
	for (size_t i = 0; !e && i < l->list.n; i++)
		l->undescribed[i] = !paywall_plan_find(policy, l->list.v[i].plan);
	policy_release(l->policies, policy);
	return e;
}

enum err cli_entitlements(struct cli *c, const char *account_id, struct cli_entitlements *out)
{
	*out = (struct cli_entitlements){
		.account_id = account_id, .policies = c->app.wall.policies, .a = c->app.arena
	};
	return db_read(c->app.db, ents_read, out);
}

static json_t *entitlement_json(const struct entitlement *e)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:I, s:b}", "id", e->id,
		"plan", e->plan, "source", e->source, "status", entitlement_status_name(e->status),
		"article_id", e->article_id, "starts_at", text_json_time(e->starts_at), "ends_at",
		text_json_time(e->ends_at), "grace_s", (json_int_t)e->grace_s, "revoked_at",
		text_json_time(e->revoked_at), "seats", (json_int_t)e->seats, "by_seat",
		e->by_seat);
}

json_t *cli_entitlements_json(const struct cli_entitlements *e)
{
	json_t *doc = json_array();
	for (size_t i = 0; i < e->list.n; i++)
		text_json_append(&doc, entitlement_json(&e->list.v[i]));
	return doc;
}

void cli_entitlements_print(const struct cli_entitlements *all)
{
	for (size_t i = 0; i < all->list.n; i++) {
		const struct entitlement *e = &all->list.v[i];
		printf("%-26s  %-12s  %-8s  %-9s  from %-22s  until %-22s", e->id, e->plan,
			e->source, entitlement_status_name(e->status),
			cli_day(all->a, e->starts_at), cli_end(all->a, e->ends_at));
		if (e->grace_s)
			printf("  grace %lldh", (long long)(e->grace_s / 3600));
		if (e->seats)
			printf("  seats %lld", (long long)e->seats);
		printf("%s%s%s%s\n", *e->article_id ? "  one article" : "",
			e->by_seat ? "  by a seat" : "", e->revoked_at ? "  revoked" : "",
			all->undescribed[i] ? "  opens nothing: the plan does not exist" : "");
	}
}

int cmd_entitlement_list(struct cli *c)
{
	struct account acc;
	struct cli_entitlements ents;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = cli_entitlements(c, acc.id, &ents);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(cli_entitlements_json(&ents));
	cli_entitlements_print(&ents);
	return EXIT_DONE;
}

/* ---- grant ---- */

/* What the plan and the article are, looked up in one read. */
struct grant_lookup {
	const struct app *app;
	const char *plan, *slug; /* slug NULL: none */
	struct arena *a;
	bool known;
	enum plan_kind kind;
	struct article article;
};

static enum err grant_read(struct db_conn *c, void *arg)
{
	struct grant_lookup *l = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = policy_acquire(l->app->wall.policies, c, &policy);
	const struct plan *plan = e ? NULL : paywall_plan_find(policy, l->plan);
	if (plan) {
		l->known = true;
		l->kind = plan->kind;
	}
	policy_release(l->app->wall.policies, policy);
	if (!e && l->slug)
		e = content_find(c, str_of(l->slug), l->a, &l->article);
	return e;
}

static int status_of(const char *text, enum entitlement_status *out)
{
	if (entitlement_status_parse(str_of(text), out) != ERR_OK)
		return cli_word_fail("status", text, entitlement_status_words());
	return EXIT_DONE;
}

/* ---- what it comes to: said of every grant and change, so that nothing is open for ever, or shut
 * for good, by a slip ---- */

/* What a change of an entitlement comes to, read after it, so that the command can warn when the
 * reader still gets nothing. */
struct coming_to {
	const struct app *app;
	struct str id;
	struct entitlement e;
	bool described, lets_in; /* its plan is; its status does, by its source */
};

static enum err coming_read(struct db_conn *c, void *arg)
{
	struct coming_to *t = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = entitlement_get(c, t->id, &t->e);
	if (!e)
		e = policy_acquire(t->app->wall.policies, c, &policy);
	if (!e) {
		struct entitlement probe = { .status = t->e.status }; /* at any time */
		memcpy(probe.source, t->e.source, sizeof probe.source);
		t->described = paywall_plan_find(policy, t->e.plan);
		t->lets_in = paywall_entitlement_open(policy, &probe, 1);
	}
	policy_release(t->app->wall.policies, policy);
	return e;
}

static void note_end(const struct cli *c, const struct entitlement *e)
{
	bool over = e->ends_at && e->ends_at <= c->now_s;
	if (!e->ends_at)
		fprintf(stderr, "note: it has no end%s\n",
			e->status == STATUS_CANCELED || e->status == STATUS_UNPAID
				? ", although its status says that it is not renewed; set one "
				  "with --until"
				: "");
	else if (over && e->ends_at + e->grace_s > c->now_s)
		fprintf(stderr, "note: its end is in the past; the days of grace last until %s\n",
			cli_end(c->app.arena, e->ends_at + e->grace_s));
	else if (over)
		fprintf(stderr, "note: its end is in the past: it opens nothing\n");
}

static enum err notes_print(const struct cli *c, struct str id)
{
	struct coming_to t = { .app = &c->app, .id = id };
	enum err e = db_read(c->app.db, coming_read, &t);
	if (e)
		return e;
	if (!t.described)
		fprintf(stderr,
			"note: there is no plan %s yet: it opens nothing until you create it with "
			"postern plan set %s\n",
			t.e.plan, t.e.plan);
	if (!t.lets_in)
		fprintf(stderr,
			"note: the status %s from the source %s does not let its reader in "
			"(paywall.open_statuses)\n",
			entitlement_status_name(t.e.status), t.e.source);
	note_end(c, &t.e);
	return ERR_OK;
}

static int grace_option(const struct cli *c, int64_t *grace_s)
{
	int64_t days = -1;
	int code = cli_number(c, "grace", (struct cli_range){ 0, GRACE_DAYS_MAX }, &days);
	if (!code && days >= 0)
		*grace_s = days * 86400;
	return code;
}

static int grant_options(const struct cli *c, struct entitlement_grant *g)
{
	const char *status = cli_option(c, "status"), *source = cli_option(c, "source");
	int64_t hours = 0;
	int code = status ? status_of(status, &g->status) : EXIT_DONE;
	if (source)
		g->source = source;
	if (!code)
		code = cli_date(c, "from", TIME_STARTS, &g->starts_at);
	if (!code)
		code = cli_date(c, "until", TIME_ENDS, &g->ends_at);
	if (!code)
		code = cli_number(c, "hours", (struct cli_range){ 1, HOURS_MAX }, &hours);
	if (!code && hours && g->ends_at)
		return cli_fail(EXIT_USAGE, "use either --until or --hours, not both");
	if (!code && hours)
		g->ends_at = g->starts_at + hours * 3600;
	if (!code)
		code = grace_option(c, &g->grace_s);
	return code ? code : cli_number(c, "seats", (struct cli_range){ 0, SEATS_MAX }, &g->seats);
}

/* What only --new may bring in; and before that, whether the words can be names at all. */
static int grant_names(struct cli *c, const struct entitlement_grant *g)
{
	if (!entitlement_name_ok(str_of(g->plan), PLAN_SIZE) ||
		!entitlement_name_ok(str_of(g->source), SOURCE_SIZE))
		return cli_fail(EXIT_USAGE,
			"plan \"%s\", source \"%s\": a name has only a-z, 0-9 and '-', at most %d "
			"(plan) and %d (source) of them",
			g->plan, g->source, PLAN_SIZE - 1, SOURCE_SIZE - 1);
	int code = cli_plan(c, g->plan);
	return code ? code : cli_source(c, g->source);
}

static int plan_fits(const struct grant_lookup *l, struct entitlement_grant *g)
{
	if (l->known && l->kind == PLAN_ARTICLE && !l->slug)
		return cli_fail(EXIT_USAGE,
			"%s is a plan for single articles: name one with --article", l->plan);
	if (l->known && l->kind != PLAN_ARTICLE && l->slug)
		return cli_fail(EXIT_USAGE,
			"%s is no plan for single articles; leave out --article or name another "
			"plan",
			l->plan);
	if (l->known && l->kind == PLAN_DAY_PASS && !g->ends_at)
		g->ends_at = g->starts_at + (int64_t)DAY_PASS_HOURS * 3600;
	if (g->seats && l->slug)
		return cli_fail(EXIT_USAGE, "an entitlement to one article has no seats");
	return EXIT_DONE;
}

static int grant_done(const struct cli *c, const struct entitlement_grant *g, const char *id,
	const struct account *acc)
{
	if (c->json)
		return cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:I}",
			"id", id, "account_id", acc->id, "plan", g->plan, "source", g->source,
			"status", entitlement_status_name(g->status), "starts_at",
			text_json_time(g->starts_at), "ends_at", text_json_time(g->ends_at),
			"grace_s", (json_int_t)g->grace_s, "seats", (json_int_t)g->seats));
	printf("%s  %s for %s, %s%s\n", id, g->plan, acc->email,
		g->ends_at ? "until " : "until revoked",
		g->ends_at ? cli_end(c->app.arena, g->ends_at) : "");
	return EXIT_DONE;
}

int cmd_entitlement_grant(struct cli *c)
{
	struct account acc;
	char id[ID_SIZE];
	struct entitlement_grant g = {
		.plan = c->args[1], .source = "comp", .status = STATUS_ACTIVE, .starts_at = c->now_s
	};
	struct grant_lookup look = {
		.app = &c->app, .plan = g.plan, .slug = cli_option(c, "article"), .a = c->app.arena
	};
	int code = cli_account(c, c->args[0], &acc);
	if (!code)
		code = grant_options(c, &g);
	if (!code)
		code = grant_names(c, &g);
	if (code)
		return code;
	enum err e = db_read(c->app.db, grant_read, &look);
	if (e)
		return look.slug ? cli_article_error(c, e, look.slug) : cli_error(e, g.plan);
	code = plan_fits(&look, &g);
	if (code)
		return code;
	g.account_id = acc.id;
	g.article_id = look.article.id;
	e = entitlement_grant(c->app.db, &g, c->now_s, id);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE, "the end, %s, must come after the beginning, %s",
			cli_end(c->app.arena, g.ends_at), cli_day(c->app.arena, g.starts_at));
	if (!e)
		e = notes_print(c, str_of(id));
	return e ? cli_error(e, acc.email) : grant_done(c, &g, id, &acc);
}

/* ---- change ---- */

int cmd_entitlement_set_status(struct cli *c)
{
	struct entitlement_change ch = { .id = str_of(c->args[0]), .grace_s = -1 };
	int code = status_of(c->args[1], &ch.status);
	if (!code)
		code = cli_date(c, "until", TIME_ENDS, &ch.ends_at);
	if (!code)
		code = grace_option(c, &ch.grace_s);
	if (code)
		return code;
	enum err e = entitlement_set_status(c->app.db, &ch);
	if (!e)
		e = notes_print(c, ch.id);
	if (e)
		return cli_error(e, c->args[0]);
	printf("%s is now %s.\n", c->args[0], c->args[1]);
	return EXIT_DONE;
}

int cmd_entitlement_revoke(struct cli *c)
{
	enum err e = entitlement_revoke(c->app.db, str_of(c->args[0]), c->now_s);
	if (e)
		return cli_error(e, c->args[0]);
	puts("Revoked.");
	return EXIT_DONE;
}
