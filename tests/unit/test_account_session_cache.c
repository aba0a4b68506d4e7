/* Sessions kept in memory are believed under the same conditions as in the database, and not after
 * they ended, whoever ended them. */
#include "account_help.h"

#include "../../src/account/internal.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PATIENCE_MS = 1000 };

static void drop_both(void *ctx, enum db_change kind, struct str key)
{
	cache_drop(ctx, db_change_tag(kind, key));
}
static void flush_it(void *ctx)
{
	cache_flush(ctx);
}
static void prove_it(void *ctx, int64_t at_us)
{
	cache_validate(ctx, at_us);
}

static struct bench *kept_open(int64_t fresh_us)
{
	struct bench *b = bench_open();
	b->s.sessions = cache_new(&(struct cache_settings){ 1 << 20, 4, fresh_us });
	assert_non_null(b->s.sessions);
	return b;
}

static void feed(struct bench *b)
{
	const struct db_subscriber s = { b->s.sessions, drop_both, flush_it, prove_it };
	assert_int_equal(db_change_log_start(b->db, &s), ERR_OK);
	for (int ms = 0; !db_change_log_stats_get(b->db).live; ms++) {
		assert_true(ms < PATIENCE_MS);
		usleep(1000);
	}
}

static void kept_close(struct bench *b)
{
	db_change_log_stop(b->db);
	cache_free(b->s.sessions);
	bench_close(b);
}

static uint64_t hits(struct bench *b)
{
	return cache_stats_get(b->s.sessions).hits;
}

static void enter(struct bench *b, const char *email, struct login_result *in)
{
	assert_int_equal(bench_login(b, email, GOOD_PASSWORD, in), ERR_OK);
	assert_true(bench_signed_in(b, in->token.text));
}

static void test_same_facts(void **state)
{
	struct bench *b = kept_open(5000000);
	struct account acc;
	struct login_result in;
	struct caller cold, warm, loop;
	(void)state;
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	assert_int_equal(bench_login(b, "ada@mail.example", GOOD_PASSWORD, &in), ERR_OK);
	assert_false(
		account_identify_cached(&b->s, presented(str_of(in.token.text)), b->now_s, &loop));
	assert_int_equal(
		account_identify(&b->s, presented(str_of(in.token.text)), b->now_s, &cold), ERR_OK);
	assert_int_equal(hits(b), 0);
	assert_int_equal(
		account_identify(&b->s, presented(str_of(in.token.text)), b->now_s, &warm), ERR_OK);
	assert_int_equal(hits(b), 1);
	assert_true(
		account_identify_cached(&b->s, presented(str_of(in.token.text)), b->now_s, &loop));
	assert_memory_equal(&cold, &warm, sizeof cold);
	assert_memory_equal(&cold, &loop, sizeof cold);
	assert_true(warm.signed_in);
	assert_string_equal(warm.account_id, acc.id);
	assert_string_equal(warm.email, "ada@mail.example");
	assert_string_equal(warm.name, "Ada");
	/* the token itself is nowhere in the cache's key: another one with the same end is not it
	 */
	in.token.text[10] ^= 1;
	assert_false(
		account_identify_cached(&b->s, presented(str_of(in.token.text)), b->now_s, &loop));
	kept_close(b);
}

static void test_unknown_not_kept(void **state)
{
	struct bench *b = kept_open(5000000);
	struct token t;
	(void)state;
	crypto_token_make(&t);
	assert_false(bench_signed_in(b, t.text));
	assert_false(bench_signed_in(b, t.text));
	assert_int_equal(cache_stats_get(b->s.sessions).entries, 0);
	kept_close(b);
}

/* Idle and absolute end, at the very second, with the value in memory. */
static void test_limits(void **state)
{
	struct bench *b = kept_open(60000000);
	struct account acc;
	struct login_result in;
	(void)state;
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	enter(b, "ada@mail.example", &in);
	int64_t t0 = b->now_s;
	b->now_s = t0 + b->s.set.session_idle_s; /* unused for so long: ended */
	assert_false(bench_signed_in(b, in.token.text));
	b->now_s = t0;
	assert_true(bench_signed_in(b, in.token.text));
	for (int64_t day = 1; day < 30; day++) { /* used daily: up to the absolute end */
		b->now_s = t0 + day * 86400;
		assert_true(bench_signed_in(b, in.token.text));
		assert_true(bench_signed_in(b, in.token.text));
	}
	b->now_s = t0 + b->s.set.session_s - 1;
	assert_true(bench_signed_in(b, in.token.text));
	b->now_s++;
	assert_false(bench_signed_in(b, in.token.text));
	kept_close(b);
}

