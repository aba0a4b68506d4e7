/* Goal: an account opens exactly as many metered articles as are free, however many readings come
 * at once, and signing in takes the count of before along. */
#include "meter_help.h"

#include <pthread.h>

static void an_account_reads_as_many_as_are_free(void **state)
{
	struct world *o = *state;
	struct access_request v = member("ada");

	put_account(o, "ada");
	put_account(o, "ben");
	assert_int_equal(read_many(o, &v, 0, 12), 10);
	ASSERT_OPENED(open_as(o, &v, "a3", "city"), REASON_METERED_AGAIN, 10);
	struct opened p = open_as(o, &v, "a11", "city");
	ASSERT_OPENED(p, REASON_METER_EXHAUSTED, 10);
	assert_int_equal(p.d.offer, OFFER_SUBSCRIBE);
	assert_int_equal(p.cookie_update.move, METER_COOKIE_KEEP);
	v = member("ben");
	ASSERT_OPENED(open_as(o, &v, "a11", "city"), REASON_METERED, 1);
	v = member("ada");
	v.now_s = MONTH_END;
	ASSERT_OPENED(open_as(o, &v, "a11", "city"), REASON_METERED, 1);
	v.now_s = MONTH_END - 1;
	ASSERT_OPENED(open_as(o, &v, "a3", "city"), REASON_METERED_AGAIN, 10);
}

/* ---- signing in ---- */

/* The browser keeps the count for the time after the log-out, and it has no say until then. */
static void assert_marked(const struct opened *p)
{
	const struct str kept = p->cookie_update.value;
	assert_int_equal(p->cookie_update.move, METER_COOKIE_SET);
	assert_int_equal(kept.p[0], METER_COOKIE_CARRIED);
	assert_int_equal(meter_cookie_for(kept, true).n, 0);
	assert_int_equal(meter_cookie_for(kept, false).n, kept.n - 1);
}

static void signing_in_takes_the_count_along(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	put_account(o, "ada");
	assert_int_equal(read_many(o, &v, 0, 4), 4);
	struct access_request before = v;
	v.account_id = "ada";
	struct opened p = open_as(o, &v, "a4", "city");
	ASSERT_OPENED(p, REASON_METERED, 5);
	assert_int_equal(p.d.limit, 10);
	assert_marked(&p);
	assert_int_equal(v.meter_cookie.n, 0);
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED_AGAIN, 5);
	/* the same cookie once more, from another tab */
	before.account_id = "ada";
	p = open_as(o, &before, "a1", "city");
	ASSERT_OPENED(p, REASON_METERED_AGAIN, 5);
	assert_marked(&p);
	assert_int_equal(read_many(o, &v, 5, 9), 5);
}

static void an_article_read_before_signing_in_stays_open(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	put_account(o, "ada");
	assert_int_equal(read_many(o, &v, 0, 6), 6);
	v.account_id = "ada";
	struct opened p = open_as(o, &v, "a5", "city");
	ASSERT_OPENED(p, REASON_METERED_AGAIN, 6);
	assert_marked(&p);
	ASSERT_OPENED(open_as(o, &v, "a5", "city"), REASON_METERED_AGAIN, 6);
}

static void all_meters_go_along(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	put_account(o, "ada");
	put_meter(o, &(struct meter){ .name = "sport",
			     .section = "sport",
			     .anonymous_limit = 3,
			     .registered_limit = 4,
			     .window = WINDOW_WEEK });
	ASSERT_OPENED(open_as(o, &v, "s0", "sport"), REASON_METERED, 1);
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED, 1);
	v.account_id = "ada";
	ASSERT_OPENED(open_as(o, &v, "a1", "city"), REASON_METERED, 2);
	assert_int_equal(v.meter_cookie.n, 0);
	ASSERT_OPENED(open_as(o, &v, "s1", "sport"), REASON_METERED, 2);
	ASSERT_OPENED(open_as(o, &v, "s0", "sport"), REASON_METERED_AGAIN, 2);
}

