/* Goal: a rule says what it was told, the order is what was asked for, and a rule that can never
 * decide is known. */
#include "content_help.h"

#include "postern/rule.h"

static void ages_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		enum err err;
		int64_t value;
	} rows[] = {
		{ "90m", ERR_OK, 5400 },
		{ "3h", ERR_OK, 10800 },
		{ "30d", ERR_OK, 2592000 },
		{ "2w", ERR_OK, 1209600 },
		{ "1y", ERR_OK, 31536000 },
		{ "45s", ERR_OK, 45 },
		{ "100y", ERR_OK, 3153600000 },
		{ "101y", ERR_TOO_LARGE, 0 },
		{ "9223372036854775807d", ERR_INVALID, 0 },
		{ "", ERR_INVALID, 0 },
		{ "3", ERR_INVALID, 0 },
		{ "h", ERR_INVALID, 0 },
		{ "0h", ERR_INVALID, 0 },
		{ "-3h", ERR_INVALID, 0 },
		{ "3 h", ERR_INVALID, 0 },
		{ "3H", ERR_INVALID, 0 },
		{ "3h ", ERR_INVALID, 0 },
		{ "1.5h", ERR_INVALID, 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t out = 0;
		enum err e = policy_rule_age_parse(str_of(rows[i].input), &out);
		if (e != rows[i].err || out != rows[i].value)
			fail_msg("\"%s\": %s %lld", rows[i].input, err_name(e), (long long)out);
	}
}

static void days_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		enum err err;
		int64_t bits;
	} rows[] = {
		{ "sun", ERR_OK, 1 },
		{ "sat,sun", ERR_OK, 65 },
		{ "Sat, SUN", ERR_OK, 65 },
		{ "mon-fri", ERR_OK, 62 },
		{ "fri-mon", ERR_OK, 99 },
		{ "mon-sun", ERR_OK, 127 },
		{ "sun-sat", ERR_OK, 127 },
		{ "mon-mon", ERR_OK, 2 },
		{ "sat,sat", ERR_INVALID, 0 },
		{ "mon-fri,wed", ERR_INVALID, 0 },
		{ "saturday", ERR_INVALID, 0 },
		{ "", ERR_INVALID, 0 },
		{ "sat,", ERR_INVALID, 0 },
		{ ",sat", ERR_INVALID, 0 },
		{ "mon-", ERR_INVALID, 0 },
		{ "-fri", ERR_INVALID, 0 },
		{ "mon-wed-fri", ERR_INVALID, 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t bits = 0;
		enum err e = policy_rule_days_parse(str_of(rows[i].input), &bits);
		if (e != rows[i].err || bits != rows[i].bits)
			fail_msg("\"%s\": %s %lld", rows[i].input, err_name(e), (long long)bits);
	}
}

static struct paywall_rule a_rule(enum rule_kind kind)
{
	return (struct paywall_rule){
		.kind = kind, .weekdays = WEEKDAYS_ALL, .access = ACCESS_SUBSCRIBER
	};
}

static void nonsense_is_refused_with_the_reason(void **state)
{
	(void)state;
	struct paywall_rule r[10];
	static const char *const part[] = { "override or a default", "slug", "one line", "above",
		"at least one day", "levels", "2000", "no teaser", "100 years", "" };
	for (size_t i = 0; i < COUNT(r); i++)
		r[i] = a_rule(RULE_DEFAULT);
	r[0].kind = (enum rule_kind)0;
	snprintf(r[1].section, SECTION_SIZE, "City Hall");
	snprintf(r[2].tag, TAG_SIZE, "two\nlines");
	r[3].from_s = r[3].until_s = 3600;
	r[4].weekdays = 0;
	r[5].access = ACCESS_DEFAULT;
	r[6].teaser_words = 2001;
	r[7].access = ACCESS_PUBLIC;
	r[7].teaser_words = 10;
	r[8].until_s = RULE_AGE_MAX_S + 1;
	for (size_t i = 0; i < COUNT(r); i++) {
		char why[RULE_WHY_SIZE] = "";
		enum err e = policy_rule_check(&r[i], why);
		if ((e == ERR_OK) != !*part[i] || !strstr(why, part[i]))
			fail_msg("row %zu: %s \"%s\"", i, err_name(e), why);
	}
}

static void conditions_read_well(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(500);
	struct paywall_rule r = a_rule(RULE_OVERRIDE);
	policy_rule_conditions_text(&b, &r);
	assert_string_equal(b.p, "every article");
	snprintf(r.section, SECTION_SIZE, "city");
	snprintf(r.tag, TAG_SIZE, "Ferry");
	r.from_s = 10800;
	r.until_s = 30 * 86400;
	r.weekdays = 65;
	b.n = 0;
	policy_rule_conditions_text(&b, &r);
	assert_string_equal(b.p, "section city, tag Ferry, from 3h old, until 30d old, on sat,sun");
}

/* ---- in the shadow of others ---- */

