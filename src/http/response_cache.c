/* The response cache: finished answers for all readers with the same rights, by path, by the part
 * of the query that is read, and by variant. Looked up on the event loop; while the database is
 * lost, also without the proof that they are current. */
#include "internal.h"

#include <string.h>

enum {
	SHARED_LIFE_S = 60,   /* an answer is made anew after a minute, whatever it says */
	SHARED_KEY_MAX = 512, /* bytes; a longer address is not cached */
	SHARED_KEY_SIZE = SHARED_KEY_MAX + 1 + VARIANT_SIZE,
};

/* A text of the value, with its NUL; `at` 0: there is none. */
struct piece {
	uint32_t at, n;
};
/* The value in the cache: this head, and behind it the texts that the pieces point to. Offsets and
 * not pointers, so that it can be copied as it is. */
struct cached_response {
	int64_t fresh_until_s, usable_until_s;
	int status;
	bool cacheable, ranges;
	bool packed; /* well, in both codings */
	/* Times it was given out: the one thing that changes in a value. */
	_Atomic uint32_t hits;
	uint64_t tags[CACHE_TAGS_MAX]; /* to be put again under */
	size_t tag_count;
	size_t header_count;
	struct piece body, gzip, brotli, content_type, etag, csp, decision, reason;
	struct piece names[RESPONSE_HEADERS_MAX], values[RESPONSE_HEADERS_MAX];
};

/* ---- may it? ---- */

/* Who asks, if that can be told without waiting. */
static bool caller_cached(struct exchange *x)
{
	struct request *r = &x->req;
	const struct http_settings *s = &x->h->s;
	if (http_token_read(x) != ERR_OK)
		return false;
	if (r->token.text.n == 0)
		return true;
	return s->identify_cached &&
	       s->identify_cached(s->identify_ctx, &r->token, r->now_s, &r->caller) &&
	       r->caller.signed_in;
}

/* A request that may be given what was made for others, and for whom that was. */
static bool has_audience(struct exchange *x, struct variant *out)
{
	const struct request *r = &x->req;
	const struct http_settings *s = &x->h->s;
	if (!caller_cached(x))
		return false;
	if (s->variant)
		return s->variant(s->audience_ctx, r, out);
	return !r->caller.signed_in;
}

static bool may_be_shared(const struct exchange *x)
{
	const struct request *r = &x->req;
	return x->h->s.shared && !x->group->known && r->method == METHOD_GET && r->route &&
	       r->route->who == WHO_READER && x->key.n > 0 && x->key.n <= SHARED_KEY_MAX;
}

static struct str key_of(
	const struct exchange *x, const char *variant, char space[static SHARED_KEY_SIZE])
{
	const struct str what = x->key;
	const struct str whom = str_of(variant);
	if (whom.n == 0)
		return what;
	memcpy(space, what.p, what.n);
	space[what.n] = ' ';
	memcpy(space + what.n + 1, whom.p, whom.n);
	return (struct str){ space, what.n + 1 + whom.n };
}

size_t http_response_cookies(const struct response *rsp)
{
	size_t n = 0;
	for (size_t i = 0; i < rsp->header_count; i++)
		n += http_header_is_cookie(rsp, i);
	return n;
}

/* ---- storing ---- */

static struct piece put(struct buf *b, struct str s)
{
	struct piece p = { (uint32_t)b->n, (uint32_t)s.n };
	if (!s.p)
		return (struct piece){ 0, 0 };
	buf_str(b, s);
	buf_byte(b, 0);
	return p;
}

static struct piece put_z(struct buf *b, const char *z)
{
	return put(b, z ? str_of(z) : (struct str){ NULL, 0 });
}

static struct cached_response terms_of(const struct response *rsp, int64_t now_s)
{
	const struct response_sharing *shared = &rsp->shared;
	struct cached_response k = { .fresh_until_s = now_s + SHARED_LIFE_S,
		.usable_until_s = shared->usable_until_s,
		.tag_count = shared->tag_count,
		.packed = !http_compressible(rsp) };
	if (shared->fresh_until_s && shared->fresh_until_s < k.fresh_until_s)
		k.fresh_until_s = shared->fresh_until_s;
	memcpy(k.tags, shared->tags, sizeof k.tags);
	return k;
}

