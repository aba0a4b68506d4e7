/* The outbox table: messages that are due, claims, outcomes, and the operator's list and retry. */
#include "internal.h"

#include "postern/crypto.h"

enum { HOUR_S = 3600, KEEP_S = 30 * 24 * HOUR_S, LISTED_MAX = 10000 };

/* ---- in ---- */
enum err mail_outbox_insert(struct db_conn *tx, const struct letter *l, const struct notice *n)
{
	return db_run(tx,
		&(struct db_call){ .query = QUERY_OUTBOX_INSERT,
			DB_PARAMS(db_text(l->id), db_z(mail_kind_name(n->kind)), db_text(l->to),
				db_z(n->to_key), db_text(l->message_id), db_text(l->subject),
				db_text(l->text), db_text(l->html), db_int(l->created_at),
				n->link_hash ? db_blob(n->link_hash, HASH_BYTES)
					     : (struct db_param){ .type = DB_NULL }) },
		NULL);
}

struct number {
	int64_t n;
};
static const struct db_column number_columns[] = { DB_COL_INT(struct number, n) };
static const struct db_shape number_shape = DB_SHAPE(struct number, number_columns);

/* A link that lives shorter than an hour shortens the hour: as long as mails are left out, the one
 * in the mailbox still works. */
enum err mail_outbox_count(struct db_conn *tx, const struct notice *n, int64_t *count)
{
	struct number row = { 0 };
	const int64_t life_s = (int64_t)n->minutes * 60;
	const int64_t window_s = life_s > 0 && life_s < HOUR_S ? life_s : HOUR_S;
	enum err e = db_get(tx,
		&(struct db_call){ .query = QUERY_OUTBOX_COUNT_MAILBOX,
			DB_PARAMS(db_z(n->to_key), db_int(n->now_s - window_s), db_int(n->now_s),
				db_z(mail_kind_name(n->kind))),
			.shape = &number_shape },
		&row);
	if (!e)
		*count = row.n;
	return e;
}

/* ---- claims ---- */
static const struct db_column letter_columns[] = {
	DB_COL_STR(struct letter, id),
	DB_COL_STR(struct letter, to),
	DB_COL_STR(struct letter, message_id),
	DB_COL_STR(struct letter, subject),
	DB_COL_STR(struct letter, text),
	DB_COL_STR(struct letter, html),
	DB_COL_INT(struct letter, created_at),
	DB_COL_INT(struct letter, next_at),
	DB_COL_INT(struct letter, attempts),
	DB_COL_BYTES(struct letter, link_hash),
};
static const struct db_shape letter_shape = DB_SHAPE(struct letter, letter_columns);

struct claiming {
	const struct claim *claim;
	struct arena *arena;
	struct letter *letter;
};

#define CLAIM_PARAMS(k)                                                                            \
	DB_PARAMS(db_int((k)->claim->now_s), db_int((k)->claim->lapses_s + BACKOFF_MAX_S),         \
		db_int((k)->claim->attempts_max))

static enum err claim_wait(struct db_conn *c, void *arg)
{
	const struct claiming *k = arg;
	struct number row;
	return db_get(c,
		&(struct db_call){
			.query = QUERY_OUTBOX_WAITING, CLAIM_PARAMS(k), .shape = &number_shape },
		&row);
}

static enum err claim_take(struct db_conn *c, void *arg)
{
	const struct claiming *k = arg;
	int64_t changed = 0;
	enum err e = db_get(c,
		&(struct db_call){ .query = QUERY_OUTBOX_DUE,
			CLAIM_PARAMS(k),
			.shape = &letter_shape,
			.arena = k->arena },
		k->letter);
	if (!e)
		e = db_run(c,
			&(struct db_call){ .query = QUERY_OUTBOX_CLAIM,
				DB_PARAMS(db_text(k->letter->id), db_int(k->letter->attempts),
					db_int(k->letter->next_at), db_int(k->claim->lapses_s)) },
			&changed);
	if (e)
		return e;
	return changed == 1 ? ERR_OK : ERR_CONFLICT;
}

enum err mail_outbox_claim(
	struct db *db, const struct claim *c, struct arena *a, struct letter *out)
{
	struct letter l = { 0 };
	struct claiming k = { c, a, &l };
	enum err e = db_read(db, claim_wait, &k);
	if (!e)
		e = db_tx_each(db, claim_take, &k);
	if (!e)
		*out = l;
	return e;
}

/* ---- the link ---- */
struct link_job {
	const struct letter *letter;
	int64_t now_s;
};

static enum err link_read(struct db_conn *c, void *arg)
{
	const struct link_job *j = arg;
	struct number row;
	return db_get(c,
		&(struct db_call){ .query = QUERY_OUTBOX_LINK_WORKS,
			DB_PARAMS(db_blob(j->letter->link_hash, HASH_BYTES), db_int(j->now_s),
				db_int(j->now_s + CLOCK_SKEW_S)),
			.shape = &number_shape },
		&row);
}

enum err mail_outbox_link_check(struct db *db, const struct letter *l, int64_t now_s)
{
	if (crypto_hash_is_none(l->link_hash))
		return ERR_OK;
	return db_read(db, link_read, &(struct link_job){ l, now_s });
}

