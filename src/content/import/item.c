/* Imports one file: its items go to their importer (Markdown, ninjs), and each result is stored
 * in a transaction of its own. An item that takes a story back or hides it is obeyed even when
 * the rest of it cannot be read. */
#include "../teaser.h"
#include "import.h"

#include <stdio.h>
#include <string.h>

enum {
	ITEM_ARENA_MAX =
		16 * ARTICLE_SOURCE_MAX +
		ARTICLE_IMAGES_MAX * IMAGE_BYTES_MAX * 2, /* the text in all its stages, and every
							     picture before and after stripping */
	JSON_FILE_MAX = 64 << 20, /* bytes of a file that may hold many items */
};

/* In any case: a kill comes as KILL.JSON too. */
static bool has_ending(struct str name, struct str ending)
{
	return name.n >= ending.n &&
	       str_eq_nocase((struct str){ name.p + name.n - ending.n, ending.n }, ending);
}

static bool is_json(struct str name)
{
	return has_ending(name, STR(".json")) || has_ending(name, STR(".jsonl")) ||
	       has_ending(name, STR(".ndjson"));
}

bool import_takes(struct str name)
{
	return has_ending(name, STR(".md")) || is_json(name);
}

/* ---- one item ---- */

static void tell(const struct import_run *r, const char *path, enum outcome outcome,
	const char *slug, const char *why, const struct teaser_size *teaser)
{
	static const char *const names[] = { "", "new", "updated", "unchanged", "hidden",
		"refused" };
	size_t *const counters[] = { NULL, &r->count->created, &r->count->updated,
		&r->count->unchanged, &r->count->hidden, &r->count->refused };
	++*counters[outcome];
	if (r->settings->report)
		r->settings->report(r->settings->ctx, path, names[outcome], slug, why, teaser);
}

void import_report(const struct import_run *r, const char *path, enum outcome outcome,
	const char *slug, const char *why)
{
	tell(r, path, outcome, slug, why, NULL);
}

/* Of an agency each version is an identity of its own, and what takes back is never turned away. */
static struct str identity_of(const struct draft *d, struct arena *a)
{
	if (!d->agency)
		return d->source;
	return str_of(arena_fmt(a, "%.*s\n%.*s\n%lld", (int)d->source.n, d->source.p,
		(int)d->version.n, d->version.p ? d->version.p : "", (long long)d->version_at));
}

/* What a refused file wants closed: what was not understood, and what was before something else of
 * it was wrong. */
static enum closing closing_of(
	const struct import_run *r, const struct import_item *it, const struct draft *d)
{
	bool taken_back = d->notice == NOTICE_HOLD || d->notice == NOTICE_KILL;
	bool over = d->expires_at && d->expires_at <= r->now_s;
	if (d->agency ||
		d->written) /* an agency's notices are never refused for the rest of them */
		return CLOSING_NOTHING;
	if (it->closing)
		return it->closing;
	if (taken_back || over || d->embargo_at > r->now_s)
		return CLOSING_HIDES;
	return d->access == ACCESS_SUBSCRIBER ? CLOSING_LEVEL : CLOSING_NOTHING;
}

