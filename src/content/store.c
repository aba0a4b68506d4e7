/* Writing: a draft becomes an article in one transaction, or nothing does. */
#include "internal.h"

#include "postern/crypto.h"

#include <stdio.h>
#include <string.h>

struct store {
	struct draft *draft;
	int64_t now_s;
	struct arena *arena;
	struct stored *out;
};

/* What is written, once what is stored already has been asked. */
struct target {
	char id[ID_SIZE], slug[SLUG_SIZE];
	bool exists;
	struct article old;
	enum access access;
	int64_t published_at, updated_at;
};

static enum err refuse_slug(struct store *s, const char *slug, struct str owner)
{
	s->out->outcome = OUTCOME_REFUSED;
	(void)snprintf(s->out->why, WHY_SIZE,
		"slug: \"%s\" belongs to another article (source \"%.*s\")", slug,
		(int)(owner.n < 200 ? owner.n : 200), owner.p);
	return ERR_CONFLICT;
}

/* A slug that was made from the headline gives way: "budget-passed" to "budget-passed-1f0c93ab". */
static void slug_distinct(char slug[static SLUG_SIZE], struct str source)
{
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	crypto_digest(source, hash);
	crypto_hash_tag(hash, tag);
	tag[8] = 0;
	size_t n = strlen(slug);
	size_t most = SLUG_SIZE - 1 - strlen("-") - 8;
	while (n > 0 && (n > most || slug[n - 1] == '-'))
		n--;
	(void)snprintf(slug + n, SLUG_SIZE - n, "%s%s", n ? "-" : "", tag);
}

static enum err choose_slug(struct db_conn *c, struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	if (t->exists && (d->slug_loose || strcmp(t->old.slug, d->slug) == 0)) {
		memcpy(t->slug, t->old.slug, SLUG_SIZE);
		return ERR_OK;
	}
	memcpy(t->slug, d->slug, SLUG_SIZE);
	struct article other;
	enum err e = article_get(c, QUERY_ARTICLE_BY_SLUG, str_of(t->slug), s->arena, &other);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e)
		return e;
	if (!d->slug_loose)
		return refuse_slug(s, t->slug, other.source);
	slug_distinct(t->slug, d->source);
	e = article_get(c, QUERY_ARTICLE_BY_SLUG, str_of(t->slug), s->arena, &other);
	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e ? e : refuse_slug(s, t->slug, other.source);
}

/* What the draft does not say stays as it is stored: an editor's access outlives an agency's
 * correction. */
static void choose_values(const struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	t->access = d->access;
	if (!t->access)
		t->access = t->exists && t->old.access ? t->old.access : d->default_access;
	t->published_at = d->published_at;
	if (!t->published_at)
		t->published_at = t->exists ? t->old.published_at : s->now_s;
	t->updated_at = d->updated_at ? d->updated_at : t->published_at;
}

static enum err choose_target(struct db_conn *c, struct store *s, struct target *t)
{
	*t = (struct target){ 0 };
	enum err e = article_get(c, QUERY_ARTICLE_BY_SOURCE, s->draft->source, s->arena, &t->old);
	if (e && e != ERR_NOT_FOUND)
		return e;
	t->exists = !e;
	if (t->exists)
		memcpy(t->id, t->old.id, ID_SIZE);
	else
		crypto_id_make(t->id);
	choose_values(s, t);
	return choose_slug(c, s, t);
}

/* ---- is anything new? ---- */

static bool same_fields(const struct draft *d, const struct target *t)
{
	const struct article *a = &t->old;
	return strcmp(a->slug, t->slug) == 0 && str_eq(a->headline, d->headline) &&
	       str_eq(a->dek, d->dek) && str_eq(a->byline, d->byline) &&
	       str_eq(a->dateline, d->dateline) && str_eq(a->credit, d->credit) &&
	       str_eq(a->section_name, d->section_name) && str_eq(a->tags, d->tags) &&
	       str_eq(a->status, d->status) && str_eq(a->usage_terms, d->usage_terms) &&
	       str_eq(a->language, d->language) && a->access == t->access &&
	       a->published_at == t->published_at && a->updated_at == t->updated_at &&
	       a->embargo_at == d->embargo_at && a->expires_at == d->expires_at &&
	       a->cut == d->blocks.cut && a->words == d->blocks.words;
}

