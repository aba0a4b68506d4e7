/* Stores an imported article in one transaction, or changes nothing. */
#include "../dek.h"

#include "postern/crypto.h"
#include "postern/queries/article.h"

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
	bool exists, moves, public; /* moves: to another slug; public: readers can see it now */
	struct article old;
	struct article_origin origin; /* as it is stored, then as it will be */
	struct str status;
	enum access access;
	int64_t published_at, updated_at, embargo_at;
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

/* Another article has it, or had it and is still looked for there. `*owner` is empty when it is
 * free for this one. */
static enum err slug_owner(
	struct db_conn *c, const struct store *s, const struct target *t, struct str *owner)
{
	struct article other;
	struct str slug = str_of(t->slug);
	enum err e = q_article_by_slug(c, slug, s->arena, &other);
	/* A slug that is asked for takes a former address over; a made one gives way to it. */
	if (e == ERR_NOT_FOUND && s->draft->slug_loose)
		e = q_article_by_alias(c, slug, s->arena, &other);
	bool taken = !e && strcmp(other.id, t->id) != 0;
	*owner = taken ? other.source : (struct str){ NULL, 0 };
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A made slug stays as first stored, unless no reader has seen it yet: a notice that came before
 * its article has no headline to make one of. */
static bool slug_stays(const struct draft *d, const struct target *t)
{
	bool notice = !t->origin.shown && str_eq(t->old.headline, t->old.source);
	return t->exists && ((d->slug_loose && !notice) || strcmp(t->old.slug, d->slug) == 0);
}

static enum err choose_slug(struct db_conn *c, struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	struct str owner = { NULL, 0 };
	memcpy(t->slug, slug_stays(d, t) ? t->old.slug : d->slug, SLUG_SIZE);
	if (slug_stays(d, t))
		return ERR_OK;
	enum err e = slug_owner(c, s, t, &owner);
	if (!e && owner.n && d->slug_loose) {
		slug_distinct(t->slug, d->source);
		e = slug_owner(c, s, t, &owner);
	}
	t->moves = t->exists && strcmp(t->slug, t->old.slug) != 0;
	return !e && owner.n ? refuse_slug(s, t->slug, owner) : e;
}

/* ---- what it becomes ---- */

/* What the draft does not say stays as it is stored: an editor's access outlives an agency's
 * correction. */
static void choose_access(const struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	bool v1 = str_eq(t->origin.access_by, STR("v1"));
	t->access = d->access;
	if (t->access)
		t->origin.access_by = STR("file");
	if (t->access)
		return;
	t->access = t->exists && t->old.access ? t->old.access : d->default_access;
	s->out->level_of_v1 = v1 && t->access != d->default_access && !d->follow_rules;
	if (!v1 || !d->follow_rules)
		return;
	t->access = d->default_access;
	t->origin.access_by = STR("");
}

/* An agency's correction moves `updated`, never `published`: rules by age would open anew what they
 * have closed. What no reader has seen yet may still be moved. */
static void choose_times(const struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	bool seen = t->exists && t->origin.shown && t->old.published_at <= s->now_s &&
		    t->old.embargo_at <= s->now_s;
	bool stays = t->exists && (!d->published_at || (d->agency && seen));
	t->published_at = d->published_at ? d->published_at : s->now_s;
	if (stays)
		t->published_at = t->old.published_at;
	t->updated_at = d->updated_at ? d->updated_at : t->published_at;
	if (d->agency && t->exists && !d->updated_at)
		t->updated_at = t->old.updated_at;
	t->embargo_at = d->embargo_at;
	if (d->agency && seen && d->embargo_at <= s->now_s)
		t->embargo_at = t->old.embargo_at;
}

/* "canceled" for what no reader has seen, "killed" for what is gone for them. */
static void choose_status(const struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	t->status = d->status;
	if (d->notice != NOTICE_KILL)
		return;
	bool said = str_eq(d->status, STR("killed")); /* a file that was exported so */
	t->status = said || t->origin.shown ? STR("killed") : STR("canceled");
	t->origin.shown = t->origin.shown || said;
}

/* Who hides the article and since when; what stays the same keeps its date. */
static void choose_hidden(const struct store *s, struct target *t)
{
	const struct draft *d = s->draft;
	struct article_origin *o = &t->origin;
	struct str by =
		d->agency || content_source_is_wire(d->source) ? STR("source") : STR("file");
	if (d->unread && !str_eq(o->hidden_by, STR("source")))
		by = STR("unread");
	if (d->notice != NOTICE_HOLD && d->notice != NOTICE_KILL) {
		o->hidden_by = o->hidden_why = STR("");
		o->hidden_at = 0;
		return;
	}
	if (t->exists && str_eq(o->hidden_by, by) && str_eq(t->old.status, t->status))
		return;
	o->hidden_by = by;
	o->hidden_at = s->now_s;
	o->hidden_why = utf8_mended(d->hidden_why, s->arena); /* it quotes what it cuts */
}

/* The latest of both stays: a kill may bear no version, or an older one. */
static void choose_version(const struct draft *d, struct target *t)
{
	struct article_origin *o = &t->origin;
	if (!d->agency)
		return;
	bool later = !t->exists || import_arrival(d, o) != ARRIVAL_UNCLEAR || o->version.n == 0;
	if (d->version.n && later)
		o->version = d->version;
	if (d->version_at > o->version_at)
		o->version_at = d->version_at;
}

static void choose_values(struct store *s, struct target *t)
{
	t->origin.shown = t->origin.shown || t->public;
	choose_access(s, t);
	choose_times(s, t);
	choose_status(s, t);
	choose_hidden(s, t);
	choose_version(s->draft, t);
}

/* Earlier versions named every bundle's article by its file, "index", where the last one stayed. */
static enum err find_stored(struct db_conn *c, const struct store *s, struct article *old)
{
	const struct draft *d = s->draft;
	enum err e = q_article_by_source(c, d->source, s->arena, old);
	if (e != ERR_NOT_FOUND || !d->bundle)
		return e;
	e = q_article_by_source(c, STR("file:index"), s->arena, old);
	return !e && !str_eq(old->headline, d->headline) ? ERR_NOT_FOUND : e;
}

static enum err find_target(struct db_conn *c, struct store *s, struct target *t)
{
	*t = (struct target){ 0 };
	enum err e = find_stored(c, s, &t->old);
	if (e && e != ERR_NOT_FOUND)
		return e;
	t->exists = !e;
	if (t->exists) {
		memcpy(t->id, t->old.id, ID_SIZE);
		t->public = content_article_is_public(&t->old, s->now_s);
		return content_origin_load(c, &t->old, s->arena, &t->origin);
	}
	crypto_id_make(t->id);
	return ERR_OK;
}

/* ---- is anything new? ---- */

static bool same_fields(const struct draft *d, const struct target *t)
{
	const struct article *a = &t->old;
	return strcmp(a->slug, t->slug) == 0 && str_eq(a->headline, d->headline) &&
	       str_eq(a->dek_whole, d->dek) && str_eq(a->byline, d->byline) &&
	       str_eq(a->dateline, d->dateline) && str_eq(a->credit, d->credit) &&
	       str_eq(a->section_name, d->section_name) && str_eq(a->tags, d->tags) &&
	       str_eq(a->status, t->status) && str_eq(a->usage_terms, d->usage_terms) &&
	       str_eq(a->language, d->language) && a->access == t->access &&
	       a->published_at == t->published_at && a->updated_at == t->updated_at &&
	       a->embargo_at == t->embargo_at && a->expires_at == d->expires_at &&
	       a->cut == d->blocks.cut && a->words == d->blocks.words;
}

static enum err same_text(
	struct db_conn *c, const struct store *s, const struct article *old, bool *same)
{
	const struct blocks *new = &s->draft->blocks;
	struct block *v = NULL;
	size_t n = 0;
	enum err e = content_blocks_below(c, old->id, ARTICLE_BLOCKS_MAX, s->arena, &v, &n);
	*same = !e && n == new->n;
	for (size_t i = 0; *same && i < n; i++)
		*same = str_eq(v[i].html, new->v[i].html);
	return e;
}

/* The lead is at 0; where it could not be had, nothing is. */
static int64_t image_position(const struct draft *d, size_t i)
{
	return (int64_t)i + (d->no_lead ? 1 : 0);
}

static enum err same_images(struct db_conn *c, const struct store *s, const char *id, bool *same)
{
	const struct draft *d = s->draft;
	struct image *v = NULL;
	size_t n = 0;
	enum err e = content_images_below(c, id, ARTICLE_IMAGES_MAX, s->arena, &v, &n);
	*same = !e && n == d->image_count;
	for (size_t i = 0; *same && i < n; i++) {
		const struct draft_image *im = &d->images[i];
		*same = v[i].position == image_position(d, i) && str_eq(v[i].name, im->name) &&
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

static enum err write_row(struct db_conn *c, const struct store *s, const struct target *t)
{
	const struct draft *d = s->draft;
	char section[SLUG_SIZE];
	text_slug(d->section_name, section);
	return (t->exists ? q_article_update : q_article_insert)(c, t->id, t->slug, d->source,
		d->headline, d->dek, d->byline, d->dateline, d->credit, section, d->section_name,
		d->tags, paywall_access_name(t->access), t->status, d->usage_terms, d->language,
		t->published_at, t->updated_at, t->embargo_at, d->expires_at, d->blocks.cut,
		d->blocks.words, s->now_s, d->dek_shown, content_dek_bound_number(&d->bound));
}

static enum err write_blocks(struct db_conn *c, const struct blocks *blocks, const char *id)
{
	enum err e = q_article_block_delete(c, id);
	for (size_t i = 0; !e && i < blocks->n; i++)
		e = q_article_block_insert(
			c, id, (int64_t)i, blocks->v[i].words, blocks->v[i].html);
	return e;
}

static enum err write_images(struct db_conn *c, const struct draft *d, const char *id)
{
	enum err e = q_media_delete(c, id);
	for (size_t i = 0; !e && i < d->image_count; i++) {
		const struct draft_image *im = &d->images[i];
		e = q_media_insert(c, im->id, id, image_position(d, i), im->name,
			im->info.content_type, im->info.width, im->info.height, im->alt,
			im->caption, im->credit, im->digest, im->bytes);
	}
	return e;
}

/* The address that it leaves leads to it, the one that it takes leads nowhere else. */
static enum err write_alias(struct db_conn *c, const struct store *s, const struct target *t)
{
	enum err e = ERR_OK;
	if (!t->exists || t->moves)
		e = q_article_alias_delete(c, t->slug);
	if (e || !t->moves)
		return e;
	return q_article_alias_put(c, t->old.slug, t->id, s->now_s);
}

static enum err write_all(struct db_conn *c, const struct store *s, const struct target *t)
{
	enum err e = write_row(c, s, t);
	if (e)
		return e;
	e = write_alias(c, s, t);
	if (e)
		return e;
	e = write_blocks(c, &s->draft->blocks, t->id);
	if (e)
		return e;
	e = write_images(c, s->draft, t->id);
	return e ? e : db_change_add(c, DB_CHANGE_ARTICLE, t->id);
}

/* A kill changes what readers get, and keeps what the desk has. */
static enum err write_state(struct db_conn *c, struct store *s, struct target *t)
{
	memcpy(s->out->slug, t->old.slug, SLUG_SIZE);
	choose_values(s, t);
	enum err e = content_origin_put(c, t->id, &t->origin);
	if (e || str_eq(t->old.status, t->status))
		return e;
	s->out->outcome = OUTCOME_UPDATED;
	return content_article_set_status(c, t->id, t->status, s->now_s);
}

/* A file whose level cannot be read: it may want to close what is open. */
static enum err write_level(struct db_conn *c, const struct store *s, const struct target *t)
{
	memcpy(s->out->slug, t->old.slug, SLUG_SIZE);
	if (t->old.access == ACCESS_SUBSCRIBER)
		return ERR_OK;
	s->out->outcome = OUTCOME_UPDATED;
	return content_article_set_access(c, t->id, ACCESS_SUBSCRIBER, s->now_s);
}

static enum err refuse_twice(const struct store *s)
{
	s->out->outcome = OUTCOME_REFUSED;
	(void)snprintf(s->out->why, WHY_SIZE,
		"source: \"%.*s\" was imported in this run already, from %.200s",
		(int)(s->draft->source.n < 150 ? s->draft->source.n : 150), s->draft->source.p,
		s->draft->written);
	return ERR_CONFLICT;
}

/* Writes the row unless nothing has changed, so that importing a folder again announces no change
 * and drops no cached page. */
static enum err write_new(struct db_conn *c, struct store *s, struct target *t)
{
	bool same = false;
	choose_values(s, t);
	enum err e = choose_slug(c, s, t);
	if (e)
		return e;
	memcpy(s->out->slug, t->slug, SLUG_SIZE);
	e = unchanged(c, s, t, &same);
	bool takes_back = s->draft->agency && s->draft->notice != NOTICE_USABLE;
	if (!e && !same && s->draft->written && !takes_back)
		return refuse_twice(s);
	if (!e && !same) {
		if (t->exists && s->draft->agency && !s->draft->updated_at)
			t->updated_at = s->now_s; /* a correction that bears no time */
		s->out->outcome = t->exists ? OUTCOME_UPDATED : OUTCOME_NEW;
		e = write_all(c, s, t);
	}
	return e ? e : content_origin_put(c, t->id, &t->origin);
}

/* One item, in one transaction: finds the article of its source, judges by state and order of
 * deliveries, and writes. */
static enum err store_tx(struct db_conn *c, void *arg)
{
	struct store *s = arg;
	struct target t;
	*s->out = (struct stored){ .outcome = OUTCOME_UNCHANGED };
	enum err e = find_target(c, s, &t);
	if (e)
		return e;
	if (!t.exists && s->draft->hollow && !s->draft->agency)
		return ERR_NOT_FOUND; /* a file that cannot be read has nothing to close */
	enum judgement j = t.exists ? import_notice_judge(s->draft, &t.old, &t.origin, s->now_s)
				    : JUDGED_WRITE;
	if (s->draft->closes_level)
		return write_level(c, s, &t);
	if (j == JUDGED_WRITE)
		return write_new(c, s, &t);
	if (j == JUDGED_STATE_ALONE)
		return write_state(c, s, &t);
	memcpy(s->out->slug, t.old.slug, SLUG_SIZE);
	(void)snprintf(s->out->why, WHY_SIZE, "%s", import_notice_left(j, &t.origin, s->arena));
	return ERR_OK;
}

enum err import_draft_store(
	struct db *db, struct draft *d, int64_t now_s, struct arena *a, struct stored *out)
{
	struct store s = { .draft = d, .now_s = now_s, .arena = a, .out = out };
	return db_tx(db, store_tx, &s);
}
