/* Decisions from memory, for the event loop. The facts of an article and the entitlements of an
 * account are kept as they were read; each decision is made anew on them, by paywall_decide, with
 * the time of the request. What hangs on anything else (a meter, a gift, an institution) is decided
 * with the database. */
#include "facts.h"

#include "postern/entitlement.h"
#include "postern/gift.h"

#include <string.h>

enum {
	FACTS_KEY_SIZE = 1 + SLUG_SIZE + ID_SIZE,
	FACTS_SECTION_SIZE = SECTION_SIZE,
	FACTS_TAGS_SIZE = ARTICLE_TAGS_MAX * TAG_SIZE + 2,
};

/* As it is kept; the tags stand behind. */
struct kept_article {
	char id[ID_SIZE], section[FACTS_SECTION_SIZE];
	enum access access;
	bool usable;
	int64_t published_at, embargo_at, expires_at;
	size_t tags_n;
	char tags[];
};
struct kept_reader {
	size_t n;
	struct entitlement v[ENTITLEMENTS_MAX];
};

static struct str key_of(char kind, struct str name, char out[static FACTS_KEY_SIZE])
{
	if (name.n >= FACTS_KEY_SIZE - 1)
		return (struct str){ NULL, 0 };
	out[0] = kind;
	memcpy(out + 1, name.p, name.n);
	return (struct str){ out, name.n + 1 };
}

static struct cache_item *look(const struct paywall *w, char kind, struct str name)
{
	char space[FACTS_KEY_SIZE];
	return cache_get(w->facts, key_of(kind, name, space));
}

static uint64_t tag_of(enum db_change kind, const char *key)
{
	return cache_tag(db_change_name(kind), str_of(key));
}

/* ---- loading ---- */

struct loading {
	const struct request *r;
	struct str slug;
	struct article article;
	struct entitlements list;
};

static enum err loading_read(struct db_conn *c, void *arg)
{
	struct loading *l = arg;
	enum err e = content_find(c, l->slug, l->r->arena, &l->article);
	return e ? e : entitlement_list(c, l->r->caller.account_id, l->r->arena, &l->list);
}

static bool keep_article(
	const struct paywall *w, const struct cache_load *load, const struct article *art)
{
	_Alignas(struct kept_article) char space[sizeof(struct kept_article) + FACTS_TAGS_SIZE];
	struct kept_article *k = (struct kept_article *)(void *)space;
	struct paywall_article facts = content_facts(art);
	char key[FACTS_KEY_SIZE];

	if (facts.tags.n > FACTS_TAGS_SIZE)
		return false;
	*k = (struct kept_article){ .access = facts.access,
		.usable = facts.usable,
		.published_at = facts.published_at,
		.embargo_at = facts.embargo_at,
		.expires_at = facts.expires_at,
		.tags_n = facts.tags.n };
	if (str_copy(k->id, sizeof k->id, str_of(facts.id)) != ERR_OK ||
		str_copy(k->section, sizeof k->section, facts.section) != ERR_OK)
		return false;
	if (facts.tags.n > 0)
		memcpy(k->tags, facts.tags.p, facts.tags.n);
	const uint64_t tags[] = { tag_of(DB_CHANGE_ARTICLE, art->id) };
	return cache_put(w->facts, load,
		&(struct cache_put){ .key = key_of('a', str_of(art->slug), key),
			.value = { space, sizeof *k + facts.tags.n },
			.tags = tags,
			.tag_count = COUNT(tags) });
}

/* When an entitlement lets nobody in any more, and whether it is revoked: the order in which
 * entitlement_for_article has them. */
static bool is_before(const struct entitlement *a, const struct entitlement *b)
{
	const int64_t a_end = a->ends_at ? a->ends_at + a->grace_s : INT64_MAX;
	const int64_t b_end = b->ends_at ? b->ends_at + b->grace_s : INT64_MAX;
	if (!a->revoked_at != !b->revoked_at)
		return !a->revoked_at;
	return a_end > b_end;
}

/* Keeps the order, newest first, of those that are alike. */
static void insert(struct kept_reader *k, const struct entitlement *e)
{
	size_t at = k->n++;
	for (; at > 0 && is_before(e, &k->v[at - 1]); at--)
		k->v[at] = k->v[at - 1];
	k->v[at] = *e;
}

