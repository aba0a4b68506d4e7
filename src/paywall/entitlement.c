#include "postern/crypto.h"
#include "postern/paywall.h"

#include <string.h>

static const struct db_column entitlement_columns[] = {
	DB_COL_CHARS(struct entitlement, id),
	DB_COL_CHARS(struct entitlement, plan),
	DB_COL_CHARS(struct entitlement, source),
	DB_COL_INT(struct entitlement, starts_at),
	DB_COL_INT(struct entitlement, ends_at),
	DB_COL_INT(struct entitlement, revoked_at),
};
static const struct db_shape entitlement_shape = DB_SHAPE(struct entitlement, entitlement_columns);

static bool name_ok(const char *z, size_t size)
{
	size_t n = strlen(z);
	return n > 0 && n < size && strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

struct grant_job {
	const struct entitlement_grant *g;
	const char *id;
	int64_t now_s;
};

static enum err grant_tx(struct db_conn *c, void *arg)
{
	const struct grant_job *j = arg;
	const struct entitlement_grant *g = j->g;
	struct db_call call = { .query = QUERY_ENTITLEMENT_INSERT,
		DB_PARAMS(db_z(j->id), db_z(g->account_id), db_z(g->plan), db_z(g->source),
			db_int(g->starts_at), db_int_or_null(g->ends_at), db_int(j->now_s)) };
	return db_run(c, &call, NULL);
}

enum err paywall_entitlement_grant(
	struct db *db, const struct entitlement_grant *g, int64_t now_s, char id[static ID_SIZE])
{
	struct grant_job j = { .g = g, .id = id, .now_s = now_s };

	if (!name_ok(g->plan, PLAN_SIZE) || !name_ok(g->source, SOURCE_SIZE))
		return ERR_INVALID;
	if (g->ends_at && g->ends_at <= g->starts_at)
		return ERR_INVALID;
	crypto_id_make(id);
	return db_tx(db, grant_tx, &j);
}

struct revoke_job {
	struct str id;
	int64_t now_s, changed;
};

static enum err revoke_tx(struct db_conn *c, void *arg)
{
	struct revoke_job *j = arg;
	struct db_call call = { .query = QUERY_ENTITLEMENT_REVOKE,
		DB_PARAMS(db_text(j->id), db_int(j->now_s)) };
	return db_run(c, &call, &j->changed);
}

enum err paywall_entitlement_revoke(struct db *db, struct str id, int64_t now_s)
{
	struct revoke_job j = { .id = id, .now_s = now_s };
	enum err e = db_tx(db, revoke_tx, &j);

	if (e)
		return e;
	return j.changed ? ERR_OK : ERR_NOT_FOUND;
}

enum err paywall_entitlements(struct db_conn *c, const char *account_id, struct arena *a,
	struct entitlement **out, size_t *count)
{
	struct db_call call = { .query = QUERY_ENTITLEMENT_BY_ACCOUNT,
		DB_PARAMS(db_z(account_id), db_int(ENTITLEMENTS_MAX)),
		.shape = &entitlement_shape,
		.arena = a,
		.max_rows = ENTITLEMENTS_MAX };
	return db_list(c, &call, out, count);
}

enum err paywall_reader_load(
	struct db_conn *c, const char *account_id, struct arena *a, struct paywall_reader *out)
{
	struct entitlement *list = NULL;
	size_t n = 0;

	*out = (struct paywall_reader){ 0 };
	if (!account_id || !*account_id)
		return ERR_OK;
	enum err e = paywall_entitlements(c, account_id, a, &list, &n);
	if (e)
		return e;
	*out = (struct paywall_reader){
		.signed_in = true, .entitlements = list, .entitlement_count = n
	};
	return ERR_OK;
}
