/* Records a metered reading. For an account, the decision is made again inside the transaction
 * that counts, so that of many parallel readings only as many open as are free. For an anonymous
 * reader, the count is the new cookie. */
#include "internal.h"

#include <string.h>

/* Seconds. A reading in the last seconds of a window still sets a cookie that reaches the next
 * request. */
enum { COOKIE_LIFE_LEAST_S = 60 };

/* One metered reading. cookie_update: the count of an anonymous reader, or the end of the cookie
 * for one who has logged in. */
struct metered_reading {
	const struct decision_query *q;
	struct decision *d;
	struct meter_cookie_update *cookie_update;
	int64_t carried_s; /* the cookie was carried over, and counts for so long at most; 0: not */
};

void meter_count_in(struct decision *d)
{
	d->must_count = false;
	if (d->used < d->limit)
		d->used++;
}

/* ---- accounts ---- */

/* Takes over into an account what its reader read before logging in, so that logging out and in
 * gives no further articles. */
struct carrying {
	struct db_conn *c;
	const struct access_request *v;
	const struct meter_keys *keys;
	const struct meter_cookie *cookie;
};

/* Adds what the cookie counts, as long as an account may have read so many at all. */
static enum err carry_meter(const struct carrying *y, const struct meter *m)
{
	const struct meter_count *n = meter_cookie_count(y->cookie, y->keys, m, y->v->now_s);
	struct meter_counts tally;
	enum err e = n ? meter_rows_load(y->c, y->v->account_id, m, y->v->now_s, &tally) : ERR_OK;
	for (size_t i = 0; n && !e && i < n->n && tally.n < METER_LIMIT_MAX; i++) {
		if (meter_counts_has(&tally, n->tags[i]))
			continue;
		meter_counts_add(&tally, n->tags[i]);
		e = meter_row_put(
			y->c, &(struct meter_row){ .account_id = y->v->account_id,
				      .article_id = "",
				      .m = m,
				      .tag = n->tags[i],
				      .began_at = tally.began_at ? tally.began_at : n->began_at,
				      .now_s = y->v->now_s });
	}
	return e;
}

static enum err carry_over(struct db_conn *c, const struct decision_query *q,
	const struct meter_keys *keys, int64_t *carried_s)
{
	struct meter_cookie cookie;
	const struct carrying y = { .c = c, .v = q->v, .keys = keys, .cookie = &cookie };
	const struct paywall_policy *policy = NULL;
	*carried_s = 0;
	if (meter_cookie_open(keys, q->v->meter_cookie, &cookie) != COOKIE_GOOD)
		return ERR_OK;
	enum err e = policy_acquire(q->w->policies, c, &policy);
	if (!e)
		*carried_s = meter_longest_s(policy);
	for (size_t i = 0; !e && i < policy->meter_count; i++)
		e = carry_meter(&y, &policy->meters[i]);
	policy_release(q->w->policies, policy);
	return e;
}

static enum err reading_row_put(struct db_conn *c, const struct metered_reading *s,
	const struct meter_keys *keys, const struct meter *m)
{
	const struct access_request *v = s->q->v;
	struct meter_counts tally;
	enum err e = meter_rows_load(c, v->account_id, m, v->now_s, &tally);
	if (e)
		return e;
	return meter_row_put(
		c, &(struct meter_row){ .account_id = v->account_id,
			   .article_id = s->q->art->id,
			   .m = m,
			   .tag = meter_article_tag(keys, s->q->art->id),
			   .began_at = tally.began_at ? tally.began_at
						      : meter_window(m, v->now_s).starts_at,
			   .now_s = v->now_s });
}

/* Takes over the cookie's count first, then decides from the database alone: of parallel readings
 * each sees what the others have counted. */
static enum err account_tx(struct db_conn *c, void *arg)
{
	struct metered_reading *s = arg;
	const struct decision_query *q = s->q;
	struct access_request without = *q->v;
	struct meter_keys keys;
	struct decision d;
	enum err e = meter_keys_ensure(c, q->v->now_s, &keys);
	without.meter_cookie = STR("");
	if (!e)
		e = carry_over(c, q, &keys, &s->carried_s);
	if (!e)
		e = decision_make(q->w, c, &without, q->art, q->a, &d);
	if (!e && d.must_count)
		e = reading_row_put(c, s, &keys, d.meter);
	crypto_wipe(&keys, sizeof keys);
	if (e)
		return e;
	if (d.must_count)
		meter_count_in(&d);
	*s->d = d;
	return ERR_OK;
}

