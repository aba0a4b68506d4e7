/* Goal: a reader is an institution's exactly while one of its ranges or domains holds him and its
 * contract runs, and reads what its plan covers. */
#include "content_help.h"

#include "../../src/paywall/institution/ranges.h"
#include "postern/institution.h"

/* ---- text ---- */

static const struct {
	const char *in, *why; /* why: part of the reason; NULL: taken */
	const char *text, *name;
} lines[] = {
	{ "", NULL, "", "" },
	{ "   # only a comment", NULL, "", "" },
	{ "192.0.2.0/24 harbour", NULL, "192.0.2.0/24", "harbour" },
	{ "192.0.2.0/24", NULL, "192.0.2.0/24", "own" },
	{ "192.0.2.0/24\tharbour # main site\r", NULL, "192.0.2.0/24", "harbour" },
	{ "192.0.2.1 - 192.0.2.9 harbour", NULL, "192.0.2.1-192.0.2.9", "harbour" },
	{ "192.0.2.1 - 192.0.2.9", NULL, "192.0.2.1-192.0.2.9", "own" },
	{ "2001:db8::/48 h2", NULL, "2001:db8::/48", "h2" },
	{ "@Harbour.Example", NULL, "@harbour.example", "own" },
	{ "@mail.harbour.example harbour", NULL, "@mail.harbour.example", "harbour" },
	{ "@xn--bcher-kva.example", NULL, "@xn--bcher-kva.example", "own" },
	{ "@harbour", "not a complete domain", "", "" },
	{ "@", "not a complete domain", "", "" },
	{ "@.example", "not a complete domain", "", "" },
	{ "@harbour.example.", "not a complete domain", "", "" },
	{ "@har bour.example", "not a complete domain", "", "" },
	{ "@a@harbour.example", "not a complete domain", "", "" },
	{ "@*.harbour.example", "not a complete domain", "", "" },
	{ "@-harbour.example", "not a complete domain", "", "" },
	{ "@B\xc3\xbc"
	  "cher.example harbour",
		NULL, "@xn--bcher-kva.example", "harbour" },
	{ "@b\xc3\xbc"
	  "cher",
		"not a complete domain", "", "" },
	{ "192.0.2.0/24 Harbour", "not a valid institution name", "", "" },
	{ "192.0.2.0/24 har--bour", "not a valid institution name", "", "" },
	{ "harbour 192.0.2.0/24", "not an IPv4 or IPv6 address", "", "" },
	{ "192.0.2.0/24, 192.0.3.0/24", "a number of bits", "", "" },
	{ "192.0.2.0/2x4", "a number of bits", "", "" },
	{ "0.0.0.0/0 harbour", "whole internet", "", "" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct institution_item it = { .institution = "own" };
		char why[IP_RANGE_WHY_SIZE] = "", text[INSTITUTION_ITEM_SIZE];
		enum err e = institution_line_parse(str_of(lines[i].in), &it, why);

		if ((e == ERR_OK) != !lines[i].why || (e && !strstr(why, lines[i].why)))
			fail_msg("%s: %s, \"%s\"", lines[i].in, err_name(e), why);
		if (e)
			continue;
		assert_int_equal(it.kind == 0, !*lines[i].text);
		if (!it.kind)
			continue;
		assert_string_equal(institution_item_text(&it, text), lines[i].text);
		assert_string_equal(it.institution, lines[i].name);
	}
	struct institution_item bare = { .kind = INSTITUTION_RANGE };
	char why[IP_RANGE_WHY_SIZE];
	assert_int_equal(institution_line_parse(STR("192.0.2.1"), &bare, why), ERR_INVALID);
	assert_non_null(strstr(why, "missing"));
}

/* ---- search ---- */

