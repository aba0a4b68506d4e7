/* What only PostgreSQL has: many who write at once, a pool whose connections come and go,
 * isolation, and its own errors and addresses. */
#include "../../src/db/postgres.h"
#include "db_help.h"

enum { THREADS = 8, EACH = 25 };

/* ---- threads ---- */
struct work {
	struct db *db;
	db_fn *fn;
	bool each; /* db_tx_each */
	int runs;
	enum err err; /* the first that was not expected */
};
static void *work_main(void *arg)
{
	struct work *w = arg;
	for (int i = 0; i < EACH && w->err == ERR_OK; i++) {
		enum err e = w->each ? db_tx_each(w->db, w->fn, w) : db_tx(w->db, w->fn, w);
		/* Five tries may all meet somebody: that is said, and nothing was done. */
		for (int more = 0; e == ERR_BUSY && more < 50; more++)
			e = db_tx(w->db, w->fn, w);
		w->err = e;
	}
	return NULL;
}

static void work_all(struct db *db, db_fn *fn, bool each)
{
	pthread_t threads[THREADS];
	struct work works[THREADS];
	for (int i = 0; i < THREADS; i++) {
		works[i] = (struct work){ .db = db, .fn = fn, .each = each };
		assert_int_equal(pthread_create(&threads[i], NULL, work_main, &works[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(works[i].err, ERR_OK);
	}
}

/* ---- as if one after the other ---- */
static enum err count_and_put(struct db_conn *c, void *arg)
{
	struct count to = { Q_KIND_COUNT, 0 };
	char id[24];
	(void)arg;
	enum err e = count_fn(c, &to);
	if (e != ERR_OK)
		return e;
	snprintf(id, sizeof id, "n%lld", (long long)to.n);
	struct put p = { Q_KIND_PUT,
		{ db_z(id), db_int(to.n), db_z_or_null(NULL), db_z_or_null(NULL) }, 4, 0 };
	return put_fn(c, &p);
}

/* Goal: who numbers rows by counting them, at the same time as others, gives each number once. */
static void test_serial(void **state)
{
	struct fixture *f = *state;
	struct db_stats before = db_stats_get(f->db);
	work_all(f->db, count_and_put, false);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), THREADS * EACH);
	struct db_stats s = db_stats_get(f->db);
	assert_int_equal(s.transactions - before.transactions, THREADS * EACH);
	assert_true(s.again > before.again); /* else this machine ran them one after the other */
	assert_true(f->db->pool.count <= f->db->pool.size);
}

/* Each transaction reads what the other writes: neither alone is wrong. */
static enum err put_when_alone(struct db_conn *c, void *arg)
{
	struct count to = { Q_KIND_COUNT, 0 };
	enum err e = count_fn(c, &to);
	if (e != ERR_OK || to.n > 0)
		return e == ERR_OK ? ERR_SPENT : e;
	usleep(20 * 1000);
	struct put p = { Q_KIND_PUT,
		{ db_z(arg), db_int(1), db_z_or_null(NULL), db_z_or_null(NULL) }, 4, 0 };
	return put_fn(c, &p);
}
struct alone {
	struct db *db;
	char id[24];
	enum err err;
};
static void *alone_main(void *arg)
{
	struct alone *a = arg;
	a->err = db_tx(a->db, put_when_alone, a->id);
	return NULL;
}

/* Goal: write skew, which snapshots alone would allow, does not happen. */
static void test_no_skew(void **state)
{
	struct fixture *f = *state;
	for (int round = 0; round < 10; round++) {
		struct put wipe = { Q_KIND_WIPE, { { 0 } }, 0, 0 };
		struct alone two[2] = { { f->db, "a", ERR_OK }, { f->db, "b", ERR_OK } };
		pthread_t threads[2];
		assert_int_equal(db_tx(f->db, put_fn, &wipe), ERR_OK);
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, alone_main, &two[i]), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
		assert_true((two[0].err == ERR_OK) != (two[1].err == ERR_OK));
		assert_true(two[0].err == ERR_SPENT || two[1].err == ERR_SPENT);
	}
}

/* Goal: a conflict that a serial order would not have had is not shown; the row's is, after one
 * more look. */
static enum err conflict_fn(struct db_conn *c, void *arg)
{
	++*(int *)arg;
	struct put p = { Q_TOKEN_PUT, { db_z("t") }, 1, 0 };
	return put_fn(c, &p);
}
static void test_conflict_twice(void **state)
{
	struct fixture *f = *state;
	int runs = 0;
	assert_int_equal(db_tx(f->db, conflict_fn, &runs), ERR_OK);
	assert_int_equal(runs, 1);
	assert_int_equal(db_tx(f->db, conflict_fn, &runs), ERR_CONFLICT);
	assert_int_equal(runs, 3);
}

