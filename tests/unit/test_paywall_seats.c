/* Goal: a group goes on with its entitlement's renewal, whenever that begins, and nobody reads on a
 * seat that was not paid for. A group is one owner and one plan. */
#include "account_help.h"

#include "postern/seat.h"

enum { DAY_S = 86400, MEMBERS = 4 };

struct group {
	struct bench *b;
	struct paywall w;
	struct account owner, members[MEMBERS];
};

static void group_open(struct group *g, void **state)
{
	(void)state;
	*g = (struct group){ .b = bench_open() };
	g->w = (struct paywall){
		.db = g->b->db, .mail = g->b->mail, .base_url = "https://paper.example"
	};
	bench_account(g->b, "owner@paper.example", GOOD_PASSWORD, &g->owner);
	for (int i = 0; i < MEMBERS; i++) {
		char email[40];
		snprintf(email, sizeof email, "member%d@paper.example", i);
		bench_account(g->b, email, GOOD_PASSWORD, &g->members[i]);
	}
}

struct term {
	int from, until, seats; /* days from T0 */
	const char *plan;
};

static void grant(struct group *g, struct term t, char id[static ID_SIZE])
{
	struct entitlement_grant e = { .account_id = g->owner.id,
		.plan = t.plan ? t.plan : "team",
		.source = "shop",
		.status = STATUS_ACTIVE,
		.starts_at = T0 + (int64_t)t.from * DAY_S,
		.ends_at = T0 + (int64_t)t.until * DAY_S,
		.seats = t.seats };

	g->b->now_s++; /* created one after the other */
	assert_int_equal(entitlement_grant(g->b->db, &e, g->b->now_s, id), ERR_OK);
}

static enum err invite(struct group *g, int member)
{
	struct seat_invitation inv = { .owner_id = g->owner.id,
		.owner_email = g->owner.email,
		.email = str_of(g->members[member].email),
		.now_s = ++g->b->now_s };

	return entitlement_seat_invite(&g->w, &inv);
}

static void join(struct group *g, int member)
{
	char token[TOKEN_SIZE];

	assert_int_equal(invite(g, member), ERR_OK);
	assert_true(bench_mails(g->b, g->members[member].email, NULL, token) > 0);
	assert_int_equal(
		entitlement_seat_accept(&g->w, &(struct seat_claim){ .token = str_of(token),
						       .account_id = g->members[member].id,
						       .account_email = g->members[member].email,
						       .now_s = g->b->now_s }),
		ERR_OK);
}

static void day_is(struct group *g, int day)
{
	g->b->now_s = T0 + (int64_t)day * DAY_S + DAY_S / 2;
}

struct ask {
	struct group *g;
	const char *account_id;
	struct entitlements got;
	struct seat_group group;
	enum err err;
};

static enum err rights_read(struct db_conn *c, void *arg)
{
	struct ask *k = arg;

	return entitlement_for_article(c, k->account_id, "any", k->g->b->a, &k->got);
}

static bool reads(struct group *g, int member)
{
	struct ask k = { .g = g, .account_id = g->members[member].id };
	int64_t now_s = g->b->now_s;

	assert_int_equal(db_read(g->b->db, rights_read, &k), ERR_OK);
	for (size_t i = 0; i < k.got.n; i++) {
		const struct entitlement *e = &k.got.v[i];
		if (!e->revoked_at && e->starts_at <= now_s && e->ends_at + e->grace_s > now_s)
			return true;
	}
	return false;
}

static enum err group_read(struct db_conn *c, void *arg)
{
	struct ask *k = arg;
	const struct seat_owner o = { k->g->owner.id, k->g->b->now_s };

	k->err = entitlement_seats_load(c, &o, k->g->b->a, &k->group);
	return ERR_OK;
}

static struct ask look(struct group *g)
{
	struct ask k = { .g = g };

	assert_int_equal(db_read(g->b->db, group_read, &k), ERR_OK);
	return k;
}

/* Bought in advance, as renewals are. */
static void test_renewal_in_advance(void **state)
{
	struct group g;
	char old[ID_SIZE], renewal[ID_SIZE];

	group_open(&g, state);
	grant(&g, (struct term){ 0, 30, 2, NULL }, old);
	join(&g, 0);
	join(&g, 1);
	grant(&g, (struct term){ 30, 395, 2, NULL }, renewal);
	struct ask k = look(&g);
	assert_string_equal(k.group.entitlement_id, old);
	assert_int_equal(k.group.count, 2);
	assert_int_equal(k.group.seats, 2);
	assert_int_equal(invite(&g, 2), ERR_TOO_LARGE);
	for (int day = 1; day < 390; day += 28) {
		day_is(&g, day);
		assert_true(reads(&g, 0) && reads(&g, 1));
		k = look(&g);
		assert_string_equal(k.group.entitlement_id, day < 30 ? old : renewal);
		assert_int_equal(k.group.count, 2);
	}
	day_is(&g, 396);
	assert_false(reads(&g, 0) || reads(&g, 1));
	assert_int_equal(look(&g).err, ERR_NOT_FOUND);
	bench_close(g.b);
}

