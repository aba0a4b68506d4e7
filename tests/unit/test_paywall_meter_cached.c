/* Goal: an anonymous reader's reading that is decided from memory is the one that the database
 * would decide, to the last number and byte of the cookie; and without the keys nothing is decided.
 */
#include "meter_help.h"

#include "../../src/paywall/meter/internal.h"

#include "postern/cache.h"

enum { STEPS = 1500, ARTICLES = 9, HOUR = 3600 };

struct keeping {
	struct world *o;
	struct cache_load load;
	enum err err;
};

static enum err keep_read(struct db_conn *c, void *arg)
{
	struct keeping *k = arg;
	struct meter_keys keys;
	k->err = meter_keys_load(c, &keys);
	if (!k->err)
		meter_keys_cache_put(&k->o->w, &k->load, &keys);
	return k->err == ERR_NOT_FOUND ? ERR_OK : k->err;
}

/* As a process does when it hears that something has changed, and is asked again. */
static enum err know_again(struct world *o)
{
	struct keeping k = { .o = o };
	cache_flush(o->w.decision_cache);
	k.load = cache_begin(o->w.decision_cache);
	assert_int_equal(db_read(o->f->db, keep_read, &k), ERR_OK);
	cache_validate(o->w.decision_cache, clock_boot_us() + INT64_C(3600) * 1000000);
	return k.err;
}

static int known_make(void **state)
{
	if (world_make(state) != 0)
		return -1;
	struct world *o = *state;
	o->w.decision_cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 5000000 });
	return o->w.decision_cache ? 0 : -1;
}

static int known_end(void **state)
{
	struct world *o = *state;
	cache_free(o->w.decision_cache);
	return world_end(state);
}