static uint32_t step(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Addresses from a small space, so that ranges overlap and nest. */
static struct ip small_ip(uint32_t n)
{
	struct ip ip = { .set = true, .b = { [10] = 0xff, [11] = 0xff, [12] = 10 } };

	ip.b[14] = (uint8_t)(n >> 8);
	ip.b[15] = (uint8_t)n;
	return ip;
}

/* Goal: the tree finds what looking at every range finds. */
static void test_search(void **state)
{
	enum { SPANS = 3000, ASKED = 4096, SPACE = 1 << 14 };
	static struct ranges_span spans[SPANS];
	static const struct ranges_span *hits[SPANS];
	struct ranges rs = { .v = spans, .n = SPANS };
	uint32_t seed = 7;

	(void)state;
	for (uint32_t i = 0; i < SPANS; i++) {
		uint32_t first = step(&seed) % SPACE, length = step(&seed) % (i % 50 ? 8 : SPACE);
		spans[i] = (struct ranges_span){
			.range = { small_ip(first), small_ip(first + length) }, .owner = i
		};
	}
	institution_ranges_index(&rs);
	for (uint32_t i = 0; i < ASKED; i++) {
		struct ip ip = small_ip(step(&seed) % (SPACE + 64));
		size_t wanted = 0, n = institution_ranges_find(&rs, ip, ip, hits, SPANS);

		for (size_t k = 0; k < SPANS; k++)
			wanted += memcmp(spans[k].range.first.b, ip.b, 16) <= 0 &&
				  memcmp(spans[k].range.last.b, ip.b, 16) >= 0;
		assert_int_equal(n, wanted);
		for (size_t k = 0; k < n; k++)
			assert_true(memcmp(hits[k]->range.first.b, ip.b, 16) <= 0 &&
				    memcmp(hits[k]->range.last.b, ip.b, 16) >= 0);
		assert_true(institution_ranges_find(&rs, ip, ip, hits, 2) <= 2);
	}
	assert_int_equal(
		institution_ranges_find(&rs, (struct ip){ 0 }, (struct ip){ 0 }, hits, SPANS), 0);
	assert_int_equal(
		institution_ranges_find(&(struct ranges){ 0 }, small_ip(1), small_ip(1), hits, 1),
		0);
}

/* ---- store and snapshot ---- */

static struct institution_item item(const char *name, const char *text)
{
	struct institution_item it = { .kind = (enum institution_kind)0 };
	char why[IP_RANGE_WHY_SIZE];
	BUF_AUTO line = BUF(512);

	buf_fmt(&line, "%s %s", text, name);
	assert_int_equal(institution_line_parse(buf_view(&line), &it, why), ERR_OK);
	return it;
}

static void add(struct fixture *f, const char *name, int64_t from, int64_t until)
{
	struct institution i = { .starts_at = from, .ends_at = until };

	snprintf(i.name, sizeof i.name, "%s", name);
	snprintf(i.title, sizeof i.title, "The %s", name);
	assert_int_equal(institution_add(f->db, &i, NOW), ERR_OK);
}

static enum err add_items(struct fixture *f, const struct institution_item *items, size_t n)
{
	struct institution_change ch = { .items = items, .count = n };
	return institution_items_add(f->db, &ch);
}

struct asking {
	struct fixture *f;
	const char *ip, *domain;
	int64_t now_s;
	char names[256];
};

static enum err ask_read(struct db_conn *c, void *arg)
{
	struct asking *q = arg;
	const struct institutions *in = NULL;
	const struct institution *hits[INSTITUTION_HITS_MAX];
	struct ip ip = { .set = false };
	enum err e = institutions_load(c, q->f->arena, &in);

	if (e)
		return e;
	if (*q->ip)
		assert_int_equal(ip_parse(str_of(q->ip), &ip), ERR_OK);
	size_t n = institutions_of(in, ip, str_of(q->domain), q->now_s, hits);
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(q->names);
		snprintf(q->names + at, sizeof q->names - at, "%s%s", i ? " " : "", hits[i]->name);
	}
	return ERR_OK;
}

