/* What editors say by hand of the front page (which stories stand on top, in which order, until
 * when) and of sections (a description). Every change goes into the change log, so that every
 * gateway shows it at the next request. */
#include "internal.h"

#include "postern/queries/front.h"

#include <string.h>

/* Bytes: a description with its spaces collapsed. */
enum { DESCRIBE_ARENA_MAX = 1 << 16, DESCRIPTIONS_MAX = 1000 };

/* ---- features ---- */

enum err content_features(
	struct db_conn *c, int64_t now_s, struct arena *a, struct feature **out, size_t *count)
{
	return q_feature_list(c, now_s, FEATURES_MAX, a, out, count);
}

/* The list with room for one more; what has ended leaves the table for good. */
static enum err list_load(struct db_conn *c, struct feature_change *ch)
{
	struct feature *found = NULL;
	size_t n = 0;
	enum err e = q_feature_purge(c, ch->now_s);
	if (!e)
		e = q_feature_list(c, ch->now_s, FEATURES_MAX, ch->a, &found, &n);
	ch->list = e ? NULL : arena_alloc(ch->a, (FEATURES_MAX + 1) * sizeof *ch->list);
	if (e || !ch->list)
		return e ? e : ERR_NOMEM;
	if (n > 0)
		memcpy(ch->list, found, n * sizeof *found);
	ch->count = n;
	return ERR_OK;
}

static size_t index_of(const struct feature_change *ch)
{
	size_t i = 0;
	while (i < ch->count && strcmp(ch->list[i].article_id, ch->article.id) != 0)
		i++;
	return i;
}

static void list_take(struct feature_change *ch, size_t i)
{
	ch->count--;
	memmove(&ch->list[i], &ch->list[i + 1], (ch->count - i) * sizeof ch->list[0]);
}

static void list_put(struct feature_change *ch, size_t i, const struct feature *f)
{
	memmove(&ch->list[i + 1], &ch->list[i], (ch->count - i) * sizeof ch->list[0]);
	ch->list[i] = *f;
	ch->count++;
	ch->at = i;
}

/* Positions are counted anew from 1, so that no gap is left. */
static enum err list_store(struct db_conn *c, const struct feature_change *ch)
{
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < ch->count; i++) {
		struct feature *f = &ch->list[i];
		f->position = (int64_t)i + 1;
		e = q_feature_put(c, f->article_id, f->position, f->until_at, ch->now_s);
	}
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, ch->article.id);
}

/* `was`: where the article stands; ch->count: nowhere. */
static enum err change_begin(struct db_conn *c, struct feature_change *ch, size_t *was)
{
	enum err e = content_find(c, ch->slug, ch->a, &ch->article);
	if (!e)
		e = list_load(c, ch);
	if (!e)
		*was = index_of(ch);
	return e;
}

static enum err feature_tx(struct db_conn *c, void *arg)
{
	struct feature_change *ch = arg;
	struct feature f = { .until_at = 0 };
	size_t was = 0, to = 0;
	enum err e = change_begin(c, ch, &was);
	if (e)
		return e;
	if (was == ch->count && ch->count == FEATURES_MAX)
		return ERR_TOO_LARGE;
	if (was < ch->count) {
		f = ch->list[was];
		to = was;
		list_take(ch, was);
	}
	memcpy(f.article_id, ch->article.id, sizeof f.article_id);
	memcpy(f.slug, ch->article.slug, sizeof f.slug);
	if (ch->sets_until)
		f.until_at = ch->until_at;
	if (ch->position > 0)
		to = (size_t)ch->position - 1;
	list_put(ch, to < ch->count ? to : ch->count, &f);
	return list_store(c, ch);
}

enum err content_feature(struct db *db, struct feature_change *ch)
{
	return db_tx(db, feature_tx, ch);
}

static enum err unfeature_tx(struct db_conn *c, void *arg)
{
	struct feature_change *ch = arg;
	int64_t gone = 0;
	size_t was = 0;
	enum err e = change_begin(c, ch, &was);
	if (e)
		return e;
	if (was == ch->count)
		return ERR_CONFLICT;
	list_take(ch, was);
	e = q_feature_delete(c, ch->article.id, &gone);
	return e ? e : list_store(c, ch);
}

enum err content_unfeature(struct db *db, struct feature_change *ch)
{
	return db_tx(db, unfeature_tx, ch);
}

/* ---- sections ---- */

enum err content_section_description(
	struct db_conn *c, struct str slug, struct arena *a, struct str *out)
{
	enum err e = q_section_description_get(c, slug, a, out);
	if (e == ERR_NOT_FOUND)
		*out = STR("");
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err content_section_descriptions(
	struct db_conn *c, struct arena *a, struct section_about **out, size_t *count)
{
	return q_section_description_list(c, DESCRIPTIONS_MAX, a, out, count);
}

struct describing {
	struct section_about about;
	int64_t now_s;
};

/* Lists and pages of sections bear the tag of every article. */
static enum err describe_tx(struct db_conn *c, void *arg)
{
	const struct describing *d = arg;
	const struct section_about *s = &d->about;
	enum err e = s->description.n > 0
			     ? q_section_description_put(c, s->slug, s->description, d->now_s)
			     : q_section_description_delete(c, s->slug);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, "");
}

enum err content_section_describe(
	struct db *db, struct str slug, struct str description, int64_t now_s)
{
	if (!text_slug_ok(slug) || !utf8_ok(description))
		return ERR_INVALID;
	if (description.n > SECTION_DESCRIPTION_MAX)
		return ERR_TOO_LARGE;
	ARENA_AUTO *a = arena_new(DESCRIBE_ARENA_MAX);
	struct describing d = { .now_s = now_s };
	d.about.slug = slug;
	if (a)
		d.about.description = content_field_clean(description, a);
	if (!a || (description.n > 0 && !d.about.description.p))
		return ERR_NOMEM;
	return db_tx(db, describe_tx, &d);
}
