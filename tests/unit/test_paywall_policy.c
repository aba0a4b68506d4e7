/* Goal: the policy in force is always that of the database the caller reads, shared while it is,
 * and never half of one. */
#include "content_help.h"

#include <pthread.h>

#include "postern/decision_cache.h"
#include "postern/policy.h"
#include "postern/queries/policy.h"

static const struct policy_settings settings = {
	.fallback = ACCESS_SUBSCRIBER, .ai = AI_TEASER, .open_statuses = 1u << STATUS_ACTIVE
};

static struct policy_cache *cache_open(void)
{
	struct policy_cache *pc = NULL;
	assert_int_equal(policy_cache_open(&settings, &pc), ERR_OK);
	return pc;
}

struct take {
	struct policy_cache *pc;
	const struct paywall_policy *p;
};

static enum err take_read(struct db_conn *c, void *arg)
{
	struct take *t = arg;
	return policy_acquire(t->pc, c, &t->p);
}

static const struct paywall_policy *take(struct fixture *f, struct policy_cache *pc)
{
	struct take t = { .pc = pc };
	assert_int_equal(db_read(f->db, take_read, &t), ERR_OK);
	return t.p;
}

/* The last limit that was set, and how often. */
static enum err limit_tx(struct db_conn *c, void *arg)
{
	const int64_t *limit = arg;
	enum err e = q_meter_put(c, "all", "", *limit, *limit, "month", 0);
	return e ? e : policy_version_bump(c);
}

static void set_limit(struct fixture *f, int64_t limit)
{
	assert_int_equal(db_tx(f->db, limit_tx, &limit), ERR_OK);
}

static void a_fresh_database_has_one_meter_and_no_rules(void **state)
{
	struct fixture *f = *state;
	struct policy_cache *pc = cache_open();
	const struct paywall_policy *p = take(f, pc);
	assert_int_equal(p->rule_count, 0);
	assert_int_equal(p->plan_count, 0);
	assert_int_equal(p->meter_count, 1);
	assert_string_equal(p->meters[0].name, "all");
	assert_int_equal(p->meters[0].window, WINDOW_MONTH);
	assert_int_equal(p->fallback, ACCESS_SUBSCRIBER);
	assert_int_equal(p->open_statuses, 1u << STATUS_ACTIVE);
	policy_release(pc, p);
	policy_cache_close(pc);
}

static void a_change_is_seen_by_the_next_and_not_by_who_holds_one(void **state)
{
	struct fixture *f = *state;
	struct policy_cache *pc = cache_open();
	const struct paywall_policy *before = take(f, pc), *same = take(f, pc);
	assert_ptr_equal(before, same);
	set_limit(f, 3);
	const struct paywall_policy *after = take(f, pc);
	assert_ptr_not_equal(before, after);
	assert_int_equal(before->meters[0].anonymous_limit, 6);
	assert_int_equal(after->meters[0].anonymous_limit, 3);
	policy_release(pc, before);
	policy_release(pc, same);
	policy_release(pc, after);
	policy_cache_close(pc);
}

static enum err break_tx(struct db_conn *c, void *arg)
{
	(void)arg;
	enum err e = q_meter_put(c, "all", "", 9, 9, "fortnight", 0);
	return e ? e : policy_version_bump(c);
}

/* What a newer program wrote is not read as something near it, nor is an old policy used instead.
 */
static void a_word_nobody_knows_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct policy_cache *pc = cache_open();
	struct take t = { .pc = pc };
	policy_release(pc, take(f, pc));
	assert_int_equal(db_tx(f->db, break_tx, NULL), ERR_OK);
	assert_int_equal(db_read(f->db, take_read, &t), ERR_CORRUPT);
	assert_null(t.p);
	policy_release(pc, t.p);
	policy_cache_close(pc);
}

enum { THREADS = 4, TAKES = 200 };
struct racer {
	struct fixture *f;
	struct policy_cache *pc;
	bool ordered;
};

static void *racer_main(void *arg)
{
	struct racer *r = arg;
	int64_t last = 0;
	for (int i = 0; i < TAKES; i++) {
		const struct paywall_policy *p = take(r->f, r->pc);
		r->ordered = r->ordered && p->meters[0].anonymous_limit >= last;
		last = p->meters[0].anonymous_limit;
		policy_release(r->pc, p);
	}
	return NULL;
}