static const struct paywall_rule *shadow_of_last(const struct paywall_rule *rules, size_t n)
{
	struct paywall_policy p = { .rules = rules, .rule_count = n };
	return policy_rule_shadow(&p, n - 1);
}

static void a_rule_that_can_never_decide_is_known(void **state)
{
	(void)state;
	struct paywall_rule r[3] = { a_rule(RULE_DEFAULT), a_rule(RULE_DEFAULT),
		a_rule(RULE_DEFAULT) };
	assert_ptr_equal(shadow_of_last(r, 2), &r[0]); /* everything before something */
	assert_null(shadow_of_last(r, 1));
	snprintf(r[0].section, SECTION_SIZE, "city");
	assert_null(shadow_of_last(r, 2));
	snprintf(r[1].section, SECTION_SIZE, "city");
	assert_non_null(shadow_of_last(r, 2));
	snprintf(r[0].tag, TAG_SIZE, "Ferry");
	assert_null(shadow_of_last(r, 2));
	snprintf(r[1].tag, TAG_SIZE, "ferry");
	assert_non_null(shadow_of_last(r, 2));
	r[0].weekdays = 65;
	assert_null(shadow_of_last(r, 2));
	r[1].weekdays = 1;
	assert_non_null(shadow_of_last(r, 2));
	r[0].until_s = 10;
	assert_null(shadow_of_last(r, 2)); /* open above */
	r[1].until_s = 10;
	assert_non_null(shadow_of_last(r, 2));
	r[0].from_s = 1;
	assert_null(shadow_of_last(r, 2)); /* open below */
	r[1].from_s = 1;
	assert_non_null(shadow_of_last(r, 2));
}

static void two_that_meet_cast_one_shadow(void **state)
{
	(void)state;
	struct paywall_rule r[3] = { a_rule(RULE_OVERRIDE), a_rule(RULE_OVERRIDE),
		a_rule(RULE_DEFAULT) };
	r[0].until_s = 100;
	r[1].from_s = 100;
	assert_non_null(shadow_of_last(r, 3));
	r[1].from_s = 101;
	assert_null(shadow_of_last(r, 3)); /* at the age of 100 s it decides */
	r[1].from_s = 50;
	assert_non_null(shadow_of_last(r, 3));
	r[0].weekdays = 63;
	assert_null(shadow_of_last(r, 3)); /* on Saturdays */
	r[1].weekdays = 64;
	r[1].from_s = 0;
	assert_null(shadow_of_last(r, 3)); /* above 100 on the other days */
	r[0].until_s = 0;
	assert_non_null(shadow_of_last(r, 3));
}

/* A shadow is never claimed of a rule that decides somewhere: all ages, days, sections and tags of
 * a small world are tried. */
static void a_shadow_agrees_with_the_matching(void **state)
{
	(void)state;
	uint32_t seed = 12345;
	size_t shadows = 0;
	for (int round = 0; round < 4000; round++) {
		struct paywall_rule r[4];
		for (size_t i = 0; i < COUNT(r); i++) {
			r[i] = a_rule(i < 2 ? RULE_OVERRIDE : RULE_DEFAULT);
			seed = seed * 1664525 + 1013904223;
			uint32_t x = seed >> 8;
			if (x % 3 == 0)
				snprintf(r[i].section, SECTION_SIZE, "city");
			if (x / 3 % 3 == 0)
				snprintf(r[i].tag, TAG_SIZE, "ferry");
			r[i].from_s = x / 9 % 3;
			r[i].until_s = x / 27 % 3 ? r[i].from_s + x / 81 % 3 + 1 : 0;
			r[i].weekdays = x / 243 % 2 ? WEEKDAYS_ALL : 1 + x / 486 % 126;
		}
		bool decides = false;
		for (unsigned w = 0; w < 7 * 8 * 4; w++) {
			struct paywall_article art = { .id = "a",
				.section = w & 1 ? STR("city") : STR("sport"),
				.tags = w & 2 ? STR("\nferry\n") : STR("") };
			struct paywall_moment now = { .s = w / 4 % 8, .weekday = w / 32 };
			bool before = false;
			for (size_t i = 0; i < 3; i++)
				before = before || paywall_rule_matches(&r[i], &art, now);
			decides = decides || (!before && paywall_rule_matches(&r[3], &art, now));
		}
		struct paywall_policy p = { .rules = r, .rule_count = 4 };
		bool shadow = policy_rule_shadow(&p, 3) != NULL;
		shadows += shadow;
		if (shadow && decides)
			fail_msg("round %d: a rule that decides was called never", round);
	}
	assert_in_range(shadows, 100, 3900);
}

/* ---- the order ---- */

struct look {
	struct policy_cache *cache;
	const struct paywall_policy *policy;
};
static enum err take(struct db_conn *c, void *arg)
{
	struct look *l = arg;
	return policy_acquire(l->cache, c, &l->policy);
}