/* `k` has the terms. */
static void pack(struct buf *b, const struct response *rsp, struct cached_response k)
{
	k.status = rsp->status;
	k.cacheable = rsp->cacheable;
	k.ranges = rsp->ranges;
	buf_add(b, &k, sizeof k);
	k.body = put(b, rsp->body);
	k.gzip = put(b, rsp->gzip.n > 0 ? rsp->gzip : (struct str){ NULL, 0 });
	k.brotli = put(b, rsp->brotli.n > 0 ? rsp->brotli : (struct str){ NULL, 0 });
	k.content_type = put_z(b, rsp->content_type);
	k.etag = put_z(b, rsp->etag);
	k.csp = put_z(b, rsp->csp);
	k.decision = put_z(b, rsp->decision);
	k.reason = put_z(b, rsp->reason);
	for (size_t i = 0; i < rsp->header_count; i++) {
		if (http_header_is_cookie(rsp, i))
			continue;
		k.names[k.header_count] = put_z(b, rsp->headers[i].name);
		k.values[k.header_count++] = put(b, rsp->headers[i].value);
	}
	if (b->err == ERR_OK)
		memcpy(b->p, &k, sizeof k);
}

/* In the place of `old`, of which it was made; NULL: it was made anew, since x->load. */
static void store(struct exchange *x, const struct cache_item *old, const char *variant,
	const struct cached_response *terms)
{
	char space[SHARED_KEY_SIZE];
	BUF_AUTO b = BUF(UINT32_MAX / 2);
	pack(&b, &x->rsp, *terms);
	if (b.err != ERR_OK)
		return;
	const struct cache_put put = { key_of(x, variant, space), buf_view(&b), terms->tags,
		terms->tag_count };
	if (old)
		(void)cache_replace(x->h->s.shared, old, &put);
	else
		(void)cache_put(x->h->s.shared, &x->load, &put);
}

/* In the coding that is asked for, quickly: most pages that are made are never asked for again. */
static void compress(struct exchange *x)
{
	struct response *rsp = &x->rsp;
	if (!http_compressible(rsp))
		return;
	const enum coding coding = http_coding_asked(x);
	if (coding == CODING_GZIP)
		rsp->gzip = http_coded(x, coding);
	if (coding == CODING_BROTLI)
		rsp->brotli = http_coded(x, coding);
}

void http_response_cache_begin(struct exchange *x)
{
	if (!may_be_shared(x))
		return;
	x->load = cache_begin(x->h->s.shared);
	x->shareable = has_audience(x, &x->variant);
}

static bool may_be_kept(const struct exchange *x)
{
	const struct response *rsp = &x->rsp;
	return rsp->shared.on && !x->req.head && rsp->status == 200 &&
	       http_response_cookies(rsp) <= rsp->shared.per_reader_cookie &&
	       rsp->shared.tag_count <= COUNT(rsp->shared.tags);
}

/* The handler has looked at its reader again. For anonymous readers nothing is kept that was made
 * for one who showed a credential, whatever became of it. */
void http_response_cache_put(struct exchange *x)
{
	struct response *rsp = &x->rsp;
	if (!may_be_shared(x) || !may_be_kept(x))
		return;
	bool for_anonymous = !rsp->shared.variant[0] || !x->req.caller.signed_in;
	if (for_anonymous && (!x->shareable || x->req.token.text.n > 0))
		return;
	compress(x);
	const struct cached_response terms = terms_of(rsp, x->req.now_s);
	store(x, NULL, rsp->shared.variant, &terms);
}

/* ---- answering ---- */

static struct str text(const char *base, struct piece p)
{
	return p.at ? (struct str){ base + p.at, p.n } : (struct str){ NULL, 0 };
}