static enum err spend_fn(struct db_conn *c, void *arg)
{
	struct put p = { Q_TOKEN_SPEND, { db_z("once"), db_int(1) }, 2, 0 };
	struct work *w = arg;
	enum err e = put_fn(c, &p);
	if (e == ERR_OK && p.changed == 1)
		w->runs++;
	return e;
}

/* Goal: statements that stand for themselves: a token is spent once by many, and nobody is refused.
 */
static void test_each(void **state)
{
	struct fixture *f = *state;
	struct put put = { Q_TOKEN_PUT, { db_z("once") }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &put), ERR_OK);
	pthread_t threads[THREADS];
	struct work works[THREADS];
	uint64_t again = db_stats_get(f->db).again;
	int spent = 0;
	for (int i = 0; i < THREADS; i++) {
		works[i] = (struct work){ .db = f->db, .fn = spend_fn, .each = true };
		assert_int_equal(pthread_create(&threads[i], NULL, work_main, &works[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(works[i].err, ERR_OK);
		spent += works[i].runs;
	}
	assert_int_equal(spent, 1);
	assert_int_equal(db_stats_get(f->db).again, again);
}

static enum err write_in_read(struct db_conn *c, void *arg)
{
	(void)arg;
	struct put p = { Q_TOKEN_PUT, { db_z("t") }, 1, 0 };
	return put_fn(c, &p);
}

/* Goal: a snapshot refuses to write, and stays what it was while others write. */
static enum err two_looks(struct db_conn *c, void *arg)
{
	const struct fixture *f = arg;
	struct count before = { Q_KIND_COUNT, 0 }, after = { Q_KIND_COUNT, 0 };
	enum err e = count_fn(c, &before);
	pthread_t thread;
	struct alone a = { f->db, "late", ERR_OK };
	if (e != ERR_OK || pthread_create(&thread, NULL, alone_main, &a) != 0)
		return ERR_INTERNAL;
	pthread_join(thread, NULL);
	e = count_fn(c, &after);
	return e == ERR_OK && a.err == ERR_OK && before.n == after.n ? ERR_OK : ERR_CORRUPT;
}
static void test_snapshot(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(db_read(f->db, write_in_read, NULL), ERR_INTERNAL);
	assert_int_equal(db_read(f->db, two_looks, f), ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 1);
}

/* ---- connections ---- */
static void connections_cut(const struct fixture *f)
{
	char sql[200];
	snprintf(sql, sizeof sql,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
		base_name(f));
	admin_run(sql);
}

/* Goal: connections that died while idle are replaced without anybody noticing. */
static void test_cut_while_idle(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++) {
		char id[24];
		snprintf(id, sizeof id, "c%d", i);
		connections_cut(f);
		assert_int_equal(kind_put(f->db, id, i), ERR_OK);
		connections_cut(f);
		assert_int_equal(count_of(f->db, Q_KIND_COUNT), i + 1);
	}
}

struct cut {
	const struct fixture *f;
	int runs, cuts;
};
static enum err cut_inside(struct db_conn *c, void *arg)
{
	struct cut *cut = arg;
	char id[24];
	snprintf(id, sizeof id, "r%d", ++cut->runs);
	struct put p = { Q_TOKEN_PUT, { db_z(id) }, 1, 0 };
	enum err e = put_fn(c, &p);
	if (e == ERR_OK && cut->cuts-- > 0)
		connections_cut(cut->f);
	struct put q = { Q_TOKEN_PUT, { db_z("last") }, 1, 0 };
	return e == ERR_OK ? put_fn(c, &q) : e;
}

static int64_t token_count(struct db *db)
{
	struct put wipe = { Q_TOKEN_WIPE, { { 0 } }, 0, -1 };
	assert_int_equal(db_tx(db, put_fn, &wipe), ERR_OK);
	return wipe.changed;
}

/* Goal: a transaction whose connection dies on the way runs again, and leaves nothing of the first
 * run. */
static void test_cut_inside(void **state)
{
	struct fixture *f = *state;
	struct cut cut = { f, 0, 1 };
	assert_int_equal(db_tx(f->db, cut_inside, &cut), ERR_OK);
	assert_int_equal(cut.runs, 2);
	assert_int_equal(token_count(f->db), 2);
}

struct holder {
	struct db *db;
	int pipe[2];
};
static enum err hold(struct db_conn *c, void *arg)
{
	struct holder *h = arg;
	char byte;
	struct count to = { Q_KIND_COUNT, 0 };
	enum err e = count_fn(c, &to);
	return e == ERR_OK && read(h->pipe[0], &byte, 1) == 1 ? ERR_OK : ERR_INTERNAL;
}
static void *hold_main(void *arg)
{
	struct holder *h = arg;
	return db_read(h->db, hold, h) == ERR_OK ? NULL : h;
}

/* Goal: the pool is bounded; who finds all in use waits for a while and is told. */
static void test_pool_bounded(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[3]; /* as many as the fixture's pool has */
	struct holder h = { .db = f->db };
	assert_int_equal(pipe(h.pipe), 0);
	f->db->busy_timeout_ms = 300;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_main, &h), 0);
	usleep(400 * 1000);
	int64_t start_us = clock_monotonic_us();
	assert_int_equal(kind_put(f->db, "a", 1), ERR_BUSY);
	assert_in_range((clock_monotonic_us() - start_us) / 1000, 250, 30000);
	assert_int_equal(f->db->pool.count, 3);
	assert_int_equal(write(h.pipe[1], "xxx", 3), 3);
	for (int i = 0; i < 3; i++) {
		void *failed = NULL;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	close(h.pipe[0]);
	close(h.pipe[1]);
}

