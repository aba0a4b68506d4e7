/* Sessions: who sends this token (from the cache or the database), the list of an account's
 * sessions, and ending them. The time of last use is a note that no reader waits for, written at
 * most once in some minutes. */
#include "internal.h"

#include <string.h>

struct identify {
	uint8_t hash[HASH_BYTES];
	struct caller *out;
	int64_t now_s;
	struct cached_session known;
};
static const struct db_column identify_columns[] = {
	DB_COL_CHARS(struct cached_session, id),
	DB_COL_CHARS(struct cached_session, account_id),
	DB_COL_CHARS(struct cached_session, email),
	DB_COL_CHARS(struct cached_session, name),
	DB_COL_INT(struct cached_session, times.created_at),
	DB_COL_INT(struct cached_session, times.last_seen_at),
	DB_COL_INT(struct cached_session, times.idle_s),
	DB_COL_INT(struct cached_session, times.expires_at),
};
static const struct db_shape identify_shape = DB_SHAPE(struct cached_session, identify_columns);

static enum err identify_read(struct db_conn *c, void *arg)
{
	struct identify *i = arg;
	struct db_call call = { .query = QUERY_SESSION_BY_TOKEN,
		DB_PARAMS(db_blob(i->hash, HASH_BYTES), db_int(i->now_s),
			db_int(i->now_s + CLOCK_SKEW_S)),
		.shape = &identify_shape };
	enum err e = db_get(c, &call, &i->known);

	if (e != ERR_NOT_FOUND || !i->out)
		return e;
	enum err other = account_session_ended(c, i->hash, i->out);
	return other ? other : e;
}

enum err account_session_touch(struct db_conn *c, const char *id, int64_t at_s)
{
	return db_run(c,
		&(struct db_call){ .query = QUERY_SESSION_TOUCH,
			DB_PARAMS(db_z(id), db_int(at_s), db_int(at_s + CLOCK_SKEW_S)) },
		NULL);
}

struct touch {
	char id[ID_SIZE];
	int64_t now_s;
};

static enum err touch_tx(struct db_conn *c, void *arg)
{
	const struct touch *t = arg;
	return account_session_touch(c, t->id, t->now_s);
}

/* A reader is served whether or not this can be written. */
static void touch(const struct accounts *s, const struct identify *i)
{
	struct touch t = { .now_s = i->now_s };
	memcpy(t.id, i->known.id, sizeof t.id);
	db_note(s->db, &(struct db_note){ .fn = touch_tx, .each = true, .arg = &t, .n = sizeof t });
}

static void caller_fill(const struct identify *i, struct caller *out)
{
	out->signed_in = true;
	memcpy(out->account_id, i->known.account_id, sizeof out->account_id);
	memcpy(out->session_id, i->known.id, sizeof out->session_id);
	memcpy(out->email, i->known.email, sizeof out->email);
	memcpy(out->name, i->known.name, sizeof out->name);
	crypto_hash_tag(i->hash, out->session_tag);
}

/* From the database, and into the cache for the next time. */
static enum err identify_load(const struct accounts *s, struct identify *i)
{
	struct cache_load load = { 0 };
	if (s->sessions)
		load = cache_begin(s->sessions);
	enum err e = db_read(s->db, identify_read, i);
	if (e)
		return e;
	if (session_touch_due(&i->known.times, i->now_s)) {
		touch(s, i);
		i->known.times.last_seen_at = i->now_s;
	}
	i->known.used_at = i->now_s;
	if (s->sessions)
		account_session_cache_put(s->sessions, &load, i->hash, &i->known);
	return ERR_OK;
}

enum err account_identify(void *ctx, struct str token, int64_t now_s, struct caller *out)
{
	const struct accounts *s = ctx;
	struct identify i = { .now_s = now_s };

	*out = (struct caller){ 0 };
	if (crypto_token_hash(token, i.hash) != ERR_OK)
		return ERR_OK;
	if (s->sessions && account_session_cache_get(s->sessions, i.hash, now_s, out))
		return ERR_OK;
	i.out = s->set.reading_at_once ? out : NULL;
	enum err e = identify_load(s, &i);
	if (!e)
		caller_fill(&i, out);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

bool account_identify_cached(
	const struct accounts *s, struct str token, int64_t now_s, struct caller *out)
{
	uint8_t hash[HASH_BYTES];

	if (!s->sessions || token.n != TOKEN_SIZE - 1) {
		*out = (struct caller){ 0 };
		return false;
	}
	/* Its form need not be looked at: only what was well formed is kept under its digest. */
	crypto_digest(token, hash);
	return account_session_cache_get(s->sessions, hash, now_s, out);
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
		DB_PARAMS(db_z(j->account_id), db_int(j->now_s), db_int(j->now_s + CLOCK_SKEW_S),
			db_int(SESSIONS_LIST_MAX)),
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

static enum err ended_run(struct db_conn *c, const struct db_call *call, struct session_job *j)
{
	enum err e = db_run(c, call, &j->changed);
	return e || !j->changed ? e : db_change_add(c, DB_CHANGE_SESSION, j->account_id);
}

static enum err end_tx(struct db_conn *c, void *arg)
{
	struct session_job *j = arg;
	struct db_call call = { .query = QUERY_SESSION_END,
		DB_PARAMS(db_z(j->id), db_z(j->account_id)) };
	return ended_run(c, &call, j);
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
	return ended_run(c, &call, j);
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