static enum err same_text(
	struct db_conn *c, const struct store *s, const struct article *old, bool *same)
{
	const struct blocks *new = &s->draft->blocks;
	struct block *v = NULL;
	size_t n = 0;
	enum err e = blocks_below(c, old->id, ARTICLE_BLOCKS_MAX, s->arena, &v, &n);
	*same = !e && n == new->n;
	for (size_t i = 0; *same && i < n; i++)
		*same = str_eq(v[i].html, new->v[i].html);
	return e;
}

static enum err same_images(struct db_conn *c, const struct store *s, const char *id, bool *same)
{
	const struct draft *d = s->draft;
	struct image *v = NULL;
	size_t n = 0;
	enum err e = images_below(c, id, ARTICLE_IMAGES_MAX, s->arena, &v, &n);
	*same = !e && n == d->image_count;
	for (size_t i = 0; *same && i < n; i++) {
		const struct draft_image *im = &d->images[i];
		*same = v[i].position == (int64_t)i && str_eq(v[i].name, im->name) &&
			str_eq(v[i].digest, str_of(im->digest)) && str_eq(v[i].alt, im->alt) &&
			str_eq(v[i].caption, im->caption) && str_eq(v[i].credit, im->credit);
	}
	return e;
}

static enum err unchanged(
	struct db_conn *c, const struct store *s, const struct target *t, bool *same)
{
	*same = t->exists && same_fields(s->draft, t);
	enum err e = ERR_OK;
	if (*same)
		e = same_images(c, s, t->id, same);
	if (!e && *same)
		e = same_text(c, s, &t->old, same);
	return e;
}

/* ---- writing ---- */

/* Text that was left empty is '' in the database, not NULL. */
static struct db_param text(struct str s)
{
	return db_text(s.p ? s : STR(""));
}

static enum err write_row(struct db_conn *c, const struct store *s, const struct target *t)
{
	const struct draft *d = s->draft;
	char section[SLUG_SIZE];
	text_slug(d->section_name, section);
	return db_run(c,
		&(struct db_call){
			.query = t->exists ? QUERY_ARTICLE_UPDATE : QUERY_ARTICLE_INSERT,
			DB_PARAMS(db_z(t->id), db_z(t->slug), text(d->source), text(d->headline),
				text(d->dek), text(d->byline), text(d->dateline), text(d->credit),
				db_z(section), text(d->section_name), text(d->tags),
				db_z(paywall_access_name(t->access)), text(d->status),
				text(d->usage_terms), text(d->language), db_int(t->published_at),
				db_int(t->updated_at), db_int_or_null(d->embargo_at),
				db_int_or_null(d->expires_at), db_int_or_null(d->blocks.cut),
				db_int(d->blocks.words), db_int(s->now_s)),
		},
		NULL);
}

static enum err write_blocks(struct db_conn *c, const struct blocks *blocks, const char *id)
{
	enum err e = db_run(c,
		&(struct db_call){ .query = QUERY_ARTICLE_BLOCK_DELETE, DB_PARAMS(db_z(id)) },
		NULL);
	for (size_t i = 0; !e && i < blocks->n; i++) {
		const struct block *b = &blocks->v[i];
		e = db_run(c,
			&(struct db_call){
				.query = QUERY_ARTICLE_BLOCK_INSERT,
				DB_PARAMS(db_z(id), db_int((int64_t)i), db_int(b->words),
					text(b->html)),
			},
			NULL);
	}
	return e;
}

