/* Goal: an anonymous reader opens exactly as many metered articles as are free, and the cookie
 * cannot be made to say less than it did. */
#include "meter_help.h"

static void anonymous_reads_as_many_as_are_free(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	assert_int_equal(read_many(o, &v, 0, 6), 6);
	ASSERT_OPENED(open_as(o, &v, "a6", "city"), REASON_METER_EXHAUSTED, 6);
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED_AGAIN, 6);
	struct opened last = open_as(o, &v, "a9", "sport");
	assert_int_equal(last.d.limit, 6);
	assert_int_equal(last.d.window_ends_at, MONTH_END);
	assert_int_equal(last.d.offer, OFFER_LOGIN | OFFER_REGISTER | OFFER_SUBSCRIBE);
	assert_int_equal(last.cookie_update.move, METER_COOKIE_KEEP);
}

static void a_receipt_lasts_as_long_as_its_window(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	struct opened p = open_as(o, &v, "a0", "city");

	assert_int_equal(p.cookie_update.move, METER_COOKIE_SET);
	assert_int_equal(p.cookie_update.max_age_s, MONTH_END - NOW);
	put_meter(o, &(struct meter){ .name = "sport",
			     .section = "sport",
			     .anonymous_limit = 1,
			     .registered_limit = 1,
			     .window = WINDOW_DAY });
	p = open_as(o, &v, "s0", "sport");
	assert_int_equal(p.cookie_update.max_age_s, MONTH_END - NOW);
}

static void sections_may_have_a_meter_of_their_own(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	put_meter(o, &(struct meter){ .name = "sport",
			     .section = "sport",
			     .anonymous_limit = 2,
			     .registered_limit = 3,
			     .window = WINDOW_WEEK });
	ASSERT_OPENED(open_as(o, &v, "s0", "sport"), REASON_METERED, 1);
	ASSERT_OPENED(open_as(o, &v, "s1", "sport"), REASON_METERED, 2);
	ASSERT_OPENED(open_as(o, &v, "s2", "sport"), REASON_METER_EXHAUSTED, 2);
	assert_int_equal(read_many(o, &v, 0, 7), 6);
	ASSERT_OPENED(open_as(o, &v, "s0", "sport"), REASON_METERED_AGAIN, 2);
}

static void without_a_meter_all_is_closed(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	assert_int_equal(meter_remove(o->f->db, STR("all")), ERR_OK);
	struct opened p = open_as(o, &v, "a0", "city");
	assert_int_equal(p.d.reason, REASON_METER_EXHAUSTED);
	assert_int_equal(p.d.grant, GRANT_TEASER);
}

/* ---- cookies that are not ours ---- */

static const char *bad_cookies[] = { "x", "AAAA", "%00", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	"eyJ1c2VkIjowfQ" };

static void what_is_not_ours_counts_as_exhausted(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	assert_int_equal(read_many(o, &v, 0, 1), 1);
	const char *edited = arena_fmt(o->f->arena, STR_FMT "A", STR_ARG(v.meter_cookie));
	const char *cut =
		arena_fmt(o->f->arena, "%.*s", (int)v.meter_cookie.n - 4, v.meter_cookie.p);
	const char *all[COUNT(bad_cookies) + 2] = { edited, cut };
	memcpy(all + 2, bad_cookies, sizeof bad_cookies);
	for (size_t i = 0; i < COUNT(all); i++) {
		struct access_request forged = anonymous_request();
		forged.meter_cookie = str_of(all[i]);
		struct opened p = open_as(o, &forged, "a0", "city");
		assert_int_equal(p.d.reason, REASON_METER_EXHAUSTED);
		assert_int_equal(p.d.used, p.d.limit);
		assert_int_equal(p.d.window_ends_at, MONTH_END);
	}
}

static void or_as_new_and_then_it_counts(void **state)
{
	struct world *o = *state;

	o->w.meter_forged_new = true;
	for (size_t i = 0; i < COUNT(bad_cookies); i++) {
		struct access_request v = anonymous_request();
		v.meter_cookie = str_of(bad_cookies[i]);
		assert_int_equal(read_many(o, &v, 0, 9), 6);
	}
}

static void a_cookie_of_another_site_is_foreign(void **state)
{
	struct world *o = *state;
	void *there = NULL;
	struct access_request v = anonymous_request();

	assert_int_equal(world_make(&there), 0);
	assert_int_equal(read_many(there, &v, 0, 1), 1);
	assert_int_equal(
		read_many(o, &(struct access_request){ .whole_get = true, .now_s = NOW }, 0, 1), 1);
	ASSERT_OPENED(open_as(o, &v, "a5", "city"), REASON_METER_EXHAUSTED, 6);
	assert_int_equal(world_end(&there), 0);
}