/* All of them or none: what is left out could be what opens an article. */
static bool keep_reader(const struct paywall *w, const struct cache_load *load,
	const struct entitlements *list, const char *account_id)
{
	struct kept_reader k = { .n = 0 };
	char key[FACTS_KEY_SIZE];
	const uint64_t tags[] = { tag_of(DB_CHANGE_ENTITLEMENT, account_id),
		tag_of(DB_CHANGE_ACCOUNT, account_id) };

	if (list->n > COUNT(k.v))
		return false;
	for (size_t i = 0; i < list->n; i++)
		insert(&k, &list->v[i]);
	return cache_put(w->facts, load,
		&(struct cache_put){ .key = key_of('r', str_of(account_id), key),
			.value = { (const char *)&k,
				offsetof(struct kept_reader, v) + list->n * sizeof k.v[0] },
			.tags = tags,
			.tag_count = COUNT(tags) });
}

bool facts_load(const struct paywall *w, const struct request *r, struct str slug)
{
	struct loading l = { .r = r, .slug = slug };

	if (!w->facts)
		return false;
	const struct cache_load load = cache_begin(w->facts);
	return db_read(w->db, loading_read, &l) == ERR_OK && keep_article(w, &load, &l.article) &&
	       keep_reader(w, &load, &l.list, r->caller.account_id);
}

/* ---- deciding ---- */

static struct paywall_article article_of(const struct kept_article *k)
{
	return (struct paywall_article){ .id = k->id,
		.section = str_of(k->section),
		.tags = { k->tags, k->tags_n },
		.access = k->access,
		.usable = k->usable,
		.published_at = k->published_at,
		.embargo_at = k->embargo_at,
		.expires_at = k->expires_at };
}

/* Of those that are kept the ones that can concern this article, as entitlement_for_article. */
static struct paywall_reader reader_of(const struct kept_reader *k, const char *article_id,
	struct entitlement space[static ENTITLEMENTS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < k->n; i++)
		if (!*k->v[i].article_id || strcmp(k->v[i].article_id, article_id) == 0)
			space[n++] = k->v[i];
	return (struct paywall_reader){
		.signed_in = true, .entitlements = space, .entitlement_count = n
	};
}

/* Whole, for a reason that no meter, gift or address has a share in; NULL for any other. Who has
 * bought this article alone is another audience: that right gives nothing away. */
static const char *reader_audience(const struct decision *d)
{
	if (d->grant != GRANT_FULL || d->charge)
		return NULL;
	switch (d->reason) {
	case REASON_PUBLIC:
	case REASON_SIGNED_IN:
		return paywall_reason_name(d->reason);
	case REASON_ENTITLED:
		return d->by && *d->by->article_id ? "entitled_article" : "entitled";
	default:
		return NULL;
	}
}

bool audience_is(const char *audience, const struct decision *d)
{
	const char *own = reader_audience(d);
	return own && strcmp(own, audience) == 0;
}

static const char *decide(const struct paywall_policy *policy, const struct kept_article *ka,
	const struct kept_reader *kr, int64_t now_s)
{
	struct entitlement space[ENTITLEMENTS_MAX];
	const struct paywall_article art = article_of(ka);
	const struct paywall_reader reader = reader_of(kr, ka->id, space);
	const struct paywall_case k = {
		.article = &art, .policy = policy, .reader = &reader, .now = paywall_moment(now_s)
	};
	const struct decision d = paywall_decide(&k);
	return reader_audience(&d);
}

static bool decide_known(const struct paywall *w, const struct request *r, struct str slug,
	const struct paywall_policy *policy, char out[static AUDIENCE_SIZE])
{
	struct cache_item *art = look(w, 'a', slug);
	struct cache_item *reader = look(w, 'r', str_of(r->caller.account_id));
	const char *audience = NULL;
	if (art && reader)
		audience = decide(policy, (const void *)cache_value(art).p,
			(const void *)cache_value(reader).p, r->now_s);
	cache_release(art);
	cache_release(reader);
	return audience && str_copy(out, AUDIENCE_SIZE, str_of(audience)) == ERR_OK;
}

bool content_audience(const struct paywall *w, const struct request *r, struct str slug,
	char out[static AUDIENCE_SIZE])
{
	const struct visit v = { .account_id = r->caller.account_id,
		.client = r->client,
		.user_agent = request_header(r, "User-Agent"),
		.gifts = request_cookie(r, GIFT_COOKIE),
		.now_s = r->now_s };

	out[0] = 0;
	if (!r->caller.signed_in)
		return visit_is_stranger(w, &v);
	const struct paywall_policy *policy = w->facts ? policy_known(w->policies) : NULL;
	bool known = policy && visit_is_plain_reader(policy, &v) &&
		     decide_known(w, r, slug, policy, out);
	policy_give_back(w->policies, policy);
	/* From memory nobody would count this session among those that read. */
	return known && !(w->reading_counted && str_starts(str_of(out), STR("entitled")));
}
