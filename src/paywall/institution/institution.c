/* Institutions (libraries, schools, companies) as the newsroom sets them: name, contract, address
 * ranges and mail domains, checked and stored. Recognising their readers is in reader.c. */
#include "postern/institution.h"

#include <string.h>

/* ---- lists ---- */

static const struct db_column institution_columns[] = {
	DB_COL_CHARS(struct institution, name),
	DB_COL_CHARS(struct institution, title),
	DB_COL_CHARS(struct institution, plan),
	DB_COL_INT(struct institution, starts_at),
	DB_COL_INT(struct institution, ends_at),
};
static const struct db_shape institution_shape = DB_SHAPE(struct institution, institution_columns);

struct range_row {
	char institution[INSTITUTION_SIZE];
	uint8_t first[16], last[16];
};
static const struct db_column range_columns[] = {
	DB_COL_CHARS(struct range_row, institution),
	DB_COL_BYTES(struct range_row, first),
	DB_COL_BYTES(struct range_row, last),
};
static const struct db_shape range_shape = DB_SHAPE(struct range_row, range_columns);

struct domain_row {
	char institution[INSTITUTION_SIZE];
	char domain[DOMAIN_SIZE];
};
static const struct db_column domain_columns[] = {
	DB_COL_CHARS(struct domain_row, institution),
	DB_COL_CHARS(struct domain_row, domain),
};
static const struct db_shape domain_shape = DB_SHAPE(struct domain_row, domain_columns);

enum err institution_list(
	struct db_conn *c, struct arena *a, struct institution **out, size_t *count)
{
	struct db_call call = { .query = QUERY_INSTITUTION_LIST,
		DB_PARAMS(db_int(INSTITUTIONS_MAX)),
		.shape = &institution_shape,
		.arena = a,
		.max_rows = INSTITUTIONS_MAX };
	return db_list(c, &call, out, count);
}

static struct ip ip_of(const uint8_t b[16])
{
	struct ip ip = { .set = true };

	memcpy(ip.b, b, sizeof ip.b);
	return ip;
}

static struct institution_item range_item(const struct range_row *row)
{
	struct institution_item it = { .kind = INSTITUTION_RANGE,
		.range = { ip_of(row->first), ip_of(row->last) } };

	memcpy(it.institution, row->institution, sizeof it.institution);
	return it;
}

static struct institution_item domain_item(const struct domain_row *row)
{
	struct institution_item it = { .kind = INSTITUTION_DOMAIN };

	memcpy(it.institution, row->institution, sizeof it.institution);
	memcpy(it.domain, row->domain, sizeof it.domain);
	return it;
}

enum err institution_items(struct db_conn *c, struct str name, struct arena *a,
	struct institution_item **out, size_t *count)
{
	struct range_row *ranges = NULL;
	struct domain_row *domains = NULL;
	size_t n = 0, m = 0;
	struct str of = name.p ? name : STR("");
	struct db_call range_call = { .query = QUERY_INSTITUTION_RANGE_LIST,
		DB_PARAMS(db_text(of), db_int(INSTITUTION_RANGES_MAX)),
		.shape = &range_shape,
		.arena = a,
		.max_rows = INSTITUTION_RANGES_MAX };
	struct db_call domain_call = { .query = QUERY_INSTITUTION_DOMAIN_LIST,
		DB_PARAMS(db_text(of), db_int(INSTITUTION_DOMAINS_MAX)),
		.shape = &domain_shape,
		.arena = a,
		.max_rows = INSTITUTION_DOMAINS_MAX };
	enum err e = db_list(c, &range_call, &ranges, &n);

	if (!e)
		e = db_list(c, &domain_call, &domains, &m);
	struct institution_item *list = e ? NULL : arena_alloc(a, (n + m + 1) * sizeof *list);
	if (e || !list)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = range_item(&ranges[i]);
	for (size_t i = 0; i < m; i++)
		list[n + i] = domain_item(&domains[i]);
	*out = list;
	*count = n + m;
	return ERR_OK;
}

struct mail_row {
	char email_key[EMAIL_SIZE];
};

