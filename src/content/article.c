/* Loads rows of articles: headline, slug, section, access, dates. Never the text, which only
 * open.c reads. */
#include "internal.h"

static const struct db_column article_columns[] = {
	DB_COL_CHARS(struct article_row, a.id),
	DB_COL_CHARS(struct article_row, a.slug),
	DB_COL_STR(struct article_row, a.source),
	DB_COL_STR(struct article_row, a.headline),
	DB_COL_STR(struct article_row, a.dek),
	DB_COL_STR(struct article_row, a.byline),
	DB_COL_STR(struct article_row, a.dateline),
	DB_COL_STR(struct article_row, a.credit),
	DB_COL_STR(struct article_row, a.section),
	DB_COL_STR(struct article_row, a.section_name),
	DB_COL_STR(struct article_row, a.tags),
	DB_COL_STR(struct article_row, access),
	DB_COL_STR(struct article_row, a.status),
	DB_COL_STR(struct article_row, a.usage_terms),
	DB_COL_STR(struct article_row, a.language),
	DB_COL_INT(struct article_row, a.published_at),
	DB_COL_INT(struct article_row, a.updated_at),
	DB_COL_INT(struct article_row, a.embargo_at),
	DB_COL_INT(struct article_row, a.expires_at),
	DB_COL_INT(struct article_row, a.cut),
	DB_COL_INT(struct article_row, a.words),
	DB_COL_STR(struct article_row, a.dek_whole),
};
const struct db_shape content_article_shape = DB_SHAPE(struct article_row, article_columns);

struct db_param content_row_text(struct str s)
{
	return db_text(s.p ? s : STR(""));
}

void content_article_settle(struct article_row *row)
{
	enum access access;
	bool known = paywall_access_parse(row->access, &access) == ERR_OK;
	row->a.access = known ? access : (enum access)0;
}

enum err content_article_get(
	struct db_conn *c, enum query query, struct str key, struct arena *a, struct article *out)
{
	struct article_row row = { 0 };
	enum err e = db_get(c,
		&(struct db_call){ .query = query,
			DB_PARAMS(db_text(key)),
			.shape = &content_article_shape,
			.arena = a },
		&row);
	if (e)
		return e;
	content_article_settle(&row);
	*out = row.a;
	return ERR_OK;
}

/* With the word of it for every cache. */
static enum err set_word(
	struct db_conn *c, enum query query, const char *id, struct str word, int64_t now_s)
{
	enum err e = db_run(c,
		&(struct db_call){ .query = query,
			DB_PARAMS(db_z(id), content_row_text(word), db_int(now_s)) },
		NULL);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, id);
}

enum err content_article_set_access(
	struct db_conn *c, const char *id, enum access access, int64_t now_s)
{
	return set_word(
		c, QUERY_ARTICLE_SET_ACCESS, id, str_of(paywall_access_name(access)), now_s);
}

enum err content_article_set_status(
	struct db_conn *c, const char *id, struct str status, int64_t now_s)
{
	return set_word(c, QUERY_ARTICLE_SET_STATUS, id, status, now_s);
}

enum err content_find(struct db_conn *c, struct str slug, struct arena *a, struct article *out)
{
	if (!text_slug_ok(slug))
		return ERR_NOT_FOUND;
	enum err e = content_article_get(c, QUERY_ARTICLE_BY_SLUG, slug, a, out);
	return e == ERR_NOT_FOUND ? content_article_get(c, QUERY_ARTICLE_BY_ALIAS, slug, a, out)
				  : e;
}

bool content_source_is_wire(struct str source)
{
	return str_starts(source, STR("ninjs:"));
}

bool content_article_is_wire(const struct article *a)
{
	return content_source_is_wire(a->source);
}

bool content_article_is_public(const struct article *a, int64_t now_s)
{
	return str_eq(a->status, STR("usable")) && a->access && a->published_at <= now_s &&
	       a->embargo_at <= now_s;
}

struct paywall_article content_paywall_article(const struct article *a)
{
	return (struct paywall_article){
		.id = a->id,
		.section = a->section,
		.tags = a->tags,
		.access = a->access,
		.usable = str_eq(a->status, STR("usable")),
		.killed = str_eq(a->status, STR("killed")),
		.published_at = a->published_at,
		.embargo_at = a->embargo_at,
		.expires_at = a->expires_at,
	};
}

bool content_tag_next(struct str *rest, struct str *tag)
{
	while (rest->n > 0) {
		*tag = str_cut(rest, '\n');
		if (tag->n > 0)
			return true;
	}
	return false;
}
