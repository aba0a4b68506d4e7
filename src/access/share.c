/* Which answers are the same for every anonymous reader, for how long, and what they were made
 * from. */
#include "internal.h"

struct sharing {
	const struct paywall *w;
	const struct article *article; /* NULL: a list */
	const struct image *image;     /* then the article is the one that owns it */
	struct arena *a;
	int64_t now_s, next_at; /* next_at: the next moment at which any list changes by itself */
	int64_t closes_at; /* when this article may be another level, or is withdrawn; 0: never */
};

static const struct db_column next_columns[] = { DB_COL_INT(struct sharing, next_at) };
static const struct db_shape next_shape = DB_SHAPE(struct sharing, next_columns);

static int64_t earlier(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

static int64_t if_to_come(int64_t at, int64_t now_s)
{
	return at > now_s ? at : 0;
}

/* In the newsroom's zone, as weekdays are. */
static int64_t next_midnight(int64_t now_s)
{
	struct tm day = time_local_tm(now_s);
	day.tm_mday++;
	int64_t at = time_local_day_start(day);
	return at > now_s ? at : now_s + 1;
}

/* A rule by age begins or ends to match then, whatever else it asks; one by weekday at midnight. */
static int64_t rules_change_at(
	const struct paywall_policy *p, const struct article *art, int64_t now_s)
{
	int64_t since = art->embargo_at > art->published_at ? art->embargo_at : art->published_at;
	int64_t at = 0;
	for (size_t i = 0; i < p->rule_count; i++) {
		const struct paywall_rule *r = &p->rules[i];
		at = earlier(at, if_to_come(since + r->from_s, now_s));
		if (r->until_s)
			at = earlier(at, if_to_come(since + r->until_s, now_s));
		if (r->weekdays != WEEKDAYS_ALL)
			at = earlier(at, next_midnight(now_s));
	}
	return at;
}

static enum err sharing_read(struct db_conn *c, void *arg)
{
	struct sharing *s = arg;
	const struct paywall_policy *policy = NULL;
	struct article owner;
	struct image unused;
	struct db_call next = { .query = QUERY_ARTICLE_NEXT_MOMENT,
		DB_PARAMS(db_int(s->now_s)),
		.shape = &next_shape };
	enum err e = db_get(c, &next, s);
	if (!e && s->image) {
		e = content_media_find(c, str_of(s->image->id), s->a, &unused, &owner);
		s->closes_at = e ? 0 : owner.expires_at;
	}
	if (e || !s->article)
		return e;
	e = policy_acquire(s->w->policies, c, &policy);
	if (!e)
		s->closes_at = earlier(
			s->article->expires_at, rules_change_at(policy, s->article, s->now_s));
	policy_release(s->w->policies, policy);
	return e;
}

static void tag(struct response *rsp, enum db_change kind, const char *key)
{
	rsp->shared.tags[rsp->shared.tag_count++] = cache_tag(db_change_name(kind), str_of(key));
}

/* What is said of a variant holds until then, by itself. */
static void share_as(
	struct sharing *s, const char *variant, const struct request *r, struct response *rsp)
{
	s->a = r->arena;
	s->now_s = r->now_s;
	if (db_read(s->w->db, sharing_read, s) != ERR_OK)
		return;
	int64_t changes_at = earlier(s->next_at, s->closes_at);
	rsp->shared = (struct response_sharing){ .on = true,
		.fresh_until_s = earlier(changes_at, next_midnight(s->now_s)), /* pages are dated */
		.usable_until_s = s->closes_at };
	rsp->shared.on = str_copy(rsp->shared.variant, VARIANT_SIZE, str_of(variant)) == ERR_OK;
	tag(rsp, DB_CHANGE_POLICY, "");
	tag(rsp, DB_CHANGE_ARTICLE, "");
}

/* The reader is looked at again: the policy may have become another since the request came in. */
static void share(struct sharing *s, const struct request *r, struct response *rsp)
{
	struct access_request v = access_request_from_http(r);
	rsp->shared = (struct response_sharing){ .on = false };
	if (decision_is_anonymous(s->w, &v))
		share_as(s, "", r, rsp);
}

void access_share_list(const struct paywall *w, const struct request *r, struct response *rsp)
{
	struct sharing s = { .w = w };
	share(&s, r, rsp);
}

/* The wall as every anonymous reader meets it: no meter, no gift, no crawler's rule had a say. */
static bool is_plain_wall(const struct decision *d)
{
	return d->grant == GRANT_TEASER && !d->meter &&
	       (d->reason == REASON_SUBSCRIBER_ONLY || d->reason == REASON_LOGIN_REQUIRED);
}

void access_share_article(const struct paywall *w, const struct article_reading *rd,
	const struct request *r, struct response *rsp)
{
	struct sharing s = { .w = w, .article = &rd->article };
	const struct decision *d = &rd->decision;
	struct variant variant;
	if (r->caller.signed_in || paywall_metered(d)) {
		if (access_facts_load(w, r, str_of(rd->article.slug)) &&
			access_variant(w, r, str_of(rd->article.slug), &variant) &&
			access_variant_is(variant.name, d, r->arena))
			share_as(&s, variant.name, r, rsp);
	} else if (is_plain_wall(d) || (d->grant == GRANT_FULL && d->reason == REASON_PUBLIC)) {
		share(&s, r, rsp);
	}
}

void access_share_picture(const struct paywall *w, const struct image *img, const struct request *r,
	struct response *rsp)
{
	struct sharing s = { .w = w, .image = img };
	if (img->position == 0)
		share(&s, r, rsp);
}
