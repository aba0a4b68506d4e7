/* Goal: an answer is marked as every anonymous reader's only when it is, and for no longer than it
 * will be.
 */
#include "content_help.h"

#include "../../src/access/internal.h"
#include "../../src/http/internal.h"

#include "postern/access.h"
#include "postern/institution.h"
#include "postern/rule.h"

struct shelf {
	struct fixture *f;
	struct paywall w;
	struct http h;
	struct exchange x;
	struct header headers[1];
	struct response rsp;
};
static struct shelf s;

static int open_shelf(void **state)
{
	if (fixture_make(state) != 0)
		return -1;
	struct fixture *f = *state;
	const struct policy_settings set = { .fallback = ACCESS_SUBSCRIBER, .ai = AI_ALLOW };
	s = (struct shelf){ .f = f, .w = { .db = f->db, .log = &help_quiet } };
	return policy_cache_open(&set, &s.w.policies) == ERR_OK ? 0 : -1;
}

static int close_shelf(void **state)
{
	policy_cache_close(s.w.policies);
	return fixture_end(state);
}

/* A reader's request, from an address, with an agent, perhaps signed in. */
static const struct request *from(const char *ip, const char *agent, const char *account)
{
	s.x = (struct exchange){ .h = &s.h,
		.req = { .method = METHOD_GET, .arena = s.f->arena, .now_s = NOW, .x = &s.x },
		.headers = s.headers };
	assert_int_equal(ip_parse(str_of(ip), &s.x.req.client), ERR_OK);
	snprintf(s.x.req.caller.account_id, ID_SIZE, "%s", account);
	s.headers[0] = (struct header){ STR("User-Agent"), str_of(agent) };
	s.x.header_count = *agent ? 1 : 0;
	return &s.x.req;
}

