/* Loads rows of articles: headline, slug, section, access, dates. Never the text, which only
 * open.c reads. */
#include "internal.h"

#include "postern/queries/article.h"

enum err content_access_read(struct str word, enum access *out)
{
	if (paywall_access_parse(word, out) != ERR_OK)
		*out = (enum access)0;
	return ERR_OK;
}

enum err content_article_set_access(
	struct db_conn *c, const char *id, enum access access, int64_t now_s)
{
	enum err e = q_article_set_access(c, id, str_of(paywall_access_name(access)), now_s);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, id);
}

enum err content_article_set_status(
	struct db_conn *c, const char *id, struct str status, int64_t now_s)
{
	enum err e = q_article_set_status(c, id, status, now_s);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, id);
}

enum err content_find(struct db_conn *c, struct str slug, struct arena *a, struct article *out)
{
	if (!text_slug_ok(slug))
		return ERR_NOT_FOUND;
	enum err e = q_article_by_slug(c, slug, a, out);
	return e == ERR_NOT_FOUND ? q_article_by_alias(c, slug, a, out) : e;
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
