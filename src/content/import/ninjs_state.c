/* Identity, state and version of a ninjs item: which article it is, whether it may be shown, and
 * whether it is newer than what is stored. A state that is not understood hides the article. */
#include "ninjs.h"

#include <string.h>

/* Bytes of the identity of an item. */
enum { URI_MAX = 1000 };

/* Superdesk writes "guid" where the standard has "uri". */
static json_t *identity_of(json_t *item)
{
	json_t *uri = json_object_get(item, "uri");
	json_t *guid = json_object_get(item, "guid");
	return uri && !json_is_null(uri) ? uri : guid;
}

enum err import_ninjs_identity(struct ninjs_reading *r)
{
	json_t *uri = identity_of(r->item);
	bool schema = json_object_get(r->item, "$defs") ||
		      json_object_get(r->item, "definitions") ||
		      json_object_get(r->item, "properties");
	if (!uri && schema && json_object_get(r->item, "$schema"))
		return import_refuse(r->it, "uri: missing; this is a JSON schema, not an item");
	if (!uri)
		return import_refuse(r->it, "uri: missing, and no guid either; not a ninjs item");
	if (!json_is_string(uri))
		return import_refuse(r->it, "uri: expected a string");
	struct str s = content_field_clean(str_of(json_string_value(uri)), r->it->arena);
	if (s.n == 0 || s.n > URI_MAX)
		return import_refuse(r->it, "uri: 1 to %d bytes expected", URI_MAX);
	r->d->source = str_of(arena_fmt(r->it->arena, "ninjs:%.*s", (int)s.n, s.p));
	return r->d->source.n ? ERR_OK : ERR_NOMEM;
}

/* ---- what may be shown, and when ---- */

/* A number or a text. */
static void take_version(struct ninjs_reading *r)
{
	json_t *v = json_object_get(r->item, "version");
	if (json_is_string(v))
		r->d->version = content_field_clean(str_of(json_string_value(v)), r->it->arena);
	else if (json_is_integer(v))
		r->d->version =
			str_of(arena_fmt(r->it->arena, "%lld", (long long)json_integer_value(v)));
	else if (json_is_real(v))
		r->d->version = str_of(arena_fmt(r->it->arena, "%.15g", json_real_value(v)));
}

/* What closes and is not understood: the item is stored, and is not shown. */
static void hide(struct ninjs_reading *r, const char *what)
{
	bool known;
	if (r->d->notice == NOTICE_USABLE) {
		import_draft_notice(r->d, STR("withheld"), &known);
		r->d->hidden_why = str_of(what);
	}
	r->hidden = true;
	import_warn(r->it, "%s; hidden", what);
}

static const char *shown_value(struct ninjs_reading *r, json_t *v)
{
	if (json_is_string(v))
		return arena_fmt(r->it->arena, "\"%.60s\"", json_string_value(v));
	BUF_AUTO b = BUF(ARTICLE_SOURCE_MAX);
	enum err e = text_json_dump(json_incref(v), JSON_ENCODE_ANY | JSON_COMPACT, &b);
	return arena_fmt(r->it->arena, "%.60s", e ? "the value" : b.p);
}

/* The edNote tells people why. */
static void take_reason(struct ninjs_reading *r, const char *word)
{
	struct str note = STR("");
	json_t *v = NULL;
	if (import_ninjs_value(r->it, r->item, "", "edNote", &v) == ERR_OK && json_is_string(v))
		note = content_field_clean(str_of(json_string_value(v)), r->it->arena);
	r->it->why[0] = '\0';
	r->d->hidden_why = str_of(arena_fmt(r->it->arena, "pubStatus \"%.60s\"%s%.*s", word,
		note.n ? ": " : "", (int)note.n, note.p ? note.p : ""));
}