/* The same as deleting what came after: said so in the documentation, and no more than that. */
static void an_older_own_cookie_is_its_older_state(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	assert_int_equal(read_many(o, &v, 0, 4), 4);
	struct access_request old = v;
	assert_int_equal(read_many(o, &v, 4, 5), 2);
	ASSERT_OPENED(open_as(o, &old, "a8", "city"), REASON_METERED, 5);
}

/* ---- keys ---- */

static void old_keys_are_believed_for_the_longest_window(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request(), before;
	int64_t id = 0;

	assert_int_equal(read_many(o, &v, 0, 3), 3);
	before = v;
	assert_int_equal(meter_rotate_key(o->f->db, false, NOW, &id), ERR_OK);
	assert_int_equal(id, 2);
	ASSERT_OPENED(open_as(o, &v, "a3", "city"), REASON_METERED, 4);
	assert_int_equal(
		meter_purge(&(struct db_sweeper){ .db = o->f->db, .now_s = NOW + 31 * DAY }),
		ERR_OK);
	ASSERT_OPENED(open_as(o, &before, "a0", "city"), REASON_METERED_AGAIN, 3);
	assert_int_equal(
		meter_purge(&(struct db_sweeper){ .db = o->f->db, .now_s = NOW + 32 * DAY + 1 }),
		ERR_OK);
	ASSERT_OPENED(open_as(o, &before, "a0", "city"), REASON_METER_EXHAUSTED, 6);
	ASSERT_OPENED(open_as(o, &v, "a4", "city"), REASON_METERED, 5); /* sealed anew meanwhile */
}

static void revoked_keys_are_not(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	int64_t id = 0;

	assert_int_equal(read_many(o, &v, 0, 3), 3);
	assert_int_equal(meter_rotate_key(o->f->db, true, NOW, &id), ERR_OK);
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METER_EXHAUSTED, 6);
	for (int i = 0; i < 31; i++)
		assert_int_equal(meter_rotate_key(o->f->db, false, NOW, &id), ERR_OK);
	assert_int_equal(meter_rotate_key(o->f->db, false, NOW, &id), ERR_LIMITED);
	assert_int_equal(meter_rotate_key(o->f->db, true, NOW, &id), ERR_OK);
	assert_int_equal(id, 34);
}

/* ---- time ---- */

static void a_new_window_begins_anew(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	v.now_s = MONTH_END - 1;
	assert_int_equal(read_many(o, &v, 0, 9), 6);
	v.now_s = MONTH_END;
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED, 1);
	v.now_s = MONTH_END - 1; /* the clock steps back: no second helping, and nothing is lost */
	ASSERT_OPENED(open_as(o, &v, "a1", "city"), REASON_METERED, 2);
	v.now_s = MONTH_END + 1;
	ASSERT_OPENED(open_as(o, &v, "a2", "city"), REASON_METERED, 3);
}

static void a_window_may_begin_with_the_first_article(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	put_meter(o, &(struct meter){ .name = "all",
			     .anonymous_limit = 2,
			     .registered_limit = 2,
			     .window = WINDOW_ROLLING,
			     .days = 30 });
	assert_int_equal(read_many(o, &v, 0, 1), 1);
	v.now_s += 29 * DAY;
	struct opened p = open_as(o, &v, "a1", "city");
	assert_int_equal(p.d.window_ends_at, NOW + 30 * DAY);
	ASSERT_OPENED(open_as(o, &v, "a2", "city"), REASON_METER_EXHAUSTED, 2);
	v.now_s = NOW + 30 * DAY;
	ASSERT_OPENED(open_as(o, &v, "a2", "city"), REASON_METERED, 1);
}

static void limits_may_change_under_way(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();
	struct meter m = {
		.name = "all", .anonymous_limit = 6, .registered_limit = 10, .window = WINDOW_MONTH
	};

	assert_int_equal(read_many(o, &v, 0, 5), 5);
	m.anonymous_limit = 3;
	put_meter(o, &m);
	ASSERT_OPENED(open_as(o, &v, "a5", "city"), REASON_METER_EXHAUSTED, 3);
	ASSERT_OPENED(open_as(o, &v, "a4", "city"), REASON_METERED_AGAIN, 3);
	m.anonymous_limit = 8;
	put_meter(o, &m);
	ASSERT_OPENED(open_as(o, &v, "a5", "city"), REASON_METERED, 6);
	m.anonymous_limit = 0;
	put_meter(o, &m);
	ASSERT_OPENED(open_as(o, &v, "a6", "city"), REASON_METER_EXHAUSTED, 0);
}

/* ---- what is not a reading ---- */

