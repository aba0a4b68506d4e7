/* Changes by PostgreSQL's NOTIFY. A silent connection may be dead behind a network that swallows
 * everything, so it is asked once a second and must answer. */
#include "postgres.h"

/* A connection that says nothing for a second is asked, and counts as lost two seconds later. */
enum { PING_EVERY_US = 1000 * 1000, PING_ANSWER_US = 2000 * 1000 };

enum err db_pg_listen(struct driver_conn *c)
{
	enum err e = db_pg_script(c, "LISTEN postern_change", NULL);
	c->heard_us = clock_monotonic_us();
	c->pinged_us = 0;
	c->answer_us = PING_ANSWER_US; /* of its looks at the table, too, which are short */
	return e;
}

static bool notified(struct driver_conn *c)
{
	bool any = false;
	for (PGnotify *n = PQnotifies(c->pg); n; n = PQnotifies(c->pg)) {
		PQfreemem(n);
		any = true;
	}
	return any;
}

/* Reads the answer to a ping, as far as it is there. */
static void answers_take(struct driver_conn *c)
{
	while (c->unread > 0 && !c->lost && !PQisBusy(c->pg)) {
		PGresult *r = PQgetResult(c->pg);
		db_pg_unread_take(c, r);
		PQclear(r);
	}
	if (!c->lost && PQstatus(c->pg) != CONNECTION_OK)
		db_pg_lose(c, PQerrorMessage(c->pg));
}

static void ping(struct driver_conn *c, int64_t now_us)
{
	if (c->pinged_us) {
		if (now_us - c->pinged_us > PING_ANSWER_US)
			db_pg_lose(c, "no answer in time");
		return;
	}
	if (now_us - c->heard_us < PING_EVERY_US)
		return;
	if (db_pg_push_text(c, "") == ERR_OK)
		db_pg_finish_later(c);
	c->pinged_us = now_us;
}

/* No later than the next thing to do for the ping. */
static int64_t wake_us(const struct driver_conn *c, int64_t end_us)
{
	int64_t due_us =
		c->pinged_us ? c->pinged_us + PING_ANSWER_US + 1 : c->heard_us + PING_EVERY_US;
	return due_us < end_us ? due_us : end_us;
}

enum err db_pg_wait(struct driver_conn *c, unsigned timeout_ms, bool *changed)
{
	int64_t now_us = clock_monotonic_us(), end_us = now_us + (int64_t)timeout_ms * 1000;
	*changed = false;
	while (!c->lost) {
		bool there = false;
		answers_take(c);
		*changed = notified(c);
		ping(c, now_us);
		if (*changed || c->lost || now_us >= end_us)
			break;
		(void)db_pg_poll(c, wake_us(c, end_us), &there);
		now_us = clock_monotonic_us();
	}
	return c->lost ? ERR_UNAVAILABLE : ERR_OK;
}
