/* The variants of an article's answer, named from memory on the event loop. What an article says of
 * itself is kept as it was read; each decision is made anew on it by decision_inputs_cached, with
 * the time of the request. */
#include "internal.h"

#include "postern/decision_cache.h"
#include "postern/gift.h"

#include <string.h>

/* FOR_READERS: whatever its level. FOR_ANONYMOUS: those alone that were found to have a meter, so
 * that a look for them costs little before any other page. */
enum { FOR_READERS = 'a', FOR_ANONYMOUS = 'm' };
enum {
	KEY_SIZE = 1 + SLUG_SIZE,
	TAGS_SIZE = ARTICLE_TAGS_MAX * TAG_SIZE + 2,
};

/* As it is kept; the tags stand behind. */
struct cached_article {
	char id[ID_SIZE], section[SECTION_SIZE];
	enum access access;
	bool usable, killed;
	int64_t published_at, embargo_at, expires_at;
	size_t tags_n;
	char tags[];
};

static struct str key_of(char kind, struct str slug, char out[static KEY_SIZE])
{
	if (slug.n >= KEY_SIZE - 1)
		return (struct str){ NULL, 0 };
	out[0] = kind;
	memcpy(out + 1, slug.p, slug.n);
	return (struct str){ out, slug.n + 1 };
}

static struct cache_item *variant_find(const struct paywall *w, char kind, struct str slug)
{
	char space[KEY_SIZE];
	return w->decision_cache ? cache_lookup(w->decision_cache, key_of(kind, slug, space))
				 : NULL;
}

/* ---- keeping ---- */

void access_article_cache_put(const struct access_snapshot *s, const struct access_request *req,
	const struct article *art)
{
	const char kind = decision_is_signed_in(req) ? FOR_READERS : FOR_ANONYMOUS;
	_Alignas(struct cached_article) char space[sizeof(struct cached_article) + TAGS_SIZE];
	struct cached_article *k = (struct cached_article *)(void *)space;
	struct paywall_article subject = content_paywall_article(art);
	char key[KEY_SIZE];
	if (!s->load || subject.tags.n > TAGS_SIZE)
		return;
	*k = (struct cached_article){ .access = subject.access,
		.usable = subject.usable,
		.killed = subject.killed,
		.published_at = subject.published_at,
		.embargo_at = subject.embargo_at,
		.expires_at = subject.expires_at,
		.tags_n = subject.tags.n };
	if (str_copy(k->id, sizeof k->id, str_of(subject.id)) != ERR_OK ||
		str_copy(k->section, sizeof k->section, subject.section) != ERR_OK)
		return;
	if (subject.tags.n > 0)
		memcpy(k->tags, subject.tags.p, subject.tags.n);
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_ARTICLE, str_of(art->id)) };
	(void)cache_put(s->w->decision_cache, s->load,
		&(struct cache_put){ .key = key_of(kind, str_of(art->slug), key),
			.value = { space, sizeof *k + subject.tags.n },
			.tags = tags,
			.tag_count = COUNT(tags) });
}

/* ---- deciding ---- */

static struct paywall_article article_of(const struct cached_article *k)
{
	return (struct paywall_article){ .id = k->id,
		.section = str_of(k->section),
		.tags = { k->tags, k->tags_n },
		.access = k->access,
		.usable = k->usable,
		.killed = k->killed,
		.published_at = k->published_at,
		.embargo_at = k->embargo_at,
		.expires_at = k->expires_at };
}

/* NULL: none. Who has bought this article alone is another variant: that right gives nothing away.
 */
static const char *reader_audience(const struct decision *d)
{
	if (!paywall_by_right(d))
		return NULL;
	if (d->reason == REASON_ENTITLED && d->by && *d->by->article_id)
		return "entitled_article";
	return paywall_reason_name(d->reason);
}

static struct str metered_name(const struct decision *d, struct arena *a)
{
	char used[INT_TEXT_SIZE], limit[INT_TEXT_SIZE], end[INT_TEXT_SIZE], offer[INT_TEXT_SIZE],
		block[INT_TEXT_SIZE];
	const struct str pieces[] = { str_of(paywall_reason_name(d->reason)), STR("/"),
		str_of(d->meter->name), STR("/"), str_int_text(d->used, used), STR("/"),
		str_int_text(d->limit, limit), STR("/"), str_int_text(d->window_ends_at, end),
		STR("/"), str_int_text(d->offer, offer), STR("/"), str_int_text(d->block, block) };
	return arena_join(a, pieces, COUNT(pieces));
}