void import_ninjs_status(struct ninjs_reading *r)
{
	json_t *v = NULL;
	bool known = true;
	take_version(r);
	import_draft_notice(r->d, STR("usable"), &known);
	if (import_ninjs_value(r->it, r->item, "", "pubStatus", &v) != ERR_OK) {
		r->it->why[0] = '\0';
		hide(r, "pubStatus: given twice, with different values");
		return;
	}
	if (!v)
		return;
	if (json_is_string(v))
		import_draft_notice(r->d, str_of(json_string_value(v)), &known);
	if (!json_is_string(v) || !known) {
		import_draft_notice(r->d, STR("usable"), &known);
		hide(r, arena_fmt(r->it->arena,
				"pubStatus: %s is not one of usable, withheld, canceled, killed",
				shown_value(r, v)));
		return;
	}
	if (r->d->notice != NOTICE_USABLE)
		take_reason(r, json_string_value(v));
}

static enum err time_of(struct ninjs_reading *r, const char *key, enum time_edge edge, int64_t *out)
{
	json_t *v;
	enum err e = import_ninjs_value(r->it, r->item, "", key, &v);
	if (e || !v || json_is_null(v))
		return e;
	if (!json_is_string(v))
		return import_refuse(r->it, "%s: expected a string", key);
	const char *said = json_string_value(v);
	if (time_parse(str_trim(str_of(said)), edge, out) == ERR_OK)
		return ERR_OK;
	return import_refuse(
		r->it, "%s: \"%.60s\" is not a time like 2026-11-20T05:40:00Z", key, said);
}

/* An embargo or an end that cannot be read closes. */
static void closing_time(
	struct ninjs_reading *r, const char *key, enum time_edge edge, int64_t *out)
{
	char before[WHY_SIZE];
	memcpy(before, r->it->why, WHY_SIZE);
	if (time_of(r, key, edge, out) == ERR_OK)
		return;
	const char *why = arena_fmt(r->it->arena, "%s", r->it->why);
	memcpy(r->it->why, before, WHY_SIZE);
	if (r->d->notice != NOTICE_USABLE && !r->hidden)
		return;
	r->d->unread = r->d->unread || r->d->notice == NOTICE_USABLE;
	hide(r, why);
}

static int64_t first_set(const int64_t *times, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (times[i])
			return times[i];
	return 0;
}

enum err import_ninjs_times(struct ninjs_reading *r)
{
	struct draft *d = r->d;
	int64_t published = 0, content = 0, first = 0, version = 0, until = 0, embargoed = 0;
	enum err e = time_of(r, "firstPublished", TIME_STARTS, &published);
	if (!e)
		e = time_of(r, "contentCreated", TIME_STARTS, &content);
	if (!e)
		e = time_of(r, "firstCreated", TIME_STARTS, &first);
	if (!e)
		e = time_of(r, "versionCreated", TIME_STARTS, &version);
	closing_time(r, "embargoedUntil", TIME_STARTS, &until);
	closing_time(r, "embargoed", TIME_STARTS, &embargoed);
	closing_time(r, "expires", TIME_ENDS, &d->expires_at);
	const int64_t times[] = { published, content, first, version };
	d->published_at = first_set(times, COUNT(times));
	d->updated_at = d->version_at = version;
	d->embargo_at = until > embargoed ? until : embargoed;
	return e;
}

void import_ninjs_close(struct ninjs_reading *r)
{
	struct draft *d = r->d;
	bool over = d->expires_at && d->expires_at <= r->it->now_s;
	if (d->notice != NOTICE_USABLE || (!over && d->embargo_at <= r->it->now_s))
		return;
	const char *why = arena_fmt(r->it->arena, "%s", r->it->why);
	r->it->why[0] = '\0';
	d->unread = true;
	hide(r, why);
}

/* A notice needs no more than whose it is. */
void import_ninjs_hollow(struct ninjs_reading *r)
{
	struct draft *d = r->d;
	const struct draft state = { .source = d->source,
		.status = d->status,
		.notice = d->notice,
		.agency = true,
		.hollow = true,
		.version = d->version,
		.version_at = d->version_at,
		.published_at = d->published_at,
		.updated_at = d->updated_at,
		.embargo_at = d->embargo_at,
		.expires_at = d->expires_at,
		.hidden_why = d->hidden_why,
		.unread = d->unread,
		.default_access = d->default_access,
		.headline = d->source,
		.section_name = str_of(r->it->settings->default_section),
		.tags = STR(""),
		.usage_terms = STR(""),
		.images = d->images };
	*d = state;
}