static void assert_order(struct fixture *f, struct policy_cache *cache, const char *expected)
{
	struct look l = { .cache = cache };
	char text[256] = "";
	assert_int_equal(db_read(f->db, take, &l), ERR_OK);
	for (size_t i = 0; i < l.policy->rule_count; i++) {
		const struct paywall_rule *r = &l.policy->rules[i];
		snprintf(text + strlen(text), sizeof text - strlen(text), "%c%lld%s ",
			r->kind == RULE_OVERRIDE ? 'o' : 'd', (long long)r->position, r->section);
	}
	policy_release(cache, l.policy);
	assert_string_equal(text, expected);
}

static struct paywall_rule added(
	struct fixture *f, enum rule_kind kind, const char *section, int64_t position)
{
	struct paywall_rule r = a_rule(kind);
	snprintf(r.section, SECTION_SIZE, "%s", section);
	r.position = position;
	assert_int_equal(policy_rule_add(f->db, &r, NOW), ERR_OK);
	return r;
}

static void the_order_is_what_was_asked_for(void **state)
{
	struct fixture *f = *state;
	struct policy_cache *cache = NULL;
	struct policy_settings set = { .fallback = ACCESS_SUBSCRIBER, .ai = AI_TEASER };
	assert_int_equal(policy_cache_open(&set, &cache), ERR_OK);
	struct paywall_rule a = added(f, RULE_DEFAULT, "a", 0), b = added(f, RULE_DEFAULT, "b", 0);
	added(f, RULE_OVERRIDE, "x", 0);
	struct paywall_rule c = added(f, RULE_DEFAULT, "c", 1);
	assert_int_equal(c.position, 1);
	assert_int_equal(b.position, 2);
	assert_order(f, cache, "o1x d1c d2a d3b ");
	assert_int_equal(policy_rule_move(f->db, str_of(c.id), 99), ERR_OK);
	assert_order(f, cache, "o1x d1a d2b d3c ");
	assert_int_equal(policy_rule_move(f->db, str_of(c.id), 2), ERR_OK);
	assert_order(f, cache, "o1x d1a d2c d3b ");
	assert_int_equal(policy_rule_remove(f->db, str_of(a.id)), ERR_OK);
	assert_order(f, cache, "o1x d1c d2b ");
	assert_int_equal(policy_rule_remove(f->db, str_of(a.id)), ERR_NOT_FOUND);
	assert_int_equal(policy_rule_move(f->db, STR("nobody"), 1), ERR_NOT_FOUND);
	policy_cache_close(cache);
}

static void there_is_a_most(void **state)
{
	struct fixture *f = *state;
	struct paywall_rule r = a_rule(RULE_DEFAULT);
	for (int i = 0; i < RULES_MAX; i++) {
		r.position = 0;
		assert_int_equal(policy_rule_add(f->db, &r, NOW), ERR_OK);
	}
	r.position = 0;
	assert_int_equal(policy_rule_add(f->db, &r, NOW), ERR_TOO_LARGE);
}

/* ---- the cut ---- */

static struct article_text teaser_by(struct fixture *f, const struct paywall_rule *rule)
{
	struct decision d = teaser;
	d.rule = rule;
	d.teaser_words = rule ? rule->teaser_words : 0;
	return open_words(f, "cut", &d, 2).text;
}

#define SPACED "\xc2\xa0\xe2\x80\xa6"
static void a_rule_cuts_the_teaser(void **state)
{
	struct fixture *f = *state;
	struct draft d = draft_of(f, "cut", NOW - 10);
	draft_text(f, &d, "<p>one two</p><p>three four</p><p>five six</p><p>" SIXTY_WORDS "</p>");
	store(f, &d);
	struct paywall_rule r = a_rule(RULE_DEFAULT);
	assert_str(teaser_by(f, NULL).html, "<p>one two" SPACED "</p>\n");
	r.teaser_words = 4;
	assert_str(teaser_by(f, &r).html, "<p>one two</p>\n<p>three four" SPACED "</p>\n");
	d.blocks.cut = 3;
	store(f, &d);
	assert_str(teaser_by(f, &r).html,
		"<p>one two</p>\n<p>three four</p>\n<p>five six" SPACED "</p>\n");
	r.kind = RULE_OVERRIDE;
	assert_str(teaser_by(f, &r).html, "<p>one two</p>\n<p>three four" SPACED "</p>\n");
	r.teaser_words = 0;
	assert_str(teaser_by(f, &r).html,
		"<p>one two</p>\n<p>three four</p>\n<p>five six" SPACED "</p>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_are_read),
		cmocka_unit_test(days_are_read),
		cmocka_unit_test(nonsense_is_refused_with_the_reason),
		cmocka_unit_test(conditions_read_well),
		cmocka_unit_test(a_rule_that_can_never_decide_is_known),
		cmocka_unit_test(two_that_meet_cast_one_shadow),
		cmocka_unit_test(a_shadow_agrees_with_the_matching),
		cmocka_unit_test_setup_teardown(
			the_order_is_what_was_asked_for, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(there_is_a_most, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(a_rule_cuts_the_teaser, fixture_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