/* Somebody else may have kept it alive: what looks ended from here is asked from the database. */
static void test_used_elsewhere(void **state)
{
	struct bench *b = kept_open(60000000);
	struct account acc;
	struct login_result in;
	struct accounts other = b->s;
	struct caller c;
	(void)state;
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	enter(b, "ada@mail.example", &in);
	int64_t t0 = b->now_s;
	other.sessions = NULL;
	assert_int_equal(account_identify(&other, presented(str_of(in.token.text)),
				 t0 + b->s.set.session_idle_s - 1, &c),
		ERR_OK);
	assert_true(c.signed_in);
	b->now_s = t0 + b->s.set.session_idle_s;
	assert_true(bench_signed_in(b, in.token.text));
	kept_close(b);
}

static int64_t seen_at(struct bench *b, const char *account_id)
{
	struct session *list = NULL;
	size_t n = 0;
	assert_int_equal(account_sessions(&b->s, account_id, b->now_s, b->a, &list, &n), ERR_OK);
	assert_int_equal(n, 1);
	return list[0].last_seen_at;
}

static void test_touch(void **state)
{
	struct bench *b = kept_open(60000000);
	struct account acc;
	struct login_result in;
	(void)state;
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	enter(b, "ada@mail.example", &in);
	int64_t t0 = b->now_s, due_s = session_touch_s(in.session.idle_s);
	assert_int_equal(session_touch_s(1), SESSION_TOUCH_LEAST_S);
	assert_int_equal(session_touch_s(43200), 432);
	assert_int_equal(session_touch_s(14 * 86400), SESSION_TOUCH_MOST_S);
	b->now_s = t0 + due_s - 1;
	assert_true(bench_signed_in(b, in.token.text));
	assert_int_equal(seen_at(b, acc.id), t0);
	b->now_s++;
	uint64_t before = hits(b);
	assert_true(bench_signed_in(b, in.token.text));
	assert_int_equal(seen_at(b, acc.id), t0 + due_s);
	assert_true(bench_signed_in(b, in.token.text));
	assert_true(hits(b) > before);
	assert_int_equal(seen_at(b, acc.id), t0 + due_s);
	kept_close(b);
}

/* ---- what ends a session ends it in memory before the call returns ---- */
struct ending {
	struct bench *b;
	struct account acc;
	struct login_result in[2]; /* the first is what ends */
};

static void end_one(struct ending *e)
{
	assert_int_equal(
		account_session_end(&e->b->s, e->acc.id, str_of(e->in[0].session.id)), ERR_OK);
}
static void end_others(struct ending *e)
{
	assert_int_equal(
		account_sessions_end_others(&e->b->s, e->acc.id, e->in[1].session.id, NULL),
		ERR_OK);
}
static void end_disable(struct ending *e)
{
	assert_int_equal(account_set_disabled(&e->b->s, e->acc.id, true, e->b->now_s), ERR_OK);
}
static void end_delete(struct ending *e)
{
	assert_int_equal(account_delete(&e->b->s, e->acc.id), ERR_OK);
}
static void end_password(struct ending *e)
{
	struct field_error why;
	struct password_change ch = { .account_id = e->acc.id,
		.session_id = e->in[1].session.id,
		.current = STR(GOOD_PASSWORD),
		.chosen = STR(OTHER_PASSWORD) };
	assert_int_equal(
		account_password_change(&e->b->s, &ch, e->b->now_s, e->b->a, &why), ERR_OK);
}
static void end_reset(struct ending *e)
{
	struct field_error why;
	char token[TOKEN_SIZE];
	assert_int_equal(bench_reset(e->b, "ada@mail.example"), ERR_OK);
	bench_mails(e->b, "ada@mail.example", NULL, token);
	assert_int_equal(
		bench_confirm(e->b, str_of(token), STR(OTHER_PASSWORD), e->b->a, &why), ERR_OK);
}
static void end_trim(struct ending *e)
{
	struct login_result in;
	e->b->s.set.sessions_max = 2;
	e->b->now_s++;
	assert_int_equal(bench_login(e->b, "ada@mail.example", GOOD_PASSWORD, &in), ERR_OK);
}

static void test_endings(void **state)
{
	static const struct {
		const char *name;
		void (*end)(struct ending *e);
		bool both;
	} cases[] = { { "one", end_one, false }, { "others", end_others, false },
		{ "disable", end_disable, true }, { "delete", end_delete, true },
		{ "password", end_password, false }, { "reset", end_reset, true },
		{ "trim", end_trim, false } };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ending e = { .b = kept_open(60000000) };
		feed(e.b);
		bench_account(e.b, "ada@mail.example", GOOD_PASSWORD, &e.acc);
		enter(e.b, "ada@mail.example", &e.in[0]);
		e.b->now_s++;
		enter(e.b, "ada@mail.example", &e.in[1]);
		cases[i].end(&e);
		if (bench_signed_in(e.b, e.in[0].token.text))
			fail_msg("%s: the ended session lives on", cases[i].name);
		if (bench_signed_in(e.b, e.in[1].token.text) == cases[i].both)
			fail_msg("%s: the other session", cases[i].name);
		kept_close(e.b);
	}
}