/* ---- outcomes ---- */
struct result {
	const struct letter *letter;
	enum query query; /* deferred or failed */
	int64_t at_s;
	const char *words;
	bool keep_text;
};

static enum err result_sent(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	enum err e = db_run(c,
		&(struct db_call){ .query = QUERY_OUTBOX_SET_SENT,
			DB_PARAMS(db_text(r->letter->id), db_int(r->at_s)) },
		NULL);
	if (e || r->keep_text)
		return e;
	return db_run(c,
		&(struct db_call){ .query = QUERY_OUTBOX_WIPE, DB_PARAMS(db_text(r->letter->id)) },
		NULL);
}

static enum err result_not_sent(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	return db_run(c,
		&(struct db_call){ .query = r->query,
			DB_PARAMS(db_text(r->letter->id), db_int(r->letter->attempts + 1),
				db_int(r->at_s), db_z(r->words)) },
		NULL);
}

enum err mail_outbox_sent(struct db *db, const struct letter *l, int64_t now_s, bool keep_text)
{
	return db_tx_each(db, result_sent,
		&(struct result){ .letter = l, .at_s = now_s, .keep_text = keep_text });
}

enum err mail_outbox_deferred(
	struct db *db, const struct letter *l, int64_t next_at, const char *words)
{
	return db_tx_each(db, result_not_sent,
		&(struct result){ .letter = l,
			.query = QUERY_OUTBOX_SET_DEFERRED,
			.at_s = next_at,
			.words = words });
}

enum err mail_outbox_failed(struct db *db, const struct letter *l, int64_t now_s, const char *words)
{
	return db_tx_each(db, result_not_sent,
		&(struct result){ .letter = l,
			.query = QUERY_OUTBOX_SET_FAILED,
			.at_s = now_s,
			.words = words });
}

static enum err result_dropped(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	enum err e = result_not_sent(c, arg);
	if (e || r->keep_text)
		return e;
	return db_run(c,
		&(struct db_call){ .query = QUERY_OUTBOX_WIPE, DB_PARAMS(db_text(r->letter->id)) },
		NULL);
}

enum err mail_outbox_dropped(struct db *db, const struct letter *l, int64_t now_s, bool keep_text)
{
	return db_tx_each(db, result_dropped,
		&(struct result){ .letter = l,
			.query = QUERY_OUTBOX_SET_FAILED,
			.at_s = now_s,
			.words = "not sent: its link had expired, was used or was replaced",
			.keep_text = keep_text });
}

/* ---- the operator ---- */
static const struct db_column row_columns[] = {
	DB_COL_CHARS(struct mail_row, id),
	DB_COL_CHARS(struct mail_row, kind),
	DB_COL_CHARS(struct mail_row, to),
	DB_COL_STR(struct mail_row, subject),
	DB_COL_STR(struct mail_row, text),
	DB_COL_INT(struct mail_row, created_at),
	DB_COL_INT(struct mail_row, sent_at),
	DB_COL_INT(struct mail_row, failed_at),
	DB_COL_INT(struct mail_row, next_at),
	DB_COL_INT(struct mail_row, attempts),
	DB_COL_STR(struct mail_row, error),
};
static const struct db_shape row_shape = DB_SHAPE(struct mail_row, row_columns);

struct listing {
	struct arena *arena;
	size_t max, count;
	struct mail_row *rows;
};

static enum err list(struct db_conn *c, void *arg)
{
	struct listing *l = arg;
	return db_list(c,
		&(struct db_call){ .query = QUERY_OUTBOX_LIST,
			DB_PARAMS(db_int((int64_t)l->max)),
			.shape = &row_shape,
			.arena = l->arena,
			.max_rows = l->max },
		&l->rows, &l->count);
}

enum err mail_list(
	struct db *db, struct arena *a, size_t max, struct mail_row **rows, size_t *count)
{
	struct listing l = { .arena = a, .max = max < LISTED_MAX ? max : LISTED_MAX };
	enum err e = db_read(db, list, &l);
	if (e)
		return e;
	*rows = l.rows;
	*count = l.count;
	return ERR_OK;
}

struct retry {
	struct str id;
	int64_t now_s;
};

static enum err retry(struct db_conn *c, void *arg)
{
	const struct retry *r = arg;
	int64_t changed = 0;
	enum err e = db_run(c,
		&(struct db_call){
			.query = QUERY_OUTBOX_RETRY, DB_PARAMS(db_text(r->id), db_int(r->now_s)) },
		&changed);
	if (e || changed)
		return e;
	struct number row;
	e = db_get(c,
		&(struct db_call){ .query = QUERY_OUTBOX_EXISTS,
			DB_PARAMS(db_text(r->id)),
			.shape = &number_shape },
		&row);
	return e ? e : ERR_CONFLICT;
}

enum err mail_retry(struct db *db, struct str id, int64_t now_s)
{
	return db_tx(db, retry, &(struct retry){ id, now_s });
}

enum err mail_purge(struct db_sweeper *s)
{
	return db_sweep(s, &(struct db_sweep){ .name = "outbox",
				   .query = QUERY_OUTBOX_PURGE,
				   .before_s = s->now_s - KEEP_S });
}
