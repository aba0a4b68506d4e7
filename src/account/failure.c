/* Counts failed password attempts, one row for each kind of attempt and the account, address or
 * session that it concerns. The first few are free; after that each failure doubles the wait
 * before the next attempt is judged (429), so that guessing gets slow while a forgetful owner is
 * never locked out for good. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

struct failure_key account_failure_key_of(const char *kind, struct str what)
{
	struct failure_key k;
	const struct str pieces[] = { str_of(kind), STR(":"), what };
	crypto_digest_join(pieces, COUNT(pieces), k.hash);
	return k;
}

/* Seconds until the next try after `failures` wrong ones. */
static int64_t delay_s(const struct account_settings *set, int64_t failures)
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
	struct failure_get_row row = { 0 };
	enum err e = q_failure_get(c, k->hash, &row);
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (e || row.last_at + set->failure_forget_s <= now_s)
		row = (struct failure_get_row){ 0 };
	/* A clock that was set back must not keep anybody out for longer than the longest delay. */
	if (row.next_at > now_s && row.next_at <= now_s + set->failure_delay_max_s) {
		*retry_after_s = row.next_at - now_s;
		return ERR_LIMITED;
	}
	row.failures++;
	return q_failure_put(c, k->hash, row.failures, now_s, now_s + delay_s(set, row.failures));
}