/* Goal: the rows by which a lost commit is found are one a connection, and old ones go. */
static const struct db_query_text mark_texts[] = {
	{ "marks", NULL, "SELECT COUNT(*) FROM tx_mark", 0, 1 },
	{ "age", NULL, "UPDATE tx_mark SET at = at - 100000", 0, 0 },
};
static void test_marks(void **state)
{
	struct fixture *f = *state;
	const struct db_schema schema = { mark_texts, COUNT(mark_texts), test_migrations, NULL, 0 };
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct db *raw = NULL;
	char why[DB_WHY_SIZE];
	for (int i = 0; i < 20; i++) {
		char id[24];
		snprintf(id, sizeof id, "m%d", i);
		assert_int_equal(kind_put(f->db, id, i), ERR_OK);
	}
	assert_int_equal(db_open_schema(&s, &schema, &raw, why), ERR_OK);
	assert_int_equal(count_of(raw, 0), 1);
	struct put age = { 1, { { 0 } }, 0, 0 };
	assert_int_equal(db_tx(raw, put_fn, &age), ERR_OK);
	assert_int_equal(age.changed, 2); /* its own among them */
	assert_int_equal(db_marks_purge(raw), ERR_OK);
	assert_int_equal(count_of(raw, 0), 0);
	assert_int_equal(kind_put(f->db, "after", 1), ERR_OK);
	assert_int_equal(count_of(raw, 0), 1);
	db_close(raw);
}