static void only_a_reading_is_counted(void **state)
{
	struct world *o = *state;
	struct access_request v = anonymous_request();

	v.whole_get = false;
	assert_int_equal(open_as(o, &v, "a0", "city").err, ERR_DENIED);
	v.ahead = true;
	assert_int_equal(open_as(o, &v, "a0", "city").err, ERR_BUSY);
	v.ahead = false;
	v.head = true;
	struct opened p = open_as(o, &v, "a0", "city");
	ASSERT_OPENED(p, REASON_METERED, 1); /* as the GET would say */
	assert_int_equal(p.cookie_update.move, METER_COOKIE_KEEP);
	assert_int_equal(v.meter_cookie.n, 0);
	v = anonymous_request();
	assert_int_equal(read_many(o, &v, 0, 6), 6);
	v.whole_get = false;
	v.ahead = true;
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED_AGAIN, 6);
	ASSERT_OPENED(open_as(o, &v, "a7", "city"), REASON_METER_EXHAUSTED, 6);
}

/* ---- the ceiling ---- */

static struct access_request from(const char *address)
{
	struct access_request v = anonymous_request();
	assert_int_equal(ip_parse(str_of(address), &v.client), ERR_OK);
	return v;
}

static void a_prefix_has_a_ceiling(void **state)
{
	struct world *o = *state;
	struct access_request v;

	assert_int_equal(meter_ceiling_open(3, &o->w.ceiling), ERR_OK);
	for (int i = 0; i < 3; i++) {
		v = from(arena_fmt(o->f->arena, "192.0.2.%d", i + 1));
		assert_int_equal(read_many(o, &v, 0, 1), 1);
	}
	ASSERT_OPENED(open_as(o, &v, "a0", "city"), REASON_METERED_AGAIN, 1);
	struct opened p = open_as(o, &v, "a1", "city");
	ASSERT_OPENED(p, REASON_METER_EXHAUSTED, 6);
	assert_int_equal(p.d.window_ends_at, (NOW / DAY + 1) * DAY);
	v = from("192.0.3.1");
	assert_int_equal(read_many(o, &v, 0, 1), 1); /* another /24 */
	for (int i = 0; i < 3; i++) {
		v = from(arena_fmt(o->f->arena, "2001:db8:7:%d::1", i));
		assert_int_equal(read_many(o, &v, 0, 1), 1);
	}
	v = from("2001:db8:7:ffff::1"); /* the same /48 */
	assert_int_equal(read_many(o, &v, 0, 1), 0);
	v.now_s += DAY;
	assert_int_equal(read_many(o, &v, 0, 1), 1);
	put_account(o, "ada");
	v = from("192.0.2.9");
	v.account_id = "ada";
	assert_int_equal(read_many(o, &v, 0, 10), 10);
}

/* A flood of prefixes cannot lift the ceiling of a busy one. */
static void busy_prefixes_stay(void **state)
{
	struct meter_ceiling *c = NULL;
	struct ip busy, other;

	(void)state;
	assert_int_equal(meter_ceiling_open(5, &c), ERR_OK);
	assert_int_equal(ip_parse(STR("198.51.100.1"), &busy), ERR_OK);
	for (int i = 0; i < 5; i++)
		assert_true(meter_ceiling_take(c, busy, NOW));
	other = busy;
	for (unsigned i = 0; i < 200000; i++) {
		other.b[12] = 10;
		other.b[13] = (uint8_t)(i >> 8);
		other.b[14] = (uint8_t)i;
		other.b[11] = (uint8_t)(i >> 16);
		meter_ceiling_take(c, other, NOW);
	}
	assert_false(meter_ceiling_take(c, busy, NOW));
	assert_true(meter_ceiling_reached(c, busy, NOW));
	meter_ceiling_return(c, busy, NOW); /* a reading that failed gives its place back */
	assert_true(meter_ceiling_take(c, busy, NOW));
	assert_false(meter_ceiling_take(c, busy, NOW));
	assert_true(meter_ceiling_take(c, busy, NOW + DAY));
	assert_true(meter_ceiling_take(NULL, busy, NOW));
	meter_ceiling_return(NULL, busy, NOW);
	meter_ceiling_close(c);
}

