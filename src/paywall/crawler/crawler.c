/* Crawlers as the newsroom sets them: names, User-Agent words, DNS suffixes and published address
 * lists, checked and stored. Whether a request comes from one is decided in reader.c. */
#include "postern/crawler.h"

#include <stdio.h>
#include <string.h>

#include "postern/institution.h"
#include "postern/queries/crawler.h"

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

enum err crawler_list(struct db_conn *c, struct arena *a, struct crawler **out, size_t *count)
{
	return q_crawler_list(c, CRAWLERS_MAX, a, out, count);
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

struct add_job {
	const struct crawler *cr;
	int64_t now_s;
};

static enum err add_tx(struct db_conn *c, void *arg)
{
	const struct add_job *j = arg;
	const struct crawler *cr = j->cr;
	int64_t count = 0, changed = 0;
	enum err e = q_crawler_count(c, &count);
	if (e)
		return e;
	if (count >= CRAWLERS_MAX)
		return ERR_TOO_LARGE;
	e = q_crawler_insert(c, cr->name, crawler_class_name(cr->class), cr->agent, cr->suffixes,
		j->now_s, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_CONFLICT;
}

enum err crawler_add(struct db *db, const struct crawler *cr, int64_t now_s)
{
	struct add_job j = { .cr = cr, .now_s = now_s };
	return crawler_ok(cr) ? db_tx(db, add_tx, &j) : ERR_INVALID;
}

static enum err remove_tx(struct db_conn *c, void *arg)
{
	int64_t changed = 0;
	enum err e = q_crawler_delete(c, *(const struct str *)arg, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
}

enum err crawler_remove(struct db *db, struct str name)
{
	return db_tx(db, remove_tx, &name);
}

/* Replaces all address ranges of a crawler by those of a published list, in one transaction: at no
 * time is it without ranges. */
struct load_job {
	struct str name;
	const struct crawler_ranges *list;
	int64_t now_s;
};

static enum err ranges_replace(struct db_conn *c, const struct load_job *j)
{
	int64_t count = 0;
	enum err e = q_crawler_ranges_delete(c, j->name);
	for (size_t i = 0; !e && i < j->list->n; i++)
		e = q_crawler_range_insert(c, j->name, j->list->v[i].first.b, j->list->v[i].last.b);
	if (e)
		return e;
	e = q_crawler_range_count(c, &count);
	if (e)
		return e;
	return count > CRAWLER_RANGES_MAX ? ERR_TOO_LARGE : ERR_OK;
}

static enum err load_tx(struct db_conn *c, void *arg)
{
	const struct load_job *j = arg;
	int64_t changed = 0;
	enum err e = q_crawler_set_loaded(c, j->name, j->now_s, &changed);
	if (e)
		return e;
	if (!changed)
		return ERR_NOT_FOUND;
	e = ranges_replace(c, j);
	return e ? e : policy_version_bump(c);
}

enum err crawler_load(
	struct db *db, struct str name, const struct crawler_ranges *list, int64_t now_s)
{
	struct load_job j = { .name = name, .list = list, .now_s = now_s };
	return db_tx(db, load_tx, &j);
}