enum err institution_account_domain(
	struct db_conn *c, const char *account_id, char out[static DOMAIN_SIZE])
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct mail_row, email_key) };
	static const struct db_shape shape = DB_SHAPE(struct mail_row, columns);
	struct mail_row row;
	struct db_call call = { .query = QUERY_INSTITUTION_ACCOUNT_MAIL,
		DB_PARAMS(db_z(account_id)),
		.shape = &shape };
	enum err e = db_get(c, &call, &row);

	*out = '\0';
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	const char *at = strrchr(row.email_key, '@');
	return at ? str_copy(out, DOMAIN_SIZE, str_of(at + 1)) : ERR_CORRUPT;
}

/* ---- changes ---- */

struct count_row {
	int64_t n;
};

static enum err count_get(struct db_conn *c, enum query query, const char *name, int64_t *out)
{
	static const struct db_column columns[] = { DB_COL_INT(struct count_row, n) };
	static const struct db_shape shape = DB_SHAPE(struct count_row, columns);
	struct db_param named = db_z(name);
	struct db_call call = {
		.query = query, .params = &named, .param_count = name ? 1 : 0, .shape = &shape
	};
	struct count_row row = { 0 };
	enum err e = db_get(c, &call, &row);

	*out = row.n;
	return e;
}

struct add_job {
	const struct institution *i;
	int64_t now_s;
};

static enum err policy_plan_check(struct db_conn *c, const struct institution *i)
{
	int64_t plans = 1;
	enum err e =
		*i->plan ? count_get(c, QUERY_INSTITUTION_PLAN_COUNT, i->plan, &plans) : ERR_OK;

	if (!e && plans == 0)
		return ERR_NOT_FOUND;
	return e;
}

static bool institution_ok(const struct institution *i)
{
	if (!text_slug_ok(str_of(i->name)) || strlen(i->name) >= INSTITUTION_SIZE || !*i->title)
		return false;
	return !i->ends_at || i->ends_at > i->starts_at;
}

static enum err add_tx(struct db_conn *c, void *arg)
{
	const struct add_job *j = arg;
	const struct institution *i = j->i;
	int64_t count = 0, changed = 0;
	struct db_call call = { .query = QUERY_INSTITUTION_INSERT,
		DB_PARAMS(db_z(i->name), db_z(i->title), db_z(i->plan), db_int(i->starts_at),
			db_int_or_null(i->ends_at), db_int(j->now_s)) };
	enum err e = count_get(c, QUERY_INSTITUTION_COUNT, NULL, &count);

	if (!e)
		e = policy_plan_check(c, i);
	if (e)
		return e;
	if (count >= INSTITUTIONS_MAX)
		return ERR_TOO_LARGE;
	e = db_run(c, &call, &changed);
	if (!e && !changed)
		return ERR_CONFLICT;
	return e ? e : policy_version_bump(c);
}

enum err institution_add(struct db *db, const struct institution *i, int64_t now_s)
{
	struct add_job j = { .i = i, .now_s = now_s };

	if (!institution_ok(i))
		return ERR_INVALID;
	return db_tx(db, add_tx, &j);
}

static enum err set_tx(struct db_conn *c, void *arg)
{
	const struct institution *i = ((const struct add_job *)arg)->i;
	struct db_call call = { .query = QUERY_INSTITUTION_UPDATE,
		DB_PARAMS(db_z(i->name), db_z(i->title), db_z(i->plan), db_int(i->starts_at),
			db_int_or_null(i->ends_at)) };
	int64_t changed = 0;
	enum err e = policy_plan_check(c, i);

	if (!e)
		e = db_run(c, &call, &changed);
	if (!e && !changed)
		return ERR_NOT_FOUND;
	return e ? e : policy_version_bump(c);
}

enum err institution_set(struct db *db, const struct institution *i)
{
	struct add_job j = { .i = i };

	if (!institution_ok(i))
		return ERR_INVALID;
	return db_tx(db, set_tx, &j);
}

static enum err remove_tx(struct db_conn *c, void *arg)
{
	int64_t changed = 0;
	enum err e = db_run(c,
		&(struct db_call){ .query = QUERY_INSTITUTION_DELETE,
			DB_PARAMS(db_text(*(const struct str *)arg)) },
		&changed);

	if (!e && !changed)
		return ERR_NOT_FOUND;
	return e ? e : policy_version_bump(c);
}