/* Into a response that is still all zero. */
static void unpack(struct response *rsp, const struct cached_response *k)
{
	const char *base = (const char *)k;
	rsp->status = k->status;
	rsp->body = text(base, k->body);
	rsp->gzip = text(base, k->gzip);
	rsp->brotli = text(base, k->brotli);
	rsp->content_type = text(base, k->content_type).p;
	rsp->etag = text(base, k->etag).p;
	rsp->csp = text(base, k->csp).p;
	rsp->decision = text(base, k->decision).p;
	rsp->reason = text(base, k->reason).p;
	rsp->cacheable = k->cacheable;
	rsp->ranges = k->ranges;
	rsp->header_count = k->header_count;
	for (size_t i = 0; i < k->header_count; i++) {
		rsp->headers[i].name = text(base, k->names[i]).p;
		rsp->headers[i].value = text(base, k->values[i]);
	}
}

static const struct cached_response *cached_of(const struct cache_item *item)
{
	return (const struct cached_response *)(const void *)cache_value(item).p;
}

static bool answer_with(struct exchange *x, struct cache_item *item, bool good)
{
	if (!good) {
		cache_release(item);
		return false;
	}
	x->item = item; /* until the answer is out */
	x->from_memory = true;
	unpack(&x->rsp, cached_of(item));
	return true;
}

static bool add_own(struct exchange *x)
{
	const struct http_settings *s = &x->h->s;
	if (!x->variant.own)
		return true;
	return s->own(s->audience_ctx, &x->req, x->variant.own, &x->rsp) &&
	       !http_response_poisoned(&x->rsp) && !arena_failed(x->req.arena);
}

/* A page that has been asked for so often, and in every so many requests once more while that has
 * not come to anything, is compressed well. */
enum { HOT_HITS = 8 };

static bool takes_coding(const struct exchange *x)
{
	const struct str accepted = request_header(&x->req, "Accept-Encoding");
	return header_accepts(accepted, STR("gzip")) || header_accepts(accepted, STR("br"));
}

/* Made for a client that takes no coding. */
static bool is_plain(const struct cached_response *k)
{
	return k->gzip.n == 0 && k->brotli.n == 0;
}

/* One request of a hot page, and the first that takes a coding where there is none, is left to a
 * lane, which compresses for all that follow; what was made quickly goes out meanwhile. */
static bool is_to_be_packed(struct exchange *x, const struct cache_item *item)
{
	struct cached_response *k = (struct cached_response *)(uintptr_t)cached_of(item);
	if (k->packed || x->packs || atomic_load(&x->state) != EXCHANGE_READING ||
		!x->h->lanes[x->req.route->lane])
		return false;
	const uint32_t hits = atomic_fetch_add_explicit(&k->hits, 1, memory_order_relaxed) + 1;
	x->packs = hits % HOT_HITS == 0 || (is_plain(k) && takes_coding(x));
	return x->packs;
}

static void pack_well(struct exchange *x)
{
	const struct cached_response *k = cached_of(x->item);
	struct cached_response terms = { .fresh_until_s = k->fresh_until_s,
		.usable_until_s = k->usable_until_s,
		.packed = true,
		.tag_count = k->tag_count };
	memcpy(terms.tags, k->tags, sizeof terms.tags);
	x->rsp.gzip = http_packed(x, http_gzip);
	x->rsp.brotli = http_packed(x, http_brotli);
	store(x, x->item, x->variant.name, &terms);
	x->from_cache = false;
}

/* Keeps the reference to the item for as long as the answer is under way; without one, releases it.
 */
static bool answer_fresh(struct exchange *x)
{
	char space[SHARED_KEY_SIZE];
	struct cache_item *item = cache_lookup(x->h->s.shared, key_of(x, x->variant.name, space));
	if (!item)
		return false;
	const bool fresh = x->req.now_s < cached_of(item)->fresh_until_s;
	if (!answer_with(x, item, fresh && !is_to_be_packed(x, item)))
		return false;
	x->from_cache = add_own(x);
	if (!x->from_cache) {
		x->item = NULL;
		x->from_memory = false;
		x->rsp = (struct response){ 0 };
		cache_release(item);
		return false;
	}
	if (x->packs && !cached_of(item)->packed && atomic_load(&x->state) == EXCHANGE_QUEUED)
		pack_well(x);
	return true;
}

