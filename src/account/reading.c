/* How many sessions of an account read at once. The time of the last reading is kept to a minute,
 * so that most readings write nothing, and the write is a note that no reader waits for long. */
#include "internal.h"

#include <string.h>

/* What reads on its limit shall find the others ended, where the database is well. */
enum { READ_TOUCH_S = 60, READING_WAIT_MS = 250 };

struct reading_look {
	const char *session_id;
	int64_t read_at; /* as stored */
};

static enum err read_at_read(struct db_conn *c, void *arg)
{
	static const struct db_column columns[] = { DB_COL_INT(struct reading_look, read_at) };
	static const struct db_shape shape = DB_SHAPE(struct reading_look, columns);
	struct reading_look *l = arg;

	return db_get(c,
		&(struct db_call){ .query = QUERY_SESSION_READ_AT,
			DB_PARAMS(db_z(l->session_id)),
			.shape = &shape },
		l);
}

struct reading_note {
	char session_id[ID_SIZE], account_id[ID_SIZE];
	int64_t now_s, window_s, at_once;
};

static enum err others_end(struct db_conn *c, const struct reading_note *n)
{
	int64_t since = n->now_s - n->window_s, changed = 0;
	struct db_param keep = db_int(n->at_once);
	struct db_call tell = { .query = QUERY_SESSION_READING_TELL,
		DB_PARAMS(db_z(n->account_id), db_z(n->session_id), db_int(since), keep,
			db_int(n->now_s)) };
	struct db_call end = { .query = QUERY_SESSION_READING_END,
		DB_PARAMS(db_z(n->account_id), db_z(n->session_id), db_int(since), keep) };
	enum err e = db_run(c, &tell, NULL);

	if (!e)
		e = db_run(c, &end, &changed);
	return e || !changed ? e : db_change_add(c, DB_CHANGE_SESSION, n->account_id);
}

static enum err reading_tx(struct db_conn *c, void *arg)
{
	const struct reading_note *n = arg;
	struct db_call lock = { .query = QUERY_SESSION_READING_LOCK,
		DB_PARAMS(db_z(n->account_id)) };
	struct db_call touch = { .query = QUERY_SESSION_SET_READ,
		DB_PARAMS(db_z(n->session_id), db_int(n->now_s)) };
	enum err e = db_run(c, &lock, NULL);

	if (!e)
		e = db_run(c, &touch, NULL);
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
	struct reading_look l = { .session_id = who->session_id };

	if (!s->set.reading_at_once || !who->signed_in)
		return;
	/* ended meanwhile: the next request is told. Any other error is in the log. */
	if (db_read(s->db, read_at_read, &l) != ERR_OK)
		return;
	/* a clock that was put back must not keep a session from being counted */
	if (l.read_at <= now_s && now_s - l.read_at < READ_TOUCH_S)
		return;
	reading_note(s, who, now_s);
}

struct why_row {
	char reason[32];
};

enum err account_session_ended(
	struct db_conn *c, const uint8_t hash[static HASH_BYTES], struct caller *out)
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct why_row, reason) };
	static const struct db_shape shape = DB_SHAPE(struct why_row, columns);
	struct why_row row;
	enum err e = db_get(c,
		&(struct db_call){ .query = QUERY_SESSION_ENDED_WHY,
			DB_PARAMS(db_blob(hash, HASH_BYTES)),
			.shape = &shape },
		&row);

	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	out->read_elsewhere = str_eq(str_of(row.reason), STR("reading_elsewhere"));
	return ERR_OK;
}