/* "Today" is the newsroom's: in New York it does not end at seven in the evening. */
static void a_ceiling_ends_with_the_day_of_the_newsroom(void **state)
{
	const int64_t midnight = 1800075600;     /* of 15 January 2027 in New York */
	const int64_t evening = midnight - 5400; /* the 16th in UTC */
	struct world *o = *state;
	struct access_request v = from("192.0.2.1");

	time_local_zone_set("America/New_York");
	assert_int_equal(meter_ceiling_open(1, &o->w.ceiling), ERR_OK);
	assert_true(v.now_s < evening - 14400);
	assert_int_equal(read_many(o, &v, 0, 1), 1);
	v = from("192.0.2.2");
	v.now_s = evening;
	struct opened p = open_as(o, &v, "a1", "city");
	ASSERT_OPENED(p, REASON_METER_EXHAUSTED, 6);
	assert_int_equal(p.d.window_ends_at, midnight);
	v.now_s = midnight - 1;
	assert_int_equal(read_many(o, &v, 1, 1), 0);
	v.now_s = midnight;
	assert_int_equal(read_many(o, &v, 1, 1), 1);
	time_local_zone_set("UTC0");
}

/* ---- setting ---- */

static void meters_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *goal;
		struct meter m;
		enum err err;
	} rows[] = {
		{ "a name of capitals", { "All", "", 6, 10, WINDOW_MONTH, 0 }, ERR_INVALID },
		{ "no name", { "", "", 6, 10, WINDOW_MONTH, 0 }, ERR_INVALID },
		{ "an account allows less", { "all", "", 6, 5, WINDOW_MONTH, 0 }, ERR_INVALID },
		{ "an account allows the same", { "all", "", 6, 6, WINDOW_MONTH, 0 }, ERR_OK },
		{ "below zero", { "all", "", -1, 5, WINDOW_MONTH, 0 }, ERR_INVALID },
		{ "above the most", { "all", "", 6, METER_LIMIT_MAX + 1, WINDOW_MONTH, 0 },
			ERR_INVALID },
		{ "no window", { "all", "", 6, 6, (enum meter_window)0, 0 }, ERR_INVALID },
		{ "a month of days", { "all", "", 6, 6, WINDOW_MONTH, 30 }, ERR_INVALID },
		{ "rolling without days", { "all", "", 6, 6, WINDOW_ROLLING, 0 }, ERR_INVALID },
		{ "rolling for ever", { "all", "", 6, 6, WINDOW_ROLLING, METER_DAYS_MAX + 1 },
			ERR_INVALID },
		{ "the section's second", { "more", "", 6, 6, WINDOW_MONTH, 0 }, ERR_CONFLICT },
		{ "a section that is no slug", { "city", "City Desk", 6, 6, WINDOW_MONTH, 0 },
			ERR_INVALID },
		{ "another section", { "city", "city", 48, 48, WINDOW_DAY, 0 }, ERR_OK },
		{ "more than fits a cookie", { "sport", "sport", 40, 48, WINDOW_DAY, 0 },
			ERR_INVALID },
		{ "as much as fits", { "sport", "sport", 34, 48, WINDOW_DAY, 0 }, ERR_OK },
	};
	struct world *o = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char why[METER_WHY_SIZE];
		enum err e = meter_set(o->f->db, &rows[i].m, why);
		if (e != rows[i].err)
			fail_msg("%s: %s %s", rows[i].goal, err_name(e), why);
		assert_int_equal(e != ERR_OK, why[0] != '\0');
	}
	for (int i = 3; i < METERS_MAX; i++) {
		struct meter m = { .window = WINDOW_DAY };
		snprintf(m.name, sizeof m.name, "m%d", i);
		snprintf(m.section, sizeof m.section, "s%d", i);
		put_meter(o, &m);
	}
	char why[METER_WHY_SIZE];
	assert_int_equal(
		meter_set(o->f->db, &(struct meter){ "one-more", "x", 0, 0, WINDOW_DAY, 0 }, why),
		ERR_TOO_LARGE);
	assert_int_equal(meter_remove(o->f->db, STR("nobody")), ERR_NOT_FOUND);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_make, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(anonymous_reads_as_many_as_are_free),
		WORLD(a_receipt_lasts_as_long_as_its_window),
		WORLD(sections_may_have_a_meter_of_their_own),
		WORLD(without_a_meter_all_is_closed),
		WORLD(what_is_not_ours_counts_as_exhausted),
		WORLD(or_as_new_and_then_it_counts),
		WORLD(a_cookie_of_another_site_is_foreign),
		WORLD(an_older_own_cookie_is_its_older_state),
		WORLD(old_keys_are_believed_for_the_longest_window),
		WORLD(revoked_keys_are_not),
		WORLD(a_new_window_begins_anew),
		WORLD(a_window_may_begin_with_the_first_article),
		WORLD(limits_may_change_under_way),
		WORLD(only_a_reading_is_counted),
		WORLD(a_prefix_has_a_ceiling),
		WORLD(a_ceiling_ends_with_the_day_of_the_newsroom),
		WORLD(busy_prefixes_stay),
		WORLD(meters_that_cannot_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
