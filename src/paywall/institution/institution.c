/* Institutions (libraries, schools, companies) as the newsroom sets them: name, contract, address
 * ranges and mail domains, checked and stored. Recognising their readers is in reader.c. */
#include "postern/institution.h"

#include "postern/queries/institution.h"

#include <string.h>

/* ---- lists ---- */

enum err institution_list(
	struct db_conn *c, struct arena *a, struct institution **out, size_t *count)
{
	return q_institution_list(c, INSTITUTIONS_MAX, a, out, count);
}

static struct ip ip_of(const uint8_t b[16])
{
	struct ip ip = { .set = true };
	memcpy(ip.b, b, sizeof ip.b);
	return ip;
}

static struct institution_item range_item(const struct institution_range_list_row *row)
{
	struct institution_item it = { .kind = INSTITUTION_RANGE,
		.range = { ip_of(row->first_ip), ip_of(row->last_ip) } };
	memcpy(it.institution, row->institution, sizeof it.institution);
	return it;
}

static struct institution_item domain_item(const struct institution_domain_list_row *row)
{
	struct institution_item it = { .kind = INSTITUTION_DOMAIN };
	memcpy(it.institution, row->institution, sizeof it.institution);
	memcpy(it.domain, row->domain, sizeof it.domain);
	return it;
}

enum err institution_items(struct db_conn *c, struct str name, struct arena *a,
	struct institution_item **out, size_t *count)
{
	struct institution_range_list_row *ranges = NULL;
	struct institution_domain_list_row *domains = NULL;
	size_t n = 0, m = 0;
	enum err e = q_institution_range_list(c, name, INSTITUTION_RANGES_MAX, a, &ranges, &n);
	if (e)
		return e;
	e = q_institution_domain_list(c, name, INSTITUTION_DOMAINS_MAX, a, &domains, &m);
	if (e)
		return e;
	struct institution_item *list = arena_alloc(a, (n + m + 1) * sizeof *list);
	if (!list)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = range_item(&ranges[i]);
	for (size_t i = 0; i < m; i++)
		list[n + i] = domain_item(&domains[i]);
	*out = list;
	*count = n + m;
	return ERR_OK;
}

enum err institution_account_domain(
	struct db_conn *c, const char *account_id, char out[static DOMAIN_SIZE])
{
	char email[EMAIL_SIZE];
	enum err e = q_institution_account_mail(c, account_id, email);
	*out = '\0';
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	const char *at = strrchr(email, '@');
	return at ? str_copy(out, DOMAIN_SIZE, str_of(at + 1)) : ERR_CORRUPT;
}

/* ---- changes ---- */

struct add_job {
	const struct institution *i;
	int64_t now_s;
};

static enum err policy_plan_check(struct db_conn *c, const struct institution *i)
{
	int64_t plans = 0;
	if (!*i->plan)
		return ERR_OK;
	enum err e = q_institution_plan_count(c, i->plan, &plans);
	return !e && plans == 0 ? ERR_NOT_FOUND : e;
}

static bool institution_ok(const struct institution *i)
{
	if (!text_slug_ok(str_of(i->name)) || strlen(i->name) >= INSTITUTION_SIZE || !*i->title)
		return false;
	return !i->ends_at || i->ends_at > i->starts_at;
}

/* ERR_NOT_FOUND: there is no such plan. ERR_CONFLICT: there is an institution of this name. */
static enum err add_tx(struct db_conn *c, void *arg)
{
	const struct add_job *j = arg;
	const struct institution *i = j->i;
	int64_t count = 0, changed = 0;
	enum err e = q_institution_count(c, &count);
	if (e)
		return e;
	e = policy_plan_check(c, i);
	if (e)
		return e;
	if (count >= INSTITUTIONS_MAX)
		return ERR_TOO_LARGE;
	e = q_institution_insert(
		c, i->name, i->title, i->plan, i->starts_at, i->ends_at, j->now_s, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_CONFLICT;
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
	int64_t changed = 0;
	enum err e = policy_plan_check(c, i);
	if (e)
		return e;
	e = q_institution_update(c, i->name, i->title, i->plan, i->starts_at, i->ends_at, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
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
	enum err e = q_institution_delete(c, *(const struct str *)arg, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
}

enum err institution_remove(struct db *db, struct str name)
{
	return db_tx(db, remove_tx, &name);
}

static enum err owner_check(struct db_conn *c, const struct institution_item *it)
{
	char owner[INSTITUTION_SIZE];
	enum err e = q_institution_domain_owner(c, it->domain, owner);
	if (e)
		return e;
	return strcmp(owner, it->institution) == 0 ? ERR_OK : ERR_CONFLICT;
}

static enum err item_insert(struct db_conn *c, const struct institution_item *it)
{
	int64_t known = 0;
	enum err e = q_institution_exists(c, it->institution, &known);
	if (e)
		return e;
	if (!known)
		return ERR_NOT_FOUND;
	if (it->kind == INSTITUTION_RANGE)
		return q_institution_range_insert(
			c, it->institution, it->range.first.b, it->range.last.b);
	e = q_institution_domain_insert(c, it->domain, it->institution);
	return e ? e : owner_check(c, it);
}

static enum err clear(struct db_conn *c, const char *institution)
{
	enum err e = q_institution_ranges_delete(c, institution);
	return e ? e : q_institution_domains_delete(c, institution);
}

static enum err items_clear(struct db_conn *c, const struct institution_change *ch)
{
	const char *last = "";
	for (size_t i = 0; i < ch->count; i++) {
		const char *name = ch->items[i].institution;
		enum err e = strcmp(name, last) == 0 ? ERR_OK : clear(c, name);
		if (e)
			return e;
		last = name;
	}
	return ERR_OK;
}

static enum err items_fit(struct db_conn *c)
{
	int64_t ranges = 0, domains = 0;
	enum err e = q_institution_range_count(c, &ranges);
	if (e)
		return e;
	e = q_institution_domain_count(c, &domains);
	if (e)
		return e;
	return ranges > INSTITUTION_RANGES_MAX || domains > INSTITUTION_DOMAINS_MAX ? ERR_TOO_LARGE
										    : ERR_OK;
}

static enum err items_tx(struct db_conn *c, void *arg)
{
	struct institution_change *ch = arg;
	enum err e = ch->replace ? items_clear(c, ch) : ERR_OK;
	for (ch->at = 0; !e && ch->at < ch->count; ch->at++) {
		e = item_insert(c, &ch->items[ch->at]);
		if (e)
			return e;
	}
	if (e)
		return e;
	e = items_fit(c);
	return e ? e : policy_version_bump(c);
}

enum err institution_items_add(struct db *db, struct institution_change *ch)
{
	return db_tx(db, items_tx, ch);
}

static enum err item_delete(struct db_conn *c, const struct institution_item *it, int64_t *changed)
{
	if (it->kind != INSTITUTION_RANGE)
		return q_institution_domain_delete(c, it->institution, it->domain, changed);
	return q_institution_range_delete(
		c, it->institution, it->range.first.b, it->range.last.b, changed);
}

static enum err item_remove_tx(struct db_conn *c, void *arg)
{
	int64_t changed = 0;
	enum err e = item_delete(c, arg, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
}

enum err institution_item_remove(struct db *db, const struct institution_item *item)
{
	struct institution_item it = *item;
	return db_tx(db, item_remove_tx, &it);
}