static void test_renamed(void **state)
{
	struct bench *b = kept_open(60000000);
	struct account acc;
	struct login_result in;
	struct caller c;
	(void)state;
	feed(b);
	bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
	enter(b, "ada@mail.example", &in);
	assert_int_equal(account_set_name(&b->s, acc.id, STR("Ada Holm"), b->now_s), ERR_OK);
	assert_int_equal(
		account_identify(&b->s, presented(str_of(in.token.text)), b->now_s, &c), ERR_OK);
	assert_string_equal(c.name, "Ada Holm");
	kept_close(b);
}

/* Ended by another process: refused as soon as the feed brings it. Without a feed: for as long as
 * a value goes without proof, and no longer. */
static void test_ended_elsewhere(void **state)
{
	static const bool with_feed[] = { true, false };
	(void)state;
	for (size_t i = 0; i < COUNT(with_feed); i++) {
		struct bench *b = kept_open(with_feed[i] ? 60000000 : 300000);
		struct account acc;
		struct login_result in;
		struct accounts other = b->s;
		char why[256];
		if (with_feed[i])
			feed(b);
		bench_account(b, "ada@mail.example", GOOD_PASSWORD, &acc);
		enter(b, "ada@mail.example", &in);
		other.sessions = NULL;
		assert_int_equal(db_open(&(struct db_settings){ .url = b->url,
						 .use = DB_TOOL,
						 .readers = 1,
						 .busy_timeout_ms = 5000 },
					 &other.db, why),
			ERR_OK);
		int64_t from = clock_boot_us();
		assert_int_equal(
			account_session_end(&other, acc.id, str_of(in.session.id)), ERR_OK);
		int64_t asked =
			from; /* what is asked a second later is refused, whenever it is answered */
		while (bench_signed_in(b, in.token.text)) {
			assert_true(asked - from < 1000000);
			usleep(1000);
			asked = clock_boot_us();
		}
		if (!with_feed[i])
			assert_true(clock_boot_us() - from > 200000);
		db_close(other.db);
		kept_close(b);
	}
}

/* ---- threads: a session that was ended is not signed in by any request that begins later ---- */
enum { ASKERS = 3, ROUNDS = 40 };
struct race {
	struct bench *b;
	pthread_mutex_t lock;
	char token[TOKEN_SIZE];
	atomic_bool ends;
	_Atomic unsigned round, over; /* rounds begun, sessions ended */
	_Atomic unsigned wrong;
};

static void *ask_main(void *arg)
{
	struct race *r = arg;
	while (!atomic_load(&r->ends)) {
		struct caller c;
		char token[TOKEN_SIZE];
		pthread_mutex_lock(&r->lock);
		memcpy(token, r->token, sizeof token);
		unsigned round = atomic_load(&r->round);
		pthread_mutex_unlock(&r->lock);
		bool over = atomic_load(&r->over) >= round;
		if (account_identify(&r->b->s, presented(str_of(token)), T0 + 100, &c) != ERR_OK ||
			(over && c.signed_in))
			atomic_fetch_add(&r->wrong, 1);
	}
	return NULL;
}

static void test_race(void **state)
{
	struct race r = { .b = kept_open(60000000) };
	struct account acc;
	struct login_result in[ROUNDS];
	pthread_t askers[ASKERS];
	(void)state;
	feed(r.b);
	pthread_mutex_init(&r.lock, NULL);
	bench_account(r.b, "ada@mail.example", GOOD_PASSWORD, &acc);
	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(
			bench_login(r.b, "ada@mail.example", GOOD_PASSWORD, &in[i]), ERR_OK);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&askers[i], NULL, ask_main, &r), 0);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&r.lock);
		memcpy(r.token, in[i].token.text, TOKEN_SIZE);
		atomic_fetch_add(&r.round, 1);
		pthread_mutex_unlock(&r.lock);
		usleep(1000);
		assert_int_equal(
			account_session_end(&r.b->s, acc.id, str_of(in[i].session.id)), ERR_OK);
		atomic_fetch_add(&r.over, 1);
		usleep(1000);
	}
	atomic_store(&r.ends, true);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(askers[i], NULL);
	assert_int_equal(atomic_load(&r.wrong), 0);
	kept_close(r.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_facts),
		cmocka_unit_test(test_unknown_not_kept),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_used_elsewhere),
		cmocka_unit_test(test_touch),
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_renamed),
		cmocka_unit_test(test_ended_elsewhere),
		cmocka_unit_test(test_race),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