/* However many cookies somebody collects, an account holds no more than it could have read. */
static void cookies_without_end_do_not_fill_the_table(void **state)
{
	struct world *o = *state;

	put_account(o, "ada");
	for (int i = 0; i < 20; i++) {
		struct access_request v = anonymous_request();
		assert_int_equal(read_many(o, &v, i * 6, 6), 6);
		v.account_id = "ada";
		struct opened p = open_as(o, &v, "b", "city");
		assert_int_equal(p.err, ERR_OK);
		assert_true(p.d.used <= p.d.limit);
		assert_int_equal(p.d.grant,
			i == 0 || p.d.reason == REASON_METERED_AGAIN ? GRANT_FULL : GRANT_TEASER);
	}
	int64_t removed = 0;
	assert_int_equal(meter_reset(o->f->db, "ada", STR("all"), &removed), ERR_OK);
	assert_true(removed <= METER_LIMIT_MAX);
}

static void a_cookie_that_is_not_ours_is_nothing_to_an_account(void **state)
{
	struct world *o = *state;
	struct access_request v = member("ada");

	put_account(o, "ada");
	v.meter_cookie = STR("AAAA");
	struct opened p = open_as(o, &v, "a0", "city");
	ASSERT_OPENED(p, REASON_METERED, 1);
	assert_int_equal(p.cookie_update.move, METER_COOKIE_CLEAR);
}

/* ---- at once ---- */

enum { AT_ONCE = 20 };
struct racer {
	struct world *o;
	struct arena *a;
	const char *account, *article;
	pthread_barrier_t *start;
	bool again; /* the same article */
	int index;
	struct opened p;
};

static void *racer_main(void *arg)
{
	struct racer *r = arg;
	struct access_request v = r->account ? member(r->account) : anonymous_request();
	const struct paywall_article art = {
		.id = r->again ? "same" : arena_fmt(r->a, "r%d", r->index),
		.section = STR("city"),
		.access = ACCESS_METERED,
		.usable = true,
		.published_at = NOW - DAY,
	};

	r->p.q = (struct decision_query){ .w = &r->o->w, .v = &v, .art = &art, .a = r->a };
	r->p.err = db_read(r->o->f->db, opened_read, &r->p);
	(void)pthread_barrier_wait(r->start); /* all have been told that one is free */
	if (!r->p.err && meter_must_record(&v, &r->p.d))
		r->p.err = meter_record(&r->p.q, &r->p.d, &r->p.cookie_update);
	return NULL;
}

/* Returns how many came in full; the threads' arenas stay until `racers_end`. */
static int race(struct world *o, struct racer racers[AT_ONCE], const char *account, bool again)
{
	pthread_t threads[AT_ONCE];
	pthread_barrier_t start;
	int opened = 0;

	pthread_barrier_init(&start, NULL, AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		racers[i] = (struct racer){ .o = o,
			.a = arena_new(1 << 20),
			.account = account,
			.start = &start,
			.again = again,
			.index = i };
		assert_int_equal(pthread_create(&threads[i], NULL, racer_main, &racers[i]), 0);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].p.err, ERR_OK);
		assert_false(racers[i].p.d.must_count);
		opened += racers[i].p.d.grant == GRANT_FULL;
	}
	pthread_barrier_destroy(&start);
	return opened;
}

static void racers_end(struct racer racers[AT_ONCE])
{
	for (int i = 0; i < AT_ONCE; i++)
		arena_free(racers[i].a);
}

static void twenty_at_once_open_what_is_left(void **state)
{
	struct world *o = *state;
	struct racer racers[AT_ONCE];

	for (int left = 0; left <= 3; left++) {
		const char *id = arena_fmt(o->f->arena, "reader%d", left);
		struct access_request v = member(id);
		put_account(o, id);
		assert_int_equal(read_many(o, &v, 0, 10 - left), 10 - left);
		assert_int_equal(race(o, racers, id, false), left);
		for (int i = 0; i < AT_ONCE; i++)
			assert_true(racers[i].p.d.grant == GRANT_FULL ||
				    racers[i].p.d.reason == REASON_METER_EXHAUSTED);
		racers_end(racers);
	}
}

static void twenty_at_once_of_one_article_are_one(void **state)
{
	struct world *o = *state;
	struct racer racers[AT_ONCE];
	struct access_request v = member("ada");

	put_account(o, "ada");
	assert_int_equal(race(o, racers, "ada", true), AT_ONCE);
	racers_end(racers);
	ASSERT_OPENED(open_as(o, &v, "same", "city"), REASON_METERED_AGAIN, 1);
}