/* One that is not ours counts for nothing, and goes. */
static enum err cookie_mark(const struct metered_reading *s)
{
	const char mark = METER_COOKIE_CARRIED;
	const struct str pieces[] = { { &mark, 1 }, s->q->v->meter_cookie };
	struct meter_cookie_update *out = s->cookie_update;
	out->move = METER_COOKIE_CLEAR;
	if (s->carried_s == 0)
		return ERR_OK;
	*out = (struct meter_cookie_update){ .move = METER_COOKIE_SET,
		.value = arena_join(s->q->a, pieces, COUNT(pieces)),
		.max_age_s = s->carried_s };
	return out->value.p ? ERR_OK : ERR_NOMEM;
}

static enum err reading_record_account(const struct metered_reading *s)
{
	struct metered_reading to = *s;
	struct decision d = *s->d;
	to.d = &d; /* a transaction may run again */
	enum err e = db_tx(s->q->w->db, account_tx, &to);
	if (e)
		return e;
	*s->d = d;
	return s->q->v->meter_cookie.n > 0 ? cookie_mark(&to) : ERR_OK;
}

/* ---- anonymous readers ---- */

/* Of the decision's own meter it has been looked at already. */
static const struct meter_count *old_count(
	const struct meter_recording *ch, const struct meter *m, int64_t now_s)
{
	if (strcmp(m->name, ch->d->meter->name) == 0)
		return ch->seen->count;
	return meter_cookie_count(&ch->seen->cookie, ch->keys, m, now_s);
}

/* What of the old cookie still counts: meters that are there, in their window, no more than their
 * limit. So the sum of limits bounds the size. Returns the seconds until all is over. */
static int64_t keep_counts(struct meter_cookie *to, const struct meter_recording *ch, int64_t now_s)
{
	int64_t life_s = COOKIE_LIFE_LEAST_S;
	to->count = 0;
	for (size_t i = 0; i < ch->policy->meter_count; i++) {
		const struct meter *m = &ch->policy->meters[i];
		const struct meter_count *n = old_count(ch, m, now_s);
		if (!n || m->anonymous_limit <= 0)
			continue;
		int64_t rest_s = meter_ends_at(m, n->began_at, now_s) - now_s;
		life_s = rest_s > life_s ? rest_s : life_s;
		to->v[to->count] = *n;
		if (n->n > (size_t)m->anonymous_limit)
			to->v[to->count].n = (size_t)m->anonymous_limit;
		to->count++;
	}
	return life_s;
}

/* In the order of the names' tags, as the form wants it. */
static void sort_counts(struct meter_cookie *k)
{
	for (size_t i = 1; i < k->count; i++) {
		for (size_t j = i; j > 0; j--) {
			struct meter_count *b = &k->v[j], *a = b - 1, old = *a;
			if (memcmp(a->name, b->name, sizeof a->name) < 0)
				break;
			*a = *b;
			*b = old;
		}
	}
}

static enum err add_reading(struct meter_cookie *k, const struct meter_cookie_content *seen,
	const struct meter *m, int64_t now_s)
{
	struct meter_count *n = NULL;
	for (size_t i = 0; i < k->count; i++) {
		if (memcmp(k->v[i].name, seen->names.name, sizeof seen->names.name) == 0)
			n = &k->v[i];
	}
	if (!n && k->count < METERS_MAX) {
		n = &k->v[k->count++];
		*n = (struct meter_count){ .began_at = meter_window(m, now_s).starts_at };
		memcpy(n->name, seen->names.name, sizeof seen->names.name);
	}
	if (!n || n->n >= METER_LIMIT_MAX)
		return ERR_INTERNAL; /* the decision would not have been to count */
	n->tags[n->n++] = seen->names.article;
	return ERR_OK;
}

enum err meter_anonymous_update(const struct decision_query *q, const struct meter_recording *ch,
	struct meter_cookie_update *out)
{
	const struct access_request *v = q->v;
	struct meter_cookie k;
	k.key = (uint32_t)ch->keys->seals[0].id;
	if (ch->seen->state == COOKIE_GOOD)
		memcpy(k.id, ch->seen->cookie.id, sizeof k.id);
	else
		crypto_random(k.id, sizeof k.id);
	int64_t life_s = keep_counts(&k, ch, v->now_s);
	enum err e = add_reading(&k, ch->seen, ch->d->meter, v->now_s);
	if (e)
		return e;
	sort_counts(&k);
	int64_t own_s = ch->d->window_ends_at - v->now_s;
	out->move = METER_COOKIE_SET;
	out->max_age_s = own_s > life_s ? own_s : life_s;
	return meter_cookie_write(&k, ch->keys->seals[0].bytes, q->a, &out->value);
}