/* ---- errors and addresses ---- */
static void test_states(void **state)
{
	static const struct {
		const char *state;
		enum err err;
	} cases[] = {
		{ "23505", ERR_CONFLICT },
		{ "23503", ERR_CONFLICT },
		{ "23502", ERR_INTERNAL },
		{ "23514", ERR_INTERNAL },
		{ "40001", ERR_BUSY },
		{ "40P01", ERR_BUSY },
		{ "55P03", ERR_BUSY },
		{ "57014", ERR_BUSY },
		{ "40003", ERR_UNAVAILABLE },
		{ "08006", ERR_UNAVAILABLE },
		{ "28P01", ERR_UNAVAILABLE },
		{ "3D000", ERR_UNAVAILABLE },
		{ "53100", ERR_UNAVAILABLE },
		{ "53300", ERR_UNAVAILABLE },
		{ "57P01", ERR_UNAVAILABLE },
		{ "58030", ERR_UNAVAILABLE },
		{ "42501", ERR_UNAVAILABLE },
		{ "22021", ERR_INVALID },
		{ "54000", ERR_TOO_LARGE },
		{ "XX001", ERR_CORRUPT },
		{ "XX000", ERR_INTERNAL },
		{ "42P01", ERR_INTERNAL },
		{ "", ERR_INTERNAL },
		{ NULL, ERR_INTERNAL },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(db_pg_err_of_state(cases[i].state), cases[i].err);
}

static void test_urls(void **state)
{
	static const struct {
		const char *url;
		enum err err;
		const char *shown;
	} cases[] = {
		{ "postgres://ann@db1/paper", ERR_OK, "postgres://ann@db1/paper" },
		{ "postgresql://ann:pa55@db1:5433/paper", ERR_OK, "postgres://ann@db1:5433/paper" },
		{ "postgres://ann:pa55@db1,db2:6000/paper?target_session_attrs=primary", ERR_OK,
			"postgres://ann@db1,db2:,6000/paper" },
		{ "postgres:///paper?host=/run/postgresql&password=pa55", ERR_OK,
			"postgres:///run/postgresql/paper" },
		{ "postgres://db1/paper?hostaddr=192.0.2.1&user=ann", ERR_OK,
			"postgres://ann@db1/paper" },
		{ "postgres://[::1]/paper?sslmode=verify-full&passfile=/etc/x", ERR_OK,
			"postgres://::1/paper" },
		{ "postgres://ann:pa55@db1", ERR_INVALID, "postgres://ann@db1/" },
		{ "postgres://ann:pa55@db1/paper?x=y", ERR_INVALID, "postgres:///…" },
		{ "postgres://ann:pa55%@db1/paper", ERR_INVALID, "postgres:///…" },
		{ "postgres://db1/paper?target_session_attrs=read-only", ERR_INVALID,
			"postgres://db1/paper" },
		{ "postgres://db1/paper?target_session_attrs=prefer-standby", ERR_INVALID,
			"postgres://db1/paper" },
		{ "mysql://ann:pa55@db1/paper", ERR_INVALID, "(neither sqlite: nor postgres://)" },
		{ "", ERR_INVALID, "(neither sqlite: nor postgres://)" },
		{ "sqlite:", ERR_INVALID, "sqlite:" },
		{ "sqlite:var/x.db", ERR_OK, "sqlite:var/x.db" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char why[DB_WHY_SIZE] = "", shown[DB_SHOWN_SIZE];
		assert_int_equal(db_url_check(cases[i].url, why), cases[i].err);
		db_url_show(cases[i].url, shown);
		assert_string_equal(shown, cases[i].shown);
		assert_null(strstr(why, "pa55"));
		assert_int_equal(*why != '\0', cases[i].err != ERR_OK);
	}
}

/* ---- a session's limits and statements ---- */
static void asked_is(struct driver_conn *c, const char *sql, const char *want)
{
	PGresult *r = NULL;
	assert_int_equal(db_pg_script(c, sql, &r), ERR_OK);
	assert_string_equal(PQgetvalue(r, 0, 0), want);
	PQclear(r);
}

/* Goal: limits are ours where the URL sets none, and one that the URL sets is the URL's. */
static void test_limits(void **state)
{
	static const struct {
		const char *options, *statement, *lock;
		int64_t answer_us;
	} cases[] = {
		{ "", "10s", "2s", 11 * 1000000LL },
		{ "&options=-c%20statement_timeout%3D1234", "1234ms", "2s", 2234 * 1000LL },
		{ "&options=-c%20lock_timeout%3D77%20-c%20statement_timeout%3D0", "0", "77ms", 0 },
	};
	const struct fixture *f = *state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char url[320], why[DB_WHY_SIZE];
		struct driver_conn *c = NULL;
		snprintf(url, sizeof url, "%s%s", f->url, cases[i].options);
		const struct driver_target t = {
			.location = url, .writer = true, .busy_timeout_ms = 2000
		};
		assert_int_equal(db_pg_open(&t, &c, why), ERR_OK);
		asked_is(c, "SHOW statement_timeout", cases[i].statement);
		asked_is(c, "SHOW lock_timeout", cases[i].lock);
		asked_is(c, "SHOW idle_in_transaction_session_timeout", "1min");
		assert_int_equal(c->answer_us, cases[i].answer_us);
		assert_int_equal(db_pg_session_check(c, &t, why), ERR_OK);
		db_pg_close(c);
	}
}

static enum err names_fn(struct db_conn *c, void *arg)
{
	struct count to = { Q_KIND_COUNT, 0 };
	enum err e = count_fn(c, &to);
	(void)arg;
	to.query = Q_CHILD_COUNT;
	return e == ERR_OK ? count_fn(c, &to) : e;
}

/* Goal: a statement's name on the server says what it is, in every session the same. */
static void test_statement_names(void **state)
{
	struct fixture *f = *state;
	struct db_conn *c = NULL;
	assert_int_equal(db_read(f->db, names_fn, NULL), ERR_OK);
	assert_int_equal(db_pool_acquire(f->db, &c), ERR_OK);
	asked_is(c->handle,
		"SELECT string_agg(rtrim(name, '0123456789abcdef'), ' ' ORDER BY name) "
		"FROM pg_prepared_statements WHERE name LIKE '%\\_count\\_%'",
		"child_count_ kind_count_");
	asked_is(c->handle,
		"SELECT count(DISTINCT name) = count(DISTINCT statement) "
		"FROM pg_prepared_statements",
		"t");
	db_pool_release(f->db, c);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest anywhere[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_urls),
	};
	const struct CMUnitTest tests[] = {
		ON_DB(test_serial),
		ON_DB(test_no_skew),
		ON_DB(test_conflict_twice),
		ON_DB(test_each),
		ON_DB(test_snapshot),
		ON_DB(test_cut_while_idle),
		ON_DB(test_cut_inside),
		ON_DB(test_pool_bounded),
		ON_DB(test_marks),
		ON_DB(test_limits),
		ON_DB(test_statement_names),
	};
	return run_group(anywhere, COUNT(anywhere), tests, on_postgres() ? COUNT(tests) : 0);
}
