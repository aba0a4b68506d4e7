/* postern account … and postern session …: create, list, show, disable, enable, delete, send a
 * reset link; list and end sessions. */
#include "../cli.h"

#include "postern/entitlement.h"

#include <stdio.h>
#include <string.h>

static json_t *account_json(const struct account *a)
{
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", a->id, "email", a->email,
		"name", a->name, "created_at", text_json_time(a->created_at), "verified_at",
		text_json_time(a->verified_at), "disabled_at", text_json_time(a->disabled_at),
		"last_login_at", text_json_time(a->last_login_at));
}

static const char *account_state(const struct account *a)
{
	if (a->disabled_at)
		return "disabled";
	return a->verified_at ? "verified" : "unverified";
}

int cmd_account_create(struct cli *c)
{
	struct account acc;
	struct field_error why = { 0 };
	const char *name = cli_option(c, "name");
	enum err e = account_create(&c->app.accounts, str_of(c->args[0]), str_of(name ? name : ""),
		STR(""), c->now_s, c->app.arena, &acc, &why);
	if (e == ERR_CONFLICT)
		return cli_fail(EXIT_CONFLICT, "%s already has an account", c->args[0]);
	if (why.detail)
		return cli_fail(EXIT_USAGE, "%s: %s", why.field, why.detail);
	if (e)
		return cli_error(e, c->args[0]);
	if (c->json)
		return cli_print_json(account_json(&acc));
	printf("%s  %s\nA mail with a link to choose a password is queued.\n", acc.id, acc.email);
	return EXIT_DONE;
}

int cmd_account_list(struct cli *c)
{
	struct account *list = NULL;
	size_t n = 0;
	int64_t limit = 100;
	const char *after = cli_option(c, "after");
	int code = cli_number(c, "limit", (struct cli_range){ 1, 500 }, &limit);
	if (code)
		return code;
	struct account cursor;
	if (after && !strchr(after, '@')) { /* the id of one */
		code = cli_account(c, after, &cursor);
		after = cursor.email;
	}
	if (code)
		return code;
	enum err e = account_list(&c->app.accounts, str_of(after ? after : ""), (size_t)limit,
		c->app.arena, &list, &n);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE,
			"--after %s: an address or the id of an account is expected", after);
	if (e)
		return cli_error(e, "accounts");
	if (c->json) {
		json_t *doc = json_array();
		for (size_t i = 0; i < n; i++)
			text_json_append(&doc, account_json(&list[i]));
		return cli_print_json(doc);
	}
	for (size_t i = 0; i < n; i++)
		printf("%-26s  %-10s  %-22s  %s\n", list[i].id, account_state(&list[i]),
			cli_day(c->app.arena, list[i].last_login_at), list[i].email);
	return EXIT_DONE;
}

/* ---- one account ---- */

static json_t *session_list_json(const struct session *list, size_t n)
{
	json_t *doc = json_array();
	for (size_t i = 0; i < n; i++)
		text_json_append(&doc,
			json_pack("{s:s, s:s, s:o, s:o, s:o}", "id", list[i].id, "name",
				list[i].name, "created_at", text_json_time(list[i].created_at),
				"last_seen_at", text_json_time(list[i].last_seen_at), "expires_at",
				text_json_time(list[i].expires_at)));
	return doc;
}

static void sessions_print(struct arena *a, const struct session *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%-26s  seen %-22s  ends %-22s  %s\n", list[i].id,
			cli_day(a, list[i].last_seen_at), cli_day(a, list[i].expires_at),
			list[i].name);
}

int cmd_account_show(struct cli *c)
{
	struct account acc;
	struct session *sessions = NULL;
	size_t n = 0;
	struct arena *a = c->app.arena;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	struct cli_entitlements ents;
	enum err e = account_sessions(&c->app.accounts, acc.id, c->now_s, a, &sessions, &n);
	if (!e)
		e = cli_entitlements(c, acc.id, &ents);
	if (e)
		return cli_error(e, acc.email);
	if (c->json) {
		json_t *doc = account_json(&acc);
		text_json_put(&doc, "sessions", session_list_json(sessions, n));
		text_json_put(&doc, "entitlements", cli_entitlements_json(&ents));
		return cli_print_json(doc);
	}
	printf("id          %s\nemail       %s\nname        %s\nstate       %s\ncreated     "
	       "%s\nlast log-in %s\n",
		acc.id, acc.email, acc.name, account_state(&acc), cli_day(a, acc.created_at),
		cli_day(a, acc.last_login_at));
	printf("\nsessions: %zu\n", n);
	sessions_print(a, sessions, n);
	printf("\nentitlements: %zu\n", ents.list.n);
	cli_entitlements_print(&ents);
	return EXIT_DONE;
}

static int set_disabled(struct cli *c, bool disabled)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = account_set_disabled(&c->app.accounts, acc.id, disabled, c->now_s);
	if (e)
		return cli_error(e, acc.email);
	printf("%s is %s.\n", acc.email, disabled ? "disabled, its sessions are ended" : "enabled");
	return EXIT_DONE;
}

int cmd_account_disable(struct cli *c)
{
	return set_disabled(c, true);
}

int cmd_account_enable(struct cli *c)
{
	return set_disabled(c, false);
}

int cmd_account_delete(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	if (!cli_option(c, "yes"))
		return cli_fail(EXIT_USAGE,
			"this deletes %s with its sessions and entitlements; add --yes to do it",
			acc.email);
	enum err e = account_delete(&c->app.accounts, acc.id);
	if (e)
		return cli_error(e, acc.email);
	printf("%s is deleted.\n", acc.email);
	return EXIT_DONE;
}

int cmd_account_reset(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	if (acc.disabled_at)
		return cli_fail(EXIT_CONFLICT, "%s is disabled; enable it first", acc.email);
	enum err e = account_reset_send(&c->app.accounts, &acc, c->now_s);
	if (e)
		return cli_error(e, acc.email);
	printf("A mail with a link is queued for %s, unless the address has reached its limit of "
	       "mails for this hour (mail.per_mailbox_hour; see postern mail list).\n",
		acc.email);
	return EXIT_DONE;
}

int cmd_session_list(struct cli *c)
{
	struct account acc;
	struct session *list = NULL;
	size_t n = 0;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = account_sessions(&c->app.accounts, acc.id, c->now_s, c->app.arena, &list, &n);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(session_list_json(list, n));
	sessions_print(c->app.arena, list, n);
	return EXIT_DONE;
}

int cmd_session_end(struct cli *c)
{
	struct account acc;
	int64_t ended = 1;
	bool all = cli_option(c, "all") != NULL;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	if (all == (c->arg_count == 2))
		return cli_fail(EXIT_USAGE, "name one session, or use --all to end every session");
	enum err e = all ? account_sessions_end_others(&c->app.accounts, acc.id, "", &ended)
			 : account_session_end(&c->app.accounts, acc.id, str_of(c->args[1]));
	if (e)
		return cli_error(e, all ? acc.email : c->args[1]);
	printf("%lld session%s ended.\n", (long long)ended, ended == 1 ? "" : "s");
	return EXIT_DONE;
}
