/* Keeps the inputs of decisions in memory: a reader's entitlements, and which version of the
 * policy was read last. A reader whose entitlements do not all fit is not cached at all, since
 * the one left out could be the one that opens an article. */
#include "postern/decision_cache.h"

#include <stddef.h>
#include <string.h>

#include "postern/db.h"

/* Keys of the cache; content keeps its articles there as well, under other letters. */
enum { READER = 'r', READER_KEY_SIZE = 1 + ID_SIZE };
#define POLICY_KEY STR("p")

/* The value in the cache: all entitlements of an account, in the order in which they are asked. */
struct cached_reader {
	size_t n;
	struct entitlement v[ENTITLEMENTS_MAX];
};

/* ---- readers ---- */

static struct str reader_key(const char *account_id, char out[static READER_KEY_SIZE])
{
	out[0] = READER;
	if (str_copy(out + 1, READER_KEY_SIZE - 1, str_of(account_id)) != ERR_OK)
		return (struct str){ NULL, 0 };
	return (struct str){ out, 1 + strlen(account_id) };
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
static void insert(struct cached_reader *k, const struct entitlement *e)
{
	size_t at = k->n++;
	for (; at > 0 && is_before(e, &k->v[at - 1]); at--)
		k->v[at] = k->v[at - 1];
	k->v[at] = *e;
}

struct cache_item *decision_cache_reader(const struct paywall *w, const char *account_id)
{
	char key[READER_KEY_SIZE];
	return w->decision_cache ? cache_lookup(w->decision_cache, reader_key(account_id, key))
				 : NULL;
}

/* All of them or none: what is left out could be what opens an article. */
void decision_cache_put_reader(const struct paywall *w, const struct cache_load *load,
	const char *account_id, const struct entitlements *all)
{
	struct cached_reader k = { .n = 0 };
	char key[READER_KEY_SIZE];
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_ENTITLEMENT, str_of(account_id)),
		db_change_tag(DB_CHANGE_ACCOUNT, str_of(account_id)) };
	if (all->n > COUNT(k.v))
		return;
	for (size_t i = 0; i < all->n; i++)
		insert(&k, &all->v[i]);
	(void)cache_put(w->decision_cache, load,
		&(struct cache_put){ .key = reader_key(account_id, key),
			.value = { (const char *)&k,
				offsetof(struct cached_reader, v) + all->n * sizeof k.v[0] },
			.tags = tags,
			.tag_count = COUNT(tags) });
}

static struct paywall_reader pick(
	const struct cached_reader *k, const char *article_id, struct entitlement *space)
{
	size_t n = 0;
	for (size_t i = 0; i < k->n; i++)
		if (!*k->v[i].article_id || strcmp(k->v[i].article_id, article_id) == 0)
			space[n++] = k->v[i];
	return (struct paywall_reader){
		.signed_in = true, .entitlements = space, .entitlement_count = n
	};
}

struct paywall_reader decision_cache_reader_for(const struct cache_item *reader,
	const char *article_id, struct entitlement space[static ENTITLEMENTS_MAX])
{
	return pick((const void *)cache_value(reader).p, article_id, space);
}

struct paywall_reader decision_entitlements_for(struct entitlements *all, const char *article_id)
{
	struct cached_reader k = { .n = 0 };
	for (size_t i = 0; i < all->n && i < COUNT(k.v); i++)
		insert(&k, &all->v[i]);
	return pick(&k, article_id, all->v);
}

/* ---- the policy ---- */

static bool is_version(const struct cache_item *proof, const struct paywall_policy *policy)
{
	return policy &&
	       memcmp(cache_value(proof).p, &policy->version, sizeof policy->version) == 0;
}

/* The newest policy that anybody has read may be one that a failover has lost. */
const struct paywall_policy *decision_cache_policy(const struct paywall *w)
{
	struct cache_item *proof =
		w->decision_cache ? cache_lookup(w->decision_cache, POLICY_KEY) : NULL;
	const struct paywall_policy *policy = proof ? policy_cached(w->policies) : NULL;
	if (policy && !is_version(proof, policy)) {
		policy_release(w->policies, policy);
		policy = NULL;
	}
	cache_release(proof);
	return policy;
}

/* The policy itself is kept elsewhere; what is kept here says which version was read, and that it
 * has not been changed since. */
void decision_cache_put_policy(
	const struct paywall *w, const struct cache_load *load, const struct paywall_policy *policy)
{
	struct cache_item *had = cache_lookup(w->decision_cache, POLICY_KEY);
	const bool is_cached = had && is_version(had, policy);
	const uint64_t tags[] = { db_change_tag(DB_CHANGE_POLICY, STR("")) };
	cache_release(had);
	if (is_cached)
		return;
	(void)cache_put(w->decision_cache, load,
		&(struct cache_put){ .key = POLICY_KEY,
			.value = { (const char *)&policy->version, sizeof policy->version },
			.tags = tags,
			.tag_count = COUNT(tags) });
}
