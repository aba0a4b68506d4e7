/* How many sessions of an account read at once. The time of the last reading is kept to a minute,
 * so that most readings write nothing. */
#include "internal.h"

enum { READ_TOUCH_S = 60 };

struct reading_job {
	const struct accounts *s;
	const struct caller *who;
	int64_t now_s;
	int64_t read_at; /* as stored */
};

static enum err read_at_read(struct db_conn *c, void *arg)
{
	static const struct db_column columns[] = { DB_COL_INT(struct reading_job, read_at) };
	static const struct db_shape shape = DB_SHAPE(struct reading_job, columns);
	struct reading_job *j = arg;

	return db_get(c,
		&(struct db_call){ .query = QUERY_SESSION_READ_AT,
			DB_PARAMS(db_z(j->who->session_id)),
			.shape = &shape },
		j);
}

static enum err others_end(struct db_conn *c, const struct reading_job *j)
{
	int64_t since = j->now_s - j->s->set.reading_window_s, changed = 0;
	struct db_param keep = db_int(j->s->set.reading_at_once);
	struct db_call tell = { .query = QUERY_SESSION_READING_TELL,
		DB_PARAMS(db_z(j->who->account_id), db_z(j->who->session_id), db_int(since), keep,
			db_int(j->now_s)) };
	struct db_call end = { .query = QUERY_SESSION_READING_END,
		DB_PARAMS(
			db_z(j->who->account_id), db_z(j->who->session_id), db_int(since), keep) };
	enum err e = db_run(c, &tell, NULL);

	if (!e)
		e = db_run(c, &end, &changed);
	return e || !changed ? e : db_change_add(c, DB_CHANGE_SESSION, j->who->account_id);
}

static enum err reading_tx(struct db_conn *c, void *arg)
{
	const struct reading_job *j = arg;
	struct db_call lock = { .query = QUERY_SESSION_READING_LOCK,
		DB_PARAMS(db_z(j->who->account_id)) };
	struct db_call touch = { .query = QUERY_SESSION_SET_READ,
		DB_PARAMS(db_z(j->who->session_id), db_int(j->now_s)) };
	enum err e = db_run(c, &lock, NULL);

	if (!e)
		e = db_run(c, &touch, NULL);
	return e ? e : others_end(c, j);
}

enum err account_reading(const struct accounts *s, const struct caller *who, int64_t now_s)
{
	struct reading_job j = { .s = s, .who = who, .now_s = now_s };

	if (!s->set.reading_at_once || !who->signed_in)
		return ERR_OK;
	enum err e = db_read(s->db, read_at_read, &j);
	if (e) /* ended meanwhile: the next request is told */
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	/* a clock that was put back must not keep a session from being counted */
	if (j.read_at <= now_s && now_s - j.read_at < READ_TOUCH_S)
		return ERR_OK;
	return db_tx(s->db, reading_tx, &j);
}

struct why_row {
	char reason[32];
};

enum err session_ended_look(
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
