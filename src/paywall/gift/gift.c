/* Giving an article: who may, the monthly quota, and the list of gifts. Redeeming is in redeem.c.
 */
#include "internal.h"

#include "postern/entitlement.h"
#include "postern/plan.h"
#include "postern/text.h"

#include <string.h>

enum { KEEP_S = 62 * 86400 }; /* longer than any month is counted */

/* ---- who may ---- */

/* A day's pass or a single article is for its buyer. */
static bool is_subscription(const struct paywall_policy *p, const struct entitlement *e)
{
	const struct plan *plan = policy_plan_find(p, e->plan);
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
	if (!v->account_id || !*v->account_id)
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

static enum err quota_left(struct db_conn *c, const struct make_job *j, int64_t *left)
{
	struct count_row {
		int64_t n;
	} row = { 0 };
	static const struct db_column columns[] = { DB_COL_INT(struct count_row, n) };
	static const struct db_shape shape = DB_SHAPE(struct count_row, columns);
	struct db_call lock = { .query = QUERY_GIFT_GIVER_LOCK, DB_PARAMS(db_z(j->o->account_id)) };
	struct db_call count = { .query = QUERY_GIFT_COUNT_SINCE,
		DB_PARAMS(db_z(j->o->account_id), db_int(month_start(j->o->now_s))),
		.shape = &shape };
	enum err e = db_run(c, &lock, NULL);

	if (!e)
		e = db_get(c, &count, &row);
	*left = j->w->gifts.per_month > row.n ? j->w->gifts.per_month - row.n : 0;
	return e;
}

static enum err insert(struct db_conn *c, const struct make_job *j, const char *id)
{
	const struct gift_order *o = j->o;
	int64_t days = o->days ? o->days : j->w->gifts.days;
	int64_t most = o->redemptions ? o->redemptions : j->w->gifts.redemptions;
	struct db_call call = { .query = QUERY_GIFT_INSERT,
		DB_PARAMS(db_z(id), db_z(o->article_id), db_z_or_null(o->account_id),
			db_text(str_of(o->made_by).p ? str_of(o->made_by) : STR("")),
			db_int(o->now_s), db_int(o->now_s + days * 86400), db_int(most)) };

	return db_run(c, &call, NULL);
}

static enum err gift_get(struct db_conn *c, const char *id, struct gift *out)
{
	return db_get(c,
		&(struct db_call){
			.query = QUERY_GIFT_BY_ID, DB_PARAMS(db_z(id)), .shape = &gift_shape },
		out);
}

static enum err gift_new(struct db_conn *c, const struct make_job *j)
{
	char id[ID_SIZE];

	if (j->o->account_id && j->out->left == 0)
		return ERR_LIMITED;
	crypto_id_make(id);
	enum err e = insert(c, j, id);
	if (!e)
		e = gift_get(c, id, &j->out->gift);
	if (!e && j->o->account_id)
		j->out->left--;
	return e;
}

/* The gift of before, if it still works. */
static enum err gift_again(struct db_conn *c, const struct make_job *j)
{
	struct db_call live = { .query = QUERY_GIFT_LIVE,
		DB_PARAMS(db_z(j->o->account_id), db_z(j->o->article_id), db_int(j->o->now_s)),
		.shape = &gift_shape };
	enum err e = db_get(c, &live, &j->out->gift);

	j->out->again = !e;
	return e;
}

static enum err link_add(struct db_conn *c, const struct make_job *j)
{
	const char *id = j->out->gift.id;
	struct db_call add = { .query = QUERY_GIFT_TOKEN_INSERT,
		DB_PARAMS(db_blob(j->out->token.hash, HASH_BYTES), db_z(id), db_int(j->o->now_s)) };
	struct db_call trim = { .query = QUERY_GIFT_TOKEN_TRIM,
		DB_PARAMS(db_z(id), db_int(GIFT_LINKS_MAX - 1),
			db_blob(j->out->token.hash, HASH_BYTES)) };
	enum err e = db_run(c, &add, NULL);

	return e ? e : db_run(c, &trim, NULL);
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

static struct db_call list_call(const struct gift_filter *f, struct db_param p[static 3])
{
	const char *account = f->account_id ? f->account_id : "", *slug = f->slug ? f->slug : "";
	size_t limit = f->limit && f->limit < GIFTS_LIST_MAX ? f->limit : GIFTS_LIST_MAX;
	struct db_call call = { .query = QUERY_GIFT_LIST, .params = p, .param_count = 0 };

	if (*account) {
		call.query = QUERY_GIFT_LIST_OF_ACCOUNT;
		p[call.param_count++] = db_z(account);
	} else if (*slug) {
		call.query = QUERY_GIFT_LIST_OF_ARTICLE;
	}
	if (*account || *slug)
		p[call.param_count++] = db_z(slug);
	p[call.param_count++] = db_int((int64_t)limit);
	return call;
}

enum err gift_list(struct db_conn *c, const struct gift_filter *f, struct arena *a,
	struct gift **out, size_t *count)
{
	struct db_param params[3];
	struct db_call call = list_call(f, params);

	call.shape = &gift_shape;
	call.arena = a;
	call.max_rows = GIFTS_LIST_MAX;
	return db_list(c, &call, out, count);
}

struct end_job {
	struct str id;
	const char *account_id;
	int64_t now_s;
};

static enum err revoke_tx(struct db_conn *c, void *arg)
{
	const struct end_job *j = arg;
	char revoked[ID_SIZE];
	struct db_call call = { .query = QUERY_GIFT_REVOKE,
		DB_PARAMS(db_text(j->id), db_int(j->now_s),
			db_z(j->account_id ? j->account_id : "")) };

	return db_get_id(c, &call, revoked);
}

enum err gift_revoke(struct db *db, struct str id, const char *account_id, int64_t now_s)
{
	return db_tx(db, revoke_tx, &(struct end_job){ id, account_id, now_s });
}

enum err gift_purge(struct db_sweeper *s)
{
	return db_sweep(s, &(struct db_sweep){ .name = "gifts",
				   .query = QUERY_GIFT_PURGE,
				   .before_s = s->now_s - KEEP_S,
				   .least = 4 }); /* each with its links and redemptions */
}
