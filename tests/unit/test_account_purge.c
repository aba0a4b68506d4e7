/* Goal: the housekeeping takes what has lapsed in batches with pauses between them, stops when it
 * is told, goes on behind a step that fails, and never takes an account that holds a right. */
#include "account_help.h"

#include <sqlite3.h>

enum { MANY = 3000, LATER_S = 3 * 86400 };

static void sql(struct bench *b, const char *text)
{
	sqlite3 *db = NULL;
	char path[128], *why = NULL;

	snprintf(path, sizeof path, "%s/t.db", b->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	sqlite3_close(db);
}

static int64_t number(struct bench *b, const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char path[128];

	snprintf(path, sizeof path, "%s/t.db", b->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

struct pauses {
	int count, stop_at;
};

static bool count_pause(void *ctx, unsigned ms)
{
	struct pauses *p = ctx;

	assert_true(ms > 0);
	return ++p->count != p->stop_at;
}

static struct db_sweeper sweeper(struct bench *b, struct pauses *p)
{
	return (struct db_sweeper){
		.db = b->db, .now_s = b->now_s, .pause = p ? count_pause : NULL, .ctx = p
	};
}

static void many_failures(struct bench *b)
{
	char text[256];

	snprintf(text, sizeof text,
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
		"INSERT INTO failure SELECT randomblob(32), 1, 0, 0 FROM n",
		MANY);
	sql(b, text);
}

static void test_batches_and_pauses(void **state)
{
	struct bench *b = bench_open();
	struct pauses p = { 0 };
	struct db_sweeper s;

	(void)state;
	many_failures(b);
	s = sweeper(b, &p);
	assert_int_equal(account_purge(&b->s, &s), ERR_OK);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM failure"), 0);
	assert_true(p.count > MANY / 1024 + 5); /* between batches, and behind each step */
	assert_int_equal(s.failed, 0);
	bench_close(b);
}

static void test_stops_when_told(void **state)
{
	struct bench *b = bench_open();
	/* the third pause is behind "mail_tokens", the fourth behind the first batch */
	struct pauses p = { .stop_at = 4 };
	struct db_sweeper s;

	(void)state;
	many_failures(b);
	s = sweeper(b, &p);
	assert_int_equal(account_purge(&b->s, &s), ERR_OK);
	assert_true(s.stopped);
	int64_t left = number(b, "SELECT COUNT(*) FROM failure");
	assert_true(left > 0 && left < MANY);
	bench_close(b);
}

static void test_a_failing_step_stops_no_other(void **state)
{
	struct bench *b = bench_open();
	struct account acc;

	(void)state;
	assert_int_equal(bench_register(b, "new@example.org", GOOD_PASSWORD), ERR_OK);
	many_failures(b);
	b->now_s += LATER_S;
	sql(b, "ALTER TABLE failure RENAME TO elsewhere");
	struct db_sweeper s = sweeper(b, NULL);
	assert_int_not_equal(account_purge(&b->s, &s), ERR_OK);
	assert_int_equal(s.failed, 1);
	assert_int_equal(account_find(&b->s, STR("new@example.org"), &acc), ERR_NOT_FOUND);
	bench_close(b);
}

static void registered(struct bench *b, const char *email, struct account *out)
{
	assert_int_equal(bench_register(b, email, GOOD_PASSWORD), ERR_OK);
	assert_int_equal(account_find(&b->s, str_of(email), out), ERR_OK);
}

/* A comp that has not begun, one that was revoked, a seat and a gift: none goes without a word. */
static void test_rights_do_not_vanish(void **state)
{
	struct bench *b = bench_open();
	struct account acc[5];
	char text[1024];

	(void)state;
	registered(b, "plain@example.org", &acc[0]);
	registered(b, "paid@example.org", &acc[1]);
	registered(b, "revoked@example.org", &acc[2]);
	registered(b, "member@example.org", &acc[3]);
	registered(b, "giver@example.org", &acc[4]);
	snprintf(text, sizeof text,
		"INSERT INTO entitlement (id, account_id, plan, source, starts_at, created_at, "
		"revoked_at, seats) VALUES ('e1', '%s', 'team', 'shop', 1, 1, NULL, 3), "
		"('e2', '%s', 'team', 'shop', 1, 1, 2, 0);"
		"INSERT INTO seat (id, entitlement_id, email, email_key, account_id, invited_at, "
		"expires_at, accepted_at) VALUES ('s1', 'e1', 'm', 'm', '%s', 1, 2, 2)",
		acc[1].id, acc[2].id, acc[3].id);
	sql(b, text);
	snprintf(text, sizeof text,
		"INSERT INTO article (id, slug, source, headline, dek, byline, dateline, credit, "
		"section, section_name, tags, access, status, usage_terms, language, published_at, "
		"updated_at, words, imported_at) VALUES ('a', 'a', 'a', '', '', '', '', '', '', "
		"'', "
		"'', 'public', 'usable', '', 'en', 1, 1, 1, 1);"
		"INSERT INTO gift (id, article_id, account_id, made_by, created_at, expires_at, "
		"redemptions, redemptions_max) VALUES ('g', 'a', '%s', '', 1, 2, 0, 1)",
		acc[4].id);
	sql(b, text);
	b->now_s += LATER_S;
	struct db_sweeper s = sweeper(b, NULL);
	assert_int_equal(account_purge(&b->s, &s), ERR_OK);
	assert_int_equal(account_find(&b->s, STR("plain@example.org"), &acc[0]), ERR_NOT_FOUND);
	for (int i = 1; i < 5; i++)
		assert_int_equal(account_find(&b->s, str_of(acc[i].email), &acc[i]), ERR_OK);
	/* what other processes may have in memory of the one that went is told */
	snprintf(text, sizeof text,
		"SELECT COUNT(*) FROM change WHERE kind = 'account' AND key = '%s'", acc[0].id);
	assert_int_equal(number(b, text), 1);
	snprintf(text, sizeof text, "SELECT COUNT(*) FROM change WHERE key = '%s'", acc[1].id);
	assert_int_equal(number(b, text), 0);
	bench_close(b);
}

/* More that stay than fit into a batch do not hide what comes behind them. */
static void test_passes_those_that_stay(void **state)
{
	struct bench *b = bench_open();
	struct account acc;

	(void)state;
	sql(b, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
	       "INSERT INTO account (id, email, email_key, name, created_at, updated_at) SELECT "
	       "'x' || i, 'x' || i, 'x' || i, '', 1, 1 + i / 300 FROM n;"
	       "INSERT INTO entitlement (id, account_id, plan, source, starts_at, created_at) "
	       "SELECT id, id, 'digital', 'comp', 1, 1 FROM account WHERE id <> 'x450'");
	registered(b, "last@example.org", &acc);
	b->now_s += LATER_S;
	struct db_sweeper s = sweeper(b, NULL);
	assert_int_equal(account_purge(&b->s, &s), ERR_OK);
	assert_int_equal(account_find(&b->s, STR("last@example.org"), &acc), ERR_NOT_FOUND);
	assert_int_equal(number(b, "SELECT COUNT(*) FROM account"), 899);
	bench_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches_and_pauses),
		cmocka_unit_test(test_stops_when_told),
		cmocka_unit_test(test_a_failing_step_stops_no_other),
		cmocka_unit_test(test_rights_do_not_vanish),
		cmocka_unit_test(test_passes_those_that_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
