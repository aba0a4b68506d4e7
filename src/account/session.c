/* Sessions: making one for a reader who proved to be the owner, who sends this token (from the
 * cache or the database), the list of an account's sessions, and ending them. The time of last use
 * is a note that no reader waits for, written at most once in some minutes. */
#include "internal.h"

#include "postern/queries/account.h"
#include "postern/queries/session.h"

#include <string.h>

/* ---- a new one ---- */

void account_session_make(const struct session_order *o, struct login_result *out)
{
	const struct account_settings *set = &o->s->set;
	struct session *ss = &out->session;
	char name[NAME_SIZE];
	crypto_token_make(&out->token);
	*ss = (struct session){ .remember = o->remember,
		.created_at = o->now_s,
		.last_seen_at = o->now_s,
		.idle_s = o->remember ? set->session_idle_s : set->short_session_idle_s,
		.expires_at = o->now_s + (o->remember ? set->session_s : set->short_session_s) };
	crypto_id_make(ss->id);
	if (text_name(o->name, name) == ERR_OK)
		memcpy(ss->name, name, sizeof name);
}

enum err account_session_put(
	struct db_conn *c, const struct session_order *o, const struct login_result *out)
{
	const struct session *ss = &out->session;
	const struct account_session_cap cap = {
		.s = o->s, .account_id = o->account_id, .new_id = ss->id, .now_s = o->now_s
	};
	enum err e = q_session_insert(c, ss->id, out->token.hash, o->account_id, ss->name,
		ss->remember, ss->created_at, ss->idle_s, ss->expires_at);
	if (e)
		return e;
	e = account_session_cap(c, &cap);
	return e ? e : q_account_set_login(c, o->account_id, o->now_s);
}

/* ---- whose one is ---- */

/* One look for the session of a token; `out` NULL: nobody needs to know why it ended. */
struct identify {
	uint8_t hash[HASH_BYTES];
	struct caller *out;
	int64_t now_s;
	struct cached_session known;
};
static enum err identify_read(struct db_conn *c, void *arg)
{
	struct identify *i = arg;
	enum err e = q_session_by_token(c, i->hash, i->now_s, i->now_s + CLOCK_SKEW_S, &i->known);
	if (e != ERR_NOT_FOUND || !i->out)
		return e;
	enum err other = account_session_ended(c, i->hash, i->out);
	return other ? other : e;
}

/* The argument of a note that sets last_seen_at. */
struct touch {
	char id[ID_SIZE];
	int64_t now_s;
};

static enum err touch_tx(struct db_conn *c, void *arg)
{
	const struct touch *t = arg;
	return q_session_touch(c, t->id, t->now_s, t->now_s + CLOCK_SKEW_S);
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

/* Once for a request. False: it is as long as no token. */
static bool digest(struct presented_token *token)
{
	_Static_assert(sizeof token->digest == HASH_BYTES, "what crypto_digest gives");
	if (token->text.n != TOKEN_SIZE - 1)
		return false;
	if (!token->is_digested)
		crypto_digest(token->text, token->digest);
	token->is_digested = true;
	return true;
}

enum err account_identify(
	void *ctx, struct presented_token *token, int64_t now_s, struct caller *out)
{
	const struct accounts *s = ctx;
	struct identify i = { .now_s = now_s };
	*out = (struct caller){ 0 };
	if (!digest(token) || !crypto_token_is_formed(token->text))
		return ERR_OK;
	memcpy(i.hash, token->digest, sizeof i.hash);
	if (s->sessions && account_session_cache_get(s->sessions, i.hash, now_s, out))
		return ERR_OK;
	i.out = s->set.reading_at_once ? out : NULL;
	enum err e = identify_load(s, &i);
	if (!e)
		caller_fill(&i, out);
	out->session_ended = e == ERR_NOT_FOUND;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

bool account_identify_cached(
	const struct accounts *s, struct presented_token *token, int64_t now_s, struct caller *out)
{
	/* Its form need not be looked at: only what was well formed is kept under its digest. */
	if (!s->sessions || !digest(token)) {
		*out = (struct caller){ 0 };
		return false;
	}
	return account_session_cache_get(s->sessions, token->digest, now_s, out);
}

/* For the transactions that end sessions. changed: how many rows; 0 tells no other process. */
struct session_job {
	const char *account_id;
	char id[ID_SIZE];
	int64_t changed;
};

enum err account_sessions(const struct accounts *s, const char *account_id, int64_t now_s,
	struct arena *a, struct session **out, size_t *count)
{
	return q_session_list(
		s->db, account_id, now_s, now_s + CLOCK_SKEW_S, SESSIONS_LIST_MAX, a, out, count);
}

static enum err ended_tell(struct db_conn *c, enum err e, const struct session_job *j)
{
	return e || !j->changed ? e : db_change_add(c, DB_CHANGE_SESSION, j->account_id);
}

static enum err end_tx(struct db_conn *c, void *arg)
{
	struct session_job *j = arg;
	return ended_tell(c, q_session_end(c, j->id, j->account_id, &j->changed), j);
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
	return ended_tell(c, q_session_end_others(c, j->account_id, j->id, &j->changed), j);
}

enum err account_sessions_end_others(
	const struct accounts *s, const char *account_id, const char *keep_id, int64_t *ended)
{
	struct session_job j = { .account_id = account_id };
	enum err e = str_copy(j.id, sizeof j.id, str_of(keep_id));
	if (e)
		return e;
	e = db_tx(s->db, end_others_tx, &j);
	if (!e && ended)
		*ended = j.changed;
	return e;
}