static enum err write_images(struct db_conn *c, const struct draft *d, const char *id)
{
	enum err e = db_run(
		c, &(struct db_call){ .query = QUERY_MEDIA_DELETE, DB_PARAMS(db_z(id)) }, NULL);
	for (size_t i = 0; !e && i < d->image_count; i++) {
		const struct draft_image *im = &d->images[i];
		e = db_run(c,
			&(struct db_call){
				.query = QUERY_MEDIA_INSERT,
				DB_PARAMS(db_z(im->id), db_z(id), db_int((int64_t)i),
					text(im->name), db_z(im->info.content_type),
					db_int(im->info.width), db_int(im->info.height),
					text(im->alt), text(im->caption), text(im->credit),
					db_z(im->digest), db_blob(im->bytes.p, im->bytes.n)),
			},
			NULL);
	}
	return e;
}

static enum err store_tx(struct db_conn *c, void *arg)
{
	struct store *s = arg;
	struct target t;
	*s->out = (struct stored){ .outcome = OUTCOME_UNCHANGED };
	enum err e = choose_target(c, s, &t);
	if (e)
		return e;
	memcpy(s->out->slug, t.slug, SLUG_SIZE);
	if (t.exists && s->draft->versioned && t.updated_at < t.old.updated_at) {
		(void)snprintf(s->out->why, WHY_SIZE, "older than the version that is stored");
		return ERR_OK;
	}
	bool same = false;
	e = unchanged(c, s, &t, &same);
	if (e || same)
		return e;
	s->out->outcome = t.exists ? OUTCOME_UPDATED : OUTCOME_NEW;
	e = write_row(c, s, &t);
	if (!e)
		e = write_blocks(c, &s->draft->blocks, t.id);
	if (!e)
		e = write_images(c, s->draft, t.id);
	if (!e)
		e = db_change_add(c, DB_CHANGE_ARTICLE, t.id);
	return e;
}

enum err draft_store(
	struct db *db, struct draft *d, int64_t now_s, struct arena *a, struct stored *out)
{
	struct store s = { .draft = d, .now_s = now_s, .arena = a, .out = out };
	return db_tx(db, store_tx, &s);
}

/* ---- changes by hand ---- */

struct change {
	struct str slug;
	enum access access;
	int64_t now_s;
	char id[ID_SIZE];
};
static const struct db_column change_columns[] = { DB_COL_CHARS(struct change, id) };
static const struct db_shape change_shape = DB_SHAPE(struct change, change_columns);

/* A statement that returns the id of the one article it changed. */
static enum err change_run(struct db_conn *c, struct change *ch, struct db_call call)
{
	call.shape = &change_shape;
	enum err e = db_get(c, &call, ch);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, ch->id);
}

static enum err access_tx(struct db_conn *c, void *arg)
{
	struct change *ch = arg;
	return change_run(c, ch,
		(struct db_call){ .query = QUERY_ARTICLE_SET_ACCESS,
			DB_PARAMS(db_text(ch->slug), db_z(paywall_access_name(ch->access)),
				db_int(ch->now_s)) });
}

enum err content_set_access(struct db *db, struct str slug, enum access access, int64_t now_s)
{
	struct change ch = { .slug = slug, .access = access, .now_s = now_s };
	if (access < ACCESS_PUBLIC || access > ACCESS_DEFAULT)
		return ERR_INVALID;
	return text_slug_ok(slug) ? db_tx(db, access_tx, &ch) : ERR_NOT_FOUND;
}

static enum err delete_tx(struct db_conn *c, void *arg)
{
	struct change *ch = arg;
	return change_run(c, ch,
		(struct db_call){ .query = QUERY_ARTICLE_DELETE, DB_PARAMS(db_text(ch->slug)) });
}

enum err content_delete(struct db *db, struct str slug)
{
	struct change ch = { .slug = slug };
	return text_slug_ok(slug) ? db_tx(db, delete_tx, &ch) : ERR_NOT_FOUND;
}