static const struct request *anonymous_request(void)
{
	return from("203.0.113.9", "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "");
}

static void put_at(const char *slug, int64_t published, int64_t embargo, int64_t expires)
{
	struct draft d = draft_of(s.f, slug, published);
	d.access = ACCESS_PUBLIC;
	d.embargo_at = embargo;
	d.expires_at = expires;
	draft_text(s.f, &d, "<p>text</p>");
	assert_int_equal(store(s.f, &d), OUTCOME_NEW);
}

struct sharing {
	struct article_reading rd; /* with the request, of whatever is shared */
	const struct image *image;
};

static enum err share_read(struct access_snapshot *snap, void *arg)
{
	struct sharing *to = arg;
	if (to->image)
		return access_share_picture(snap, to->image, &to->rd.article, &to->rd.req, &s.rsp);
	if (to->rd.article.id[0])
		return access_share_article(snap, &to->rd, &s.rsp);
	return access_share_list(snap, &to->rd.req, &s.rsp);
}

static const struct response_sharing *share(struct sharing *to, const struct request *r)
{
	s.rsp = (struct response){ .shared.on = false };
	to->rd.req = access_request_from_http(r);
	assert_int_equal(access_read(&s.w, r, share_read, to), ERR_OK);
	return &s.rsp.shared;
}

static const struct response_sharing *share_article(
	const char *slug, enum grant grant, enum reason reason)
{
	struct sharing to = { .rd = { .article = find(s.f, slug),
				      .decision = { .grant = grant, .reason = reason } } };
	return share(&to, anonymous_request());
}

static const struct response_sharing *share_list(const struct request *r)
{
	struct sharing to = { .image = NULL };
	return share(&to, r);
}

static void only_what_every_anonymous_reader_gets(void **state)
{
	(void)state;
	put_at("open", NOW - 10, 0, 0);
	for (unsigned g = 0; g <= GRANT_FULL; g++)
		for (unsigned r = 0; r < REASON_COUNT; r++) {
			bool on = share_article("open", (enum grant)g, (enum reason)r)->on;
			bool wall = g == GRANT_TEASER &&
				    (r == REASON_SUBSCRIBER_ONLY || r == REASON_LOGIN_REQUIRED);
			if (on != (wall || (g == GRANT_FULL && r == REASON_PUBLIC)))
				fail_msg("grant %u, reason %u: %d", g, r, on);
		}
}

static void only_anonymous_readers(void **state)
{
	(void)state;
	static const char *const agents[] = { "GPTBot/1.2",
		"Mozilla/5.0 (compatible; Googlebot/2.1)",
		"CCBot/2.0 (https://commoncrawl.example/faq/)", "ClaudeBot", "Bytespider",
		"anthropic-ai", "PERPLEXITY-user", "x@mail.example" };
	assert_true(share_list(anonymous_request())->on);
	assert_true(share_list(from("203.0.113.9", "", ""))->on);
	assert_false(share_list(from("203.0.113.9", "", "an-account"))->on);
	for (size_t i = 0; i < COUNT(agents); i++)
		if (share_list(from("203.0.113.9", agents[i], ""))->on)
			fail_msg("%s", agents[i]);
}

/* Of an institution: from when it is in the policy, for its addresses alone. */
static void institutions_are_not_anonymous(void **state)
{
	(void)state;
	struct institution_item item = { .institution = "harbour", .kind = INSTITUTION_RANGE };
	char why[IP_RANGE_WHY_SIZE];
	assert_true(share_list(from("192.0.2.7", "", ""))->on);
	assert_int_equal(
		institution_add(s.f->db,
			&(struct institution){ .name = "harbour", .title = "Harbour" }, NOW),
		ERR_OK);
	assert_int_equal(ip_range_parse(STR("192.0.2.0/24"), &item.range, why), ERR_OK);
	assert_int_equal(institution_items_add(s.f->db,
				 &(struct institution_change){ .items = &item, .count = 1 }),
		ERR_OK);
	/* the list is made with the new policy, whatever the request was judged by */
	assert_false(share_list(from("192.0.2.7", "", ""))->on);
	assert_true(share_list(from("192.0.3.7", "", ""))->on);
}

static void until_the_next_moment(void **state)
{
	(void)state;
	/* the masthead has the newsroom's date: NOW is 8.00 in London, 17.00 in Tokyo */
	time_local_zone_set("Asia/Tokyo");
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 7 * 3600);
	time_local_zone_set("UTC0");
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 16 * 3600);
	put_at("past", NOW - 100, NOW - 50, NOW - 20);
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 16 * 3600);
	put_at("expires", NOW - 100, 0, NOW + 300);
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 300);
	put_at("embargo", NOW - 100, NOW + 200, 0);
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 200);
	put_at("tomorrow", NOW + 100, 0, 0);
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 100);
	put_at("now", NOW, NOW, 0);
	assert_int_equal(share_list(anonymous_request())->fresh_until_s, NOW + 100);
	/* a list shows headlines, which may grow old; an article has an end */
	assert_int_equal(share_list(anonymous_request())->usable_until_s, 0);
	const struct response_sharing *one = share_article("expires", GRANT_FULL, REASON_PUBLIC);
	assert_int_equal(one->fresh_until_s, NOW + 100);
	assert_int_equal(one->usable_until_s, NOW + 300);
	one = share_article("now", GRANT_FULL, REASON_PUBLIC);
	assert_int_equal(one->usable_until_s, 0);
}