/* The same numbers each time. */
static uint32_t dice(uint32_t sides)
{
	static uint32_t seed = 12345;
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static void assert_same_cookie(struct str a, struct str b)
{
	struct meter_cookie x, y;
	assert_int_equal(meter_cookie_parse(a, &x), ERR_OK);
	assert_int_equal(meter_cookie_parse(b, &y), ERR_OK);
	assert_int_equal(x.key, y.key);
	assert_int_equal(x.count, y.count);
	for (size_t i = 0; i < x.count; i++) {
		assert_int_equal(x.v[i].n, y.v[i].n);
		assert_int_equal(x.v[i].began_at, y.v[i].began_at);
		assert_memory_equal(x.v[i].name, y.v[i].name, sizeof x.v[i].name);
		assert_memory_equal(x.v[i].tags, y.v[i].tags, x.v[i].n * sizeof x.v[i].tags[0]);
	}
}

static void assert_same(const struct meter_cached_decision *known, const struct opened *db)
{
	assert_int_equal(known->d.grant, db->d.grant);
	assert_int_equal(known->d.reason, db->d.reason);
	assert_int_equal(known->d.level, db->d.level);
	assert_int_equal(known->d.offer, db->d.offer);
	assert_int_equal(known->d.used, db->d.used);
	assert_int_equal(known->d.limit, db->d.limit);
	assert_int_equal(known->d.window_ends_at, db->d.window_ends_at);
	assert_false(known->d.must_count);
	assert_int_equal(known->charged, db->cookie_update.move == METER_COOKIE_SET);
	assert_int_equal(known->cookie_update.move, db->cookie_update.move);
	if (!known->charged)
		return;
	assert_int_equal(known->cookie_update.max_age_s, db->cookie_update.max_age_s);
	assert_same_cookie(known->cookie_update.value, db->cookie_update.value);
}

/* As decision_inputs_cached has it for an anonymous reader. */
static bool decide_cached(const struct decision_query *q, const struct paywall_policy *policy,
	struct meter_cached_decision *out)
{
	const struct paywall_reader nobody = { 0 };
	struct decision_inputs k = { .article = q->art,
		.policy = policy,
		.reader = &nobody,
		.now = paywall_moment(q->v->now_s) };

	*out = (struct meter_cached_decision){ .cookie_update.move = METER_COOKIE_KEEP };
	return paywall_decide_unmetered(&k, &out->d) || meter_decide_cached(q, &k, out);
}

/* One reading both ways; the reader goes on with the cookie of one of them. */
static void read_both_ways(
	struct world *o, struct access_request *v, const char *id, const char *section)
{
	const struct paywall_article art = metered_article(id, section);
	const struct decision_query q = { .w = &o->w, .v = v, .art = &art, .a = o->f->arena };
	struct access_request after = *v;
	struct meter_cached_decision known;
	struct opened db = open_as(o, &after, id, section);
	const struct paywall_policy *policy = policy_cached(o->w.policies);

	assert_int_equal(db.err, ERR_OK);
	if (decide_cached(&q, policy, &known)) {
		assert_same(&known, &db);
		if (known.charged && dice(2))
			after.meter_cookie = known.cookie_update.value;
	} else {
		assert_int_equal(know_again(o), ERR_OK); /* the very first counted one */
	}
	policy_release(o->w.policies, policy);
	*v = after;
}

static struct str spoilt(struct world *o, struct str cookie)
{
	char *text = arena_alloc(o->f->arena, cookie.n + 1);
	memcpy(text, cookie.p, cookie.n);
	if (cookie.n > 0)
		text[dice((uint32_t)cookie.n)] ^= 1;
	return (struct str){ text, cookie.n };
}

static void disturb(struct world *o, struct access_request *v, struct str *older)
{
	int64_t id = 0;
	switch (dice(40)) {
	case 0:
		v->meter_cookie = STR("");
		break;
	case 1:
		v->meter_cookie = spoilt(o, v->meter_cookie);
		break;
	case 2:
		v->meter_cookie = *older;
		break;
	case 3:
		*older = v->meter_cookie;
		break;
	case 4:
		v->now_s += HOUR * (int64_t)dice(40);
		break;
	case 5:
		if (dice(8) == 0 && meter_rotate_key(o->f->db, dice(2), v->now_s, &id) == ERR_OK)
			assert_int_equal(know_again(o), ERR_OK);
		break;
	default:
		break;
	}
}

static void both_ways_are_one(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	struct str older = STR("");
	static const char *const sections[] = { "city", "sport", "week" };

	put_meter(o, &(struct meter){ .name = "sport",
			     .section = "sport",
			     .anonymous_limit = 2,
			     .registered_limit = 3,
			     .window = WINDOW_DAY });
	put_meter(o, &(struct meter){ .name = "week",
			     .section = "week",
			     .anonymous_limit = 3,
			     .registered_limit = 3,
			     .window = WINDOW_ROLLING,
			     .days = 3 });
	for (int i = 0; i < STEPS; i++) {
		if (i % 100 == 99) { /* texts of the reader live on */
			v.meter_cookie = older = STR("");
			assert_true(arena_reset(o->f->arena, 0));
		}
		disturb(o, &v, &older);
		const char *section = sections[dice(COUNT(sections))];
		read_both_ways(
			o, &v, arena_fmt(o->f->arena, "%s-%u", section, dice(ARTICLES)), section);
	}
}

static void without_keys_nothing_is_known(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	const struct paywall_article art = {
		.id = "a", .section = STR("city"), .access = ACCESS_METERED, .usable = true
	};
	const struct decision_query q = { .w = &o->w, .v = &v, .art = &art, .a = o->f->arena };
	struct meter_cached_decision known;

	assert_int_equal(know_again(o), ERR_NOT_FOUND);
	assert_int_equal(read_many(o, &v, 0, 1), 1);
	const struct paywall_policy *policy = policy_cached(o->w.policies);
	assert_false(decide_cached(&q, policy, &known));
	assert_int_equal(know_again(o), ERR_OK);
	assert_true(decide_cached(&q, policy, &known));
	cache_drop(o->w.decision_cache, db_change_tag(DB_CHANGE_POLICY, STR("")));
	assert_false(decide_cached(&q, policy, &known));
	policy_release(o->w.policies, policy);
}

/* ---- two reads of one request ---- */

struct two_reads {
	struct world *o;
	struct decision_query q;
	struct decision_read first, second;
};

static enum err load_read(struct db_conn *c, void *arg)
{
	struct two_reads *r = arg;
	const struct paywall_policy *policy = NULL;
	struct cache_load load = cache_begin(r->o->w.decision_cache);
	struct decision_read *out = r->q.before ? &r->second : &r->first;
	enum err e = policy_acquire(r->o->w.policies, c, &policy);
	r->q.load = &load;
	if (!e)
		e = decision_load(c, &r->q, policy, out);
	policy_release(r->o->w.policies, policy);
	return e;
}

static bool is_decided_from_memory(struct two_reads *r)
{
	struct meter_cached_decision out;
	const struct paywall_policy *policy = policy_cached(r->o->w.policies);
	bool yes = decide_cached(&r->q, policy, &out);
	policy_release(r->o->w.policies, policy);
	return yes;
}

/* Behind a metered count the second read uses the keys of the first, and does not cache them: they
 * may have been revoked and dropped in between. */
static void keys_of_an_earlier_read_are_not_cached(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	const struct paywall_article art = {
		.id = "two", .section = STR(""), .access = ACCESS_METERED, .usable = true
	};
	struct two_reads r = { .o = o,
		.q = { .w = &o->w, .v = &v, .art = &art, .a = o->f->arena } };
	assert_int_equal(open_as(o, &v, "one", "").err, ERR_OK);
	cache_validate(o->w.decision_cache, clock_boot_us() + INT64_C(3600) * 1000000);
	assert_int_equal(db_read(o->f->db, load_read, &r), ERR_OK);
	assert_non_null(r.first.keys);
	assert_true(is_decided_from_memory(&r));
	cache_flush(o->w.decision_cache);
	r.q.before = &r.first;
	assert_int_equal(db_read(o->f->db, load_read, &r), ERR_OK);
	assert_ptr_equal(r.second.keys, r.first.keys);
	assert_false(is_decided_from_memory(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_ways_are_one, known_make, known_end),
		cmocka_unit_test_setup_teardown(
			keys_of_an_earlier_read_are_not_cached, known_make, known_end),
		cmocka_unit_test_setup_teardown(
			without_keys_nothing_is_known, known_make, known_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