/* A file that cannot be stored closes what it may have wanted to close. */
static enum err close_stored(const struct import_run *r, const struct import_item *it,
	const struct draft *read, enum closing closing, struct stored *stored)
{
	struct draft d = { .source = read->source,
		.hollow = true,
		.closes_level = closing == CLOSING_LEVEL,
		.notice = read->notice,
		.status = read->status,
		.hidden_why = str_of(it->why) };
	bool known;
	if (d.notice != NOTICE_KILL) {
		d.unread = true;
		import_draft_notice(&d, STR("withheld"), &known);
	}
	enum err e = import_draft_store(r->db, &d, r->now_s, it->arena, stored);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err item_refused(const struct import_run *r, struct import_item *it,
	const struct draft *d, const char *shown)
{
	struct stored stored = { 0 };
	enum closing closing = closing_of(r, it, d);
	enum err e = ERR_OK;
	if (closing && d->source.n)
		e = close_stored(r, it, d, closing, &stored);
	if (e)
		return ERR_UNAVAILABLE;
	bool told = it->closing || closing == CLOSING_HIDES || stored.outcome == OUTCOME_UPDATED;
	bool closed = stored.slug[0] && told;
	if (closed)
		import_warn(it, "%s until this is corrected",
			closing == CLOSING_LEVEL ? "for subscribers" : "hidden");
	import_report(r, shown, closed ? OUTCOME_HIDDEN : OUTCOME_REFUSED,
		stored.slug[0] ? stored.slug : d->slug, it->why);
	return ERR_OK;
}

/* Both files that want the address are named when both belong to this run. */
static void tell_owner(const struct import_run *r, const struct draft *d, struct stored *stored)
{
	char key[SLUG_SIZE + 8];
	(void)snprintf(key, sizeof key, "slug\n%s", d->slug);
	const char *path = import_seen_path(r->seen, str_of(key));
	size_t n = strlen(stored->why);
	if (path && !d->written)
		(void)snprintf(stored->why + n, WHY_SIZE - n, ", from %.200s", path);
}

static enum err remember(const struct import_run *r, const struct draft *d, const char *identity,
	const struct stored *stored, const char *shown)
{
	char key[SLUG_SIZE + 8];
	(void)snprintf(key, sizeof key, "slug\n%s", stored->slug);
	enum err e = import_seen_add(r->seen, str_of(key), shown);
	if (e || (d->agency && d->notice != NOTICE_USABLE))
		return e;
	return import_seen_add(r->seen, str_of(identity), shown);
}

static enum err item_store(
	const struct import_run *r, struct import_item *it, struct draft *d, const char *shown)
{
	struct str identity = identity_of(d, it->arena);
	struct stored stored = { 0 };
	struct teaser_report teaser = { 0 };
	d->follow_rules = r->settings->follow_rules;
	d->written = import_seen_path(r->seen, identity);
	d->bound = r->settings->bound;
	enum err e = d->hollow ? ERR_OK : import_draft_teaser(it, d, &teaser);
	if (!e && arena_failed(it->arena))
		e = ERR_NOMEM;
	if (e)
		return e;
	e = import_draft_store(r->db, d, r->now_s, it->arena, &stored);
	bool refused = e == ERR_CONFLICT && stored.outcome == OUTCOME_REFUSED;
	if (e && !refused)
		return e == ERR_STOPPED ? e : ERR_UNAVAILABLE;
	if (refused) {
		tell_owner(r, d, &stored);
		(void)snprintf(it->why, WHY_SIZE, "%s", stored.why);
		return item_refused(r, it, d, shown);
	}
	bool hidden = it->hides && !stored.why[0];
	if (stored.why[0])
		import_warn(it, "%s", stored.why);
	r->count->levels_of_v1 += stored.level_of_v1;
	tell(r, shown, hidden ? OUTCOME_HIDDEN : stored.outcome,
		stored.slug[0] ? stored.slug : d->slug, it->why, d->hollow ? NULL : &teaser.size);
	return remember(r, d, identity.p, &stored, shown);
}

/* Trouble with one item is reported and is ERR_OK here; what is returned ends the import. */
static enum err import_item(const struct import_file *f, struct json_t *json, const char *shown)
{
	const struct import_run *r = f->run;
	ARENA_AUTO *arena = arena_new(ITEM_ARENA_MAX);
	if (!arena)
		return ERR_NOMEM;
	struct import_item it = { .settings = r->settings,
		.now_s = r->now_s,
		.dir = f->dir,
		.arena = arena,
		.file = f->name,
		.folder = f->folder,
		.text = f->text,
		.json = json };
	struct draft d = { .access = (enum access)0 };
	d.images = arena_alloc(arena, ARTICLE_IMAGES_MAX * sizeof *d.images);
	if (!d.images)
		return ERR_NOMEM;
	enum err e = json ? import_ninjs_draft(&it, &d) : import_markdown_draft(&it, &d);
	if (arena_failed(arena)) /* what seemed wrong with it may be that alone */
		e = ERR_NOMEM;
	if (!e)
		return item_store(r, &it, &d, shown);
	if (e != ERR_INVALID)
		(void)snprintf(it.why, WHY_SIZE, "needs more memory than one article may");
	return item_refused(r, &it, &d, shown);
}

/* ---- one file ---- */

static enum err json_item(void *ctx, struct json_t *item, const char *where, const char *why)
{
	const struct import_file *f = ctx;
	BUF_AUTO shown = BUF(SHOWN_PATH_MAX + 64);
	buf_fmt(&shown, "%s%s", f->shown, where);
	if (shown.err)
		return shown.err;
	if (item)
		return import_item(f, item, shown.p);
	import_report(f->run, shown.p, OUTCOME_REFUSED, "", why);
	return ERR_OK;
}

static const char *unreadable(enum err e, bool json)
{
	switch (e) {
	case ERR_TOO_LARGE:
		return json ? "the file is larger than 64 MiB" : "the file is larger than 4 MiB";
	case ERR_INVALID:
		return "is not a plain file, or is a symbolic link";
	default:
		return "the file cannot be read";
	}
}

static enum err import_text(struct import_file *f)
{
	struct ninjs_file items = {
		.by_line = !has_ending(f->name, STR(".json")), .item = json_item, .ctx = f
	};
	return is_json(f->name) ? import_ninjs_items(&items, f->text)
				: import_item(f, NULL, f->shown);
}

enum err import_one(struct import_file *f)
{
	bool json = is_json(f->name);
	ARENA_AUTO *arena = arena_new(2 * (size_t)JSON_FILE_MAX);
	if (!arena)
		return ERR_NOMEM;
	f->run->count->files++;
	enum err e = import_dir_read(
		f->dir, f->name, json ? JSON_FILE_MAX : ARTICLE_SOURCE_MAX, arena, &f->text);
	if (e == ERR_NOMEM)
		return e;
	if (!e)
		return import_text(f);
	import_report(f->run, f->shown, OUTCOME_REFUSED, "", unreadable(e, json));
	return ERR_OK;
}