struct str access_variant_of(
	const struct access_snapshot *s, const struct access_request *req, const struct decision *d)
{
	if (decision_is_signed_in(req)) {
		/* From memory nobody would count this session among those that read. */
		const bool counted = s->w->reading_counted && d->reason == REASON_ENTITLED;
		return !counted && decision_is_plain_reader(s->policy, req)
			       ? str_of(reader_audience(d))
			       : STR("");
	}
	if (!paywall_metered(d) || !req->whole_get || d->meter->window == WINDOW_ROLLING ||
		!decision_is_anonymous_by(s->policy, req))
		return STR("");
	return metered_name(d, s->a);
}

/* ---- from memory ---- */

/* What of an answer that counts a reading is this reader's alone. */
struct own_count {
	struct meter_cookie_update cookie_update;
};

/* The page tells how many are left and until when, so all who stand there share one. In a rolling
 * window everybody stands alone. */
static bool metered_variant(
	const struct meter_cached_decision *m, const struct request *r, struct variant *out)
{
	const struct str name = m->d.meter->window == WINDOW_ROLLING
					? (struct str){ NULL, 0 }
					: metered_name(&m->d, r->arena);
	struct own_count *own = m->charged ? arena_alloc(r->arena, sizeof *own) : NULL;
	if (!name.p || str_copy(out->name, sizeof out->name, name) != ERR_OK)
		return false;
	if (own)
		own->cookie_update = m->cookie_update;
	out->own = own;
	return own || !m->charged;
}

static bool variant_name(
	const struct decision_cached *c, const struct request *r, struct variant *out)
{
	const struct decision *d = &c->m.d;
	if (!c->reader.signed_in)
		return !paywall_metered(d) || metered_variant(&c->m, r, out);
	/* From memory nobody would count this session among those that read. */
	if (c->w->reading_counted && d->reason == REASON_ENTITLED)
		return false;
	const char *name = reader_audience(d);
	return name && str_copy(out->name, sizeof out->name, str_of(name)) == ERR_OK;
}

static bool decide_cached(const struct paywall *w, const struct request *r,
	const struct access_request *v, const struct cached_article *ka, struct variant *out)
{
	const struct paywall_article art = article_of(ka);
	const struct decision_query q = { .w = w, .v = v, .art = &art, .a = r->arena };
	struct decision_cached c;
	bool known = decision_cached_begin(w, &c) && decision_inputs_cached(&q, &c) &&
		     variant_name(&c, r, out);
	decision_cached_end(&c);
	return known;
}

/* Of who is signed in, no header is looked at: none has a say, and most of a hot page's requests
 * are such. */
static struct access_request request_of(const struct request *r)
{
	if (!r->caller.signed_in)
		return access_request_from_http(r);
	return (struct access_request){ .account_id = r->caller.account_id,
		.client = r->client,
		.client_vague = r->client_vague,
		.now_s = r->now_s };
}

bool access_variant(
	const struct paywall *w, const struct request *r, struct str slug, struct variant *out)
{
	const struct access_request v = request_of(r);
	const bool signed_in = r->caller.signed_in;
	struct cache_item *item = variant_find(w, signed_in ? FOR_READERS : FOR_ANONYMOUS, slug);
	*out = (struct variant){ .own = NULL };
	/* unless it is kept for all anonymous readers, it is not kept */
	if (!item)
		return !signed_in && decision_is_anonymous(w, &v);
	bool known = decide_cached(w, r, &v, (const void *)cache_value(item).p, out);
	cache_release(item);
	return known;
}

bool access_variant_per_reader(
	const struct paywall *w, const struct request *r, const void *own, struct response *rsp)
{
	const struct own_count *o = own;
	if (!meter_ceiling_take(w->ceiling, r->client, r->now_s))
		return false;
	access_tell_meter(r, rsp, &o->cookie_update);
	return true;
}
