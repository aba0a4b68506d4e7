#include "internal.h"

#include <string.h>

/* How stale last_seen_at may get before a request writes it anew. */
enum { TOUCH_S = 60 };

struct identify {
	uint8_t hash[HASH_BYTES];
	int64_t now_s, last_seen_at;
	char id[ID_SIZE], account_id[ID_SIZE];
	char email[EMAIL_SIZE], name[NAME_SIZE];
};
static const struct db_column identify_columns[] = {
	DB_COL_CHARS(struct identify, id),
	DB_COL_CHARS(struct identify, account_id),
	DB_COL_CHARS(struct identify, email),
	DB_COL_CHARS(struct identify, name),
	DB_COL_INT(struct identify, last_seen_at),
};
static const struct db_shape identify_shape = DB_SHAPE(struct identify, identify_columns);

static enum err identify_read(struct db_conn *c, void *arg)
{
	struct identify *i = arg;
	struct db_call call = { .query = QUERY_SESSION_BY_TOKEN,
		DB_PARAMS(db_blob(i->hash, HASH_BYTES), db_int(i->now_s)),
		.shape = &identify_shape };
	return db_get(c, &call, i);
}

static enum err touch_tx(struct db_conn *c, void *arg)
{
	const struct identify *i = arg;
	struct db_call call = { .query = QUERY_SESSION_TOUCH,
		DB_PARAMS(db_z(i->id), db_int(i->now_s)) };
	return db_run(c, &call, NULL);
}

enum err account_identify(void *ctx, struct str token, int64_t now_s, struct caller *out)
{
	const struct accounts *s = ctx;
	struct identify i = { .now_s = now_s };

	*out = (struct caller){ 0 };
	if (crypto_token_hash(token, i.hash) != ERR_OK)
		return ERR_OK;
	enum err e = db_read(s->db, identify_read, &i);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (now_s - i.last_seen_at >= TOUCH_S) {
		e = db_tx(s->db, touch_tx, &i);
		if (e)
			return e;
	}
	out->signed_in = true;
	memcpy(out->account_id, i.account_id, sizeof out->account_id);
	memcpy(out->session_id, i.id, sizeof out->session_id);
	memcpy(out->email, i.email, sizeof out->email);
	memcpy(out->name, i.name, sizeof out->name);
	crypto_hash_tag(i.hash, out->session_tag);
	return ERR_OK;
}

static const struct db_column session_columns[] = {
	DB_COL_CHARS(struct session, id),
	DB_COL_CHARS(struct session, name),
	DB_COL_INT(struct session, remember),
	DB_COL_INT(struct session, created_at),
	DB_COL_INT(struct session, last_seen_at),
	DB_COL_INT(struct session, idle_s),
	DB_COL_INT(struct session, expires_at),
};
static const struct db_shape session_shape = DB_SHAPE(struct session, session_columns);

struct session_job {
	const char *account_id;
	char id[ID_SIZE];
	int64_t now_s, changed;
	struct arena *a;
	struct session **out;
	size_t *count;
};

static enum err list_read(struct db_conn *c, void *arg)
{
	struct session_job *j = arg;
	struct db_call call = { .query = QUERY_SESSION_LIST,
		DB_PARAMS(db_z(j->account_id), db_int(j->now_s), db_int(SESSIONS_LIST_MAX)),
		.shape = &session_shape,
		.arena = j->a,
		.max_rows = SESSIONS_LIST_MAX };
	return db_list(c, &call, j->out, j->count);
}

enum err account_sessions(const struct accounts *s, const char *account_id, int64_t now_s,
	struct arena *a, struct session **out, size_t *count)
{
	struct session_job j = {
		.account_id = account_id, .now_s = now_s, .a = a, .out = out, .count = count
	};
	return db_read(s->db, list_read, &j);
}

static enum err end_tx(struct db_conn *c, void *arg)
{
	struct session_job *j = arg;
	struct db_call call = { .query = QUERY_SESSION_END,
		DB_PARAMS(db_z(j->id), db_z(j->account_id)) };
	return db_run(c, &call, &j->changed);
}

enum err account_session_end(
	const struct accounts *s, const char *account_id, struct str session_id)
{
	struct session_job j = { .account_id = account_id };

	if (str_copy(j.id, sizeof j.id, session_id) != ERR_OK)
		return ERR_NOT_FOUND;
	enum err e = db_tx(s->db, end_tx, &j);
	if (e)
		return e;
	return j.changed ? ERR_OK : ERR_NOT_FOUND;
}

static enum err end_others_tx(struct db_conn *c, void *arg)
{
	struct session_job *j = arg;
	struct db_call call = { .query = QUERY_SESSION_END_OTHERS,
		DB_PARAMS(db_z(j->account_id), db_z(j->id)) };
	return db_run(c, &call, &j->changed);
}

enum err account_sessions_end_others(
	const struct accounts *s, const char *account_id, const char *keep_id, int64_t *ended)
{
	struct session_job j = { .account_id = account_id };
	enum err e = str_copy(j.id, sizeof j.id, str_of(keep_id));

	if (!e)
		e = db_tx(s->db, end_others_tx, &j);
	if (!e && ended)
		*ended = j.changed;
	return e;
}
