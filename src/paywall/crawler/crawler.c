/* Crawlers as the newsroom sets them: names, User-Agent words, DNS suffixes and published address
 * lists, checked and stored. Whether a request comes from one is decided in reader.c. */
#include "postern/crawler.h"

#include <stdio.h>
#include <string.h>

#include "postern/institution.h"

static const char *const class_names[] = { [CRAWLER_SEARCH] = "search", [CRAWLER_AI] = "ai" };

const char *crawler_class_name(enum crawler_class c)
{
	return str_name_of(class_names, COUNT(class_names), c);
}

enum err crawler_class_parse(struct str s, enum crawler_class *out)
{
	return str_name_find(class_names, COUNT(class_names), s, out);
}

/* ---- lists ---- */

struct crawler_row {
	struct crawler cr;
	char class[16];
};
static const struct db_column crawler_columns[] = {
	DB_COL_CHARS(struct crawler_row, cr.name),
	DB_COL_CHARS(struct crawler_row, class),
	DB_COL_CHARS(struct crawler_row, cr.agent),
	DB_COL_CHARS(struct crawler_row, cr.suffixes),
	DB_COL_INT(struct crawler_row, cr.loaded_at),
};
static const struct db_shape crawler_shape = DB_SHAPE(struct crawler_row, crawler_columns);

enum err crawler_list(struct db_conn *c, struct arena *a, struct crawler **out, size_t *count)
{
	struct crawler_row *rows = NULL;
	size_t n = 0;
	struct db_call call = { .query = QUERY_CRAWLER_LIST,
		DB_PARAMS(db_int(CRAWLERS_MAX)),
		.shape = &crawler_shape,
		.arena = a,
		.max_rows = CRAWLERS_MAX };
	enum err e = db_list(c, &call, &rows, &n);
	struct crawler *list = e ? NULL : arena_alloc(a, (n + 1) * sizeof *list);

	if (e || !list)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		list[i] = rows[i].cr;
		if (crawler_class_parse(str_of(rows[i].class), &list[i].class) != ERR_OK)
			return ERR_CORRUPT;
	}
	*out = list;
	*count = n;
	return ERR_OK;
}

/* ---- checks ---- */

/* One word that may stand in a User-Agent as a product name, and not one of every browser's. */
static bool agent_ok(const char *z)
{
	static const char *const common[] = { "AppleWebKit", "Chrome", "compatible", "Edg",
		"Firefox", "Gecko", "KHTML", "like", "Linux", "Macintosh", "Mobile", "Mozilla",
		"Safari", "Version", "Windows" };
	struct str s = str_of(z);

	for (size_t i = 0; i < COUNT(common); i++) {
		if (str_eq_nocase(s, str_of(common[i])))
			return false;
	}
	return s.n >= 3 && header_token_ok(s);
}

static bool crawler_ok(const struct crawler *cr)
{
	return text_slug_ok(str_of(cr->name)) && strlen(cr->name) < CRAWLER_NAME_SIZE &&
	       *crawler_class_name(cr->class) && agent_ok(cr->agent);
}

enum err crawler_suffixes_parse(
	struct str s, char out[static CRAWLER_SUFFIXES_SIZE], char why[static IP_RANGE_WHY_SIZE])
{
	char domain[DOMAIN_SIZE];
	size_t n = 0;

	*out = '\0';
	while (s.p) {
		struct str one = str_trim(str_cut(&s, ','));
		if (one.n > 0 && one.p[0] == '.')
			one = (struct str){ one.p + 1, one.n - 1 };
		enum err e = institution_domain_parse(one, domain, why);
		if (e)
			return e;
		int wrote = snprintf(
			out + n, CRAWLER_SUFFIXES_SIZE - n, "%s%s\n", n ? "" : "\n", domain);
		if (wrote < 0 || (size_t)wrote >= CRAWLER_SUFFIXES_SIZE - n) {
			snprintf(why, IP_RANGE_WHY_SIZE, "too many domains");
			return ERR_INVALID;
		}
		n += (size_t)wrote;
	}
	return ERR_OK;
}

