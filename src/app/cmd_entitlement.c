#include "cli.h"

#include "postern/entitlement.h"

#include <stdio.h>
#include <string.h>

static enum err ents_read(struct db_conn *c, void *arg)
{
	struct cli_entitlements *e = arg;
	return entitlement_list(c, e->account_id, e->a, &e->v, &e->n);
}

enum err cli_entitlements(struct cli *c, const char *account_id, struct cli_entitlements *out)
{
	*out = (struct cli_entitlements){ .account_id = account_id, .a = c->app.arena };
	return db_read(c->app.db, ents_read, out);
}

json_t *cli_entitlements_json(const struct cli_entitlements *e)
{
	json_t *doc = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(doc,
			json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "id", e->v[i].id, "plan",
				e->v[i].plan, "source", e->v[i].source, "starts_at",
				cli_time(e->v[i].starts_at), "ends_at", cli_time(e->v[i].ends_at),
				"revoked_at", cli_time(e->v[i].revoked_at)));
	return doc;
}

void cli_entitlements_print(const struct cli_entitlements *e)
{
	struct arena *a = e->a;

	for (size_t i = 0; i < e->n; i++)
		printf("%-26s  %-12s  %-8s  from %-16s  until %-16s%s\n", e->v[i].id, e->v[i].plan,
			e->v[i].source, cli_day(a, e->v[i].starts_at), cli_day(a, e->v[i].ends_at),
			e->v[i].revoked_at ? "  revoked" : "");
}

int cmd_entitlement_grant(struct cli *c)
{
	struct account acc;
	char id[ID_SIZE];
	struct entitlement_grant g = {
		.plan = c->args[1], .source = "comp", .status = STATUS_ACTIVE, .starts_at = c->now_s
	};
	int code = cli_account(c, c->args[0], &acc);

	if (!code)
		code = cli_date(c, "from", false, &g.starts_at);
	if (!code)
		code = cli_date(c, "until", true, &g.ends_at);
	if (code)
		return code;
	g.account_id = acc.id;
	enum err e = entitlement_grant(c->app.db, &g, c->now_s, id);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE, "the plan must be of a-z, 0-9 and '-' (at most 64), "
					    "and the end must come after the beginning");
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", id, "account_id",
			acc.id, "plan", g.plan, "starts_at", cli_time(g.starts_at), "ends_at",
			cli_time(g.ends_at)));
	printf("%s  %s for %s, %s%s\n", id, g.plan, acc.email,
		g.ends_at ? "until " : "until revoked",
		g.ends_at ? cli_day(c->app.arena, g.ends_at) : "");
	return EXIT_DONE;
}

int cmd_entitlement_list(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);

	if (code)
		return code;
	struct cli_entitlements ents;
	enum err e = cli_entitlements(c, acc.id, &ents);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(cli_entitlements_json(&ents));
	cli_entitlements_print(&ents);
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