/* The first twenty anonymous readers of a fresh database: all are sealed by one key, and believed.
 */
static void the_first_key_is_made_once(void **state)
{
	struct world *o = *state;
	struct racer racers[AT_ONCE];

	assert_int_equal(race(o, racers, NULL, true), AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		struct access_request v = anonymous_request();
		assert_int_equal(racers[i].p.cookie_update.move, METER_COOKIE_SET);
		v.meter_cookie = racers[i].p.cookie_update.value;
		ASSERT_OPENED(open_as(o, &v, "same", "city"), REASON_METERED_AGAIN, 1);
	}
	racers_end(racers);
}

/* ---- nothing goes out when it cannot be counted ---- */

static void trouble_is_never_a_free_article(void **state)
{
	struct world *o = *state;
	struct access_request v = member("nobody"); /* no such account: the row cannot be written */
	struct opened p = open_as(o, &v, "a0", "city");

	assert_int_equal(p.err, ERR_CONFLICT);
}

/* ---- for people ---- */

struct looking {
	struct world *o;
	const struct paywall_policy *p;
	struct meter_account_usage standings[METERS_MAX];
	struct meter_history *shown;
	size_t n;
};

static enum err looking_read(struct db_conn *c, void *arg)
{
	struct looking *l = arg;
	enum err e = policy_acquire(l->o->w.policies, c, &l->p);

	if (!e)
		e = meter_usages(c, l->p, "ada", NOW, l->standings);
	return e ? e : meter_history(c, "ada", l->o->f->arena, &l->shown, &l->n);
}

static void an_account_can_be_looked_at_and_reset(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	struct looking l = { .o = o };
	int64_t removed = 0;

	put_account(o, "ada");
	assert_int_equal(read_many(o, &v, 0, 1), 1);
	v.account_id = "ada";
	assert_int_equal(read_many(o, &v, 1, 2), 2);
	assert_int_equal(db_read(o->f->db, looking_read, &l), ERR_OK);
	assert_int_equal(l.standings[0].usage.used, 3);
	assert_int_equal(l.standings[0].usage.ends_at, MONTH_END);
	assert_int_equal(l.n, 3);
	size_t named = 0;
	for (size_t i = 0; i < l.n; i++)
		named += l.shown[i].article_id.n > 0;
	assert_int_equal(named, 2);
	policy_release(o->w.policies, l.p);
	assert_int_equal(meter_reset(o->f->db, "ada", STR("sport"), &removed), ERR_OK);
	assert_int_equal(removed, 0);
	assert_int_equal(meter_reset(o->f->db, "ada", STR(""), &removed), ERR_OK);
	assert_int_equal(removed, 3);
	assert_int_equal(read_many(o, &v, 0, 12), 10);
}

static void old_counts_are_forgotten(void **state)
{
	struct world *o = *state;
	struct access_request v = member("ada");
	int64_t removed = 0;

	put_account(o, "ada");
	assert_int_equal(read_many(o, &v, 0, 2), 2);
	assert_int_equal(
		meter_purge(&(struct db_sweeper){ .db = o->f->db, .now_s = MONTH_END }), ERR_OK);
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED_AGAIN, 2);
	assert_int_equal(
		meter_purge(&(struct db_sweeper){ .db = o->f->db, .now_s = MONTH_END + 2 * DAY }),
		ERR_OK);
	assert_int_equal(meter_reset(o->f->db, "ada", STR(""), &removed), ERR_OK);
	assert_int_equal(removed, 0);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_make, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(an_account_reads_as_many_as_are_free),
		WORLD(signing_in_takes_the_count_along),
		WORLD(an_article_read_before_signing_in_stays_open),
		WORLD(all_meters_go_along),
		WORLD(cookies_without_end_do_not_fill_the_table),
		WORLD(a_cookie_that_is_not_ours_is_nothing_to_an_account),
		WORLD(twenty_at_once_open_what_is_left),
		WORLD(twenty_at_once_of_one_article_are_one),
		WORLD(the_first_key_is_made_once),
		WORLD(trouble_is_never_a_free_article),
		WORLD(an_account_can_be_looked_at_and_reset),
		WORLD(old_counts_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
