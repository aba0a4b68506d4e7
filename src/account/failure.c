/* Counts failed password attempts, one row for each kind of attempt and the account, address or
 * session that it concerns. The first few are free; after that each failure doubles the wait
 * before the next attempt is judged (429), so that guessing gets slow while a forgetful owner is
 * never locked out for good. */
#include "internal.h"

#include <string.h>

struct failure_row {
	int64_t failures, last_at, next_at;
};
static const struct db_column failure_columns[] = {
	DB_COL_INT(struct failure_row, failures),
	DB_COL_INT(struct failure_row, last_at),
	DB_COL_INT(struct failure_row, next_at),
};
static const struct db_shape failure_shape = DB_SHAPE(struct failure_row, failure_columns);

struct failure_key account_failure_key_of(const char *kind, struct str what)
{
	struct failure_key k;
	const struct str pieces[] = { str_of(kind), STR(":"), what };

	crypto_digest_join(pieces, COUNT(pieces), k.hash);
	return k;
}

int64_t account_failure_delay_s(const struct account_settings *set, int64_t failures)
{
	int64_t over = failures - (int64_t)set->failures_free;

	if (over < 0)
		return 0;
	if (over > 30)
		return set->failure_delay_max_s;
	int64_t delay = (int64_t)1 << over;
	return delay < set->failure_delay_max_s ? delay : set->failure_delay_max_s;
}

enum err account_failure_take(struct db_conn *c, const struct account_settings *set,
	const struct failure_key *k, int64_t now_s, int64_t *retry_after_s)
{
	struct failure_row row = { 0 };
	struct db_call get = { .query = QUERY_FAILURE_GET,
		DB_PARAMS(db_blob(k->hash, HASH_BYTES)),
		.shape = &failure_shape };
	enum err e = db_get(c, &get, &row);

	if (e == ERR_NOT_FOUND || (!e && row.last_at + set->failure_forget_s <= now_s))
		row = (struct failure_row){ 0 };
	else if (e)
		return e;
	/* A clock that was set back must not keep anybody out for longer than the longest delay. */
	if (row.next_at > now_s && row.next_at <= now_s + set->failure_delay_max_s) {
		*retry_after_s = row.next_at - now_s;
		return ERR_LIMITED;
	}
	row.failures++;
	struct db_call put = { .query = QUERY_FAILURE_PUT,
		DB_PARAMS(db_blob(k->hash, HASH_BYTES), db_int(row.failures), db_int(now_s),
			db_int(now_s + account_failure_delay_s(set, row.failures))) };
	return db_run(c, &put, NULL);
}

enum err account_failure_clear(struct db_conn *c, const struct failure_key *k)
{
	struct db_call call = { .query = QUERY_FAILURE_CLEAR,
		DB_PARAMS(db_blob(k->hash, HASH_BYTES)) };
	return db_run(c, &call, NULL);
}