/* A reader never goes back to an older policy than it has seen. */
static void many_threads_share_it_while_it_changes(void **state)
{
	struct fixture *f = *state;
	struct policy_cache *pc = cache_open();
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	set_limit(f, 1);
	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ f, pc, true };
		assert_int_equal(pthread_create(&threads[i], NULL, racer_main, &racers[i]), 0);
	}
	for (int64_t limit = 2; limit <= 40; limit++)
		set_limit(f, limit);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(racers[i].ordered);
	}
	const struct paywall_policy *p = take(f, pc);
	assert_int_equal(p->meters[0].anonymous_limit, 40);
	policy_release(pc, p);
	policy_cache_close(pc);
}

struct keep {
	const struct paywall *w;
	struct cache_load load;
};

static enum err keep_read(struct db_conn *c, void *arg)
{
	struct keep *k = arg;
	const struct paywall_policy *policy = NULL;
	enum err e = policy_acquire(k->w->policies, c, &policy);
	if (!e)
		decision_cache_put_policy(k->w, &k->load, policy);
	policy_release(k->w->policies, policy);
	return e;
}

static void keep(struct fixture *f, const struct paywall *w)
{
	struct keep k = { .w = w, .load = cache_begin(w->decision_cache) };
	assert_int_equal(db_read(f->db, keep_read, &k), ERR_OK);
	cache_validate(w->decision_cache, clock_boot_us() + INT64_C(3600) * 1000000);
}

static int64_t limit_and_back(struct policy_cache *pc, const struct paywall_policy *p)
{
	int64_t limit = p ? p->meters[0].anonymous_limit : -1;
	policy_release(pc, p);
	return limit;
}

/* A wall, and the database that will stand behind it after the failover. */
static struct paywall wall_before_failover(struct fixture **after)
{
	void *second = NULL;
	struct paywall w = { .policies = cache_open(),
		.decision_cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 5000000 }) };
	assert_non_null(w.decision_cache);
	assert_int_equal(fixture_make(&second), 0);
	*after = second;
	return w;
}

static void wall_end(struct paywall *w, struct fixture *after)
{
	void *second = after;
	policy_cache_close(w->policies);
	cache_free(w->decision_cache);
	assert_int_equal(fixture_end(&second), 0);
}

/* Goal: when a failover has lost a change, nothing decides by what was lost: not while the
 * database has an older version, and not when it has come to the same version by another
 * change. */
static void what_a_failover_lost_is_not_obeyed(void **state)
{
	struct fixture *before = *state, *after = NULL;
	struct paywall w = wall_before_failover(&after);
	set_limit(before, 1);
	set_limit(before, 2);
	assert_int_equal(limit_and_back(w.policies, take(before, w.policies)), 2);
	keep(before, &w);
	assert_int_equal(limit_and_back(w.policies, decision_cache_policy(&w)), 2);

	policy_invalidate(w.policies);
	cache_flush(w.decision_cache);
	assert_null(decision_cache_policy(&w));
	set_limit(after, 3);
	keep(after, &w);
	assert_int_equal(limit_and_back(w.policies, take(after, w.policies)), 3);
	assert_int_equal(limit_and_back(w.policies, decision_cache_policy(&w)), 3);
	set_limit(after, 4); /* has the number of the second change that was lost */
	assert_int_equal(limit_and_back(w.policies, take(after, w.policies)), 4);
	wall_end(&w, after);
}

/* The same without a word from the feed of changes: the older version is met by itself. */
static void an_older_version_is_not_taken_for_the_newest(void **state)
{
	struct fixture *before = *state, *after = NULL;
	struct paywall w = wall_before_failover(&after);
	set_limit(before, 1);
	assert_int_equal(limit_and_back(w.policies, take(before, w.policies)), 1);
	assert_int_equal(limit_and_back(w.policies, take(after, w.policies)), 6);
	keep(after, &w);
	assert_null(decision_cache_policy(&w));
	assert_int_equal(limit_and_back(w.policies, policy_cached(w.policies)), 1);
	wall_end(&w, after);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_end)
	const struct CMUnitTest tests[] = {
		TEST(a_fresh_database_has_one_meter_and_no_rules),
		TEST(a_change_is_seen_by_the_next_and_not_by_who_holds_one),
		TEST(a_word_nobody_knows_is_an_error),
		TEST(what_a_failover_lost_is_not_obeyed),
		TEST(an_older_version_is_not_taken_for_the_newest),
		TEST(many_threads_share_it_while_it_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