/* A list, or a text that was not held back. */
static bool is_open(const struct cached_response *k)
{
	const struct str decision = text((const char *)k, k->decision);
	return decision.n == 0 || str_eq(decision, STR("full"));
}

/* Would be answered as anonymous readers are, were it not for the credential. */
static bool is_anonymous_otherwise(struct exchange *x)
{
	struct request *r = &x->req;
	const struct http_settings *s = &x->h->s;
	const struct caller who = r->caller;
	struct variant out = { .own = NULL };
	r->caller = (struct caller){ 0 };
	const bool is_anonymous = !s->variant || s->variant(s->audience_ctx, r, &out);
	r->caller = who;
	return is_anonymous && !out.name[0];
}

/* Nobody can say whether this is still the newest: marked as such (RFC 9211), and not for ever; and
 * only what anonymous readers may have. */
static bool answer_stale(struct exchange *x, bool open_only)
{
	struct cache *c = x->h->s.shared;
	struct cache_item *item = cache_lookup_stale(c, x->key);
	if (!item)
		return false;
	if (open_only && !is_open(cached_of(item))) {
		cache_release(item);
		return false;
	}
	int64_t age_s = (clock_boot_us() - cache_validated_at_us(c, item)) / 1000000;
	int64_t until_s = cached_of(item)->usable_until_s;
	bool good = age_s < x->h->s.shared_stale_s && (!until_s || x->req.now_s < until_s);
	if (good)
		x->rsp = (struct response){ 0 }; /* a handler may have failed before */
	if (!answer_with(x, item, good))
		return false;
	const char *status = arena_fmt(x->req.arena,
		"Postern; hit; ttl=-%lld; detail=\"database lost\"", (long long)age_s);
	response_header(&x->rsp, "Cache-Status", str_of(status));
	atomic_fetch_add(&x->h->metrics.stale, 1);
	return true;
}

/* While the database is lost. Who shows a credential that nobody can look up is given what is open
 * to all; but no wall, which would tell a subscriber to subscribe: 503 says rather to try again. */
static bool answer_lost(struct exchange *x)
{
	if (x->shareable && !x->variant.name[0])
		return answer_stale(x, false);
	return may_be_shared(x) && x->req.token.text.n > 0 && is_anonymous_otherwise(x) &&
	       answer_stale(x, true);
}

bool http_response_cache_answer(struct exchange *x)
{
	const struct http_settings *s = &x->h->s;
	const bool packs = x->packs;
	if (x->shareable && answer_fresh(x))
		return true;
	if (x->packs && !packs)
		return false; /* a lane goes on */
	return s->is_lost && s->is_lost(s->is_lost_ctx) && answer_lost(x);
}

/* Who asks has been identified anew meanwhile, and that stays. */
bool http_response_cache_answer_late(struct exchange *x)
{
	if (x->shareable && x->variant.name[0]) {
		const struct caller who = x->req.caller;
		struct variant now = { .own = NULL };
		const bool same = has_audience(x, &now) && who.signed_in == x->req.caller.signed_in;
		x->req.caller = who;
		if (!same)
			return false;
		x->variant = now;
	}
	return http_response_cache_answer(x);
}

bool http_cached_answer(struct exchange *x)
{
	const struct route_group *g = x->group;
	const struct route *route = x->req.route;
	if (!g->known || !route || route->who != WHO_READER || !caller_cached(x) ||
		http_origin_check(x) != ERR_OK)
		return false;
	x->from_memory = g->known(g->ctx, &x->req, &x->rsp) && !http_response_poisoned(&x->rsp) &&
			 !arena_failed(x->req.arena);
	if (!x->from_memory)
		x->rsp = (struct response){ 0 };
	return x->from_memory;
}

bool http_response_cache_rescue(struct exchange *x, enum err e)
{
	return e == ERR_UNAVAILABLE && answer_lost(x);
}