/* ---- changes ---- */

struct count_row {
	int64_t n;
};

static enum err count_get(struct db_conn *c, enum query query, int64_t *out)
{
	static const struct db_column columns[] = { DB_COL_INT(struct count_row, n) };
	static const struct db_shape shape = DB_SHAPE(struct count_row, columns);
	struct count_row row = { 0 };
	enum err e = db_get(c, &(struct db_call){ .query = query, .shape = &shape }, &row);

	*out = row.n;
	return e;
}

struct add_job {
	const struct crawler *cr;
	int64_t now_s;
};

static enum err add_tx(struct db_conn *c, void *arg)
{
	const struct add_job *j = arg;
	const struct crawler *cr = j->cr;
	int64_t count = 0, changed = 0;
	struct db_call call = { .query = QUERY_CRAWLER_INSERT,
		DB_PARAMS(db_z(cr->name), db_z(crawler_class_name(cr->class)), db_z(cr->agent),
			db_z(cr->suffixes), db_int(j->now_s)) };
	enum err e = count_get(c, QUERY_CRAWLER_COUNT, &count);

	if (!e && count >= CRAWLERS_MAX)
		return ERR_TOO_LARGE;
	if (!e)
		e = db_run(c, &call, &changed);
	if (!e && !changed)
		return ERR_CONFLICT;
	return e ? e : policy_version_bump(c);
}

enum err crawler_add(struct db *db, const struct crawler *cr, int64_t now_s)
{
	struct add_job j = { .cr = cr, .now_s = now_s };

	return crawler_ok(cr) ? db_tx(db, add_tx, &j) : ERR_INVALID;
}

static enum err remove_tx(struct db_conn *c, void *arg)
{
	struct db_call call = { .query = QUERY_CRAWLER_DELETE,
		DB_PARAMS(db_text(*(const struct str *)arg)) };
	int64_t changed = 0;
	enum err e = db_run(c, &call, &changed);

	if (!e && !changed)
		return ERR_NOT_FOUND;
	return e ? e : policy_version_bump(c);
}

enum err crawler_remove(struct db *db, struct str name)
{
	return db_tx(db, remove_tx, &name);
}

struct load_job {
	struct str name;
	const struct crawler_ranges *list;
	int64_t now_s;
};

static enum err range_insert(struct db_conn *c, struct str name, const struct ip_range *r)
{
	struct db_call call = { .query = QUERY_CRAWLER_RANGE_INSERT,
		DB_PARAMS(db_text(name), db_blob(r->first.b, sizeof r->first.b),
			db_blob(r->last.b, sizeof r->last.b)) };
	return db_run(c, &call, NULL);
}

static enum err load_tx(struct db_conn *c, void *arg)
{
	const struct load_job *j = arg;
	struct db_call loaded = { .query = QUERY_CRAWLER_SET_LOADED,
		DB_PARAMS(db_text(j->name), db_int(j->now_s)) };
	struct db_call clear = { .query = QUERY_CRAWLER_RANGES_DELETE,
		DB_PARAMS(db_text(j->name)) };
	int64_t changed = 0, count = 0;
	enum err e = db_run(c, &loaded, &changed);

	if (!e && !changed)
		return ERR_NOT_FOUND;
	if (!e)
		e = db_run(c, &clear, NULL);
	for (size_t i = 0; !e && i < j->list->n; i++)
		e = range_insert(c, j->name, &j->list->v[i]);
	if (!e)
		e = count_get(c, QUERY_CRAWLER_RANGE_COUNT, &count);
	if (!e && count > CRAWLER_RANGES_MAX)
		return ERR_TOO_LARGE;
	return e ? e : policy_version_bump(c);
}

enum err crawler_load(
	struct db *db, struct str name, const struct crawler_ranges *list, int64_t now_s)
{
	struct load_job j = { .name = name, .list = list, .now_s = now_s };
	return db_tx(db, load_tx, &j);
}
