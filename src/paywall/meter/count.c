/* The metered readings of accounts, in the database. */
#include "internal.h"

#include "postern/queries/meter.h"

#include <string.h>

/* ---- a tally ---- */

bool meter_counts_has(const struct meter_counts *s, struct meter_tag t)
{
	for (size_t i = 0; i < s->n; i++) {
		if (memcmp(&s->tags[i], &t, sizeof t) == 0)
			return true;
	}
	return false;
}

void meter_counts_add(struct meter_counts *s, struct meter_tag t)
{
	if (s->n < COUNT(s->tags) && !meter_counts_has(s, t))
		s->tags[s->n++] = t;
}

/* ---- rows ---- */

/* Where a count that goes on may have begun, both ends inside: as meter_counts_on has it. */
static struct meter_span began_between(const struct meter *m, int64_t now_s)
{
	struct meter_span w = meter_window(m, now_s);
	int64_t length_s = w.ends_at - w.starts_at;
	if (m->window == WINDOW_ROLLING)
		w = (struct meter_span){ now_s - length_s + 1, now_s + length_s };
	return w;
}

enum err meter_rows_load(struct db_conn *c, const char *account_id, const struct meter *m,
	int64_t now_s, struct meter_counts *out)
{
	struct meter_span began = began_between(m, now_s);
	ARENA_AUTO *a = arena_new(16384);
	struct meter_counted_row *rows = NULL;
	size_t n = 0;
	if (!a)
		return ERR_NOMEM;
	*out = (struct meter_counts){ 0 };
	enum err e = q_meter_counted(c, account_id, m->name, began.starts_at, began.ends_at,
		METER_COUNTED_MAX, a, &rows, &n);
	for (size_t i = 0; !e && i < n; i++) {
		struct meter_tag t;
		e = str_hex_parse(str_of(rows[i].tag), t.b, sizeof t.b) ? ERR_CORRUPT : ERR_OK;
		if (!e)
			meter_counts_add(out, t);
	}
	out->began_at = n > 0 ? rows[0].began_at : 0;
	return e;
}

enum err meter_row_put(struct db_conn *c, const struct meter_row *r)
{
	char tag[METER_TAG_TEXT_SIZE];
	str_hex(r->tag.b, sizeof r->tag.b, tag);
	return q_meter_count(
		c, r->account_id, r->m->name, r->began_at, tag, r->article_id, r->now_s);
}

/* ---- for people ---- */

enum err meter_usages(struct db_conn *c, const struct paywall_policy *p, const char *account_id,
	int64_t now_s, struct meter_account_usage out[static METERS_MAX])
{
	struct meter_counts tally;
	for (size_t i = 0; i < p->meter_count; i++) {
		const struct meter *m = &p->meters[i];
		enum err e = meter_rows_load(c, account_id, m, now_s, &tally);
		if (e)
			return e;
		out[i].meter = *m;
		out[i].usage = (struct paywall_usage){ .used = (int64_t)tally.n,
			.ends_at = meter_ends_at(m, tally.began_at, now_s) };
	}
	return ERR_OK;
}

enum err meter_history(struct db_conn *c, const char *account_id, struct arena *a,
	struct meter_history **out, size_t *count)
{
	return q_meter_shown(c, account_id, METER_HISTORY_MAX, a, out, count);
}

enum err meter_reset(struct db *db, const char *account_id, struct str meter, int64_t *removed)
{
	return q_meter_reset(db, account_id, meter, removed);
}
