/* The metered readings of accounts, in the database. */
#include "internal.h"

#include <string.h>

enum { TAG_TEXT_SIZE = 2 * METER_TAG_BYTES + 1 };

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

struct counted_row {
	char tag[TAG_TEXT_SIZE];
	int64_t began_at;
};

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
	static const struct db_column columns[] = { DB_COL_CHARS(struct counted_row, tag),
		DB_COL_INT(struct counted_row, began_at) };
	static const struct db_shape shape = DB_SHAPE(struct counted_row, columns);
	struct meter_span began = began_between(m, now_s);
	ARENA_AUTO *a = arena_new(16384);
	struct counted_row *rows = NULL;
	size_t n = 0;

	if (!a)
		return ERR_NOMEM;
	*out = (struct meter_counts){ 0 };
	enum err e = db_list(c,
		&(struct db_call){ .query = QUERY_METER_COUNTED,
			DB_PARAMS(db_z(account_id), db_z(m->name), db_int(began.starts_at),
				db_int(began.ends_at), db_int(METER_COUNTED_MAX)),
			.shape = &shape,
			.arena = a,
			.max_rows = METER_COUNTED_MAX },
		&rows, &n);
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
	char tag[TAG_TEXT_SIZE];

	str_hex(r->tag.b, sizeof r->tag.b, tag);
	return db_run(c,
		&(struct db_call){ .query = QUERY_METER_COUNT,
			DB_PARAMS(db_z(r->account_id), db_z(r->m->name), db_int(r->began_at),
				db_z(tag), db_z(r->article_id), db_int(r->now_s)) },
		NULL);
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
	static const struct db_column columns[] = {
		DB_COL_CHARS(struct meter_history, meter),
		DB_COL_INT(struct meter_history, began_at),
		DB_COL_INT(struct meter_history, read_at),
		DB_COL_STR(struct meter_history, article_id),
		DB_COL_STR(struct meter_history, slug),
		DB_COL_STR(struct meter_history, headline),
	};
	static const struct db_shape shape = DB_SHAPE(struct meter_history, columns);

	return db_list(c,
		&(struct db_call){ .query = QUERY_METER_SHOWN,
			DB_PARAMS(db_z(account_id), db_int(METER_HISTORY_MAX)),
			.shape = &shape,
			.arena = a,
			.max_rows = METER_HISTORY_MAX },
		out, count);
}

struct reset_job {
	const char *account_id;
	struct str meter;
	int64_t removed;
};

static enum err reset_tx(struct db_conn *c, void *arg)
{
	struct reset_job *j = arg;

	return db_run(c,
		&(struct db_call){ .query = QUERY_METER_RESET,
			DB_PARAMS(db_z(j->account_id), db_text(j->meter)) },
		&j->removed);
}

enum err meter_reset(struct db *db, const char *account_id, struct str meter, int64_t *removed)
{
	struct reset_job j = { .account_id = account_id, .meter = meter.p ? meter : STR("") };
	enum err e = db_tx(db, reset_tx, &j);

	if (!e)
		*removed = j.removed;
	return e;
}
