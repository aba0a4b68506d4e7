/* Goal: what a page that is not in memory costs does not creep up: snapshots of the database,
 * statements in them, decisions. The linker puts the counting functions below in the place of
 * paywall_decide and paywall_decide_unmetered (Makefile). */
#include "content_help.h"

#include "../../src/db/internal.h"
#include "../../src/http/internal.h"

#include "postern/entitlement.h"
#include "postern/pages.h"

enum { CARDS = 5 }; /* articles of a section that the page looks at for "more" */

struct paper {
	struct fixture *f;
	struct paywall w;
	struct accounts accounts;
	struct pages *pages;
	struct http h;
	struct exchange x;
	struct header headers[1];
	struct response rsp;
	char reader[ID_SIZE];
};
static struct paper s;

struct cost {
	uint64_t snapshots, statements, decisions;
};
static uint64_t decisions;

struct decision __real_paywall_decide(const struct decision_inputs *k);
struct decision __wrap_paywall_decide(const struct decision_inputs *k);
struct decision __wrap_paywall_decide(const struct decision_inputs *k)
{
	decisions++;
	return __real_paywall_decide(k);
}

bool __real_paywall_decide_unmetered(const struct decision_inputs *k, struct decision *d);
bool __wrap_paywall_decide_unmetered(const struct decision_inputs *k, struct decision *d);
bool __wrap_paywall_decide_unmetered(const struct decision_inputs *k, struct decision *d)
{
	decisions++;
	return __real_paywall_decide_unmetered(k, d);
}

static void put_reader(void)
{
	const struct plan plan = { .name = "all", .kind = PLAN_SUBSCRIPTION, .title = "All" };
	const struct entitlement_grant grant = { .account_id = s.reader,
		.plan = "all",
		.source = "comp",
		.status = STATUS_ACTIVE,
		.starts_at = NOW - 10 };
	char id[ID_SIZE];
	crypto_id_make(s.reader);
	account_put(s.f, s.reader);
	assert_int_equal(policy_plan_set(s.f->db, &plan, NOW), ERR_OK);
	assert_int_equal(entitlement_grant(s.f->db, &grant, NOW, id), ERR_OK);
}

static void put_article(const char *slug, enum access access)
{
	struct draft d = draft_of(s.f, slug, NOW - 10);
	d.access = access;
	draft_text(s.f, &d, "<p>One.</p><p>Two.</p><p>Three.</p>");
	assert_int_equal(store(s.f, &d), OUTCOME_NEW);
}

static void put_articles(void)
{
	static const char *const metered[] = { "m1", "m2", "m3", "m4" };
	static const char *const closed[] = { "s1", "s2", "s3", "s4" };
	for (size_t i = 0; i < COUNT(metered); i++)
		put_article(metered[i], ACCESS_METERED);
	for (size_t i = 0; i < COUNT(closed); i++)
		put_article(closed[i], ACCESS_SUBSCRIBER);
}

static int open_paper(void **state)
{
	const struct policy_settings policy = {
		.fallback = ACCESS_SUBSCRIBER, .ai = AI_ALLOW, .open_statuses = 1u << STATUS_ACTIVE
	};
	const struct pages_settings set = { .site_name = "Paper",
		.tagline = "",
		.language = "en",
		.base_url = "http://paper.example",
		.sitemap = "",
		.teaser = { .words = 90, .characters = 1200, .share = 30 } };
	char why[256];
	if (fixture_make(state) != 0)
		return -1;
	s = (struct paper){ .f = *state };
	s.w = (struct paywall){ .db = s.f->db, .log = &help_quiet, .base_url = set.base_url };
	s.w.decision_cache = cache_new(&(struct cache_settings){ 1 << 20, 4, 5000000 });
	s.accounts = (struct accounts){ .db = s.f->db, .log = &help_quiet };
	put_reader();
	put_articles();
	return s.w.decision_cache && policy_cache_open(&policy, &s.w.policies) == ERR_OK &&
			       pages_open(&set, &s.accounts, &s.w, &s.pages, why) == ERR_OK
		       ? 0
		       : -1;
}

static int close_paper(void **state)
{
	pages_close(s.pages);
	policy_cache_close(s.w.policies);
	cache_free(s.w.decision_cache);
	return fixture_end(state);
}

/* A page that is asked for by `account`, or by nobody with the meter's cookie of the last answer.
 */
static struct cost cost_of(const char *slug, const char *account)
{
	struct str cookie = { NULL, 0 };
	for (size_t i = 0; i < s.rsp.header_count; i++)
		if (str_eq(str_of(s.rsp.headers[i].name), STR("Set-Cookie")))
			cookie = str_cut(&s.rsp.headers[i].value, ';');
	s.x = (struct exchange){ .h = &s.h,
		.req = { .method = METHOD_GET,
			.path = str_of(arena_fmt(s.f->arena, "/articles/%s", slug)),
			.params = { str_of(slug) },
			.arena = s.f->arena,
			.now_s = NOW,
			.x = &s.x },
		.headers = s.headers,
		.header_count = cookie.n > 0 };
	s.headers[0] = (struct header){ STR("Cookie"), cookie };
	snprintf(s.x.req.caller.account_id, ID_SIZE, "%s", account);
	s.x.req.caller.signed_in = *account;
	s.rsp = (struct response){ .status = 0 };
	const struct db_stats before = db_stats_get(s.f->db);
	decisions = 0;
	assert_int_equal(pages_article(s.pages, &s.x.req, &s.rsp), ERR_OK);
	const struct db_stats after = db_stats_get(s.f->db);
	assert_string_equal(s.rsp.decision, "full");
	assert_true(s.rsp.shared.on);
	return (struct cost){ after.snapshots - before.snapshots,
		after.statements - before.statements, decisions };
}

static void assert_cost(struct cost c, uint64_t snapshots, uint64_t statements, uint64_t made)
{
	print_message("# %d snapshots, %d statements, %d decisions\n", (int)c.snapshots,
		(int)c.statements, (int)c.decisions);
	assert_in_range(c.snapshots, 1, snapshots);
	assert_in_range(c.statements, 1, statements);
	assert_in_range(c.decisions, 1, made);
}

static void a_subscriber(void **state)
{
	(void)state;
	(void)cost_of("s1", s.reader); /* the policy, this reader and the sections are known now */
	assert_cost(cost_of("s2", s.reader), 1, 7, 1 + CARDS);
	assert_cost(cost_of("s3", s.reader), 1, 7, 1 + CARDS);
}

/* The first page after an article has changed: sections and the next moment are read again. */
static void a_subscriber_after_a_change(void **state)
{
	(void)state;
	(void)cost_of("s1", s.reader);
	cache_drop(s.w.decision_cache, db_change_tag(DB_CHANGE_ARTICLE, STR("")));
	assert_cost(cost_of("s2", s.reader), 1, 9, 1 + CARDS);
}

/* Counting is between two reads, so that a withdrawal in between is noticed. */
static void the_next_metered_article_of_an_anonymous_reader(void **state)
{
	(void)state;
	(void)cost_of("m1", "");
	assert_cost(cost_of("m2", ""), 2, 10, 2 + CARDS);
	assert_string_equal(s.rsp.reason, "metered");
	assert_cost(cost_of("m3", ""), 2, 10, 2 + CARDS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_paper, close_paper)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_subscriber),
		TEST(a_subscriber_after_a_change),
		TEST(the_next_metered_article_of_an_anonymous_reader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
