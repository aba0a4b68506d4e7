/* postern seat …: list, invite and remove the members of a group subscription. */
#include "../cli.h"

#include "postern/seat.h"

#include <stdio.h>

static const char *seat_state(const struct seat *s, int64_t now_s)
{
	if (s->accepted_at)
		return "member";
	return s->expires_at > now_s ? "invited" : "lapsed";
}

static json_t *group_json(const struct seat_group *g, int64_t now_s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->count; i++) {
		const struct seat *s = &g->list[i];
		text_json_append(&list,
			json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", s->id, "email",
				s->email, "account_id", s->account_id, "state",
				seat_state(s, now_s), "invited_at", text_json_time(s->invited_at),
				"expires_at", text_json_time(s->expires_at), "accepted_at",
				text_json_time(s->accepted_at)));
	}
	return json_pack("{s:s, s:s, s:I, s:o}", "entitlement_id", g->entitlement_id, "plan",
		g->plan, "seats", (json_int_t)g->seats, "members", list);
}

int cmd_seat_list(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	struct seat_group group;
	if (code)
		return code;
	const struct seat_owner owner = { acc.id, c->now_s };
	enum err e = entitlement_seats_read(c->app.db, &owner, c->app.arena, &group);
	if (e == ERR_NOT_FOUND)
		return cli_fail(EXIT_NOT_FOUND,
			"%s has no group: grant an entitlement with --seats N", acc.email);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(group_json(&group, c->now_s));
	printf("%s: %zu of %lld seats taken\n", group.plan, group.count, (long long)group.seats);
	for (size_t i = 0; i < group.count; i++)
		printf("%-26s  %-8s  %s\n", group.list[i].id, seat_state(&group.list[i], c->now_s),
			group.list[i].email);
	return EXIT_DONE;
}

int cmd_seat_invite(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	struct seat_invitation inv = { .owner_id = acc.id,
		.owner_email = acc.email,
		.email = str_of(c->args[1]),
		.now_s = c->now_s };
	if (code)
		return code;
	enum err e = entitlement_seat_invite(&c->app.wall, &inv);
	switch (e) {
	case ERR_OK:
		printf("A mail with a link is queued for %s.\n", c->args[1]);
		return EXIT_DONE;
	case ERR_NOT_FOUND:
		return cli_fail(EXIT_NOT_FOUND,
			"%s has no group: grant an entitlement with --seats N", acc.email);
	case ERR_TOO_LARGE:
		return cli_fail(EXIT_CONFLICT, "all seats of %s are taken", acc.email);
	case ERR_CONFLICT:
		return cli_fail(EXIT_CONFLICT, "%s already has a seat in this group", c->args[1]);
	case ERR_LIMITED:
		return cli_fail(EXIT_CONFLICT,
			"%s has reached its limit of mails for this hour (mail.per_mailbox_hour); "
			"try again later",
			c->args[1]);
	default:
		return cli_error(e, c->args[1]);
	}
}

int cmd_seat_remove(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = entitlement_seat_remove(c->app.db, acc.id, str_of(c->args[1]));
	if (e)
		return cli_error(e, c->args[1]);
	puts("Removed.");
	return EXIT_DONE;
}
