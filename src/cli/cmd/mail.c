/* postern mail …: list the outbox, retry a mail, deliver what is due once. */
#include "../cli.h"

#include <stdio.h>

static const char *mail_state(const struct mail_row *m)
{
	if (m->sent_at)
		return "sent";
	if (m->failed_at)
		return "failed";
	return m->attempts ? "waiting" : "queued";
}

static json_t *mail_json(const struct mail_row *m)
{
	const bool over = m->sent_at || m->failed_at;
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "id", m->id, "kind",
		m->kind, "to", m->to, "state", mail_state(m), "attempts", (json_int_t)m->attempts,
		"created_at", text_json_time(m->created_at), "sent_at", text_json_time(m->sent_at),
		"next_at", over ? json_null() : text_json_time(m->next_at), "error",
		text_json_str(m->error));
}

int cmd_mail_list(struct cli *c)
{
	struct mail_row *rows = NULL;
	size_t n = 0;
	int64_t limit = 50;
	int code = cli_number(c, "limit", (struct cli_range){ 1, 1000 }, &limit);
	if (code)
		return code;
	enum err e = mail_list(c->app.db, c->app.arena, (size_t)limit, &rows, &n);
	if (e)
		return cli_error(e, "outbox");
	if (c->json) {
		json_t *doc = json_array();
		for (size_t i = 0; i < n; i++)
			text_json_append(&doc, mail_json(&rows[i]));
		return cli_print_json(doc);
	}
	for (size_t i = 0; i < n; i++)
		printf("%-26s  %-8s  %-22s  %-16s  %s  " STR_FMT "\n", rows[i].id,
			mail_state(&rows[i]), cli_day(c->app.arena, rows[i].created_at),
			rows[i].kind, rows[i].to, STR_ARG(rows[i].error));
	return EXIT_DONE;
}

int cmd_mail_retry(struct cli *c)
{
	enum err e = mail_retry(c->app.db, str_of(c->args[0]), c->now_s);
	if (e == ERR_CONFLICT)
		return cli_fail(EXIT_CONFLICT, "%s was already sent", c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	puts("The mail is due now. A running server sends it; so does postern mail send.");
	return EXIT_DONE;
}

int cmd_mail_send(struct cli *c)
{
	struct mail_round n = { 0 };
	/* One that cannot be worked on keeps no mail of another reader back. */
	enum err requests = account_requests_run(&c->app.accounts, c->now_s);
	enum err e = mail_deliver_once(c->app.mail, &n);

	if (e)
		return cli_error(e, "outbox");
	printf("%zu sent, %zu postponed, %zu failed", n.sent, n.deferred, n.failed);
	if (n.dropped)
		printf(", %zu dropped: their links no longer work", n.dropped);
	putchar('\n');
	if (requests)
		return cli_fail(EXIT_FAILED,
			"a registration or reset could not be processed (%s) and waits for the "
			"next run",
			err_name(requests));
	return n.failed || n.deferred ? EXIT_FAILED : EXIT_DONE;
}
