/* What a reader has used of a meter: the cookie of a stranger, the rows of an account and what a
 * cookie from before signing in adds to them. */
#include "meter_internal.h"

#include <string.h>

enum { DAY_S = 86400 };

enum err meter_cookie_open(
	struct db_conn *c, struct str text, struct meter_cookie *out, enum cookie_state *state)
{
	struct meter_key key;

	out->count = 0;
	*state = text.n > 0 ? COOKIE_BAD : COOKIE_NONE;
	if (text.n == 0 || meter_cookie_parse(text, out) != ERR_OK)
		return ERR_OK;
	enum err e = meter_key_load(c, (int64_t)out->key, &key);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	if (meter_cookie_sealed(text, key.bytes))
		*state = COOKIE_GOOD;
	crypto_wipe(&key, sizeof key);
	return ERR_OK;
}

const struct meter_count *meter_cookie_count(const struct meter_cookie *k,
	const struct meter_keys *keys, const struct meter *m, int64_t now_s)
{
	uint8_t name[METER_NAME_TAG_BYTES];

	meter_name_tag(keys, m->name, name);
	for (size_t i = 0; i < k->count; i++) {
		if (memcmp(k->v[i].name, name, sizeof name) == 0)
			return meter_counts_on(m, k->v[i].began_at, now_s) ? &k->v[i] : NULL;
	}
	return NULL;
}

static void tally_add_count(struct meter_tally *t, const struct meter_count *n)
{
	for (size_t i = 0; i < n->n; i++)
		meter_tally_add(t, n->tags[i]);
	if (t->began_at == 0)
		t->began_at = n->began_at;
}

struct looked {
	struct meter_tally tally;
	struct meter_keys keys;
	bool keyed; /* false: nothing was ever counted here */
	enum cookie_state cookie;
};

static enum err look(
	struct db_conn *c, const struct visit_ask *q, const struct meter *m, struct looked *out)
{
	struct meter_cookie cookie;
	const char *account = q->v->account_id;

	*out = (struct looked){ .keyed = true };
	enum err e = meter_keys_load(c, &out->keys);
	if (e == ERR_NOT_FOUND) {
		out->keyed = false;
		e = ERR_OK;
	}
	if (!e)
		e = meter_cookie_open(c, q->v->meter_cookie, &cookie, &out->cookie);
	if (!e && account && *account)
		e = meter_rows_load(c, account, m, q->v->now_s, &out->tally);
	if (e || !out->keyed || out->cookie != COOKIE_GOOD)
		return e;
	const struct meter_count *n = meter_cookie_count(&cookie, &out->keys, m, q->v->now_s);
	if (n)
		tally_add_count(&out->tally, n);
	return ERR_OK;
}

/* A stranger with a cookie that is not ours, or from a prefix that has had its share today. */
static void stranger_limits(const struct visit_ask *q, const struct meter *m,
	const struct looked *l, struct paywall_usage *u)
{
	if (l->cookie == COOKIE_BAD && !q->w->meter_forged_new)
		u->used = m->anonymous_limit;
	if (u->counted || u->used >= m->anonymous_limit ||
		!meter_ceiling_reached(q->w->ceiling, q->v->client, q->v->now_s))
		return;
	u->used = m->anonymous_limit;
	u->ends_at = (q->v->now_s / DAY_S + 1) * DAY_S;
}

enum err meter_usage(struct db_conn *c, const struct visit_ask *q, const struct meter *m,
	struct paywall_usage *out)
{
	struct looked l;
	enum err e = look(c, q, m, &l);

	if (e)
		return e;
	*out = (struct paywall_usage){ .used = (int64_t)l.tally.n,
		.counted = l.keyed &&
			   meter_tally_has(&l.tally, meter_article_tag(&l.keys, q->art->id)),
		.ends_at = meter_ends_at(m, l.tally.began_at, q->v->now_s) };
	crypto_wipe(&l.keys, sizeof l.keys);
	if (!q->v->account_id || !*q->v->account_id)
		stranger_limits(q, m, &l, out);
	return ERR_OK;
}
