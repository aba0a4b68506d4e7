/* postern seat …: list, invite and remove the members of a group subscription. */
#include "../cli.h"

#include "postern/seat.h"

#include <stdio.h>

/* One read of an owner's group and its seats, in the arena. */
struct group_lookup {
	struct seat_owner owner;
	struct arena *a;
	struct seat_group group;
};

static enum err group_read(struct db_conn *c, void *arg)
{
	struct group_lookup *l = arg;
	return entitlement_seats_load(c, &l->owner, l->a, &l->group);
}

static const char *seat_state(const struct seat *s, int64_t now_s)
{
	if (s->accepted_at)
		return "member";
	return s->expires_at > now_s ? "invited" : "lapsed";
}

static json_t *group_json(const struct group_lookup *l)
{
	json_t *list = json_array();
	for (size_t i = 0; i < l->group.count; i++) {
		const struct seat *s = &l->group.list[i];
		text_json_append(
			&list, json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id", s->id,
				       "email", s->email, "account_id", s->account_id, "state",
				       seat_state(s, l->owner.now_s), "invited_at",
				       text_json_time(s->invited_at), "expires_at",
				       text_json_time(s->expires_at), "accepted_at",
				       text_json_time(s->accepted_at)));
	}
	return json_pack("{s:s, s:s, s:I, s:o}", "entitlement_id", l->group.entitlement_id, "plan",
		l->group.plan, "seats", (json_int_t)l->group.seats, "members", list);
}

int cmd_seat_list(struct cli *c)
{
	struct account acc;
	int code = cli_account(c, c->args[0], &acc);
	struct group_lookup l = { .owner = { acc.id, c->now_s }, .a = c->app.arena };
	if (code)
		return code;
	enum err e = db_read(c->app.db, group_read, &l);
	if (e == ERR_NOT_FOUND)
		return cli_fail(EXIT_NOT_FOUND,
			"%s has no group: grant an entitlement with --seats N", acc.email);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return cli_print_json(group_json(&l));
	printf("%s: %zu of %lld seats taken\n", l.group.plan, l.group.count,
		(long long)l.group.seats);
	for (size_t i = 0; i < l.group.count; i++)
		printf("%-26s  %-8s  %s\n", l.group.list[i].id,
			seat_state(&l.group.list[i], c->now_s), l.group.list[i].email);
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
			"%s has had its mails of this hour (mail.per_mailbox_hour); try again "
			"later",
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
