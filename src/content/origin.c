/* The last state that the source of an article reported, in a table beside the article's row,
 * which only imports and the desk read. */
#include "internal.h"

#include "postern/queries/article.h"

static enum err origin_get(
	struct db_conn *c, const char *article_id, struct arena *a, struct article_origin *out)
{
	struct article_origin row = { .version = STR("") };
	enum err e = q_article_origin_get(c, article_id, a, &row);
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
	return q_article_origin_put(c, article_id, o->version, o->version_at, o->shown,
		o->hidden_by, o->hidden_at, o->hidden_why, o->access_by);
}
