/* Which answers are the same for every anonymous reader, for how long, and what they were made
 * from. */
#include "internal.h"

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

static void tag(struct response *rsp, enum db_change kind)
{
	rsp->shared.tags[rsp->shared.tag_count++] = db_change_tag(kind, STR(""));
}

/* `closes_at`: when what is shown may be another level, or is withdrawn; 0: never. */
static enum err share_as(
	struct access_snapshot *s, struct str variant, int64_t closes_at, struct response *rsp)
{
	int64_t next_at;
	enum err e = access_next_moment(s, &next_at);
	rsp->shared = (struct response_sharing){ .on = false };
	if (e)
		return e;
	const int64_t changes_at = earlier(next_at, closes_at);
	rsp->shared.fresh_until_s = earlier(changes_at, next_midnight(s->now_s)); /* it is dated */
	rsp->shared.usable_until_s = closes_at;
	rsp->shared.on =
		variant.p && str_copy(rsp->shared.variant, VARIANT_SIZE, variant) == ERR_OK;
	tag(rsp, DB_CHANGE_POLICY);
	tag(rsp, DB_CHANGE_ARTICLE);
	return ERR_OK;
}

/* The reader is looked at by the policy of this read: it may have become another since the request
 * came in. */
static enum err share_with_all(struct access_snapshot *s, const struct access_request *req,
	int64_t closes_at, struct response *rsp)
{
	rsp->shared = (struct response_sharing){ .on = false };
	if (!decision_is_anonymous_by(s->policy, req))
		return ERR_OK;
	return share_as(s, STR(""), closes_at, rsp);
}

enum err access_share_list(
	struct access_snapshot *s, const struct access_request *req, struct response *rsp)
{
	return share_with_all(s, req, 0, rsp);
}

/* The wall as every anonymous reader meets it: no meter, no gift, no crawler's rule had a say. */
static bool is_plain_wall(const struct decision *d)
{
	return d->grant == GRANT_TEASER && !d->meter &&
	       (d->reason == REASON_SUBSCRIBER_ONLY || d->reason == REASON_LOGIN_REQUIRED);
}

enum err access_share_article(
	struct access_snapshot *s, const struct article_reading *rd, struct response *rsp)
{
	const struct access_request *req = &rd->req;
	const struct article *art = &rd->article;
	const struct decision *d = &rd->decision;
	const int64_t closes_at =
		earlier(art->expires_at, rules_change_at(s->policy, art, s->now_s));
	const struct str variant = access_variant_of(s, req, d);
	rsp->shared = (struct response_sharing){ .on = false };
	if (variant.n > 0) {
		access_article_cache_put(s, req, art);
		return share_as(s, variant, closes_at, rsp);
	}
	if (is_plain_wall(d) || (d->grant == GRANT_FULL && d->reason == REASON_PUBLIC))
		return share_with_all(s, req, closes_at, rsp);
	return ERR_OK;
}

enum err access_share_picture(struct access_snapshot *s, const struct image *img,
	const struct article *owner, const struct access_request *req, struct response *rsp)
{
	rsp->shared = (struct response_sharing){ .on = false };
	return img->position == 0 ? share_with_all(s, req, owner->expires_at, rsp) : ERR_OK;
}