static enum err anonymous_update(const struct metered_reading *s, const struct meter_keys *keys,
	const struct paywall_policy *policy)
{
	const struct meter_names names = meter_names_of(keys, s->q->art->id, s->d->meter);
	struct meter_cookie_content seen;
	meter_cookie_read(keys, s->q, s->d->meter, &names, &seen);
	return meter_anonymous_update(
		s->q, &(struct meter_recording){ keys, policy, s->d, &seen }, s->cookie_update);
}

static enum err anonymous_read(struct db_conn *c, void *arg)
{
	const struct metered_reading *s = arg;
	const struct paywall_policy *policy = NULL;
	struct meter_keys keys;
	enum err e = meter_keys_load(c, &keys);
	if (e)
		return e;
	e = policy_acquire(s->q->w->policies, c, &policy);
	if (!e)
		e = anonymous_update(s, &keys, policy);
	policy_release(s->q->w->policies, policy);
	crypto_wipe(&keys, sizeof keys);
	return e;
}

static enum err ensure_tx(struct db_conn *c, void *arg)
{
	struct meter_keys keys;
	enum err e = meter_keys_ensure(c, *(const int64_t *)arg, &keys);
	crypto_wipe(&keys, sizeof keys);
	return e;
}

static enum err decide_read(struct db_conn *c, void *arg)
{
	const struct metered_reading *s = arg;
	return decision_make(s->q->w, c, s->q->v, s->q->art, s->q->a, s->d);
}

/* What the decision was read with says how to count it; else it is read for that. */
static enum err anonymous_count(struct metered_reading *s)
{
	struct db *db = s->q->w->db;
	const struct decision_read *before = s->q->before;
	int64_t now_s = s->q->v->now_s;
	if (before && before->keys)
		return anonymous_update(s, before->keys, before->policy);
	enum err e = db_read(db, anonymous_read, s);
	if (e != ERR_NOT_FOUND)
		return e;
	e = db_tx(db, ensure_tx, &now_s);
	return e ? e : db_read(db, anonymous_read, s);
}

static enum err reading_record_cookie(struct metered_reading *s)
{
	const struct paywall *w = s->q->w;
	if (!meter_ceiling_take(w->ceiling, s->q->v->client, s->q->v->now_s)) {
		enum err e = db_read(w->db, decide_read, s);
		return !e && s->d->must_count ? ERR_BUSY : e;
	}
	enum err e = anonymous_count(s);
	if (e)
		meter_ceiling_return(w->ceiling, s->q->v->client, s->q->v->now_s);
	else
		meter_count_in(s->d);
	return e;
}

/* ---- all ---- */

struct str meter_cookie_for(struct str cookie, bool signed_in)
{
	if (cookie.n == 0 || cookie.p[0] != METER_COOKIE_CARRIED)
		return cookie;
	return signed_in ? (struct str){ NULL, 0 } : (struct str){ cookie.p + 1, cookie.n - 1 };
}

bool meter_must_record(const struct access_request *v, const struct decision *d)
{
	bool carries = decision_is_signed_in(v) && v->meter_cookie.n > 0 && v->whole_get;
	return d->must_count || (carries && paywall_metered(d));
}

enum err meter_record(
	const struct decision_query *q, struct decision *d, struct meter_cookie_update *out)
{
	struct metered_reading s = { .q = q, .d = d, .cookie_update = out };
	const struct access_request *v = q->v;
	*out = (struct meter_cookie_update){ .move = METER_COOKIE_KEEP };
	if (!meter_must_record(v, d))
		return ERR_OK;
	if (!paywall_metered(d))
		return ERR_INTERNAL;
	if (v->whole_get)
		return decision_is_signed_in(v) ? reading_record_account(&s)
						: reading_record_cookie(&s);
	if (!v->head)
		return v->ahead ? ERR_BUSY : ERR_DENIED;
	meter_count_in(d);
	return ERR_OK;
}

struct access_request meter_request_after(
	const struct access_request *v, const struct meter_cookie_update *m)
{
	struct access_request after = *v;
	if (m->move == METER_COOKIE_SET)
		after.meter_cookie = meter_cookie_for(m->value, decision_is_signed_in(v));
	else if (m->move == METER_COOKIE_CLEAR)
		after.meter_cookie = (struct str){ NULL, 0 };
	return after;
}
