/* The last state that the source of an article reported, in a table beside the article's row,
 * which only imports and the desk read. */
#include "internal.h"

static const struct db_column origin_columns[] = {
	DB_COL_STR(struct article_origin, version),
	DB_COL_INT(struct article_origin, version_at),
	DB_COL_INT(struct article_origin, shown),
	DB_COL_STR(struct article_origin, hidden_by),
	DB_COL_INT(struct article_origin, hidden_at),
	DB_COL_STR(struct article_origin, hidden_why),
	DB_COL_STR(struct article_origin, access_by),
};
static const struct db_shape origin_shape = DB_SHAPE(struct article_origin, origin_columns);

static enum err origin_get(
	struct db_conn *c, const char *article_id, struct arena *a, struct article_origin *out)
{
	struct article_origin row = { .version = STR("") };
	enum err e = db_get(c,
		&(struct db_call){ .query = QUERY_ARTICLE_ORIGIN_GET,
			DB_PARAMS(db_z(article_id)),
			.shape = &origin_shape,
			.arena = a },
		&row);
	*out = row;
	return e;
}

/* What an earlier version stored of an agency's item says its version by the time alone, and by the
 * status that it was taken back. */
enum err content_origin_load(
	struct db_conn *c, const struct article *art, struct arena *a, struct article_origin *out)
{
	enum err e = origin_get(c, art->id, a, out);
	bool before = e == ERR_NOT_FOUND ||
		      (str_eq(out->access_by, STR("v1")) && !out->version.n && !out->version_at);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (e || !before || !content_article_is_wire(art))
		return e;
	out->version_at = art->updated_at;
	if (!out->hidden_by.n && !str_eq(art->status, STR("usable")))
		out->hidden_by = STR("source");
	return ERR_OK;
}

enum err content_origin(
	struct db_conn *c, const char *article_id, struct arena *a, struct article_origin *out)
{
	enum err e = origin_get(c, article_id, a, out);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err content_origin_put(
	struct db_conn *c, const char *article_id, const struct article_origin *o)
{
	return db_run(c,
		&(struct db_call){
			.query = QUERY_ARTICLE_ORIGIN_PUT,
			DB_PARAMS(db_z(article_id), content_row_text(o->version),
				db_int(o->version_at), db_int(o->shown),
				content_row_text(o->hidden_by), db_int_or_null(o->hidden_at),
				content_row_text(o->hidden_why), content_row_text(o->access_by)),
		},
		NULL);
}