static void test_gap(void **state)
{
	struct group g;
	char id[ID_SIZE];

	group_open(&g, state);
	grant(&g, (struct term){ 0, 30, 2, NULL }, id);
	join(&g, 0);
	day_is(&g, 35);
	assert_false(reads(&g, 0));
	assert_int_equal(look(&g).err, ERR_NOT_FOUND);
	grant(&g, (struct term){ 40, 70, 2, NULL }, id);
	assert_false(reads(&g, 0));
	assert_int_equal(look(&g).group.count, 1); /* the next to begin: its owner may prepare it */
	day_is(&g, 41);
	assert_true(reads(&g, 0));
	assert_int_equal(invite(&g, 0), ERR_CONFLICT); /* has a seat */
	join(&g, 1);
	assert_true(reads(&g, 1));
	bench_close(g.b);
}

/* Fewer places: who was invited first keeps one; and who leaves makes room for the next. */
static void test_smaller_renewal(void **state)
{
	struct group g;
	char id[ID_SIZE];

	group_open(&g, state);
	grant(&g, (struct term){ 0, 30, 3, NULL }, id);
	for (int i = 0; i < 3; i++)
		join(&g, i);
	grant(&g, (struct term){ 30, 60, 2, NULL }, id);
	assert_true(reads(&g, 0) && reads(&g, 1) && reads(&g, 2));
	day_is(&g, 31);
	assert_true(reads(&g, 0) && reads(&g, 1));
	assert_false(reads(&g, 2));
	struct ask k = look(&g);
	assert_int_equal(k.group.seats, 2);
	assert_int_equal(k.group.count, 3);
	assert_int_equal(
		entitlement_seat_remove(g.b->db, g.owner.id, str_of(k.group.list[0].id)), ERR_OK);
	assert_false(reads(&g, 0));
	assert_true(reads(&g, 1) && reads(&g, 2));
	bench_close(g.b);
}

/* Two packets at once add up; when one ends, its members have no more than the other has free. */
static void test_two_at_once(void **state)
{
	struct group g;
	char one[ID_SIZE], two[ID_SIZE];

	group_open(&g, state);
	grant(&g, (struct term){ 0, 30, 2, NULL }, one);
	join(&g, 0);
	join(&g, 1);
	grant(&g, (struct term){ 0, 60, 2, NULL }, two);
	assert_int_equal(look(&g).group.seats, 4);
	join(&g, 2);
	assert_true(reads(&g, 0) && reads(&g, 1) && reads(&g, 2));
	day_is(&g, 31);
	assert_true(reads(&g, 2)); /* invited on the one that goes on */
	assert_true(reads(&g, 0)); /* takes the place that is free there */
	assert_false(reads(&g, 1));
	bench_close(g.b);
}

static void test_what_is_no_renewal(void **state)
{
	struct group g;
	char old[ID_SIZE], id[ID_SIZE];

	group_open(&g, state);
	grant(&g, (struct term){ 0, 60, 2, NULL }, old);
	join(&g, 0);
	grant(&g, (struct term){ 0, 60, 2, "other" }, id);
	assert_int_equal(look(&g).group.count, 0); /* another plan, another group */
	assert_int_equal(entitlement_revoke(g.b->db, str_of(id), g.b->now_s), ERR_OK);
	grant(&g, (struct term){ 0, 60, 0, NULL }, id); /* without seats: its owner's alone */
	assert_int_equal(entitlement_revoke(g.b->db, str_of(old), g.b->now_s), ERR_OK);
	assert_false(reads(&g, 0));
	grant(&g, (struct term){ 0, 60, 2, NULL }, id);
	assert_false(reads(&g, 0)); /* what was revoked stays so */
	assert_int_equal(look(&g).group.count, 0);
	join(&g, 0);
	assert_true(reads(&g, 0));
	assert_int_equal(account_set_disabled(&g.b->s, g.owner.id, true, g.b->now_s), ERR_OK);
	assert_false(reads(&g, 0));
	bench_close(g.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renewal_in_advance),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_smaller_renewal),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_what_is_no_renewal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