enum err institution_remove(struct db *db, struct str name)
{
	return db_tx(db, remove_tx, &name);
}

static enum err owner_check(struct db_conn *c, const struct institution_item *it)
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct domain_row, institution) };
	static const struct db_shape shape = DB_SHAPE(struct domain_row, columns);
	struct domain_row row;
	struct db_call call = { .query = QUERY_INSTITUTION_DOMAIN_OWNER,
		DB_PARAMS(db_z(it->domain)),
		.shape = &shape };
	enum err e = db_get(c, &call, &row);

	if (!e && strcmp(row.institution, it->institution) != 0)
		return ERR_CONFLICT;
	return e;
}

static enum err item_insert(struct db_conn *c, const struct institution_item *it)
{
	struct db_call range = { .query = QUERY_INSTITUTION_RANGE_INSERT,
		DB_PARAMS(db_z(it->institution), db_blob(it->range.first.b, 16),
			db_blob(it->range.last.b, 16)) };
	struct db_call domain = { .query = QUERY_INSTITUTION_DOMAIN_INSERT,
		DB_PARAMS(db_z(it->domain), db_z(it->institution)) };
	int64_t known;
	enum err e = count_get(c, QUERY_INSTITUTION_EXISTS, it->institution, &known);

	if (!e && !known)
		e = ERR_NOT_FOUND;
	if (e)
		return e;
	if (it->kind == INSTITUTION_RANGE)
		return db_run(c, &range, NULL);
	e = db_run(c, &domain, NULL);
	return e ? e : owner_check(c, it);
}

static enum err items_clear(struct db_conn *c, const struct institution_change *ch)
{
	static const enum query queries[] = { QUERY_INSTITUTION_RANGES_DELETE,
		QUERY_INSTITUTION_DOMAINS_DELETE };
	const char *last = "";
	enum err e = ERR_OK;

	for (size_t i = 0; !e && i < ch->count; i++) {
		const char *name = ch->items[i].institution;
		for (size_t q = 0; !e && q < COUNT(queries) && strcmp(name, last) != 0; q++)
			e = db_run(c,
				&(struct db_call){ .query = queries[q], DB_PARAMS(db_z(name)) },
				NULL);
		last = name;
	}
	return e;
}

static enum err items_tx(struct db_conn *c, void *arg)
{
	struct institution_change *ch = arg;
	int64_t ranges = 0, domains = 0;
	enum err e = ch->replace ? items_clear(c, ch) : ERR_OK;

	for (ch->at = 0; !e && ch->at < ch->count; ch->at++) {
		e = item_insert(c, &ch->items[ch->at]);
		if (e)
			return e;
	}
	if (!e)
		e = count_get(c, QUERY_INSTITUTION_RANGE_COUNT, NULL, &ranges);
	if (!e)
		e = count_get(c, QUERY_INSTITUTION_DOMAIN_COUNT, NULL, &domains);
	if (!e && (ranges > INSTITUTION_RANGES_MAX || domains > INSTITUTION_DOMAINS_MAX))
		return ERR_TOO_LARGE;
	return e ? e : policy_version_bump(c);
}

enum err institution_items_add(struct db *db, struct institution_change *ch)
{
	return db_tx(db, items_tx, ch);
}

static enum err item_remove_tx(struct db_conn *c, void *arg)
{
	const struct institution_item *it = arg;
	struct db_call range = { .query = QUERY_INSTITUTION_RANGE_DELETE,
		DB_PARAMS(db_z(it->institution), db_blob(it->range.first.b, 16),
			db_blob(it->range.last.b, 16)) };
	struct db_call domain = { .query = QUERY_INSTITUTION_DOMAIN_DELETE,
		DB_PARAMS(db_z(it->institution), db_z(it->domain)) };
	int64_t changed = 0;
	enum err e = db_run(c, it->kind == INSTITUTION_RANGE ? &range : &domain, &changed);

	if (!e && !changed)
		return ERR_NOT_FOUND;
	return e ? e : policy_version_bump(c);
}

enum err institution_item_remove(struct db *db, const struct institution_item *item)
{
	struct institution_item it = *item;
	return db_tx(db, item_remove_tx, &it);
}
