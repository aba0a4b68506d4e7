/* Changes that the desk makes by hand (access, status, deletion), each in one transaction with
 * its entry in the change log. */
#include "internal.h"

#include "postern/queries/article.h"

/* Bytes: a change reads the row of one article, no text. */
enum { CHANGE_ARENA_MAX = 1 << 20 };

/* A change of one article by the command line, inside its transaction. */
struct change {
	struct str slug, status, why;
	enum access access;
	struct arena *arena;
	int64_t now_s;
};

static enum err change_load(
	struct db_conn *c, const struct change *ch, struct article *art, struct article_origin *o)
{
	enum err e = q_article_by_slug(c, ch->slug, ch->arena, art);
	return e ? e : content_origin_load(c, art, ch->arena, o);
}

static enum err access_tx(struct db_conn *c, void *arg)
{
	struct change *ch = arg;
	struct article art;
	struct article_origin o;
	enum err e = change_load(c, ch, &art, &o);
	if (e)
		return e;
	o.access_by = STR("desk");
	e = content_origin_put(c, art.id, &o);
	return e ? e : content_article_set_access(c, art.id, ch->access, ch->now_s);
}

enum err content_set_access(struct db *db, struct str slug, enum access access, int64_t now_s)
{
	ARENA_AUTO *arena = arena_new(CHANGE_ARENA_MAX);
	struct change ch = { .slug = slug, .access = access, .now_s = now_s, .arena = arena };
	if (!arena)
		return ERR_NOMEM;
	if (access < ACCESS_PUBLIC || access > ACCESS_DEFAULT)
		return ERR_INVALID;
	return text_slug_ok(slug) ? db_tx(db, access_tx, &ch) : ERR_NOT_FOUND;
}

/* ---- state ---- */

/* For what no reader has seen, a kill is "canceled": 404, not 410. */
static struct str status_of(const struct change *ch, struct article_origin *o)
{
	bool usable = str_eq(ch->status, STR("usable"));
	o->hidden_by = usable ? STR("") : STR("desk");
	o->hidden_at = usable ? 0 : ch->now_s;
	o->hidden_why = usable ? STR("") : utf8_mended(ch->why, ch->arena);
	return str_eq(ch->status, STR("killed")) && !o->shown ? STR("canceled") : ch->status;
}

static enum err status_tx(struct db_conn *c, void *arg)
{
	struct change *ch = arg;
	struct article art;
	struct article_origin o;
	enum err e = change_load(c, ch, &art, &o);
	if (e)
		return e;
	o.shown = o.shown || content_article_is_public(&art, ch->now_s);
	e = content_article_set_status(c, art.id, status_of(ch, &o), ch->now_s);
	return e ? e : content_origin_put(c, art.id, &o);
}

enum err content_set_status(
	struct db *db, struct str slug, struct str status, struct str why, int64_t now_s)
{
	static const char *const known[] = { "usable", "withheld", "killed" };
	ARENA_AUTO *arena = arena_new(CHANGE_ARENA_MAX);
	struct change ch = {
		.slug = slug, .status = status, .why = why, .now_s = now_s, .arena = arena
	};
	unsigned word = 0;
	if (!arena)
		return ERR_NOMEM;
	if (str_name_find(known, COUNT(known), status, &word) != ERR_OK)
		return ERR_INVALID;
	return text_slug_ok(slug) ? db_tx(db, status_tx, &ch) : ERR_NOT_FOUND;
}

/* ---- the end ---- */

static enum err delete_tx(struct db_conn *c, void *arg)
{
	const struct str *slug = arg;
	char id[ID_SIZE];
	enum err e = q_article_delete(c, *slug, id);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, id);
}

enum err content_delete(struct db *db, struct str slug)
{
	return text_slug_ok(slug) ? db_tx(db, delete_tx, &slug) : ERR_NOT_FOUND;
}
