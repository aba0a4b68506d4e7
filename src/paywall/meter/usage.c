/* How much of a meter a reader has used: from an anonymous reader's cookie, from an account's
 * rows, and from a cookie of the time before the reader signed in. */
#include "internal.h"

#include <string.h>

/* What of a cookie counts on in the window of the meter whose name has this tag. */
static const struct meter_count *count_of(const struct meter_cookie *k,
	const uint8_t name[static METER_NAME_TAG_BYTES], const struct meter *m, int64_t now_s)
{
	for (size_t i = 0; i < k->count; i++) {
		if (memcmp(k->v[i].name, name, METER_NAME_TAG_BYTES) == 0)
			return meter_counts_on(m, k->v[i].began_at, now_s) ? &k->v[i] : NULL;
	}
	return NULL;
}

const struct meter_count *meter_cookie_count(const struct meter_cookie *k,
	const struct meter_keys *keys, const struct meter *m, int64_t now_s)
{
	uint8_t name[METER_NAME_TAG_BYTES];
	if (k->count == 0)
		return NULL;
	meter_name_tag(keys, m->name, name);
	return count_of(k, name, m, now_s);
}

void meter_cookie_read(const struct meter_keys *keys, const struct decision_query *q,
	const struct meter *m, const struct meter_names *names, struct meter_cookie_content *out)
{
	out->names = *names;
	out->state = meter_cookie_open(keys, q->v->meter_cookie, &out->cookie);
	if (out->state != COOKIE_GOOD)
		out->cookie.count = 0;
	out->count = count_of(&out->cookie, names->name, m, q->v->now_s);
}

static void tally_add_count(struct meter_counts *t, const struct meter_count *n)
{
	for (size_t i = 0; i < n->n; i++)
		meter_counts_add(t, n->tags[i]);
	if (t->began_at == 0)
		t->began_at = n->began_at;
}

/* An anonymous reader with a cookie that is not ours, or from a prefix that has had its share
 * today. */
static void anonymous_limits(const struct decision_query *q, const struct meter *m,
	enum cookie_state state, struct paywall_usage *u)
{
	if (state == COOKIE_BAD && !q->w->meter_forged_new && m->anonymous_limit > 0) {
		u->used = m->anonymous_limit;
		u->block = METER_BLOCK_COOKIE;
	}
	if (u->counted || u->used >= m->anonymous_limit ||
		!meter_ceiling_reached(q->w->ceiling, q->v->client, q->v->now_s))
		return;
	u->used = m->anonymous_limit;
	u->block = METER_BLOCK_NETWORK;
	u->ends_at = meter_day(q->v->now_s).ends_at;
}

/* `rows` counts what an account has read. */
static void usage_of(const struct decision_query *q, const struct meter *m,
	const struct meter_cookie_content *seen, struct meter_counts *rows,
	struct paywall_usage *out)
{
	if (seen->count)
		tally_add_count(rows, seen->count);
	*out = (struct paywall_usage){ .used = (int64_t)rows->n,
		.counted = meter_counts_has(rows, seen->names.article),
		.ends_at = meter_ends_at(m, rows->began_at, q->v->now_s) };
	if (!decision_is_signed_in(q->v))
		anonymous_limits(q, m, seen->state, out);
}

void meter_anonymous_usage(const struct decision_query *q, const struct meter *m,
	const struct meter_cookie_content *seen, struct paywall_usage *out)
{
	struct meter_counts none;
	none.n = 0;
	none.began_at = 0;
	usage_of(q, m, seen, &none, out);
}

/* As an earlier read of the request saw them, or anew into the arena, which is wiped. NULL: nothing
 * was ever counted. */
static enum err keys_of(
	struct db_conn *c, const struct decision_query *q, const struct meter_keys **out)
{
	*out = q->before ? q->before->keys : NULL;
	if (*out)
		return ERR_OK;
	struct meter_keys *keys = arena_alloc(q->a, sizeof *keys);
	if (!keys)
		return ERR_NOMEM;
	enum err e = meter_keys_load(c, keys);
	if (!e)
		*out = keys;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err meter_usage(struct db_conn *c, const struct decision_query *q, const struct meter *m,
	const struct meter_keys **keys, struct paywall_usage *out)
{
	static const struct meter_keys none = { .n = 0 };
	struct meter_counts rows = { .n = 0 };
	struct meter_cookie_content seen;
	enum err e = keys_of(c, q, keys);
	/* without keys nothing was ever counted here: no cookie is ours, and there are no rows */
	if (!e && *keys && decision_is_signed_in(q->v))
		e = meter_rows_load(c, q->v->account_id, m, q->v->now_s, &rows);
	if (e)
		return e;
	const struct meter_keys *use = *keys ? *keys : &none;
	const struct meter_names names = meter_names_of(use, q->art->id, m);
	meter_cookie_read(use, q, m, &names, &seen);
	usage_of(q, m, &seen, &rows, out);
	return ERR_OK;
}
