/* The outbox table: messages that are due, claims, outcomes, and the operator's list and retry. */
#include "internal.h"

#include "postern/crypto.h"
#include "postern/queries/mail.h"

/* KEEP_S: seconds that a sent or failed row is kept for `postern mail list`. LISTED_MAX: rows of
 * one list. */
enum { HOUR_S = 3600, KEEP_S = 30 * 24 * HOUR_S, LISTED_MAX = 10000 };

/* ---- in ---- */
enum err mail_outbox_insert(struct db_conn *tx, const struct letter *l, const struct notice *n)
{
	return q_outbox_insert(tx, l->id, mail_kind_name(n->kind), l->to, n->to_key, l->message_id,
		l->subject, l->text, l->html, l->created_at, n->link_hash);
}

/* A link that lives shorter than an hour shortens the hour: as long as mails are left out, the one
 * in the mailbox still works. */
enum err mail_outbox_count(struct db_conn *tx, const struct notice *n, int64_t *count)
{
	const int64_t life_s = (int64_t)n->minutes * 60;
	const int64_t window_s = life_s > 0 && life_s < HOUR_S ? life_s : HOUR_S;
	return q_outbox_count_mailbox(
		tx, n->to_key, n->now_s - window_s, n->now_s, mail_kind_name(n->kind), count);
}

/* ---- claims ---- */
struct claiming {
	const struct claim *claim;
	struct arena *arena;
	struct letter *letter;
};

/* Conditional on attempts and next_at as they were read: of two processes that found the same row,
 * one changes it and the other gets ERR_CONFLICT. */
static enum err claim_take(struct db_conn *c, void *arg)
{
	const struct claiming *k = arg;
	struct letter *l = k->letter;
	int64_t changed = 0;
	enum err e = q_outbox_due(c, k->claim->now_s, k->claim->lapses_s + BACKOFF_MAX_S,
		k->claim->attempts_max, k->arena, l);
	if (e)
		return e;
	e = q_outbox_claim(c, l->id, l->attempts, l->next_at, k->claim->lapses_s, &changed);
	if (e)
		return e;
	return changed == 1 ? ERR_OK : ERR_CONFLICT;
}

/* A read first: while nothing is due, the look once a second takes no lock of writers. */
enum err mail_outbox_claim(
	struct db *db, const struct claim *c, struct arena *a, struct letter *out)
{
	struct letter l = { 0 };
	struct claiming k = { c, a, &l };
	enum err e = q_outbox_waiting(db, c->now_s, c->lapses_s + BACKOFF_MAX_S, c->attempts_max);
	if (e)
		return e;
	e = db_tx_each(db, claim_take, &k);
	if (!e)
		*out = l;
	return e;
}

/* ---- the link ---- */
enum err mail_outbox_link_check(struct db *db, const struct letter *l, int64_t now_s)
{
	if (crypto_hash_is_none(l->link_hash))
		return ERR_OK;
	return q_outbox_link_works(db, l->link_hash, now_s, now_s + CLOCK_SKEW_S);
}

/* ---- outcomes ---- */
struct result {
	const struct letter *letter;
	int64_t at_s;
	const char *words;
	bool keep_text;
};

static enum err result_sent(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	enum err e = q_outbox_set_sent(c, r->letter->id, r->at_s);
	return e || r->keep_text ? e : q_outbox_wipe(c, r->letter->id);
}

static enum err result_failed(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	return q_outbox_set_failed(c, r->letter->id, r->letter->attempts + 1, r->at_s, r->words);
}

enum err mail_outbox_sent(struct db *db, const struct letter *l, int64_t now_s, bool keep_text)
{
	return db_tx_each(db, result_sent,
		&(struct result){ .letter = l, .at_s = now_s, .keep_text = keep_text });
}

enum err mail_outbox_deferred(
	struct db *db, const struct letter *l, int64_t next_at, const char *words)
{
	return q_outbox_set_deferred(db, l->id, l->attempts + 1, next_at, words);
}

enum err mail_outbox_failed(struct db *db, const struct letter *l, int64_t now_s, const char *words)
{
	return db_tx_each(
		db, result_failed, &(struct result){ .letter = l, .at_s = now_s, .words = words });
}

static enum err result_dropped(struct db_conn *c, void *arg)
{
	const struct result *r = arg;
	enum err e = result_failed(c, arg);
	return e || r->keep_text ? e : q_outbox_wipe(c, r->letter->id);
}

enum err mail_outbox_dropped(struct db *db, const struct letter *l, int64_t now_s, bool keep_text)
{
	return db_tx_each(db, result_dropped,
		&(struct result){ .letter = l,
			.at_s = now_s,
			.words = "not sent: its link had expired, was used or was replaced",
			.keep_text = keep_text });
}

/* ---- the operator ---- */
enum err mail_list(
	struct db *db, struct arena *a, size_t max, struct mail_row **rows, size_t *count)
{
	return q_outbox_list(db, max < LISTED_MAX ? max : LISTED_MAX, a, rows, count);
}

struct retry {
	struct str id;
	int64_t now_s;
};

static enum err retry(struct db_conn *c, void *arg)
{
	const struct retry *r = arg;
	int64_t changed = 0;
	enum err e = q_outbox_retry(c, r->id, r->now_s, &changed);
	if (e || changed)
		return e;
	e = q_outbox_exists(c, r->id);
	return e ? e : ERR_CONFLICT;
}

enum err mail_retry(struct db *db, struct str id, int64_t now_s)
{
	return db_tx(db, retry, &(struct retry){ id, now_s });
}

enum err mail_purge(struct db_sweeper *s)
{
	return db_sweep(s,
		&(struct db_sweep){
			.name = "outbox", .purge = q_outbox_purge, .before_s = s->now_s - KEEP_S });
}
