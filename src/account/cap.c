/* How many sessions an account may have at once. A new one makes room by ending the one that was
 * used longest ago.
 *
 * The column last_seen_at is noted up to a quarter of an hour late, so it alone would call a
 * session that is used every second older than twenty log-ins of the last minute. The true last use
 * of a session that this process serves stands in its cache. Of one that another process serves
 * nobody here knows it: there a session that was ever noted counts as used until its next note is
 * due. */
#include "internal.h"

#include "postern/queries/session.h"

#include <stdlib.h>
#include <string.h>

/* Sessions of one account that are looked at, many times what the setting allows (200); and bytes
 * of the arena for them. */
enum { CAP_LIST_MAX = 1000, CAP_BYTES_MAX = 1 << 20 };

static void use_find(const struct accounts *s, struct session_use *u, int64_t now_s)
{
	const struct session_times *t = &u->times;
	int64_t cached_at = s->sessions ? account_session_cache_used_at(s->sessions, u->hash) : 0;
	u->known_at = cached_at > t->last_seen_at ? cached_at : t->last_seen_at;
	u->counts_at = u->known_at;
	if (!session_in_force(t, now_s)) {
		u->known_at = u->counts_at = 0;
		return;
	}
	bool elsewhere = !s->sessions || db_is_shared(s->db);
	int64_t until = t->last_seen_at + session_touch_s(t->idle_s);
	if (elsewhere && t->last_seen_at > t->created_at && until > u->counts_at)
		u->counts_at = until < now_s ? until : now_s;
}

/* The last used first. */
static int use_order(const void *one, const void *other)
{
	const struct session_use *a = one, *b = other;
	if (a->counts_at != b->counts_at)
		return a->counts_at < b->counts_at ? 1 : -1;
	if (a->known_at != b->known_at)
		return a->known_at < b->known_at ? 1 : -1;
	if (a->times.created_at != b->times.created_at)
		return a->times.created_at < b->times.created_at ? 1 : -1;
	return strcmp(a->id, b->id);
}

/* What is known here and not noted yet would be lost with the cache, which the end of a session
 * empties of its account. */
static enum err use_note(struct db_conn *c, const struct session_use *u)
{
	if (u->known_at <= u->times.last_seen_at)
		return ERR_OK;
	return q_session_touch(c, u->id, u->known_at, u->known_at + CLOCK_SKEW_S);
}

enum err account_session_cap(struct db_conn *c, const struct account_session_cap *cap)
{
	ARENA_AUTO *a = arena_new(CAP_BYTES_MAX);
	struct session_use *list = NULL;
	size_t n = 0, keep = cap->s->set.sessions_max > 0 ? cap->s->set.sessions_max - 1 : 0;
	if (!a)
		return ERR_NOMEM;
	enum err e = q_session_to_trim(c, cap->account_id, cap->new_id, CAP_LIST_MAX, a, &list, &n);

	if (e || n <= keep)
		return e;
	for (size_t i = 0; i < n; i++)
		use_find(cap->s, &list[i], cap->now_s);
	qsort(list, n, sizeof *list, use_order);
	for (size_t i = 0; !e && i < n; i++)
		e = i < keep ? use_note(c, &list[i])
			     : q_session_end(c, list[i].id, cap->account_id, NULL);
	return e ? e : db_change_add(c, DB_CHANGE_SESSION, cap->account_id);
}