/* Open for its first hour, closed after a year, open on some days: it ends when that may end. */
static void until_a_rule_changes(void **state)
{
	(void)state;
	char why[RULE_WHY_SIZE];
	put_at("young", NOW - 3000, 0, 0);
	struct paywall_rule rule = { .kind = RULE_OVERRIDE,
		.until_s = 3600,
		.weekdays = WEEKDAYS_ALL,
		.access = ACCESS_PUBLIC };
	assert_int_equal(policy_rule_check(&rule, why), ERR_OK);
	assert_int_equal(policy_rule_add(s.f->db, &rule, NOW), ERR_OK);
	const struct response_sharing *one = share_article("young", GRANT_FULL, REASON_PUBLIC);
	assert_int_equal(one->fresh_until_s, NOW + 600);
	assert_int_equal(one->usable_until_s, NOW + 600);
	rule = (struct paywall_rule){ .kind = RULE_OVERRIDE,
		.from_s = 3100,
		.weekdays = WEEKDAYS_ALL,
		.access = ACCESS_SUBSCRIBER };
	assert_int_equal(policy_rule_add(s.f->db, &rule, NOW), ERR_OK);
	assert_int_equal(
		share_article("young", GRANT_FULL, REASON_PUBLIC)->usable_until_s, NOW + 100);
	rule = (struct paywall_rule){
		.kind = RULE_OVERRIDE, .tag = "weekend", .weekdays = 1 << 6, .access = ACCESS_PUBLIC
	};
	assert_int_equal(policy_rule_add(s.f->db, &rule, NOW), ERR_OK);
	put_at("old", NOW - 100000, 0, 0);
	one = share_article("old", GRANT_FULL, REASON_PUBLIC);
	assert_in_range(one->usable_until_s, NOW + 1, NOW + 90000);
	time_t midnight = (time_t)one->usable_until_s;
	struct tm day;
	assert_non_null(localtime_r(&midnight, &day));
	assert_int_equal(day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec, 0);
}

static bool tagged(enum db_change kind, const char *key)
{
	for (size_t i = 0; i < s.rsp.shared.tag_count; i++)
		if (s.rsp.shared.tags[i] == db_change_tag(kind, str_of(key)))
			return true;
	return false;
}

static void tagged_by_what_it_is_made_of(void **state)
{
	(void)state;
	assert_true(share_list(anonymous_request())->on);
	assert_true(tagged(DB_CHANGE_ARTICLE, "") && tagged(DB_CHANGE_POLICY, ""));
	put_at("open", NOW - 10, 0, 0);
	assert_true(share_article("open", GRANT_FULL, REASON_PUBLIC)->on);
	assert_true(tagged(DB_CHANGE_ARTICLE, "") && tagged(DB_CHANGE_POLICY, ""));
}

static void lead_pictures_alone(void **state)
{
	(void)state;
	struct fixture *f = s.f;
	put_png(f, "a.png", 40, 'a');
	put_png(f, "b.png", 50, 'b');
	put_file(f, "story.md",
		"---\nslug: story\nheadline: Story\naccess: subscriber\npublished: 2026-01-01\n"
		"expires: 2100-01-01T00:00:00Z\nimages:\n  - file: a.png\n    alt: A\n---\n"
		"One.\n\n![B](b.png)\n\nThree.\n");
	struct import_settings set = import_settings_of(f);
	struct import_count n = { 0 };
	assert_int_equal(content_import(f->db, fixture_path(f, "story.md"), &set, NOW, &n), ERR_OK);
	if (n.created != 1)
		fail_msg("%s", f->why[0]);
	struct reading_of r = open_words(f, "story", &full, 0);
	assert_int_equal(r.image_count, 2);
	for (size_t i = 0; i < r.image_count; i++) {
		struct sharing to = { .rd.article = r.article, .image = &r.images[i] };
		share(&to, anonymous_request());
		assert_int_equal(s.rsp.shared.on, r.images[i].position == 0);
		if (s.rsp.shared.on)
			assert_int_equal(s.rsp.shared.usable_until_s, r.article.expires_at);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_shelf, close_shelf)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_every_anonymous_reader_gets),
		TEST(only_anonymous_readers),
		TEST(institutions_are_not_anonymous),
		TEST(until_the_next_moment),
		TEST(until_a_rule_changes),
		TEST(tagged_by_what_it_is_made_of),
		TEST(lead_pictures_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