static void expect(struct fixture *f, const char *ip, const char *domain, const char *names)
{
	struct asking q = { .f = f, .ip = ip, .domain = domain, .now_s = NOW };

	assert_int_equal(db_read(f->db, ask_read, &q), ERR_OK);
	if (strcmp(q.names, names) != 0)
		fail_msg("%s %s: \"%s\", not \"%s\"", ip, domain, q.names, names);
}

static void test_snapshot(void **state)
{
	struct fixture *f = *state;

	add(f, "harbour", NOW - 10, 0);
	add(f, "ended", NOW - 10, NOW);
	add(f, "last-second", NOW - 10, NOW + 1);
	add(f, "future", NOW + 1, 0);
	struct institution_item items[] = { item("harbour", "192.0.2.0/24"),
		item("harbour", "2001:db8:5::/48"), item("ended", "198.51.100.0/24"),
		item("last-second", "198.51.100.7"), item("future", "192.0.2.0/25"),
		item("last-second", "192.0.2.7"), item("harbour", "@harbour.example"),
		item("ended", "@ended.example") };
	assert_int_equal(add_items(f, items, COUNT(items)), ERR_OK);
	expect(f, "192.0.2.1", "", "harbour");
	expect(f, "::ffff:192.0.2.1", "", "harbour");
	expect(f, "192.0.2.7", "", "harbour last-second");
	expect(f, "192.0.3.0", "", "");
	expect(f, "192.0.1.255", "", "");
	expect(f, "2001:db8:5:1::9", "", "harbour");
	expect(f, "2001:db8:6::", "", "");
	expect(f, "198.51.100.7", "", "last-second");
	expect(f, "198.51.100.8", "", "");
	expect(f, "", "", "");
	expect(f, "", "harbour.example", "harbour");
	expect(f, "", "mail.harbour.example", "");
	expect(f, "", "evilharbour.example", "");
	expect(f, "", "ended.example", "");
	expect(f, "192.0.2.1", "harbour.example", "harbour");
}

static void test_changes(void **state)
{
	struct fixture *f = *state;
	struct institution again = { .name = "one", .title = "Again", .starts_at = 1 };

	add(f, "one", 1, 0);
	add(f, "two", 1, 0);
	assert_int_equal(institution_add(f->db, &again, NOW), ERR_CONFLICT);
	struct institution_item first[] = { item("one", "10.0.0.0/24"), item("one", "@one.example"),
		item("nobody", "10.0.1.0/24") };
	assert_int_equal(add_items(f, first, 3), ERR_NOT_FOUND);
	expect(f, "10.0.0.1", "one.example", "");
	assert_int_equal(add_items(f, first, 2), ERR_OK);
	assert_int_equal(add_items(f, first, 2), ERR_OK); /* the same again is no change */
	struct institution_item taken[] = { item("two", "10.0.2.0/24"),
		item("two", "@one.example") };
	assert_int_equal(add_items(f, taken, 2), ERR_CONFLICT);
	expect(f, "10.0.2.1", "", "");
	struct institution_change ch = { .items = (struct institution_item[]){ item(
						 "one", "10.9.0.0/24") },
		.count = 1,
		.replace = true };
	assert_int_equal(institution_items_add(f->db, &ch), ERR_OK);
	expect(f, "10.0.0.1", "one.example", "");
	expect(f, "10.9.0.1", "", "one");
	assert_int_equal(institution_item_remove(f->db, &first[0]), ERR_NOT_FOUND);
	assert_int_equal(institution_item_remove(f->db, &ch.items[0]), ERR_OK);
	expect(f, "10.9.0.1", "", "");
	assert_int_equal(institution_remove(f->db, STR("one")), ERR_OK);
	assert_int_equal(institution_remove(f->db, STR("one")), ERR_NOT_FOUND);
	again.ends_at = 1;
	assert_int_equal(institution_add(f->db, &again, NOW), ERR_INVALID);
	again.ends_at = 0;
	snprintf(again.plan, sizeof again.plan, "no-such-plan");
	assert_int_equal(institution_add(f->db, &again, NOW), ERR_NOT_FOUND);
}

