/* Giving an article: who may, the monthly quota, and the list of gifts. Redeeming is in redeem.c.
 */
#include "postern/gift.h"

#include "postern/entitlement.h"
#include "postern/plan.h"
#include "postern/queries/gift.h"
#include "postern/text.h"

#include <string.h>

enum { KEEP_S = 62 * 86400 }; /* longer than any month is counted */

/* ---- who may ---- */

/* A day's pass or a single article is for its buyer. */
static bool is_subscription(const struct paywall_policy *p, const struct entitlement *e)
{
	const struct plan *plan = paywall_plan_find(p, e->plan);
	return !*e->article_id && plan && plan->kind == PLAN_SUBSCRIPTION;
}

static bool subscribes(const struct decision_inputs *k)
{
	for (size_t i = 0; i < k->reader->entitlement_count; i++) {
		const struct entitlement *e = &k->reader->entitlements[i];
		if (is_subscription(k->policy, e) &&
			paywall_entitlement_open(k->policy, e, k->now.s) &&
			paywall_entitlement_covers(k->policy, e, k->article))
			return true;
	}
	return false;
}

static enum err allowed(const struct decision_inputs *k)
{
	struct decision d = paywall_decide(k);
	if (d.grant == GRANT_NONE)
		return ERR_NOT_FOUND;
	if (d.level == ACCESS_PUBLIC)
		return ERR_CONFLICT;
	return subscribes(k) ? ERR_OK : ERR_PAYMENT;
}

enum err gift_allowed(const struct paywall *w, struct db_conn *c, const struct access_request *v,
	const struct paywall_article *art, struct arena *a)
{
	const struct decision_query q = { .w = w, .v = v, .art = art, .a = a };
	const struct paywall_policy *policy = NULL;
	struct decision_inputs k;
	if (w->gifts.per_month == 0)
		return ERR_NOT_FOUND;
	if (!decision_is_signed_in(v))
		return ERR_UNAUTHENTICATED;
	enum err e = policy_acquire(w->policies, c, &policy);
	if (!e)
		e = decision_inputs_load(c, &q, policy, &k);
	if (!e)
		e = allowed(&k);
	policy_release(w->policies, policy);
	return e;
}

/* ---- giving ---- */

/* One gift: the month's quota, the row and its link, in one transaction. */
struct make_job {
	const struct paywall *w;
	const struct gift_order *o;
	struct gift_made *out;
};

/* In the newsroom's time zone, as for meters. */
static int64_t month_start(int64_t now_s)
{
	struct tm first = time_local_tm(now_s);
	first.tm_mday = 1;
	return time_local_day_start(first);
}

int64_t gift_quota_ends_at(int64_t now_s)
{
	struct tm next = time_local_tm(now_s);
	next.tm_mday = 1;
	next.tm_mon++;
	return time_local_day_start(next);
}

static enum err quota_left(struct db_conn *c, const struct make_job *j, int64_t *left)
{
	const char *giver = j->o->account_id;
	int64_t given = 0;
	enum err e = q_gift_giver_lock(c, giver);
	if (e)
		return e;
	e = q_gift_count_since(c, giver, month_start(j->o->now_s), &given);
	*left = j->w->gifts.per_month > given ? j->w->gifts.per_month - given : 0;
	return e;
}

static enum err insert(struct db_conn *c, const struct make_job *j, const char *id)
{
	const struct gift_order *o = j->o;
	int64_t days = o->days ? o->days : j->w->gifts.days;
	int64_t most = o->redemptions ? o->redemptions : j->w->gifts.redemptions;
	return q_gift_insert(c, id, o->article_id, o->account_id, o->made_by, o->now_s,
		o->now_s + days * 86400, most, o->named);
}

static enum err gift_new(struct db_conn *c, const struct make_job *j)
{
	char id[ID_SIZE];
	if (j->o->account_id && j->out->left == 0)
		return ERR_LIMITED;
	crypto_id_make(id);
	enum err e = insert(c, j, id);
	if (e)
		return e;
	e = q_gift_by_id(c, id, &j->out->gift);
	if (!e && j->o->account_id)
		j->out->left--;
	return e;
}

/* The gift of before, if it still works. */
static enum err gift_again(struct db_conn *c, const struct make_job *j)
{
	struct gift *g = &j->out->gift;
	enum err e = q_gift_live(c, j->o->account_id, j->o->article_id, j->o->now_s, g);
	j->out->again = !e;
	if (e || g->named == j->o->named)
		return e;
	g->named = j->o->named;
	return q_gift_named_set(c, g->id, g->named);
}

static enum err link_add(struct db_conn *c, const struct make_job *j)
{
	const char *id = j->out->gift.id;
	const uint8_t *hash = j->out->token.hash;
	enum err e = q_gift_token_insert(c, hash, id, j->o->now_s);
	return e ? e : q_gift_token_trim(c, id, GIFT_LINKS_MAX - 1, hash);
}

static enum err make_tx(struct db_conn *c, void *arg)
{
	struct make_job *j = arg;
	enum err e = ERR_NOT_FOUND;
	j->out->again = false;
	if (j->o->account_id) {
		e = quota_left(c, j, &j->out->left);
		if (e)
			return e;
		e = gift_again(c, j);
	}
	if (e == ERR_NOT_FOUND)
		e = gift_new(c, j);
	return e ? e : link_add(c, j);
}

enum err gift_make(const struct paywall *w, const struct gift_order *o, struct gift_made *out)
{
	struct make_job j = { .w = w, .o = o, .out = out };
	*out = (struct gift_made){ 0 };
	crypto_token_make(&out->token);
	return db_tx(w->db, make_tx, &j);
}

/* ---- what was given ---- */

enum err gift_list(struct db_conn *c, const struct gift_filter *f, struct arena *a,
	struct gift **out, size_t *count)
{
	const char *account = f->account_id ? f->account_id : "", *slug = f->slug ? f->slug : "";
	size_t max = f->limit && f->limit < GIFTS_LIST_MAX ? f->limit : GIFTS_LIST_MAX;
	if (*account)
		return q_gift_list_of_account(c, account, slug, max, a, out, count);
	if (*slug)
		return q_gift_list_of_article(c, slug, max, a, out, count);
	return q_gift_list(c, max, a, out, count);
}

enum err gift_revoke(struct db *db, struct str id, const char *account_id, int64_t now_s)
{
	return q_gift_revoke(db, id, now_s, account_id ? account_id : "");
}

enum err gift_purge(struct db_sweeper *s)
{
	return db_sweep(s, &(struct db_sweep){ .name = "gifts",
				   .purge = q_gift_purge,
				   .before_s = s->now_s - KEEP_S,
				   .least = 4 }); /* each with its links and redemptions */
}
