/* How many sessions of an account read at once. The time of the last reading is kept to a minute,
 * so that most readings write nothing, and the write is a note that no reader waits for long. */
#include "internal.h"

#include "postern/queries/session.h"

#include <string.h>

/* What reads on its limit shall find the others ended, where the database is well. */
enum { READ_TOUCH_S = 60, READING_WAIT_MS = 250 };

/* The argument of a note: copied, since it may be written after the request has ended. */
struct reading_note {
	char session_id[ID_SIZE], account_id[ID_SIZE];
	int64_t now_s, window_s, at_once;
};

static enum err others_end(struct db_conn *c, const struct reading_note *n)
{
	const int64_t since_s = n->now_s - n->window_s;
	int64_t changed = 0;
	enum err e = q_session_reading_tell(
		c, n->account_id, n->session_id, since_s, n->at_once, n->now_s);
	if (e)
		return e;
	e = q_session_reading_end(c, n->account_id, n->session_id, since_s, n->at_once, &changed);
	return e || !changed ? e : db_change_add(c, DB_CHANGE_SESSION, n->account_id);
}

/* The lock on the account comes first: of two sessions that read at the same time, the second sees
 * that the first reads. */
static enum err reading_tx(struct db_conn *c, void *arg)
{
	const struct reading_note *n = arg;
	enum err e = q_session_reading_lock(c, n->account_id);
	if (e)
		return e;
	e = q_session_set_read(c, n->session_id, n->now_s);
	return e ? e : others_end(c, n);
}

static void reading_note(const struct accounts *s, const struct caller *who, int64_t now_s)
{
	struct reading_note n = { .now_s = now_s,
		.window_s = s->set.reading_window_s,
		.at_once = s->set.reading_at_once };
	memcpy(n.session_id, who->session_id, sizeof n.session_id);
	memcpy(n.account_id, who->account_id, sizeof n.account_id);
	db_note(s->db,
		&(struct db_note){
			.fn = reading_tx, .arg = &n, .n = sizeof n, .wait_ms = READING_WAIT_MS });
}

void account_reading(const struct accounts *s, const struct caller *who, int64_t now_s)
{
	int64_t read_at = 0; /* as stored */
	if (!s->set.reading_at_once || !who->signed_in)
		return;
	/* ended meanwhile: the next request is told. Any other error is in the log. */
	if (q_session_read_at(s->db, who->session_id, &read_at) != ERR_OK)
		return;
	/* a clock that was put back must not keep a session from being counted */
	if (read_at <= now_s && now_s - read_at < READ_TOUCH_S)
		return;
	reading_note(s, who, now_s);
}

enum err account_session_ended(
	struct db_conn *c, const uint8_t hash[static HASH_BYTES], struct caller *out)
{
	char reason[32];
	enum err e = q_session_ended_why(c, hash, reason);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	out->read_elsewhere = str_eq(str_of(reason), STR("reading_elsewhere"));
	return ERR_OK;
}