struct overlapping {
	struct fixture *f;
	const struct institution_item *items;
	size_t count;
	struct institution_overlap *v;
	size_t n;
};

static enum err overlaps_read(struct db_conn *c, void *arg)
{
	struct overlapping *o = arg;
	return institution_overlaps(c, o->items, o->count, o->f->arena, &o->v, &o->n);
}

static void test_overlaps(void **state)
{
	struct fixture *f = *state;
	char text[INSTITUTION_ITEM_SIZE];

	add(f, "left", 1, 0);
	add(f, "right", 1, 0);
	struct institution_item left[] = { item("left", "172.16.0.0/24"),
		item("left", "172.16.0.128/25") };
	struct institution_item right[] = { item("right", "172.16.0.255-172.16.1.9"),
		item("right", "172.16.9.0/24") };
	assert_int_equal(add_items(f, left, 2), ERR_OK);
	assert_int_equal(add_items(f, right, 2), ERR_OK);
	struct overlapping o = { .f = f, .items = right, .count = 2 };
	assert_int_equal(db_read(f->db, overlaps_read, &o), ERR_OK);
	assert_int_equal(o.n, 2);
	for (size_t i = 0; i < o.n; i++) {
		assert_ptr_equal(o.v[i].item, &right[0]);
		assert_string_equal(institution_item_text(o.v[i].other, text),
			i ? "172.16.0.128/25" : "172.16.0.0/24");
	}
}

/* ---- decision ---- */

static void test_decision(void **state)
{
	static const struct plan plans[] = {
		{ .name = "sport", .kind = PLAN_SUBSCRIPTION, .sections = "\nsport\n" },
		{ .name = "all", .kind = PLAN_SUBSCRIPTION }
	};
	static const struct {
		const char *section, *plan;
		enum access level;
		enum reason reason;
	} rows[] = {
		{ "city", "", ACCESS_SUBSCRIBER, REASON_INSTITUTION },
		{ "city", NULL, ACCESS_SUBSCRIBER, REASON_INSTITUTION },
		{ "city", "all", ACCESS_SUBSCRIBER, REASON_INSTITUTION },
		{ "sport", "sport", ACCESS_SUBSCRIBER, REASON_INSTITUTION },
		{ "city", "sport", ACCESS_SUBSCRIBER, REASON_SUBSCRIBER_ONLY },
		{ "city", "gone", ACCESS_SUBSCRIBER, REASON_SUBSCRIBER_ONLY },
		{ "city", "", ACCESS_REGISTERED, REASON_INSTITUTION },
		{ "city", "sport", ACCESS_REGISTERED, REASON_LOGIN_REQUIRED },
		{ "city", "", ACCESS_METERED, REASON_INSTITUTION },
		{ "city", "", ACCESS_PUBLIC, REASON_PUBLIC },
	};
	const struct paywall_policy policy = { .plans = plans,
		.plan_count = COUNT(plans),
		.fallback = ACCESS_SUBSCRIBER,
		.ai = AI_TEASER };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct paywall_article art = { .id = "a",
			.section = str_of(rows[i].section),
			.access = rows[i].level,
			.usable = true,
			.published_at = 1 };
		struct paywall_reader reader = { .institution = "Harbour University",
			.institution_plan = rows[i].plan };
		struct decision d = paywall_decide(&(struct decision_inputs){ .article = &art,
			.policy = &policy,
			.reader = &reader,
			.now = { .s = NOW } });

		if (d.reason != rows[i].reason)
			fail_msg("row %zu: %s", i, paywall_reason_name(d.reason));
		assert_int_equal(d.institution != NULL, d.reason == REASON_INSTITUTION);
		assert_false(d.must_count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_search),
		cmocka_unit_test_setup_teardown(test_snapshot, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(test_changes, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(test_overlaps, fixture_make, fixture_end),
		cmocka_unit_test(test_decision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
